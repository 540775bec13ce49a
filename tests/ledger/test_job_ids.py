"""Handles that models make up, misspell, or take from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from a2e_mcp.catalogue import FAMILIES
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import JobId, is_id, looks_like_job_id, parse_job_id
from tests.support.faulty_transport import RENDERS, open_controlled_server

LIVE = "67d29023dd27a536fdf6e809"
SANDBOX = "00000000dd27a536fdf6e809"


@given(st.text(), st.booleans())
@example("avatar_video:" + "0" * 23, True)
@example("avatar_video:" + "٠" * 24, True)
@example("avatar_video:" + "0" * 24 + "\n\n", True)
@example("a" * 10_000_000, True)
@example("\ud800", False)
def test_any_text_is_a_job_id_or_an_input_error(text: str, sandbox: bool) -> None:
    try:
        job_id = parse_job_id(text, sandbox=sandbox)
    except InputError:
        return
    assert str(job_id) == text.strip().lower()


@given(st.text(min_size=30))
def test_a_refusal_does_not_repeat_what_was_given(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_job_id(text, sandbox=True)
    assert text not in str(raised.value)
    assert str(raised.value).endswith("Call list_jobs to find it.")


@given(st.from_regex(r"[A-Za-z_]{1,45}:[0-9a-zA-Z]{20,28}", fullmatch=True), st.booleans())
def test_what_almost_looks_like_a_job_id_is_one_or_an_input_error(text: str, sandbox: bool) -> None:
    try:
        job_id = parse_job_id(text, sandbox=sandbox)
    except InputError:
        return
    assert job_id.family in (*FAMILIES, "speech", "upload")
    assert is_id(job_id.id)
    assert job_id.sandbox is sandbox


@given(st.sampled_from([*FAMILIES, "speech", "upload"]), st.from_regex(r"[0-9a-f]{24}", fullmatch=True))
def test_every_job_id_of_a_known_family_is_read_in_its_own_mode_only(family: str, record: str) -> None:
    text = f"{family}:{record}"
    mode = record.startswith("0" * 8)
    assert parse_job_id(f"  {text}\n", sandbox=mode) == JobId(family, record)
    assert parse_job_id(f"{family}:{record.upper()}", sandbox=mode) == JobId(family, record)
    assert looks_like_job_id(text)
    with pytest.raises(InputError, match="this server is in"):
        parse_job_id(text, sandbox=not mode)


@pytest.mark.parametrize(
    "text",
    [
        "avatar_video",
        "avatar_video:",
        LIVE,
        f"avatar.video:{SANDBOX}",
        f"avatar_video:{SANDBOX}0",
        f"no_such_family:{SANDBOX}",
        "avatar_video:../../../../etc/passwd",
        "avatar_video:" + "g" * 24,
    ],
)
async def test_a_text_that_is_not_a_job_id_is_refused_by_every_tool_without_a_request(
    tmp_path: Path, text: str
) -> None:
    async with open_controlled_server(tmp_path) as server:
        for tool, arguments in (
            ("check_status", {"job_id": text}),
            ("wait_for_job", {"job_ids": [text]}),
            ("download_result", {"job_id": text}),
            ("delete_job", {"job_id": text}),
        ):
            sentence = await server.refuse(tool, **arguments)
            assert "list_jobs" in sentence
        assert server.transport.attempts.total() == 0


async def test_a_job_id_of_the_other_mode_says_which_server_made_it(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        sentence = await server.refuse("check_status", job_id=f"avatar_video:{LIVE}")
        assert f"avatar_video:{LIVE} is not a sandbox job; this server is in sandbox mode" in sentence
        assert "if the job was made with a real token, use a server with that token" in sentence
        assert server.transport.attempts.total() == 0


async def test_an_id_under_another_family_is_not_found(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        record = job.partition(":")[2]
        for family in ("avatar_video", "face_swap", "face_swap_preview", "avatar_training"):
            assert "No such record" in await server.refuse("check_status", job_id=f"{family}:{record}")


async def test_an_own_job_id_is_read_under_its_own_family_only(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        own = (await server.ask("generate_speech", script="Hello.", voice="Aria (en-US)")).data["job_id"]
        assert (await server.ask("check_status", job_id=own)).data["state"] == "succeeded"
        record = own.partition(":")[2]
        for family in ("avatar_video", "upload"):
            sentence = await server.refuse("check_status", job_id=f"{family}:{record}")
            assert "Job not found in the ledger on this computer" in sentence


async def test_an_own_job_id_of_another_computer_is_not_known(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        unknown = "speech:00000000ffffffff01234567"
        assert "ledger on this computer" in await server.refuse("check_status", job_id=unknown)
        assert "ledger on this computer" in await server.refuse("wait_for_job", job_ids=[unknown])


async def test_a_job_id_is_read_in_any_letter_case_of_its_id_and_with_space_around(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        family, record = job.split(":")
        answer = await server.ask("wait_for_job", job_ids=[f" {family}:{record.upper()} ", job], seconds=0)
        assert answer.data["job_id"] == job
        assert "jobs" not in answer.data


async def test_a_deleted_job_id_is_unknown_everywhere(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        await server.ask("delete_job", job_id=job)
        assert job not in await server.listed()
        for tool, arguments in (
            ("check_status", {"job_id": job}),
            ("wait_for_job", {"job_ids": [job]}),
        ):
            assert "No such record" in await server.refuse(tool, **arguments)
