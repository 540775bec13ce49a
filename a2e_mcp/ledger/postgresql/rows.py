"""An entry as rows of a database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from a2e_mcp.ledger.codec import from_row, to_row
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.index_rows import index_keys, index_row

COLUMNS = (
    "starts.seq, starts.id, starts.user_id, family, title, fingerprint, phase, starts.created, sent, consent, expected,"
    " charged, units, array_to_json(handles)::text AS handles, steps::text AS steps,"
    " array_to_json(results)::text AS results, state, note, raw, beat, deferred, about, share, version"
)
"""What an entry is read from."""

_NO_CHARACTER = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry as it was read: its place in the order in which entries were written, and its version."""

    entry: LedgerEntry
    seq: int
    version: str


def known_entry(row: Mapping[str, Any]) -> KnownEntry:
    """The entry of a row."""
    entry = replace(from_row(row), deferred=row["deferred"], about=row["about"], share=row["share"])
    return KnownEntry(entry, row["seq"], row["version"])


def columns_of(entry: LedgerEntry) -> dict[str, Any]:
    """The columns that an entry is written to."""
    columns = {**to_row(entry), **index_row(entry)}
    columns["handles"], columns["results"] = list(entry.job_ids), list(entry.results)
    return {name: _storable(value) for name, value in columns.items()}


def keys_of(entry: LedgerEntry) -> list[str]:
    """The keys under which an entry is looked up."""
    return [storable_text(key) for key in dict.fromkeys(index_keys(entry))]


def json_of(columns: Mapping[str, Any]) -> str:
    """The same columns as one JSON text."""
    return json.dumps({**columns, "steps": json.loads(columns["steps"])}, ensure_ascii=False)


def storable_text(text: str) -> str:
    """A text without what PostgreSQL cannot hold: the zero character, and halves of others."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_CHARACTER.sub(r"\1" + "\ufffd", storable_text(value))
    return [storable_text(each) for each in value] if isinstance(value, list) else value
