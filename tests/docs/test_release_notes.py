"""The notes of a release are what the change log says of its version."""

from __future__ import annotations

import pytest

from a2e_mcp import __version__
from docs import release_notes

LOG = "# Changes\n\n## 1.1.0 (2027-01-02)\n\n- New.\n\n### Fixes\n\n- Old.\n\n## 1.1.0rc1\n\n- Early.\n\n## 1.0.0\n"


def test_a_version_has_its_own_notes_and_no_others() -> None:
    assert release_notes.notes_of("1.1.0", LOG) == "- New.\n\n### Fixes\n\n- Old.\n"
    assert release_notes.notes_of("1.1.0rc1", LOG) == "- Early.\n"


@pytest.mark.parametrize("version", ["1.0.0", "1.1", "2.0.0"])
def test_a_version_without_notes_is_not_released(version: str) -> None:
    with pytest.raises(ValueError, match=f"CHANGELOG.md says nothing about {version}"):
        release_notes.notes_of(version, LOG)


def test_this_version_has_notes(capsys: pytest.CaptureFixture[str]) -> None:
    assert release_notes.main([f"v{__version__}"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
    assert release_notes.main(["9.9.9"]) == 1
