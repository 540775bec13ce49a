"""Small questions about texts and sounds, each answered by a process of its own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from a2e_mcp.sandbox.orders import Gender
from a2e_mcp.sandbox.workers import RenderFailed, worker_environment

_SECONDS_TO_ANSWER = 60.0

# Measured on the engine: the pitch of a voice at its own setting of 50, and by how much that must rise for an octave.
_MIDDLE_HZ: dict[Gender, float] = {"female": 197.0, "male": 100.0}
_AN_OCTAVE: dict[Gender, float] = {"female": 73.0, "male": 65.0}
_BETWEEN_MEN_AND_WOMEN = 155.0


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """What was measured of a recording: pitch in Hz, None when nobody is heard, and loudness below full scale in dB."""

    pitch: float | None
    loudness: float

    @property
    def gender(self) -> Gender:
        """Whose voice it is more like."""
        return "male" if self.pitch is not None and self.pitch < _BETWEEN_MEN_AND_WOMEN else "female"

    def setting(self, gender: Gender) -> int | None:
        """The speech engine's pitch, 0 to 99, at which its voice comes nearest."""
        if self.pitch is None:
            return None
        octaves = math.log2(self.pitch / _MIDDLE_HZ[gender])
        return min(99, max(0, round(50 + _AN_OCTAVE[gender] * octaves)))


class Analysis:
    """Asks the questions, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = anyio.Semaphore(1)

    async def language_of(self, text: str, known: Iterable[str]) -> str:
        """The code of the language, among the known ones, that a text is most likely in. Raises RenderFailed."""
        return str((await self._ask("language", text=text, known=sorted(known)))["language"])

    async def voice_in(self, sounds: Sequence[Path]) -> HeardVoice:
        """The voice in some recordings. Raises RenderFailed."""
        found = await self._ask("voice", sounds=[str(path) for path in sounds])
        return HeardVoice(found["pitch"], found["loudness"])

    async def write_beginning(self, source: Path | None, seconds: float, output: Path) -> None:
        """Write the first seconds of a sound, or silence without one, as MP3. Raises RenderFailed."""
        path = None if source is None else str(source)
        await self._ask("sound", source=path, seconds=seconds, output=str(output))

    async def _ask(self, about: str, **question: object) -> dict[str, Any]:
        command = [sys.executable, "-P", "-m", f"{__name__}_process"]
        asked = json.dumps({"about": about, **question}).encode()
        try:
            async with self._one_at_a_time:
                with anyio.fail_after(_SECONDS_TO_ANSWER):
                    ended = await anyio.run_process(
                        command,
                        input=asked,
                        stderr=subprocess.DEVNULL,
                        check=False,
                        cwd=self._folder,
                        env=worker_environment(),
                    )
            answer: dict[str, Any] = json.loads(ended.stdout)
        except (TimeoutError, OSError, ValueError):
            raise RenderFailed("internal", "The sandbox could not look into this text or sound.") from None
        if "code" in answer:
            raise RenderFailed(answer["code"], answer["message"])
        return answer
