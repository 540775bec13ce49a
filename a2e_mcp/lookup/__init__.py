"""Names to ids: avatars, voices, backgrounds and languages."""
