"""`a2e-mcp demo`: from one sentence to a finished video, by the real program, and what it says without its extra."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from a2e_mcp.catalogue.voices import spoken_seconds
from a2e_mcp.cli.demo import SCRIPT
from docs.pictures import constant_lines, pictured_lines
from tests.support.processes import ServerProcess, run, start_program
from tests.support.token_watch import TOKEN

FIRST_SENTENCE = SCRIPT.partition(". ")[0] + "."
"""As much of the script as the demo shows."""


@pytest.mark.parametrize("script", [FIRST_SENTENCE, pytest.param(None, marks=pytest.mark.long)])
def test_the_demo_makes_a_real_video_with_sound_and_a_poster(tmp_path: Path, script: str | None) -> None:
    given = () if script is None else (script,)
    done = run("demo", *given, "--folder", "films", folder=tmp_path, A2E_API_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    video = tmp_path / "films" / "a2e-demo.mp4"
    with av.open(str(video)) as clip:
        picture, sound = clip.streams.video[0], clip.streams.audio[0]
        assert (picture.width, picture.height) == (1280, 720)
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        seconds = (clip.duration or 0) / 1e6
        assert "sandbox" in clip.metadata["comment"]
    assert 0.6 < seconds / spoken_seconds(script or SCRIPT) < 1.4
    assert video.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert str(video) in done.stdout
    assert "SANDBOX" in done.stdout
    for words in ("start_avatar_video(", "no credits were used", "install claude-desktop --sandbox"):
        assert words in done.stdout
    assert constant_lines(done.stdout) == pictured_lines(), "run: make pictures"
    # It says what it chose, and no line is cut or announces a list that is not shown.
    assert "10 avatars found; chosen: Ada." in done.stdout
    assert [line for line in done.stdout.splitlines() if line.endswith((":", "...", "....'"))] == [
        "Install it in Claude Desktop (still the sandbox, free):"
    ]
    assert " speech)." in done.stdout
    assert TOKEN not in done.stdout
    assert "\x1b" not in done.stdout


def test_a_later_demo_says_where_its_video_is(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "a2e-demo.mp4").write_bytes(b"an earlier one")
    done = run("demo", "Hi.", "--folder", "films", folder=tmp_path, COLUMNS="60")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    asked = next(number for number, line in enumerate(lines) if "download_result(" in line)
    assert lines[asked + 1].startswith("    Saved")
    assert str(folder / "a2e-demo-2.mp4") in done.stdout
    assert (folder / "a2e-demo.mp4").read_bytes() == b"an earlier one"


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, bare_python: str, command: str) -> None:
    done = run(command, folder=tmp_path, python=bare_python)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert 'pip install "a2e-mcp[sandbox]"' in done.stderr
    assert "espeakng-loader" in done.stderr


async def test_without_the_extra_the_server_lists_its_tools_and_each_call_says_what_to_install(
    tmp_path: Path, bare_python: str
) -> None:
    async with start_program("serve", "--sandbox", folder=tmp_path, python=bare_python) as server:
        await server.initialize()
        assert len((await server.ask("tools/list"))["result"]["tools"]) > 20
        for _ in range(2):
            assert 'pip install "a2e-mcp[sandbox]"' in await refusal(server)


async def refusal(server: ServerProcess) -> str:
    result = (await server.ask("tools/call", name="list_avatars", arguments={}))["result"]
    assert result["isError"] is True
    return str(result["content"][0]["text"])
