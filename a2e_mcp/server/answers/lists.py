"""Avatars, voices and languages as rows and pages: what tools and resources show of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from a2e_mcp.text import at_word_end, counted, folded, one_line, rows_unread, sentences

if TYPE_CHECKING:
    from a2e_mcp.catalogue.declaration.tool import AvatarChoice, VoiceChoice
    from a2e_mcp.lookup.languages import Language

Gender = Literal["female", "male"]
Owner = Literal["own", "public"]
Page = Annotated[int, Field(ge=1, le=1000)]

ROWS = 10
"""Rows on a page by default."""

_LONGEST_NAME = 120
_LARGEST_PAGE = 5_900
"""Bytes of an answer's text and structured content together."""


def filter_words(**filters: str | None) -> str:
    """What a list was narrowed to, in the words of its inputs, such as `name aria, any language`."""
    return ", ".join(f"{name} {one_line(value)}" for name, value in filters.items() if value is not None)


def is_called(name: str, wanted: str | None) -> bool:
    """Whether every word that is wanted is in a name, in whatever order, with or without accents."""
    return wanted is None or all(word in folded(name) for word in folded(wanted).split())


def chosen_avatars(
    known: Sequence[AvatarChoice], *, name: str | None = None, gender: str | None = None, owner: str | None = None
) -> list[AvatarChoice]:
    """Avatars that match; one of unknown gender is left out when a gender is asked for."""
    return [
        each
        for each in known
        if is_called(each.name, name)
        and (gender is None or each.gender == gender)
        and (owner is None or each.own == (owner == "own"))
    ]


def avatar_row(avatar: AvatarChoice) -> dict[str, Any]:
    """An avatar as one row of a list."""
    row: dict[str, Any] = {"id": avatar.id, "name": at_word_end(avatar.name, _LONGEST_NAME), "own": avatar.own}
    return row | {
        name: value for name, value in (("gender", avatar.gender), ("preview", avatar.cover)) if value is not None
    }


def voice_row(voice: VoiceChoice) -> dict[str, Any]:
    """A voice as one row of a list."""
    known = {"language": voice.language, "own": voice.own, "gender": voice.gender, "preview": voice.sample}
    given = {name: value for name, value in known.items() if value not in (None, "")}
    return {"id": voice.id, "name": at_word_end(voice.name, _LONGEST_NAME), **given}


def language_row(language: Language) -> dict[str, Any]:
    """A language as one row of a list."""
    return {"code": language.code, "name": language.name} | ({"note": language.note} if language.note else {})


def page_of(rows: Sequence[dict[str, Any]], page: int, size: int = ROWS) -> list[dict[str, Any]]:
    """One page of rows; pages count from 1."""
    return list(rows[(page - 1) * size : page * size])


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of rows: the line above them, one line each, what structured content holds, and a hint below them."""

    head: str
    lines: Sequence[str]
    data: Mapping[str, Any]
    hint: str = ""

    @property
    def shown(self) -> Sequence[str]:
        """The whole page as lines of a text."""
        return [self.head, *self.lines, *([self.hint] if self.hint else [])]

    @property
    def complete(self) -> Mapping[str, Any]:
        """The whole page as structured content."""
        return {"notice": sentences(self.head.rstrip(":"), self.hint), **self.data}


def page_of_rows(
    kind: str,
    rows: Sequence[dict[str, Any]],
    page: int,
    size: int = ROWS,
    *,
    hint: str = "",
    narrowed: str = "",
    unread: int = 0,
) -> ListPage:
    """A page; links to previews are left out when it would get too large.

    `narrowed` says what it was narrowed to, `unread` how many rows could not be read.
    """
    pages = -(-len(rows) // size)
    shown = page_of(rows, page, size)
    bare = [{name: value for name, value in row.items() if name != "preview"} for row in shown]
    head = list_head(kind, len(rows), page, pages, narrowed)
    counts: dict[str, Any] = {"total": len(rows), "page": page, "pages": pages}
    if narrowed:
        counts["filter"] = narrowed
    hint = sentences(rows_unread(unread), hint)
    return first_that_fits(
        ListPage(head, [_line(row) for row in seen], {kind: given, **counts}, hint)
        for seen, given in ((shown, shown), (bare, shown), (bare, bare))
    )


def first_that_fits(pages: Iterable[ListPage]) -> ListPage:
    """The first form of a page that is small enough, or the last."""
    *larger, last = pages
    return next((page for page in larger if fits(page)), last)


def fits(page: ListPage) -> bool:
    """Whether a page is small enough for an answer."""
    text, data = "\n".join(page.shown), json.dumps(page.complete, ensure_ascii=False)
    return len(text.encode()) + len(data.encode()) <= _LARGEST_PAGE


def list_head(kind: str, total: int, page: int, pages: int, narrowed: str) -> str:
    """The first line of a list: how many of a kind there are, and to what the list was narrowed."""
    only = f" ({narrowed})" if narrowed else ""
    if not total:
        return f"No {kind} match{only}."
    return page_line(f"{counted(total, kind.removesuffix('s'))}{only}", page, pages)


def page_line(about: str, page: int, pages: int) -> str:
    """The first line of a page of rows: how many there are, which page this is, and which comes next."""
    if page > max(1, pages):
        return f"{about}, but there is no page {page}: the last is page={max(1, pages)}."
    more = f" (next: page={page + 1})" if page < pages else ""
    if pages > 1:
        return f"{about}, page {page} of {pages}{more}:"
    return f"{about}:" if pages else f"{about}."


def _line(row: dict[str, Any]) -> str:
    parts = [row.get("gender"), row.get("language"), "own" if row.get("own") else None, row.get("note")]
    known = ", ".join(part for part in parts if part)
    key = row.get("id") or row.get("code")
    preview = f", preview {row['preview']}" if row.get("preview") else ""
    return f"{one_line(row['name'])}{f' ({known})' if known else ''} = {key}{preview}"
