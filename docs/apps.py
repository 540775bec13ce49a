"""Puts the pages together that hosts show in the chat: a self-contained file each, from `server/apps/source`."""

from __future__ import annotations

import re
from pathlib import Path

_INCLUDED = re.compile(r"^\{\{(?P<file>[\w.]+)\}\}$", re.MULTILINE)
_COMMENT_LINES = re.compile(r"^\s*(?://.*)?\n", re.MULTILINE)


def rendered(root: Path) -> dict[Path, str]:
    """The text of each built page of a checkout, by its file."""
    apps = root / "a2e_mcp" / "server" / "apps"
    return {apps / "html" / page.name: _page(page) for page in sorted((apps / "source").glob("*.html"))}


def _page(page: Path) -> str:
    def included(found: re.Match[str]) -> str:
        text = (page.parent / found["file"]).read_text(encoding="utf-8")
        return _COMMENT_LINES.sub("", text).rstrip()

    return _INCLUDED.sub(included, page.read_text(encoding="utf-8"))
