"""The page of compatibility shows what was declared and run; the scripted model knows only what it is shown."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx2

from tests.clients.declarations import CLIENTS, FOLDER
from tests.clients.endpoint import open_endpoint
from tests.clients.model import START_TOOL, WAIT_TOOL, Shown
from tests.clients.page import PAGE, Row, read_rows, table
from tests.clients.recording import Recording
from tests.clients.run import result_of
from tests.clients.verdict import Verdict, judge

JOB_ID = "avatar_video:000000000000000000000001"
LINK = "http://127.0.0.1:4000/x/files/1.mp4"
TOOLS = (f"mcp__a2e__{START_TOOL}", f"mcp__a2e__{WAIT_TOOL}")


def test_the_table_has_a_row_for_each_declared_client_in_its_version() -> None:
    rows = [(row.title, row.version) for row in read_rows()]
    assert rows == [(client.title, client.version) for client in CLIENTS], "run: make clients ONLY=..."
    assert [row.title for row in read_rows() if row.result == "not run"] == []
    assert table(read_rows()) in PAGE.read_text(encoding="utf-8")


def test_each_client_is_pinned_and_has_its_script_and_the_server_that_shows_its_fault() -> None:
    assert len({client.name for client in CLIENTS}) == len(CLIENTS)
    for client in CLIENTS:
        assert client.script_file.exists(), client.name
        assert all("==" in package or "@" in package[1:] for package in client.packages), client.name
        assert not client.fault or client.fault_file.exists(), client.name
    faulty = {client.fault_file for client in CLIENTS if client.fault}
    assert {path for path in (FOLDER / "faults").iterdir() if path.is_file()} == faulty


def test_a_script_belongs_to_a_declared_client() -> None:
    used = {client.script_file for client in CLIENTS}
    assert {path for path in (FOLDER / "scripts").iterdir() if path.is_file()} == used


def test_the_model_takes_its_next_step_from_what_it_is_shown() -> None:
    with open_endpoint(io.StringIO()) as endpoint:
        for heard, calls, turn in (
            ("make a video", 0, f"calls {START_TOOL}"),
            (f"{JOB_ID} is queued", 1, f"calls {WAIT_TOOL}"),
            (f"{JOB_ID} is running", 2, f"calls {WAIT_TOOL}"),
            (f"{JOB_ID} has succeeded: {LINK}", 2, f"says Here is your video: {LINK}"),
            (f"{JOB_ID} has succeeded", 2, "says I was shown no link."),
            ("It was refused.", 1, "says I was shown no link."),
            (f"{JOB_ID} is running", 9, "says I was shown no link."),
        ):
            for path, body in {
                "/openai/v1/chat/completions": chat_request(heard, calls),
                "/openai/v1/responses": responses_request(heard, calls),
                "/anthropic/v1/messages?beta=true": anthropic_request(heard, calls),
                "/gemini/v1beta/models/gemini-2.5-flash:generateContent": gemini_request(heard, calls),
            }.items():
                answer = httpx2.post(endpoint.address + path, json=body, trust_env=False)
                assert played(answer.json()) == turn, path
                assert endpoint.seen[-1].conversation == heard


def chat_request(heard: str, calls: int) -> dict[str, Any]:
    called = {"role": "assistant", "tool_calls": [{"function": {"name": TOOLS[0], "arguments": "{}"}}]}
    tools = [{"type": "function", "function": {"name": name}} for name in TOOLS]
    return {"messages": [*[called] * calls, {"role": "tool", "content": heard}], "tools": tools}


def responses_request(heard: str, calls: int) -> dict[str, Any]:
    called = {"type": "function_call", "name": TOOLS[0], "arguments": "{}"}
    output = {"type": "function_call_output", "output": heard}
    return {"input": [*[called] * calls, output], "tools": [{"type": "function", "name": name} for name in TOOLS]}


def anthropic_request(heard: str, calls: int) -> dict[str, Any]:
    called = {"role": "assistant", "content": [{"type": "tool_use", "name": TOOLS[0], "input": {}}]}
    return {"messages": [*[called] * calls, {"role": "user", "content": heard}], "tools": [{"name": n} for n in TOOLS]}


def gemini_request(heard: str, calls: int) -> dict[str, Any]:
    called = {"role": "model", "parts": [{"functionCall": {"name": TOOLS[0]}}]}
    contents = [*[called] * calls, {"role": "user", "parts": [{"text": heard}]}]
    return {"contents": contents, "tools": [{"functionDeclarations": [{"name": name} for name in TOOLS]}]}


def played(answer: dict[str, Any]) -> str:
    """What the model did in an answer of any protocol."""
    match answer:
        case {"choices": [{"message": {"tool_calls": [{"function": {"name": name}}]}}]}:
            return f"calls {name.removeprefix('mcp__a2e__')}"
        case {"output": [{"type": "function_call", "name": name}]} | {"content": [{"type": "tool_use", "name": name}]}:
            return f"calls {name.removeprefix('mcp__a2e__')}"
        case {"candidates": [{"content": {"parts": [{"functionCall": {"name": name}}]}}]}:
            return f"calls {name.removeprefix('mcp__a2e__')}"
        case {"choices": [{"message": {"content": text}}]} | {"content": [{"text": text}]}:
            return f"says {text}"
        case {"output": [{"content": [{"text": text}]}]} | {"candidates": [{"content": {"parts": [{"text": text}]}}]}:
            return f"says {text}"
    raise AssertionError(answer)


def test_a_client_passes_only_when_its_model_sees_every_tool_and_the_link() -> None:
    whole = Recording("2025-11-25", [START_TOOL, WAIT_TOOL])
    whole.answers = {START_TOOL: [{"text": JOB_ID}], WAIT_TOOL: [{"text": f"succeeded {LINK}"}]}
    seen = Shown(TOOLS, f"{JOB_ID} succeeded {LINK}", 2)
    assert judge(whole, [seen]) == Verdict("2025-11-25", "2 of 2")
    for recording, shown, problem in (
        (Recording(), [], "it does not connect"),
        (Recording("2025-11-25"), [], "it does not list the tools"),
        (whole, [], "the model is never asked"),
        (whole, [Shown(TOOLS[:1], "", 0)], f"the model does not see {WAIT_TOOL}"),
        (Recording("2025-11-25", whole.tools), [seen], "the video is not started"),
        (whole, [Shown(TOOLS, f"{JOB_ID} succeeded", 2)], "the model does not see the link"),
    ):
        assert judge(recording, shown).problem == problem
    assert judge(whole, [seen], end="it ends with an error").problem == "it ends with an error"


def test_a_fault_counts_as_the_clients_own_only_while_it_shows() -> None:
    faulty = next(iter(CLIENTS)).__class__("x", "X", ("x==1",), fault="It drops links.")
    assert result_of(faulty, Verdict("", "", "no link")) == "fault of the client: It drops links."
    assert result_of(faulty, Verdict("", "")) == "failed: its declared fault is gone"


def test_a_row_survives_its_way_through_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    rows = [Row("A", "1", "2025-11-25", "2 of 2", "failed: a | b")]
    page.write_text(f"<!-- clients -->\n{table(rows)}<!-- /clients -->\n", encoding="utf-8")
    assert read_rows(page) == rows
