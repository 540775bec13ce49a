"""Who a drawn avatar is: colours, hair and clothes picked by its seed."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.renderer.core.picture import Colour

HairStyle: TypeAlias = Literal["long", "bob", "bun", "waves", "side", "crop", "curls", "swept"]
Clothes: TypeAlias = Literal["blazer", "crew", "collar"]

_SKINS: tuple[Colour, ...] = (
    (190, 212, 243),
    (172, 199, 238),
    (146, 180, 226),
    (116, 156, 208),
    (86, 122, 176),
    (62, 92, 142),
)
_LIGHT_HAIR: tuple[Colour, ...] = ((38, 36, 44), (40, 58, 92), (52, 84, 136), (86, 140, 196), (44, 62, 132))
_DARK_HAIR: tuple[Colour, ...] = ((34, 30, 34), (36, 40, 58), (30, 36, 66))
_GREY_HAIR: Colour = (150, 152, 158)
_JACKETS: tuple[Colour, ...] = ((92, 66, 46), (74, 58, 58), (96, 96, 52), (62, 62, 124), (70, 92, 70), (104, 74, 96))
_SHIRTS: tuple[Colour, ...] = ((246, 244, 240), (222, 232, 244), (238, 226, 212), (206, 214, 240), (224, 236, 224))
_TOPS: tuple[Colour, ...] = (
    (132, 100, 60),
    (92, 90, 186),
    (122, 148, 84),
    (96, 158, 214),
    (150, 108, 122),
    (88, 82, 84),
)
_EYES: tuple[Colour, ...] = ((48, 72, 104), (70, 96, 92), (142, 112, 72), (88, 118, 82), (40, 54, 78))
_STUDIOS: tuple[Colour, ...] = ((216, 200, 184), (204, 212, 218), (198, 214, 200), (214, 202, 212), (196, 208, 222))


@dataclass(frozen=True)
class Likeness:
    """Everything that tells one drawn person from another. Colours are BGR."""

    gender: Gender
    skin: Colour
    hair: Colour
    hair_style: HairStyle
    eyes: Colour
    clothes: Clothes
    jacket: Colour
    shirt: Colour
    studio: Colour
    face_width: float
    glasses: bool
    beard: bool
    earrings: bool

    @property
    def lips(self) -> Colour:
        """A tone between the skin and a rose that deepens with it."""
        rose = (104, 92, 208) if self.gender == "female" else (88, 96, 206)
        share = 0.72 if self.gender == "female" else 0.5
        blue, green, red = (round(s * 0.86 + (r - s * 0.86) * share) for s, r in zip(self.skin, rose, strict=True))
        return blue, green, red


def likeness_of(seed: int, gender: Gender) -> Likeness:
    """The person a seed stands for."""
    # The gender is part of the seed, so that seed 3 is not the same person twice.
    random = np.random.default_rng((abs(seed), gender == "male"))

    def pick(colours: tuple[Colour, ...]) -> Colour:
        return colours[int(random.integers(len(colours)))]

    skin_index = int(random.integers(len(_SKINS)))
    hair = pick(_DARK_HAIR if skin_index >= 3 else _LIGHT_HAIR)
    if random.random() < 0.12:
        hair = _GREY_HAIR
    styles: tuple[HairStyle, ...]
    styles = ("long", "bob", "bun", "waves") if gender == "female" else ("side", "crop", "curls", "swept")
    clothes: tuple[Clothes, ...] = ("blazer", "crew", "collar")
    worn = clothes[int(random.integers(len(clothes)))]
    return Likeness(
        gender=gender,
        skin=_SKINS[skin_index],
        hair=hair,
        hair_style=styles[int(random.integers(len(styles)))],
        eyes=pick(_EYES),
        clothes=worn,
        jacket=pick(_JACKETS if worn == "blazer" else _TOPS),
        shirt=pick(_SHIRTS),
        studio=pick(_STUDIOS),
        face_width=float(random.uniform(0.96, 1.05)),
        glasses=bool(random.random() < 0.22),
        beard=gender == "male" and bool(random.random() < 0.35),
        earrings=gender == "female" and bool(random.random() < 0.5),
    )
