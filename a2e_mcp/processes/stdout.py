"""Keeping a subprocess's stdout for its protocol."""

import os
import sys
from typing import IO


def take_stdout() -> IO[bytes]:
    """Stdout for the protocol alone; whatever else is printed, by Python or by a native library, goes to stderr."""
    sys.stdout.flush()
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol
