"""The command line: serve (what bare `a2e-mcp` does), demo, sandbox, doctor, install, tools."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from a2e_mcp import __version__
from a2e_mcp.errors import A2EError

_INTERRUPTED = 130
_BROKEN = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; every foreseen problem is one sentence on stderr and an exit code."""
    options = _parser().parse_args(arguments)
    try:
        code = _run(options)
    except A2EError as problem:
        print(f"a2e-mcp: {problem}", file=sys.stderr)
        code = _BROKEN
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away; the interpreter would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _BROKEN
    sys.exit(code)


def _run(options: argparse.Namespace) -> int:
    # Each command imports only what it needs: a person waits for the start.
    match options.command:
        case "demo":
            from a2e_mcp.cli.demo import demo

            return demo(script=options.script, folder=options.folder)
        case "sandbox":
            from a2e_mcp.cli.sandbox import run_sandbox

            return run_sandbox(host=options.host, port=options.port, folder=options.folder, draft=options.draft)
        case "doctor":
            from a2e_mcp.cli.doctor import run_doctor

            return run_doctor(live=options.live, report=options.report)
        case "install":
            from a2e_mcp.cli.install import install

            return install(options.client, only_print=options.print, sandbox=options.sandbox)
        case "tools":
            from a2e_mcp.cli.tools import print_tools

            return print_tools(as_json=options.json)
        case _:
            from a2e_mcp.cli.serve import serve

            return serve(
                sandbox=options.sandbox or None,
                http=options.http,
                toolsets=options.toolsets,
                tools=options.tools,
                exclude_tools=options.exclude_tools,
                read_only=options.read_only or None,
                tool_prefix=options.tool_prefix,
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="a2e-mcp", description="Make avatar videos by talking: A2E as a Model Context Protocol server."
    )
    parser.add_argument("--version", action="version", version=f"a2e-mcp {__version__}")
    _serve_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve MCP (the default): on stdio, or over HTTP")
    _serve_options(serve)

    demo = commands.add_parser("demo", help="make a talking-avatar video in the sandbox, through MCP")
    demo.add_argument("script", nargs="?", help="what the avatar should say")
    demo.add_argument("--folder", type=Path, help="where to save the video (default: the output folder)")

    sandbox = commands.add_parser("sandbox", help="serve the sandbox of A2E's API on a port of this computer")
    sandbox.add_argument("--host", default="127.0.0.1", help="a loopback address")
    sandbox.add_argument("--port", type=_port, default=8811, help="8811 unless set; 0 takes a free one")
    sandbox.add_argument("--folder", type=Path, help="where its state is kept (default: the data folder)")
    sandbox.add_argument("--draft", action="store_true", help="small and quick pictures, for tests")

    doctor = commands.add_parser("doctor", help="check the installation and say how to mend it")
    doctor.add_argument("--live", action="store_true", help="also make every free read and compare the answers")
    doctor.add_argument("--report", type=Path, metavar="FILE", help="write what came back as redacted shapes")

    install = commands.add_parser("install", help="put the server into a client's configuration")
    install.add_argument("client", choices=("claude-desktop", "claude-code"))
    install.add_argument("--print", action="store_true", help="show what would be written, write nothing")
    install.add_argument("--sandbox", action="store_true", help="configure the sandbox: free, no account")

    tools = commands.add_parser("tools", help="list the tools")
    tools.add_argument("--json", action="store_true", help="as tools/list tells them")
    return parser


def _serve_options(parser: argparse.ArgumentParser) -> None:
    # With SUPPRESS, `a2e-mcp --sandbox serve` keeps the flag that stood before the command.
    parser.add_argument(
        "--sandbox", action="store_true", default=argparse.SUPPRESS, help="work in the sandbox: free, no account"
    )
    parser.add_argument(
        "--http", metavar="HOST:PORT", default=argparse.SUPPRESS, help="serve streamable HTTP on a loopback address"
    )
    for flag, shown, about in (
        ("--toolsets", "NAMES", "toolsets to show, with commas; `all` includes admin"),
        ("--tools", "NAMES", "tools to show besides those sets"),
        ("--exclude-tools", "NAMES", "tools to hide, whatever else is set"),
        ("--tool-prefix", "PREFIX", "put before every tool's name"),
    ):
        parser.add_argument(flag, metavar=shown, default=argparse.SUPPRESS, help=about)
    parser.add_argument(
        "--read-only", action="store_true", default=argparse.SUPPRESS, help="only tools that change and cost nothing"
    )
    unset = dict.fromkeys(("http", "toolsets", "tools", "exclude_tools", "tool_prefix"))
    parser.set_defaults(sandbox=False, read_only=False, **unset)


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("use a number from 0 to 65535")
    return int(text)
