"""Prints what CHANGELOG.md says of a version: `make release-notes`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from a2e_mcp import __version__

_ROOT = Path(__file__).parent.parent


def notes_of(version: str, changelog: str) -> str:
    """The text below a version's heading. Raises ValueError when it has none."""
    found = re.search(
        rf"^## {re.escape(version)}(?:[ \t][^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if found is None or not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing about {version}")
    return f"{found[1].strip()}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the notes of a version; of this one unless another is named. With a leading v, it is a tag."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    version = given[0].removeprefix("v") if given else __version__
    try:
        print(notes_of(version, (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")), end="")
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
