"""Stands between a client and a server on stdio, and keeps every line of both: `recorder.py FILE COMMAND...`.

What the server really answered is compared with what the client shows the model. Only the standard library is used:
whichever Python starts it will do.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import IO


def main(record: str, command: list[str]) -> int:
    """Run the server until the client closes its pipe, and return the server's exit code."""
    with (
        open(record, "ab", buffering=0) as kept,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        # A daemon, since a client that never closes its pipe must not keep a server's end from being seen.
        threading.Thread(target=_copy, args=(sys.stdin.buffer, server.stdin, kept, b">"), daemon=True).start()
        _copy(server.stdout, sys.stdout.buffer, kept, b"<")
        return server.wait()


def _copy(source: IO[bytes], target: IO[bytes], kept: IO[bytes], mark: bytes) -> None:
    for line in source:
        # One write each, so that the lines of both directions never mix.
        kept.write(mark + line)
        target.write(line)
        target.flush()
    target.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
