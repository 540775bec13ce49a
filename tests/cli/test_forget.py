"""`a2e-mcp forget`: words go, amounts stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.support.faulty_transport import CONSENT, Clock, connect_server, open_test_sandbox, video_arguments
from tests.support.processes import run

SCRIPT = "A rather secret birthday song."


async def test_words_of_old_starts_are_gone_from_the_files_and_amounts_stay(tmp_path: Path) -> None:
    old = Clock(ahead=-20 * 86_400)
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, old) as server:
            await server.ask("start_avatar_video", **video_arguments(script=SCRIPT))
            picture = await server.picture()
            await server.ask("start_face_swap_preview", face=picture, target=picture, consent=CONSENT)
            spent = server.spent
        async with connect_server(tmp_path, sandbox) as server:
            await server.ask("start_avatar_video", **video_arguments(script="A song of today."))
            spent_today = server.spent - spent
        day = f"{datetime.now() - timedelta(days=5):%Y-%m-%d}"
        done = run("forget", "--before", day, "--sandbox", folder=tmp_path, A2E_DATA_DIR=str(tmp_path / "data"))
        assert done.returncode == 0, done.stderr
        assert "2 starts" in done.stdout
        kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("ledger*"))
        assert SCRIPT.encode() not in kept
        assert CONSENT.encode() not in kept
        assert b"A song of today." in kept
        async with connect_server(tmp_path, sandbox) as server:
            assert (await server.ask("list_spending")).data["total"] == spent + spent_today


def test_a_date_that_is_none_is_refused_with_an_example(tmp_path: Path) -> None:
    done = run("forget", "--before", "yesterday", "--sandbox", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "use a date such as 2026-01-31" in done.stderr
