"""Files, uploads, built-in avatars and voices, and the media that requests point at."""
