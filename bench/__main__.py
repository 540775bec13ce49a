"""Measure everything and print one table; the exit code is 1 when a budget is not met."""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import version

import anyio

from bench.calls import measure_calls
from bench.company import measure_company
from bench.families import measure_families
from bench.films import measure_films
from bench.http_calls import measure_http
from bench.polling import measure_polling
from bench.renders import measure_renders
from bench.startup import measure_startup
from bench.table import Row, table
from bench.workers import measure_workers


def main() -> int:
    """Run all measurements and report progress on stderr."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    quick = parser.parse_args().quick
    rows: list[Row] = []
    try:
        _measure(rows, quick=quick)
    finally:
        # What was measured before a failure is still worth seeing.
        print(f"mcp {version('mcp')}, Python {platform.python_version()}, {platform.system()}; one run")
        print(table(rows), flush=True)
    return 0 if all(row.met for row in rows) else 1


def _measure(rows: list[Row], *, quick: bool) -> None:
    _say("Starting servers in turn ...")
    rows += measure_startup(4 if quick else 25)
    _say("Calling ...")
    rows.append(anyio.run(measure_calls, 3 if quick else 10))
    _say("Calling over HTTP ...")
    rows += anyio.run(measure_http, 2 if quick else 5)
    _say("Calling as a company ...")
    rows += anyio.run(measure_company, 2 if quick else 5)
    _say("Waiting ...")
    rows.append(anyio.run(measure_polling, 1.1 if quick else 3.1))
    _say("Starting workers ...")
    rows += measure_workers(3 if quick else 10)
    _say("Rendering ...")
    rows.append(anyio.run(measure_renders, 2 if quick else 3))
    _say("Rendering each family ...")
    rows += measure_families(2.0 if quick else 7.0, long=not quick)
    _say("Making films ...")
    rows += anyio.run(measure_films, 0.5 if quick else 5)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
