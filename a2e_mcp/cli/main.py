"""The command line: its commands, which flags each accepts, and its exit codes."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a2e_mcp import __version__
from a2e_mcp.errors import A2EError
from a2e_mcp.operations.garbage import no_search

if TYPE_CHECKING:
    import argparse

_INTERRUPTED = 130
_BROKEN = 1


_EXAMPLES = """\
examples:
  a2e-mcp demo
      render a video on this computer: free, no account
  a2e-mcp install claude-desktop --sandbox
      try it in Claude Desktop: free, no account
  a2e-mcp doctor
      find what is wrong and how to fix it
  a2e-mcp tools --toolsets video,voices
      see what an assistant would see
  A2E_API_TOKEN=sk_... a2e-mcp
      serve the real A2E on stdio

exit codes:
  0  done
  1  not done; one sentence on stderr says why
  2  the command line is wrong
  130  stopped with Ctrl-C
"""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_CHOICE = ("toolsets", "tools", "exclude_tools", "read_only", "tool_prefix")
_ACCEPTED_FLAGS: Mapping[str, tuple[str, ...]] = {
    "serve": ("sandbox", "no_keyring", "http", *_CHOICE),
    "demo": (),
    "sandbox": (),
    "doctor": ("sandbox", "no_keyring"),
    "install": ("sandbox", "no_keyring"),
    "tools": ("sandbox", *_CHOICE),
    "forget": ("sandbox",),
    "users": (),
    "database": (),
    "worker": ("sandbox",),
}
"""Which flags each command accepts, before or after its name; `demo` and `sandbox` always use the sandbox."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an expected problem is one sentence on stderr and an exit code."""
    # A console or a pipe may be unable to show other people's letters.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        try:
            code = _exit_code(arguments)
        finally:
            # Left to the interpreter's end, a reader that is gone would make it print a complaint of its own.
            if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.closed:
                sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        code = _BROKEN
    except OSError as problem:
        if problem.errno not in _NO_ROOM or problem.filename is not None:
            raise
        _forget_output()
        why = f"The output could not be written ({problem.strerror})"
        print(f"a2e-mcp: {why}. Make room where it goes, then run the command again.", file=sys.stderr)
        code = _BROKEN
    sys.exit(code)


