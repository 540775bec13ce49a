"""What a tool answers: a text and structured content, each complete, since some hosts show only one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SANDBOX_WORD = "SANDBOX (no real credits): "


@dataclass(frozen=True, slots=True)
class Link:
    """A finished file or a page, for a resource link; without `media_type` its address says what it is."""

    url: str
    name: str
    media_type: str | None = None
    size: int | None = None
    """Bytes, where they are known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A short text for the model, structured content for code, and links to finished files."""

    text: str
    structured: dict[str, Any]
    links: Sequence[Link] = field(default=())

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the text and of the structured content."""
        return len(self.text.encode()), len(json.dumps(self.structured, ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentences:
    """What an answer says in sentences; those that are empty are left out.

    `charged` is what a start cost, `notice` what else happened, `next` what to do, without the word "Next:".
    """

    charged: str = ""
    notice: str = ""
    warning: str = ""
    next: str = ""


def two_complete(
    message: AnswerSentences,
    data: Mapping[str, Any],
    *,
    sandbox: bool,
    lines: Sequence[str] = (),
    links: Sequence[Link] = (),
) -> Answer:
    """An answer whose text and whose structured content each say everything.

    `lines` tell in the text what `data` holds; in the text every link that they lack follows on a line of its own.
    """
    sentences = {"charged": message.charged, "notice": message.notice, "warning": message.warning, "next": message.next}
    shown = [" ".join(filter(None, (message.charged, message.notice, message.warning))), *lines]
    shown.append(message.next and f"Next: {message.next}")
    shown += [link.url for link in links if link.url not in lines]
    text = "\n".join(filter(None, shown))
    filled = {name: sentence for name, sentence in sentences.items() if sentence}
    return Answer(f"{SANDBOX_WORD if sandbox else ''}{text}", {"sandbox": sandbox, **filled, **data}, links)
