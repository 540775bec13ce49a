"""The token in the system's keyring, where `install` keeps it and a server without A2E_API_TOKEN finds it.

keyring is imported with the first use, in a thread of its own: it may ask the user to unlock it, or hang.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio

from a2e_mcp.errors import SettingsError
from a2e_mcp.placeholders import ACCESS_VARIABLE, text_of

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "a2e-mcp"
"""Under this name, and the variable's, the token is in the keyring."""
SECONDS = 5.0
_LOCKED_HINT = f"Unlock the keyring and retry, or set {ACCESS_VARIABLE}"


class TokenStore(Protocol):
    """A keyring of the system: each call may block, and raises KeyringFailed."""

    name: str
    """What people call it."""

    def read(self) -> str:
        """The token; empty when there is none."""

    def write(self, token: str) -> None:
        """Keep the token, in the place of an earlier one."""

    def delete(self) -> None:
        """Delete the token, if there is one."""


class KeyringFailed(Exception):
    """The keyring is locked, or refused; the text says why."""


@dataclass(slots=True)
class StoredToken:
    """The token in a keyring; `find` opens the keyring, and returns None when the system has none that is safe."""

    find: Callable[[], TokenStore | None] = field(default_factory=lambda: system_store)
    seconds: float = SECONDS
    _hanging: threading.Thread | None = None

    async def read(self) -> tuple[str, str]:
        """The token and the keyring's name; both are empty when there is none. Raises SettingsError within seconds."""
        loop, ended = asyncio.get_running_loop(), anyio.Event()

        def end() -> None:
            # The loop may have closed while the keyring hung.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

        answer = self._start(_read, end)
        with anyio.move_on_after(self.seconds):
            await ended.wait()
        return self._result(answer)

    def read_now(self) -> tuple[str, str]:
        """The same, for a command."""
        return self._finished(self._start(_read))

    def write(self, token: str) -> str:
        """Keep the token; returns the keyring's name, empty when there is no keyring. Raises SettingsError."""
        return self._finished(self._start(lambda store: _write(store, token)))[1]

    def delete(self) -> str:
        """Delete the token; returns the keyring's name. Raises SettingsError."""
        return self._finished(self._start(_delete))[1]

    def _start(self, use: Callable[[TokenStore], str], end: Callable[[], None] = lambda: None) -> _KeyringUse:
        """Use the keyring in a thread; one that hangs is not joined by a second one."""
        answer = _KeyringUse(end)
        if self._hanging is not None and self._hanging.is_alive():
            return answer
        self._hanging = threading.Thread(target=answer.take, args=(self.find, use), name="keyring", daemon=True)
        self._hanging.start()
        return answer

    def _finished(self, answer: _KeyringUse) -> tuple[str, str]:
        if self._hanging is not None:
            self._hanging.join(self.seconds)
        return self._result(answer)

    def _result(self, answer: _KeyringUse) -> tuple[str, str]:
        if not answer.ended:
            raise SettingsError(
                f"The system's keyring did not answer within {self.seconds:g} s, so it may be locked",
                hint=_LOCKED_HINT,
            )
        if answer.problem:
            raise SettingsError(f"The system's keyring cannot be used ({answer.problem})", hint=_LOCKED_HINT)
        return answer.token, answer.name


@dataclass(slots=True)
class _KeyringUse:
    """What a thread brought back."""

    end: Callable[[], None]
    token: str = ""
    name: str = ""
    problem: str = ""
    ended: bool = False

    def take(self, find: Callable[[], TokenStore | None], use: Callable[[TokenStore], str]) -> None:
        try:
            store = find()
            if store is not None:
                self.name, self.token = store.name, use(store)
        except KeyringFailed as problem:
            self.problem = str(problem)
        finally:
            self.ended = True
            self.end()


def _read(store: TokenStore) -> str:
    return text_of(ACCESS_VARIABLE, {ACCESS_VARIABLE: store.read()})


def _write(store: TokenStore, token: str) -> str:
    store.write(token)
    if store.read() != token:
        raise KeyringFailed("it did not keep the token")
    return token


def _delete(store: TokenStore) -> str:
    store.delete()
    return ""


def system_store() -> TokenStore | None:
    """The keyring of this system; None when there is none, or only one that stores plain text."""
    _find_session_bus()
    try:
        import keyring
    except ImportError:
        return None
    # A chain of keyrings may contain files with plain text, so a safe one is chosen from it.
    chosen = keyring.get_keyring()
    candidates = [chosen, *getattr(chosen, "backends", ())]
    return next((_KeyringStore(each) for each in candidates if _is_safe(each)), None)


def _is_safe(backend: KeyringBackend) -> bool:
    """Whether the system itself guards what is kept there."""
    from keyring.backends import SecretService, Windows, kwallet, libsecret, macOS

    kinds = (macOS.Keyring, Windows.WinVaultKeyring, SecretService.Keyring, libsecret.Keyring, kwallet.DBusKeyring)
    return isinstance(backend, kinds)


class _KeyringStore:
    """A keyring that keyring speaks to."""

    def __init__(self, backend: KeyringBackend) -> None:
        from keyring.errors import KeyringError

        self._backend = backend
        # Backends let errors of their own libraries through, of which only these have a name here.
        self._failures = (KeyringError, OSError, RuntimeError, LookupError, ValueError)
        self.name = {"darwin": "macOS Keychain", "win32": "Windows Credential Manager"}.get(
            sys.platform, "system's keyring"
        )

    def read(self) -> str:
        try:
            return self._backend.get_password(SERVICE, ACCESS_VARIABLE) or ""
        except self._failures as problem:
            raise KeyringFailed(_reason(problem)) from problem

    def write(self, token: str) -> None:
        try:
            self._backend.set_password(SERVICE, ACCESS_VARIABLE, token)
        except self._failures as problem:
            raise KeyringFailed(_reason(problem)) from problem

    def delete(self) -> None:
        try:
            if self._backend.get_password(SERVICE, ACCESS_VARIABLE) is not None:
                self._backend.delete_password(SERVICE, ACCESS_VARIABLE)
        except self._failures as problem:
            raise KeyringFailed(_reason(problem)) from problem


def _reason(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200] or type(problem).__name__


def _find_session_bus() -> None:
    """Some clients do not pass on where the session's bus is; it is in the same place on every Linux with systemd."""
    variable = "DBUS_SESSION_BUS_ADDRESS"
    if sys.platform == "linux" and variable not in os.environ:
        socket = Path(f"/run/user/{os.getuid()}/bus")
        if socket.exists():
            os.environ[variable] = f"unix:path={socket}"
