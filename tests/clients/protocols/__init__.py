"""The providers' protocols, as far as clients need them: what a request shows, and how a turn is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tests.clients.model import Call, Say, Shown
from tests.clients.protocols import anthropic, gemini, openai_chat, openai_responses

MODELS = ("gpt-4o", "gpt-5", "claude-sonnet-4-5", "gemini-2.5-flash")
ASIDE = {"totalTokens": 1, "input_tokens": 1}
"""The answer to requests that are not the model's turn."""


class ModelProtocol(Protocol):
    """One provider's protocol; each module of this folder is one."""

    @property
    def PATHS(self) -> tuple[str, ...]:
        """How the paths end at which the model is asked."""

    def read(self, body: Mapping[str, Any], /) -> Shown:
        """What a request shows the model."""

    def write(self, turn: Call | Say, /) -> dict[str, Any]:
        """The turn as an answer."""

    def is_stream(self, path: str, body: Mapping[str, Any], /) -> bool:
        """Whether the answer is wanted in pieces."""

    def stream(self, answer: Mapping[str, Any], /) -> Iterator[str]:
        """An answer in pieces."""


_ALL: tuple[ModelProtocol, ...] = (openai_chat, openai_responses, anthropic, gemini)


def protocol_of(path: str) -> ModelProtocol | None:
    """The protocol whose turn a request asks for; None when it asks for something else."""
    plain = path.partition("?")[0]
    return next((each for each in _ALL if plain.endswith(each.PATHS)), None)
