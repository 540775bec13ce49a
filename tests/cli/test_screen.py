"""What commands print fits the terminal that it is printed on."""

from __future__ import annotations

import io
import os

import pytest

from a2e_mcp.cli.screen import Screen
from tests.support.systems import UNIX, open_terminal

LONG = "A sentence that is much longer than a narrow terminal is wide, and that names /a/path/which/stays/whole.mp4"

END = "the end"


def on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a screen of so many columns shows: lines and bars, each bar as it replaces the last."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = open_terminal(columns)
    with os.fdopen(ours, "rb", buffering=0) as reader, os.fdopen(theirs, "w") as stream:
        screen = Screen(stream)
        for part in (0.0, 0.5, 1.0):
            screen.draw_bar(part, LONG)
        screen.write_line(LONG, indent="    ", more="    ")
        screen.write_line(END)
        written = ""
        while END not in written:
            written += reader.read(4096).decode()
    assert written.count("\x1b[K") == 4  # three bars, and the line in the place of the last one
    return [line for line in written.replace("\x1b[K", "").replace("\r", "\n").split("\n") if line]


@UNIX
@pytest.mark.parametrize("columns", [20, 60, 80])
def test_lines_and_bars_are_no_longer_than_the_terminal_is_wide(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_a_terminal(columns, monkeypatch)
    bars = [line for line in lines if "%" in line]
    assert len(bars) == 3
    assert all(len(line) < columns for line in bars)
    assert [line for line in lines if len(line) > columns and "/a/path" not in line] == []


def test_where_there_is_no_terminal_there_are_no_bars_and_no_broken_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    screen = Screen(stream)
    screen.draw_bar(0.5, "rendering")
    screen.write_line(LONG)
    assert stream.getvalue() == f"{LONG}\n"
