"""The looks of a drawn avatar: colours, hair and clothes picked by its seed."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.renderer.drawn.artwork import ARTWORK, FigurePainter
from a2e_mcp.sandbox.renderer.drawn.canvas import mixed
from a2e_mcp.sandbox.renderer.pictures.picture import Colour, parse_colour

HairStyle: TypeAlias = Literal["long", "bob", "bun", "waves", "side", "crop", "curls", "swept"]
Clothes: TypeAlias = Literal["blazer", "crew", "collar"]

_HAIR_STYLES: dict[Gender, tuple[HairStyle, ...]] = {
    "female": ("long", "bob", "bun", "waves"),
    "male": ("side", "crop", "curls", "swept"),
}
_CLOTHES: tuple[Clothes, ...] = ("blazer", "crew", "collar")
_DARK_SKIN = 3
_DARK_ENOUGH_HAIR = 420
_NARROW_SHOULDERS = 0.88


@dataclass(frozen=True)
class Likeness:
    """Everything that distinguishes one drawn person from another. Colours are BGR."""

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
    def painter(self) -> FigurePainter:
        """What paints this person."""
        red = parse_colour("#d05c68" if self.gender == "female" else "#ce6058")
        pale = mixed((0, 0, 0), self.skin, 0.86)
        colours = {
            "skin": self.skin,
            "hair": self.hair,
            "brows": self.hair if sum(self.hair) < _DARK_ENOUGH_HAIR else mixed((0, 0, 0), self.hair, 0.7),
            "eyes": self.eyes,
            "jacket": self.jacket,
            "shirt": self.shirt,
            "lips": mixed(pale, red, 0.72 if self.gender == "female" else 0.5),
        }
        worn = {name: name for name in ("glasses", "beard", "earrings") if getattr(self, name)}
        traits = {"gender": self.gender, "hair_style": self.hair_style, "clothes": self.clothes, **worn}
        shoulders = 1.0 if self.gender == "male" else _NARROW_SHOULDERS
        return FigurePainter(colours, traits, {"face": self.face_width, "shoulders": shoulders})


def likeness_of(seed: int, gender: Gender) -> Likeness:
    """The person a seed stands for."""
    # The gender is part of the seed, so that seed 3 is not the same person twice.
    random = np.random.default_rng((abs(seed), gender == "male"))

    def pick(palette: str) -> Colour:
        colours = ARTWORK["palette"][palette]
        return parse_colour(colours[int(random.integers(len(colours)))])

    skins = ARTWORK["palette"]["skin"]
    skin = int(random.integers(len(skins)))
    hair = pick("dark_hair" if skin >= _DARK_SKIN else "light_hair")
    if random.random() < 0.12:
        hair = parse_colour(ARTWORK["palette"]["grey_hair"][0])
    worn = _CLOTHES[int(random.integers(len(_CLOTHES)))]
    styles = _HAIR_STYLES[gender]
    return Likeness(
        gender=gender,
        skin=parse_colour(skins[skin]),
        hair=hair,
        hair_style=styles[int(random.integers(len(styles)))],
        eyes=pick("eyes"),
        clothes=worn,
        jacket=pick("blazer" if worn == "blazer" else "top"),
        shirt=pick("shirt"),
        studio=pick("studio"),
        face_width=float(random.uniform(0.96, 1.05)),
        glasses=bool(random.random() < 0.22),
        beard=gender == "male" and bool(random.random() < 0.35),
        earrings=gender == "female" and bool(random.random() < 0.5),
    )
