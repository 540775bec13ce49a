"""`make company`: run a company under load and, with --write, put its table into docs/operations.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.company.run import CompanyPlan, run_company
from tests.support.paths import CHECKOUT
from tests.support.reliability import write_table


def main() -> int:
    """Run one company; the exit code is 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make company", description=__doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep what the processes write in this folder, which must not exist")
    parser.add_argument("--write", action="store_true", help="write the table into docs/operations.md")
    given = parser.parse_args()
    plan = CompanyPlan(given.users, given.jobs, given.seed)
    if given.keep is not None:
        given.keep.mkdir(parents=True)
        return _run(plan, given.keep, write=given.write)
    with tempfile.TemporaryDirectory(prefix="a2e-company-") as folder:
        return _run(plan, Path(folder), write=given.write)


def _run(plan: CompanyPlan, folder: Path, *, write: bool) -> int:
    report = asyncio.run(run_company(plan, folder, lambda line: print(line, file=sys.stderr, flush=True)))
    print("\n".join(report.lines()))
    for entry in report.odd:
        print(f"booked otherwise: {entry}")
    for problem in report.problems:
        print(f"PROBLEM {problem}")
    if write:
        command = f"make company USERS={plan.users} JOBS={plan.jobs} SEED={plan.seed}"
        write_table("company", command, report.lines(), page=CHECKOUT / "docs" / "operations.md")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
