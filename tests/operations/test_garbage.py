"""The search for garbage neither lengthens a server's start nor stops its calls, and is never left off."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from a2e_mcp.operations.garbage import no_search
from tests.support.paths import CHECKOUT

_A_SERVER_THAT_IS_OPEN = """
import gc
from a2e_mcp.operations.garbage import keep_what_is_loaded
before = gc.get_threshold()[0]
keep_what_is_loaded()
print(gc.isenabled(), gc.get_freeze_count() > 1000, gc.get_threshold()[0] > before)
"""


def test_imports_are_not_searched_and_the_search_is_on_afterwards_even_if_they_fail() -> None:
    def fail() -> None:
        with no_search():
            assert not gc.isenabled()
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert gc.isenabled()


def test_what_a_server_has_loaded_is_left_out_of_each_search() -> None:
    command = [sys.executable, "-c", _A_SERVER_THAT_IS_OPEN]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3
