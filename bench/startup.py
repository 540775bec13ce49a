"""From spawn to the tools/list reply over stdio, beside the bare SDK: time, peak memory and bytes.

A bare pipe is the client, so that only the servers are measured; both are started in turn, and minima are compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.budgets import MEMORY_MIB, SEEN_BYTES, START_RATIO, TOOL_BYTES, WIRE_BYTES
from bench.table import Row

_ROOT = Path(__file__).parent.parent
_OURS = ("-m", "a2e_mcp")
_BARE = (str(Path(__file__).with_name("one_tool.py")),)
_CLIENT = {"name": "bench", "version": "1"}
_MODERN = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": _CLIENT,
    }
}
_LEGACY = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": _CLIENT}
_ERAS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "initialize": (
        {"id": 1, "method": "initialize", "params": _LEGACY},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list"},
    ),
    "2026-07-28": (
        {"id": 1, "method": "server/discover", "params": _MODERN},
        {"id": 2, "method": "tools/list", "params": _MODERN},
    ),
}


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds to the reply, peak memory in MiB (None where it is unknown), the reply's bytes."""

    seconds: float
    peak: float | None
    reply: bytes


def measure_startup(runs: int) -> Iterator[Row]:
    """Both servers, both eras, in turn."""
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("A2E_")},
            "A2E_SANDBOX": "1",
            "A2E_DATA_DIR": folder,
            "PYTHONPATH": str(_ROOT),
        }
        for each in (_OURS, _BARE):
            _start(each, environment, "initialize")  # so that everything is compiled and in the system's cache
        ours: dict[str, list[Start]] = {era: [] for era in _ERAS}
        bare: dict[str, list[Start]] = {era: [] for era in _ERAS}
        for _ in range(runs):
            for era in _ERAS:
                ours[era].append(_start(_OURS, environment, era))
                bare[era].append(_start(_BARE, environment, era))
    for era in _ERAS:
        yield _time_row(era, ours[era], bare[era])
    legacy = next(iter(_ERAS))
    yield _memory_row(ours[legacy], bare[legacy])
    yield from _byte_rows(ours[legacy][0].reply, bare[legacy][0].reply)


def _start(arguments: Sequence[str], environment: Mapping[str, str], era: str) -> Start:
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        cwd=_ROOT,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        reply = b""
        for message in _ERAS[era]:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            process.stdin.flush()
            if "id" in message:
                reply = _reply(process.stdout, message["id"])
        seconds = time.perf_counter() - began
        peak = _peak_memory(process.pid)
        process.stdin.close()
        process.wait(10)
    return Start(seconds, peak, reply)


def _reply(stdout: IO[bytes], wanted: int) -> bytes:
    for line in stdout:
        answer = json.loads(line)
        if answer.get("id") == wanted:
            if "result" not in answer:
                raise RuntimeError(f"the server refused: {answer}")
            return line
    raise RuntimeError("the server ended without a reply")


def _peak_memory(process_id: int) -> float | None:
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _time_row(era: str, ours: Sequence[Start], bare: Sequence[Start]) -> Row:
    our_best, bare_best = (min(start.seconds for start in starts) for starts in (ours, bare))
    ratio = our_best / bare_best
    return Row(
        f"spawn to tools/list, {era} (least of {len(ours)})",
        f"{our_best * 1000:.0f} ms",
        f"{bare_best * 1000:.0f} ms",
        f"x {ratio:.2f}",
        f"x {START_RATIO:.2f}",
        ratio <= START_RATIO,
    )


def _memory_row(ours: Sequence[Start], bare: Sequence[Start]) -> Row:
    our_peaks, bare_peaks = ([start.peak for start in starts if start.peak is not None] for starts in (ours, bare))
    if not our_peaks or not bare_peaks:
        return Row("peak memory after tools/list", "unknown on this system", "", "", f"{MEMORY_MIB:.0f} MiB", True)
    ours_most, bare_most = max(our_peaks), max(bare_peaks)
    return Row(
        "peak memory after tools/list",
        f"{ours_most:.1f} MiB",
        f"{bare_most:.1f} MiB",
        f"+ {ours_most - bare_most:.1f} MiB",
        f"{MEMORY_MIB:.0f} MiB",
        ours_most <= MEMORY_MIB,
    )


def _byte_rows(ours: bytes, bare: bytes) -> Iterator[Row]:
    tools = json.loads(ours)["result"]["tools"]
    bare_tools = json.loads(bare)["result"]["tools"]
    yield _bytes_row(f"tools/list on the wire, {len(tools)} tools", len(ours), len(bare), WIRE_BYTES)
    seen, bare_seen = (sum(len(_bytes(_seen(tool))) for tool in each) for each in (tools, bare_tools))
    yield _bytes_row("of it what the model sees", seen, bare_seen, SEEN_BYTES)
    largest = max(tools, key=lambda tool: len(_bytes(tool)))
    yield _bytes_row(f"largest tool, {largest['name']}", len(_bytes(largest)), len(_bytes(bare_tools[0])), TOOL_BYTES)


def _bytes_row(what: str, ours: int, bare: int, budget: int) -> Row:
    return Row(what, f"{ours:,} B", f"{bare:,} B", "", f"{budget:,} B", ours <= budget)


def _seen(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tool[name] for name in ("name", "description", "inputSchema") if name in tool}


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
