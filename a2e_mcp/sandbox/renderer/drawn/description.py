"""The person a prompt asks for, as far as its words are understood; the rest is picked by a seed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.renderer.core.picture import Colour
from a2e_mcp.sandbox.renderer.drawn.likeness import Clothes, HairStyle, Likeness, likeness_of

Kind = TypeVar("Kind")

_MAN = re.compile(r"\b(m[ae]n|boy|male|gentleman|guy|businessman|father|grandfather|king|he|his)\b", re.IGNORECASE)
_WOMAN = re.compile(r"\b(wom[ae]n|girl|female|lady|businesswoman|mother|grandmother|queen|she|her)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(persons?|people|portrait|headshot|selfie|face|avatar|human|presenter|teacher|doctor|nurse|actor|actress)\b",
    re.IGNORECASE,
)

_HAIR: Mapping[str, Colour] = {
    r"blonde?|golden|fair": (86, 140, 196),
    r"brown|brunette|chestnut": (40, 58, 92),
    r"red|ginger|auburn|redhead": (44, 62, 150),
    r"black|dark": (34, 30, 34),
    r"gr[ae]y|silver|white": (150, 152, 158),
}
_HAIR_ALONE = re.compile(r"\b(blonde?|brunette|redhead|ginger)\b")
_OLD = re.compile(
    r"\b(?:old|elderly)(?:[ ,]+[\w'-]+)?[ ,]+(?:m[ae]n|wom[ae]n|lady|gentleman|persons?|people)\b"
    r"|\bgrand(?:mother|father)\b|\bgr[ae]y-haired\b"
)
_STYLES: Mapping[Gender, Mapping[str, HairStyle]] = {
    "female": {
        r"bun|ponytail|tied": "bun",
        r"curly|wavy|curls|waves": "waves",
        r"short|bob": "bob",
        r"long|straight": "long",
    },
    "male": {r"curly|wavy|curls": "curls", r"short|cropped|buzzed": "crop", r"long|swept": "swept", r"parted": "side"},
}
_CLOTHES: Mapping[str, Clothes] = {
    r"t-?shirt|tee|sweater|jumper|pullover|hoodie|dress|top|apron": "crew",
    r"blazer|suit|jacket|coat|tuxedo": "blazer",
    r"shirt|blouse|polo|uniform|scrubs": "collar",
}
_COLOURS: Mapping[str, Colour] = {
    r"navy": (84, 48, 32),
    r"red|scarlet|crimson": (52, 48, 186),
    r"blue": (170, 104, 52),
    r"green": (84, 132, 62),
    r"yellow": (72, 190, 232),
    r"orange": (52, 128, 230),
    r"pink": (172, 140, 236),
    r"purple|violet": (132, 66, 112),
    r"black": (42, 38, 38),
    r"white": (240, 240, 240),
    r"gr[ae]y": (134, 130, 128),
    r"brown": (54, 84, 124),
    r"beige|cream": (182, 208, 222),
    r"turquoise|teal": (150, 150, 44),
}
_GLASSES = re.compile(r"\b(glasses|spectacles)\b", re.IGNORECASE)
_BEARD = re.compile(r"\b(beard\w*|moustache)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Description:
    """Somebody who fits a prompt, the words that were understood, and the colour behind them where one is named."""

    person: Likeness
    understood: Sequence[str]
    backdrop: Colour | None


def described(prompt: str, seed: int) -> Description | None:
    """The person a prompt asks for; None when it asks for none."""
    gender = _gender(prompt, seed)
    if gender is None:
        return None
    person = likeness_of(seed, gender)
    is_told = _MAN.search(prompt) or _WOMAN.search(prompt)
    understood = [f"a {gender} person" if is_told else f"a person, drawn as {gender}"]
    text = prompt.lower()
    if hair := _hair_colour(text):
        person, understood = replace(person, hair=hair[1]), [*understood, f"{hair[0]} hair"]
    if style := _hair_style(text, _STYLES[gender]):
        person, understood = replace(person, hair_style=style[1]), [*understood, f"{style[0]} hair"]
    for words, clothes in _CLOTHES.items():
        if worn := re.search(rf"\b({words})\b", text):
            colour = _before(text, _COLOURS, words)
            jacket = colour[1] if colour else person.jacket
            person = replace(person, clothes=clothes, jacket=jacket)
            understood.append(f"{colour[0]} {worn[0]}" if colour else worn[0])
            break
    if _GLASSES.search(text):
        person, understood = replace(person, glasses=True), [*understood, "glasses"]
    if gender == "male" and _BEARD.search(text):
        person, understood = replace(person, beard=True), [*understood, "a beard"]
    behind = _before(text, _COLOURS, "background|backdrop|wall")
    if behind:
        understood.append(f"{behind[0]} background")
    return Description(person, understood, behind[1] if behind else None)


def _gender(prompt: str, seed: int) -> Gender | None:
    """Whether the prompt names a person, and of which gender; where it does not say, the seed does."""
    man, woman = _MAN.search(prompt), _WOMAN.search(prompt)
    if man and woman:
        return "male" if man.start() < woman.start() else "female"
    if man or woman:
        return "male" if man else "female"
    if _PERSON.search(prompt):
        return "male" if seed % 2 else "female"
    return None


def _hair_colour(text: str) -> tuple[str, Colour] | None:
    if named := _before(text, _HAIR, "hair"):
        return named
    alone = _HAIR_ALONE.search(text)
    word = alone[0] if alone else "grey" if _OLD.search(text) else None
    return next(((word, colour) for words, colour in _HAIR.items() if word and re.fullmatch(words, word)), None)


def _hair_style(text: str, styles: Mapping[str, HairStyle]) -> tuple[str, HairStyle] | None:
    for words, style in styles.items():
        if after := re.search(rf"\bhair (?:in|with) (?:an? )?({words})\b", text):
            return after[1], style
    return _before(text, styles, "hair")


def _before(text: str, kinds: Mapping[str, Kind], what: str) -> tuple[str, Kind] | None:
    """The kind that is named nearest before something, at most two words between, with the word it was named by."""
    found = [
        (match.start(), match[1], kind)
        for words, kind in kinds.items()
        for match in re.finditer(rf"\b({words})\b(?=(?:[ ,]+[\w'-]+){{0,2}}?[ ,]+(?:{what})\b)", text)
    ]
    return max(found, key=lambda each: each[0])[1:] if found else None
