"""The command itself: quick where it can be, and helpful where a person stumbles in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from a2e_mcp import __version__
from a2e_mcp.cli.main import main
from tests.support.installing import says_to_install
from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in, run
from tests.support.systems import UNIX, open_terminal
from tests.support.token_watch import TOKEN

HEAVY = ("mcp", "mcp_types", "pydantic", "httpx2", "anyio", "asyncio", "a2e_mcp.settings", "av", "numpy")
COMMANDS = ("serve", "demo", "sandbox", "doctor", "install", "tools")


def test_the_version_is_printed_without_importing_what_takes_time(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "a2e_mcp", "--version"],
        env=environment_in(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"a2e-mcp {__version__}\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "a2e_mcp.cli.main" in imported
    assert not imported & set(HEAVY)


def test_help_names_every_command(tmp_path: Path) -> None:
    done = run("--help", folder=tmp_path)
    assert done.returncode == 0
    assert all(re.search(rf"^    {command} ", done.stdout, re.MULTILINE) for command in COMMANDS)
    assert "a2e-mcp demo\n" in done.stdout.partition("examples:")[2]
    codes = done.stdout.partition("exit codes:")[2]
    assert [line.split()[0] for line in codes.splitlines() if line] == ["0", "1", "2", "130"]


def test_every_help_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for command in ((), *((each,) for each in COMMANDS)):
        with pytest.raises(SystemExit):
            main([*command, "--help"])
        shown = capsys.readouterr().out
        assert [line for line in shown.splitlines() if len(line) > 60] == [], command


@pytest.mark.parametrize(
    "wrong", [("sereve",), ("--htpp", "x"), ("install", "notepad"), ("sandbox", "--port", "70000")]
)
def test_a_wrong_command_line_is_answered_with_how_it_is_used(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    done = run(*wrong, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: a2e-mcp")


@pytest.mark.parametrize(
    ("command", "flag", "takers"),
    [
        (("demo",), "--http=127.0.0.1:0", "--http is for serve; demo does not accept it"),
        (("demo",), "--sandbox", "install, tools, forget and worker; demo does not accept it"),
        (("sandbox",), "--sandbox", "doctor, install, tools, forget and worker; sandbox does not accept it"),
        (("tools",), "--http=127.0.0.1:0", "--http is for serve; tools does not accept it"),
        (("doctor",), "--toolsets=video", "--toolsets is for serve and tools; doctor does not accept it"),
        (("install", "claude-desktop"), "--read-only", "--read-only is for serve and tools; install does not accept"),
        (("sandbox",), "--tool-prefix=x_", "--tool-prefix is for serve and tools; sandbox does not accept it"),
    ],
)
def test_a_flag_before_a_command_that_does_not_use_it_is_refused(
    tmp_path: Path, command: tuple[str, ...], flag: str, takers: str
) -> None:
    done = run(flag, *command, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert takers in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sandbox", "install", "claude-desktop", "--print"), "--sandbox"),
        (("install", "claude-desktop", "--print", "--sandbox"), "--sandbox"),
        (("--sandbox", "doctor"), "Sandbox mode"),
        (("doctor", "--sandbox"), "Sandbox mode"),
    ],
)
def test_the_sandbox_flag_counts_before_a_command_and_after_it(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    # Nothing listens there: the doctor need not look for the real A2E.
    assert words in run(*arguments, folder=tmp_path, A2E_BASE_URL="http://127.0.0.1:9").stdout


@UNIX
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "or explain how to set one"),
        ({"A2E_API_TOKEN": TOKEN}, "live mode: starts cost credits"),
    ],
)
def test_on_a_terminal_it_says_what_it_is_and_leaves_on_ctrl_c(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    ours, theirs = open_terminal()
    with subprocess.Popen(
        [sys.executable, "-m", "a2e_mcp"],
        env=environment_in(tmp_path, **changes),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        assert process.stdout is not None
        assert process.stderr is not None
        hello = ""
        while "Stop it with Ctrl-C." not in hello:
            line = process.stderr.readline()
            assert line, hello
            hello += line
        process.send_signal(signal.SIGINT)
        try:
            out, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    os.close(ours)
    assert f"a2e-mcp {__version__}" in hello
    assert words in hello
    assert "a2e-mcp demo" in hello
    assert "7f" not in hello
    assert (out, errors) == ("", "")
    assert process.returncode in (0, 130)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "a2e_mcp", "tools", "--json"],
        env=environment_in(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
    assert errors == ""


@pytest.mark.parametrize("arguments", [("tools",), ("--help",), ("install", "claude-desktop", "--print", "--sandbox")])
def test_a_reader_that_is_gone_is_no_complaint(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "a2e_mcp", *arguments],
        env=environment_in(tmp_path, PYTHONUNBUFFERED=""),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, "Broken" in done.stderr, "Exception" in done.stderr) == (1, False, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("arguments", [("tools", "--json"), ("--help",), ("install", "codex", "--print", "--sandbox")])
def test_an_output_without_room_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "a2e_mcp", *arguments],
            env=environment_in(tmp_path, PYTHONUNBUFFERED=""),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("a2e-mcp: The output could not be written (No space left on device).")


def test_an_sdk_that_is_too_old_is_named_with_the_one_that_is_needed(tmp_path: Path) -> None:
    (tmp_path / "mcp" / "server").mkdir(parents=True)
    (tmp_path / "mcp" / "__init__.py").touch()
    (tmp_path / "mcp" / "server" / "__init__.py").touch()
    (tmp_path / "mcp-1.30.0.dist-info").mkdir()
    (tmp_path / "mcp-1.30.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mcp\nVersion: 1.30.0\n")
    done = run("serve", "--sandbox", folder=tmp_path, PYTHONPATH=os.pathsep.join([str(tmp_path), str(CHECKOUT)]))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("a2e-mcp: mcp 1.30.0 is not supported. Run: ")
    assert says_to_install("mcp>=2.3,<3", line)
