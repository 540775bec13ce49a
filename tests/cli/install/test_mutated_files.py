"""Configurations with any mistake: either nothing is changed, with one sentence, or nothing but the entry is."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.cli.install.clients import client_called
from a2e_mcp.cli.install.configuration_files import ConfigurationFile
from a2e_mcp.errors import SettingsError

ENTRY = {"command": "/x/python", "args": ["-m", "a: b", "#"], "env": {"T": "1: 2 # 3"}}
FILES = {
    "goose": (
        'GOOSE_MODE: auto\nextensions:\n  # c\n  dev:\n    args: [a, b]\n    note: |\n      x\n  a2e:\n    cmd: "x"\n'
        "    args:\n    - a\n    # in\n    envs: {A: '1'}\n  z:\n    t: >-\n      folded\n\n    k: ~\n# end\nB: 2\n",
        "extensions: {}\n",
        "extensions:\n",
        "---\nextensions:\n- a\n",
        "a: &x {b: 1}\nextensions:\n  a2e: *x\n",
        'extensions:\n  "a2e":\n    cmd: y\n  de\u2028v: {}\n',
    ),
    "codex": (
        'model = "x" # c\n[mcp_servers.w]\ncommand = "n"\n[mcp_servers.w.env]\nA = "1"\n[mcp_servers.a2e]\n# in\n'
        'command = "o"\nargs = ["a",\n "b", # c\n]\n[profiles.x]\ny = 1\n[[list]]\nk=1\n',
        'mcp_servers = { a2e = { command = "x" } }\n',
        'mcp_servers.a2e.command = "x"\n',
        '[mcp_servers]\n"a2e" = { command = "x" }\n',
    ),
    "zed": (
        '// c\n{\n  "theme": "x", // d\n  "context_servers": {\n    /* e */\n    "w": {"command": "n", "args": []},\n'
        '    "a2e": {"command": "o", // f\n      "args": [1,2,],\n    },\n  },\n}\n',
        '{"a":1,"context_servers":{"a2e":{}}}',
        '{"context_servers": null}',
        '{"context_servers":{"a\\u0032e":{"command":"x"}}}',
        "{,}",
    ),
}
PIECES = [
    "\n",
    "  ",
    " ",
    "#",
    "//",
    '"',
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "- ",
    "a2e",
    "extensions",
    "\t",
    "\r\n",
    "\\",
    "&a",
    "*a",
    "=",
    ".",
    "\u2028",
    "é",
    "/*",
    "*/",
]
SAMPLES = st.sampled_from([(client, text) for client, texts in FILES.items() for text in texts])
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([*PIECES, ""]), st.integers(0, 6)), max_size=3)


@given(SAMPLES, CHANGES, st.booleans())
def test_a_mistake_in_a_file_costs_nothing(
    sample: tuple[str, str], changes: list[tuple[float, str, int]], crlf: bool
) -> None:
    client, text = client_called(sample[0]), sample[1]
    for place, piece, gone in changes:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + gone :]
    before = (text.replace("\n", "\r\n") if crlf else text).encode()
    keys = client.user_place.table
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "settings")
        file.write_bytes(before)
        try:
            read = ConfigurationFile.read(file, client)
            old = dict(read.table(keys))
            read.put(keys, "a2e", client.shape.shaped(ENTRY))
        except SettingsError:
            assert file.read_bytes() == before
            assert [path.name for path in Path(folder).iterdir()] == ["settings"]
            return
        changed = ConfigurationFile.read(file, client)
        assert changed.table(keys) == {**old, "a2e": client.shape.shaped(ENTRY)}
        assert {**changed.data, keys[0]: None} == {**read.data, keys[0]: None}
        assert Path(folder, "settings.before-a2e").read_bytes() == before
