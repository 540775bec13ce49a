"""What only some operating systems have, in one place: tests that need it are skipped elsewhere and say why."""

from __future__ import annotations

import struct
import sys

import pytest

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="terminals, signals, modes and named pipes of Unix")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process, which only Linux sets")
WITHOUT_ON_WINDOWS = frozenset({"curses", "fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"})
"""Modules that Windows does not have: imported at the top of a file, they would end the collection of all tests."""


def open_terminal(columns: int | None = None) -> tuple[int, int]:
    """Our side of a new terminal and the side of the program, of so many columns; both are the caller's to close."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    if columns is not None:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return ours, theirs
