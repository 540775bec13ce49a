"""A face in a photo that opens its mouth and blinks, by bending the photo around it."""

from collections import OrderedDict
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.pictures.lab import lab_of
from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Mask, Picture, Points, blend, resize
from a2e_mcp.sandbox.renderer.vision.faces import (
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    OUTER_LOWER_LIP,
    OUTER_UPPER_LIP,
    OVAL,
    Face,
)
from a2e_mcp.sandbox.renderer.vision.mesh_warp import bend, filled, triangles_over, without

_LIP_TOP, _LIP_BOTTOM = 13, 14
_MOUTH_CORNERS = (61, 291)
_BETWEEN_BROWS = (107, 336, 151)

_Eye: TypeAlias = tuple[int, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]

# Each eye: its corners, the crease above the upper lid, the lower lid's edge, and the cheek below.
_EYES: tuple[_Eye, ...] = (
    (33, 133, (247, 30, 29, 27, 28, 56, 190), (7, 163, 144, 145, 153, 154, 155), (50, 101, 118)),
    (263, 362, (467, 260, 259, 257, 258, 286, 414), (249, 390, 373, 374, 380, 381, 382), (280, 330, 347)),
)

_JAW_DROP = 0.092  # of the face's height, for the widest mouth
_SPREAD = 0.16
# A mouth at rest is half as wide as so much of the face's height. A smile is wider: it opens less far than a mouth at
# rest, as skin that is drawn aside does not reach so far down, and its corners come in as it opens.
_HALF_MOUTH, _LEAST_DROP, _GATHERED, _PARTED = 0.165, 0.72, 0.8, 0.35
_OPENINGS, _WIDTHS, _LIDS = 14, 4, 3
# What is under an eye is skin, about as light as the cheeks and of their colour; glasses, hair and shadow are not.
_AS_LIGHT, _AS_COLOURED = (0.6, 1.8), 20.0
# The white of an eye is at least so light beside the skin, and teeth are so light beside that white.
_LEAST_WHITE, _TEETH_BESIDE_EYES, _TEETH_BESIDE_SKIN = 0.6, 1.06, 1.12
_TEETH, _MOUTH, _TONGUE = (206, 218, 226), (34, 24, 56), (84, 76, 158)
# What lies between parted lips is teeth if it is lighter than they are and so much less red.
_LESS_RED = 6.0
# What covers a mouth varies by less than lips do, has no lips in it, and is of another colour than the forehead.
_AROUND_LIPS, _EVEN, _ALIKE, _UNLIKE_SKIN = 1.5, 12.0, 6.0, 15.0
# A face of less colour, beside grey in Lab, is of a photo with less colour than skin has.
_SKIN_COLOUR = 12.0
# A face larger than this is bent at a smaller size and enlarged again: the difference cannot be seen.
LARGE = 560
# Every so many pixels one says how bright a face is, and of which colour.
_SAMPLED = 3
# Expressions are kept as long as they fit; a long speech needs each of them again and again.
_PATCH_BYTES = 40_000_000


