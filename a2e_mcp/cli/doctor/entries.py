"""One entry of a client: would the client start a server from it, and would a call of that server be answered?"""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from a2e_mcp.cli.doctor.configuration import problem_of
from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.cli.doctor.server_start import FREE_CALL, ServerStart, start_server
from a2e_mcp.cli.install.clients import ClientProgram, ConfigurationPlace, Inherited, VariableStyle
from a2e_mcp.cli.install.entry import ACCESS, ADDRESSES, SANDBOX_FLAG, ServerEntry
from a2e_mcp.errors import Charged
from a2e_mcp.installation import Installation, shell_line
from a2e_mcp.placeholders import is_unfilled
from a2e_mcp.sandbox.extra import RENDERING
from a2e_mcp.setting_rows import secret_variables, variables
from a2e_mcp.text import whole_sentences

_STYLES: Mapping[VariableStyle, re.Pattern[str]] = {
    VariableStyle.SHELL: re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}"),
    VariableStyle.DOLLAR: re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<name>[A-Za-z_]\w*))"),
    VariableStyle.PREFIXED: re.compile(r"\$\{env:(?P<name>\w+)(?P<default>(?!))?\}"),
    VariableStyle.BRACED: re.compile(r"\{env:(?P<name>\w+)(?P<default>(?!))?\}"),
}
_ASKED_FOR = ("${input:", "${{", "{file:")
"""What a client fills in from somewhere that is not known here."""
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|KEY|AUTH|CREDENTIAL|CREDS|PRIVATE|CERT", re.IGNORECASE)
_MEANT: Mapping[str, str] = {
    "environment": "env",
    "envs": "env",
    "variables": "env",
    "arguments": "args",
    "cmd": "command",
    "executable": "command",
}
_REMOTE_TYPES = ("sse", "http", "streamable-http", "streamable_http", "streamablehttp", "remote")
_RUNNERS = ("uvx", "uv", "pipx")
_LONGEST_ANSWER = 160
# What separates a server's sentence from its advice.
_ADVICE = re.compile(r" (?=(?:Run|Start it with): )")


@dataclass(frozen=True, slots=True)
class ConfiguredEntry:
    """An entry in a configuration file, as it is written there."""

    client: ClientProgram
    place: ConfigurationPlace
    file: Path
    name: str
    raw: object

    @property
    def shown(self) -> str:
        """The entry in a sentence."""
        return f"{self.client.name}'s server '{self.name}'"

    @property
    def about(self) -> dict[str, str]:
        """The entry for a program."""
        return {"client": self.client.id, "server": self.name, "file": str(self.file)}

    def correction(self, *, sandbox: bool) -> str:
        """What to do to have an entry that works."""
        if self.place.scope == "local":
            return f"Correct the entry in {self.file}"
        command = Installation.current().command(RENDERING if sandbox else "")
        scope = f" --scope {self.place.scope}" if self.place.scope != "user" else ""
        return f"Run: {command} install {self.client.id}{f' {SANDBOX_FLAG}' if sandbox else ''}{scope}"

    @property
    def standard(self) -> Any:
        """The entry with `command`, `args` and `env`, whatever its client calls them."""
        return self.client.shape.standard(self.raw)

    @property
    def environment_key(self) -> str:
        """What the client calls the entry's variables."""
        return self.client.shape.environment


async def check_entry(findings: Findings, configured: ConfiguredEntry, here: Surroundings) -> None:
    """Check one entry, start its server as the client would, and make one free call."""
    entry = _usable_entry(findings, configured, here)
    if entry is None:
        return
    has_placeholders = _find_placeholders(findings, configured, entry)
    environment = _accepted_environment(findings, configured, entry, here)
    if environment is None:
        return
    effective = ServerEntry(entry.command, entry.arguments, environment)
    if shutil.which(entry.command, path=environment.get("PATH") or here.environment.get("PATH")) is None:
        findings.fix(
            "client.command_missing",
            f"{configured.shown}: command not found: {entry.command}",
            configured.correction(sandbox=effective.is_sandbox),
            configured.about,
        )
        return
    findings.doing(f"Starting {configured.shown} (up to {here.seconds_to_start:g} s)")
    looks_in_keyring = "--no-keyring" not in entry.arguments and environment.get("A2E_KEYRING", "").lower() != "off"
    has_account = effective.is_sandbox or bool(effective.token) or (here.has_stored_token and looks_in_keyring)
    started = await start_server(entry, environment, patience=here.seconds_to_start, with_call=has_account)
    _report(findings, configured, effective, started)
    if not has_account and not started.problem and not has_placeholders:
        findings.note(
            "client.no_token",
            f"{configured.shown} has neither a token nor --sandbox, so calls will fail",
            f"Add {ACCESS} to the entry's {configured.environment_key} in {configured.file}, or --sandbox to its args",
            configured.about,
        )


