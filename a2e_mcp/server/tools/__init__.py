"""The hand-written tools; what starts a job is declared in the catalogue."""

MODULES = ("jobs", "account", "voices", "avatars", "stored_pictures", "streaming", "admin")
"""The index: every module here that declares tools."""
