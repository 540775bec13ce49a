"""Is everything installed, and does the sandbox's render worker really work here?"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream

import a2e_mcp
from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.sandbox.extra import INSTALL, missing_packages
from a2e_mcp.sandbox.orders import (
    AvatarCover,
    Done,
    DrawnAvatar,
    Failed,
    Failure,
    InvalidLine,
    Ready,
    Reply,
    Speech,
    order_to_line,
    reply_from_line,
)
from a2e_mcp.sandbox.workers import worker_environment
from a2e_mcp.settings import Settings

REQUIRED: Mapping[str, tuple[str, str]] = {
    "mcp": ("2.3", "3"),
    "httpx2": ("2.10", "3"),
    "pydantic": ("2.12", "3"),
    "anyio": ("4.9", "5"),
}
"""The packages whose version matters: at least the first, below the second."""

_OLDEST_PYTHON = (3, 11)
_SECONDS_TO_START = 30.0
_SECONDS_TO_WORK = 60.0
_SECONDS_TO_END = 5.0
_LONGEST_LINE = 1_000_000


def check_packages(findings: Findings) -> None:
    """Python and the packages the server runs on."""
    if sys.version_info[:2] < _OLDEST_PYTHON:
        findings.fix(f"Python {platform.python_version()} is too old", "Install Python 3.11 or newer")
    shown = [f"a2e-mcp {a2e_mcp.__version__}", f"Python {platform.python_version()} on {platform.platform(terse=True)}"]
    for package, (least, below) in REQUIRED.items():
        version = installed_version(package)
        wanted = f"'{package}>={least},<{below}'"
        if version is None:
            findings.fix(f"{package} is not installed", f"pip install {wanted}")
        elif not _numbers(least) <= _numbers(version) < _numbers(below):
            findings.fix(f"{package} {version} does not fit", f"pip install {wanted}")
        else:
            shown.append(f"{package} {version}")
    findings.ok(", ".join(shown))


def installed_version(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


async def check_rendering(findings: Findings, settings: Settings, here: Surroundings) -> None:
    """The sandbox extra: installed, and a worker that speaks and draws."""
    # Whoever works live needs none of this.
    broken = findings.fix if settings.mode == "sandbox" else findings.note
    if missing := missing_packages():
        broken(
            f"The sandbox cannot render: {', '.join(missing)} missing",
            f"Install it with: {INSTALL}",
        )
        return
    findings.doing("Starting the sandbox's render worker")
    try:
        with tempfile.TemporaryDirectory(prefix="a2e-doctor-", ignore_cleanup_errors=True) as folder:
            worked = await _try_worker(Path(folder), here)
    except (OSError, TimeoutError, _WorkerBroke) as problem:
        told = str(problem) or "it did not answer in time"
        broken(f"The sandbox's render worker does not work ({told})", f"Reinstall with: {INSTALL}")
        return
    speech, drawing = worked.speech, worked.drawing
    if drawing is not None:
        broken(f"The sandbox cannot draw here: {drawing.message}", f"Reinstall with: {INSTALL}")
    if speech is not None:
        broken(
            f"eSpeak does not work on this platform: {speech.message}",
            "Give finished audio instead of a script, or install eSpeak NG with the system's packages",
        )
    if drawing is None and speech is None:
        versions = ", ".join(f"{package} {version}" for package, version in worked.ready.packages.items() if version)
        findings.ok(f"The sandbox's worker speaks and draws ({versions})")


class _WorkerBroke(Exception):
    """The worker ended, or said something unreadable."""


class _Worked:
    """What the worker did: None where an order was carried out."""

    def __init__(self, ready: Ready, speech: Failure | None, drawing: Failure | None) -> None:
        self.ready = ready
        self.speech = speech
        self.drawing = drawing


async def _try_worker(folder: Path, here: Surroundings) -> _Worked:
    speech = Speech(text="One, two.", voice="en-us", output=str(folder / "a.mp3"), track=str(folder / "a.json"))
    drawing = AvatarCover(
        avatar=DrawnAvatar(seed=1, gender="female"), output=str(folder / "a.jpg"), width=180, height=180
    )
    async with await anyio.open_process(
        [sys.executable, "-P", "-m", "a2e_mcp.sandbox.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=worker_environment(here.environment),
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise _WorkerBroke("it was started without pipes")
        replies = BufferedByteReceiveStream(process.stdout)
        try:
            with anyio.fail_after(_SECONDS_TO_START):
                ready = await _next_reply(replies)
            if not isinstance(ready, Ready):
                raise _WorkerBroke("it began with something else than its greeting")
            failures: list[Failure | None] = []
            for order in (speech, drawing):
                with anyio.fail_after(_SECONDS_TO_WORK):
                    await process.stdin.send(order_to_line("doctor", order).encode())
                    failures.append(await _outcome(replies))
            await process.stdin.aclose()
            with anyio.move_on_after(_SECONDS_TO_END) as ending:
                await process.wait()
            if ending.cancelled_caught:
                raise _WorkerBroke("it did not end when its input ended")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise _WorkerBroke("it ended in the middle") from None
        finally:
            if process.returncode is None:
                process.kill()
    return _Worked(ready, failures[0], failures[1])


async def _outcome(replies: BufferedByteReceiveStream) -> Failure | None:
    while True:
        match await _next_reply(replies):
            case Done():
                return None
            case Failed(failure=failure):
                return failure


async def _next_reply(replies: BufferedByteReceiveStream) -> Reply:
    try:
        return reply_from_line((await replies.receive_until(b"\n", _LONGEST_LINE)).decode())
    except anyio.IncompleteRead:
        raise _WorkerBroke("it ended at once") from None
    except (anyio.DelimiterNotFound, UnicodeDecodeError, InvalidLine):
        raise _WorkerBroke("it answered with something unreadable") from None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
