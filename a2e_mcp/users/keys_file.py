"""The list of users in a TOML file, for small teams; it holds hashes of keys, never keys."""

from __future__ import annotations

import asyncio
import os
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from a2e_mcp.errors import SettingsError
from a2e_mcp.users.keys import checked_name, scope_of
from a2e_mcp.users.user_list import User, UserKey, UserList, another_signs_in

_HEAD = "# Who may use this server. Change it with `a2e-mcp users`; a key's hash stands here, never the key.\n"
_PATIENCE = 5.0
_LOOK_SECONDS = 0.05
_Stamp = tuple[int, int, int]


class KeysFile(UserList):
    """A keys file; what is changed in it counts from the next call on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: _Stamp | None = None
        self._users: Mapping[str, User] = {}
        self._by_key: Mapping[str, tuple[User, UserKey]] = {}
        self._reading = asyncio.Lock()

    async def find_key(self, digest: str) -> tuple[User, UserKey] | None:
        """The user who has a key with this hash."""
        await self._read_anew()
        return self._by_key.get(digest)

    async def find_subject(self, subject: str) -> User | None:
        """The user who signs in as this subject."""
        await self._read_anew()
        return next((user for user in self._users.values() if user.subject == subject), None)

    async def find(self, name: str) -> User | None:
        """The user of this name."""
        await self._read_anew()
        return self._users.get(name)

    async def all(self) -> Sequence[User]:
        """Everyone, by name."""
        await self._read_anew()
        return [self._users[name] for name in sorted(self._users)]

    async def change(self, name: str, change: Callable[[User | None], User]) -> User:
        """Add a user, or change the one of this name; comments in the file stay."""
        return await asyncio.to_thread(self._change, name, change)

    async def close(self) -> None:
        """Nothing is held."""

    def check(self) -> None:
        """Raises SettingsError when the file cannot be used."""
        self._refresh()

    async def _read_anew(self) -> None:
        """Read a file that has changed, in a thread: with thousands of users it takes seconds."""
        with suppress(OSError):
            if _stamp_of(self._path.stat()) == self._stamp:
                return
        async with self._reading:
            await asyncio.to_thread(self._refresh)

    def _refresh(self, *, missing_ok: bool = False) -> None:
        try:
            found = self._path.stat()
            stamp = _stamp_of(found)
            if stamp == self._stamp:
                return
            if os.name != "nt" and found.st_mode & 0o022:
                raise SettingsError(
                    f"{self._path} can be changed by others, who could add a key", hint=f"Run chmod 600 {self._path}"
                )
            users = dict(_users_in(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            if missing_ok:
                return
            raise SettingsError(
                f"A2E_KEYS_FILE: {self._path} does not exist", hint="Make it with a2e-mcp users add NAME"
            ) from None
        except OSError as problem:
            raise SettingsError(f"A2E_KEYS_FILE: {self._path} cannot be read ({problem.strerror})") from None
        except (ValueError, TypeError, AttributeError, LookupError) as problem:
            raise SettingsError(
                f"A2E_KEYS_FILE: {self._path} is not valid ({problem})",
                hint="Correct it, or make a new one with a2e-mcp users add",
            ) from None
        self._by_key = {key.digest: (user, key) for user in users.values() for key in user.keys}
        self._users, self._stamp = users, stamp

    def _change(self, name: str, change: Callable[[User | None], User]) -> User:
        import tomlkit

        try:
            with _alone(self._path):
                self._refresh(missing_ok=True)
                user = change(self._users.get(name))
                if user.subject and any(
                    each.subject == user.subject and each.name != name for each in self._users.values()
                ):
                    raise another_signs_in()
                there = self._path.exists()
                document = tomlkit.parse(self._path.read_text(encoding="utf-8") if there else _HEAD)
                document.setdefault("users", tomlkit.table(is_super_table=True))[name] = _table(user)
                temporary = self._path.with_name(f"{self._path.name}.new")
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    file.write(tomlkit.dumps(document))
                os.replace(temporary, self._path)
                return user
        except OSError as problem:
            raise SettingsError(f"{self._path} cannot be written ({problem.strerror})") from None


def _stamp_of(found: os.stat_result) -> _Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only one that changes a file. Raises SettingsError when another has been at it for long."""
    lock = path.with_name(f"{path.name}.lock")
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > until:
                hint = f"Try again; if none is running, remove {lock}"
                raise SettingsError(f"Another a2e-mcp is changing {path}", hint=hint) from None
            time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.unlink()


def _users_in(text: str) -> Iterator[tuple[str, User]]:
    for name, row in tomllib.loads(text).get("users", {}).items():
        scope = scope_of(row["scopes"])
        if scope is None:
            raise ValueError(f"{name} has none of the scopes a2e:read, a2e:spend and a2e:admin")
        yield (
            name,
            User(
                name=checked_name(name),
                scope=scope,
                per_day=_credits(row, "daily_credits"),
                per_start=_credits(row, "max_credits"),
                subject=row.get("subject"),
                revoked=_moment(row, "revoked"),
                keys=tuple(_keys_in(row)),
            ),
        )


def _keys_in(row: Mapping[str, Any]) -> Iterator[UserKey]:
    for key in row.get("keys", ()):
        kind, _, digest = key["hash"].partition(":")
        if kind != "sha256" or len(digest) != 64:
            raise ValueError("a key's hash begins with sha256: and has 64 digits")
        yield UserKey(digest, _moment(key, "made") or 0.0, _moment(key, "expires"), _moment(key, "revoked"))


def _credits(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{name} must be a number of credits")
    return float(value)


def _moment(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise ValueError(f"{name} must be a date and time, such as 2026-11-28T13:05:00Z")
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def _table(user: User) -> Any:
    import tomlkit

    table = tomlkit.table()
    given: dict[str, Any] = {
        "scopes": [user.scope],
        "daily_credits": user.per_day,
        "max_credits": user.per_start,
        "subject": user.subject,
        "revoked": _date(user.revoked),
    }
    for name, value in given.items():
        if value is not None:
            table[name] = value
    keys = tomlkit.aot()
    for key in user.keys:
        row = tomlkit.table()
        row["hash"] = f"sha256:{key.digest}"
        for name, moment in (("made", key.made), ("expires", key.expires), ("revoked", key.revoked)):
            if moment is not None:
                row[name] = _date(moment)
        keys.append(row)
    if user.keys:
        table["keys"] = keys
    return table


def _date(moment: float | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(int(moment), UTC)