def _forget_output() -> None:
    """Keep what was not written from being tried again at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_code(arguments: Sequence[str] | None) -> int:
    """Run the command. Exits when the command line is wrong."""
    given = sys.argv[1:] if arguments is None else arguments
    command, options, flags = _read(given) if given else ("serve", None, {})
    try:
        return _run(command, options, flags)
    except A2EError as problem:
        print(f"a2e-mcp: {problem}", file=sys.stderr)
        return _BROKEN
    except KeyboardInterrupt:
        return _INTERRUPTED
    except ImportError:
        # An installer that was forced leaves packages which lack what is imported here.
        from a2e_mcp.cli.requirements import unmet
        from a2e_mcp.installation import Installation

        lacking = list(unmet())
        if not lacking:
            raise
        for lack in lacking:
            advice = Installation.current().package_advice(lack.requirement)
            print(f"a2e-mcp: {lack.problem}. {advice}", file=sys.stderr)
        return _BROKEN


def _read(arguments: Sequence[str]) -> tuple[str, argparse.Namespace, dict[str, Any]]:
    """The command, its options, and the shared flags that were given. Exits when the command line is wrong."""
    parser = command_parser()
    options = parser.parse_args(arguments)
    return options.command or "serve", options, _flags(parser, options)


def _run(command: str, options: Any, flags: dict[str, Any]) -> int:
    # Each command imports only what it needs, so that it starts quickly.
    sandbox: bool = flags.get("sandbox", False)
    match command:
        case "demo":
            from a2e_mcp.cli.demo import demo

            code = demo(script=options.script, folder=options.folder)
        case "sandbox":
            from a2e_mcp.cli.sandbox import run_sandbox

            code = run_sandbox(host=options.host, port=options.port, folder=options.folder, draft=options.draft)
        case "doctor":
            from a2e_mcp.cli.doctor import run_doctor

            code = run_doctor(
                live=options.live,
                report=options.report,
                sandbox=sandbox,
                as_json=options.json,
                keyring=not flags.get("no_keyring", False),
            )
        case "install":
            from a2e_mcp.cli.install.command import install

            code = install(
                options.client,
                only_print=options.print,
                sandbox=sandbox,
                remove=options.remove,
                scope=options.scope,
                keyring=not flags.get("no_keyring", False),
            )
        case "forget":
            from a2e_mcp.cli.forget import forget

            code = forget(options.before, sandbox=sandbox)
        case "users":
            from a2e_mcp.cli.users import UserOptions, users

            given = {name: getattr(options, name, None) for name in UserOptions.__dataclass_fields__}
            code = users(options.action or "list", UserOptions(**given))
        case "worker":
            from a2e_mcp.cli.worker import run_worker

            code = run_worker(sandbox=sandbox, health=options.health)
        case "database":
            from a2e_mcp.cli.database import check_database, upgrade_database

            code = upgrade_database() if options.action == "upgrade" else check_database()
        case "tools":
            from a2e_mcp.cli.tools import print_tools

            code = print_tools(as_json=options.json, **flags)
        case _:
            # pydantic would read the metadata of every installed package to find plugins, which no model here needs; a
            # person waits for the start. Who wants them sets the variable to nothing.
            os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
            with no_search():
                from a2e_mcp.cli.serve import serve

            if flags.pop("no_keyring", False):
                flags["keyring"] = "off"
            code = serve(http=flags.pop("http", None), **flags)
    return code


def _flags(parser: argparse.ArgumentParser, options: argparse.Namespace) -> dict[str, Any]:
    """The shared flags that were given. Exits when the command does not accept one of them."""
    command = options.command or "serve"
    given = {name: value for name, value in vars(options).items() if name in _ACCEPTED_FLAGS["serve"]}
    for name in given:
        if name not in _ACCEPTED_FLAGS[command]:
            *more, last = (each for each, flags in _ACCEPTED_FLAGS.items() if name in flags)
            accepting = f"{', '.join(more)} and {last}" if more else last
            parser.error(f"--{name.replace('_', '-')} is for {accepting}; {command} does not accept it")
    return given


def command_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    # A host that gives no arguments starts the server without it.
    import argparse

    from a2e_mcp.cli.install.clients import CLIENTS

    parser = argparse.ArgumentParser(
        prog="a2e-mcp",
        description="Make avatar videos by talking:\nA2E as a Model Context Protocol server.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"a2e-mcp {__version__}")
    _shared_flags(parser, "serve")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about)
        _shared_flags(made, name)
        return made

    command("serve", "serve MCP on stdio or over HTTP (the default)")

    demo = command("demo", "make a talking-avatar video in the sandbox, through MCP")
    demo.add_argument("script", nargs="?", help="the text the avatar speaks")
    demo.add_argument("--folder", type=Path, help="where to save the video (default: the output folder)")

    sandbox = command("sandbox", "serve the sandbox (A2E's API on this computer) on a port")
    sandbox.add_argument("--host", default="127.0.0.1", help="a loopback address")
    sandbox.add_argument("--port", type=_port, default=8811, help="default 8811; 0 picks a free port")
    sandbox.add_argument("--folder", type=Path, help="folder of its data (default: the data folder)")
    sandbox.add_argument("--draft", action="store_true", help="render small and fast, for tests")

    doctor = command("doctor", "check the installation and suggest fixes")
    doctor.add_argument("--live", action="store_true", help="also make all free reads and compare the answers")
    doctor.add_argument("--report", type=Path, metavar="FILE", help="write the answers' redacted shapes")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON, with stable names")

    install = command("install", "add the server to a client's configuration")
    clients = [client.id for client in CLIENTS]
    install.add_argument("client", choices=clients, metavar="CLIENT", help=f"one of {', '.join(clients)}")
    install.add_argument("--print", action="store_true", help="print the entry, write nothing")
    install.add_argument("--remove", action="store_true", help="remove the entry again")
    install.add_argument(
        "--scope", choices=("user", "project"), default="user", help="for you (the default) or for the current folder"
    )

    forgotten = command("forget", "remove scripts, consent and raw answers of old starts; amounts stay")
    forgotten.add_argument("--before", required=True, metavar="DATE", help="a day, for example 2026-01-31")

    people = command("users", "keys and limits of those who share a server over HTTP")
    _add_user_actions(people)

    command("worker", "carry on what the servers on one PostgreSQL database have begun").add_argument(
        "--health", metavar="HOST:PORT", help="answer /healthz, /readyz and /metrics there"
    )

    database = command("database", "prepare or check the PostgreSQL database of A2E_DATABASE")
    database.add_argument(
        "action", choices=("upgrade", "check"), help="upgrade: bring its tables up to date; check: say what is wrong"
    )

    tools = command("tools", "list the tools shown with these flags and settings")
    tools.add_argument("--json", action="store_true", help="print them as in tools/list")
    return parser


def _add_user_actions(people: argparse.ArgumentParser) -> None:
    actions = people.add_subparsers(dest="action", metavar="ACTION")
    added = actions.add_parser("add", help="add a user, or a key of one; prints the key, once")
    limits = actions.add_parser("limits", help="change what a user may do and spend")
    for each in (added, limits):
        each.add_argument("name", metavar="NAME")
        each.add_argument("--scope", help="read, spend or admin; each includes those before it")
        each.add_argument("--daily-credits", metavar="N", help="ceiling for 24 hours; none, or default")
        each.add_argument("--max-credits", metavar="N", help="ceiling for one start; none for no ceiling")
        each.add_argument("--subject", help="who the user is at the provider of A2E_OIDC_ISSUER")
    added.add_argument("--expires-days", type=_days, metavar="N", help="after how many days the key expires")
    actions.add_parser("list", help="list users, keys and limits; keys by the beginning of their hash")
    revoked = actions.add_parser("revoke", help="refuse a user, or one of their keys, from now on")
    revoked.add_argument("name", metavar="NAME")
    revoked.add_argument("--key", metavar="ID", help="only this key, as users list shows it")
    restored = actions.add_parser("restore", help="take back that a user was revoked; old keys stay revoked")
    restored.add_argument("name", metavar="NAME")
    forgotten_key = actions.add_parser("forget-key", help="remove the A2E key that a user has brought")
    forgotten_key.add_argument("name", metavar="NAME", help="as users list shows it")
    actions.add_parser("reseal", help="seal the A2E keys of users anew, with the first secret of A2E_SEAL_KEYS")


def _shared_flags(parser: argparse.ArgumentParser, command: str) -> None:
    from argparse import SUPPRESS

    # No defaults, so that a command does not override a flag given before it.
    for name, shown, about in (
        ("sandbox", "", "use the sandbox: free, no account"),
        ("no_keyring", "", "do not use the system's keyring for the token"),
        ("http", "HOST:PORT", "serve streamable HTTP; beyond loopback only to users with keys"),
        ("toolsets", "NAMES", "toolsets to show, separated by commas; `all` includes models and admin"),
        ("tools", "NAMES", "single tools to show in addition"),
        ("exclude_tools", "NAMES", "tools to hide; wins over other flags"),
        ("read_only", "", "show only tools that neither change nor cost anything"),
        ("tool_prefix", "PREFIX", "prefix of all tool names"),
    ):
        flag = f"--{name.replace('_', '-')}"
        if name in _ACCEPTED_FLAGS[command] and shown:
            parser.add_argument(flag, metavar=shown, default=SUPPRESS, help=about)
        elif name in _ACCEPTED_FLAGS[command]:
            parser.add_argument(flag, action="store_true", default=SUPPRESS, help=about)


def _days(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= 36_500:
        raise ArgumentTypeError("use a number of days")
    return days


def _port(text: str) -> int:
    from argparse import ArgumentTypeError

    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise ArgumentTypeError("use a number from 0 to 65535")
    return int(text)
