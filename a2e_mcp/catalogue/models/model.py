"""A model is a row: what it can, which fields its start takes, what it costs, and what is always sent.

A new model of a known family is one more row in a module of `rows`. The rows hold facts about A2E;
`requests` turns flat arguments and a row into a request, without a branch for any model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ModeName = str
"""What is made of what: `draw` a picture from words and perhaps pictures, `text` a clip from words, `image` from the
first picture, `first_last` from the first and the last one, `reference` with what references show, `edit` and `extend`
of a clip, `motion` of a picture and a clip. Any other is the name of a tool of its own, without its `start_`."""

MODES_OF_SHARED_TOOL: Mapping[str, tuple[ModeName, ...]] = {
    "start_text_to_image": ("draw",),
    "start_image_edit": ("draw",),
    "start_image_to_video": ("image", "first_last"),
    "start_text_to_video": ("text",),
    "start_reference_video": ("reference",),
    "start_video_edit": ("edit", "extend"),
    "start_motion_transfer": ("motion",),
}
"""The tools that start models of several families, and what each of them makes."""

_SHARED = frozenset(mode for modes in MODES_OF_SHARED_TOOL.values() for mode in modes)


def modes_of(tool: str) -> tuple[ModeName, ...]:
    """What a tool makes."""
    return MODES_OF_SHARED_TOOL.get(tool, (tool.removeprefix("start_"),))


Sound = Literal["none", "always", "off", "on"]
"""Whether a clip has sound: never, always, or as asked for, and then off or on by default."""


@dataclass(frozen=True, slots=True)
class Into:
    """A place in a list of the body, behind what is there already: the address alone, or an object with its kind."""

    field: str
    kind: str | None = None


Target = str | Into
"""Where an argument goes in the body; a dot leads into an object."""

Values = Mapping[str, Mapping[str, Any]]
"""What a choice of ours is in the body, by our word for it."""


@dataclass(frozen=True, slots=True)
class PublishedPrice:
    """What a second of a clip or one picture costs, in credits, at a resolution or at any."""

    credits: float
    source: str
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What does not go together: these values, where True means that the argument is given at all, False that not."""

    together: Mapping[str, object]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way to use a model: the constants that choose it, what it needs, and where it differs from the row."""

    fixed: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ("prompt",)
    fields: Mapping[str, Target] = field(default_factory=dict)
    drops: tuple[str, ...] = ()
    seconds: tuple[int, ...] | None = None
    ratios: Values | None = None
    most: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of A2E.

    `fixed` names it in the body, and `send` is sent whatever the user says, unless an argument says otherwise. `most`
    limits lists; `together` limits all references. `seeds` are the lowest and highest. `lengths` are the seconds that
    a given clip or sound may last, `lengths_together` those of all in a list, and `length_with_made` those of all given
    clips and the clip that is made. `formats` are those that a given file may have, by their usual endings.
    `bills_input` says that given clips are billed like the seconds that are made, each up to so many; the argument
    `input_seconds` is how long they are together, which makes A2E's quote right.
    `also` are other names of it. A `restricted` model is for the operator to switch on.
    """

    id: str
    family: str
    about: str
    modes: Mapping[ModeName, Mode]
    fields: Mapping[str, Target]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    send: Mapping[str, Any] = field(default_factory=dict)
    seconds: tuple[int, ...] = ()
    seconds_as: type[str] | type[int] | type[float] = str
    resolutions: Values = field(default_factory=dict)
    ratios: Values = field(default_factory=dict)
    ratios_at: Mapping[str, Values] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    together: int | None = None
    sound: Sound = "none"
    seeds: tuple[int, int] | None = None
    lengths: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    lengths_together: Mapping[str, float] = field(default_factory=dict)
    length_with_made: float | None = None
    formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bills_input: float | None = None
    excludes: tuple[Exclusion, ...] = ()
    plan: str = ""
    prices: tuple[PublishedPrice, ...] = ()
    restricted: str = ""
    note: str = ""
    also: tuple[str, ...] = ()

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that offer it."""
        shared = (tool for tool, modes in MODES_OF_SHARED_TOOL.items() if any(mode in self.modes for mode in modes))
        return (*shared, *(f"start_{mode}" for mode in self.modes if mode not in _SHARED))


def between(first: int, last: int) -> tuple[int, ...]:
    """Every whole number of seconds from the first to the last."""
    return tuple(range(first, last + 1))


def sent_in(name: str, *same: str) -> Values:
    """Choices that go into one field as they are called here."""
    return {word: {name: word} for word in same}


def spelt_in(name: str, spellings: Mapping[str, str]) -> Values:
    """Choices that go into one field, by our word for what is sent."""
    return {word: {name: sent} for word, sent in spellings.items()}


def ratios_in(name: str, *same: str, **other: str) -> Values:
    """Shapes that go into one field: `same` as they are called here, `other` by our word for what is sent."""
    return {**spelt_in(name, other), **sent_in(name, *same)}


def quality_in(name: str, **words: str) -> Values:
    """Resolutions that go by another name in A2E, such as std for 720p; `p720` is written for 720p."""
    return {
        word.removeprefix("p") + ("p" if word.startswith("p") else ""): {name: sent} for word, sent in words.items()
    }
