"""The list of users in the ledger's database, where all servers share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from a2e_mcp.ledger.postgresql.connections import Connection, Database
from a2e_mcp.users.keys import scope_of
from a2e_mcp.users.user_list import User, UserKey, UserList, another_signs_in

_LOOK_SECONDS = 1.0
"""How long what was read counts; a revoked key is refused by all servers after this time."""
_LOCK = 4_124_717_002
_NEWEST = "SELECT coalesce(max(changed), 0) AS changed FROM users"
_USERS = "SELECT name, scope, per_day, per_start, subject, revoked FROM users"
_KEYS = "SELECT digest, name, made, expires, revoked FROM user_keys ORDER BY made, digest"
_WRITE = """
INSERT INTO users (name, scope, per_day, per_start, subject, revoked, changed)
VALUES (%(name)s, %(scope)s, %(per_day)s, %(per_start)s, %(subject)s, %(revoked)s, nextval('users_changes'))
ON CONFLICT (name) DO UPDATE SET scope = excluded.scope, per_day = excluded.per_day, per_start = excluded.per_start,
    subject = excluded.subject, revoked = excluded.revoked, changed = excluded.changed
"""
_WRITE_KEY = """
INSERT INTO user_keys (digest, name, made, expires, revoked)
VALUES (%(digest)s, %(name)s, %(made)s, %(expires)s, %(revoked)s)
ON CONFLICT (digest) DO UPDATE SET expires = excluded.expires, revoked = excluded.revoked
"""


class DatabaseUsers(UserList):
    """Users in a database; each server asks once in a second whether any was changed, however many calls there are."""

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = Database(address)
        self._clock = clock
        self._is_open = False
        self._looking = asyncio.Lock()
        self._looked_at: float | None = None
        self._changed: int | None = None
        self._users: Mapping[str, User] = {}
        self._by_key: Mapping[str, tuple[User, UserKey]] = {}

    async def find_key(self, digest: str) -> tuple[User, UserKey] | None:
        """The user who has a key with this hash."""
        await self._refresh()
        return self._by_key.get(digest)

    async def find_subject(self, subject: str) -> User | None:
        """The user who signs in as this subject."""
        await self._refresh()
        return next((user for user in self._users.values() if user.subject == subject), None)

    async def find(self, name: str) -> User | None:
        """The user of this name."""
        await self._refresh()
        return self._users.get(name)

    async def all(self) -> Sequence[User]:
        """Everyone, by name."""
        await self._refresh()
        return [self._users[name] for name in sorted(self._users)]

    async def change(self, name: str, change: Callable[[User | None], User]) -> User:
        """Add a user, or change the one of this name."""

        async def work(connection: Connection) -> User:
            async with connection.transaction():
                # Changes are rare; one waits for the other, also where the user is not there yet.
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                known = await _read(connection)
                user = change(known.get(name))
                if user.subject and any(each.subject == user.subject and each.name != name for each in known.values()):
                    raise another_signs_in()
                await connection.execute(_WRITE, {**_row(user), "name": name})
                for key in user.keys:
                    await connection.execute(_WRITE_KEY, {**_key_row(key), "name": name})
                return user

        await self._open()
        return await self._database.run(work)

    async def close(self) -> None:
        """Close the connections."""
        if self._is_open:
            await self._database.close()

    async def _open(self) -> None:
        if not self._is_open:
            self._is_open = True
            await self._database.open()

    async def _refresh(self) -> None:
        if self._is_fresh():
            return
        async with self._looking:
            if self._is_fresh():
                return
            await self._open()
            changed = await self._database.read(_newest)
            if changed != self._changed:
                users = await self._database.read(_read)
                self._by_key = {key.digest: (user, key) for user in users.values() for key in user.keys}
                self._users, self._changed = users, changed
            self._looked_at = self._clock()

    def _is_fresh(self) -> bool:
        return self._looked_at is not None and self._clock() - self._looked_at < _LOOK_SECONDS


async def _newest(connection: Connection) -> int:
    row = await (await connection.execute(_NEWEST)).fetchone()
    return 0 if row is None else int(row["changed"])


async def _read(connection: Connection) -> dict[str, User]:
    """Everyone with their keys."""
    keys: dict[str, list[UserKey]] = {}
    for row in await (await connection.execute(_KEYS)).fetchall():
        keys.setdefault(row["name"], []).append(UserKey(row["digest"], row["made"], row["expires"], row["revoked"]))
    users = {}
    for row in await (await connection.execute(_USERS)).fetchall():
        scope = scope_of([row["scope"]])
        if scope is not None:
            users[row["name"]] = User(
                name=row["name"],
                scope=scope,
                per_day=row["per_day"],
                per_start=row["per_start"],
                subject=row["subject"],
                revoked=row["revoked"],
                keys=tuple(keys.get(row["name"], ())),
            )
    return users


def _row(user: User) -> dict[str, object]:
    return {
        "scope": user.scope,
        "per_day": user.per_day,
        "per_start": user.per_start,
        "subject": user.subject,
        "revoked": user.revoked,
    }


def _key_row(key: UserKey) -> dict[str, object]:
    return {"digest": key.digest, "made": key.made, "expires": key.expires, "revoked": key.revoked}
