"""When two starts are the same: a digest of what they would make."""

from __future__ import annotations

import hashlib
import json
import unicodedata

from a2e_mcp.catalogue.declaration.tool import Inputs
from a2e_mcp.files.urls import is_url, same_url
from a2e_mcp.starts.resolve import ResolvedInputs, named_values

_LABELS = {"title"}


def fingerprint(tool_name: str, inputs: Inputs, resolved: ResolvedInputs) -> str:
    """A digest of what a start would make: names as ids, files as content, texts without their layout; no label.

    Taken before anything is uploaded or spoken, because those URLs are new each time.
    """
    values = dict(inputs.meant())
    for name in list(values):
        if isinstance(values[name], list):
            named = named_values(name, values[name])
            values[name] = [
                resolved.files[each].sha256
                if each in resolved.files
                else _as_it_is_meant(text, is_address=each in resolved.addresses)
                for each, text in named
            ]
        elif name in resolved.avatars:
            values[name] = resolved.avatars[name].id
        elif name in resolved.voices:
            voice = resolved.voices[name]
            # A cloned voice speaks many languages, and each is another sound.
            values[name] = f"{voice.id} {voice.language}" if voice.own else voice.id
        elif name in resolved.backgrounds:
            values[name] = repr(resolved.backgrounds[name])
        elif name in resolved.languages:
            values[name] = resolved.languages[name]
        elif name in resolved.files:
            values[name] = resolved.files[name].sha256
        elif isinstance(values[name], str):
            values[name] = _as_it_is_meant(values[name], is_address=name in resolved.addresses)
    made = {name: value for name, value in values.items() if name not in _LABELS}
    text = json.dumps([tool_name, made], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _as_it_is_meant(text: str, *, is_address: bool) -> str:
    """A text however a host has broken its lines, and a URL however it was copied."""
    if is_address and is_url(text):
        return same_url(text)
    return " ".join(unicodedata.normalize("NFC", text).split())
