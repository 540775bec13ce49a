"""Starts that a later version has written, with more in them than this one knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp import __version__
from a2e_mcp.catalogue.declaration.tool import AvatarChoice, BackgroundChoice, VoiceChoice
from a2e_mcp.errors import SettingsError
from a2e_mcp.files.local import LocalFile
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.codec import start_from_text, start_to_text
from a2e_mcp.ledger.entry import NewEntry, StoredStart
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.ledger.store import Limits
from a2e_mcp.starts.execute import StartExecutor
from a2e_mcp.starts.resolve import ResolvedInputs, resolved_from_data, resolved_to_data
from tests.support.faulty_transport import FaultyTransport, open_test_sandbox
from tests.support.starts import open_pipeline


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


def test_a_start_says_which_version_wrote_it() -> None:
    start = StoredStart("speech", "speech", "generate_speech", {})
    stored = json.loads(start_to_text(start))
    assert start_from_text(json.dumps(stored)).version == __version__
    del stored["version"]  # as the first versions wrote it
    assert start_from_text(json.dumps(stored)).version is None


async def test_what_only_a_later_version_can_carry_out_is_refused_and_kept(tmp_path: Path) -> None:
    known = json.loads(start_to_text(StoredStart("job", "avatar_video", "start_avatar_video", {})))
    strange = ({"kind": "film"}, {"family": "hologram"}, {"tool": "start_hologram"}, {"inputs": {"depth": 3}})
    async with open_test_sandbox(tmp_path) as sandbox:
        ledger = SqliteLedger(tmp_path / "ledger.sqlite3", account=account_of(sandbox.token), sandbox=True)
        transport = FaultyTransport(sandbox.transport())
        async with open_pipeline(sandbox, ledger, tmp_path, transport) as pipeline:
            executor = StartExecutor(pipeline.context, {}, 10)
            for change in strange:
                start = start_from_text(json.dumps({**known, **change, "version": "9.1.0"}))
                new = NewEntry("avatar_video", "Later", str(change), start=start)
                entry = (await ledger.insert_or_get_existing(new, limits=Limits())).entry
                with pytest.raises(SettingsError, match=r"written by a2e-mcp 9\.1\.0.* Nothing was charged") as refused:
                    executor.item(start, entry.title)
                assert "Update a2e-mcp" in str(refused.value)
                assert await ledger.stored_start(entry.id) == start
        assert not transport.attempts
