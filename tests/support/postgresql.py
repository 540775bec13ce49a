"""A real PostgreSQL for tests: a scratch server per test process, and a database of its own for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from a2e_mcp.ledger.postgresql.schema import upgrade

# It survives a kill, but not the computer.
_OPTIONS = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=150",
    "shared_buffers=16MB",
    "autovacuum=off",
    "max_wal_size=64MB",
)
# Quicker than a new database for each test; without triggers, so that the order does not matter.
_EMPTY = """
DO $$
DECLARE
    name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'a2e\\_%schema' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END
$$
"""
_UP = 120.0
"""Seconds within which a server accepts connections, on a busy computer too."""


@dataclass
class ScratchServer:
    """A PostgreSQL server in a folder of its own, reached by a socket there; it can be killed and started again."""

    binaries: Path
    folder: Path
    user: str | None
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    template: str | None = None
    cleaned: str | None = None

    def address(self, database: str) -> str:
        """Where a database of it is."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        options = [part for option in _OPTIONS for part in ("-c", option)]
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
            )
        until = time.monotonic() + _UP
        while True:
            try:
                psycopg.connect(self.address("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self.process is not None
        # Its children notice by themselves and end.
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order, without waiting for who is connected."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()

    def run(self, statement: str) -> None:
        """Run a statement in the database that every server has."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty_database(self) -> str:
        """The address of a new database without tables."""
        name = f"empty_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.address(name)

    def clean_database(self) -> str:
        """The address of a database with the tables of this version, which hold nothing; the same one each time."""
        if self.cleaned is None:
            self.cleaned = self.database()
        with psycopg.connect(self.cleaned, autocommit=True) as connection:
            connection.execute(_EMPTY)
        return self.cleaned

    def database(self) -> str:
        """The address of a new database with the tables of this version."""
        if self.template is None:
            address = self.empty_database()
            asyncio.run(upgrade(address))
            self.template = address.partition("?")[0].rpartition("/")[2]
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return self.address(name)


@contextmanager
def scratch_server() -> Iterator[ScratchServer]:
    """A server for the length of a `with`; skips the test where PostgreSQL is not installed."""
    binaries = _binaries()
    if binaries is None:
        sentence = "PostgreSQL is not installed: apt install postgresql (or your system's package of it)"
        if os.environ.get("NEED_POSTGRESQL"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    # It refuses to work for root.
    user = _unprivileged() if os.geteuid() == 0 else None
    # Not below pytest's folder, which is for its owner only; and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="a2e-pg-", dir="/tmp"))
    server = ScratchServer(binaries, folder, user)
    try:
        if user is not None:
            shutil.chown(folder, user, user)
        command = [str(binaries / "initdb"), "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale"]
        subprocess.run(
            [*command, "-D", str(folder / "data")],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """The folder of the server's programs: Debian and Ubuntu do not put them on the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def _unprivileged() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[ScratchServer]:
    """The server of this test process, started by the first test that needs it."""
    with scratch_server() as server:
        yield server


@pytest.fixture
def database_address(postgresql_server: ScratchServer) -> str:
    """A database with the tables of this version and nothing in them; a test that changes them takes another one."""
    return postgresql_server.clean_database()
