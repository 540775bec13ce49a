"""Links to files of this computer are read, and what names no file or several is told what is missing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from PIL import Image

from tests.files.test_addresses import PUBLIC, internet, picture, ranged
from tests.files.test_addresses import quote as quote_url
from tests.support.media import container, png
from tests.support.server import open_server

LINKS: tuple[Callable[[Path], str], ...] = (
    lambda path: f"computer://{path}",
    lambda path: f"computer:/{path}",
    lambda path: f"vscode://file{path}",
    lambda path: f"vscode://file/{path}:12:3",
    lambda path: f"vscode-insiders://file{quote(str(path))}",
    lambda path: f"cursor://file{path}",
    lambda path: f"vscode-resource:{path}",
    lambda path: f"vscode-file://vscode-app{quote(str(path))}",
    lambda path: f"https://file%2B.vscode-resource.vscode-cdn.net{quote(str(path))}",
    lambda path: f"idea://open?file={quote(str(path))}&line=12",
    lambda path: f"subl://open?url=file://{quote(quote(str(path)))}&line=1",
    lambda path: f"obsidian://open?path={quote(str(path), safe='')}",
    lambda path: f"resource://{path}",
    lambda path: f"<computer://{path}>\n",
    lambda path: f"[{path.name}](computer://{path})",
    lambda path: f"computer://{path.name}",
    lambda path: f"{path}:12",
    lambda path: f"{path}:12:3",
    lambda path: f"{path.name}#t=5",
    lambda path: f"{path}?raw=1",
    lambda path: f"file://{quote(str(path))}#L12",
    lambda path: f"file://{quote(str(path))}?raw=1",
)


async def test_a_link_that_an_editor_or_a_chat_makes_of_a_path_is_the_file(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        path = png(server.inbox, "my photo.png")
        for link in LINKS:
            assert "would cost" in await picture(server, link(path)), link(path)
        # What is really called so comes first.
        odd = png(server.inbox, "take #2.png")
        assert "would cost" in await picture(server, str(odd))


async def test_a_link_leads_into_the_allowed_folders_only(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        secret = png(tmp_path, "secret.png")
        for link in LINKS[:12]:
            said = await picture(server, link(secret))
            assert "outside the folders" in said or "not found" in said, said
        assert "is in the chat" in await picture(server, "computer:///mnt/user-data/outputs/a.png")
        assert "Only http and https URLs" in await picture(server, "spotify://track/a.png")
        assert "Only http and https URLs" in await picture(server, "ftp://example.com/a.png")


@pytest.mark.parametrize(
    "given",
    [
        "{{image_url}}",
        "={{ $json.image }}",
        "${workspaceFolder}/a.png",
        "<%= image %>",
        "https://example.com/{{file}}.png",
        "https://${HOST}/a.png",
        "{image}",
        "<url>",
        "<image_url>",
        "[image]",
        "$IMAGE_URL",
        "%IMAGE%",
        "__IMAGE__",
        "YOUR_IMAGE_URL",
        "<your image here>",
        "INSERT_URL_HERE",
        "path/to/image.png",
        "/path/to/your/image.png",
        "image_url",
        "$json.image",
        "%(image)s",
        "<<image>>",
        "todo",
        "...",
    ],
)
async def test_a_placeholder_in_the_place_of_a_file_is_called_one(tmp_path: Path, given: str) -> None:
    async with open_server(tmp_path) as server:
        sent = await server.call("quote_job", tool="upload_file", arguments={"path": given})
        for said in (await picture(server, given), *([] if given.startswith("http") else [sent.text])):
            assert "placeholder that was not filled in" in said, said
            assert "attached" not in said


async def test_the_home_folder_is_no_placeholder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with open_server(tmp_path) as server:
        png(server.inbox, "a.png")
        assert "would cost" in await picture(server, "${HOME}/inbox/a.png")
        assert "not found" in await picture(server, "${HOME}/inbox/b.png")


async def test_a_placeholder_is_no_name_no_script_and_no_consent(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for tool, name, arguments in (
            ("generate_speech", "script", {"script": "{{ script }}", "voice": "Aria"}),
            ("generate_speech", "voice", {"script": "Hello.", "voice": "${VOICE}"}),
            ("generate_speech", "voice", {"script": "Hello.", "voice": "<voice_name>"}),
            ("check_status", "job_id", {"job_id": "{{job_id}}"}),
            ("check_status", "job_id", {"job_id": "<job_id>"}),
            ("wait_for_job", "job_ids", {"job_ids": ["{{$json.id}}"]}),
            ("list_voices", "language", {"language": "{{lang}}"}),
        ):
            said = await server.refuse(tool, **arguments)
            assert f"{name} is a placeholder that was not filled in" in said, said
        assert "seconds" in await server.refuse("wait_for_job", job_ids=["x"], seconds="{{seconds}}")
        # A script may speak of one; that is a warning.
        quoted = await server.ask(
            "quote_job", tool="generate_speech", arguments={"script": "Hi {{ name }}!", "voice": "Aria"}
        )
        assert "placeholders" in quoted.data["warning"]


async def test_several_files_where_one_is_wanted_are_counted_and_nothing_is_fetched(tmp_path: Path) -> None:
    async with internet(tmp_path, lambda request: pytest.fail(f"{request.url} was asked for")) as server:
        server.inbox.mkdir()
        for name in ("a.png", "b.png"):
            png(server.inbox, name)
        for given in (
            f"{PUBLIC}/a.png and {PUBLIC}/b.png",
            f"{PUBLIC}/a.png, {PUBLIC}/b.png",
            f"{PUBLIC}/a.png,{PUBLIC}/b.png",
            f"{PUBLIC}/a.png\n{PUBLIC}/b.png",
            f"{PUBLIC}/a.png | {PUBLIC}/b.png",
            f"1. {PUBLIC}/a.png 2. {PUBLIC}/b.png",
            "a.png and b.png",
            "a.png, b.png",
            "a.png\nb.png",
            "a.png b.png",
            f"{server.inbox / 'a.png'}; {server.inbox / 'b.png'}",
        ):
            said = await picture(server, given)
            assert "One file is wanted, and 2 are named" in said, said
            assert "Call the tool once for each" in said
        for several in (["a.png", "b.png"], '["a.png", "b.png"]'):
            said = await server.refuse(
                "quote_job", tool="start_image_to_video", arguments={"image": several, "prompt": "she waves"}
            )
            assert "image takes one value, not 2" in said, said
        # One file may be called like two.
        png(server.inbox, "salt and pepper.png")
        assert "would cost" in await picture(server, "salt and pepper.png")


def photo(kind: str) -> bytes:
    """A picture of noise, which is more than a look at its beginning takes."""
    content = io.BytesIO()
    Image.effect_noise((700, 700), 90).convert("RGB").save(content, kind, **({} if kind == "PNG" else {"quality": 95}))
    return content.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_at_a_url_that_was_cut_off_is_refused_before_it_is_priced(tmp_path: Path, kind: str) -> None:
    whole = photo(kind)
    assert len(whole) > 2 * 64 * 1024
    content = whole

    def answer(request: httpx2.Request) -> httpx2.Response:
        if "range" not in request.headers:
            return httpx2.Response(200, content=content, headers={"content-type": f"image/{kind.lower()}"})
        return ranged(content, request, f"image/{kind.lower()}")

    async with internet(tmp_path, answer) as server:
        assert "would cost" in await picture(server, f"{PUBLIC}/x.{kind.lower()}")
        # A phone's film behind the picture is not its end.
        if kind == "JPEG":
            content = whole + bytes(200_000)
            assert "would cost" in await picture(server, f"{PUBLIC}/x.{kind.lower()}")
        for cut in (len(whole) // 2, 30_000, len(whole) - 100):
            content = whole[:cut]
            said = await picture(server, f"{PUBLIC}/x.{kind.lower()}")
            assert "is incomplete: its end is missing" in said, said


async def test_a_clip_at_a_url_that_was_cut_off_is_refused_before_it_is_priced(tmp_path: Path) -> None:
    made = container(tmp_path / "clip.mp4", "mp4", video="mpeg4").read_bytes()
    boxes = dict(top_boxes(made))
    samples = bytes(300_000)
    whole = boxes[b"ftyp"] + boxes[b"moov"] + (len(samples) + 8).to_bytes(4, "big") + b"mdat" + samples
    content = whole

    async with internet(tmp_path, lambda request: ranged(content, request, "video/mp4")) as server:
        assert "would cost" in await quote_url(server, "start_caption_removal", video=f"{PUBLIC}/x.mp4")
        for cut in (len(whole) // 2, 30_000, len(whole) - 100):
            content = whole[:cut]
            said = await quote_url(server, "start_caption_removal", video=f"{PUBLIC}/x.mp4")
            assert "is incomplete: its end is missing" in said, said


def top_boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The name and the bytes of each box of an MP4 file."""
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


async def test_an_url_is_sent_without_its_fragment_and_the_line_of_an_editor(tmp_path: Path) -> None:
    content, asked = png(tmp_path).read_bytes(), list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return ranged(content, request, "image/png") if request.url.path == "/x.png" else httpx2.Response(404)

    async with internet(tmp_path, answer) as server:
        for given in (f"{PUBLIC}/x.png#t=5", f"{PUBLIC}/x.png?raw=1#L3", f"{PUBLIC}/x.png:12", f"{PUBLIC}/x.png:12:3"):
            assert "would cost" in await picture(server, given), given
            assert "#" not in asked[-1]
            assert asked[-1].partition("?")[0] == f"{PUBLIC}/x.png"
