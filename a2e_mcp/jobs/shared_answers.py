"""Answers that are shared by everyone who asks the same at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from a2e_mcp.errors import A2EError

KeyT = TypeVar("KeyT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


@dataclass
class _SharedRequest(Generic[AnswerT]):
    """A question on its way, or answered at a time; when its asker was cancelled it has neither answer nor problem."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: AnswerT | None = None
    problem: A2EError | None = None
    answered_at: float = 0.0


class SharedAnswers(Generic[KeyT, AnswerT]):
    """Asks once for all who ask while the answer is on its way, or so many seconds after it has come."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._questions: dict[KeyT, _SharedRequest[AnswerT]] = {}

    async def get(self, key: KeyT, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """The answer, asked for unless it is known or on its way. Raises A2EError, which is never kept."""
        while (question := self._questions.get(key)) is not None and self._holds(question):
            await question.done.wait()
            if question.problem is not None:
                raise question.problem.advised()
            if question.answer is not None:
                return question.answer
        return await self._ask(key, ask)

    def forget(self, key: KeyT) -> None:
        """Ask anew from now on."""
        self._questions.pop(key, None)

    def _holds(self, question: _SharedRequest[AnswerT]) -> bool:
        if not question.done.is_set():
            return True
        return question.answer is not None and _now() - question.answered_at < self._seconds

    async def _ask(self, key: KeyT, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        self._drop_old()
        self._questions.pop(key, None)
        question = self._questions[key] = _SharedRequest[AnswerT]()
        try:
            answer = question.answer = await ask()
        except A2EError as problem:
            question.problem = problem
            raise
        finally:
            question.answered_at = _now()
            question.done.set()
            if question.answer is None and self._questions.get(key) is question:
                # Those who wait have it; a problem that is kept keeps all that its call was working with.
                del self._questions[key]
        return answer

    def _drop_old(self) -> None:
        """Forget what no one is answered with any more; the oldest stand first."""
        for key, question in list(self._questions.items()):
            if self._holds(question):
                break
            del self._questions[key]


def _now() -> float:
    return asyncio.get_running_loop().time()
