"""`make soak`: run a soak and, with --write, put its table into docs/reliability.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.run import SoakPlan, soak
from tests.support.reliability import write_table


def main() -> int:
    """Run one soak; the exit code is 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep everything in this folder, which must not exist")
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    given = parser.parse_args()
    plan = SoakPlan(given.starts, given.kills, seed=given.seed)
    if given.keep is not None:
        given.keep.mkdir(parents=True)
        return _run(plan, given.keep, write=given.write)
    with tempfile.TemporaryDirectory(prefix="a2e-soak-") as folder:
        return _run(plan, Path(folder), write=given.write)


def _run(plan: SoakPlan, folder: Path, *, write: bool) -> int:
    report = asyncio.run(soak(plan, folder, lambda line: print(line, file=sys.stderr, flush=True)))
    print("\n".join(report.lines()))
    print(f"\n{report.seconds:.0f} s")
    for problem in report.problems:
        print(f"PROBLEM {problem}")
    if write:
        write_table("soak", f"make soak STARTS={plan.starts} KILLS={plan.kills} SEED={plan.seed}", report.lines())
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
