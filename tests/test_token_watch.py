"""A token in anything that a test puts out fails that test, so that a run of all tests is a scan for it."""

from __future__ import annotations

import pytest

from tests.support.paths import CHECKOUT
from tests.support.token_watch import TOKEN

PLANTED = f"""
import logging, pathlib, pytest
TOKEN = {TOKEN!r}

def test_printed(): print("Bearer " + TOKEN)
def test_on_stderr(): import sys; sys.stderr.write(TOKEN[8:])
def test_logged(): logging.getLogger("x").warning("sent %s", TOKEN)
def test_in_a_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "trace.db").write_bytes(b"\\0" + TOKEN.encode())
def test_in_a_long_file(tmp_path):
    with (tmp_path / "film").open("wb") as file:
        file.seek(2**25)
        file.write(TOKEN.encode())
@pytest.mark.keeps_token
def test_kept_on_purpose(tmp_path): (tmp_path / "mcp.json").write_text(TOKEN)
def test_clean(tmp_path): (tmp_path / "a").write_text("sk_live-"); print("sk_live-", repr(TOKEN)[:4])
"""


def test_a_planted_token_is_found_wherever_a_test_puts_it_out(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    pytester.makepyfile(PLANTED)
    plugins = (
        "-p",
        "tests.support.token_watch",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "-p",
        "no:xdist",
        "-p",
        "no:hypothesispytest",
    )
    done = pytester.runpytest_subprocess(*plugins)
    # What was planted there is not put out here.
    capsys.readouterr()
    # It is found after the test itself has passed.
    done.assert_outcomes(passed=7, errors=5)
    found = {line.split("the token stands in ")[1] for line in done.outlines if "the token stands in " in line}
    assert found == {"Captured stdout call.", "Captured stderr call.", "Captured log call.", "a/trace.db.", "film."}
