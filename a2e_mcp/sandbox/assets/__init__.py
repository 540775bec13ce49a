"""Files, uploads, built-in avatars and voices, and the media of requests."""
