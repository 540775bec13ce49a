"""A pytest suite on the sandbox: no network, no credits, and every failure of A2E on demand.

pip install "a2e-mcp[sandbox]" pytest pytest-asyncio
pytest -o asyncio_mode=auto examples/test_my_agent.py
"""

from collections.abc import Awaitable, Callable

import pytest

from a2e_mcp import A2EClient
from a2e_mcp.catalogue import voices
from a2e_mcp.errors import A2EError
from a2e_mcp.sandbox.testing import OpenSandbox

pytest_plugins = ["a2e_mcp.sandbox.testing"]
Greet = Callable[[str], Awaitable[str]]


async def greeting(a2e: A2EClient, text: str) -> str:
    """The code under test: the URL of a spoken greeting, or why there is none."""
    groups = (await a2e.call(voices.LIST_VOICES, voices.VoiceQuery())).rows
    voice = groups[0].children[0].value
    try:
        return str((await a2e.call(voices.SPEAK, voices.SpeechRequest(msg=text, tts_id=voice))).url)
    except A2EError as problem:
        return f"No greeting today: {problem.message}"


@pytest.fixture
def greet(a2e_sandbox: OpenSandbox) -> Greet:
    """The code under test with a sandbox of its own in place of A2E."""

    async def greet(text: str) -> str:
        async with (
            a2e_sandbox() as sandbox,
            A2EClient(sandbox.token, base_url=sandbox.base_url, transport=sandbox.transport()) as a2e,
        ):
            return await greeting(a2e, text)

    return greet


async def test_a_greeting_is_spoken(greet: Greet) -> None:
    assert (await greet("Good morning.")).endswith(".mp3")


@pytest.mark.parametrize(("words", "reason"), [("[sandbox:no_credits]", "credits"), ("[sandbox:busy]", "busy")])
async def test_a_refusal_is_explained(greet: Greet, words: str, reason: str) -> None:
    assert reason in await greet(f"Good morning. {words}")
