"""Small files: plain pictures, silent sounds, and a picture of a face."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import httpx2
from PIL import Image

from tests.support.server import ServerUnderTest

CONSENT = "The user says it is a drawing, and that the artist agreed."


def png(folder: Path, name: str = "picture.png", size: tuple[int, int] = (64, 48), colour: str = "#4488cc") -> Path:
    """A picture of one colour."""
    path = folder / name
    Image.new("RGB", size, colour).save(path, "PNG")
    return path


def wav(folder: Path, name: str = "sound.wav", seconds: float = 1.0) -> Path:
    """A silent sound."""
    path = folder / name
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(seconds * 16000)))
    return path


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of a picture."""
    with Image.open(io.BytesIO(content)) as picture:
        return picture.size


async def fetched(url: str, **headers: str) -> httpx2.Response:
    """Get a URL as a browser would."""
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
        return await http.get(url, headers=headers)


async def face(server: ServerUnderTest, avatar: str = "Chiara", name: str = "face.png") -> Path:
    """Save a picture of an avatar's face in the allowed folder."""
    (row,) = (await server.ask("list_avatars", name=avatar)).data["avatars"]
    path = server.inbox / name
    path.write_bytes((await fetched(row["preview"])).content)
    return path
