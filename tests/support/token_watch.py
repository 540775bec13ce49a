"""The token that tests use, and a look for it in all that they put out: a pytest plugin, loaded by the conftest.

Nothing that the product says or writes may hold it: answers, the output of processes, what is logged, and every file in
a test's folder. Tests of what keeps the token on purpose are marked `keeps_token`; their files are not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest

TOKEN = "_".join(["sk", "live-q7Zk3vX9mT2wB5yH"])
"""What every test that needs a token should use."""
_TELLING = TOKEN[-12:]
"""A part of it says too much already."""
_LONG = 2**24
MARKER = "keeps_token: files of this test may hold the token, since keeping it is what is tested"


def without_token(text: str, where: str) -> str:
    """The text, which must not hold the token."""
    assert _TELLING not in text, f"The token stands in {where}."
    return text


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test fail whose output, log or files hold the token."""
    report = yield
    if call.when == "teardown" and report.passed and (places := sorted(_places(item, report))):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: the token stands in {', '.join(places)}."
    return report


def _places(item: pytest.Item, report: pytest.TestReport) -> Iterator[str]:
    yield from {name for name, text in report.sections if _TELLING in text}
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(folder, Path) and item.get_closest_marker("keeps_token") is None:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and _holds_token(path):
                yield str(path.relative_to(folder))


def _holds_token(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return any(_TELLING.encode() in part for part in _written(file))
    except PermissionError:
        return False


def _written(file: BinaryIO) -> Iterator[bytes]:
    """What was written into a file; the holes of one that was only made long are left out."""
    found = os.fstat(file.fileno())
    if not hasattr(os, "SEEK_DATA") or found.st_size < _LONG:
        yield file.read()
        return
    end = 0
    with suppress(OSError):
        while True:
            begin = file.seek(end, os.SEEK_DATA)
            end = file.seek(begin, os.SEEK_HOLE)
            file.seek(begin)
            yield file.read(end - begin)
