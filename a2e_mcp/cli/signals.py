"""The signals that ask a program to end."""

from __future__ import annotations

import signal
from collections.abc import Callable


def call_on_signals(end: Callable[[], object], *names: str) -> None:
    """Call `end` on these signals, where the system has them; a hang-up that was ignored before stays ignored."""
    for name in names:
        number = getattr(signal, name, None)
        # nohup starts a program so that it survives the terminal.
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue
        signal.signal(number, lambda *_: end())
