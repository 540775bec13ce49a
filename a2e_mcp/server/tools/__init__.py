"""The hand-written tools; tools that start a job are declared in the catalogue."""

MODULES = ("jobs", "account", "models", "voices", "film", "avatars", "stored_pictures", "streaming", "admin")
"""The index: every module here that declares tools."""
