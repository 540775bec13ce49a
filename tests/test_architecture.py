"""The arrows between the parts of the package, and the size of its modules."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import a2e_mcp
from a2e_mcp import catalogue

PACKAGE = Path(a2e_mcp.__file__).parent
LONGEST_MODULE = 400
"""Lines. A smell, not a knife: split at a noun, or raise this with a reason."""

# What each part may import of the others. A part is a module at the root of the package, or a folder; the folders and
# root modules of `server` and `sandbox` are parts of their own. Docs: docs/architecture.md.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"client"},
    "__main__": {"cli"},
    "background": set(),
    "text": set(),
    "errors": {"text"},
    "loopback": {"errors"},
    "network": {"errors"},
    "settings": {"errors"},
    "catalogue": set(),
    "client": {"catalogue", "errors", "network", "settings", "text"},
    "ledger": {"catalogue", "errors"},
    "files": {"catalogue", "errors", "network", "text"},
    "lookup": {"catalogue", "client", "errors", "ledger", "text"},
    "jobs": {"background", "catalogue", "client", "errors", "files", "ledger", "text"},
    "starts": {"background", "catalogue", "client", "errors", "files", "jobs", "ledger", "lookup", "text"},
    "server": {
        "catalogue",
        "client",
        "errors",
        "files",
        "jobs",
        "ledger",
        "lookup",
        "server.answers",
        "server.live_rooms",
        "server.tools",
        "settings",
        "starts",
        "text",
    },
    "server.answers": {"catalogue", "errors", "jobs", "ledger", "lookup", "starts", "text"},
    "server.live_rooms": {"catalogue", "client", "errors", "ledger", "loopback", "starts"},
    "server.tools": {
        "catalogue",
        "errors",
        "files",
        "jobs",
        "ledger",
        "lookup",
        "server",
        "server.answers",
        "server.live_rooms",
        "starts",
        "text",
    },
    "sandbox": {
        "errors",
        "loopback",
        "sandbox.assets",
        "sandbox.behaviour",
        "sandbox.http",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.workers",
    },
    "sandbox.protocol": set(),
    "sandbox.orders": {"sandbox.protocol", "sandbox.renderer"},
    "sandbox.workers": {"sandbox", "sandbox.orders", "sandbox.protocol"},
    "sandbox.assets": {
        "errors",
        "files",
        "network",
        "sandbox",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.workers",
    },
    "sandbox.jobs": {"sandbox", "sandbox.assets", "sandbox.protocol", "sandbox.workers"},
    "sandbox.live": {"sandbox", "sandbox.assets", "sandbox.protocol", "sandbox.workers"},
    "sandbox.behaviour": {
        "catalogue",
        "sandbox",
        "sandbox.assets",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.protocol",
        "sandbox.workers",
    },
    "sandbox.families": {
        "catalogue",
        "sandbox",
        "sandbox.assets",
        "sandbox.behaviour",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.workers",
    },
    "sandbox.http": {
        "catalogue",
        "loopback",
        "sandbox",
        "sandbox.behaviour",
        "sandbox.families",
        "sandbox.jobs",
        "sandbox.workers",
    },
    "sandbox.renderer": {"sandbox", "sandbox.orders", "sandbox.protocol"},
    "cli": {
        "catalogue",
        "client",
        "errors",
        "ledger",
        "loopback",
        "network",
        "sandbox",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.workers",
        "server",
        "settings",
        "starts",
        "text",
    },
}


@cache
def modules() -> Sequence[Path]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


def part_of(names: tuple[str, ...]) -> str:
    """The part that a module belongs to, by the names of its path below the package."""
    below = names[0] in ("server", "sandbox") and (PACKAGE / names[0] / "/".join(names[1:2])).is_dir()
    return ".".join(names[:2]) if below and len(names) > 1 else names[0]


def part_of_file(module: Path) -> str:
    return part_of(module.relative_to(PACKAGE).with_suffix("").parts)


@cache
def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imports_of(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The modules of ours that a module imports, by the names of their paths below the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = PACKAGE.parent / node.module.replace(".", "/")
            names = [
                f"{node.module}.{each.name}" if below.is_dir() and _is_module(below / each.name) else node.module
                for each in node.names
            ]
        else:
            continue
        for name in names:
            if name.startswith("a2e_mcp."):
                yield tuple(name.split(".")[1:])


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


def forbidden(part: str, tree: ast.AST) -> set[str]:
    """The parts that a module of this part imports although its rule does not allow them."""
    return {part_of(names) for names in imports_of(tree)} - MAY_IMPORT[part] - {part}


PARTS = sorted({part_of_file(module) for module in modules()})


def test_every_part_has_a_rule_and_every_rule_a_part() -> None:
    assert set(MAY_IMPORT) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_its_rule_allows(part: str) -> None:
    for module in modules():
        if part_of_file(module) == part:
            assert not forbidden(part, parsed(module)), module.name


@pytest.mark.parametrize("part", PARTS)
def test_a_rule_allows_nothing_that_is_not_used(part: str) -> None:
    used = {
        part_of(names) for module in modules() if part_of_file(module) == part for names in imports_of(parsed(module))
    }
    assert MAY_IMPORT[part] <= used


@pytest.mark.parametrize("part", PARTS)
def test_a_planted_import_is_seen(part: str) -> None:
    outside = next(each for each in PARTS if each != part and each not in MAY_IMPORT[part] and "__" not in each)
    planted = ast.parse(f"def late() -> None:\n    import a2e_mcp.{outside}\n")
    assert forbidden(part, planted) == {outside}


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = {
        tuple(name for name in module.relative_to(PACKAGE).with_suffix("").parts if name != "__init__"): set(
            imports_of(parsed(module))
        )
        for module in modules()
    }
    assert set(TopologicalSorter(imports).static_order()) >= imports.keys()  # raises CycleError, which names it


def test_server_and_sandbox_never_import_each_other() -> None:
    for part, allowed in MAY_IMPORT.items():
        sides = {each.partition(".")[0] for each in (*allowed, part)} & {"server", "sandbox"}
        assert part == "cli" or len(sides) <= 1, part


def test_the_render_worker_imports_neither_mcp_nor_pydantic() -> None:
    for folder in ("protocol", "orders", "renderer"):
        for module in (PACKAGE / "sandbox" / folder).rglob("*.py"):
            text = module.read_text(encoding="utf-8")
            assert "import mcp" not in text
            assert "pydantic" not in text


def test_no_module_is_longer_than_it_can_be_read() -> None:
    lines = {
        str(module.relative_to(PACKAGE)): len(module.read_text(encoding="utf-8").splitlines()) for module in modules()
    }
    assert {module: count for module, count in lines.items() if count > LONGEST_MODULE} == {}


def test_no_module_is_a_drawer() -> None:
    assert not {path.stem for path in modules()} & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def test_no_class_name_is_used_twice() -> None:
    names = Counter(
        node.name for module in modules() for node in ast.walk(parsed(module)) if isinstance(node, ast.ClassDef)
    )

    # A start's kept upload address and A2E's own answer share a name still.
    assert {name for name, count in names.items() if count > 1} <= {"UploadAddress"}


def test_a_family_of_the_sandbox_is_called_as_the_catalogue_calls_it() -> None:
    known = {family.name for family in catalogue.families()}
    for module in (PACKAGE / "sandbox" / "families").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert not {name for name in known if f'RecordFamily("{name}"' in text}, module.name
