"""Logs as one JSON object a line, for what collects the logs of many servers."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from opentelemetry.trace import INVALID_SPAN_CONTEXT, get_current_span


class JsonLines(logging.Formatter):
    """One object a line: time (UTC), level, logger, message, what a record adds in `fields`, and its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        span = get_current_span().get_span_context()
        if span != INVALID_SPAN_CONTEXT:
            line |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def write_json_lines() -> None:
    """Log to stderr as JSON lines: of this program everything from info on, of its libraries warnings."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[output], force=True)
    logging.getLogger("a2e_mcp").setLevel(logging.INFO)
