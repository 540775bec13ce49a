"""What A2E, or something between here and A2E, may answer; and what a user then sees."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from a2e_mcp.catalogue.account import COPY_URL, CopyRequest
from a2e_mcp.catalogue.voices import SPEAK as SPEECH
from a2e_mcp.catalogue.voices import SpeechRequest
from a2e_mcp.errors import Unreadable
from tests.support.faulty_transport import (
    CREDITS,
    VIDEO,
    ControlledServer,
    Fault,
    Forward,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.faulty_transport import SPEECH as SPEAK
from tests.support.file_server import connect_server_with_storage
from tests.support.processes import ServerProcess, start_program
from tests.support.scripted_transport import ScriptedTransport, error_of
from tests.support.scripted_transport import success as scripted_success
from tests.support.token_watch import TOKEN

AVATARS = "GET /api/v1/anchor/character_list"
TWINS = "GET /api/v1/userVideoTwin/records"
VOICES = "GET /api/v1/anchor/voice_list"
BACKGROUNDS = "POST /api/v1/custom_back/allBackground"
FACES = "GET /api/v1/userFaceSwapImage/records"
LIVE_AVATARS = "GET /api/v1/streaming-avatar/all_avatars"
STATUS = "POST /api/v1/video/awsResult"
ID = "67d29023dd27a536fdf6e809"
STRANGE = (
    "Line one\r\nline\u2028two \x1b[31mred\x1b]0;title\x07\x9b1m \u202egnp.exe\u2066 \u200b\U000e0041\x00\x7f\ud83d end"
)
CLEAN = "Line one line two red gnp.exe \ufffd end"
HALF = b'{"code": 1, "msg": "half \\ud83d of it", "trace_id": "t\\ud83d\\n\\u202e1"}'
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
EDGE_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"


def raw(status: int, body: bytes, **headers: str) -> Fault:
    """A2E does nothing, and these bytes come."""

    async def fault(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return httpx2.Response(status, content=body, headers=headers, request=request)

    return fault


def success(data: object) -> Fault:
    """A2E does nothing and says yes."""
    return raw(200, json.dumps({"code": 0, "data": data, "trace_id": "t1"}).encode())


async def started_video(server: ControlledServer) -> str:
    """The job id of a video that is being made."""
    return str((await server.ask("start_avatar_video", **video_arguments())).data["job_id"])


async def seen_as(server: ControlledServer, job_id: str, **record: Any) -> Any:
    """The answer about a job while its record is this."""
    server.transport.on(STATUS, success([{"_id": job_id.partition(":")[2], "title": "Film", **record}]), times=1)
    return await server.ask("check_status", job_id=job_id)


# ------------------------------------------------------------------ T1, T2: characters


@asynccontextmanager
async def a2e_that_says(body: bytes) -> AsyncIterator[str]:
    """An A2E on a port of this computer that answers every request with HTTP 200 and these bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        host, port = listening.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def text_of(server: ServerProcess, tool: str, **arguments: Any) -> str:
    result = (await server.ask("tools/call", name=tool, arguments=arguments))["result"]
    return str(result["content"][0]["text"])


async def test_half_an_emoji_from_a2e_does_not_end_the_server(tmp_path: Path) -> None:
    async with (
        a2e_that_says(HALF) as address,
        start_program("serve", folder=tmp_path, A2E_API_TOKEN=TOKEN, A2E_BASE_URL=address, NO_PROXY="*") as server,
    ):
        await server.initialize()
        for _ in range(2):
            assert "half \ufffd of it" in await text_of(server, "get_credits")
        resource = await server.ask("resources/read", uri="a2e://avatars")
        assert "half \ufffd of it" in resource["error"]["message"]
        assert (await server.ask("ping"))["result"] == {}


def file_in(folder: Path, name: str) -> str:
    path = folder / name
    path.write_bytes(b"a file where a folder is wanted")
    return str(path)


