"""Pytest fixtures: put `pytest_plugins = ["a2e_mcp.sandbox.testing"]` into a conftest.

    async def test_something(a2e_sandbox):
        async with a2e_sandbox() as sandbox: ...

A fixture that opened the sandbox itself would be left by another task than it was entered by, which its task group
does not survive; so the fixture gives the context manager, and the test opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.render_workers.pool import sharing_workers

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

OpenSandbox = Callable[[], "AbstractAsyncContextManager[Sandbox]"]


@pytest.fixture(scope="session")
def a2e_sandbox_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every sandbox of the session renders with the same warm workers; a worker that a test kills is replaced."""
    with sharing_workers(tmp_path_factory.mktemp("a2e-sandbox-workers")):
        yield


@pytest.fixture
def a2e_sandbox_settings(tmp_path: Path) -> SandboxSettings:
    """Settings for tests: a folder of the test's own, and small quick renders. Override it to change them."""
    return SandboxSettings(folder=tmp_path / "a2e-sandbox", draft=True)


@pytest.fixture
def a2e_sandbox(a2e_sandbox_settings: SandboxSettings, a2e_sandbox_workers: None) -> OpenSandbox:
    """Opens a sandbox for the length of an `async with`; opening it again finds the same folder."""
    return partial(open_sandbox, a2e_sandbox_settings)
