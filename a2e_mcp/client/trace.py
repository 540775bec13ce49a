"""Traffic as redacted shapes: the names and types of fields, never their values."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)
_HEX_ID = re.compile(r"[0-9a-fA-F]{24}")
_SHOWN_STATUS = re.compile(r"[a-z_]{2,20}")
_STATUS_FIELDS = ("status", "current_status", "task_status")
_MOST_FIELDS = 60
_FIELD_NAME = re.compile(r"(?!sk_)[A-Za-z_][A-Za-z0-9_-]{0,40}")
_LONG_NUMBER = re.compile(r"[0-9a-fA-F]{8,}|[0-9]{4,}")


def safe_name(name: str) -> str:
    """A field's name, unless it could be an id or a value used as a name."""
    return name if _FIELD_NAME.fullmatch(name) and not _LONG_NUMBER.search(name) else "(odd name)"


def shape_of(value: object, field: str = "") -> Any:
    """The shape of a JSON value: names and types, status words, and the first item of each list.

    Of several fields whose names could be values, the first is kept, without its name.
    """
    if isinstance(value, dict):
        shape: dict[str, Any] = {}
        for name, item in list(value.items())[:_MOST_FIELDS]:
            shape.setdefault(safe_name(str(name)), shape_of(item, str(name)))
        return shape
    if isinstance(value, list):
        return [shape_of(value[0]), f"{len(value)} items"] if value else []
    if isinstance(value, str):
        return _shape_of_text(value, field)
    return {bool: "true/false", int: "integer", float: "number", type(None): "null"}.get(type(value), "other")


def _shape_of_text(text: str, field: str) -> str:
    if field in _STATUS_FIELDS and _SHOWN_STATUS.fullmatch(text):
        return f"text '{text}'"
    if not text:
        return "empty text"
    if _HEX_ID.fullmatch(text):
        return "24 hex"
    return "address" if text.startswith(("http://", "https://")) else "text"


class Trace:
    """Appends one JSON line per call to a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._has_failed = False

    def add(self, *, name: str, method: str, path: str, status: int | None, seconds: float, body: object) -> None:
        """Append one line; `path` is the template, without ids."""
        line = {
            "call": name,
            "method": method,
            "path": path,
            "status": status,
            "milliseconds": round(seconds * 1000),
            "answer": shape_of(body),
        }
        try:
            if not self._path.exists():
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch(mode=0o600)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as problem:
            # The call that is traced may have been charged: its answer counts more than its trace.
            if not self._has_failed:
                _log.warning("The trace in %s cannot be written (%s); calls continue without it", self._path, problem)
            self._has_failed = True
