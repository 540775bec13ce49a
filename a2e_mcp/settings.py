"""Flags and A2E_* variables, read once into one frozen object.

Each setting is declared once, in its field's metadata; the table in the docs is generated from the declarations.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import SecretStr

from a2e_mcp import setting_values as parse
from a2e_mcp import user_folders
from a2e_mcp.account_advice import KEYLESS, UNCONFIGURED, UNFILLED
from a2e_mcp.errors import SettingsError
from a2e_mcp.placeholders import ACCESS_VARIABLE, is_placeholder, text_of

Mode = Literal["live", "sandbox", "unset"]
Kind = Literal["string", "secret", "number", "boolean", "filepath"]
T = TypeVar("T")

ADMINISTRATOR = "the person who runs this server"
_NO_DEFAULT_WHEN_UNFILLED = (
    *("A2E_SANDBOX", "A2E_READ_ONLY"),
    *("A2E_DATABASE", "A2E_ACCOUNT", "A2E_STORE", "A2E_PUBLIC_URL", "A2E_KEYS_FILE", "A2E_HTTP_SECRET"),
    *("A2E_OIDC_ISSUER", "A2E_OIDC_AUDIENCE", "A2E_OWN_KEYS", "A2E_SEAL_KEYS"),
    *("A2E_USER_DAILY_CREDITS", "A2E_USER_JOBS", "A2E_USER_CALLS"),
)
"""Without these, calls may cost money, others get in, or each server keeps books of its own: a placeholder in one is a
mistake that must be seen. No host fills in those of a company."""


def _setting(
    variable: str, about: str, parse: Callable[[str], T], default: Callable[[], T], shown: str, *, kind: Kind = "string"
) -> T:
    metadata = {"variable": variable, "about": about, "parse": parse, "shown": shown, "kind": kind}
    made: T = field(default_factory=default, metadata=metadata)
    return made


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting; made by `read_settings`, or directly in tests."""

    token: SecretStr | None = _setting(
        "A2E_API_TOKEN",
        "Your A2E token; turns on live mode, in which starts cost credits",
        parse.optional(parse.token),
        lambda: None,
        "none",
        kind="secret",
    )
    keyring: Literal["auto", "off"] = _setting(
        "A2E_KEYRING",
        "off = never look for the token in the system's keyring",
        parse.auto_or_off,
        lambda: "auto",
        "auto",
    )
    sandbox: bool = _setting(
        "A2E_SANDBOX",
        "1 = use the sandbox: free, nothing leaves this computer",
        parse.yes_or_no,
        lambda: False,
        "0",
        kind="boolean",
    )
    base_url: str = _setting(
        "A2E_BASE_URL", "Base URL of A2E", parse.address, lambda: "https://video.a2e.ai", "https://video.a2e.ai"
    )
    call_seconds: float = _setting(
        "A2E_CALL_SECONDS",
        "Seconds within which every tool answers",
        parse.number(1, 3600),
        lambda: 45.0,
        "45",
        kind="number",
    )
    max_wait: float = _setting(
        "A2E_MAX_WAIT",
        "Longest wait of wait_for_job, in seconds",
        parse.number(1, 86_400),
        lambda: 40.0,
        "40",
        kind="number",
    )
    max_credits: float | None = _setting(
        "A2E_MAX_CREDITS",
        "Ceiling for one start, in credits",
        parse.optional(parse.number(0, 1e9)),
        lambda: None,
        "none",
        kind="number",
    )
    daily_credits: float | None = _setting(
        "A2E_DAILY_CREDITS",
        "Ceiling for 24 hours, in credits",
        parse.optional(parse.number(0, 1e9)),
        lambda: None,
        "500 live, none in the sandbox",
        kind="number",
    )
    allow_unpriced: bool = _setting(
        "A2E_ALLOW_UNPRICED",
        "1 = start under a ceiling even when the price is unknown",
        parse.yes_or_no,
        lambda: False,
        "0",
        kind="boolean",
    )
    confirm_above: float | None = _setting(
        "A2E_CONFIRM_ABOVE",
        "The user confirms starts above so many credits, where the host can ask",
        parse.optional(parse.number(0, 1e9)),
        lambda: None,
        "none",
        kind="number",
    )
    elicitation: Literal["auto", "off"] = _setting(
        "A2E_ELICITATION",
        "auto = the user confirms consent where the host can ask; off = never asked through the host",
        parse.auto_or_off,
        lambda: "auto",
        "auto",
    )
    adult_models: bool = _setting(
        "A2E_ADULT_MODELS",
        "1 = allow the models that are meant for adult content",
        parse.yes_or_no,
        lambda: False,
        "0",
        kind="boolean",
    )
    files: tuple[Path, ...] = _setting(
        "A2E_FILES",
        "Folders that files may be sent from, separated by commas or as in PATH",
        parse.folders,
        user_folders.media,
        "Desktop, Documents, Downloads, Music, Pictures, Videos",
    )
    output: Path = _setting(
        "A2E_OUTPUT_DIR", "Folder for saved results", parse.folder, user_folders.videos, "Videos/A2E", kind="filepath"
    )
    save: Literal["auto", "off"] = _setting(
        "A2E_SAVE", "auto = save every finished result into the output folder", parse.auto_or_off, lambda: "off", "off"
    )
    data: Path = _setting(
        "A2E_DATA_DIR",
        "Folder for the ledger and the sandbox's data",
        parse.folder,
        user_folders.data,
        "the user's data folder",
        kind="filepath",
    )
    database: SecretStr | None = _setting(
        "A2E_DATABASE",
        "PostgreSQL database for the ledger, when several servers share it: postgresql://user@host/name",
        parse.optional(parse.database),
        lambda: None,
        "none: a file in the data folder",
        kind="secret",
    )
    account: str | None = _setting(
        "A2E_ACCOUNT",
        "Id of the account in the ledger, where its token was replaced: `a2e-mcp database check` and `doctor` show it",
        parse.optional(parse.account_id),
        lambda: None,
        "from the token",
    )
    trace: Path | None = _setting(
        "A2E_TRACE",
        "File to append redacted shapes of all traffic to",
        parse.optional(parse.folder),
        lambda: None,
        "none",
        kind="filepath",
    )
    store: str | None = _setting(
        "A2E_STORE", "URL that keeps results: s3, gs, az, file", parse.optional(parse.store_url), lambda: None, "none"
    )
    log: Literal["text", "json"] = _setting(
        "A2E_LOG", "json = log to stderr as one JSON object a line", parse.text_or_json, lambda: "text", "text"
    )
    drain_seconds: float = _setting(
        "A2E_DRAIN_SECONDS", "Seconds of answers after SIGTERM", parse.number(0, 600), lambda: 0.0, "0", kind="number"
    )
    health: tuple[str, int] | None = _setting(
        "A2E_HEALTH",
        "HOST:PORT at which `a2e-mcp worker` answers /healthz, /readyz and /metrics",
        parse.optional(parse.listening_address),
        lambda: None,
        "none",
    )
    toolsets: tuple[str, ...] = _setting(
        "A2E_TOOLSETS",
        "Toolsets to show, separated by commas; `all` includes models and admin",
        parse.names,
        tuple,
        "all but models and admin",
    )
    tools: tuple[str, ...] = _setting("A2E_TOOLS", "Single tools to show in addition", parse.names, tuple, "none")
    exclude_tools: tuple[str, ...] = _setting(
        "A2E_EXCLUDE_TOOLS", "Tools to hide; wins over the other settings", parse.names, tuple, "none"
    )
    read_only: bool = _setting(
        "A2E_READ_ONLY",
        "1 = show only tools that neither change nor cost anything",
        parse.yes_or_no,
        lambda: False,
        "0",
        kind="boolean",
    )
    links: Literal["auto", "off"] = _setting(
        "A2E_RESOURCE_LINKS",
        "off = result links in the text only; auto = also as resource links where host and protocol take them",
        parse.auto_or_off,
        lambda: "auto",
        "auto",
    )
    tool_prefix: str = _setting(
        "A2E_TOOL_PREFIX", "Prefix of all tool names, for hosts that refuse duplicate names", parse.prefix, str, "none"
    )
    public_url: str | None = _setting(
        "A2E_PUBLIC_URL",
        "URL under which others reach this server over HTTP",
        parse.optional(parse.origin),
        lambda: None,
        "none",
    )
    keys_file: Path | None = _setting(
        "A2E_KEYS_FILE",
        "File with the users of this server over HTTP and hashes of their keys, by `a2e-mcp users`",
        parse.optional(parse.folder),
        lambda: None,
        "none",
        kind="filepath",
    )
    oidc_issuer: str | None = _setting(
        "A2E_OIDC_ISSUER",
        "Provider of OpenID Connect with which users sign in over HTTP",
        parse.optional(parse.issuer),
        lambda: None,
        "none",
    )
    oidc_audience: str | None = _setting(
        "A2E_OIDC_AUDIENCE",
        "Audience that its tokens must have",
        parse.optional(parse.line),
        lambda: None,
        "A2E_PUBLIC_URL and /mcp",
    )
    http_secret: SecretStr | None = _setting(
        "A2E_HTTP_SECRET",
        "Secret that one person's clients must send over HTTP on this computer",
        parse.optional(parse.secret),
        lambda: None,
        "none",
        kind="secret",
    )
    own_keys: Literal["allow", "off"] = _setting(
        "A2E_OWN_KEYS",
        "allow = users over HTTP may send an A2E key of their own as the header X-A2E-Key, and pay for what they start",
        parse.allow_or_off,
        lambda: "off",
        "off",
    )
    seal_keys: tuple[SecretStr, ...] = _setting(
        "A2E_SEAL_KEYS",
        "Secrets that these keys are kept sealed with, separated by commas; the first one seals, all of them open",
        parse.seal_keys,
        tuple,
        "none",
        kind="secret",
    )
    contact: str = _setting(
        "A2E_ADMIN_CONTACT",
        "Whom users should ask, such as a name and an address",
        parse.line,
        lambda: ADMINISTRATOR,
        ADMINISTRATOR,
    )
    user_daily_credits: float | None = _setting(
        "A2E_USER_DAILY_CREDITS",
        "Ceiling of each user for 24 hours, in credits, where `a2e-mcp users` gives them no other",
        parse.optional(parse.number(0, 1e9)),
        lambda: None,
        "none",
        kind="number",
    )
    user_jobs: float = _setting(
        "A2E_USER_JOBS",
        "Jobs of each user that may be under way",
        parse.number(1, 1000),
        lambda: 20.0,
        "20",
        kind="number",
    )
    user_calls: float = _setting(
        "A2E_USER_CALLS",
        "Requests of each user in a minute",
        parse.number(1, 100_000),
        lambda: 300.0,
        "300",
        kind="number",
    )

    account_requests: float = _setting(
        "A2E_ACCOUNT_REQUESTS",
        "Requests to A2E in a second for one account, by all servers and workers on its database together",
        parse.number(1, 1000),
        lambda: 20.0,
        "20",
        kind="number",
    )

    unfilled_token: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.http_secret is not None and (self.keys_file is not None or self.oidc_issuer is not None):
            raise SettingsError(
                "A2E_HTTP_SECRET is for one person, and users are set as well",
                hint="Remove A2E_HTTP_SECRET; each user has a key of their own",
            )
        if self.token is not None and self.sandbox:
            raise SettingsError(
                "Both A2E_API_TOKEN and the sandbox are set, so it is unclear whether calls may cost money",
                hint="Remove A2E_API_TOKEN, or start without --sandbox and A2E_SANDBOX",
            )

    @property
    def has_users(self) -> bool:
        """Whether it serves several people over HTTP, who say who they are."""
        named = self.keys_file is not None or self.oidc_issuer is not None
        return named or (self.database is not None and self.http_secret is None)

    @property
    def is_without_account(self) -> bool:
        """Whether each user pays with an A2E key of their own, since the servers have none."""
        return self.token is None and not self.sandbox and self.own_keys == "allow" and self.has_users

    @property
    def unconfigured(self) -> str:
        """What every call answers while there is neither a token nor the sandbox."""
        if self.is_without_account:
            return f"{KEYLESS} Ask {self.contact}."
        return UNFILLED if self.unfilled_token else UNCONFIGURED

    @property
    def mode(self) -> Mode:
        """sandbox when requested, else live with a token, or with those of users alone, else unset."""
        if self.sandbox:
            return "sandbox"
        return "unset" if self.token is None and not self.is_without_account else "live"

    @property
    def looks_in_keyring(self) -> bool:
        """Whether the token is looked for in the system's keyring: it is given nowhere else."""
        return self.mode == "unset" and self.keyring == "auto"


