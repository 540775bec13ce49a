"""When two starts are the same: a digest of what they would make."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from a2e_mcp.catalogue.tool import Inputs
from a2e_mcp.starts.resolve import ResolvedInputs

_LABELS = {"title"}


def fingerprint(tool_name: str, inputs: Inputs, resolved: ResolvedInputs) -> str:
    """A digest of what a start would make: names as ids, files as content; the label is not part of it.

    Taken before anything is uploaded or spoken, because those URLs are new each time.
    """
    values: dict[str, Any] = inputs.model_dump(mode="json", exclude_none=True)
    for name in list(values):
        if name in resolved.avatars:
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
    made = {name: value for name, value in values.items() if name not in _LABELS}
    text = json.dumps([tool_name, made], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
