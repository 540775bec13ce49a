"""Small files: plain pictures, silent sounds, and a picture of a face."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from pathlib import Path

import av
import httpx2
import numpy as np
from PIL import Image

from tests.support.server import ServerUnderTest

CONSENT = "The user says it is a drawing, and that the artist agreed."


def png(folder: Path, name: str = "picture.png", size: tuple[int, int] = (64, 48), colour: str = "#4488cc") -> Path:
    """A picture of one colour."""
    path = folder / name
    Image.new("RGB", size, colour).save(path, "PNG")
    return path


def wav(folder: Path, name: str = "sound.wav", seconds: float = 1.0, *, tone: bool = False) -> Path:
    """A silent sound, or a hum."""
    path = folder / name
    samples = bytes([0, 16 * tone, 0, 0]) * int(seconds * 4000)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(samples)
    return path


def container(path: Path, kind: str, *, audio: str = "", video: str = "", seconds: float = 0.5) -> Path:
    """A file of a kind that holds sound, pictures or both, by the names of their encoders."""
    rate, pieces = 48000, max(1, round(seconds * 10))
    with av.open(str(path), "w", format=kind) as output:
        # The header, which names all streams, is written with the first packet.
        shown = output.add_stream(video, rate=25) if video else None
        heard = output.add_stream(audio, rate=rate) if audio else None
        if isinstance(heard, av.AudioStream):
            heard.layout = "mono"
            resampler = av.AudioResampler(format=heard.format, layout="mono", rate=rate)
        if isinstance(shown, av.VideoStream):
            shown.width, shown.height, shown.pix_fmt = 64, 48, "yuv420p"
            for number in range(3):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                output.mux(shown.encode(frame))
            output.mux(shown.encode(None))
        if isinstance(heard, av.AudioStream):
            for number in range(pieces):
                sound = av.AudioFrame.from_ndarray(np.zeros((1, rate // 10), np.int16), format="s16", layout="mono")
                sound.rate, sound.pts, sound.time_base = rate, number * rate // 10, Fraction(1, rate)
                for each in resampler.resample(sound):
                    output.mux(heard.encode(each))
            output.mux(heard.encode(None))
    return path


def film(folder: Path, name: str = "film.mp4", seconds: int = 12, size: tuple[int, int] = (160, 120)) -> Path:
    """A silent clip of one colour, with two pictures a second."""
    path = folder / name
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        still = av.VideoFrame(*size, "yuv420p")
        for number in range(2 * seconds):
            still.pts = number
            output.mux(stream.encode(still))
        output.mux(stream.encode())
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
