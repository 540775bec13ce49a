"""What a presenter, drawn or photographed, is asked for."""

from dataclasses import dataclass
from typing import Protocol

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.pictures.picture import Picture


@dataclass(frozen=True)
class Moment:
    """What the person does in one frame: the time in seconds, the mouth, lids and brows."""

    time: float
    mouth: MouthShape
    lids: float = 0.0
    brows: float = 0.0


AT_REST = Moment(0.0, MouthShape(0.0, 0.25))
"""Looking into the camera with a slight smile."""


class Presenter(Protocol):
    """A person who can be drawn into frames; `about` says how they were made."""

    about: str

    def frame(self, moment: Moment) -> Picture:
        """A fresh picture of the moment."""
