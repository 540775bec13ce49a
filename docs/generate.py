"""Writes tools.json, the pages shown in the chat, and what is generated in README.md, docs/*.md and server.json:
`make docs`.

A table stands between `<!-- generated:NAME -->` and `<!-- /generated -->`. server.json, the entry in the registry of
MCP servers, lists the settings. With `--check` nothing is written, and the exit code is 1 when something is stale.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from a2e_mcp.catalogue.models.descriptions import abilities_of, price_words
from a2e_mcp.catalogue.models.index import MODELS
from a2e_mcp.cli.install.clients import CLIENTS
from a2e_mcp.cli.install.computer import Computer
from a2e_mcp.errors import A2EError
from a2e_mcp.sandbox.magic_words import MAGIC_WORDS
from a2e_mcp.server import prompts
from a2e_mcp.server.tool_index import OFF_BY_DEFAULT, declared_tools, is_in_every_set
from a2e_mcp.setting_rows import setting_rows
from docs import apps, tool_list
from docs.exercises import exercises_in
from docs.install_links import install_text
from docs.menu import beyond_rows, coverage_rows

_ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"(<!-- generated:(?P<name>[\w-]+) -->\n)(?P<text>.*?)(<!-- /generated -->)", re.DOTALL)
# An identifier in the registry is a package's name alone. uvx takes the extra beside it, in the same version, so that a
# host in which only A2E_SANDBOX=1 is set can render.
_WITH_SANDBOX = {
    "type": "named",
    "name": "--with",
    "description": "What the sandbox renders with",
    "value": "a2e-mcp[sandbox]",
}
_MARKER = re.compile(r"<!-- /?generated")


def settings_table() -> str:
    """Every A2E_* variable with its meaning and default."""
    rows = ((f"`{row.variable}`", row.about, row.default) for row in setting_rows())
    return _table(("Variable", "Meaning", "Default"), rows)


def tools_text() -> str:
    """Every tool by its toolset: what it does, whether it costs credits, its parameters, and an example."""
    lines = []
    above = ""
    for _, tool in declared_tools():
        heading = "In every toolset" if is_in_every_set(tool) else f"Toolset {tool.toolset}"
        if heading != above:
            above = heading
            lines.append(f"## {heading}{' (off by default)' if tool.toolset in OFF_BY_DEFAULT else ''}\n")
        cost = {"spends": " **Costs credits.**", "deletes": " **Deletes.**"}.get(tool.effect.value, "")
        lines.append(f"### `{tool.name}`\n\n{' '.join(tool.about.split())}{cost}\n")
        parameters = tool_list.wire_form(tool)["inputSchema"]
        if parameters.get("properties"):
            lines.append(_parameters(parameters))
        for example in tool.examples[:1]:
            lines.append(f"```json\n{json.dumps(example, ensure_ascii=False, indent=2)}\n```\n")
    return "\n" + "\n".join(lines)


def _parameters(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = (
        (
            f"`{name}`",
            _type(declared) + (", required" if name in required else ""),
            declared.get("description", ""),
        )
        for name, declared in schema["properties"].items()
    )
    return _table(("Parameter", "Type", "Description"), rows)


def _type(declared: Mapping[str, Any]) -> str:
    if "enum" in declared:
        return " or ".join(f"`{value}`" for value in declared["enum"])
    kind = declared.get("type", "value")
    return f"list of {_type(declared['items'])}" if kind == "array" and "items" in declared else str(kind)


def errors_table() -> str:
    """Every class of error: what it means and who acts; subclasses are indented."""
    return _table(("Class", "Meaning", "Who acts"), _errors(A2EError, 0))


def _errors(error: type[A2EError], depth: int) -> Iterator[tuple[str, str, str]]:
    meaning = (error.__doc__ or "").partition("\n")[0]
    yield f"{'&emsp;' * depth}`{error.__name__}`", meaning, error.who_acts
    for below in error.__subclasses__():
        # Classes of other modules are internal; callers catch the public ones.
        if below.__module__ == error.__module__:
            yield from _errors(below, depth + 1)


def folders_table() -> str:
    """Every folder of the package, with the first line of its docstring."""
    package = _ROOT / "a2e_mcp"
    rows = []
    for init in sorted(package.rglob("__init__.py")):
        folder = init.parent.relative_to(package)
        if folder.parts:
            about = (ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            rows.append((f"{'&emsp;' * (len(folder.parts) - 1)}`{folder.name}/`", about))
    return _table(("Folder", "Subject"), rows)


def prompts_table() -> str:
    """Every prompt with its result and arguments; optional ones are in brackets."""
    rows = (
        (
            f"`{prompt.name}`",
            prompt.description or "",
            ", ".join(each.name if each.required else f"[{each.name}]" for each in prompt.arguments or ()),
        )
        for prompt in prompts.listed()
    )
    return _table(("Prompt", "Result", "Arguments"), rows)


def magic_table() -> str:
    """Every word that forces an outcome in the sandbox."""
    rows = ((f"`{word.written}`", word.effect, word.money) for word in MAGIC_WORDS)
    return _table(("Word", "What happens", "Money"), rows)


def coverage_table() -> str:
    """Every entry of A2E's menu: the tool that reaches it, its call, how sure that is, and the test of it.

    Raises ValueError when an entry has no test.
    """
    head = ("Group", "Menu entry", "Tool", "Call", "Evidence", "Test in the sandbox")
    return _table(head, coverage_rows(exercises_in(_ROOT)))


def clients_table() -> str:
    """Every client that `install` knows, with its files on Linux; macOS and Windows have their own places for some."""
    here = Computer(environment={}, home=Path("~"), folder=Path("."), platform="linux")
    rows = []
    for client in CLIENTS:
        files = {place.scope: f"`{place.file(here)}`" for place in client.places}
        user = files.get("user", "none: prints a node for a workflow, and the line that serves it")
        rows.append((client.name, f"`{client.id}`", user, files.get("project", "")))
    return _table(("Client", "Name for `install`", "For you, on Linux", "For a project"), rows)


def beyond_table() -> str:
    """Every call of A2E beside its menu: the tool that reaches it, or why none does."""
    return _table(("Call", "Tool"), beyond_rows())


def models_table() -> str:
    """Every model: the tools that offer it, what it can, needs and costs."""
    head = ("Model", "Tools", "Seconds", "Sizes", "Shapes", "Sound", "Price in credits", "Limits and notes")
    rows = []
    for model in MODELS:
        said = abilities_of(model, model.modes)
        more = [said["limits"], f"plan {said['plan']}" if said["plan"] else "", model.restricted, said["note"]]
        tools = ", ".join(f"`{tool}`" for tool in model.tools)
        parts = (said["seconds"], said["resolutions"], said["aspect_ratios"], said["sound"], price_words(model))
        rows.append((f"`{model.id}`: {model.about}", tools, *parts, "; ".join(filter(None, more))))
    return _table(head, rows)


TABLES = {
    "settings": settings_table,
    "tools": tools_text,
    "clients": clients_table,
    "links": install_text,
    "errors": errors_table,
    "folders": folders_table,
    "prompts": prompts_table,
    "magic": magic_table,
    "coverage": coverage_table,
    "beyond": beyond_table,
    "models": models_table,
}
"""What can stand between the markers, by its name there."""


def rewritten(text: str) -> str:
    """The text with every generated block made anew.

    Raises ValueError: a block of a name that does not exist, or a marker without its counterpart.
    """

    def fresh(block: re.Match[str]) -> str:
        if block["name"] not in TABLES:
            raise ValueError(f"there is no generated block {block['name']!r}; known are {', '.join(TABLES)}")
        if _MARKER.search(block["text"]):
            raise ValueError(f"the generated block {block['name']!r} has no end")
        return f"{block[1]}{TABLES[block['name']]()}{block[4]}"

    new, blocks = _BLOCK.subn(fresh, text)
    if len(_MARKER.findall(text)) != 2 * blocks:
        raise ValueError("a generated block has no beginning, or no end")
    return new


def settings_for_hosts() -> list[dict[str, Any]]:
    """Every A2E_* variable as the registry's schema of 2025-12-11 wants it, so that a host can ask for it."""
    listed = []
    for row in setting_rows():
        secret = row.kind == "secret"
        told = {"name": row.variable, "description": row.about, "isRequired": False, "isSecret": secret}
        told["format"] = "string" if secret else row.kind
        if row.value is not None:
            told["default"] = {"0": "false", "1": "true"}[row.value] if row.kind == "boolean" else row.value
        listed.append(told)
    return listed


