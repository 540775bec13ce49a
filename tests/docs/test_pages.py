"""README, docs and CONTRIBUTING show what really works: snippets run, cheap commands run and the others parse, links
lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

import a2e_mcp
from a2e_mcp import catalogue, errors, sandbox
from a2e_mcp.cli.main import command_parser
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox import testing as sandbox_testing
from docs import pictures
from tests.support.forked_program import run_forked
from tests.support.paths import CHECKOUT
from tests.support.processes import environment_in, run
from tests.support.server import open_server

PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
PAGES += [CHECKOUT / "SECURITY.md", CHECKOUT / "examples" / "README.md"]
PORT = "http://127.0.0.1:8811"
OTHER_PROGRAMS = {"claude", "git", "pip", "export", "curl", "uvx"}
"""Programs that are not ours; what they are asked is not run, except requests to the sandbox."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def all_blocks(language: str) -> list[tuple[str, str]]:
    return [(page.name, text) for page in PAGES for text in blocks(page, language)]


def commands() -> Iterator[list[str]]:
    """Every command of the pages, in shell blocks and in the text."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
        # A block of text shows commands between what is no command of a shell.
        lines += [line for block in blocks(page, "text") for line in block.splitlines() if line.startswith("a2e-mcp ")]
        lines += re.findall(r"`((?:a2e-mcp|make) [^`]+)`", text)
        for line in lines:
            for part in line.partition("  #")[0].split("&&"):
                if words := shlex.split(part, comments=True):
                    yield words


def python(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("page", "snippet"), all_blocks("python"))
def test_a_python_snippet_runs(page: str, snippet: str, tmp_path: Path) -> None:
    if "pytest_plugins" in snippet:
        (tmp_path / "test_snippet.py").write_text(snippet, encoding="utf-8")
        output = python(tmp_path, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider")
        assert "1 passed" in output
    else:
        file = tmp_path / "snippet.py"
        file.write_text(snippet, encoding="utf-8")
        done = run_forked([], tmp_path, environment_in(tmp_path), program=str(file))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip()


@pytest.mark.parametrize(("page", "snippet"), all_blocks("json"))
def test_a_json_snippet_parses(page: str, snippet: str) -> None:
    assert isinstance(json.loads(snippet), dict)


def test_every_command_parses_and_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    seen = set()
    for name, *arguments in commands():
        program = Path(name).name
        seen.add(program)
        if program == "a2e-mcp":
            if arguments != ["--help"]:
                command_parser().parse_args(arguments)
        elif program == "make":
            assert arguments[0] in targets, arguments
        else:
            assert program in OTHER_PROGRAMS | {"cd"}, name
    assert {"a2e-mcp", "make", "curl"} <= seen


def cheap_commands() -> list[tuple[str, ...]]:
    """The commands that end by themselves and make nothing; serving, rendering and making are tested elsewhere."""
    ours = {tuple(arguments) for name, *arguments in commands() if Path(name).name == "a2e-mcp"}
    return sorted(arguments for arguments in ours if arguments[:1] in {("doctor",), ("install",), ("tools",)})


@pytest.mark.parametrize("arguments", cheap_commands(), ids=" ".join)
def test_a_cheap_command_runs(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    # Claude Code is asked to add an entry itself, and it is not there.
    shown = (*arguments, "--print") if arguments[:2] == ("install", "claude-code") else arguments
    done = run(*shown, folder=tmp_path, A2E_BASE_URL="http://127.0.0.1:9")

    # The doctor may find problems: there is no token.
    assert done.returncode in ((0, 1) if arguments[0] == "doctor" else (0,)), done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


async def test_every_curl_command_gets_an_answer_from_the_sandbox(tmp_path: Path) -> None:
    requests = [words for words in commands() if words[0] == "curl"]
    async with (
        open_sandbox(SandboxSettings(folder=tmp_path, draft=True)) as box,
        httpx2.AsyncClient(transport=box.transport(), base_url=box.base_url) as http,
    ):
        for words in requests:
            headers = dict([words[words.index("-H") + 1].split(": ", 1)]) if "-H" in words else {}
            answer = await http.get(words[-1].removeprefix(PORT), headers=headers)
            assert answer.status_code == 200, words
            assert answer.json()


def chat(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tool calls of the README's chat."""
    for block in re.findall(r"^```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for call in re.findall(r"^\w.*(?:\n  .*)*", block, re.MULTILINE):
            tool, _, arguments = call.partition(" ")
            yield tool, json.loads(" ".join(arguments.split()))


async def test_the_chat_of_the_readme_is_true(tmp_path: Path) -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    script, job_id = "", ""
    answers: dict[str, Mapping[str, Any]] = {}
    async with open_server(tmp_path) as server:
        for tool, arguments in chat(text):
            script = arguments.get("arguments", {}).get("script", script)
            if arguments.get("script") == "...":
                arguments["script"] = script
            if arguments.get("job_ids") == ["..."]:
                arguments["job_ids"] = [job_id]
            answer = await server.ask(tool, **arguments)
            answers[tool] = answer.data
            job_id = answer.data.get("job_id", job_id)
            if tool == "quote_job":
                assert "about 19 s long" in answer.text
    job = answers["wait_for_job"]
    assert job["state"] == "succeeded"
    assert f"cost {answers['quote_job']['credits']:g} credits. Shall" in text
    speech = job["total_credits"] - job["credits"]
    assert f"It cost {job['total_credits']:g} credits: {job['credits']:g} for the video, {speech:g} for the" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_architecture_page_names_every_module_at_the_root() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (CHECKOUT / "a2e_mcp").glob("[!_]*.py")}
    assert {each for each in modules if f"`{each}`" not in text} == set()


def test_the_readme_is_short_and_names_every_page() -> None:
    readme = PAGES[0].read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 160
    assert all(f"(docs/{page.name})" in readme for page in PAGES if page.parent.name == "docs")


def test_the_first_technical_paragraph_names_the_one_http_stack() -> None:
    paragraphs = PAGES[0].read_text(encoding="utf-8").split("\n\n")
    assert "`httpx2`, which is httpx" in next(each for each in paragraphs if "Python 3.11" in each)


def test_the_public_names_are_those_of_the_page() -> None:
    page = (CHECKOUT / "docs" / "python-client.md").read_text(encoding="utf-8")
    public = set(re.findall(r"^\| `(a2e_mcp[.\w]*)`", page, re.MULTILINE))
    parts = {catalogue.__name__, errors.__name__, sandbox_testing.__name__}
    names = {f"a2e_mcp.{name}" for name in a2e_mcp.__all__ if name != "__version__"}
    assert public == parts | names | {f"{sandbox.__name__}.{name}" for name in sandbox.__all__}


def test_the_frame_of_the_readme_is_a_small_picture() -> None:
    picture = pictures.FRAME.read_bytes()
    assert picture.startswith(b"\xff\xd8")
    assert len(picture) < 60_000
