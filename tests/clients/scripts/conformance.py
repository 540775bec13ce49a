"""The official conformance suite, over HTTP: what it requires of a server of one revision of the protocol."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TASK = json.loads(os.environ["A2E_TASK"])


FIXTURES = "tests.clients.task_fixtures"
TASKS = (
    "lifecycle",
    "capability-negotiation",
    "wire-fields",
    "request-state-removal",
    "request-headers",
    "dispatch-and-envelope",
)
"""The scenarios of tasks that a server can pass whose tasks ask for nothing and are jobs that are paid for."""
NOT_OURS = {"sep-2663-tasks-get-status-failed"}
"""Checks that must fail, and no others: no task of this server ends in an error of the protocol."""
_FAILED = re.compile(r"\[([\w-]+) *\] (?:\x1b\[\d+m)*FAILURE")


def main(revision: str) -> None:
    server = TASK["server"]
    if revision == "tasks":
        tasks(server)
        return
    command = [server["command"], *server["args"], "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, env=server["env"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            check(revision, process.stderr.readline().split(" at ")[1].split(" ")[0])
        finally:
            process.terminate()


def tasks(server: dict[str, Any]) -> None:
    """Tasks, tried on the server with the suite's own tools put before the real ones."""
    python = Path(server["command"]).with_name("python")
    checkout = Path(__file__).parents[3]
    with subprocess.Popen([python, "-m", FIXTURES], cwd=checkout, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            url = process.stderr.readline().split(" at ")[1].split(" ")[0]
            results = [scenario(url, f"tasks-{name}") for name in TASKS]
        finally:
            process.terminate()
    passed = sum(count for count, _ in results)
    failed = [check for _, checks in results for check in checks]
    unexpected = sorted(NOT_OURS.symmetric_difference(failed))
    problem = f"otherwise than expected: {', '.join(unexpected)}" if unexpected else ""
    checks = f"{passed} of {passed + len(failed)} checks"
    print(json.dumps({"report": {"protocol": "2026-07-28", "tools": checks, "problem": problem}}))


def scenario(url: str, name: str) -> tuple[int, list[str]]:
    """How many checks of a scenario passed, and which failed."""
    command = ["conformance", "server", "--url", url, "--scenario", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    passed, total, failed = re.findall(r"Passed: (\d+)/(\d+), (\d+) failed", done.stdout)[-1]
    assert int(passed) + int(failed) == int(total)
    checks = _FAILED.findall(done.stdout)
    assert len(checks) == int(failed)
    return int(passed), checks


def check(revision: str, url: str) -> None:
    expected = Path(__file__).parent.parent / "conformance" / f"{revision}.yaml"
    options = ["--url", url, "--requirements", revision, "--expected-failures", str(expected), "--timeout", "60000"]
    done = subprocess.run(["conformance", "server", *options], stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    passed, failed = re.findall(r"^Total: (\d+) passed, (\d+) failed", done.stdout, re.MULTILINE)[-1]
    problem = f"see the list of expected failures: {expected.name}" if done.returncode else ""
    checks = f"{passed} of {int(passed) + int(failed)} checks"
    print(json.dumps({"report": {"protocol": revision, "tools": checks, "problem": problem}}))


main(sys.argv[1])
