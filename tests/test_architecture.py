"""The arrows between the parts of the package, and the size of its modules."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import a2e_mcp
from a2e_mcp import catalogue

PACKAGE = Path(a2e_mcp.__file__).parent
LONGEST_MODULE = 400
"""Lines. A smell, not a knife: split at a noun, or raise this with a reason."""

MAY_IMPORT_THE_PACKAGE = {"cli/doctor/installation.py", "cli/doctor/reads.py", "processes/line_process.py"}
"""They need the package itself, for its place or its version."""

# What each part may import of the others. A part is a module at the root of the package, or a folder; a folder inside
# a folder is a part of its own. Docs: docs/architecture.md.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"client"},
    "__main__": {"cli"},
    "background": set(),
    "patterns": set(),
    "text": {"patterns"},
    "errors": {"text"},
    "loopback": {"errors"},
    "installation": set(),
    "hosts": set(),
    "operations": {"__init__", "errors", "text"},
    "network": {"errors", "hosts", "installation"},
    "private_files": set(),
    "processes": set(),
    "placeholders": {"patterns"},
    "setting_values": {"hosts"},
    "setting_rows": {"settings"},
    "account_advice": set(),
    "settings": {"account_advice", "errors", "placeholders", "setting_values", "user_folders"},
    "user_folders": {"errors"},
    "users": {"errors", "network"},
    "catalogue": {"catalogue.declaration", "catalogue.models"},
    "catalogue.declaration": set(),
    "catalogue.models": {"catalogue", "catalogue.declaration", "catalogue.models.rows"},
    "catalogue.models.rows": {"catalogue.models"},
    "client": {"catalogue", "catalogue.declaration", "errors", "network", "settings", "text"},
    "ledger": {"__init__", "catalogue", "errors", "installation", "ledger.postgresql", "ledger.sqlite", "users"},
    "ledger.sqlite": {"errors", "ledger", "private_files"},
    "ledger.postgresql": {"errors", "ledger", "users"},
    "files": {"catalogue.declaration", "errors", "network", "placeholders", "text"},
    "media": set(),
    "film": {"background", "errors", "files", "installation", "jobs", "ledger", "loopback", "processes"},
    "film.engine": {"film", "media", "processes"},
    "lookup": {"catalogue", "catalogue.declaration", "client", "errors", "ledger", "text"},
    "jobs": {
        "background",
        "catalogue",
        "catalogue.declaration",
        "client",
        "errors",
        "files",
        "ledger",
        "text",
        "users",
    },
    "starts": {
        "__init__",
        "background",
        "catalogue",
        "catalogue.declaration",
        "client",
        "errors",
        "files",
        "jobs",
        "ledger",
        "lookup",
        "text",
        "users",
    },
    "workers": {"errors", "ledger"},
    "server": {
        "__init__",
        "background",
        "catalogue",
        "catalogue.declaration",
        "client",
        "errors",
        "files",
        "film",
        "jobs",
        "ledger",
        "lookup",
        "network",
        "operations",
        "placeholders",
        "private_files",
        "server.answers",
        "server.apps",
        "server.arguments",
        "server.http",
        "server.live_rooms",
        "server.tools",
        "setting_values",
        "settings",
        "starts",
        "text",
        "users",
    },
    "server.uploads": {"errors", "files", "operations", "server", "settings", "starts"},
    "server.apps": set(),
    "server.arguments": {"catalogue.declaration", "errors", "ledger", "placeholders", "starts", "text"},
    "server.http": {
        "errors",
        "files",
        "hosts",
        "operations",
        "placeholders",
        "server",
        "server.uploads",
        "settings",
        "starts",
        "text",
        "users",
    },
    "server.answers": {"catalogue", "catalogue.declaration", "errors", "jobs", "ledger", "lookup", "starts", "text"},
    "server.live_rooms": {
        "catalogue",
        "catalogue.declaration",
        "client",
        "errors",
        "ledger",
        "loopback",
        "starts",
        "text",
    },
    "server.tools": {
        "background",
        "catalogue",
        "catalogue.declaration",
        "catalogue.models",
        "errors",
        "files",
        "film",
        "jobs",
        "ledger",
        "lookup",
        "server",
        "server.answers",
        "server.arguments",
        "server.live_rooms",
        "server.uploads",
        "starts",
        "text",
    },
    "sandbox": {
        "errors",
        "installation",
        "loopback",
        "private_files",
        "sandbox.assets",
        "sandbox.behaviour",
        "sandbox.http",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.render_workers",
    },
    "sandbox.protocol": set(),
    "sandbox.orders": {
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.clips",
        "sandbox.renderer.drawn",
        "sandbox.renderer.pictures",
        "sandbox.renderer.presenters",
        "sandbox.renderer.rendering",
        "sandbox.renderer.vision",
    },
    "sandbox.render_workers": {
        "processes",
        "sandbox",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.renderer.rendering",
    },
    "sandbox.assets": {
        "errors",
        "files",
        "network",
        "sandbox",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.render_workers",
    },
    "sandbox.jobs": {"sandbox", "sandbox.assets", "sandbox.protocol", "sandbox.render_workers"},
    "sandbox.live": {"processes", "sandbox", "sandbox.assets", "sandbox.protocol", "sandbox.render_workers"},
    "sandbox.behaviour": {
        "catalogue.declaration",
        "catalogue.models",
        "sandbox",
        "sandbox.assets",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.protocol",
        "sandbox.render_workers",
    },
    "sandbox.families": {
        "catalogue",
        "catalogue.declaration",
        "catalogue.models",
        "sandbox",
        "sandbox.assets",
        "sandbox.behaviour",
        "sandbox.jobs",
        "sandbox.live",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.render_workers",
    },
    "sandbox.http": {
        "catalogue",
        "catalogue.declaration",
        "loopback",
        "sandbox",
        "sandbox.behaviour",
        "sandbox.families",
        "sandbox.jobs",
        "sandbox.render_workers",
    },
    "sandbox.renderer": set(),
    "sandbox.renderer.rendering": {"media", "sandbox.protocol"},
    "sandbox.renderer.pictures": {"media", "sandbox.protocol", "sandbox.renderer.rendering"},
    "sandbox.renderer.audio": {"media", "sandbox.protocol", "sandbox.renderer.rendering"},
    "sandbox.renderer.vision": {
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.pictures",
        "sandbox.renderer.rendering",
    },
    "sandbox.renderer.presenters": {
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.pictures",
        "sandbox.renderer.rendering",
        "sandbox.renderer.vision",
    },
    "sandbox.renderer.drawn": {
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.pictures",
        "sandbox.renderer.presenters",
        "sandbox.renderer.rendering",
    },
    "sandbox.renderer.clips": {
        "media",
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.drawn",
        "sandbox.renderer.pictures",
        "sandbox.renderer.presenters",
        "sandbox.renderer.rendering",
        "sandbox.renderer.vision",
    },
    "sandbox.renderer.live": {
        "processes",
        "sandbox",
        "sandbox.protocol",
        "sandbox.renderer.audio",
        "sandbox.renderer.drawn",
        "sandbox.renderer.pictures",
        "sandbox.renderer.presenters",
        "sandbox.renderer.rendering",
    },
    "cli": {
        "__init__",
        "cli.doctor",
        "cli.install",
        "client",
        "errors",
        "installation",
        "ledger",
        "ledger.postgresql",
        "ledger.sqlite",
        "loopback",
        "network",
        "operations",
        "placeholders",
        "sandbox",
        "server",
        "server.answers",
        "server.http",
        "setting_values",
        "settings",
        "text",
        "users",
        "workers",
    },
    "cli.install": {"cli", "errors", "installation", "placeholders", "sandbox", "setting_rows", "settings", "text"},
    "cli.doctor": {
        "catalogue",
        "catalogue.declaration",
        "cli",
        "cli.install",
        "client",
        "errors",
        "installation",
        "ledger",
        "ledger.postgresql",
        "ledger.sqlite",
        "loopback",
        "network",
        "placeholders",
        "private_files",
        "sandbox",
        "sandbox.orders",
        "sandbox.protocol",
        "sandbox.render_workers",
        "server",
        "setting_rows",
        "settings",
        "starts",
        "text",
    },
}


@cache
def modules() -> Sequence[Path]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def part_of(names: tuple[str, ...]) -> str:
    """The part that a module belongs to, by the names of its path: its folder, or itself at the root."""
    folders = 0
    while folders < len(names) and (PACKAGE / "/".join(names[: folders + 1])).is_dir():
        folders += 1
    return ".".join(names[: max(1, folders)])


def names_of(module: Path) -> tuple[str, ...]:
    """The names of a module's path below the package."""
    return module.relative_to(PACKAGE).with_suffix("").parts


