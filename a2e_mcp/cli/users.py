"""`a2e-mcp users`: who may use the server over HTTP, with which keys and limits."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import anyio

from a2e_mcp.cli.authentication import user_list
from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.accounts import OwnKey, OwnKeys
from a2e_mcp.ledger.choice import open_own_keys
from a2e_mcp.settings import Settings, read_settings
from a2e_mcp.text import clean_line, counted, one_line
from a2e_mcp.users.caller import SCOPES, SPEND, Scope
from a2e_mcp.users.keys import checked_name, digest_of, new_key
from a2e_mcp.users.user_list import User, UserKey, UserList

_Action = Callable[["UserList", "UserOptions"], Awaitable[int]]
_KeyAction = Callable[["OwnKeys", "UserOptions", "Settings"], Awaitable[int]]
_DAY = 86_400.0
_NO_CEILING = ("none", "off", "-")
_USUAL = ("default", "usual")


@dataclass(frozen=True, slots=True)
class UserOptions:
    """What the command line gives; a ceiling is text, since it may be none."""

    name: str | None = None
    scope: str | None = None
    expires_days: float | None = None
    daily_credits: str | None = None
    max_credits: str | None = None
    subject: str | None = None
    key: str | None = None


def users(action: str, options: UserOptions) -> int:
    """Add, list, revoke or limit users, or see to the A2E keys that they have brought. Raises SettingsError."""
    settings = read_settings(None)
    if (change := _KEY_ACTIONS.get(action)) is not None:
        return anyio.run(_change_keys, change, options, settings)
    found = user_list(settings, may_be_new=action == "add")
    if found is None:
        raise SettingsError(
            "No list of users is configured",
            hint="Set A2E_KEYS_FILE to a file, such as /etc/a2e-mcp/users.toml, or A2E_DATABASE; see docs/company.md",
        )
    if action == "list":
        return anyio.run(_list, found, settings)
    return anyio.run(_run, _ACTIONS[action], found, options)


async def _run(action: _Action, found: UserList, options: UserOptions) -> int:
    try:
        return await action(found, options)
    finally:
        await found.close()


async def _add(found: UserList, options: UserOptions) -> int:
    name = checked_name(options.name or "")
    key, now = new_key(), time.time()
    expires = None if options.expires_days is None else now + options.expires_days * _DAY

    def change(known: User | None) -> User:
        if known is not None and known.revoked is not None:
            raise SettingsError(f"The access of {name} was revoked", hint=f"Run a2e-mcp users restore {name} first")
        if known is not None and any((options.scope, options.daily_credits, options.max_credits, options.subject)):
            raise SettingsError(f"User {name} already exists", hint=f"Run a2e-mcp users limits {name} to change that")
        user = known or User(name, _scope(options.scope) or SPEND)
        return _limited(user, options).with_key(UserKey(digest_of(key), now, expires))

    user = await found.change(name, change)
    print(key)
    until = "" if expires is None else f", until {_day(expires)}"
    print(f"This key of {name} ({user.scope}{until}) is shown once and kept as a hash only.", file=sys.stderr)
    return 0


async def _list(found: UserList, settings: Settings) -> int:
    try:
        known = await found.all()
    finally:
        await found.close()
    brought = await _brought_keys(settings)
    for user in known:
        limits = [
            f"{_most(amount)} {per}"
            for amount, per in ((user.per_day, "a day"), (user.per_start, "a start"))
            if amount is not None
        ]
        state = [f"revoked {_day(user.revoked)}"] if user.revoked is not None else []
        signs_in = [f"signs in as {clean_line(user.subject)}"] if user.subject else []
        print("  ".join((user.name, user.scope, *limits, *signs_in, *state)))
        for line in _key_lines(user):
            print(f"  {line}")
        for key in brought:
            if key.user == user.name:
                print(f"  {_brought(key)}")
    names = {user.name for user in known}
    for key in brought:
        if key.user not in names:
            print(f"{key.user}  not on the list\n  {_brought(key)}")
    if not known:
        print("There are no users yet: add one with a2e-mcp users add NAME.")
    return 0


def _key_lines(user: User) -> Iterator[str]:
    now = time.time()
    for key in user.keys:
        words = [f"key {key.id}", f"made {_day(key.made)}"]
        if key.revoked is not None:
            words.append(f"revoked {_day(key.revoked)}")
        elif key.expires is not None:
            words.append(f"{'expired' if key.expires <= now else 'expires'} {_day(key.expires)}")
        yield "  ".join(words)


async def _revoke(found: UserList, options: UserOptions) -> int:
    now = time.time()

    def change(known: User | None) -> User:
        user = _there(known, options)
        if options.key is None:
            return replace(user, revoked=user.revoked or now)
        meant = [key for key in user.keys if key.id == options.key.lower()]
        if not meant:
            listed = ", ".join(key.id for key in user.keys) or "none"
            raise SettingsError(f"{user.name} has no key {options.key}; its keys are {listed}")
        keys = [replace(key, revoked=key.revoked or now) if key in meant else key for key in user.keys]
        return replace(user, keys=tuple(keys))

    user = await found.change(checked_name(options.name or ""), change)
    what = f"Key {options.key} of {user.name}" if options.key else f"All access of {user.name}"
    print(f"{what} is revoked; running servers refuse it from now on. Jobs that were started continue.")
    return 0


async def _restore(found: UserList, options: UserOptions) -> int:
    now = time.time()

    def change(known: User | None) -> User:
        user = _there(known, options)
        if user.revoked is None:
            raise SettingsError(f"The access of {user.name} is not revoked", hint="See a2e-mcp users list")
        # An old key in other hands may be why it was revoked.
        keys = [replace(key, revoked=key.revoked or now) for key in user.keys]
        return replace(user, revoked=None, keys=tuple(keys))

    user = await found.change(checked_name(options.name or ""), change)
    signs_in = "; signing in works again" if user.subject else ""
    print(
        f"{user.name} is a user again{signs_in}. Old keys stay revoked: a2e-mcp users add {user.name} makes a new one."
    )
    return 0


async def _limits(found: UserList, options: UserOptions) -> int:
    user = await found.change(checked_name(options.name or ""), lambda known: _limited(_there(known, options), options))
    a_day = "the ceiling of A2E_USER_DAILY_CREDITS, if set," if user.per_day is None else _most(user.per_day)
    a_start = "no ceiling" if user.per_start is None else _most(user.per_start)
    print(f"{user.name}: {user.scope}, {a_day} in 24 hours, {a_start} for one start.")
    return 0


def _most(credits: float) -> str:
    return "no ceiling" if math.isinf(credits) else counted(credits, "credit")


async def _brought_keys(settings: Settings) -> Sequence[OwnKey]:
    """The A2E keys that users have brought; none where the ledger cannot be read, which is another matter."""
    try:
        async with _own_keys(settings) as keys:
            return () if keys is None else await keys.all()
    except SettingsError as problem:
        print(f"A2E keys of users cannot be shown: {problem}", file=sys.stderr)
        return ()


def _own_keys(settings: Settings) -> AbstractAsyncContextManager[OwnKeys | None]:
    return open_own_keys(settings.data / "ledger.sqlite3", settings.database, sandbox=settings.sandbox)


async def _change_keys(change: _KeyAction, options: UserOptions, settings: Settings) -> int:
    async with _own_keys(settings) as keys:
        if keys is None:
            raise SettingsError(
                "There is no ledger here yet, so no A2E key of a user is kept",
                hint="Set A2E_DATABASE or A2E_DATA_DIR as on the server",
            )
        return await change(keys, options, settings)


async def _forget_key(keys: OwnKeys, options: UserOptions, _: Settings) -> int:
    name = options.name or ""
    count = await keys.forget(name)
    if not count:
        raise SettingsError(f"No A2E key of {one_line(name, 80)} is kept", hint="See a2e-mcp users list")
    print(
        f"{counted(count, 'A2E key')} of {name} removed; servers let go of it within a minute. What was not sent to A2E"
        " yet is refused. Should a client of theirs still send it, it is kept again: a2e-mcp users revoke ends that."
    )
    return 0


async def _reseal(keys: OwnKeys, _: UserOptions, settings: Settings) -> int:
    if not settings.seal_keys:
        raise SettingsError("A2E_SEAL_KEYS is not set", hint="Set it as on the servers, the new secret first")
    from a2e_mcp.users.seal import Seal

    seal, sealed, lost = Seal(settings.seal_keys), 0, 0
    for key in await keys.all():
        if seal.is_current(key.sealed):
            continue
        try:
            token = seal.open(key.sealed, place=key.place)
        except SettingsError as problem:
            print(f"{key.user}: {problem}", file=sys.stderr)
            lost += 1
            continue
        sealed += await keys.reseal(key, seal.seal(token, place=key.place))
    print(f"{counted(sealed, 'A2E key')} sealed anew, with the first secret of A2E_SEAL_KEYS.")
    return 1 if lost else 0


def _brought(key: OwnKey) -> str:
    return f"own A2E account {key.account[:8]}  brought {_day(key.brought)}  last seen {_day(key.used)}"


def _limited(user: User, options: UserOptions) -> User:
    return replace(
        user,
        scope=_scope(options.scope) or user.scope,
        per_day=_ceiling("--daily-credits", options.daily_credits, user.per_day, without=math.inf),
        per_start=_ceiling("--max-credits", options.max_credits, user.per_start, without=None),
        subject=options.subject or user.subject,
    )


def _ceiling(flag: str, text: str | None, before: float | None, *, without: float | None) -> float | None:
    if text is None:
        return before
    if text.strip().lower() in _USUAL:
        return None
    if text.strip().lower() in _NO_CEILING:
        return without
    try:
        credits = float(text)
    except ValueError:
        credits = -1.0
    if not 0 <= credits <= 1e9:
        raise SettingsError(f"{flag} needs a number of credits, or none")
    return credits


def _scope(text: str | None) -> Scope | None:
    if text is None:
        return None
    meant = next((scope for scope in SCOPES if text.lower() in (scope, scope.partition(":")[2])), None)
    if meant is None:
        raise SettingsError("--scope needs read, spend or admin; each includes those before it")
    return meant


def _there(known: User | None, options: UserOptions) -> User:
    if known is None:
        raise SettingsError(f"User not found: {options.name}", hint="See them with a2e-mcp users list")
    return known


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


_ACTIONS: dict[str, _Action] = {
    "add": _add,
    "revoke": _revoke,
    "restore": _restore,
    "limits": _limits,
}
_KEY_ACTIONS: dict[str, _KeyAction] = {"forget-key": _forget_key, "reseal": _reseal}
