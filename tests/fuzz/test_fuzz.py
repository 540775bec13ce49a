"""A short fuzz; `make fuzz` is a long one."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.run import fuzz


async def test_generated_calls_over_mutated_answers_are_all_answered_cleanly_and_in_time(tmp_path: Path) -> None:
    report = await fuzz(120, tmp_path, seed=5)
    assert report.problems == []
    assert report.calls == 120
    assert report.mutated > 10
