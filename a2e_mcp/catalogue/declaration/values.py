"""The types that read single values of A2E's answers: leniently in form, and never believing what cannot be true."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator, Field

_LONGEST_TEXT = 2000
_LONGEST_ADDRESS = 60_000
_LARGEST_NUMBER = 1e15
_LARGEST_CHARGE = 1e6
_LARGEST_BALANCE = 1e9
_LINE_BREAKS = re.compile(r"[\t ]*[\n\r\t][\s]*")
_EARLIEST, _LATEST = 1e9, 1e10
"""Seconds since 1970 between which the moments of A2E lie; a thousand times as many are milliseconds."""
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)

_SCHEME = re.compile(r"(https?:)?//", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+(?=https?://)", re.IGNORECASE)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT_IN_ADDRESS = "%/:?#[]@!$&'()*+,;=~"
_DEEPEST = 5
# Where an address stands when a result is an object.
_ADDRESS_FIELDS = (
    "url",
    "urls",
    "result_url",
    "video_url",
    "image_url",
    "image_urls",
    "audio_url",
    "file_url",
    "download_url",
    "src",
    "href",
    "link",
    "uri",
    "video",
    "image",
    "audio",
    "file",
    "result",
    "results",
    "output",
    "outputs",
    "data",
    "fileUrl",
    "videoUrl",
    "imageUrl",
    "audioUrl",
    "downloadUrl",
    "cdnUrl",
    "cdn_url",
    "play_url",
    "playUrl",
    "mp4",
    "files",
    "videos",
    "images",
)


def is_empty(value: object) -> bool:
    """Whether a field is not filled."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


def text_or_none(value: object) -> str | None:
    """A text on one line without spaces around it, or a number as text; None for anything else."""
    if isinstance(value, str):
        return _LINE_BREAKS.sub(" ", value.strip())[:_LONGEST_TEXT] or None
    return f"{value}" if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_text(value: object) -> str | None:
    """Any value as text: of an object its message, else its JSON."""
    if is_empty(value) or isinstance(value, bool):
        return None
    if isinstance(value, Mapping):
        found = (as_text(value.get(name)) for name in ("message", "msg", "error", "reason", "detail", "description"))
        return next((text for text in found if text), None) or _json(value)
    if isinstance(value, list):
        return "; ".join(text for item in value[:10] if (text := as_text(item)))[:_LONGEST_TEXT] or None
    return text_or_none(value)


def number_or_none(value: object) -> float | None:
    """A number, or a text that is one; None for anything else, and for what no computer counts with."""
    if isinstance(value, str):
        value = float(value.strip()) if _NUMBER.fullmatch(value.strip()) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= _LARGEST_NUMBER and math.isfinite(value) else None


def utc_moment(seconds: float) -> str:
    """A moment, in seconds since 1970, in the one form that all answers have: 2026-11-28T13:05:22.000Z."""
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def moment_shown(moment: float | str) -> str:
    """A moment as every text shows it, 2026-11-28 13:05 UTC; from seconds since 1970, or from `utc_moment`'s form.

    A time without a zone is shown without one.
    """
    text = utc_moment(moment) if isinstance(moment, int | float) else moment
    return f"{text[:10]} {text[11:16]}{' UTC' if text.endswith('Z') else ''}"


def moment_or_none(value: object) -> str | None:
    """A moment as ISO 8601, from a text or from seconds or milliseconds since 1970; None for anything else.

    It is in UTC, except that a time without a zone stays as it is: which moment it means is not known here.
    """
    number = number_or_none(value)
    if number is not None:
        seconds = number / 1000 if number > _LATEST else number
        in_time = _EARLIEST <= seconds <= _LATEST
        return utc_moment(seconds) if in_time else None
    text = text_or_none(value)
    try:
        moment = None if text is None else datetime.fromisoformat(text)
        return text if moment is None or moment.tzinfo is None else utc_moment(moment.timestamp())
    except (ValueError, OverflowError):
        return None


def address_or_none(value: object) -> str | None:
    """An http(s) address as it can be requested and shown, percent-encoded; None when it is not one."""
    if not isinstance(value, str):
        return None
    text = _LINE_BREAKS.sub(" ", value.strip())
    if not _SCHEME.match(text) or len(text) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(text if not text.startswith("//") else f"https:{text}")
        host, _ = parts.hostname or "", parts.port
        if not host.isascii():
            encoded = host.encode("idna").decode("ascii")
            parts = parts._replace(netloc=encoded if parts.port is None else f"{encoded}:{parts.port}")
            host = encoded
        if parts.username is not None or not _HOST.fullmatch(host):
            return None
        return quote(_BARE_PERCENT.sub("%25", parts.geturl()), safe=_KEPT_IN_ADDRESS)
    except ValueError:
        return None


def addresses_in(value: object) -> list[str]:
    """Every address of a result, in the shapes that results come in: text, list, object, or one of these as JSON."""
    return list(_addresses(value, 0))


def _addresses(value: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in ("[", "{", '"'):
            yield from _addresses(_from_json(text), depth + 1)
        else:
            yield from filter(None, map(address_or_none, _BETWEEN_ADDRESSES.split(text)))
    elif isinstance(value, list):
        for item in value:
            yield from _addresses(item, depth + 1)
    elif isinstance(value, Mapping):
        for name in _ADDRESS_FIELDS:
            found = list(_addresses(value.get(name), depth + 1))
            if found:
                yield from found
                return


def _from_json(text: str) -> object:
    for written in (text, text.replace('"', "").replace("'", '"')):
        try:
            # As JSON, or as Python writes a list of addresses.
            return json.loads(written, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            continue
    return None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST_TEXT]


def _amount_or_none(value: object) -> float | None:
    number = number_or_none(value)
    return number if number is not None and 0 <= number <= _LARGEST_CHARGE else None


def _balance_or_none(value: object) -> float | None:
    number = number_or_none(value)
    return number if number is not None and 0 <= number <= _LARGEST_BALANCE else None


def _yes_or_none(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _id_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# A2E's answers mix "0" with 0, "" with null; a field that carries no load is read, never insisted on.
Text = Annotated[str | None, BeforeValidator(text_or_none)]
Reason = Annotated[str | None, BeforeValidator(as_text)]
Number = Annotated[float | None, BeforeValidator(number_or_none)]
Moment = Annotated[str | None, BeforeValidator(moment_or_none)]
Yes = Annotated[bool | None, BeforeValidator(_yes_or_none)]

Amount = Annotated[float | None, BeforeValidator(_amount_or_none)]
"""Credits that a job costs; what cannot be true is not believed."""
Balance = Annotated[float, BeforeValidator(_balance_or_none)]
"""Credits that are left; an answer without them is unreadable."""
Address = Annotated[str, BeforeValidator(address_or_none)]
"""An address that the answer is about; without it the answer is unreadable."""
OneAddress = Annotated[str | None, BeforeValidator(address_or_none)]
Addresses = Annotated[list[str], BeforeValidator(addresses_in)]
Id = Annotated[str, BeforeValidator(_id_text), Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$")]
"""A record's id, as it can be shown and put into a path."""
