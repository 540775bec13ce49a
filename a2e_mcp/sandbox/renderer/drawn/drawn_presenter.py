"""A drawn avatar in front of a backdrop."""

from a2e_mcp.sandbox.protocol import Placement
from a2e_mcp.sandbox.renderer.drawn.artwork import EYE_LINE, HEIGHT, WIDTH
from a2e_mcp.sandbox.renderer.drawn.figure import figure_of
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, lay_over, studio
from a2e_mcp.sandbox.renderer.presenters.motion import leaning
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment

_FIELD_UNITS_IN_FRAME = 720
_EYES_DOWN_THE_FRAME = 0.36
_MAX_SCALE = 3.0


class DrawnPresenter:
    """A drawn avatar in front of a backdrop."""

    def __init__(
        self, person: Likeness, backdrop: Picture | None, size: tuple[int, int], placement: Placement | None
    ) -> None:
        width, height = size
        if placement is None:
            scale = min(height, width * 1.25) / _FIELD_UNITS_IN_FRAME
        else:
            scale = max(0.05, min(placement.width / WIDTH, placement.height / HEIGHT))
        self.about = "The avatar is drawn."
        # A larger one would only cost memory; the frame shows no more of it.
        self._figure = figure_of(person, min(scale, _MAX_SCALE))
        self._backdrop = studio(width, height, person.studio) if backdrop is None else backdrop
        figure_height = round(HEIGHT * scale)
        if placement is None:
            self._left = round(width / 2 - WIDTH * scale / 2)
            self._top = max(round(_EYES_DOWN_THE_FRAME * height - EYE_LINE * scale), height - figure_height)
        else:
            self._left = round(placement.x + placement.width / 2 - WIDTH * scale / 2)
            self._top = placement.y + placement.height - figure_height
        self._foot = min(figure_height, height - self._top)

    def frame(self, moment: Moment) -> Picture:
        """A fresh picture of the moment."""
        picture = self._backdrop.copy()
        sprite = self._figure.sprite(moment.mouth, moment.lids, moment.brows)[: max(1, self._foot)]
        lay_over(picture, leaning(sprite, moment.time, self._foot), self._left, self._top)
        return picture
