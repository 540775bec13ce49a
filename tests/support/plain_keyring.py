"""A keyring that stores plain text, as some packages offer one."""

from __future__ import annotations

import os
from pathlib import Path

from keyring.backend import KeyringBackend


class PlainKeyring(KeyringBackend):
    """Writes passwords into a file that anyone may read."""

    priority = 9.0

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""
        file = self._file(service, username)
        return file.read_text(encoding="utf-8") if file.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Write a password."""
        self._file(service, username).write_text(password, encoding="utf-8")

    def _file(self, service: str, username: str) -> Path:
        return Path(os.environ["HOME"], f"{service}-{username}.txt")
