"""Everything that can go wrong has one clear sentence: what, how to mend it, and whether anything was charged."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from pydantic import SecretStr

from a2e_mcp.account_advice import UNCONFIGURED, UNFILLED
from a2e_mcp.client.connection import Connect, Connection, live
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server import tool_index
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import read_settings
from tests.support.media import CONSENT, png, wav
from tests.support.server import ERAS, QUEUED, Era, ServerUnderTest, open_server, tool_answer
from tests.support.systems import UNIX
from tests.support.token_watch import TOKEN

VIDEO = {"script": "Hello there.", "voice": "Aria", "avatar": "Ada"}
NOTHING = "Nothing was charged."


def is_a_sentence(text: str, *words: str) -> None:
    assert text.isprintable()
    assert len(text) < 900
    for word in words:
        assert word in text, text


async def refused(server: ServerUnderTest, tool: str, /, *words: str, **arguments: Any) -> str:
    """A refusal that says these words, and that nothing was charged where it could have been, which is true."""
    before = server.sandbox.control.inspect()["credits"]
    text = await server.refuse(tool, **arguments)
    is_a_sentence(text, *words)
    assert (NOTHING in text) is tool_index.can_be_charged(tool), text
    assert server.sandbox.control.inspect()["credits"] == before
    return text


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("token", [None, "", "   ", "${A2E_API_TOKEN}", "${user_config.api_token}"])
async def test_without_a_token_everything_is_listed_and_each_call_says_how_to_set_one(
    tmp_path: Path, era: Era, token: str | None
) -> None:
    environment = {"A2E_DATA_DIR": str(tmp_path)} | ({} if token is None else {"A2E_API_TOKEN": token})
    settings = read_settings(environment)
    async with Client(A2EServer(settings, live(settings)), mode=era) as client:
        assert len((await client.list_tools()).tools) > 20
        assert len((await client.list_prompts()).prompts) >= 2
        assert (await client.list_resources()).resources
        for tool, arguments in (("get_credits", {}), ("start_avatar_video", VIDEO), ("list_avatars", {})):
            answer = tool_answer(await client.call_tool(tool, arguments))
            assert answer.failed
            assert answer.text == (UNFILLED if token and token.strip() else UNCONFIGURED)
        with pytest.raises(Exception, match="No A2E token"):
            await client.read_resource("a2e://avatars")
    for word in ("A2E_API_TOKEN", "video.a2e.ai", "--sandbox", NOTHING):
        assert word in UNCONFIGURED
        assert word in UNFILLED


async def test_a_wrong_token_is_named_and_never_shown(tmp_path: Path) -> None:
    wrong = "wrong-token-0123456789"
    settings = read_settings({"A2E_API_TOKEN": wrong, "A2E_DATA_DIR": str(tmp_path / "data")})
    async with (
        open_sandbox(SandboxSettings(folder=tmp_path / "sandbox")) as sandbox,
        Client(A2EServer(settings, connection_with(wrong, sandbox.base_url, sandbox.transport()))) as client,
    ):
        for tool, arguments in (("get_credits", {}), ("list_avatars", {}), ("start_avatar_video", VIDEO)):
            answer = tool_answer(await client.call_tool(tool, arguments))
            assert answer.failed
            is_a_sentence(answer.text, "did not accept the token", "A2E_API_TOKEN", "restart")
            assert wrong not in answer.text


def connection_with(token: str, base_url: str, transport: Any) -> Connect:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        yield Connection(base_url=base_url, token=SecretStr(token), transport=transport)

    return connect


@pytest.mark.parametrize("era", ERAS)
async def test_what_does_not_exist_is_named_with_what_is_near(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        await refused(server, "start_avatar_vidoe", "ool not found", "did you mean start_avatar_video?")
        await refused(server, "get_credits", "unknown argument page", page=1)
        await refused(
            server,
            "start_avatar_video",
            "Avatar not found: 'Adda'",
            "Ada?",
            "list_avatars",
            **VIDEO | {"avatar": "Adda"},
        )
        await refused(
            server,
            "start_avatar_video",
            "Voice not found: 'Arja'",
            "did you mean Aria",
            "list_voices",
            **VIDEO | {"voice": "Arja"},
        )
        await refused(server, "start_avatar_video", "voice is missing", "list_voices", script="Hi", avatar="Ada")
        await refused(server, "list_voices", "Language not found: 'kligon'", "list_languages", language="kligon")
        await refused(server, "list_jobs", "Unknown family", "avatar_video", family="songs")
        await refused(
            server, "start_avatar_video", "Background not found: 'Mars'", "#204080", **VIDEO, background="Mars"
        )
        await refused(
            server, "quote_job", "No tool has this name", "generate_speech", **{"tool": "nonsense", "arguments": {}}
        )
        await refused(server, "delete_avatar", "A2E's own avatars", avatar="Ada")
        await refused(server, "start_lip_sync_training", "only your own", avatar="Ada", consent=CONSENT)


async def test_a_refusal_names_what_the_tool_takes_and_not_what_a2e_calls_it(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = (await server.ask("list_backgrounds")).data["backgrounds"][0]["url"]
        small = {"image": png(server.inbox, size=(10, 12)).name}
        spanish = {"language": "es", "translated_script": "Hola."}
        told = "10x12 pixels; each side must have at least 16 "
        for tool, word, arguments in (
            ("start_dubbing", ": source must be a video or a sound", {"source": picture, **spanish}),
            (
                "start_dubbing",
                ": language: unsupported",
                {"source": wav(server.inbox).name, **spanish, "language": "tlh"},
            ),
            ("generate_speech", ": voice: there is no such voice", {"script": "Hi", "voice": "0" * 24}),
            ("add_background", f"{told}(image)", small),
            ("start_avatar_video", f"{told}(background)", VIDEO | {"background": small["image"]}),
            ("start_face_swap", f"{told}(face)", {"face": small["image"], "target": picture}),
        ):
            consent = {"consent": CONSENT} if tool in ("start_dubbing", "start_face_swap") else {}
            text = await server.refuse(tool, **arguments, **consent)
            is_a_sentence(text, word)
            assert not any(name in text for name in ("_url", "_lang", "tts_id", "_list"))


async def test_an_ambiguous_name_is_answered_with_its_candidates(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Anna Berg"}, {"name": "Anna Lind"}])
        rows = (await server.ask("list_avatars", name="Anna")).data["avatars"]
        text = await refused(
            server, "start_avatar_video", "'anna' matches several avatars", **VIDEO | {"avatar": "anna"}
        )
        assert len(rows) == 2
        assert all(f"{row['name']} (own, {row['gender']}) = {row['id']}" in text for row in rows)
        quoted = tool_answer(
            await server.client.call_tool(
                "quote_job", {"tool": "start_avatar_video", "arguments": VIDEO | {"avatar": rows[0]["id"]}}
            )
        )
        assert not quoted.failed


async def test_what_a_video_needs_is_asked_for(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        await refused(server, "start_avatar_video", "script is empty", script="  ", voice="Aria", avatar="Ada")
        await refused(server, "generate_speech", "script is empty", script=" \n ", voice="Aria")
        await refused(server, "start_avatar_video", "either script", avatar="Ada")
        await refused(server, "start_avatar_video", "either script", **VIDEO, audio="https://example.com/a.mp3")
        await refused(server, "start_avatar_video", "captions need script", avatar="Ada", audio="x.mp3", captions=True)
        await refused(server, "start_avatar_video", "20001 characters", **VIDEO | {"script": "a" * 20_001})
        await refused(
            server, "start_avatar_training", "either video or image", name="A", gender="male", consent=CONSENT
        )
        await refused(server, "start_avatar_video", "landscape", **VIDEO, shape="round")


ADDRESSES = {
    "ftp://example.com/x.png": "Only http and https",
    "javascript://alert(1)": "Only http and https",
    "s3://bucket/x.png": "Only http and https",
    "http://": "no spaces, no user name",
    "http://[::1": "Invalid URL",
    "http://example.com:99999/x.png": "Invalid URL",
    "https://me:pass@example.com/x.png": "no spaces, no user name",
    "http://127.0.0.1:8000/x.png": "private network",
    "http://10.1.2.3/x.png": "private network",
    "http://192.168.1.1/x.png": "private network",
    "http://169.254.169.254/latest/meta-data": "private network",
    "http://[::1]/x.png": "private network",
    "http://[::ffff:127.0.0.1]/x.png": "private network",
    "http://[fd00::1]/x.png": "private network",
    "http://224.0.0.1/x.png": "private network",
    "http://0.0.0.0/x.png": "private network",
    "http://localhost/x.png": "private network",
    "http://LOCALHOST./x.png": "private network",
    "http://printer.local/x.png": "private network",
    "http://metadata.google.internal/x.png": "private network",
    "http://2130706433/x.png": "private network",
    "http://0x7f000001/x.png": "private network",
    "http://0177.0.0.1/x.png": "private network",
    "http://127.1/x.png": "private network",
    "http://no-such-host.invalid/x.png": "Host not found",
}


async def test_addresses_that_a2e_could_not_or_should_not_fetch_are_refused(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for address, words in ADDRESSES.items():
            await refused(server, "start_image_to_video", words, image=address)
            await refused(server, "start_avatar_video", words, **VIDEO, background=address)
        for tool, field in (("add_face_image", "image"), ("start_face_swap", "face")):
            arguments = {field: "http://127.0.0.1/x.png", "consent": CONSENT} | (
                {"target": "x.png"} if tool == "start_face_swap" else {}
            )
            await refused(server, tool, "private network", "path of the file", **arguments)
        await refused(server, "upload_file", "needs no upload", path="https://example.com/x.png")


def prepared(inbox: Path, outside: Path) -> Mapping[str, str]:
    """Files that may not be sent, and what is said about each."""
    outside.mkdir()
    secret = png(outside, "secret.png")
    (inbox / "empty.png").touch()
    (inbox / "text.png").write_text("I am no picture.")
    (inbox / "page.html").write_text("<html>")
    wav(inbox, "sound.png")
    with (inbox / "large.png").open("wb") as file:
        file.truncate(501 * 2**20)
    (inbox / "link.png").symlink_to(secret)
    (inbox / "way_out").symlink_to(outside)
    (inbox / "loop.png").symlink_to(inbox / "loop.png")
    (inbox / "folder.png").mkdir()
    os.mkfifo(inbox / "pipe.png")
    return {
        "empty.png": "is empty",
        "text.png": "is text; a picture",
        "page.html": "is a web page",
        "sound.png": "is an audio file; a picture is needed",
        "large.png": "larger than 500 MB",
        str(secret): "outside the folders",
        "link.png": "outside the folders",
        "way_out/secret.png": "outside the folders",
        "../outside/secret.png": "outside the folders",
        f"{inbox}/../outside/secret.png": "outside the folders",
        "file:///etc/passwd": "outside the folders",
        "~/../../etc/passwd": "outside the folders",
        "~nobody_of_this_name/x.png": "Unknown home folder",
        "folder.png": "is a folder",
        ".": "is a folder",
        "pipe.png": "not a regular file",
        "loop.png": "cannot be resolved",
        "photo.png": "A file attached in a chat is not on this computer",
        "/mnt/user-data/uploads/photo.png": "in the chat, not on this computer",
        "a" * 300: "cannot be resolved",
    }


@UNIX
async def test_files_that_may_not_be_sent_are_refused_before_anything_is(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for path, words in prepared(server.inbox, tmp_path / "outside").items():
            await refused(server, "start_image_to_video", words, image=path)
            if path != "sound.png":
                await refused(server, "upload_file", words, path=path)
        assert str(server.inbox) in await refused(server, "upload_file", path="photo.png")
        assert str(server.inbox) in await refused(server, "upload_file", path="/etc/passwd")
        counts = server.sandbox.control.inspect()["requests"]
        assert not [call for call in counts if "upload" in call or "start" in call.lower()]


async def test_job_ids_that_lead_nowhere(tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox_settings=QUEUED) as server:
        for tool in ("check_status", "download_result", "delete_job"):
            await refused(
                server, tool, "Invalid job_id", "avatar_video:67d29023dd27a536fdf6e809", "list_jobs", job_id="42"
            )
            await refused(server, tool, "Unknown job family", job_id="films:" + "0" * 24)
            await refused(server, tool, "with a real token", "sandbox", job_id="avatar_video:67d29023dd27a536fdf6e809")
            await refused(server, tool, "No such record", job_id="avatar_video:" + "0" * 20 + "abcd")
        await refused(server, "wait_for_job", "Invalid job_id", job_ids=["avatar_video"])
        await refused(server, "wait_for_job", "No such record", job_ids=["face_swap:" + "0" * 20 + "abcd"])
        started = await server.ask("start_avatar_video", **VIDEO)
        refusal = await refused(server, "download_result", "no file yet", job_id=started.data["job_id"])
        assert refusal.endswith("Call wait_for_job.")
        assert ")." not in refusal


async def test_a_sandbox_job_id_is_refused_where_calls_are_real(tmp_path: Path) -> None:
    settings = read_settings({"A2E_API_TOKEN": TOKEN, "A2E_DATA_DIR": str(tmp_path / "data")})
    async with (
        open_sandbox(SandboxSettings(folder=tmp_path / "sandbox")) as sandbox,
        Client(A2EServer(settings, connection_with(TOKEN, sandbox.base_url, sandbox.transport()))) as client,
    ):
        answer = tool_answer(await client.call_tool("check_status", {"job_id": "avatar_video:" + "0" * 24}))
    assert answer.failed
    is_a_sentence(answer.text, "is a sandbox job", "in live mode")


async def test_money_that_is_not_there_or_not_allowed(tmp_path: Path) -> None:
    clip = "start_image_to_video"
    async with open_server(tmp_path) as server:
        picture = await a_picture(server)
        text = await refused(server, clip, "ceiling of 5", "max_credits", image=picture, max_credits=5)
        assert "would cost 100 credits" in text
        text = await server.refuse("start_avatar_video", **VIDEO, title="[sandbox:no_credits]")
        is_a_sentence(text, "insufficient", "video.a2e.ai", "The speech was charged")
        server.sandbox.control.seed(credits=0)
        await refused(server, clip, "Not enough credits", "video.a2e.ai", image=picture)
        assert (await server.ask("get_credits")).data["credits"] == 0
        server.sandbox.control.seed(credits=1000)
    async with open_server(tmp_path, max_credits=50) as server:
        await refused(server, clip, "ceiling of 50", image=await a_picture(server))
    async with open_server(tmp_path, daily_credits=20) as server:
        await refused(server, clip, "allowed in 24 hours", "A2E_DAILY_CREDITS", image=await a_picture(server))


async def a_picture(server: ServerUnderTest) -> str:
    return str((await server.ask("list_avatars")).data["avatars"][0]["preview"])


async def test_an_output_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    async with open_server(tmp_path, output=blocked / "deeper") as server:
        spoken = await server.ask("generate_speech", script="Hello", voice="Aria")
        await refused(server, "download_result", "cannot be written", "A2E_OUTPUT_DIR", job_id=spoken.data["job_id"])


async def test_a_data_folder_that_cannot_be_used_is_named_and_asked_for_again(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where a folder is wanted")
    async with open_server(tmp_path) as server:
        text = await server.refuse("get_credits")
        is_a_sentence(text, "data")
        assert "inside a2e-mcp" not in text
        blocked.unlink()
        await server.ask("get_credits")
