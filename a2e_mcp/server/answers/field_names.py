"""A refusal in the words of the tool: what A2E calls `img_url` was given as `image`, and only that can be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from a2e_mcp.catalogue.tool import BackgroundRef, Inputs, MediaIn
from a2e_mcp.errors import Refused
from a2e_mcp.files.urls import is_url
from a2e_mcp.starts.resolve import markers_of

_A2ES_OWN = re.compile(r"[a-z]+(?:_[a-z]+)+|[a-z]+(?:[A-Z][a-z]+)+")
"""Names such as source_url and speechRate; `text` or `name` may be plain English in a sentence."""


def rename_fields(inputs: Inputs, problem: Refused) -> str:
    """What was refused, with A2E's names of fields as the tool's.

    Which is which is told by the values: what was sent under a name of A2E's is what was given under one of ours. The
    one file that was sent from here has a new address, which is the one that nobody gave.
    """
    ours = _ours(inputs, problem.sent)
    return re.sub(r"\w+", lambda found: ours.get(found[0], found[0]), problem.message)


def _ours(inputs: Inputs, sent: Mapping[str, object]) -> dict[str, str]:
    given = {name: value for name in type(inputs).model_fields if isinstance(value := getattr(inputs, name), str)}
    theirs = {name: value for name, value in _texts(sent) if _A2ES_OWN.fullmatch(name) and name not in given}
    found = {}
    for name, value in theirs.items():
        same = [ours for ours, text in given.items() if text.strip() == value]
        if len(same) == 1:
            found[name] = same[0]
    # A background is a file only where it is stored by a call of its own; otherwise it may be a colour.
    kinds = (MediaIn, BackgroundRef) if len(sent) == 1 else (MediaIn,)
    files = [name for name in given if name not in found.values() and _is_marked(inputs, name, kinds)]
    addresses = [name for name, value in theirs.items() if name not in found and is_url(value)]
    return found | ({addresses[0]: files[0]} if len(files) == len(addresses) == 1 else {})


def _texts(sent: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in sent.items():
        only = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(only, str):
            yield name, only


def _is_marked(inputs: Inputs, name: str, kinds: tuple[type, ...]) -> bool:
    return any(isinstance(marker, kinds) for marker in markers_of(type(inputs).model_fields[name]))