async def test_half_a_character_in_a_folder_or_an_argument_does_not_end_the_server(tmp_path: Path) -> None:
    odd = file_in(tmp_path, "odd\udcff")
    async with start_program("serve", "--sandbox", folder=tmp_path, A2E_OUTPUT_DIR=odd) as server:
        await server.initialize()
        speech = await server.call("generate_speech", script="Hello.", voice="Aria (en-US)")
        assert "odd\ufffd cannot be written" in await text_of(server, "download_result", job_id=speech["job_id"])
        for method in ("tools/call", "prompts/get", "resources/read"):
            await server.ask(method, name="odd\\ud83d", uri="a2e://jobs/odd%ED%A0%BD", arguments={})
        assert (await server.ask("ping"))["result"] == {}


def is_clean(answer: Any) -> None:
    told = json.dumps([answer.text, answer.data, answer.links], ensure_ascii=False)
    assert HIDDEN.search(told) is None, told
    assert "[31m" not in told


async def test_what_a2e_says_is_clean_in_text_and_in_structured_content(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        refusal = {"code": 5, "msg": STRANGE, "trace_id": "a\nb\x1b[2J\u202ec"}
        server.transport.on(CREDITS, raw(400, json.dumps(refusal).encode()))
        text = await server.refuse("get_credits")
        assert HIDDEN.search(text) is None
        assert CLEAN in text
        assert text.endswith("(A2E trace_id a bc)")

        server.transport.on(AVATARS, success([{"_id": ID, "name": STRANGE, "video_cover": "https://x.com/a\nb\u202e"}]))
        answer = await server.ask("list_avatars")
        is_clean(answer)
        assert answer.data["avatars"][0]["name"] == CLEAN
        assert answer.data["avatars"][0]["preview"] == "https://x.com/a%20b"


async def test_what_a2e_says_about_a_job_is_clean(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        words = {"title": STRANGE, "failed_message": STRANGE, "createdAt": "2026\n\x1b[1m", "sandbox_note": STRANGE}
        answer = await seen_as(server, job_id, status="fail", **words)
        is_clean(answer)
        assert "red gnp.exe" in answer.text


# ------------------------------------------------------------------ T3: addresses

NO_ADDRESS = [
    "",
    " ",
    "soon",
    "ftp://x.com/a.mp3",
    "http://",
    "//",
    {"url": ""},
    {"url": None},
    [],
    7,
    "https://u:p@x.com/a",
]


@pytest.mark.parametrize("data", NO_ADDRESS[:2])
async def test_speech_without_an_address_is_not_believed_and_no_video_is_paid_with_it(
    tmp_path: Path, data: object
) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEAK, success(data))
        text = await server.refuse("start_avatar_video", **video_arguments())
        assert "unknown shape" in text
        assert "A2E may have charged for this." in text
        assert server.transport.attempts[VIDEO] == 0


@pytest.mark.parametrize(
    "call", [(SPEECH, SpeechRequest(msg="Hi", tts_id="a")), (COPY_URL, CopyRequest(url="https://a.b/c"))]
)
async def test_what_is_no_address_is_read_as_none(call: Any) -> None:
    for data in NO_ADDRESS:
        assert isinstance(await error_of(ScriptedTransport(scripted_success(data)), *call), Unreadable), data


async def test_speech_whose_address_comes_in_an_object_is_read(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEAK, success({"audio_url": "https://cdn.example.com/a b.mp3"}))
        answer = await server.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        assert answer.data["results"] == ["https://cdn.example.com/a%20b.mp3"]


# ------------------------------------------------------------------ T4: shapes without a list


async def test_a_list_that_is_missing_is_said_and_is_there_at_the_next_call(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for call, tool, arguments in (
            (AVATARS, "list_avatars", {}),
            (VOICES, "list_voices", {"language": "en-US", "owner": "public"}),
            (BACKGROUNDS, "list_backgrounds", {}),
        ):
            for data in (None, {}, {"total": 3}, "none", 0, {"rows": None}, {"rows": {"_id": ID}}):
                server.transport.on(call, success(data))
                assert "unknown shape" in await server.refuse(tool, **arguments), (tool, data)
            assert (await server.ask(tool, **arguments)).data["total"] > 0


async def test_an_empty_list_is_not_kept(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        empty: list[Any] = [
            [],
            {"rows": []},
            {"list": [], "count": 0},
            {"rows": None, "count": 0},
            {"data": {"rows": []}},
        ]
        for data in empty:
            server.transport.on(AVATARS, success(data))
            assert "No avatars match." in (await server.ask("list_avatars")).text
        assert (await server.ask("list_avatars")).data["total"] > 0


async def test_own_avatars_have_their_names_again_once_a2e_says_them(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        row = {"_id": ID, "type": "custom", "user_video_twin_id": ID[::-1]}
        for named in (False, True):
            server.transport.on(AVATARS, success([row]))
            twins = {"rows": [{"_id": ID[::-1], "name": "Mine", "current_status": "completed"}]}
            server.transport.on(TWINS, success(twins) if named else only_answered(400, {"code": 1, "msg": "no"}))
            assert (await server.ask("list_avatars")).data["avatars"][0]["name"] == ("Mine" if named else ID)


async def test_names_of_any_length_keep_a_list_small(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        rows = [{"_id": f"{number:024}", "name": "long " * 20_000} for number in range(50)]
        server.transport.on(AVATARS, success(rows))
        answer = await server.ask("list_avatars")
        assert len(answer.text) + len(json.dumps(answer.data)) < 6000


async def test_the_moments_of_a2e_are_read_in_every_form(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for given, moment in (
            ("2026-11-28T13:05:22.123Z", "2026-11-28T13:05:22.123Z"),
            (1795871122, "2026-11-28T13:05:22.000Z"),
            (1795871122000, "2026-11-28T13:05:22.000Z"),
            ("1795871122000", "2026-11-28T13:05:22.000Z"),
            ("2026-11-28T21:05:22+08:00", "2026-11-28T13:05:22.000Z"),
            ("9999-12-31T23:59:59-12:00", None),
            ("yesterday", None),
            ({"$date": 1}, None),
            (1e300, None),
        ):
            answer = await seen_as(server, job_id, status="process", createdAt=given)
            assert answer.data.get("created_at") == moment, given


async def test_one_row_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        rows = [{"_id": ID, "name": "Ann"}, {"name": "no id"}, None, {"_id": "../x y", "name": "odd"}, 7]
        server.transport.on(AVATARS, success(rows))
        assert [row["name"] for row in (await server.ask("list_avatars")).data["avatars"]] == ["Ann"]


async def test_rows_that_cannot_be_read_are_counted_in_every_list_and_told_from_what_is_not_there(
    tmp_path: Path,
) -> None:
    broken = [{"name": "no id"}, 7]
    told = "2 rows of A2E's lists cannot be read."
    voices = [{"value": "female", "children": [{"value": ID, "label": "Ann"}]}, *broken]
    async with open_controlled_server(tmp_path, toolsets=("all",)) as server:
        for call, rows, tool, given in (
            (AVATARS, [{"_id": ID, "name": "Ann"}, *broken], "list_avatars", {}),
            (VOICES, voices, "list_voices", {"language": "en-US", "owner": "public"}),
            (BACKGROUNDS, [{"_id": ID, "name": "Ann"}, *broken], "list_backgrounds", {}),
            (FACES, [{"_id": ID, "face_url": "https://a.example/a.png"}, *broken], "list_face_images", {}),
            (LIVE_AVATARS, [{"_id": ID, "name": "Ann"}, *broken], "list_streaming_avatars", {}),
        ):
            server.transport.on(call, success(rows))
            listed = await server.ask(tool, **given)
            assert told in listed.text, tool
            assert told in listed.data["notice"], tool
            assert ID in listed.text, tool
        # For two minutes they are not asked for again, and then they are.
        assert told in (await server.ask("list_avatars")).text
        refused = await server.refuse("start_avatar_video", **video_arguments(avatar="Zoe", voice="Ann"))
        assert "Avatar not found: 'Zoe'. 2 rows of A2E's lists cannot be read, and it may be one of them." in refused
        server.transport.on(BACKGROUNDS, success([{"_id": ID, "type": "custom", "name": "Ann"}, *broken]))
        assert "it may be one of them" in await server.refuse("delete_background", background_id="Sea")
        assert "it may be one of them" not in await server.refuse("delete_background", background_id="Sea")


# ------------------------------------------------------------------ T6, T7: results and states

FILM = "https://cdn.example.com/film.mp4"


async def test_a_result_is_read_in_the_usual_shapes(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for result in (
            FILM,
            f"  {FILM} ",
            [FILM],
            {"url": FILM},
            {"video_url": FILM, "cover": "https://cdn.example.com/c.png"},
            [{"url": FILM}],
            {"data": {"urls": [FILM]}},
            json.dumps({"url": FILM}),
            json.dumps([FILM]),
            json.dumps(FILM),
            json.dumps(json.dumps({"result": {"url": FILM}})),
            f"{FILM},{FILM}",
            "//cdn.example.com/film.mp4",
            {"outputs": [FILM]},
            {"mp4": FILM, "thumbnail": "https://cdn.example.com/c.png"},
            {"files": [{"fileUrl": FILM}]},
            {"cdnUrl": FILM},
            f"['{FILM}']",
            f"{{'url': '{FILM}'}}",
        ):
            answer = await seen_as(server, job_id, status="success", result=result)
            assert answer.data["results"] == [FILM], result
        for word in ("success!", "COMPLETE", "finished.", "成功"):
            assert (await seen_as(server, job_id, status=word, result=FILM)).data["state"] == "succeeded", word


async def test_a_result_that_holds_no_address_is_shown_as_it_came(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for result in ("film 17", {"key": "a/film.mp4"}, "/a/film.mp4", '{"url": "\\ud83d"}', "[" * 5000):
            answer = await seen_as(server, job_id, status="success", result=result)
            assert "given no file" in answer.text
            assert "It sent: " in answer.text
            is_clean(answer)


async def test_a_failure_is_read_however_it_is_spelt(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for record in (
            {"status": "failed ", "failed_message": "No face"},
            {"status": " FAIL", "faild_message": "No face"},
            {"status": "Failed\n", "failed_message": None, "error": "No face"},
            {"status": "failed", "current_status": "", "failed_message": "", "error_message": "No face"},
            {"status": None, "failed_message": "No face"},
            {"status": "rejected", "failed_message": "No face"},
            {"status": "E_17", "faild_message": "No face"},
            {"status": "rejected", "error": {"code": 7, "message": "No face"}},
            {"status": "rejected", "failed_message": "", "error_message": ["No face", "blurred"]},
            {"status": "rejected", "failed_code": "No face", "failed_message": None},
            {"status": "Failed!", "failed_message": "No face"},
            {"status": "generation failed", "errorMessage": "No face"},
            {"status": "rendering", "fail_reason": "No face"},
            {"status": "rendering", "error_msg": "No face"},
        ):
            answer = await seen_as(server, job_id, **record)
            assert answer.data["state"] == "failed", record
            assert "No face" in answer.data["error"], record


async def test_a_job_that_ended_without_a_reason_is_not_waited_for(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for word in (
            *("rejected", "Timeout", "TIMED_OUT", "aborted", "FAILURE", "error_timeout", "process-failed", "killed"),
            *("expired", "Failed!", "content_violation", "失败", "timed out"),
        ):
            assert (await seen_as(server, job_id, status=word)).data["state"] == "failed", word


async def test_what_is_no_failure_is_not_read_as_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        for record in (
            {"status": "rendering", "error_code": "0", "failed_message": "", "error": "null"},
            {"status": "process", "failed_message": "an earlier try failed"},
            {"status": "rendering", "msg": "Hello there.", "error": False, "failed_code": 0},
            {"status": "retrying after error"},
            {"status": "no_error"},
            {"status": "error, retrying"},
            {"status": "not failed"},
            {"status": "failover"},
        ):
            assert (await seen_as(server, job_id, **record)).data["state"] == "running", record
        answer = await seen_as(server, job_id, status="partly", result=FILM, failed_message="One scene is missing")
        assert answer.data["state"] == "succeeded"
        assert "One scene is missing" in answer.text


# ------------------------------------------------------------------ T8: numbers

ODD_NUMBERS = [
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"true", b"false", b"9" * 400, b'"' + b"9" * 400 + b'"', b'"NaN"',
    b'"inf"', b'"1_000"', b"-100", b"1e12", b"null", b"[5]", b'{"a": 5}', b'""', b'"many"', b"9" * 5000,
]  # fmt: skip


async def test_credits_that_are_no_number_are_not_believed(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for number in ODD_NUMBERS:
            for form in (b'{"code": 0, "data": %b}', b'{"code": 0, "data": {"coins": %b}}'):
                server.transport.on(CREDITS, raw(200, form.replace(b"%b", number)))
                assert "unknown shape" in await server.refuse("get_credits"), number


async def test_a_job_that_cost_no_number_of_credits_is_shown_without_them(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = await started_video(server)
        before = (await server.ask("list_spending")).data
        for number in ODD_NUMBERS:
            body = b'{"code":0,"data":[{"_id":"%b","status":"process","process":%b,"coins":%b}]}'
            for place in (job_id.partition(":")[2].encode(), number, number):
                body = body.replace(b"%b", place, 1)
            server.transport.on(STATUS, raw(200, body))
            answer = await server.ask("check_status", job_id=job_id)
            assert answer.data["state"] == "running"
            assert 0 <= answer.data.get("progress", 0) <= 1
            assert (await server.ask("list_spending")).data == before


# ------------------------------------------------------------------ T9, T10: saving


async def test_a_page_in_the_place_of_the_file_is_not_called_saved(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        job_id = await server.finished_speech()
        for content, words in (
            (EDGE_PAGE, "is a web page"),
            (b"\xef\xbb\xbf  <?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is a web page"),
            (b'{"code": 404, "msg": "expired"}', "is text"),
            (b"Not found", "is text"),
            (b"", "is empty"),
            (bytes(4096), "is no picture, video or sound"),
        ):
            server.storage.content = content
            text = await server.refuse("download_result", job_id=job_id)
            assert words in text
            assert "nothing was saved" in text
            assert server.saved() == {}
        server.storage.content = b"\x89PNG\r\n\x1a\n" + bytes(99)
        assert "Hello-there.png (" in (await server.ask("download_result", job_id=job_id, name="Hello-there")).text
        server.storage.content = b"ID3 sound"
        assert "Saved " in (await server.ask("download_result", job_id=job_id)).text


async def test_a_result_with_a_long_or_odd_address_is_saved(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.content = b"ID3 sound"
        for number, name in enumerate((f"film.mp3?token={'x' * 5000}", "my film.mp3", "100% \u00dcbung.mp3")):
            server.transport.on(SPEAK, success(f"https://93.184.215.14/{name}"))
            started = await server.ask("generate_speech", script=f"Hello {number}.", voice="Aria (en-US)")
            assert "Saved " in (await server.ask("download_result", job_id=started.data["job_id"])).text, name


async def test_a_result_on_a_private_network_is_refused_without_advice_for_inputs(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        for number, host in enumerate(("127.0.0.1:1", "10.0.0.1", "nas.local")):
            server.transport.on(SPEAK, success(f"http://{host}/a.mp3"))
            started = await server.ask("generate_speech", script=f"Hello {number}.", voice="Aria (en-US)")
            text = await server.refuse("download_result", job_id=started.data["job_id"])
            assert "is on a private network and is not fetched" in text
            assert "this computer" not in text


# ------------------------------------------------------------------ T12, T13: the way to A2E


async def test_the_token_is_blamed_only_when_a2e_itself_refuses_it(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for status in (401, 403):
            for body in (EDGE_PAGE, b"", b"Forbidden", b'{"title": "Error 1010", "cloudflare_error": true}'):
                server.transport.on(CREDITS, raw(status, body))
                text = await server.refuse("get_credits")
                assert "A2E cannot be reached" in text
                assert "token" not in text
            server.transport.on(CREDITS, only_answered(status, {"code": status, "msg": "invalid token"}))
            assert "did not accept the token" in await server.refuse("get_credits")
        for refused in (
            {"error": "Access denied by policy"},
            {"message": "Forbidden"},
            {"code": "ACCESS_DENIED", "message": "Access denied by policy"},
            {"code": 403, "message": "This site is blocked"},
            {"errors": [{"message": "Category: media"}]},
        ):
            server.transport.on(CREDITS, only_answered(403, refused))
            text = await server.refuse("get_credits")
            assert "A2E cannot be reached: something on the way to it refused the request (HTTP 403: " in text
            assert "A2E refused" not in text
        server.transport.on(CREDITS, only_answered(403, {"code": 403, "msg": "voice clone quota reached"}))
        assert "voice clone quota reached" in await server.refuse("get_credits")
        server.transport.on(VIDEO, raw(403, EDGE_PAGE))
        text = await server.refuse("start_avatar_video", **video_arguments())
        assert "A2E cannot be reached" in text
        assert "may have charged" not in text


async def test_a_page_of_the_edge_says_that_a2e_cannot_be_reached(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for status in (400, 405, 413, 414, 418, 431, 511):
            server.transport.on(CREDITS, raw(status, EDGE_PAGE), times=3)
            text = await server.refuse("get_credits")
            assert f"A2E cannot be reached: something on the way to it refused the request (HTTP {status})" in text
            server.transport.on(CREDITS, raw(status, b""), times=3)
            assert "None" not in await server.refuse("get_credits")
        for status in (502, 503, 520, 521, 522, 523, 524, 525, 526, 530):
            server.transport.on(CREDITS, raw(status, EDGE_PAGE), times=3)
            assert f"A2E cannot be reached (HTTP {status})" in await server.refuse("get_credits")
        server.transport.on(VIDEO, raw(522, EDGE_PAGE), times=3)
        server.transport.on(CREDITS, raw(522, EDGE_PAGE), times=0)
        text = await server.refuse("start_avatar_video", **video_arguments())
        assert "A2E cannot be reached (HTTP 522)" in text
        assert "A2E may have charged for this." in text
        assert server.transport.attempts[VIDEO] == 1


async def test_one_broken_byte_does_not_make_an_answer_unreadable(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(AVATARS, raw(200, b'{"code":0,"data":[{"_id":"%b","name":"Z\xfcrich"}]}' % ID.encode()))
        assert (await server.ask("list_avatars")).data["avatars"][0]["name"] == "Z\ufffdrich"


async def test_an_answer_that_is_too_large_or_too_deep_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CREDITS, raw(200, b" " * (17 * 2**20)))
        assert "the answer is larger than 16 MB" in await server.refuse("get_credits")
        assert server.transport.attempts[CREDITS] == 1
        server.transport.on(CREDITS, raw(200, EDGE_PAGE))
        assert "a web page came instead of an answer" in await server.refuse("get_credits")
        for depth in (100, 1000, 100_000):
            server.transport.on(CREDITS, raw(200, b'{"code":0,"data":' + b"[" * depth + b"]" * depth + b"}"))
            assert "not readable" in await server.refuse("get_credits")