def part_of_file(module: Path) -> str:
    return part_of(names_of(module))


@cache
def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def everything_imported(tree: ast.AST, within: tuple[str, ...]) -> Iterator[str]:
    """The full names of what a module imports: absolute, relative to its folder `within`, or by `import_module`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (each.name for each in node.names)
            case ast.ImportFrom():
                above = ["a2e_mcp", *within][: len(within) + 2 - node.level] if node.level else []
                source = ".".join([*above, *filter(None, [node.module])])
                yield from (_imported(source, each.name) for each in node.names)
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[argument, *_]):
                if name in ("import_module", "__import__"):
                    yield from _named(argument, within)


@cache
def _imported(source: str, name: str) -> str:
    """The module that `from source import name` reaches: a module called `name`, or the source that holds it."""
    folder = PACKAGE.parent / source.replace(".", "/")
    if source == "a2e_mcp" and not _is_module(folder / name):
        return "a2e_mcp.__init__"
    return f"{source}.{name}" if folder.is_dir() and _is_module(folder / name) else source


def _named(argument: ast.expr, within: tuple[str, ...]) -> Iterator[str]:
    """The module that a literal names, or the folder that it begins with; a name that is computed is not known."""
    match argument:
        case ast.Constant(value=str(name)):
            dots = len(name) - len(name.lstrip("."))
            above = ["a2e_mcp", *within][: len(within) + 2 - dots] if dots else []
            yield ".".join([*above, name.lstrip(".")])
        case ast.JoinedStr(values=[start, *_]) | ast.BinOp(left=start, op=ast.Add()):
            yield from (name.rpartition(".")[0] for name in _named(start, within))


@cache
def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports_of(tree: ast.AST, within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The modules of ours that a module imports, by the names of their paths below the package."""
    for name in everything_imported(tree, within):
        if name.startswith("a2e_mcp."):
            yield tuple(name.split(".")[1:])


