"""Matching a given name with the known names: one match, or an error that lists the candidates.

Case and accents are ignored. The beginning of a word matches if it fits one name only; other parts of a word do not,
since the match is paid for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from a2e_mcp.errors import AmbiguousName, Charged, InputError
from a2e_mcp.text import folded, one_line, rows_unread

_MOST_CANDIDATES = 6
_MOST_NEAR = 3
_LONGEST = 80
_FEWEST_LETTERS_INSIDE = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A named record; `about` distinguishes it from others of the same name."""

    id: str
    name: str
    value: T
    about: Sequence[str | None] = ()


def exact_matches(text: str, known: Iterable[Candidate[T]]) -> list[Candidate[T]]:
    """The candidates of exactly this name; accents decide only between names that differ in nothing else."""
    wanted = text.strip()
    unique = list({each.id: each for each in known}.values())
    spelt = [each for each in unique if each.name.strip().casefold() == wanted.casefold()]
    plain = folded(wanted)
    return spelt or [each for each in unique if folded(each.name.strip()) == plain]


def pick_one(text: str, known: Sequence[Candidate[T]], kind: str, *, hint: str, unread: int = 0) -> T:
    """The one candidate of this name, or with a word that begins like it; of so many rows the name cannot be read.

    Raises AmbiguousName with the candidates, or InputError with similar names and the `hint`.
    """
    found = exact_matches(text, known) or _with_word_prefix(text, known)
    if len(found) == 1:
        return found[0].value
    if found:
        raise ambiguous_error(text, found, kind)
    raise not_found_error(text, known, kind, hint=hint, unread=unread)


def exactly_one(text: str, known: Sequence[Candidate[T]], kind: str, *, hint: str, unread: int = 0) -> T:
    """The one candidate of exactly this name, for a change that cannot be undone and is free."""
    found = exact_matches(text, known)
    if len(found) == 1:
        return found[0].value
    if found:
        raise ambiguous_error(text, found, kind, hint="Ask the user which one", charged=None)
    raise not_found_error(text, known, kind, hint=hint, charged=None, unread=unread)


def ambiguous_error(
    text: str,
    found: Sequence[Candidate[T]],
    kind: str,
    *,
    hint: str = "Use one of these ids",
    charged: Charged | None = Charged.NOTHING,
) -> AmbiguousName:
    """The error for a name that several candidates match."""
    shown = ", ".join(_described(each) for each in found[:_MOST_CANDIDATES])
    more = f" and {len(found) - _MOST_CANDIDATES} more" if len(found) > _MOST_CANDIDATES else ""
    return AmbiguousName(f"'{one_line(text)}' matches several {kind}s: {shown}{more}", hint=hint, charged=charged)


def not_found_error(
    text: str,
    known: Iterable[Candidate[T]],
    kind: str,
    *,
    hint: str,
    charged: Charged | None = Charged.NOTHING,
    unread: int = 0,
) -> InputError:
    """The error for a name that no candidate matches; it may be in the rows that could not be read."""
    near = _near(text, [each.name for each in known])
    near_names = f"; did you mean {_either([one_line(name, _LONGEST) for name in near])}?" if near else ""
    message = f"{kind[0].upper()}{kind[1:]} not found: '{one_line(text)}'{near_names}"
    if unread:
        # What could not be read is not the same as what is not there.
        message = f"{message}. {rows_unread(unread).removesuffix('.')}, and it may be one of them"
    return InputError(message, hint=hint, charged=charged)


def _with_word_prefix(text: str, known: Iterable[Candidate[T]]) -> list[Candidate[T]]:
    wanted = folded(text.strip())
    inside = [each for each in known if wanted and wanted in folded(each.name)]
    if not inside:
        return []
    begins = re.compile(rf"(?<!\w){re.escape(wanted)}")
    return list({each.id: each for each in inside if begins.search(folded(each.name))}.values())


def _near(text: str, names: Iterable[str]) -> list[str]:
    wanted = folded(text.strip()[:_LONGEST])
    spelt: dict[str, str] = {}
    for name in names:
        spelt.setdefault(folded(name), name)
    inside = [each for each in spelt if len(wanted) >= _FEWEST_LETTERS_INSIDE and wanted in each]
    alike = difflib.get_close_matches(wanted, spelt, n=_MOST_NEAR, cutoff=0.6)
    # Among equally similar names, those with the same first letter come first.
    alike.sort(key=lambda each: each[:1] != wanted[:1])
    return [spelt[each] for each in dict.fromkeys([*alike, *inside])][:_MOST_NEAR]


def _either(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _described(each: Candidate[T]) -> str:
    about = ", ".join(part for part in each.about if part)
    return f"{one_line(each.name, _LONGEST)}{f' ({about})' if about else ''} = {each.id}"
