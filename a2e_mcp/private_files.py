"""Files and folders that only their owner may read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_FILE = 0o600
_FOLDER = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder, and the folders above it that are missing; those that exist stay as they are. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        with suppress(FileExistsError):
            if not each.is_dir():
                each.mkdir(mode=_FOLDER)
    if not folder.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(folder))


def make_private_database(path: Path) -> None:
    """Make the file of a SQLite database private, or make an empty one; SQLite gives its other files the same mode.

    Raises OSError.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _FILE))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        # Another user's file that may be written is used as it is.
        with suppress(FileNotFoundError, PermissionError):
            if each.stat().st_mode & 0o077:
                each.chmod(_FILE)


def is_private(path: Path) -> bool:
    """Whether only the owner may read a file or folder, as far as the system tells."""
    return os.name == "nt" or not path.stat().st_mode & 0o077


def link_problem(path: Path) -> str | None:
    """Why a path cannot be opened when a link on the way leads nowhere, as a clause; None when no link is to blame."""
    for each in (*reversed(path.parents), path):
        # A name that is too long, or a folder that may not be looked into, is no link.
        if not os.path.islink(each):
            continue
        try:
            each.stat()
        except FileNotFoundError:
            # The target of the last link is made, where the folder for it is there.
            target = Path(os.path.realpath(each))
            if each != path or not target.parent.is_dir():
                return f"{each} is a link to {target}, which does not exist"
        except OSError:
            return f"{each} is a link that leads in a circle"
    return None
