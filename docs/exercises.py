"""Which test exercises which of A2E's calls: read from the tests' own markers, which the tests are held to.

    @pytest.mark.exercises("start_face_swap", "get_face_swap")
    async def test_a_face_is_swapped(...)

Such a test fails when the sandbox did not carry out each of these calls in it (`tests/conftest.py`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

_MARKER = "pytest.mark.exercises"


@dataclass(frozen=True, slots=True)
class Exercise:
    """A test, by its name and its file's path in the checkout."""

    path: PurePosixPath
    name: str


def exercises_in(checkout: Path) -> Mapping[str, Exercise]:
    """The test that exercises each call, by the call's name in the catalogue.

    Raises ValueError: two tests for one call, or a name that is not written out in the marker.
    """
    found: dict[str, Exercise] = {}
    for path in sorted(checkout.glob("tests/**/test_*.py")):
        where = PurePosixPath(path.relative_to(checkout).as_posix())
        for test, call in _marked(path.read_text(encoding="utf-8"), where):
            if call in found:
                raise ValueError(f"{call} is exercised by {found[call].name} already; one test is enough: {test}")
            found[call] = Exercise(where, test)
    return found


@cache
def _marked(source: str, where: PurePosixPath) -> Sequence[tuple[str, str]]:
    # Most files have no marker, and a file is read for several tables.
    return tuple(_read_markers(ast.parse(source), where)) if _MARKER in source else ()


def _read_markers(module: ast.Module, where: PurePosixPath) -> Iterator[tuple[str, str]]:
    for test in module.body:
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
            for marker in test.decorator_list:
                if isinstance(marker, ast.Call) and ast.unparse(marker.func) == _MARKER:
                    for name in marker.args:
                        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                            raise ValueError(f"{where}: the marker of {test.name} must name its calls as plain texts")
                        yield test.name, name.value
