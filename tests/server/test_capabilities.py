"""The server declares what it does, and promises no notification that it never sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import ERAS, Era, open_server


@pytest.mark.parametrize("era", ERAS)
async def test_no_change_of_lists_and_no_subscription_is_promised(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        declared = server.client.server_capabilities
    for part in (declared.tools, declared.resources, declared.prompts):
        assert part is not None
        assert not part.list_changed
    assert declared.resources is not None
    assert not declared.resources.subscribe
