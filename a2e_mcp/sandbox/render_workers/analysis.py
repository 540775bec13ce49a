"""Small questions about texts and sounds, which a worker answers: numpy and the models stay out of the service."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from a2e_mcp.sandbox.orders.drawable_text import DrawableTextOrder
from a2e_mcp.sandbox.orders.sound_excerpt import SoundExcerptOrder
from a2e_mcp.sandbox.orders.text_language import TextLanguageOrder
from a2e_mcp.sandbox.orders.voice_measurement import VoiceMeasurementOrder
from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.render_workers.pool import WorkerPool
from a2e_mcp.sandbox.store import new_id

# Measured on the engine: the pitch of a voice at its own setting of 50, and by how much that must rise for an octave.
_MIDDLE_HZ: dict[Gender, float] = {"female": 197.0, "male": 100.0}
_AN_OCTAVE: dict[Gender, float] = {"female": 73.0, "male": 65.0}
_BETWEEN_MEN_AND_WOMEN = 155.0


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """What a recording sounds like: pitch in Hz, None without a voice, and loudness below full scale in dB."""

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
    """Asks the questions."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def language_of(self, text: str, known: Iterable[str]) -> str:
        """The code of the language, among the known ones, that a text is most likely in. Raises RenderFailed."""
        answered = await self._pool.carry_out(new_id(), TextLanguageOrder(text=text, known=tuple(sorted(known))))
        return answered.language or ""

    async def check_letters(self, text: str) -> None:
        """Make sure that a text can be drawn. Raises RenderFailed."""
        await self._pool.carry_out(new_id(), DrawableTextOrder(text=text))

    async def voice_in(self, sounds: Sequence[Path]) -> HeardVoice:
        """The voice in some recordings. Raises RenderFailed."""
        heard = await self._pool.carry_out(new_id(), VoiceMeasurementOrder(sounds=tuple(str(path) for path in sounds)))
        return HeardVoice(heard.pitch, -100.0 if heard.loudness is None else heard.loudness)

    async def write_beginning(self, source: Path | None, seconds: float, output: Path) -> None:
        """Write the first seconds of a sound, or silence without one, as MP3. Raises RenderFailed."""
        path = None if source is None else str(source)
        await self._pool.carry_out(new_id(), SoundExcerptOrder(source=path, seconds=seconds, output=str(output)))
