"""A new family is spelt in the files that CONTRIBUTING.md lists, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import API_FACTS, CHECKOUT

_LIST = r"<!-- files of a {kind} -->\n(.*?)<!-- /files of a {kind} -->"
_CODE = ("a2e_mcp/**/*.py", "a2e_mcp/**/*.json", "tests/**/*.py", "tests/**/*.json", "bench/**/*.py", "docs/**/*.py")
_TEXTS = ("prompts/**/*.md",)


def files_that_spell(name: str) -> set[str]:
    """The files of the product, the tests and the tools around them with this name in any case, as one word or two.

    Facts about A2E are not ours; pages explain the worked example by its name.
    """
    spelt = re.compile(name.replace("_", "[_ -]?"), re.IGNORECASE)
    return {
        path.relative_to(CHECKOUT).as_posix()
        for pattern in (*_CODE, *_TEXTS)
        for path in CHECKOUT.glob(pattern)
        if API_FACTS not in path.parents and (spelt.search(path.name) or spelt.search(path.read_text(encoding="utf-8")))
    }


@pytest.mark.parametrize("kind", ["family", "model family"])
def test_the_worked_example_is_in_the_listed_files_and_in_no_other(kind: str) -> None:
    found = re.search(_LIST.format(kind=kind), (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    listed = re.findall(r"^- `([^`]+)`", found[1], re.MULTILINE)
    assert files_that_spell(Path(listed[0]).stem) == set(listed)
