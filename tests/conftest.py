"""What all tests share: warm render workers, programs that are forked, few examples of Hypothesis, and the check of the
`exercises` marker."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from a2e_mcp.sandbox.http.journal import keeping_journal
from tests.support.forked_program import forking_programs

pytest_plugins = ["a2e_mcp.sandbox.testing", "tests.support.token_watch", "tests.support.postgresql", "pytester"]

# No deadlines: how long an example takes depends on what else the computer does.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("long", max_examples=1000, deadline=None)
settings.load_profile("quick")

# A shell's background job ignores Ctrl-C, and one under nohup a closed terminal: the programs that the tests start and
# interrupt would inherit that.
for _name, _usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if (_signal := getattr(signal, _name, None)) is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are cores: many tests wait for a process of their own most of their time."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session", autouse=True)
def _warm_workers(a2e_sandbox_workers: None) -> None:
    """Starting a worker takes longer than most renders of the tests."""


# What is imported and collected stays: no search for garbage needs to walk through it, now or later.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on there is garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of our tests."""
    about = "start each program in an interpreter of its own instead of forking one that has imported it"
    parser.addoption("--new-interpreters", action="store_true", help=about)


@pytest.fixture(scope="session", autouse=True)
def _forked_programs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Importing the program takes longer than most of what the tests ask of it."""
    with forking_programs(is_preferred=not request.config.getoption("--new-interpreters")):
        yield


@pytest.fixture(autouse=True)
def _does_what_it_exercises(request: pytest.FixtureRequest) -> Iterator[None]:
    markers = list(request.node.iter_markers("exercises"))
    with keeping_journal() as done:
        yield
    claimed = {call for marker in markers for call in marker.args}
    assert claimed <= set(done), f"the sandbox carried out no {', '.join(sorted(claimed - set(done)))} in this test"
