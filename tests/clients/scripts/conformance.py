"""The official conformance suite, over HTTP: what it requires of a server of one revision of the protocol."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

TASK = json.loads(os.environ["A2E_TASK"])


def main(revision: str) -> None:
    server = TASK["server"]
    command = [server["command"], *server["args"], "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, env=server["env"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            check(revision, process.stderr.readline().split(" at ")[1].split(" ")[0])
        finally:
            process.terminate()


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
