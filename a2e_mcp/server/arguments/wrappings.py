"""What hosts and models put around a value: quotes, code fences, JSON, Python's own form, and a provider's message."""

from __future__ import annotations

import json
import re
from itertools import chain

from a2e_mcp.server.arguments.loose_objects import loose_object

_LONGEST_JSON = 100_000
_LONGEST_PYTHON = 30_000
_LONGEST_NAME = 200
_MOST_WRAPPED = 12
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "„": "“", "<": ">"}
_FENCED = re.compile(r"\s*```\w*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
# Where the name stands when a host sends a whole record, or a model repeats one that it was shown.
_NAMES_IN_A_RECORD = (
    *("job_id", "url", "uri", "path", "file", "href", "src", "file_path", "filename"),
    *("id", "_id", "code", "name", "value"),
)
_RECORDS_IN_A_RECORD = (
    *("image_url", "video_url", "audio_url", "file_url", "image_path", "video_path", "audio_path"),
    *("image", "video", "audio", "file", "images", "videos", "files", "urls"),
    *("source", "media", "resource", "voice", "avatar", "job", "language"),
)
"""Where a provider's message puts the record, or the name itself."""
_ROW = re.compile(r".* = ([A-Za-z0-9_.:-]+?)(?:, preview .*)?", re.DOTALL)
_ADDRESS_OF_A_RECORD = re.compile(r"a2e://[a-z_]+/([A-Za-z0-9_.:-]+)")


def from_json(value: object) -> object:
    """A list or an object that came as text, even as the text of a text or as Python writes it; else it as it is."""
    read = value
    for _ in range(_MOST_WRAPPED):
        if not isinstance(read, str) or len(read) > _LONGEST_JSON:
            break
        fenced = _FENCED.fullmatch(read)
        read = fenced[1] if fenced else read
        if read.strip()[:1] not in ("[", "{", '"'):
            break
        inner = _json(read)
        if inner is None:
            break
        read = inner
    return read if isinstance(read, list | dict) else value


def _json(text: str) -> object:
    try:
        # A line break may stand inside a text, as models write it.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST_PYTHON or text.strip()[:1] == '"':
        return None
    import ast
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):
            # A backslash that escapes nothing is no mistake of ours.
            read = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
    return sorted(read, key=lambda each: text.find(str(each))) if isinstance(read, set) else read


def object_in(value: object) -> object:
    """An object, also when it came as text, however loosely written, or in a list of one."""
    read = from_json(value)
    if isinstance(read, str):
        fenced = _FENCED.fullmatch(read)
        loose = loose_object(fenced[1] if fenced else read)
        read = read if loose is None else loose
    return read[0] if isinstance(read, list) and len(read) == 1 and isinstance(read[0], dict) else read


def name_in(value: object) -> object:
    """What is inside a list of one, a record, or either as JSON; None for anything else."""
    if isinstance(value, str):
        is_wrapped = value.strip()[:1] in ("[", "{") or value.strip()[:2] in ('"[', '"{')
        return from_json(value) if is_wrapped and len(value) <= _LONGEST_JSON else None
    if isinstance(value, list):
        return value[0] if len(value) == 1 and isinstance(value[0], str | dict) else None
    if isinstance(value, dict):
        named = (value.get(name) for name in (*_NAMES_IN_A_RECORD, *_RECORDS_IN_A_RECORD))
        inner = (each for name in _RECORDS_IN_A_RECORD if isinstance(each := value.get(name), dict | list))
        texts = (each for each in named if isinstance(each, str) and each.strip())
        return next(chain(texts, (each for each in map(name_in, inner) if each is not None)), None)
    return None


def only_value_in(name: str, value: object) -> object:
    """The value of the argument of this name out of the list or the record that holds only that; else it as it is."""
    read = value
    for _ in range(_MOST_WRAPPED):
        read = from_json(read)
        if isinstance(read, list) and len(read) == 1:
            read = read[0]
        elif isinstance(read, dict) and read.keys() in ({"value"}, {name}):
            [read] = read.values()
        else:
            break
    return value if isinstance(read, list | dict) else read


def row_or_address(text: str) -> str:
    """A name or an id from the row of a list, such as `Ada (female) = 6672...`, or from a resource's address."""
    if len(text) > 2 * _LONGEST_NAME:
        return text
    if row := _ROW.fullmatch(text):
        return row[1]
    address = _ADDRESS_OF_A_RECORD.fullmatch(text)
    return address[1] if address else text


def unquoted(text: str) -> str:
    """A text without spaces and pairs of quotes around it."""
    text = text.strip()
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text
