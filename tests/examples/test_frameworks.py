"""The examples with a framework, as far as they can be checked without it; `make examples` runs them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.examples.frameworks import EXAMPLES, FRAMEWORK_EXAMPLES, FrameworkExample

# The distribution that brings a module, where the name says nothing.
BROUGHT_BY = {"agents": "openai-agents", "fastmcp": "pydantic-ai-slim"}


@pytest.mark.parametrize("example", FRAMEWORK_EXAMPLES, ids=lambda example: example.file)
def test_an_example_imports_what_it_says_is_needed_and_starts_the_server_in_the_sandbox(
    example: FrameworkExample,
) -> None:
    text = example.path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    } - {"asyncio", "os", "sys"}
    needed = {re.split(r"[\[=]", package)[0] for package in example.client.packages}
    assert {BROUGHT_BY.get(name, name.replace("_", "-")) for name in imported} - {"pydantic-ai"} <= needed
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert {"a2e-mcp", "serve", "--sandbox"} <= set(words)


def test_every_example_with_a_framework_is_declared() -> None:
    declared = {example.path for example in FRAMEWORK_EXAMPLES}
    others = {"greetings.py", "nightly.py", "plain_client.py", "test_my_agent.py"}
    assert {path for path in Path(EXAMPLES).glob("*.py") if path.name not in others} == declared