def entry_rewritten(text: str) -> str:
    """The registry's entry with its settings and its extra made anew. Raises ValueError when it is no JSON."""
    entry = json.loads(text)
    for package in entry["packages"]:
        package["runtimeArguments"] = [_WITH_SANDBOX]
        package["environmentVariables"] = settings_for_hosts()
    return json.dumps(entry, indent=2, ensure_ascii=False) + "\n"


def stale(root: Path) -> Iterator[tuple[Path, str]]:
    """The files of a checkout that are not fresh, and what they should hold."""
    tools = root / "a2e_mcp" / "server" / "tools.json"
    for path in (
        tools,
        root / "README.md",
        root / "CONTRIBUTING.md",
        *sorted(root.glob("docs/*.md")),
        root / "server.json",
    ):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            try:
                if path == tools:
                    new = tool_list.rendered()
                else:
                    new = entry_rewritten(text) if path.suffix == ".json" else rewritten(text)
            except ValueError as problem:
                raise ValueError(f"{path.name}: {problem}") from None
            if new != text:
                yield path, new
    for path, new in apps.rendered(root).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != new:
            yield path, new


def main(arguments: Sequence[str] | None = None, root: Path = _ROOT) -> int:
    """Write what is stale, or only say so; 1 when it was only said."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description="Write what is generated.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when something is stale")
    check = parser.parse_args(arguments).check
    try:
        found = list(stale(root))
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    for path, new in found:
        if check:
            print(f"{path.name} is stale; run: make docs", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(new, encoding="utf-8", newline="\n")
            print(f"Wrote {path.name}")
    return 1 if found and check else 0


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
