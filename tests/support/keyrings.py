"""A keyring of the system for tests: a file that keyring takes for the Secret Service; it can be locked, or hang."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from keyring.backends import SecretService
from keyring.errors import KeyringLocked, PasswordDeleteError

FILE = "A_TEST_KEYRING"
STATE = "A_TEST_KEYRING_STATE"
"""`locked`, `hangs`, or anything else for an open one."""


def keyring_in(folder: Path, state: str = "open") -> dict[str, str]:
    """The variables that make this the keyring of a process."""
    return {
        "PYTHON_KEYRING_BACKEND": "tests.support.keyrings.FileKeyring",
        FILE: str(folder / "keyring.json"),
        STATE: state,
    }


def kept_in(folder: Path) -> dict[str, str]:
    """What the keyring holds."""
    file = folder / "keyring.json"
    kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return kept


class FileKeyring(SecretService.Keyring):
    """What the system guards, without the system."""

    priority = 9.0

    def get_password(self, service: str, username: str) -> str | None:
        """The password, or None."""
        return self._opened().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""
        self._write({**self._opened(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Delete a password. Raises PasswordDeleteError when there is none."""
        kept = self._opened()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("No such password!")
        self._write(kept)

    def _opened(self) -> dict[str, str]:
        match os.environ[STATE]:
            case "locked":
                raise KeyringLocked("Failed to unlock the collection!")
            case "hangs":
                time.sleep(60)
        return kept_in(Path(os.environ[FILE]).parent)

    def _write(self, kept: dict[str, str]) -> None:
        Path(os.environ[FILE]).write_text(json.dumps(kept), encoding="utf-8")
