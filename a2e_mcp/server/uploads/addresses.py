"""What one-time addresses look like."""

from __future__ import annotations

from a2e_mcp.settings import Settings

ROOT = "/up/"


def upload_address(settings: Settings, secret: str) -> str:
    """The address that takes a file, for who has it alone."""
    return f"{settings.public_url}{ROOT}{secret}"
