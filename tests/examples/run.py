"""`make examples`: the examples with an agent framework, each in its own environment, against a scripted model.

The example is run as it is: `a2e-mcp` is found on the PATH, and the model where the provider's own variable says.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from pathlib import Path

from tests.clients.endpoint import open_endpoint
from tests.clients.environments import HOME, InstallError, environment_of
from tests.clients.model import START_TOOL, links_in
from tests.clients.run import run_bounded
from tests.examples.frameworks import FRAMEWORK_EXAMPLES, FrameworkExample

_SECONDS = 240


def main() -> int:
    """Run the chosen examples; 1 when one of them does not end with the link of a video."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="names of files, separated by commas")
    names = [name for name in parser.parse_args().only.split(",") if name]
    failed = 0
    for example in FRAMEWORK_EXAMPLES:
        if names and example.file not in names:
            continue
        problem = run_example(example)
        print(f"{example.file:24} {example.client.packages[0]:32} {problem or 'passed'}", flush=True)
        failed += bool(problem)
    return 1 if failed else 0


def run_example(example: FrameworkExample) -> str:
    """Run one example; the first thing that did not work, empty when all did."""
    try:
        environment = environment_of(example.client)
    except InstallError as error:
        return f"not installed: {error}"
    folder = HOME / "examples" / example.path.stem
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    with open_endpoint(io.StringIO()) as endpoint:
        code, output = run_bounded(
            ["nice", "-n", "10", str(environment.python), "-P", str(example.path)],
            folder=folder / "home",
            variables=_variables(folder, environment.bin, endpoint.urls),
            seconds=_SECONDS,
        )
    (folder / "output.txt").write_text(output, encoding="utf-8")
    steps = (
        (code != 0, f"it ends with {code}; see {folder / 'output.txt'}"),
        (not endpoint.seen, "the model is never asked"),
        (not any(START_TOOL in tool for each in endpoint.seen for tool in each.tools), "the model sees no tools"),
        (not links_in(output), f"it prints no link; see {folder / 'output.txt'}"),
    )
    return next((problem for is_so, problem in steps if is_so), "")


def _variables(folder: Path, programs: Path, models: dict[str, str]) -> dict[str, str]:
    """What an example sees of the machine: the server's command, and where the model is."""
    path = os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.environ["PATH"]))
    return {
        "PATH": path,
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "NO_PROXY": "127.0.0.1,localhost",
        "A2E_DATA_DIR": str(folder / "data"),
        "A2E_OUTPUT_DIR": str(folder / "output"),
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": models["openai"],
        "OPENAI_AGENTS_DISABLE_TRACING": "1",
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": models["anthropic"],
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "ENABLE_TOOL_SEARCH": "false",
        "MCP_TIMEOUT": "60000",
        "DO_NOT_TRACK": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
