"""What all tests share: warm render workers; and a test that says which of A2E's calls it exercises is held to that."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from a2e_mcp.sandbox.http.journal import keeping_journal

pytest_plugins = ["a2e_mcp.sandbox.testing"]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: many tests wait for a process of their own most of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _warm_workers(a2e_sandbox_workers: None) -> None:
    """Starting a worker takes longer than most renders of the tests."""


@pytest.fixture(autouse=True)
def _does_what_it_exercises(request: pytest.FixtureRequest) -> Iterator[None]:
    markers = list(request.node.iter_markers("exercises"))
    with keeping_journal() as done:
        yield
    claimed = {call for marker in markers for call in marker.args}
    assert claimed <= set(done), f"the sandbox carried out no {', '.join(sorted(claimed - set(done)))} in this test"
