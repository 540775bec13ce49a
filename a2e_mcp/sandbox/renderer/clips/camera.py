"""Camera moves that a prompt asks for, and the few words of prompts that are understood."""

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class CameraMove:
    """A move from start to end: zoom over 0 comes closer; `across` and `down` are where the camera goes, -1 to 1."""

    zoom: float = 1.0
    across: float = 0.25
    down: float = 0.0
    understood: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What was understood of the prompt."""
        if not self.understood:
            return "The prompt names no camera move, so it zooms in slowly."
        return f"Recognised in the prompt: {', '.join(self.understood)}."


_MOVE_WORDS = r"(?:pan|pans|panning|move|moves|moving|slide|slides|tilt|tilts|camera)\s+(?:\w+\s+){0,2}?"
_PATTERNS: tuple[tuple[str, str, dict[str, float]], ...] = (
    ("zoom in", r"\b(zoom(s|ing)?[\s-]+in|push(es|ing)?[\s-]+in|closer|close[\s-]?up|dolly in)\b", {"zoom": 1.6}),
    ("zoom out", r"\b(zoom(s|ing)?[\s-]+out|pull(s|ing)?[\s-]+(back|out)|dolly out)\b", {"zoom": -1.6}),
    ("left", rf"\b({_MOVE_WORDS}left|leftwards?|to the left)\b", {"across": -1.0}),
    ("right", rf"\b({_MOVE_WORDS}right|rightwards?|to the right)\b", {"across": 1.0}),
    ("up", rf"\b({_MOVE_WORDS}up|upwards?)\b", {"down": -1.0}),
    ("down", rf"\b({_MOVE_WORDS}down|downwards?)\b", {"down": 1.0}),
    (
        "still",
        r"\b(still|static|motionless|no movement|fixed camera|tripod)\b",
        {"zoom": 0.0, "across": 0.0, "down": 0.0},
    ),
)


def read_prompt(prompt: str) -> CameraMove:
    """The camera move a prompt asks for; words about anything but the camera are not understood."""
    found = [(word, change) for word, pattern, change in _PATTERNS if re.search(pattern, prompt, re.IGNORECASE)]
    if not found:
        return CameraMove()
    # Asked for one thing, the camera does nothing else beside it.
    move = CameraMove(zoom=0.25, across=0.0)
    for _, change in found:
        move = replace(
            move,
            zoom=change.get("zoom", move.zoom),
            across=change.get("across", move.across),
            down=change.get("down", move.down),
        )
    return replace(move, understood=tuple(word for word, _ in found))
