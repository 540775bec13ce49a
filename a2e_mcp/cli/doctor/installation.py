"""The installation: Python, the packages, and whether the sandbox can render."""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import a2e_mcp
from a2e_mcp.cli.doctor.findings import Findings
from a2e_mcp.cli.requirements import REQUIRED, installed_version, unmet
from a2e_mcp.installation import Installation
from a2e_mcp.sandbox.extra import LIVE_ROOMS, PACKAGES, RENDERING, has_webrtc, missing_packages
from a2e_mcp.settings import Settings

if TYPE_CHECKING:
    from a2e_mcp.sandbox.render_workers.pool import RenderFailed

_OLDEST_PYTHON = (3, 11)
_SECONDS_TO_WORK = 60.0


def check_packages(findings: Findings) -> None:
    """Check Python and the required packages."""
    if sys.version_info[:2] < _OLDEST_PYTHON:
        findings.fix("python.old", f"Python {platform.python_version()} is too old", "Install Python 3.11 or newer")
    shown = [f"a2e-mcp {a2e_mcp.__version__}", f"Python {platform.python_version()} on {platform.platform(terse=True)}"]
    lacking = list(unmet())
    for lack in lacking:
        code = "packages.unsupported" if lack.version else "packages.missing"
        findings.fix(code, lack.problem, Installation.current().package_advice(lack.requirement))
    wrong = {lack.package for lack in lacking}
    shown += [f"{package} {installed_version(package)}" for package in REQUIRED if package not in wrong]
    findings.ok("packages.versions", ", ".join(shown))


async def check_rendering(findings: Findings, settings: Settings) -> None:
    """Check that the sandbox extra is installed and that a render worker can speak and draw."""
    here = Installation.current()
    # Live mode needs none of this.
    report = findings.fix if settings.mode == "sandbox" else findings.note
    if missing := missing_packages():
        report(
            "rendering.extra_missing",
            f"The sandbox cannot render: {', '.join(missing)} missing",
            here.advice(RENDERING),
        )
        return
    findings.doing("Starting the render worker")
    try:
        with tempfile.TemporaryDirectory(prefix="a2e-doctor-", ignore_cleanup_errors=True) as folder:
            failures = await _tried(Path(folder))
            log = Path(folder) / "workers.log"
            # The folder is deleted before the user could look there.
            output = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
    except OSError as problem:
        report(
            "rendering.untested",
            f"The render worker cannot be tested ({problem.strerror or problem})",
            "Set TMPDIR to a writable folder",
        )
        return
    for failure in failures:
        if failure.code == "extra_missing":
            report("rendering.extra_missing", failure.message, "")
        else:
            report("rendering.broken", " ".join([failure.message, *output]), f"Reinstall it. {here.advice(RENDERING)}")
    if not failures:
        versions = ", ".join(f"{package} {installed_version(package) or 'found'}" for package in PACKAGES.values())
        findings.ok("rendering.works", f"The sandbox can speak and draw ({versions})")
    if settings.mode == "sandbox" and not has_webrtc():
        findings.note(
            "rendering.live_rooms",
            "Live rooms in the sandbox need WebRTC, which is not installed",
            here.advice(LIVE_ROOMS),
        )


async def _tried(folder: Path) -> list[RenderFailed]:
    """The orders that a render worker could not carry out."""
    from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
    from a2e_mcp.sandbox.orders.speech import SpeechOrder
    from a2e_mcp.sandbox.protocol import DrawnAvatar
    from a2e_mcp.sandbox.render_workers.pool import RenderFailed, WorkerPool

    speech = SpeechOrder(text="One, two.", voice="en-us", output=str(folder / "a.mp3"), track=str(folder / "a.json"))
    drawing = AvatarCoverOrder(
        avatar=DrawnAvatar(seed=1, gender="female"), output=str(folder / "a.jpg"), width=180, height=180
    )
    failures: list[RenderFailed] = []
    async with WorkerPool(folder, renders=1, render_seconds=_SECONDS_TO_WORK) as pool:
        for order in (speech, drawing):
            try:
                await pool.carry_out("doctor", order)
            except RenderFailed as failure:
                failures.append(failure)
                if failure.code == "internal":
                    break  # a broken worker would fail again
    return failures
