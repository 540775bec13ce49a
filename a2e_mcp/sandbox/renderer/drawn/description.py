"""The person a prompt asks for, as far as its words are understood; the rest is picked by a seed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.renderer.drawn.artwork import ARTWORK
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness, likeness_of
from a2e_mcp.sandbox.renderer.pictures.picture import Colour, parse_colour
from a2e_mcp.sandbox.renderer.rendering.prompts import asked_for, ruled_out

_MAN = re.compile(r"\b(m[ae]n|boy|male|gentleman|guy|businessman|father|grandfather|king|he|his)\b")
_WOMAN = re.compile(r"\b(wom[ae]n|girl|female|lady|businesswoman|mother|grandmother|queen|she|her)\b")
_PERSON = re.compile(
    r"\b(persons?|people|portrait|headshot|selfie|face|avatar|human|presenter|teacher|doctor|nurse|actor|actress)\b"
    # A portrait of a baker is of a person, one of a cat is not.
    r"(?! of (?:an?|the|my|our|your) (?:[\w-]+ ){0,2}(?:animal|bear|bird|cat|dog|elephant|fox|horse|kitten|lion|monkey"
    r"|owl|parrot|puppy|rabbit|tiger|wolf|building|cathedral|clock|cliff|coin|house|mountain|rock|tower|watch)\b)"
)
_HAIR_ALONE = re.compile(r"\b(blonde?|brunette|redhead|ginger)\b")
_OLD = re.compile(
    r"\b(?:old|elderly)(?:[ ,]+[\w'-]+)?[ ,]+(?:m[ae]n|wom[ae]n|lady|gentleman|persons?|people)\b"
    r"|\bgrand(?:mother|father)\b|\bgr[ae]y-haired\b"
)
_HAIRED = re.compile(r"\b(?!gr[ae]y-)(\w+)[- ]haired\b")
_GLASSES = re.compile(r"\b(glasses|spectacles)\b")
_BEARD = re.compile(r"\b(beard\w*|moustache)\b")
# Words as patterns, with what they stand for: colours of hair, its styles by gender, clothes and their colours.
_WORDS: Mapping[str, Mapping[str, Any]] = ARTWORK["words"]


@dataclass(frozen=True)
class Description:
    """A person who fits a prompt, the words that were understood, and the colour behind them where one is named."""

    person: Likeness
    understood: Sequence[str]
    backdrop: Colour | None


def described(prompt: str, seed: int) -> Description | None:
    """The person a prompt asks for; None when it asks for none."""
    text = _HAIRED.sub(r"\1 hair", asked_for(prompt.lower()))
    unwanted = ruled_out(prompt.lower())
    man, woman = _MAN.search(text), _WOMAN.search(text)
    if not (man or woman or _PERSON.search(text)):
        return None
    gender: Gender
    if man and woman:
        gender = "male" if man.start() < woman.start() else "female"
    elif man or woman:
        gender = "male" if man else "female"
    else:
        gender = "male" if seed % 2 else "female"
    looks: dict[str, Any] = {}
    understood = [f"a {gender} person" if man or woman else f"a person, drawn as {gender}"]
    if hair := _named(text, "hair", "hair") or _hair_without_its_name(text):
        looks["hair"] = parse_colour(hair[1])
        understood.append(f"{hair[0]} hair")
    if style := _hair_in(text, gender) or _named(text, gender, "hair"):
        looks["hair_style"] = style[1]
        understood.append(f"{style[0]} hair")
    for words, clothes in _WORDS["clothes"].items():
        if worn := re.search(rf"\b({words})\b", text):
            colour = _named(text, "colours", words)
            looks |= {"clothes": clothes} | ({"jacket": parse_colour(colour[1])} if colour else {})
            understood.append(f"{colour[0]} {worn[0]}" if colour else worn[0])
            break
    for trait, pattern, name in (("glasses", _GLASSES, "glasses"), ("beard", _BEARD, "a beard")):
        is_wanted = pattern.search(text) is not None
        if (is_wanted or pattern.search(unwanted)) and (trait == "glasses" or gender == "male"):
            looks[trait] = is_wanted
            understood.append(name if is_wanted else f"no {trait}")
    behind = _named(text, "colours", "background|backdrop|wall")
    if behind:
        understood.append(f"{behind[0]} background")
    person = replace(likeness_of(seed, gender), **looks)
    return Description(person, understood, parse_colour(behind[1]) if behind else None)


def _hair_without_its_name(text: str) -> tuple[str, str] | None:
    alone = _HAIR_ALONE.search(text)
    word = alone[0] if alone else "grey" if _OLD.search(text) else ""
    return next(((word, colour) for words, colour in _WORDS["hair"].items() if re.fullmatch(words, word)), None)


def _hair_in(text: str, gender: Gender) -> tuple[str, str] | None:
    """A style named after its hair: "hair in a bun"."""
    for words, style in _WORDS[gender].items():
        if after := re.search(rf"\bhair (?:in|with) (?:an? )?({words})\b", text):
            return after[1], style
    return None


def _named(text: str, kinds: str, what: str) -> tuple[str, str] | None:
    """The kind that is named nearest before something, at most two words between, and the word that names it."""
    found = [
        (match.start(), match[1], kind)
        for words, kind in _WORDS[kinds].items()
        for match in re.finditer(rf"\b({words})\b(?=(?:[ ,]+[\w'-]+){{0,2}}?[ ,]+(?:{what})\b)", text)
    ]
    return max(found, key=lambda entry: entry[0])[1:] if found else None
