"""The queue library's own log: without tracebacks of a database that is away, which one line of ours reports.

A worker that was only paused cannot write down the end of what others have taken over, which is a database error too.
"""

from __future__ import annotations

import logging

import psycopg
from procrastinate.exceptions import ConnectorException

from a2e_mcp.errors import A2EError

_NAMES = (
    "procrastinate.utils",
    "procrastinate.worker",
    "procrastinate.worker.a2e-mcp",
    "procrastinate.periodic",
    # Of a task whose end could not be written down.
    "asyncio",
)


def log_no_outages() -> None:
    """Drop what the library logs of a database that is away, and say what was foreseen without a traceback."""
    for name in _NAMES:
        logger = logging.getLogger(name)
        if _is_news not in logger.filters:
            logger.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, A2EError):
        # Why a start waits, which only its sentence says.
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
    return not isinstance(error, ConnectorException | psycopg.Error)