def _usable_entry(findings: Findings, configured: ConfiguredEntry, here: Surroundings) -> ServerEntry | None:
    """The entry with its variables filled in; None, and a finding, when no server can be started from it."""
    raw = configured.standard
    if isinstance(raw, dict) and not raw.get("command") and any(raw.get(key) for key in ADDRESSES):
        findings.note(
            "client.http", f"{configured.shown} is reached over HTTP, so it was not started", "", configured.about
        )
        return None
    _find_misspelt(findings, configured)
    if isinstance(raw, dict) and str(raw.get("type", "")).lower() in _REMOTE_TYPES:
        findings.fix(
            "client.entry_unusable",
            f"{configured.shown} has the type '{raw['type']}', which is for servers with an address",
            f"Write '{configured.client.fixed.get('type', 'stdio')}' in its place in {configured.file}",
            configured.about,
        )
        return None
    entry = ServerEntry.read(raw)
    if entry is None:
        parts = ServerEntry.read_parts(raw)
        findings.fix(
            "client.entry_unusable",
            f"{configured.shown} has no usable {_listed(configured.client.shape.keys)}",
            configured.correction(sandbox=parts is not None and parts.is_sandbox),
            configured.about,
        )
        return None
    if isinstance(raw, dict) and (raw.get("disabled") is True or raw.get("enabled") is False):
        findings.note("client.disabled", f"{configured.shown} is switched off", "", configured.about)
        return None
    filled = _filled_in(entry, configured.client, here.environment)
    for name in secret_variables():
        findings.hide(filled.environment.get(name, ""))
    texts = (filled.command, *filled.arguments, *filled.environment.values())
    if any(mark in text for mark in _ASKED_FOR for text in texts):
        findings.note(
            "client.asks",
            f"{configured.client.name} asks for a value when it starts the server '{configured.name}',"
            " so it was not started",
            "",
            configured.about,
        )
        return None
    return filled


def _find_misspelt(findings: Findings, configured: ConfiguredEntry) -> None:
    raw: Any = configured.raw
    shape = configured.client.shape
    spelled = dict(zip(("command", "args", "env"), (shape.command, shape.arguments, shape.environment), strict=True))
    for key in raw if isinstance(raw, dict) else ():
        near = difflib.get_close_matches(key.lower(), shape.keys, n=1, cutoff=0.7)
        meant = spelled.get(_MEANT.get(key.lower(), key.lower())) or (near[0] if near else "")
        if (
            key not in shape.keys
            and key not in configured.client.usual
            and meant
            and meant not in raw
            and key != "envFile"
        ):
            findings.fix(
                "client.misspelt",
                f"{configured.shown} has '{key}', which {configured.client.name} does not read",
                f"Rename it to '{meant}' in {configured.file}",
                configured.about,
            )


def _find_placeholders(findings: Findings, configured: ConfiguredEntry, entry: ServerEntry) -> bool:
    """Find settings that hold a placeholder instead of a value."""
    found = False
    for name in variables():
        text = entry.environment.get(name, "")
        # Where a placeholder would decide about money, it is refused as a whole.
        if not is_unfilled(name, text) or problem_of({name: text}, sandbox=False) is not None:
            continue
        found = True
        # A sandbox takes no token.
        wants_token = name == ACCESS and not entry.is_sandbox
        what = "your token (video.a2e.ai > Account > API Token)" if wants_token else "a value"
        findings.fix(
            "client.placeholder",
            f"{configured.shown} has a placeholder in {name}, so it counts as missing",
            f"Write {what} in its place in {configured.file}, or --sandbox into args"
            if wants_token
            else f"Remove it from the entry's {configured.environment_key} in {configured.file}"
            if name == ACCESS
            else f"Write {what} in its place in {configured.file}, or remove it",
            configured.about,
        )
    return found


def _environment(client: ClientProgram, entry: ServerEntry, here: Surroundings) -> dict[str, str]:
    """The variables that the client gives to the server."""
    if client.inherits is Inherited.ALL:
        return {**here.environment, **entry.environment}
    if client.inherits is Inherited.NO_SECRETS:
        public = {name: text for name, text in here.environment.items() if not _SECRET.search(name)}
        return {**public, **entry.environment}
    from mcp.client.stdio import DEFAULT_INHERITED_ENV_VARS

    usual = {name: here.environment[name] for name in DEFAULT_INHERITED_ENV_VARS if name in here.environment}
    return {**usual, **entry.environment}


