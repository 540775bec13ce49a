"""How an entry is stored: the columns of its row, and the keys of its details.

This module alone knows them. They keep their names and meaning, because servers of several versions may work on one
ledger; keys that this version does not know survive every change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from a2e_mcp.ledger.details import Details, DownloadedFile, Measured, PaidAddress, RecordBefore, RoomDetails
from a2e_mcp.ledger.entry import DAMAGED, LedgerEntry, StoredStart

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError)
_USUAL: Mapping[str, Any] = {
    "created": 0.0,
    "sent": None,
    "expected": None,
    "charged": None,
    "units": None,
    "handles": "[]",
    "steps": "{}",
    "results": "[]",
    "beat": 0.0,
}
"""What takes the place of a column that cannot be read."""


def to_row(entry: LedgerEntry) -> dict[str, Any]:
    """The columns of an entry. Job ids and details stand in columns with older names."""
    return {
        "id": entry.id,
        "family": entry.family,
        "title": entry.title,
        "fingerprint": entry.fingerprint,
        "phase": entry.phase,
        "created": entry.created,
        "sent": entry.sent,
        "consent": entry.consent,
        "expected": entry.expected,
        "charged": entry.charged,
        "units": entry.units,
        "handles": _dump(list(entry.job_ids)),
        "steps": _dump(_encoded(_kept(entry))),
        "results": _dump(list(entry.results)),
        "state": entry.state,
        "note": entry.note,
        "raw": entry.raw,
        "beat": entry.beat,
        "user_id": entry.user,
    }


def _kept(entry: LedgerEntry) -> Details:
    """The details that are still needed: what was sent is kept only while its job is not known."""
    if entry.phase in ("started", "refused") and entry.details.request:
        return replace(entry.details, request={}, sent_there=None)
    return entry.details


def from_row(row: Mapping[str, Any]) -> LedgerEntry:
    """The entry that these columns hold; of a damaged row, what can be read of it."""
    try:
        return _whole(row)
    except _UNREADABLE:
        return _readable_part(row)


def _readable_part(row: Mapping[str, Any]) -> LedgerEntry:
    """The entry of a damaged row: its money counts, and one whose job ids are lost is looked for like a lost answer."""
    columns = dict(row)
    for name, usual in _USUAL.items():
        try:
            _whole({**columns, **_USUAL, name: columns[name]})
        except _UNREADABLE:
            columns[name] = usual
            if name == "handles" and columns["phase"] == "started":
                columns["phase"] = "unknown"
    entry = _whole(columns)
    return replace(entry, note=entry.note if entry.damaged else f"{entry.note or ''} {DAMAGED}".strip())


def _whole(row: Mapping[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        id=row["id"],
        family=row["family"],
        title=row["title"],
        fingerprint=row["fingerprint"],
        phase=row["phase"],
        created=_a_number(row["created"]),
        sent=_number_or_none(row["sent"]),
        consent=row["consent"],
        expected=_number_or_none(row["expected"]),
        charged=_number_or_none(row["charged"]),
        units=_number_or_none(row["units"]),
        job_ids=_texts(row["handles"]),
        details=_decoded(json.loads(row["steps"])),
        results=_texts(row["results"]),
        state=row["state"],
        note=row["note"],
        raw=row["raw"],
        beat=_a_number(row["beat"]),
        user=row["user_id"],
    )


def _texts(stored: str) -> list[str]:
    texts = json.loads(stored)
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise TypeError("no list of texts")
    return texts


def _a_number(stored: object) -> float:
    if not isinstance(stored, int | float):
        raise TypeError("no number")
    return stored


def _number_or_none(stored: object) -> float | None:
    return None if stored is None else _a_number(stored)


def start_to_text(start: StoredStart) -> str:
    """What a start is made from, as it is stored."""
    return _dump(asdict(start))


def start_from_text(text: str) -> StoredStart:
    """What a start is made from, as it was stored."""
    # The first versions that stored starts did not add their number.
    return from_stored(StoredStart, {"version": None, **json.loads(text)})


def start_or_none(text: str) -> StoredStart | None:
    """The same; None when it is damaged."""
    try:
        return start_from_text(text)
    except _UNREADABLE:
        return None


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


_DataclassT = TypeVar("_DataclassT", bound=_Dataclass)


def from_stored(kind: type[_DataclassT], stored: Mapping[str, Any]) -> _DataclassT:
    """An object from what was stored of it; what a later version has added is left out."""
    known = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in stored.items() if name in known})


class _Codec(NamedTuple):
    """Under which key a detail is stored, and how."""

    key: str
    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _plain(name: str, decode: Callable[[Any], Any] = _same) -> _Codec:
    return _Codec(name, decode, _same)


def _decode_measured(stored: Mapping[str, Mapping[str, float | None]]) -> dict[str, Measured]:
    return {step: Measured(cost.get("credits"), cost.get("units") or 0.0) for step, cost in stored.items()}


def _decode_addresses(stored: Mapping[str, Mapping[str, Any] | None]) -> dict[str, PaidAddress | None]:
    return {
        sha256: PaidAddress(way["put"], way["url"], way["until"]) if way else None for sha256, way in stored.items()
    }


def _encode_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value and asdict(value) for name, value in values.items()}


def _decode_before(stored: Mapping[str, Any] | None) -> RecordBefore | None:
    return RecordBefore(stored["word"], stored["left"]) if stored else None


def _decode_room(stored: Mapping[str, Any] | None) -> RoomDetails | None:
    return RoomDetails(stored["channel"], stored["avatar"], stored["until"]) if stored else None


def _decode_files(stored: Sequence[Mapping[str, Any]]) -> list[DownloadedFile]:
    return [DownloadedFile(row["path"], row["bytes"], row["sha256"], row.get("script")) for row in stored]


def _encode_files(files: Sequence[DownloadedFile]) -> list[dict[str, Any]]:
    return [{key: value for key, value in asdict(file).items() if value is not None} for file in files]


_CODECS: Mapping[str, _Codec] = {
    "count": _plain("count", int),
    "priced": _plain("priced"),
    "measured": _Codec("measured", _decode_measured, _encode_values),
    "paying": _plain("paying"),
    "claimed": _plain("claimed"),
    "lease": _plain("lease", int),
    "again": _plain("again", bool),
    "request": _plain("request"),
    "sent_there": _plain("sent_there"),
    "speech": _plain("speech"),
    "uploads": _plain("uploads"),
    "addresses": _Codec("addresses", _decode_addresses, _encode_values),
    "states": _plain("states"),
    "charges": _plain("charges"),
    "refund_unknown": _plain("refund_unknown", bool),
    "absent": _plain("absent", bool),
    "record_id": _plain("id"),
    "before": _Codec("before", _decode_before, lambda before: before and asdict(before)),
    "first_family": _plain("first_family"),
    "path": _plain("path"),
    "kept": _plain("kept"),
    "awaited_until": _plain("awaited_until", float),
    "source": _plain("source"),
    "urls": _plain("urls"),
    "files": _Codec("files", _decode_files, _encode_files),
    "modified": _plain("modified"),
    "part": _plain("part"),
    "quiet": _plain("quiet", bool),
    "variant": _plain("variant"),
    "room": _Codec("room", _decode_room, lambda room: room and asdict(room)),
}
_NAMES = {codec.key: name for name, codec in _CODECS.items()}
_NOTHING = Details()
_KINDS: Mapping[str, type] = {
    each.name: Mapping if isinstance(usual, Mapping) else Sequence
    for each in fields(Details)
    if isinstance(usual := getattr(_NOTHING, each.name), Mapping | list | tuple)
}
"""Which details are mappings and which are lists."""
_DEFAULTS = {each.name: getattr(_NOTHING, each.name) for each in fields(Details)}


def _decoded(stored: Mapping[str, Any]) -> Details:
    if not stored:
        return _NOTHING
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for key, value in stored.items():
        name = _NAMES.get(key)
        if name is None:
            unknown[key] = value
        elif value is not None:
            known[name] = _CODECS[name].decode(value)
            if name in _KINDS and not isinstance(known[name], _KINDS[name]):
                raise TypeError(f"{key} is damaged")
    return Details(**known, unknown=unknown)


def _encoded(details: Details) -> dict[str, Any]:
    """What is stored of details; what is as it was at first is left out, which means the same."""
    stored = dict(details.unknown)
    for name, codec in _CODECS.items():
        value = getattr(details, name)
        if value and value != _DEFAULTS[name]:
            stored[codec.key] = codec.encode(value)
    return stored


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
