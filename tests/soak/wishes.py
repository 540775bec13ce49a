"""What is wanted in a soak, and a model that sees only answers: it repeats what failed as a chat does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.soak.server_process import LiveServer, ServerKilled

OWN_MARK = "ffffffff"
_WORDS = "waves harbour lantern meadow copper violin morning glacier orchard thunder"


@dataclass(slots=True)
class Wish:
    """One thing that the user wants once; `job_id` is set when it is certainly under way or made."""

    number: int
    tool: str
    arguments: dict[str, Any]
    max_credits: float | None = None
    steps: Sequence[str] = ()
    job_id: str | None = None
    refused: str | None = None
    asked_at: float | None = None
    """When the model was first told that the job is not in the account."""
    again: bool = False
    agreed: int = 0
    """How often the user has said that it may be paid again."""
    last: str = ""
    calls: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.job_id is not None or self.refused is not None


def make_wishes(count: int, dice: random.Random, picture: str, file: str) -> list[Wish]:
    """So many different wishes; one in five with a ceiling that is tight or too low."""
    return [_wish(number, dice, picture, file) for number in range(1, count + 1)]


def _wish(number: int, dice: random.Random, picture: str, file: str) -> Wish:
    words = " ".join(dice.sample(_WORDS.split(), 4))
    text = f"Take {number} of the {words}."
    kind = dice.choices(("picture", "speech", "clip", "upload", "video"), (50, 12, 18, 8, 12))[0]
    match kind:
        case "picture":
            wish = Wish(number, "start_text_to_image", {"prompt": text}, steps=("text_to_image",))
            prices = (9.0, 10.0, 25.0)
        case "speech":
            wish = Wish(number, "generate_speech", {"script": text, "voice": "Aria (en-US)"}, steps=("speech",))
            prices = (0.0, 1.0, 4.0)
        case "clip" | "upload":
            image = picture if kind == "clip" else file
            wish = Wish(number, "start_image_to_video", {"image": image, "prompt": text}, steps=("image_to_video",))
            prices = (60.0, 100.0, 120.0)
        case _:
            script = text * dice.choice((1, 1, 3))
            arguments = {"script": script, "voice": "Aria (en-US)", "avatar": "Ada"}
            wish = Wish(number, "start_avatar_video", arguments, steps=("speech", "avatar_video"))
            prices = (3.0, 7.0, 30.0)
    if dice.random() < 0.2:
        wish.max_credits = dice.choice(prices)
        wish.arguments["max_credits"] = wish.max_credits
    return wish


@dataclass
class Model:
    """Makes wishes come true through servers that fail, and notes what must never be seen."""

    servers: Sequence[LiveServer]
    dice: random.Random
    call_seconds: float
    user_seconds: float
    spare_seconds: float
    calls: int = 0
    unanswered: int = 0
    longest: float = 0.0
    late: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    accidents: int = 0

    async def try_once(self, wish: Wish) -> None:
        """Ask for a wish; what comes of it is noted there."""
        arguments = {**wish.arguments, **({"again": True} if wish.again else {})}
        server = self.dice.choice(self.servers)
        answer = await self.call(server, wish.tool, arguments)
        wish.calls += 1
        wish.agreed += wish.again
        if answer is not None:
            self._learn(wish, answer)

    async def call(self, server: LiveServer, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """A tool's result; None when the server was killed or did not answer in time."""
        self.calls += 1
        # How long a server takes to start again after it was killed is no part of its answer.
        await server.up()
        began = asyncio.get_running_loop().time()
        try:
            result = await server.call(tool, arguments, self.call_seconds + 60)
        except ServerKilled:
            self.unanswered += 1
            return None
        except TimeoutError:
            self.late.append(f"{tool} was not answered")
            return None
        took = asyncio.get_running_loop().time() - began
        self.longest = max(self.longest, took)
        if took > self.call_seconds + self.spare_seconds:
            self.late.append(f"{tool} was answered after {took:.1f} s")
        text = text_of(result)
        if "Internal error" in text or "Traceback" in text:
            self.internal.append(text[:300])
        return result

    def _learn(self, wish: Wish, result: Mapping[str, Any]) -> None:
        wish.last = text = text_of(result)
        if not result.get("isError"):
            job_id = str(result["structuredContent"]["job_id"])
            if is_final(job_id, result["structuredContent"]):
                wish.job_id, wish.refused = job_id, None
            return
        if "ceiling of" in text or "allowed in 24 hours are spent" in text:
            wish.refused = text
        elif (
            "the job is not in the account" in text or "cannot be looked for" in text or "is not under way now" in text
        ):
            # The user says yes to what is suggested, once enough time has passed.
            now = asyncio.get_running_loop().time()
            wish.asked_at = wish.asked_at or now
            wish.again = now - wish.asked_at >= self.user_seconds
        elif "again=true" not in text:
            wish.again = False

    async def repeat(self, wish: Wish) -> None:
        """Ask for what is there already, as a model does that has lost the thread: it must be the same job."""
        answer = await self.call(self.dice.choice(self.servers), wish.tool, wish.arguments)
        if answer is None or answer.get("isError"):
            return
        job_id = str(answer["structuredContent"]["job_id"])
        if job_id != wish.job_id and OWN_MARK not in job_id:
            self.twice.append(f"{wish.tool} {wish.number}: {wish.job_id}, then {job_id}")


def text_of(result: Mapping[str, Any]) -> str:
    """The text of a tool's result."""
    return "\n".join(block.get("text", "") for block in result.get("content", ()))


def is_final(job_id: str, content: Mapping[str, Any]) -> bool:
    """Whether a start has left: it has A2E's id, or is what gets none and has its result."""
    return f":{OWN_MARK}" not in job_id or bool(content.get("results"))
