"""Logs for a person: plain lines, in which nothing can move a terminal's cursor or open an account."""

from __future__ import annotations

import logging
import sys

from a2e_mcp.text import clean, without_secrets


class PlainLines(logging.Formatter):
    """The message of a record, and the traceback of an unforeseen error, clean and without secrets."""

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The lines of one record."""
        return without_secrets(clean(super().format(record)), *self._secrets)


def write_plain_lines(*secrets: str) -> None:
    """Log warnings and errors to stderr, without these secrets."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(PlainLines(*secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[output], force=True)
