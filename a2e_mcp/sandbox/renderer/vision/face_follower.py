"""The face of a clip, followed from frame to frame and searched where it was lost."""

from dataclasses import dataclass

import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Picture
from a2e_mcp.sandbox.renderer.vision.faces import Face, confirmed, follow, largest_face

# A lost face is searched again only so often, since looking is slow.
_FRAMES_BETWEEN_LOOKS = 3
# And this often for small faces too, which is slower still.
_LOOKS_A_CLOSE_ONE = 5
# A face that has moved so far since the last frame, in parts of its height, may be gone: behind a cut the mesh bends
# over a collar or a curtain that is where the face was.
_JUMP = 0.04


@dataclass(frozen=True)
class Sighting:
    """What was seen of the face in a frame; `is_new` where it was searched anew, as in another scene."""

    face: Face | None
    is_new: bool = False

    @property
    def usable(self) -> Face | None:
        """The face where it looks towards the camera."""
        return None if self.face is None or self.face.is_turned_away else self.face


class FaceFollower:
    """Follows the largest face through the frames of a clip, which it is shown in their order."""

    def __init__(self) -> None:
        self._face: Face | None = None
        self._frames_since_look = _FRAMES_BETWEEN_LOOKS
        self._looks = 0

    def see(self, picture: Picture) -> Sighting:
        """The face in the next frame."""
        self._frames_since_look += 1
        if self._face is not None:
            self._face = self._followed(picture, self._face)
            if self._face is not None:
                return Sighting(self._face)
            self._looks = 0
        if self._frames_since_look < _FRAMES_BETWEEN_LOOKS:
            return Sighting(None)
        self._face = largest_face(picture, closely=self._looks % _LOOKS_A_CLOSE_ONE == 0)
        self._frames_since_look = 0
        self._looks += 1
        return Sighting(self._face, is_new=True)

    def _followed(self, picture: Picture, last: Face) -> Face | None:
        face = follow(picture, last)
        if face is None or self._frames_since_look < _FRAMES_BETWEEN_LOOKS:
            return face
        if np.linalg.norm(face.points - last.points, axis=1).mean() < _JUMP * last.height:
            return face
        sure = confirmed(picture, follow(picture, face) or face)
        if sure is not None:
            # That was a look too; who moves quickly is not looked at so closely in every frame.
            self._frames_since_look = 0
        return sure
