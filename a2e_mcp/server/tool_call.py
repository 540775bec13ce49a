"""One tool call: what it gets, how it starts and prices a job, and what a hand-written tool is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from a2e_mcp.catalogue.declaration.tool import Inputs, InputsT, StartTool, Tool
from a2e_mcp.errors import InputError
from a2e_mcp.server.answers.answer import Answer, AnswerSentences, Link, two_complete
from a2e_mcp.server.answers.jobs import started_answer
from a2e_mcp.server.answers.lists import ListPage
from a2e_mcp.server.services import Services
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.starts.progress import Confirm, Deadline
from a2e_mcp.starts.service import Quoted, StartOptions

Progress = Callable[[float, str], Awaitable[None]]
"""Reports how far a call is (a share from 0 to 1) and what is happening."""


@dataclass(frozen=True, slots=True)
class Call(Generic[InputsT]):
    """One call of one tool, to be answered within its limit; it is the catalogue's `JobCall`.

    `confirm` asks the user, where the host can; the limit stands still meanwhile.
    """

    inputs: InputsT
    services: Services
    options: StartOptions
    limit: TimeLimit
    progress: Progress
    confirm: Confirm | None = None

    @property
    def within(self) -> float:
        """How many seconds are left for it."""
        return self.limit.left

    @property
    def deadline(self) -> Deadline:
        """Until when the call waits for a start, and where progress is reported."""
        return Deadline.within(self.within, self.progress, self._pausing_confirm())

    def _pausing_confirm(self) -> Confirm | None:
        confirm = self.confirm
        if confirm is None:
            return None

        async def pausing(question: str) -> float:
            with self.limit.paused():
                return await confirm(question)

        return pausing

    def answer(
        self,
        message: AnswerSentences | str,
        data: Mapping[str, Any],
        *,
        lines: Sequence[str] = (),
        links: Sequence[Link] = (),
    ) -> Answer:
        """An answer with what it says in sentences, or in one notice; `lines` tell in the text what `data` holds."""
        message = AnswerSentences(notice=message) if isinstance(message, str) else message
        return two_complete(message, data, sandbox=self.services.sandbox, lines=lines, links=links)

    def page(self, page: ListPage) -> Answer:
        """An answer that is a page of a list."""
        return self.answer("", page.complete, lines=page.shown)

    async def start(self, tool: StartTool[Any]) -> Answer:
        """Start a job of this tool's family from the inputs."""
        await self.progress(0.0, f"Starting {tool.family.about}")
        started = await self.services.starts.start(tool, self.inputs, self.options, self.deadline)
        if tool.family.gives_name:
            self.services.directory.forget()
        return started_answer(started)

    async def quote(self, tool: StartTool[Any]) -> Quoted:
        """What such a job would cost; sends nothing that is charged."""
        return await self.services.starts.quote(tool, self.inputs)


async def _has_no_price(_: Call[Any]) -> Quoted:
    raise InputError("That tool costs nothing", hint="Name a start_ tool or generate_speech")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTool(Tool[InputsT]):
    """A tool that is more than one start: an ordinary function over the services, and one for its price."""

    run: Callable[[Call[InputsT]], Coroutine[Any, Any, Answer]]
    price: Callable[[Call[InputsT]], Awaitable[Quoted]] = _has_no_price


AnyTool = StartTool[Any] | ServerTool[Any]
"""Whatever can be called: all have `run` and `price`."""


class NoInputs(Inputs):
    """A tool that takes nothing."""
