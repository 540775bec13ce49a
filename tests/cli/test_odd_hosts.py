"""Computers that are set up oddly: no home folder, narrow encodings, byte order marks, files that others may read."""

from __future__ import annotations

import codecs
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from a2e_mcp.cli.install import NAME, claude_desktop_file
from tests.support.doctor_runs import DoctorRun
from tests.support.forked_program import run_forked
from tests.support.processes import environment_in, run, start_program
from tests.support.proxy import DEAD_PROXIES
from tests.support.systems import UNIX

NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""An ASCII file system and console."""
UNKNOWN_USER = 54321

only_root = pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="only root may be another user")


def run_without_home(folder: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user that the system does not know."""
    environment = environment_in(folder)
    for name in ("HOME", "A2E_DATA_DIR", "A2E_OUTPUT_DIR"):
        environment.pop(name)
    return run_forked(arguments, folder, {**environment, **changes}, user=UNKNOWN_USER)


@only_root
@pytest.mark.parametrize("command", ["serve", "sandbox", "demo", "install"])
def test_a_user_without_a_home_folder_reads_in_one_sentence_what_to_set(tmp_path: Path, command: str) -> None:
    done = run_without_home(tmp_path, command, *(["claude-desktop", "--sandbox"] if command == "install" else []))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "no home folder" in done.stderr
    assert "Set HOME" in done.stderr
    assert not list(tmp_path.iterdir())


@only_root
def test_folders_of_ones_own_are_enough_without_a_home_folder(tmp_path: Path) -> None:
    folders = {"A2E_DATA_DIR": str(tmp_path / "data"), "A2E_OUTPUT_DIR": str(tmp_path / "output")}
    done = run_without_home(tmp_path, "serve", "--sandbox", **folders)
    assert (done.returncode, done.stderr) == (0, "")


@only_root
def test_the_doctor_finds_that_there_is_no_home_folder(tmp_path: Path) -> None:
    done = run_without_home(tmp_path, "doctor", A2E_BASE_URL="http://127.0.0.1:9")
    assert done.stderr == ""
    assert any(line.startswith("fix") and "Set HOME" in line for line in done.stdout.splitlines()), done.stdout


def test_the_demo_ends_well_on_a_narrow_console_of_latin_letters_and_behind_a_dead_proxy(tmp_path: Path) -> None:
    folder = tmp_path / "видео"
    odd = {"PYTHONIOENCODING": "cp1252:strict", "COLUMNS": "60", **DEAD_PROXIES}
    done = run("demo", "Hello.", "--folder", str(folder), folder=tmp_path, **odd)
    assert (done.returncode, done.stderr) == (0, "")
    long_lines = [line for line in done.stdout.splitlines() if len(line) > 60]
    # Only a path or the command of this installation may be longer.
    assert [line for line in long_lines if "/" not in line] == []
    assert "Done in" in done.stdout
    assert list(folder.glob("*.mp4"))


async def test_a_file_that_an_ascii_file_system_cannot_spell_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    async with start_program("--sandbox", folder=tmp_path, A2E_FILES=str(tmp_path / "inbox"), **NARROW) as server:
        await server.initialize()
        for path in ("Übung.png", str(tmp_path / "inbox" / "Übung.png"), "~/Übung.png", "中.png"):
            answer = (await server.ask("tools/call", name="upload_file", arguments={"path": path}))["result"]
            assert "File not found on this computer" in answer["content"][0]["text"], answer
        spoken = await server.call("generate_speech", script="Hello", voice="Aria")
        saved = await server.call("download_result", job_id=spoken["job_id"], name="Übung")
        (file,) = saved["files"]
        assert Path(file["path"]).parent == tmp_path / "output"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE], ids=["utf-8", "utf-16"])
async def test_a_configuration_with_a_byte_order_mark_is_read(
    tmp_path: Path, doctor_run: DoctorRun, mark: bytes
) -> None:
    text = json.dumps({"mcpServers": {"other": {"command": "x"}}, "name": "Zoë"}, ensure_ascii=False)
    content = mark + text.encode("utf-8" if mark == codecs.BOM_UTF8 else "utf-16-le")
    file = claude_desktop_file({"XDG_CONFIG_HOME": str(tmp_path / "config")}, "linux")
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    await doctor_run.run()
    assert "not valid JSON" not in doctor_run.text
    done = run("install", "claude-desktop", "--sandbox", folder=tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_bytes())
    assert set(written["mcpServers"]) == {"other", NAME}
    assert written["name"] == "Zoë"


def modes(folder: Path) -> dict[str, str]:
    """The modes of the files and folders that hold what a user did."""
    kept = [folder, *folder.rglob("*.sqlite3*"), folder / "sandbox", *folder.rglob("sandbox.db*")]
    return {str(path.relative_to(folder.parent)): oct(stat.S_IMODE(path.stat().st_mode)) for path in kept}


@UNIX
async def test_only_their_owner_may_read_the_ledger_and_the_sandbox(tmp_path: Path) -> None:
    for _ in range(2):
        async with start_program("--sandbox", folder=tmp_path) as server:
            await server.initialize()
            await server.call("generate_speech", script="Hello", voice="Aria")
            found = modes(tmp_path / "data")
        assert found.pop("data") == "0o700"
        assert found.pop("data/sandbox") == "0o700"
        assert len(found) >= 2
        assert set(found.values()) == {"0o600"}, found
        # An earlier version left them open.
        for path in (tmp_path / "data").rglob("*.sqlite3*"):
            path.chmod(0o644)
        for path in (tmp_path / "data").rglob("sandbox.db*"):
            path.chmod(0o644)


@UNIX
async def test_the_doctor_finds_a_data_folder_that_others_may_read(tmp_path: Path, doctor_run: DoctorRun) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    await doctor_run.run()
    (line,) = (line for line in doctor_run.marked("note") if "may be read by other users" in line)
    assert f"chmod 700 {tmp_path / 'data'}" in line
