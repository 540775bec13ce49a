"""Films of busy clips with cross-fades, captions and music: time a second, and memory."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from a2e_mcp.film.orders import ComposeOrder, Cue, FilmCaptions, FilmClip, Music
from a2e_mcp.film.process import carry_out
from bench.budgets import FILM_MEMORY_MIB, FILM_SECONDS_720, FILM_SECONDS_1080
from bench.table import Row

_CLIP_SECONDS, _FPS, _RATE = 10, 30, 48_000


async def measure_films(minutes: float) -> list[Row]:
    """Seconds of work a second of film at 720p and 1080p, and the worker's peak memory for so many minutes."""
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        hd, full = _busy_clip(folder / "hd.mp4", (1280, 720)), _busy_clip(folder / "full.mp4", (1920, 1080))
        rows = []
        for what, clip, budget in (("720p", hd, FILM_SECONDS_720), ("1080p", full, FILM_SECONDS_1080)):
            work, seconds, _ = min([await _make(folder, clip, 2) for _ in range(2)], key=lambda run: run[0])
            rows.append(
                Row(
                    f"film: {what}, cross-fade, captions, music (least of 2)",
                    f"{work:.1f} s",
                    f"{seconds:.1f} s of film",
                    f"x {work / seconds:.2f}",
                    f"x {budget:.2f}",
                    work / seconds <= budget,
                )
            )
        _, seconds, peak = await _make(folder, full, max(2, round(minutes * 60 / _CLIP_SECONDS)))
    about = f"film: peak memory of {seconds / 60:.1f} min at 1080p"
    shown = f"{peak:.0f} MiB"
    rows.append(Row(about, shown, "", shown, f"{FILM_MEMORY_MIB:.0f} MiB", peak <= FILM_MEMORY_MIB))
    return rows


async def _make(folder: Path, clip: Path, clips: int) -> tuple[float, float, float]:
    """Seconds of work and of film, and the worker's peak memory in MiB where the system tells it."""
    seconds = clips * _CLIP_SECONDS
    cues = tuple(Cue(start=at, end=at + 2.5, text=f"Caption {at} has some words.") for at in range(0, seconds, 3))
    order = ComposeOrder(
        output=str(folder / "film.mp4"),
        clips=tuple(FilmClip(path=str(clip), name=clip.name) for _ in range(clips)),
        transition="crossfade",
        captions=FilmCaptions(cues=cues, style="highlight"),
        music=Music(path=str(clip), name="music"),
    )
    processes: list[int] = []
    peaks = [0.0]
    began = time.perf_counter()
    made = await carry_out(order, folder, lambda _: peaks.append(_peak(processes[0])), processes.append)
    return time.perf_counter() - began, made.seconds, max(peaks)


def _peak(process_id: int) -> float:
    with suppress(OSError):
        status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    return 0.0


def _busy_clip(path: Path, size: tuple[int, int]) -> Path:
    """A clip of a blurred noise that wanders, with a tone that comes and goes."""
    width, height = size
    noise = np.random.default_rng(0).integers(0, 255, (height // 8 + 40, width // 8 + 40, 3), np.uint8)
    whole = np.asarray(Image.fromarray(noise).resize((width + 320, height + 320), Image.Resampling.BICUBIC))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=_FPS)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "veryfast"}
        audio = container.add_stream("aac", rate=_RATE, layout="stereo")
        for number in range(_CLIP_SECONDS * _FPS):
            x, y = (round(160 + 150 * wave) for wave in (np.sin(number / 37), np.cos(number / 51)))
            picture = np.ascontiguousarray(whole[y : y + height, x : x + width])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        times = np.arange(_CLIP_SECONDS * _RATE) / _RATE
        tone = np.asarray(0.2 * np.sin(2 * np.pi * 300 * times) * (np.sin(times * 3) > 0), np.float32)
        sound = av.AudioFrame.from_ndarray(np.tile(tone, (2, 1)), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = _RATE, 0, Fraction(1, _RATE)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path