class TalkingFace:
    """The face of a picture; `patch` gives the part of the picture around it for any expression.

    With the same person's in the frame `before`, the mesh is divided as there, and teeth have as much light. A face
    that is `large`r than so many pixels is bent at that size.
    """

    def __init__(
        self, picture: Picture, face: Face, before: "TalkingFace | None" = None, *, large: int = LARGE
    ) -> None:
        low = face.points.min(0) - 0.18 * face.height
        high = face.points.max(0) + np.array((0.18, 0.24)) * face.height
        limit = np.array(picture.shape[1::-1])
        self.left, self.top = (int(value) for value in np.maximum(low, 0))
        right, bottom = (int(value) for value in np.minimum(high, limit))
        whole = picture[self.top : bottom, self.left : right]
        self._size = (whole.shape[1], whole.shape[0])
        shrink = min(1.0, large / max(self._size))
        self._room = resize(whole, *(max(8, round(side * shrink)) for side in self._size)) if shrink < 1 else whole
        self._points = ((face.points - (self.left, self.top)) * shrink).astype(np.float64)
        self._measure(before)
        self._patches: OrderedDict[tuple[int, int, int], Picture] = OrderedDict()
        self._most_patches = max(8, _PATCH_BYTES // self._room.nbytes)

    def patch(self, shape: MouthShape, lids: float) -> Picture:
        """The picture around the face; the result is shared, do not draw on it."""
        key = (round(shape.opening * _OPENINGS), round(shape.width * _WIDTHS), round(lids * _LIDS))
        if key not in self._patches:
            drawn = self._bend(MouthShape(key[0] / _OPENINGS, key[1] / _WIDTHS))
            if key[2] and self.shows_eyes:
                drawn = self._close_eyes(drawn, key[2] / _LIDS)
            self._patches[key] = drawn
            if len(self._patches) > self._most_patches:
                self._patches.popitem(last=False)
        self._patches.move_to_end(key)
        patch = self._patches[key]
        if patch.shape[1::-1] == self._size:
            return patch
        return cv2.resize(patch, self._size, interpolation=cv2.INTER_CUBIC)

    def draw(self, picture: Picture, shape: MouthShape, lids: float) -> None:
        """Put the expression into a copy of the picture the face was taken from."""
        width, height = self._size
        picture[self.top : self.top + height, self.left : self.left + width] = self.patch(shape, lids)

    def _measure(self, before: "TalkingFace | None") -> None:
        points = self._points
        down = points[152] - points[10]
        self._height = float(np.linalg.norm(down))
        self._down = down / self._height
        self._right = np.array([self._down[1], -self._down[0]])
        self._half_mouth = float(np.linalg.norm(points[_MOUTH_CORNERS[1]] - points[_MOUTH_CORNERS[0]])) / 2
        self._smile = max(0.0, self._half_mouth / self._height / _HALF_MOUTH - 1)
        self._rest_gap = float(np.linalg.norm(points[_LIP_BOTTOM] - points[_LIP_TOP]))
        self._shows_teeth = self._rest_gap > 0.025 * self._height and self._has_teeth()
        oval = filled(points[list(OVAL)], self._room_size) > 0
        sampled = self._room[::_SAMPLED, ::_SAMPLED][oval[::_SAMPLED, ::_SAMPLED]]
        self._brightness = float(np.median(sampled))
        usual = _lab(np.median(sampled, 0))
        colour = usual[1:] - 128
        self._colour = min(1.0, float(np.linalg.norm(colour)) / _SKIN_COLOUR)
        self.shows_eyes, self._light = self._look_into_eyes() if before is None else before._eyes_at(self._brightness)
        # Lids are painted in the colour of the cheeks, which glasses low on the nose hide too.
        self.shows_eyes &= _lab(self._face_colour())[0] > _AS_LIGHT[0] * usual[0]
        # Around the face a ring that follows only a little, and the patch's rim that stays.
        width, height = self._room_size
        middle = points.mean(0)
        ring = np.clip((points[list(OVAL)] - middle) * 1.22 + middle, 1, (width - 2, height - 2))
        along = np.linspace(0, 1, 7)[:-1]
        last_x, last_y = width - 1, height - 1
        rim = np.vstack(
            [np.stack([x, y], 1) for x, y in (
                (along * last_x, along * 0), (along * 0 + last_x, along * last_y),
                ((1 - along) * last_x, along * 0 + last_y), (along * 0, (1 - along) * last_y),
            )]
        )  # fmt: skip
        self._mesh = np.vstack([points, ring, rim])
        mouth = {*INNER_UPPER_LIP, *INNER_LOWER_LIP}
        self._triangles: npt.NDArray[np.int64] = (
            without(triangles_over(self._mesh), mouth) if before is None else before._triangles
        )
        self._jaw = self._jaw_share()

    def _eyes_at(self, brightness: float) -> tuple[bool, Points]:
        """Whether there are eyes, and how white teeth are where the face is so bright."""
        return self.shows_eyes, np.clip(self._light * (brightness / max(self._brightness, 1.0)), 0.02, 1.0)

    def _look_into_eyes(self) -> tuple[bool, Points]:
        """Whether there are eyes, and how white teeth are in their light."""
        whites = [self._white_of(eye) for eye in _EYES]
        seen = [white for white in whites if white is not None]
        # Teeth are as white as the eyes are in this light; without eyes the skin must answer for it.
        light = (
            np.mean(seen, axis=0) * _TEETH_BESIDE_EYES if seen else np.full(3, self._brightness * _TEETH_BESIDE_SKIN)
        )
        return len(seen) == len(_EYES), np.clip(light / np.mean(_TEETH), 0.02, 1.0)

    def _has_teeth(self) -> bool:
        """Whether what lies between the lips is paler than they are; the mesh sees parted lips too easily."""
        ring = self._ring(OUTER_UPPER_LIP, OUTER_LOWER_LIP)
        first = np.maximum(np.floor(ring.min(0)), 0).astype(int)
        last = np.minimum(np.ceil(ring.max(0)).astype(int) + 1, self._room_size)
        size = (int(last[0] - first[0]), int(last[1] - first[1]))
        room = self._room[first[1] : last[1], first[0] : last[0]]
        between = filled(self._ring(INNER_UPPER_LIP, INNER_LOWER_LIP) - first, size) > 127
        lips = (filled(ring - first, size) > 127) & ~between
        if not between.any() or not lips.any():
            return False
        (light, red, _), (lips_light, lips_red, _) = (lab_of(room[part]).T for part in (between, lips))
        # The mesh draws the lips' edges a little beside where they are, so a quarter must do.
        paler = float(np.percentile(red, 25)) < float(np.median(lips_red)) - _LESS_RED
        return paler and float(np.percentile(light, 75)) > float(np.median(lips_light))

    def _white_of(self, eye: _Eye) -> Points | None:
        """The colour of an eye's white; None where no eye is seen, as behind dark glasses."""
        outer, inner, crease, lower_lid, _ = eye
        upper, lower = self._points[list(crease)], self._points[list(lower_lid)]
        width = float(np.linalg.norm(self._points[outer] - self._points[inner]))
        under = np.vstack([lower + self._down * width * 0.12, (lower + self._down * width * 0.35)[::-1]])
        inside = (
            filled(np.vstack([self._points[outer], upper, self._points[inner], lower[::-1]]), self._room_size) > 127
        )
        below = filled(under, self._room_size) > 127
        if not inside.any() or not below.any():
            return None
        colours = self._room[inside]
        light = colours.mean(1)
        skin, found = (_lab(colour) for colour in (self._face_colour(), np.median(self._room[below], 0)))
        is_skin = _AS_LIGHT[0] < found[0] / max(skin[0], 1.0) < _AS_LIGHT[1]
        is_skin = is_skin and float(np.linalg.norm(found[1:] - skin[1:])) < _AS_COLOURED
        white = np.asarray(colours[light >= np.percentile(light, 85)].mean(0))
        return white if is_skin and _lab(white)[0] > _LEAST_WHITE * skin[0] else None

    def _face_colour(self) -> Points:
        """The colour of the cheeks, by the middle of both."""
        return np.asarray(np.mean([self._skin_near(cheek) for *_, cheek in _EYES], axis=0))

    @property
    def mouth_is_covered(self) -> bool:
        """Whether something of one colour, and not of the forehead's, is where the mouth is, such as a mask."""
        outline = self._ring(OUTER_UPPER_LIP, OUTER_LOWER_LIP)
        around = (outline - outline.mean(0)) * _AROUND_LIPS + outline.mean(0)
        lips = filled(outline, self._room_size) > 127
        ring = (filled(around, self._room_size) > 127) & ~lips
        if not lips.any() or not ring.any():
            return False
        seen = lab_of(self._room[lips])
        cover = np.median(lab_of(self._room[ring]), 0)
        is_even = float(seen.std(0).max()) < _EVEN and float(np.linalg.norm(np.median(seen, 0) - cover)) < _ALIKE
        return is_even and float(np.linalg.norm(cover - _lab(self._skin_near(_BETWEEN_BROWS)))) > _UNLIKE_SKIN

    def _ring(self, upper: tuple[int, ...], lower: tuple[int, ...]) -> Points:
        return np.vstack([self._points[list(upper)], self._points[list(lower)][::-1]])

    @property
    def _room_size(self) -> tuple[int, int]:
        return self._room.shape[1], self._room.shape[0]

    def _jaw_share(self) -> Points:
        """How much of the jaw's way each mesh point goes: all at the chin, less to the sides, none above the lips."""
        lips = self._points[_LIP_TOP]
        chin = float((self._points[152] - lips) @ self._down)
        below = (self._mesh - lips) @ self._down / (0.35 * chin)
        aside = (self._mesh - lips) @ self._right / (2.1 * self._half_mouth)
        share = np.clip(below, 0, 1) * np.exp(-(aside**2) / 2)
        ring_start, ring_end = len(self._points), len(self._points) + len(OVAL)
        share[ring_start:ring_end] *= 0.35
        share[ring_end:] = 0
        arch = 0.25 + 0.75 * _arch(len(INNER_LOWER_LIP))
        share[list(INNER_LOWER_LIP)] = arch
        share[list(OUTER_LOWER_LIP)] = arch
        share[list(INNER_UPPER_LIP)] = share[list(OUTER_UPPER_LIP)] = 0
        # The corners belong to both lips and follow a little.
        share[[78, 308, 61, 291]] = 0.25
        return np.asarray(share)

    def _moved(self, shape: MouthShape) -> Points:
        widest = _JAW_DROP * self._height * max(_LEAST_DROP, 1 - self._smile)
        # Lips that are parted already have less far to go.
        drop = shape.opening * (widest - _PARTED * min(self._rest_gap, widest))
        moved = self._mesh + np.outer(self._jaw * drop, self._down)
        # The upper lip rises a little.
        for lip in (INNER_UPPER_LIP, OUTER_UPPER_LIP):
            moved[list(lip)] -= np.outer(_arch(len(lip)) * drop * 0.1, self._down)
        self._close_lips(moved, max(0.0, 1 - 3 * shape.opening))
        middle = (self._points[_LIP_TOP] + self._points[_LIP_BOTTOM]) / 2
        aside = (self._mesh - middle) @ self._right
        below = (self._mesh - middle) @ self._down
        near = np.exp(-((aside / (1.5 * self._half_mouth)) ** 2) - (below / (1.6 * self._half_mouth)) ** 2)
        near[len(self._points) :] = 0
        # A smile that opens is gathered, or every vowel were a laugh.
        spread = shape.width * _SPREAD - shape.opening * _GATHERED * self._smile
        moved += np.outer(spread * aside * near, self._right)
        return moved

    def _close_lips(self, moved: Points, share: float) -> None:
        """Bring parted lips together; those of a toothy smile not fully, which would tear the face."""
        share *= 0.35 if self._shows_teeth else 1.0
        gap = self._points[list(INNER_LOWER_LIP)] - self._points[list(INNER_UPPER_LIP)]
        for lip, part in (
            (INNER_LOWER_LIP, -0.6),
            (OUTER_LOWER_LIP, -0.4),
            (INNER_UPPER_LIP, 0.4),
            (OUTER_UPPER_LIP, 0.15),
        ):
            moved[list(lip)] += gap * part * share

    def _bend(self, shape: MouthShape) -> Picture:
        moved = self._moved(shape)
        bent = bend(self._room, self._mesh, moved, self._triangles)
        gap = float((moved[_LIP_BOTTOM] - moved[_LIP_TOP]) @ self._down)
        if gap < max(1.0, 0.006 * self._height):
            return bent
        hole = np.vstack([moved[list(INNER_UPPER_LIP)], moved[list(INNER_LOWER_LIP)][::-1]])
        soft = max(0.7, 0.004 * self._height)
        # Only the mouth is drawn, with room for its soft edge.
        first = np.maximum(np.floor(hole.min(0) - 4 * soft), 0).astype(int)
        last = np.minimum(np.ceil(hole.max(0) + 4 * soft).astype(int), self._room_size)
        size = (int(last[0] - first[0]), int(last[1] - first[1]))
        mask = cv2.GaussianBlur(filled(hole - first, size), (0, 0), soft)
        place = np.s_[first[1] : last[1], first[0] : last[0]]
        bent[place] = blend(bent[place], self._mouth_inside(moved - first, gap, size), mask)
        return bent

    def _mouth_inside(self, moved: Points, gap: float, size: tuple[int, int]) -> Picture:
        """What parted lips show, in a part of the room of a size; `moved` is measured from its corner."""
        light = min(1.0, self._brightness / 170)
        inside = np.empty((size[1], size[0], 3), np.uint8)
        inside[:] = self._coloured(_MOUTH) * light
        tongue = moved[_LIP_BOTTOM] - self._down * gap * 0.1
        reach = (self._half_mouth * 0.55, gap * 0.34)
        inside = blend(inside, _flat(inside, self._coloured(_TONGUE) * light), self._soft_ellipse(tongue, reach, size))
        if self._shows_teeth:
            return self._own_teeth(inside, moved)
        roof = moved[list(INNER_UPPER_LIP)][1:-1]
        depth = min(gap * 0.36, 0.03 * self._height)
        edge = roof + np.outer(depth * np.sin(np.linspace(0.5, np.pi - 0.5, len(roof))), self._down)
        teeth = filled(np.vstack([roof - self._down * depth * 0.6, edge[::-1]]), size)
        teeth = cv2.convertScaleAbs(cv2.GaussianBlur(teeth, (0, 0), max(0.6, 0.004 * self._height)), alpha=0.92)
        return blend(inside, _flat(inside, self._coloured(_TEETH) * self._light), teeth)

    def _coloured(self, colour: Colour) -> Points:
        """A colour as the photo shows it: grey in a photo without colours."""
        return np.asarray(np.mean(colour) + (np.array(colour) - np.mean(colour)) * self._colour)

    def _own_teeth(self, inside: Picture, moved: Points) -> Picture:
        """The photo's own teeth, kept under the upper lip."""
        size = inside.shape[1::-1]
        shift = moved[_LIP_TOP] - self._points[_LIP_TOP]
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        shifted = cv2.warpAffine(self._room, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        hole = self._ring(INNER_UPPER_LIP, INNER_LOWER_LIP) + shift
        mask = cv2.erode(filled(hole, size), np.ones((3, 3), np.uint8))
        return blend(inside, shifted, cv2.GaussianBlur(mask, (0, 0), max(0.8, 0.004 * self._height)))

    def _soft_ellipse(self, centre: Points, reach: tuple[float, float], size: tuple[int, int]) -> Mask:
        mask = np.zeros(size[::-1], np.uint8)
        axes = (max(1, round(reach[0])), max(1, round(reach[1])))
        middle = (round(float(centre[0])), round(float(centre[1])))
        tilt = float(np.degrees(np.arctan2(self._right[1], self._right[0])))
        cv2.ellipse(mask, middle, axes, tilt, 0, 360, (205,), -1, cv2.LINE_AA)
        return cv2.GaussianBlur(mask, (0, 0), max(0.8, reach[1] * 0.25))

    def _close_eyes(self, picture: Picture, lids: float) -> Picture:
        """Lay skin over each eye from the crease down, with the lashes at its edge."""
        for outer, inner, crease, lower_lid, cheek in _EYES:
            corner, other_corner = self._points[outer], self._points[inner]
            width = float(np.linalg.norm(corner - other_corner))
            beyond = (corner - other_corner) * 0.10
            ends = corner + beyond, other_corner - beyond * 0.5
            upper = self._points[list(crease)]
            lower = self._points[list(lower_lid)] + self._down * width * 0.05
            edge = upper + (lower - upper) * (0.45 + 0.55 * lids)
            mask = filled(np.vstack([ends[0], upper, ends[1], edge[::-1]]), self._room_size)
            skin = self._skin_near(cheek)
            lid = cv2.GaussianBlur(mask, (0, 0), max(0.6, width * 0.03))
            picture = blend(picture, _flat(picture, skin * 0.95), lid)
            line = [np.round(np.vstack([ends[0], edge, ends[1]]) * 16).astype(np.int32)]
            blue, green, red = (float(channel) * 0.38 for channel in skin)
            thickness = max(1, round(width * 0.055))
            cv2.polylines(picture, line, False, (blue, green, red), thickness, cv2.LINE_AA, 4)
        return picture

    def _skin_near(self, cheek: tuple[int, ...]) -> Points:
        """The skin's colour on the cheek below an eye; above it lie lashes, creases and brows."""
        low, high = self._points[list(cheek)].min(0).astype(int), self._points[list(cheek)].max(0).astype(int)
        patch = self._room[max(0, low[1]) : high[1] + 1, max(0, low[0]) : high[0] + 1].reshape(-1, 3)
        return np.asarray(np.median(patch if len(patch) else self._room.reshape(-1, 3), axis=0))


def _lab(colour: Points) -> Points:
    return lab_of(colour).astype(np.float64)


def _arch(count: int) -> Points:
    return np.asarray(np.sin(np.linspace(0, np.pi, count)) ** 0.6)


def _flat(like: Picture, colour: Points) -> Picture:
    picture = np.empty_like(like)
    picture[:] = np.clip(colour, 0, 255)
    return picture
