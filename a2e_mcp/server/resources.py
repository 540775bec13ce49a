"""Avatars, voices, languages and jobs as resources, with completions for the parameters in their addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp.types import Completion, CompletionArgument, CompletionContext, PromptReference, ResourceTemplateReference

from a2e_mcp.errors import A2EError, InputError, NotFound
from a2e_mcp.server.answers import lists
from a2e_mcp.server.answers.failures import failure_text
from a2e_mcp.server.calls import Unfinished, unfinished
from a2e_mcp.server.lifespan import opened
from a2e_mcp.server.permissions import addressed
from a2e_mcp.server.protocol_output import resource_json
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.server.tool_prefix import prefixed
from a2e_mcp.text import clean_line, folded
from a2e_mcp.users.caller import current

if TYPE_CHECKING:
    from a2e_mcp.server.services import Services

T = TypeVar("T")

_MOST_COMPLETIONS = 100
_GENDERS = ("female", "male")
_OWNERS = ("own", "public")
_FIXED: Mapping[str, Sequence[str]] = {"gender": _GENDERS, "owner": _OWNERS}

Open = Callable[[], Awaitable["Services"]]


def offer_completions(
    server: MCPServer[Any], open_services: Open, prefix: str, seconds: float, contact: str
) -> Resources:
    """Let a server complete arguments, and return its resources to register later.

    `prefix` precedes tool names; everything is answered within so many seconds; users are sent to `contact`.
    """
    resources = Resources(open_services, prefix, seconds, contact)
    # The SDK's decorator carries no types of its own.
    offer: Any = server.completion
    offer()(resources.complete)
    return resources


class Resources:
    """The resources of one server."""

    def __init__(self, open_services: Open, prefix: str, seconds: float, contact: str) -> None:
        self._contact = contact
        self._open = open_services
        self._prefix = prefix
        self._seconds = seconds

    def register(self, server: MCPServer[Any]) -> None:
        """Add the resources to a server."""
        for address, title, about, read in (
            ("a2e://avatars", "Avatars", "The first ten avatars", self.first_avatars),
            ("a2e://avatars{?page,gender,owner}", "Avatars, a page", "Ten avatars a page", self.avatars),
            ("a2e://avatars/{avatar_id}", "One avatar", "An avatar by id or name", self.avatar),
            ("a2e://voices", "Voices", "Voices that speak US English", self.first_voices),
            ("a2e://voices/{language}", "Voices of a language", "For example es-MX", self.voices),
            ("a2e://languages", "Languages", "Languages that voices speak", self.languages),
            ("a2e://jobs/{job_id}", "One job", "A job by its job_id", self.job),
        ):
            described = prefixed(about, self._prefix)
            server.resource(address, title=title, description=described, mime_type="application/json")(read)

    async def first_avatars(self) -> str:
        return await self.avatars()

    async def first_voices(self) -> str:
        return await self.voices("en-US")

    async def avatars(self, page: str = "1", gender: str = "", owner: str = "") -> str:
        if not page.isascii() or not page.isdigit() or not 1 <= int(page[:6]) <= 1000:
            raise ResourceNotFoundError("page must be a number from 1 to 1000")
        if gender not in ("", *_GENDERS) or owner not in ("", *_OWNERS):
            raise ResourceNotFoundError("gender must be female or male, owner own or public")

        async def read(services: Services) -> object:
            known = await services.directory.avatars()
            found = lists.chosen_avatars(known, gender=gender or None, owner=owner or None)
            rows = lists.page_of([lists.avatar_row(each) for each in found], int(page))
            return {"avatars": rows, "total": len(found), "page": int(page), "sandbox": services.sandbox}

        return await self._json(read)

    async def avatar(self, avatar_id: str) -> str:
        async def read(services: Services) -> object:
            return lists.avatar_row(await services.directory.avatar(avatar_id)) | {"sandbox": services.sandbox}

        return await self._json(read)

    async def voices(self, language: str) -> str:
        async def read(services: Services) -> object:
            found = await services.directory.voices_in(language)
            return {"voices": [lists.voice_row(each) for each in found[:40]], "total": len(found)}

        return await self._json(read)

    async def languages(self) -> str:
        async def read(services: Services) -> object:
            known = await services.directory.languages()
            return {"languages": [lists.language_row(each) for each in known]}

        return await self._json(read)

    async def job(self, job_id: str) -> str:
        from a2e_mcp.ledger.job_ids import parse_job_id
        from a2e_mcp.server.answers.jobs import job_data

        async def read(services: Services) -> object:
            return job_data(await services.jobs.check(parse_job_id(job_id, sandbox=services.sandbox)))

        return await self._json(read)

    async def complete(
        self,
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        try:
            known = await self._in_time(lambda services: _choices(services, argument.name))
        except (A2EError, ToolError):
            # A completion is a convenience: without an answer there is none.
            return None
        known = [clean_line(each) for each in known]
        begun = folded(argument.value)
        found = [each for each in dict.fromkeys(known) if folded(each).startswith(begun)]
        found += [each for each in dict.fromkeys(known) if begun in folded(each) and each not in found]
        return Completion(values=found[:_MOST_COMPLETIONS], total=len(found), has_more=len(found) > _MOST_COMPLETIONS)

    async def _in_time(self, read: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
        limit = TimeLimit(self._seconds)
        services = await opened(self._open, limit)
        try:
            return await services.calls.within(limit, read(services))
        except Unfinished as problem:
            raise unfinished(problem, limit) from None

    async def _json(self, read: Callable[[Services], Coroutine[Any, Any, object]]) -> str:
        try:
            return resource_json(await self._in_time(read), self._prefix)
        except (NotFound, InputError) as problem:
            raise ResourceNotFoundError(
                prefixed(failure_text(problem, "reads", can_be_charged=False), self._prefix)
            ) from None
        except A2EError as problem:
            told = addressed(problem, current(), self._contact)
            raise ResourceError(prefixed(failure_text(told, "reads", can_be_charged=False), self._prefix)) from None
        except ToolError as problem:
            raise ResourceError(prefixed(str(problem), self._prefix)) from None


async def _choices(services: Services, name: str) -> Sequence[str]:
    if name in ("avatar", "avatar_id"):
        return [each.name for each in await services.directory.avatars()]
    if name == "voice":
        return [each.name for each in await services.directory.voices_in("en-US")]
    if name in ("language", "languages"):
        return [each.code for each in await services.directory.languages()]
    if name == "job_id":
        entries = await services.ledger.recent(most=50)
        return [job.job_id for entry in entries for job in services.jobs.of_entry(entry)]
    return _FIXED.get(name, ())
