"""`make clients`: the real clients against the real server on the sandbox, each in its own environment.

`make clients ONLY=sdk-2,codex` runs some of them. Progress is written to stderr, a summary to stdout, the table
to docs/compatibility.md. What is left of each run (messages, what the model was shown, output) is in .clients/runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.clients.company_server import open_company_server
from tests.clients.declarations import FOLDER, Client, chosen
from tests.clients.endpoint import open_endpoint
from tests.clients.environments import HOME, Environment, InstallError, environment_of, with_node
from tests.clients.model import PROMPT, START, START_TOOL, WAIT_SECONDS, WAIT_TOOL, Shown
from tests.clients.page import Row, write_rows
from tests.clients.recording import read_recording
from tests.clients.verdict import Verdict, judge

_SERVER = ("-m", "a2e_mcp", "--sandbox")
_NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "OTEL_SDK_DISABLED": "true",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "MCP_USE_ANONYMIZED_TELEMETRY": "false",
}


def main() -> int:
    """Run the chosen clients, write the table, and fail when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="names of clients, separated by commas")
    parser.add_argument("--parallel", type=int, default=1, help="how many at once")
    wanted = parser.parse_args()
    clients = chosen(wanted.only)
    with ThreadPoolExecutor(wanted.parallel) as pool:
        rows: dict[str, Row] = {}
        for client, row in zip(clients, pool.map(run_client, clients), strict=True):
            rows[client.name] = row
            write_rows(rows)
    counts: dict[str, int] = {}
    for name, row in rows.items():
        print(f"{name:24} {row.version:12} {row.protocol:11} {row.tools:9} {row.result}")
        outcome = row.result.partition(":")[0]
        counts[outcome] = counts.get(outcome, 0) + 1
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts.keys() - {"passed", "fault of the client"} else 0


def run_client(client: Client) -> Row:
    """Install one client, run it, and say in a row what became of it."""
    say(client, "installing")
    try:
        environment = environment_of(client)
    except InstallError as error:
        say(client, f"not installed: {error}")
        return Row(client.title, client.version, result=f"not installed: {plain(str(error))}")
    say(client, "running")
    since = time.monotonic()
    verdict = _run(client, environment, _SERVER)
    # A fault is the client's own when the smallest server meets the very same end.
    if client.fault and _run(client, environment, (str(client.fault_file),)).problem != verdict.problem:
        verdict = Verdict(verdict.protocol, verdict.tools, f"{client.fault_file.name} does not show its fault")
        client = dataclasses.replace(client, fault="")
    row = Row(client.title, client.version, verdict.protocol, verdict.tools, result_of(client, verdict))
    where = f"; see {HOME.name}/runs/{client.name}/output.txt" if row.result.startswith("failed") else ""
    say(client, f"{row.result} ({time.monotonic() - since:.0f} s){where}")
    return row


def result_of(client: Client, verdict: Verdict) -> str:
    """A declared fault is a fault of the client only while it shows."""
    if client.fault:
        return f"fault of the client: {client.fault}" if verdict.problem else "failed: its declared fault is gone"
    passed = f"passed: with {client.setting}" if client.setting else "passed"
    return f"failed: {verdict.problem}" if verdict.problem else passed


def _run(client: Client, environment: Environment, server: Sequence[str]) -> Verdict:
    folder = HOME / "runs" / (client.name if server is _SERVER else f"{client.name}-fault")
    shutil.rmtree(folder, ignore_errors=True)
    home = folder / "home"
    home.mkdir(parents=True)
    script = client.script_file
    if script.suffix == ".mjs":
        # Node looks for packages beside the script.
        script = Path(shutil.copy(script, environment.folder / script.name))
    with ExitStack() as stack:
        endpoint = stack.enter_context(
            open_endpoint(stack.enter_context((folder / "model.jsonl").open("w", encoding="utf-8")))
        )
        entry, more = server_of(folder, server, client.setting), {}
        if client.over == "https":
            company = stack.enter_context(open_company_server(folder, dict(entry["env"])))
            entry, more = dict(company.entry), dict(company.variables)
        task = {
            "server": entry,
            "model": endpoint.urls,
            "prompt": PROMPT,
            "start": {"tool": START_TOOL, "arguments": START},
            "wait": {"tool": WAIT_TOOL, "seconds": WAIT_SECONDS},
        }
        command = ["node"] if script.suffix == ".mjs" else [str(_python(client, environment)), "-P"]
        code, output = run_bounded(
            ["nice", "-n", "10", *command, str(script), *client.arguments],
            folder=home,
            variables={
                **_variables(home, environment),
                # Google's libraries take these from the environment alone.
                **{"GOOGLE_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": endpoint.urls["gemini"]},
                **more,
                "A2E_TASK": json.dumps(task),
            },
            seconds=client.seconds,
        )
        (folder / "output.txt").write_text(output, encoding="utf-8")
    report = reported(output)
    if "report" in report:
        # A suite judges itself.
        return Verdict(**report["report"])
    shown = [Shown(tuple(report["tools"]), report["shown"], calls=2)] if report else endpoint.seen
    end = f"it takes longer than {client.seconds} seconds" if code == -signal.SIGKILL else "it ends with an error"
    return judge(read_recording(folder / "recording.txt"), shown, end=end if code else "")


def _python(client: Client, environment: Environment) -> Path:
    # A host in JavaScript is started by a script of ours, which needs nothing.
    return environment.python if client.runtime == "python" else Path(sys.executable)


def server_of(folder: Path, server: Sequence[str], setting: str) -> dict[str, Any]:
    """The server as a client's configuration has it; it is recorded, and keeps everything inside the folder."""
    recorded = (str(FOLDER / "recorder.py"), str(folder / "recording.txt"))
    variables = {
        "HOME": str(folder / "home"),
        "PATH": os.environ.get("PATH", ""),
        "A2E_DATA_DIR": str(folder / "data"),
        "A2E_OUTPUT_DIR": str(folder / "output"),
    }
    if setting:
        name, _, value = setting.partition("=")
        variables[name] = value
    return {"command": sys.executable, "args": [*recorded, sys.executable, *server], "env": variables}


def _variables(home: Path, environment: Environment) -> dict[str, str]:
    """What a client sees of the machine: nothing of the outer one's keys, settings and configuration."""
    path = os.pathsep.join((str(environment.bin), with_node(os.environ)["PATH"]))
    private = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_DATA_HOME": str(home / ".local/share")}
    no_proxy = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    return {"PATH": path, "LANG": "C.UTF-8", "TERM": "dumb", **private, **no_proxy, **_NO_TELEMETRY}


def run_bounded(command: list[str], *, folder: Path, variables: Mapping[str, str], seconds: float) -> tuple[int, str]:
    """Run a command with all its children to its end, or to the end of its time: its exit code, and what it wrote."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nstopped after {seconds:.0f} seconds\n"
    return process.returncode, output


def reported(output: str) -> dict[str, Any]:
    """The last line of a script without a model: the tools, and what a program would show; or a suite's own verdict."""
    for line in reversed(output.splitlines()):
        if line.startswith(('{"tools":', '{"report":')):
            report: dict[str, Any] = json.loads(line)
            return report
    return {}


def plain(text: str) -> str:
    """A message of an installer without the machine's paths and addresses."""
    words = [word for word in text.split() if "/" not in word]
    return " ".join(words)[:120]


def say(client: Client, what: str) -> None:
    """Progress, for a person who waits."""
    print(f"{client.name}: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
