"""A small company under load, with every death that the large one of `make company` has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.company.run import CompanyPlan, run_company

# Other tests use the same processors.
PLAN = CompanyPlan(
    users=10,
    jobs=80,
    clip_seconds=1.0,
    away_seconds=0.5,
    silent_seconds=12.0,
    wake_seconds=10.0,
    recovery_seconds=90.0,
)


@pytest.mark.long
async def test_servers_workers_and_the_database_die_and_the_books_are_right(tmp_path: Path) -> None:
    report = await run_company(PLAN, tmp_path)
    assert report.problems == []
    assert (report.made + report.unknown, report.refused) == (70, 10)
    assert report.uploads > 0
    assert report.wakes
    assert all(each.hints for each in report.lists)
