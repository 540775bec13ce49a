"""Magic inputs: words in any text of a start that force a failure or a slowness, like the test cards of a bank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from a2e_mcp.sandbox.errors import Refusal

When = Literal["before", "after", "job"]

_WORD = re.compile(r"\[sandbox:([^\]\s]{1,40})\]")
_TEXT_FIELDS = ("name", "title", "prompt", "msg", "script", "text", "sandbox_script")


@dataclass(frozen=True, slots=True)
class MagicWord:
    """One word: when it acts, what it does, and what is charged. The docs are made from this table."""

    name: str
    when: When
    effect: str
    money: str

    @property
    def written(self) -> str:
        """As it is put into a text."""
        return f"[sandbox:{self.name}]"


MAGIC_WORDS = (
    MagicWord("fail", "job", "the job fails midway", "charged, then refunded"),
    MagicWord("slow", "job", "the job takes 600 s by the sandbox's clock", "charged"),
    MagicWord("odd_status", "job", "while running, the status is an unknown word", "charged"),
    MagicWord("no_credits", "before", "HTTP 400, insufficient coins", "not charged"),
    MagicWord("moderated", "before", "HTTP 403, code 1003: a minor was detected", "not charged"),
    MagicWord(
        "suspected",
        "before",
        "HTTP 403, code 1004: a minor is suspected, unless minor_suspected_skip is true",
        "not charged",
    ),
    MagicWord("busy", "before", "HTTP 429 with Retry-After", "not charged"),
    MagicWord("down", "before", "HTTP 503", "not charged"),
    MagicWord("content", "before", "HTTP 200 with code 0 and no job: content detected", "not charged"),
    MagicWord("expired_token", "before", "HTTP 200 with code 401", "not charged"),
    MagicWord("cut_answer", "after", "the answer ends in the middle", "charged: the job exists"),
    MagicWord("unreadable", "after", "the answer is an HTML page", "charged: the job exists"),
)

_KNOWN = {word.name: word for word in MAGIC_WORDS}


def magic_in(body: Mapping[str, Any]) -> frozenset[str]:
    """The names of the magic words in a start's texts. Raises Refusal for one that does not exist."""
    texts = [value for field in _TEXT_FIELDS if isinstance(value := body.get(field), str)]
    found = frozenset(name for text in texts for name in _WORD.findall(text))
    if unknown := sorted(found - set(_KNOWN)):
        known = ", ".join(_KNOWN)
        raise Refusal(f"Sandbox: unknown magic word {unknown[0]!r}; known are {known}")
    return found


def acting(names: Iterable[str], when: When) -> frozenset[str]:
    """Those of the words that act at this moment."""
    return frozenset(name for name in names if _KNOWN[name].when == when)


def without_magic(text: str) -> str:
    """A text as it is spoken or drawn."""
    return " ".join(_WORD.sub(" ", text).split()) if "[sandbox:" in text else text


def refuse_by_magic(names: frozenset[str], body: Mapping[str, Any]) -> None:
    """Refuse before anything is created or charged. Raises Refusal when a word asks for it."""
    for name in sorted(acting(names, "before")):
        if name == "suspected" and body.get("minor_suspected_skip") is True:
            continue
        if name == "content" and body.get("force_generate") is True:
            continue
        raise _REFUSALS[name]()


_REFUSALS = {
    "no_credits": lambda: Refusal("insufficient coins: [sandbox:no_credits] asked for this"),
    "moderated": lambda: Refusal("Minor detected: [sandbox:moderated] asked for this", status=403, code=1003),
    "suspected": lambda: Refusal(
        "Suspected minor: [sandbox:suspected] asked for this; confirm with minor_suspected_skip",
        status=403,
        code=1004,
    ),
    "busy": lambda: Refusal(
        "Too many requests: [sandbox:busy] asked for this", status=429, headers={"Retry-After": "1"}
    ),
    "down": lambda: Refusal("Service unavailable: [sandbox:down] asked for this", status=503),
    "content": lambda: Refusal("content detected: [sandbox:content] asked for this", status=200, code=0),
    "expired_token": lambda: Refusal("Token expired: [sandbox:expired_token] asked for this", status=200, code=401),
}