def read_settings(environment: Mapping[str, str] | None = None, **flags: Any) -> Settings:
    """Read the variables; a flag that is not None wins over its variable.

    Blank values and placeholders that were not filled in count as missing, but not where money depends on it.

    Raises SettingsError naming the variable and what it should be.
    """
    given = os.environ if environment is None else environment
    values: dict[str, Any] = {name: flag for name, flag in flags.items() if flag is not None}
    for name, meta in declared_settings():
        flag = values.get(name)
        text, source = text_of(meta["variable"], given), meta["variable"]
        if isinstance(flag, str):
            text, source = flag, f"--{name.replace('_', '-')}"
        elif name in values:
            continue
        elif meta["variable"] in _NO_DEFAULT_WHEN_UNFILLED and is_placeholder(given.get(meta["variable"], "")):
            raise SettingsError(f"{source} is invalid: its placeholder was not filled in; use a value, or remove it")
        elif not text:
            continue
        try:
            values[name] = meta["parse"](text)
        except ValueError as problem:
            raise SettingsError(f"{source} is invalid: {problem}") from None
    token = given.get(ACCESS_VARIABLE, "")
    return Settings(**values, unfilled_token=bool(token.strip()) and not text_of(ACCESS_VARIABLE, given))


@cache
def declared_settings() -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The fields that are settings, each with its declaration."""
    return tuple((each.name, each.metadata) for each in dataclasses.fields(Settings) if each.metadata)
