"""The arrows between the parts, and the size of the rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import a2e_mcp

PACKAGE = Path(a2e_mcp.__file__).parent
LONGEST_MODULE = 400

# What each part may import of ours; "" stands for the modules at the top of the package.
ALLOWED = {
    "capability": set(),
    "errors": set(),
    "catalogue": {"capability", "catalogue"},
    "client": {"capability", "errors", "trace"},
    "loopback": {"errors"},
    "sandbox": {"sandbox", "catalogue", "capability", "errors", "loopback", "open_internet"},
}
NEVER = {
    "server": {"sandbox", "cli"},
    "sandbox": {"server", "cli", "client", "settings"},
    "starts": {"server", "sandbox", "cli"},
    "jobs": {"server", "sandbox", "cli", "starts"},
    "ledger": {"server", "sandbox", "cli", "client", "starts", "jobs", "catalogue.avatars"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "a2e_mcp" else [f"a2e_mcp.{each.name}" for each in node.names]
        for name in names:
            if name.startswith("a2e_mcp."):
                yield name.split(".")[1]


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_a_part_imports_only_what_it_may(part: str) -> None:
    for module in modules():
        if part_of(module) == part:
            assert set(imported_parts(module)) <= ALLOWED[part], module.name


@pytest.mark.parametrize("part", sorted(NEVER))
def test_a_part_never_imports_what_stands_above_it(part: str) -> None:
    for module in modules():
        if part_of(module) == part:
            assert not set(imported_parts(module)) & NEVER[part], module.name


def test_only_the_command_line_knows_both_server_and_sandbox() -> None:
    both = {part_of(module) for module in modules() if {"server", "sandbox"} <= set(imported_parts(module))}
    assert both <= {"cli"}


def test_the_render_worker_imports_neither_mcp_nor_pydantic() -> None:
    worker = [PACKAGE / "sandbox" / "orders.py", PACKAGE / "sandbox" / "worker.py", *PACKAGE.glob("sandbox/media/*.py")]
    for module in worker:
        text = module.read_text(encoding="utf-8")
        assert "import mcp" not in text
        assert "pydantic" not in text


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_is_longer_than_it_can_be_read(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_no_module_is_a_drawer() -> None:
    assert not {path.stem for path in modules()} & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