@cache
def imports_of_file(module: Path) -> frozenset[tuple[str, ...]]:
    return frozenset(imports_of(parsed(module), names_of(module)[:-1]))


def parts_imported(part: str) -> dict[str, set[str]]:
    """What each module of a part imports of other parts."""
    return {
        module.name: {part_of(names) for names in imports_of_file(module)} - {part}
        for module in modules()
        if part_of_file(module) == part
    }


PARTS = sorted({part_of_file(module) for module in modules()})


def test_every_part_has_a_rule_and_every_rule_a_part() -> None:
    assert set(MAY_IMPORT) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_its_rule_allows(part: str) -> None:
    for name, used in parts_imported(part).items():
        assert used <= MAY_IMPORT[part], name


@pytest.mark.parametrize("part", PARTS)
def test_a_rule_allows_nothing_that_is_not_used(part: str) -> None:
    assert MAY_IMPORT[part] <= set().union(*parts_imported(part).values())


@pytest.mark.parametrize("part", PARTS)
def test_a_planted_import_is_seen(part: str) -> None:
    outside = next(each for each in PARTS if each != part and each not in MAY_IMPORT[part] and "__" not in each)
    planted = ast.parse(f"def late() -> None:\n    import a2e_mcp.{outside}\n")
    assert {part_of(names) for names in imports_of(planted)} - MAY_IMPORT[part] == {outside}


@pytest.mark.parametrize(
    "line",
    [
        "import a2e_mcp.server.tools.jobs",
        "import a2e_mcp.server.tools.jobs as late",
        "from a2e_mcp.server.tools import jobs",
        "from a2e_mcp.server.tools.jobs import TOOLS",
        "from .. import tools",
        "from ..tools import jobs",
        "from ..tools.jobs import TOOLS",
        "import_module('a2e_mcp.server.tools.jobs')",
        "importlib.import_module('a2e_mcp.server.tools.jobs')",
        "importlib.import_module('a2e_mcp.server.tools.' + name)",
        "importlib.import_module(f'a2e_mcp.server.tools.{name}')",
        "importlib.import_module('..tools.jobs', __package__)",
        "__import__('a2e_mcp.server.tools.jobs')",
    ],
)
def test_an_import_is_seen_however_it_is_written(line: str) -> None:
    planted = ast.parse(f"def late(name: str) -> None:\n    {line}\n")
    assert {part_of(names) for names in imports_of(planted, ("server", "answers"))} == {"server.tools"}


