"""The entry with which a client starts this server, and its union with the one that is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Self

from a2e_mcp.cli.install.clients import ClientProgram
from a2e_mcp.installation import Installation
from a2e_mcp.placeholders import text_of
from a2e_mcp.setting_rows import secret_variables, variables

ACCESS = "A2E_API_TOKEN"
SANDBOX = "A2E_SANDBOX"
SANDBOX_FLAG = "--sandbox"

_OURS = re.compile(r"a2e[-_]mcp(\[.*\])?([@=<>~ ].*)?")
_NAMES_A_PACKAGE = ("--from", "--spec", "--with", "--package", "-p")
_SERVER_FLAGS = {
    SANDBOX_FLAG: 0,
    "--no-keyring": 0,
    "--read-only": 0,
    "--toolsets": 1,
    "--tools": 1,
    "--exclude-tools": 1,
    "--tool-prefix": 1,
}
"""The server's flags in an entry, and how many values each has."""
ADDRESSES = ("url", "serverUrl", "httpUrl", "uri")
"""What clients call the address of a server that is reached over HTTP."""
_YES = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """How a client starts one server."""

    command: str
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: object) -> Self | None:
        """The entry in a configuration; None when no client could start it."""
        if not isinstance(raw, dict):
            return None
        command, arguments, environment = raw.get("command"), raw.get("args", []), raw.get("env", {})
        if not isinstance(command, str) or not command or not isinstance(environment, dict):
            return None
        if not isinstance(arguments, list) or not all(isinstance(each, str) for each in arguments):
            return None
        return cls(command, list(arguments), _texts(environment))

    @classmethod
    def read_parts(cls, raw: object) -> Self | None:
        """What can be used of an entry, even when no client could start it; None when it is no entry at all."""
        if not isinstance(raw, dict):
            return None
        command, arguments, environment = raw.get("command"), raw.get("args"), raw.get("env")
        if isinstance(arguments, str):
            arguments = arguments.split()
        return cls(
            command if isinstance(command, str) else "",
            [each for each in arguments if isinstance(each, str)] if isinstance(arguments, list) else [],
            _texts(environment) if isinstance(environment, dict) else {},
        )

    @property
    def is_sandbox(self) -> bool:
        """Whether the server is started in the sandbox."""
        return SANDBOX_FLAG in self.arguments or self.environment.get(SANDBOX, "").strip().lower() in _YES

    @property
    def token(self) -> str:
        """The token; empty when it is missing or a placeholder."""
        return text_of(ACCESS, self.environment)

    @property
    def is_ours(self) -> bool:
        """Whether it starts this program, in whatever way."""
        return any(re.search(r"a2e[-_]mcp", word) for word in (self.command, *self.arguments))

    def start_length(self) -> int | None:
        """How many of the arguments start the program, before its own; None when it is another program."""
        for number in reversed(range(len(self.arguments))):
            before = self.arguments[number - 1] if number else ""
            if _OURS.fullmatch(self.arguments[number]) and before not in _NAMES_A_PACKAGE:
                return number + 1
        return 0 if _OURS.fullmatch(PurePath(self.command.replace("\\", "/")).stem) else None

    def flags(self) -> list[str]:
        """The server's own arguments, without the command `serve`."""
        start = self.start_length()
        own = self.arguments[start:] if start is not None else self._last_flags()
        return own[1:] if own[:1] == ["serve"] else own

    def _last_flags(self) -> list[str]:
        """The server's flags at the end of the arguments of a program that is not known, such as a script around it."""
        start = len(self.arguments)
        for number in reversed(range(len(self.arguments))):
            flag, _, value = self.arguments[number].partition("=")
            given = start - number - 1 + bool(value)
            if given != _SERVER_FLAGS.get(flag):
                if given:
                    break
                continue
            start = number
        return self.arguments[start:]


def _texts(environment: Mapping[object, object]) -> dict[str, str]:
    return {str(name): "" if value is None else str(value) for name, value in environment.items()}


@dataclass(frozen=True, slots=True)
class MergedEntry:
    """An entry to write, and what a person should know about it."""

    entry: ServerEntry
    remarks: tuple[str, ...] = ()


def merged_entry(
    installation: Installation,
    old: ServerEntry | None,
    *,
    sandbox: bool,
    extra: str,
    token: str,
    hide_token: bool,
    in_keyring: bool = False,
) -> MergedEntry:
    """The entry that starts this installation, with all that was set before unless it is given anew.

    `token` is one that is given anew, and `in_keyring` that the entry needs none, since the server finds it there;
    `hide_token` is that the client would pass one on to a sandbox.
    """
    environment = dict(old.environment) if old else {}
    flags = old.flags() if old else []
    remarks: list[str] = []
    if sandbox:
        if old and old.token:
            remarks.append("The token was removed from the entry: with a token, a sandbox server refuses to start.")
        environment.pop(ACCESS, None)
        if hide_token:
            environment[ACCESS] = ""
        if not (old and old.is_sandbox):
            environment.pop(SANDBOX, None)
            flags = [*flags, SANDBOX_FLAG]
    elif token:
        if old and old.is_sandbox:
            remarks.append("The entry was in the sandbox; it now uses your token, and starts cost credits.")
            flags = [flag for flag in flags if flag != SANDBOX_FLAG]
            environment.pop(SANDBOX, None)
        environment[ACCESS] = token
    elif old is None:
        environment[ACCESS] = ""
    if in_keyring:
        environment.pop(ACCESS, None)
    made = ServerEntry(*_start(installation, old, extra if _is_sandbox(flags, environment) else ""), environment)
    return MergedEntry(ServerEntry(made.command, [*made.arguments, "serve", *flags], environment), tuple(remarks))


def _is_sandbox(flags: Iterable[str], environment: Mapping[str, str]) -> bool:
    return ServerEntry("", list(flags), dict(environment)).is_sandbox


def _start(installation: Installation, old: ServerEntry | None, extra: str) -> tuple[str, list[str]]:
    """The command and the arguments that start the program; a version that was chosen for the same runner is kept."""
    command, *words = installation.start_words(extra)
    length = old.start_length() if old else None
    if old and length and PurePath(old.command).stem == PurePath(command).stem and installation.is_temporary:
        chosen = old.arguments[:length]
        if not extra or any("[sandbox" in word for word in chosen):
            words = chosen
    return command, words


def written_entry(entry: ServerEntry, old: object, client: ClientProgram) -> dict[str, Any]:
    """The entry as it stands in a client's configuration, with what else the old one holds."""
    raw = client.shape.standard(old)
    kept = dict(raw) if isinstance(raw, dict) and not any(key in raw for key in ADDRESSES) else {}
    kept.pop("env", None)
    written: dict[str, Any] = {**client.usual, **kept, **client.fixed}
    written |= {"command": entry.command, "args": entry.arguments}
    return client.shape.shaped({**written, "env": entry.environment} if entry.environment else written)


def shown_entry(raw: Mapping[str, Any], environment_key: str = "env") -> dict[str, Any]:
    """The entry for the screen: values that may be secret are hidden."""
    environment = raw.get(environment_key)
    if not isinstance(environment, dict):
        return dict(raw)
    public = set(variables()) - set(secret_variables())
    shown = {name: value if name in public or not value else "..." for name, value in environment.items()}
    if shown.get(ACCESS):
        shown[ACCESS] = "sk_..."
    return {**raw, environment_key: shown}
