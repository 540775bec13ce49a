"""The sandbox's two workers, from spawn to ready, beside an empty Python."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.budgets import WORKER_RATIO
from bench.table import Row

_ROOT = Path(__file__).parent.parent
_EMPTY = ("-c", "print(flush=True)")
_WORKERS: Mapping[str, str] = {
    "render worker": "a2e_mcp.sandbox.render_workers.program",
    "live worker": "a2e_mcp.sandbox.renderer.live.worker",
}


def measure_workers(runs: int) -> Iterator[Row]:
    """Both workers and an empty Python, started in turn; the least of the runs."""
    commands: dict[str, Sequence[str]] = {name: ("-P", "-m", module) for name, module in _WORKERS.items()}
    commands["empty Python"] = _EMPTY
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        for command in commands.values():
            _start(command, folder)  # so that everything is compiled and in the system's cache
        for _ in range(runs):
            for name, command in commands.items():
                seconds[name].append(_start(command, folder))
    empty = min(seconds["empty Python"])
    for name in _WORKERS:
        least = min(seconds[name])
        yield Row(
            f"{name}, spawn to ready (least of {runs})",
            f"{least * 1000:.0f} ms",
            f"{empty * 1000:.0f} ms empty Python",
            f"x {least / empty:.1f}",
            f"x {WORKER_RATIO:.1f}",
            least / empty <= WORKER_RATIO,
        )


def _start(command: Sequence[str], folder: str) -> float:
    """Seconds from the spawn to the first line."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        cwd=folder,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        if not process.stdout.readline():
            raise RuntimeError(f"{command[-1]} ended before it was ready")
        seconds = time.perf_counter() - began
        process.stdin.close()
        process.wait(10)
    return seconds
