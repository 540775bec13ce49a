"""Files that lie about what they are or how much of it: the sandbox says no, or takes what is really there."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.support import hostile_files
from tests.support.sandbox_client import SandboxClient, browser_client, open_sandbox_client

PIXELS = "more than 40 million pixels"
NO_PICTURE = "not a readable picture, video or sound"
BIG = struct.pack(">HH", 16_384, 16_384)
TEN_HOURS = struct.pack(">I", 36_000_000)


@cache
def zeros() -> bytes:
    """A hundred megabytes, in a hundred kilobytes."""
    return zlib.compress(bytes(100_000_000), 9)


async def _sent(a2e: SandboxClient, content: bytes, content_type: str) -> str:
    async with browser_client() as http:
        signed = await a2e.data("POST", "/r2/upload-presigned-url", {"key": "x", "contentType": content_type})
        put = await http.put(signed["uploadUrl"], content=content, headers={"Content-Type": content_type})
        assert put.status_code == 200
        return str(signed["cdnUrl"])


async def _as_picture(a2e: SandboxClient, content: bytes, content_type: str = "image/png") -> str | None:
    """What is said of a file that is given as a picture; None when it is taken."""
    body = {"img_url": await _sent(a2e, content, content_type)}
    answer = (await a2e.send("POST", "/custom_back/add", body)).json()
    return None if answer["code"] == 0 else str(answer["msg"])


async def _as_clip(a2e: SandboxClient, content: bytes, path: str = "/userCaptionRemoval/start") -> str | None:
    """What is said of a file that is given as a clip; None when it is taken."""
    body = {"source_url": await _sent(a2e, content, "video/mp4"), "target_lang": "es", "name": "x"}
    answer = (await a2e.send("POST", path, body)).json()
    return None if answer["code"] == 0 else str(answer["msg"])


PICTURES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "a PNG of 60000 by 60000": (lambda: hostile_files.png(60_000, 60_000), PIXELS),
    "a JPEG of 60000 by 60000": (lambda: hostile_files.jpeg(60_000, 60_000), PIXELS),
    "a WebP of 16383 by 16383": (lambda: hostile_files.webp(16_383, 16_383), PIXELS),
    "a GIF screen of 60000 by 60000": (lambda: hostile_files.gif((60_000, 60_000), (64, 64)), PIXELS),
    "a GIF frame larger than its screen": (lambda: hostile_files.gif((64, 64), (60_000, 60_000)), PIXELS),
    "a text bomb": (
        lambda: hostile_files.png(64, 64, extra=hostile_files.chunk(b"zTXt", b"a\0\0" + zeros())),
        NO_PICTURE,
    ),
    "a colour profile bomb": (
        lambda: hostile_files.png(64, 64, extra=hostile_files.chunk(b"iCCP", b"a\0\0" + zeros())),
        NO_PICTURE,
    ),
    "a picture of 10 by 12": (
        lambda: hostile_files.picture("PNG", (10, 12)),
        "10x12 pixels; each side must have at least 16",
    ),
    "a GIF of 3000 frames": (lambda: hostile_files.animation("GIF", 3000), None),
    "an APNG of 300 frames": (lambda: hostile_files.animation("PNG", 300), None),
    "a picture cut off": (lambda: hostile_files.picture("PNG")[:60], "picture file is damaged"),
    "nothing": (lambda: b"", NO_PICTURE),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', NO_PICTURE),
    "HTML": (lambda: b"<!doctype html><script>alert(1)</script>", NO_PICTURE),
    "a picture with a script behind it": (
        lambda: hostile_files.picture("PNG") + b"<script>alert(1)</script>PK\3\4",
        None,
    ),
}


async def test_pictures_that_lie() -> None:
    async with open_sandbox_client(workers=0) as a2e:
        for name, (make, words) in PICTURES.items():
            said = await _as_picture(a2e, make())
            assert (said is None) if words is None else (words in (said or "taken")), (name, said)


async def test_clips_and_sounds_that_lie(tmp_path: Path) -> None:
    honest = hostile_files.clip(tmp_path / "clip.mp4")
    ten_hours = hostile_files.patched(honest, b"mvhd", 16, TEN_HOURS)
    clips = {
        "a header of 16384 by 16384": (hostile_files.patched(honest, b"avc1", 24, BIG), None),
        "a header of ten hours": (ten_hours, None),
        "frames of ten hours": (
            hostile_files.patched(ten_hours, b"stts", 12, struct.pack(">I", 2**30)),
            "up to 10 minutes",
        ),
        "cut off": (honest[: len(honest) // 2], "neither picture nor sound"),
        "without an index": (honest[:40], NO_PICTURE),
        "a list that names other files": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", NO_PICTURE),
        "nothing": (b"", NO_PICTURE),
    }
    async with open_sandbox_client(workers=0) as a2e:
        for name, (content, words) in clips.items():
            said = await _as_clip(a2e, content)
            assert (said is None) if words is None else (words in (said or "taken")), (name, said)
        # A day of sound, as far as its header says: what counts is what is there.
        assert await _as_clip(a2e, hostile_files.mp3(100, claimed=20_000_000), "/userDubbing/startDubbing") is None


async def test_what_a_file_is_called_does_not_count(tmp_path: Path) -> None:
    picture, clip = hostile_files.picture("PNG"), hostile_files.clip(tmp_path / "clip.mp4")
    async with open_sandbox_client(workers=0) as a2e:
        assert await _as_picture(a2e, picture, "video/mp4") is None
        assert "must be a picture, not a video" in str(await _as_picture(a2e, clip, "image/png"))
        assert "not a picture" in str(await _as_clip(a2e, picture))
