"""The doctor's reads of an account: free ones only, compared with what is declared, and told as shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from a2e_mcp import catalogue
from a2e_mcp.catalogue.avatars import Avatar
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.records import Rows
from a2e_mcp.cli.doctor.comparison import compare
from a2e_mcp.cli.doctor.findings import Findings
from a2e_mcp.cli.doctor.reads import check_reads
from a2e_mcp.client.connection import Connection
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from tests.support.doctor_runs import FAKE_TOKEN, SANDBOX, Answer, DoctorRun


async def test_the_reads_need_a_token(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run(live=True) == 1
    (line,) = doctor_run.marked("fix")
    assert "A2E_API_TOKEN" in line


async def test_the_report_on_an_account_holds_nothing_of_the_account(doctor_run: DoctorRun) -> None:
    values = await account_with_a_job(doctor_run.folder / "data" / "sandbox")
    report = doctor_run.folder / "report.json"
    code = await doctor_run.run(SANDBOX, live=True, report=report)
    assert doctor_run.marked("fix") == []
    assert code == 0
    assert "the sandbox (not A2E itself)" in doctor_run.text
    text = report.read_text(encoding="utf-8")
    assert [value for value in sorted(values) if value in text or value in doctor_run.text] == []
    reads = {read["call"]: read for read in json.loads(text)["reads"]}
    assert reads["list_avatar_videos"]["answer"]["data"]["data"][0]["_id"] == "24 hex"
    assert reads["get_avatar_video_status"]["outcome"] in ("ok", "extra", "missing")
    assert reads["get_avatar_video_detail"]["answer"]["data"]["_id"] == "24 hex"
    assert {"unreadable", "refused", "unanswered"}.isdisjoint(read["outcome"] for read in reads.values())


async def test_every_read_without_an_id_is_made_and_nothing_but_reads(doctor_run: DoctorRun) -> None:
    report = doctor_run.folder / "report.json"
    await doctor_run.run(SANDBOX, live=True, report=report)
    made = {read["call"] for read in report_in(report)["reads"]}
    effects = {capability.name: capability.effect for capability in catalogue.capabilities()}
    assert {effects[name] for name in made} == {Effect.READS}
    listings = {family.listing.name for family in catalogue.families() if family.listing}
    assert made >= {"get_remaining_credits", "quote_generation", "list_credit_history", "list_languages", *listings}
    assert made >= {"list_tts_previews", "list_tts_presets", "list_all_custom_avatars", "list_custom_backgrounds"}
    assert made >= {"list_avatars_post", "get_image_to_video_average_time"}


async def test_a_report_that_cannot_be_written_is_a_problem(doctor_run: DoctorRun) -> None:
    assert await doctor_run.run(SANDBOX, live=True, report=doctor_run.folder) == 1
    (line,) = doctor_run.marked("fix")
    assert "report cannot be written" in line


async def test_answers_that_fit_no_model_and_refusals_are_distinguished(tmp_path: Path) -> None:
    def odd(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("remainingCoins"):
            return httpx2.Response(200, json={"code": 0, "data": {"purse": "heavy"}})
        return httpx2.Response(404, json={"code": 404, "message": "gone for alice@example.com"})

    lines = await read_lines(odd, tmp_path / "report.json")
    report = report_in(tmp_path / "report.json")
    outcomes = {read["call"]: (read["outcome"], read["why"]) for read in report["reads"]}
    assert outcomes["get_remaining_credits"][0] == "unreadable"
    assert "unknown shape (coins)" in outcomes["get_remaining_credits"][1]
    assert outcomes["list_avatars"] == ("refused", "NotFound, HTTP 404, code 404")
    assert "alice" not in json.dumps(report)
    assert lines[-2].startswith("fix")


async def test_a_refused_token_ends_the_reads_at_once(tmp_path: Path) -> None:
    requests: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        requests.append(request.url.path)
        return httpx2.Response(401, json={"code": 401, "message": "bad token"})

    lines = await read_lines(refuse, tmp_path / "report.json")
    assert len(requests) == 1
    assert "A2E did not accept the token" in lines[-1]


def test_a_comparison_names_what_came_and_what_did_not() -> None:
    rows = [
        {"_id": "a", "name": "Ada", "colour": "red"},
        {"_id": "b", "gender": "female", "67d29023dd27a536fdf6e809": 1},
    ]
    comparison = compare(Rows[Avatar].model_validate({"rows": rows, "total": 2}))
    assert comparison.extra == ("rows[].(odd name)", "rows[].colour", "total")
    assert "rows[].type" in comparison.missing
    assert "count" in comparison.missing
    assert not {"rows[].name", "rows[].gender", "rows[].id"} & set(comparison.missing)


def test_a_bare_list_misses_no_count() -> None:
    assert "count" not in compare(Rows[Avatar].model_validate([{"_id": "a"}])).missing


async def account_with_a_job(folder: Path) -> set[str]:
    """Make an avatar video in a sandbox; answers with texts that belong to the account."""
    async with (
        open_sandbox(SandboxSettings(folder=folder, draft=True, policy="immediate")) as sandbox,
        httpx2.AsyncClient(transport=sandbox.transport(), base_url=sandbox.base_url) as http,
    ):
        http.headers["authorization"] = f"Bearer {sandbox.token}"

        async def ask(method: str, path: str, **body: Any) -> Any:
            answer = (await http.request(method, path, json=body or None)).json()
            assert answer["code"] == 0, answer
            return answer["data"]

        voices = await ask("GET", "/api/v1/anchor/voice_list?country=en&region=US&voice_map_type=en-US")
        avatars = await ask("GET", "/api/v1/anchor/character_list")
        speech = await ask("POST", "/api/v1/video/send_tts", msg="Hello.", tts_id=voices[0]["children"][0]["value"])
        avatar = (avatars["rows"] if isinstance(avatars, dict) else avatars)[0]
        video = await ask(
            "POST",
            "/api/v1/video/generate",
            title="Grandmother's birthday",
            anchor_id=avatar["_id"],
            anchor_type=0,
            audioSrc=speech,
        )
        return {sandbox.token, "Grandmother", avatar["_id"], avatar["name"], video["_id"], speech, "http://"}


async def read_lines(answer: Answer, report: Path) -> list[str]:
    lines: list[str] = []
    way = Connection("https://a2e.invalid", SecretStr(FAKE_TOKEN), httpx2.MockTransport(answer))
    await check_reads(Findings(lines.append, colour=False), way, mode="live", report=report)
    return lines


def report_in(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told
