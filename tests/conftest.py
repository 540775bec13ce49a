"""What all tests share: the sandbox's warm workers."""

from __future__ import annotations

import pytest

pytest_plugins = ["a2e_mcp.sandbox.testing"]


@pytest.fixture(scope="session", autouse=True)
def _warm_workers(a2e_sandbox_workers: None) -> None:
    """Starting a worker takes longer than most renders of the tests."""
