"""A name that a person gives is held against the names that there are: it is one of them, or there is a question.

Case and accents do not count. Half a word is nobody's name, since what is found by it is paid for; the beginning of a
word is, as long as it is the beginning of one name only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from a2e_mcp.errors import AmbiguousName, InputError
from a2e_mcp.text import folded, one_line

_MOST_CANDIDATES = 6
_MOST_NEAR = 3
_LONGEST = 80
_FEWEST_LETTERS_INSIDE = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """Something that has a name; `about` is what tells it from others of the same name."""

    id: str
    name: str
    what: T
    about: Sequence[str | None] = ()


def exact_matches(text: str, known: Iterable[Candidate[T]]) -> list[Candidate[T]]:
    """Those that are called just so; where accents alone tell them apart, they do."""
    wanted = text.strip()
    unique = list({each.id: each for each in known}.values())
    spelt = [each for each in unique if each.name.strip().casefold() == wanted.casefold()]
    return spelt or [each for each in unique if folded(each.name.strip()) == folded(wanted)]


def pick_one(text: str, known: Sequence[Candidate[T]], kind: str, *, hint: str) -> T:
    """The one that is called so, or one word of whose name begins so.

    Raises AmbiguousName with the candidates, or InputError with names that are near and what to do `then`.
    """
    found = exact_matches(text, known) or _begun(text, known)
    if len(found) == 1:
        return found[0].what
    if found:
        raise ambiguous_error(text, found, kind)
    raise not_found_error(text, known, kind, hint=hint)


def ambiguous_error(text: str, found: Sequence[Candidate[T]], kind: str) -> AmbiguousName:
    """The refusal of a name that several have."""
    shown = ", ".join(_told(each) for each in found[:_MOST_CANDIDATES])
    more = f" and {len(found) - _MOST_CANDIDATES} more" if len(found) > _MOST_CANDIDATES else ""
    return AmbiguousName(f"'{one_line(text)}' fits several {kind}s: {shown}{more}", hint="Use one of these ids")


def not_found_error(text: str, known: Iterable[Candidate[T]], kind: str, *, hint: str) -> InputError:
    """The refusal of a name that nobody has."""
    near = _near(text, [each.name for each in known])
    near_names = f"; did you mean {' or '.join(one_line(name, _LONGEST) for name in near)}?" if near else ""
    return InputError(f"No {kind} is called '{one_line(text)}'{near_names}", hint=hint)


def _begun(text: str, known: Iterable[Candidate[T]]) -> list[Candidate[T]]:
    wanted = folded(text.strip())
    if not wanted:
        return []
    begins = re.compile(rf"(?<!\w){re.escape(wanted)}")
    return list({each.id: each for each in known if begins.search(folded(each.name))}.values())


def _near(text: str, names: Iterable[str]) -> list[str]:
    wanted = folded(text.strip()[:_LONGEST])
    spelt: dict[str, str] = {}
    for name in names:
        spelt.setdefault(folded(name), name)
    inside = [each for each in spelt if len(wanted) >= _FEWEST_LETTERS_INSIDE and wanted in each]
    alike = difflib.get_close_matches(wanted, spelt, n=_MOST_NEAR, cutoff=0.6)
    # Among names that are as near, the first letter is seldom the wrong one.
    alike.sort(key=lambda each: each[:1] != wanted[:1])
    return [spelt[each] for each in dict.fromkeys([*alike, *inside])][:_MOST_NEAR]


def _told(each: Candidate[T]) -> str:
    about = ", ".join(part for part in each.about if part)
    return f"{one_line(each.name, _LONGEST)}{f' ({about})' if about else ''} = {each.id}"