def test_the_package_itself_is_imported_only_for_its_place_or_version() -> None:
    """Every module of ours could be reached by attributes of the bare package, past any rule."""
    bare = {
        "/".join(module.relative_to(PACKAGE).parts)
        for module in modules()
        if "a2e_mcp" in everything_imported(parsed(module), names_of(module)[:-1])
    }
    assert bare == MAY_IMPORT_THE_PACKAGE
    for name in bare:
        assert attributes_of_the_package(parsed(PACKAGE / name)) <= {"__file__", "__version__"}, name


def attributes_of_the_package(tree: ast.AST) -> set[str]:
    """What is read of the bare name `a2e_mcp`."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "a2e_mcp"
    }


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = {
        tuple(name for name in names_of(module) if name != "__init__"): imports_of_file(module) for module in modules()
    }
    assert set(TopologicalSorter(imports).static_order()) >= imports.keys()  # raises CycleError, which names it


def arrows_between_parts(rules: dict[str, set[str]]) -> dict[str, set[str]]:
    """The rules without the arrows between a folder and what is inside it."""
    return {
        part: {each for each in allowed if not part.startswith(f"{each}.") and not each.startswith(f"{part}.")}
        for part, allowed in rules.items()
    }


def test_no_parts_import_each_other_in_a_circle_of_any_length() -> None:
    arrows = arrows_between_parts(MAY_IMPORT)
    assert set(TopologicalSorter(arrows).static_order()) == arrows.keys()  # raises CycleError, which names it
    for planted in ({"ledger": {"server"}}, {"server.answers": {"sandbox"}, "sandbox": {"server.tools"}}):
        with pytest.raises(CycleError):
            TopologicalSorter(arrows | {part: arrows[part] | more for part, more in planted.items()}).prepare()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_the_picture_of_the_package_names_every_folder(page: str) -> None:
    picture = (PACKAGE.parent / page).read_text(encoding="utf-8").split("```text\n")[1].partition("```")[0]
    drawn = set(re.findall(r"[a-z_0-9]+", picture))
    assert {part.partition(".")[0] for part in PARTS if (PACKAGE / part).is_dir()} <= drawn


def test_server_and_sandbox_never_import_each_other() -> None:
    for part, allowed in MAY_IMPORT.items():
        sides = {each.partition(".")[0] for each in (*allowed, part)} & {"server", "sandbox"}
        assert part in ("cli", "cli.doctor") or len(sides) <= 1, part


def test_the_workers_import_neither_mcp_nor_pydantic() -> None:
    for folder in (
        "sandbox/protocol",
        "sandbox/orders",
        "sandbox/renderer",
        "sandbox/render_workers",
        "film/engine",
        "media",
    ):
        for module in (PACKAGE / folder).rglob("*.py"):
            imported = {name.partition(".")[0] for name in everything_imported(parsed(module), names_of(module)[:-1])}
            assert not imported & {"mcp", "pydantic", "pydantic_core"}, module


def test_no_module_is_longer_than_it_can_be_read() -> None:
    lines = {
        str(module.relative_to(PACKAGE)): len(module.read_text(encoding="utf-8").splitlines()) for module in modules()
    }
    assert {module: count for module, count in lines.items() if count > LONGEST_MODULE} == {}


def test_no_module_and_no_folder_is_a_drawer() -> None:
    names = {name for module in modules() for name in names_of(module)}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "core", "misc", "shared"}


def test_no_module_is_called_by_a_participle() -> None:
    """A noun says what is in the room: `stored` or `kept` may be anything."""
    last_words = {name.rpartition("_")[2] for module in modules() for name in names_of(module)}
    assert not {word for word in last_words if re.search(r"[^e]ed$", word) or word in {"kept", "made", "known", "sent"}}


def test_no_class_name_is_used_twice() -> None:
    """Names that differ by an underscore or by capitals are read as one."""
    names = Counter(
        node.name.replace("_", "").lower()
        for module in modules()
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_a_sandbox_family_is_called_as_the_catalogue_calls_it() -> None:
    known = {family.name for family in catalogue.families()}
    for module in (PACKAGE / "sandbox" / "families").glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert not {name for name in known if f'RecordFamily("{name}"' in text}, module.name
