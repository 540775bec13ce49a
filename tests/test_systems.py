"""Every file can be imported on every system; what needs another one is skipped there with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import CHECKOUT
from tests.support.systems import WITHOUT_ON_WINDOWS

FOLDERS = ("a2e_mcp", "bench", "docs", "examples", "tests")


def imported_at_once(nodes: list[ast.stmt]) -> Iterator[str]:
    """The modules that are imported with a file, also behind an `if` or a `try`."""
    for node in nodes:
        match node:
            case ast.Import():
                yield from (each.name.partition(".")[0] for each in node.names)
            case ast.ImportFrom():
                yield (node.module or "").partition(".")[0]
            case ast.If():
                yield from imported_at_once([*node.body, *node.orelse])
            case ast.Try():
                yield from imported_at_once([*node.body, *(each for part in node.handlers for each in part.body)])
            case ast.ClassDef() | ast.With():
                yield from imported_at_once(node.body)


def test_no_file_needs_at_its_top_what_windows_does_not_have() -> None:
    files = [path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*.py")]
    assert len(files) > 500
    found = {str(path.relative_to(CHECKOUT)): sorted(unix_only(path)) for path in files if unix_only(path)}
    assert found == {}


def unix_only(path: Path) -> set[str]:
    source = path.read_text(encoding="utf-8")
    if not any(name in source for name in WITHOUT_ON_WINDOWS):
        return set()
    return set(imported_at_once(ast.parse(source).body)) & WITHOUT_ON_WINDOWS
