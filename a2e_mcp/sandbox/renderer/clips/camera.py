"""Camera moves that a prompt asks for, and the few words of prompts that are understood."""

import re
from dataclasses import dataclass, replace

from a2e_mcp.sandbox.renderer.rendering.prompts import asked_for, ruled_out


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
# Only of the camera: people walk towards it, and the sun rises, without its moving.
_CAMERA = r"(?:camera|drone|view|shot)\s+(?:\w+ly\s+)?(?:\w+\s+)?(?:\w+ly\s+)?"
_GOES = r"(?:mov|fl(?:y|ies)|glid|drift|go|travel|driv|push|dolly|dollies|track|advanc|float|com)\w*\s+(?:\w+ly\s+)?"
_PATTERNS: tuple[tuple[str, str, dict[str, float]], ...] = (
    (
        "zoom in",
        r"\b(zoom(s|ing)?[\s-]+in|push(es|ing)?[\s-]+in|closer|close[\s-]?up|dolly in)\b"
        rf"|\b{_CAMERA}(?:{_GOES}(?:in|into|forwards?|towards?|through)|approach\w*)\b",
        {"zoom": 1.6},
    ),
    (
        "zoom out",
        r"\b(zoom(s|ing)?[\s-]+out|pull(s|ing)?[\s-]+(back|out)|dolly out)\b"
        rf"|\b{_CAMERA}(?:{_GOES}(?:out|away|back|backwards?)|retreat\w*)\b",
        {"zoom": -1.6},
    ),
    ("left", rf"\b({_MOVE_WORDS}left|leftwards?|to the left)\b", {"across": -1.0}),
    ("right", rf"\b({_MOVE_WORDS}right|rightwards?|to the right)\b", {"across": 1.0}),
    (
        "up",
        rf"\b({_MOVE_WORDS}up|upwards?|{_CAMERA}(?:ris(?:es?|ing)|ascend\w*|climb\w*|lift\w*))\b",
        {"down": -1.0},
    ),
    (
        "down",
        rf"\b({_MOVE_WORDS}down|downwards?|{_CAMERA}(?:sink\w*|descend\w*|lower\w*|fall\w*))\b",
        {"down": 1.0},
    ),
    (
        "still",
        r"\b(still|static|motionless|fixed camera|tripod)\b",
        {"zoom": 0.0, "across": 0.0, "down": 0.0},
    ),
)


# What can be ruled out beyond one direction.
_ALL_MOVES = r"\b(mov(?:e|es|ing|ement|ements)|motions?|camera(?:\s+\w+)?|pan(?:s|ning)?)\b"
_ANY_ZOOM = r"\bzoom(?:s|ing)?\b(?![\s-]+(?:in|out)\b)"


def read_prompt(prompt: str, negative_prompt: str = "") -> CameraMove:
    """The camera move a prompt asks for; words about anything but the camera are not understood.

    What it rules out, or a negative prompt does, is not done.
    """
    denied = _denied(ruled_out(prompt, negative_prompt))
    wanted = asked_for(prompt)
    found = [entry for entry in _PATTERNS if entry[0] not in denied and re.search(entry[1], wanted, re.IGNORECASE)]
    move = CameraMove()
    if found:
        # Asked for one thing, the camera does nothing else beside it.
        move = CameraMove(zoom=0.25, across=0.0)
    for _, _, change in found:
        move = replace(
            move,
            zoom=change.get("zoom", move.zoom),
            across=change.get("across", move.across),
            down=change.get("down", move.down),
        )
    # The slow zoom that is made without a prompt is ruled out too.
    if "zoom" in denied or "zoom in" in denied:
        move = replace(move, zoom=min(move.zoom, 0.0))
    if "movement" in denied and not found:
        move = replace(move, zoom=0.0, across=0.0, down=0.0)
    understood = (*(name for name, _, _ in found), *(f"no {name}" for name in denied))
    return replace(move, understood=understood)


def _denied(text: str) -> tuple[str, ...]:
    """The moves that a text names, all of which are not wanted."""
    names = [name for name, pattern, _ in _PATTERNS if name != "still" and re.search(pattern, text, re.IGNORECASE)]
    if re.search(_ANY_ZOOM, text, re.IGNORECASE):
        names += ["zoom"]
    if not names and re.search(_ALL_MOVES, text, re.IGNORECASE):
        names += ["movement"]
    return tuple(names)
