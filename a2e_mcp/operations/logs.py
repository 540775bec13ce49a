"""Logs as one JSON object a line, for what collects the logs of many servers."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from opentelemetry.trace import INVALID_SPAN_CONTEXT, get_current_span

from a2e_mcp.text import clean, without_secrets


class JsonLines(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, what a record adds in `fields`, and its trace.

    Texts are clean and without secrets.
    """

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._safe(record.getMessage()),
            **getattr(record, "fields", {}),
        }
        span = get_current_span().get_span_context()
        if span != INVALID_SPAN_CONTEXT:
            line |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        if record.exc_info:
            line["exception"] = self._safe("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False, default=str)

    def _safe(self, text: str) -> str:
        return without_secrets(clean(text), *self._secrets)


def write_json_lines(*secrets: str) -> None:
    """Log to stderr as JSON lines without these secrets: this program from info on, its libraries from warnings."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(JsonLines(*secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[output], force=True)
    logging.getLogger("a2e_mcp").setLevel(logging.INFO)
