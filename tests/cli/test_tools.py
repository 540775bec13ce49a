"""`a2e-mcp tools`: what the server lists, for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path

from a2e_mcp.server import surface
from tests.server.processes import run


def test_the_table_has_every_tool_in_order(tmp_path: Path) -> None:
    done = run("tools", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(surface.ORDER)
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in done.stdout.splitlines())


def test_as_json_it_is_what_a_client_gets(tmp_path: Path) -> None:
    done = run("tools", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == list(surface.snapshot())
