"""Whether a sound or a clip is as long as it has to be, and whether anything is heard in it."""

from __future__ import annotations

from dataclasses import dataclass

from a2e_mcp.catalogue.declaration.tool import MediaIn
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.media_bytes import Buffer
from a2e_mcp.files.media_length import media_seconds
from a2e_mcp.files.silence import is_silent

_ENCODER_PADDING = 0.1
"""Seconds that encoders add to a sound; it may be this much longer than allowed."""


@dataclass(frozen=True, slots=True)
class MeasuredSound:
    """What is known about a sound or clip: its seconds, None when they cannot be counted."""

    seconds: float | None
    silent: bool = False


def measured(content: Buffer, wanted: MediaIn) -> MeasuredSound:
    """Measure a sound or clip; only where a voice is needed it is looked for one."""
    seconds = media_seconds(content)
    return MeasuredSound(seconds, wanted.voice and is_silent(content, seconds))


def check_sound(name: str, found: MeasuredSound, wanted: MediaIn) -> None:
    """Raises FileRefused when a sound or clip is too short, too long or silent; what is unknown is none of these."""
    seconds = found.seconds
    if seconds is not None and wanted.shortest is not None and seconds < wanted.shortest:
        raise FileRefused(f"{name} lasts {seconds:.1f} s; at least {wanted.shortest:g} s are needed")
    if seconds is not None and wanted.longest is not None and seconds > wanted.longest + _ENCODER_PADDING:
        raise FileRefused(f"{name} lasts {seconds:.1f} s; at most {wanted.longest:g} s are accepted")
    if found.silent:
        raise FileRefused(f"{name} is silent; a voice has to be heard in it")
