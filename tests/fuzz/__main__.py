"""`make fuzz`: run a fuzz and, with --write, put its table into docs/reliability.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.fuzz.run import fuzz
from tests.support.reliability import write_table


def main() -> int:
    """Run one fuzz; the exit code is 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table into docs/reliability.md")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="a2e-fuzz-") as folder:
        report = asyncio.run(fuzz(given.calls, Path(folder), seed=given.seed, say=lambda line: print(line, flush=True)))
    print("\n".join(report.lines()))
    print(f"\n{report.seconds:.0f} s")
    for problem in report.problems:
        print(f"PROBLEM {problem}")
    if given.write:
        write_table("fuzz", f"make fuzz CALLS={given.calls} SEED={given.seed}", report.lines())
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
