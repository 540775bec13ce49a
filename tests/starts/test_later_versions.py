"""Starts that a later version has written, with more in them than this one knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2e_mcp.catalogue.tool import AvatarChoice, BackgroundChoice, VoiceChoice
from a2e_mcp.files.local import LocalFile
from a2e_mcp.ledger.codec import start_from_text, start_to_text
from a2e_mcp.ledger.entry import StoredStart
from a2e_mcp.starts.resolve import ResolvedInputs, resolved_from_data, resolved_to_data


def with_more(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a key that this version does not know."""
    return {**stored, "colour": {"of": [1, 2]}}


def test_a_start_is_read_without_what_is_not_known() -> None:
    start = StoredStart("job", "avatar_video", "start_avatar_video", {"script": "Hola"}, {"avatar": {"id": "1"}})
    later = json.dumps(with_more(json.loads(start_to_text(start))))
    assert start_from_text(later) == start


def test_what_its_inputs_turned_out_to_be_is_read_without_what_is_not_known() -> None:
    resolved = ResolvedInputs(
        avatars={"avatar": AvatarChoice("67d2", "Ada", own=False)},
        voices={"voice": VoiceChoice("en-US", "Aria", own=False, language="en")},
        backgrounds={"background": BackgroundChoice(color="rgb(1,2,3)")},
        files={"image": LocalFile(Path("/waves.png"), "image", "image/png", 3, "ab", None, (1, 2))},
    )
    stored = resolved_to_data(resolved)
    later = with_more({part: {name: with_more(row) for name, row in rows.items()} for part, rows in stored.items()})
    assert resolved_from_data(later) == resolved
