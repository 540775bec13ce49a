"""Names to ids: avatars, voices, backgrounds and languages; warnings about the wrong language."""
