"""Changing one place of a JSON text: everything else stays, whatever the text looks like."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.cli.install.json_text import json_with, parse_json

ENTRY: dict[str, Any] = {"command": "x", "args": ["-m", "}"], "env": {"T": "// no comment"}}
PATH = ("mcpServers", "a2e")
KEYS = st.text(alphabet='ab"\\/{}[],:ü\n', max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='ab"\\/*{}[],:ü', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(KEYS, VALUES, max_size=3),
    st.dictionaries(KEYS | st.just("a2e"), VALUES, max_size=3),
    st.sampled_from([None, 1, 2, "\t"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_text_keeps_its_data_and_its_comments(
    around: dict[str, Any], servers: dict[str, Any], indent: int | str | None, comments: bool, line: str
) -> None:
    data = {**around, "mcpServers": servers}
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    if comments and indent is not None:
        # A comment at the end of each line, and a comma after each last member.
        text = re.sub(r"(?<=[^\s{\[,])(?=\n\s*[}\]])", ",", text)
        text = "".join(f"{each} // {number}.\n" for number, each in enumerate(text.splitlines()))
    text = text.replace("\n", line)
    assert parse_json(text) == data
    changed = json_with(text, PATH, ENTRY)
    assert parse_json(changed) == {**data, "mcpServers": {**servers, "a2e": ENTRY}}
    removed = json_with(changed, PATH, None)
    others = {name: each for name, each in servers.items() if name != "a2e"}
    assert parse_json(removed) == {**data, "mcpServers": others}
    if "a2e" not in servers and servers:
        assert removed == text
        found = re.findall(r"// \d+\.", text)
        assert [each for each in found if each not in changed] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "s": {\n    "a": {\n      "b": 1\n    }\n  }\n}\n'),
        ("{}", '{\n  "s": {\n    "a": {\n      "b": 1\n    }\n  }\n}'),
        ('{"x": 1}', '{"x": 1, "s": {"a": {"b": 1}}}'),
        ('{\n\t"x": 1\n}\n', '{\n\t"x": 1,\n\t"s": {\n\t\t"a": {\n\t\t\t"b": 1\n\t\t}\n\t}\n}\n'),
        (
            '{\n  // c\n  "x": 1, // d\n}',
            '{\n  // c\n  "x": 1, // d\n  "s": {\n    "a": {\n      "b": 1\n    }\n  },\n}',
        ),
        (
            '{\r\n  "x": 1, // d\r\n}',
            '{\r\n  "x": 1, // d\r\n  "s": {\r\n    "a": {\r\n      "b": 1\r\n    }\r\n  },\r\n}',
        ),
        (
            '{\r\n  "x": 1 // d\r\n}',
            '{\r\n  "x": 1, // d\r\n  "s": {\r\n    "a": {\r\n      "b": 1\r\n    }\r\n  }\r\n}',
        ),
    ],
)
def test_a_new_place_is_written_as_the_text_around_it(before: str, after: str) -> None:
    assert json_with(before, ("s", "a"), {"b": 1}) == after
