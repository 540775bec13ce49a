"""One browser for all pages that people see, and one chat in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.support.chat import Chat, open_browser, open_chat


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chat(browser: Browser) -> AsyncIterator[Chat]:
    """A chat that shows the pages of tools, one after the other."""
    async with open_chat(browser) as opened:
        yield opened