def _accepted_environment(
    findings: Findings, configured: ConfiguredEntry, entry: ServerEntry, here: Surroundings
) -> dict[str, str] | None:
    """The variables that the client gives to the server; None, and a finding, when the server refuses its settings."""
    sandbox = SANDBOX_FLAG in entry.arguments
    environment = _environment(configured.client, entry, here)
    problem = problem_of(environment, sandbox=sandbox)
    if problem is None:
        return environment
    own = problem_of(entry.environment, sandbox=sandbox)
    problem = own or problem
    hint, where = problem.hint or f"Correct the entry's {configured.environment_key} in {configured.file}", ""
    if own is None:
        shell = {name for name in environment if name.startswith("A2E_") and name not in entry.environment}
        if problem_of({name: environment[name] for name in shell}, sandbox=False) is not None:
            # It was said before, once, and hides nothing else that is wrong here.
            return {name: text for name, text in environment.items() if name not in shell}
        where = " (started from this shell)"
        if entry.is_sandbox:
            # Installed again, the entry keeps the shell's token from the server.
            hint = configured.correction(sandbox=True)
    findings.fix("client.settings_refused", f"{configured.shown}: {problem.message}{where}", hint, configured.about)
    return None


def _filled_in(entry: ServerEntry, client: ClientProgram, environment: Mapping[str, str]) -> ServerEntry:
    """The entry with the variables that the client fills in."""
    pattern = _STYLES.get(client.variables)
    if pattern is None:
        return entry

    def value(found: re.Match[str]) -> str:
        parts = found.groupdict()
        name = parts.get("braced") or parts["name"]
        return environment.get(name, parts["default"] or found[0])

    def fill(text: str) -> str:
        return pattern.sub(value, text)

    filled = {name: fill(text) for name, text in entry.environment.items()}
    return ServerEntry(fill(entry.command), [fill(each) for each in entry.arguments], filled)


def _report(findings: Findings, configured: ConfiguredEntry, entry: ServerEntry, started: ServerStart) -> None:
    """Report how the server started, and what its free call answered."""
    if started.problem:
        output = f"; its output: {started.output}" if started.output else ""
        findings.fix(
            "client.not_started",
            f"{configured.shown} does not start: {started.problem}{output}",
            _advice_to_start(configured, entry),
            configured.about,
        )
        return
    starts = f"{configured.shown} starts: {started.tools} tools in {started.seconds:.1f} s"
    call = started.call
    if call is None or not call.tried:
        findings.ok("client.starts", starts, configured.about)
    elif not call.failed:
        answer = whole_sentences(call.text, _LONGEST_ANSWER)
        findings.ok("client.works", f"{starts}; {FREE_CALL} answers: {answer}", configured.about)
    else:
        message, *advice = _ADVICE.split(call.text.removesuffix(Charged.NOTHING).strip(), maxsplit=1)
        hint = advice[0].removesuffix(".") if advice else ""
        if entry.is_sandbox and _is_runner(entry) and hint:
            # The advice is for a shell; the client needs it in its entry.
            hint = configured.correction(sandbox=True)
        elif not entry.is_sandbox and not hint and "token" in message:
            hint = (
                f"Check {ACCESS} in the entry's {configured.environment_key} in {configured.file}"
                if entry.token
                else f"Set {ACCESS} to your token in this shell. {configured.correction(sandbox=False)}"
            )
        findings.fix("client.call_failed", f"{starts}, but {FREE_CALL} fails: {message}", hint, configured.about)


def _advice_to_start(configured: ConfiguredEntry, entry: ServerEntry) -> str:
    """What to do about a server that does not start."""
    if not _is_runner(entry):
        return configured.correction(sandbox=entry.is_sandbox)
    # Written again, the entry would be the same: what is missing are packages, or the way to them.
    line = shell_line([entry.command, *entry.arguments])
    return (
        f"Run this once in a terminal, which fetches its packages: {line} (Ctrl-C ends it). If the client still cannot"
        f" start it, add the variables for the network (HTTPS_PROXY, SSL_CERT_FILE) to the entry's"
        f" {configured.environment_key} in {configured.file}"
    )


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _is_runner(entry: ServerEntry) -> bool:
    return PurePath(entry.command).stem in _RUNNERS
