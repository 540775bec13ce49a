"""The files of a sandbox: kept in its folder under plain keys; their addresses are made when asked for."""

from __future__ import annotations

import json
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from a2e_mcp.sandbox.protocol import MediaKind, Outcome
from a2e_mcp.sandbox.store import Store

_REFERENCE = "sandbox-file:"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class SandboxFile:
    """What is known of a file; `kind` is None until it was looked into. `track` is the key of its speech track."""

    key: str
    media_type: str
    kind: MediaKind | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    has_audio: bool = False
    track: str | None = None
    traits: frozenset[str] = frozenset()


class FileStore:
    """The files, and their addresses."""

    def __init__(self, store: Store, folder: Path, *, origin: Callable[[], str]) -> None:
        """`origin` starts the loopback server and gives its scheme, host and port."""
        self._connection = store.connection
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._origin = origin
        # The name is older than the loopback server; with another one, addresses handed out before would die.
        self.secret = store.secret("door")

    def new_key(self, suffix: str) -> str:
        """An unguessable key for a file that is not made yet."""
        return f"{secrets.token_hex(12)}{suffix}"

    def new_upload_key(self, name: str) -> str:
        """A key that keeps the harmless part of a file's name."""
        harmless = _UNSAFE.sub("-", name.replace("\\", "/").rpartition("/")[2]).strip(".-")
        return f"{secrets.token_hex(12)}-{harmless[-80:] or 'file'}"

    def path(self, key: str) -> Path:
        """Where a file is kept. Raises KeyError for what is no key."""
        if not _KEY.fullmatch(key):
            raise KeyError(key)
        return self._folder / key

    def find(self, key: str) -> SandboxFile | None:
        """What is known of a file that is there."""
        row = self._connection.execute("SELECT * FROM files WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        return SandboxFile(
            key=row["key"],
            media_type=row["media_type"],
            kind=row["kind"],
            seconds=row["seconds"],
            width=row["width"],
            height=row["height"],
            has_audio=bool(row["has_audio"]),
            track=row["track"],
            traits=frozenset(json.loads(row["traits"])),
        )

    def add(self, file: SandboxFile) -> SandboxFile:
        """Write down a file that is there."""
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                file.key,
                file.media_type,
                file.kind,
                file.seconds,
                file.width,
                file.height,
                int(file.has_audio),
                file.track,
                json.dumps(sorted(file.traits)),
            ),
        )
        return file

    def add_looked_into(self, file: SandboxFile, found: Outcome) -> SandboxFile:
        """Write down what looking into a file found."""
        return self.add(
            replace(
                file,
                kind=found.media_kind,
                seconds=found.seconds,
                width=found.width,
                height=found.height,
                has_audio=bool(found.has_audio),
            )
        )

    def add_rendered(self, keys: Iterable[str]) -> None:
        """Write down files that a render has made."""
        for key in keys:
            if self.path(key).exists():
                self.add(SandboxFile(key, media_type_of(key)))

    def remove(self, key: str) -> None:
        """Forget a file and delete it."""
        self._connection.execute("DELETE FROM files WHERE key = ?", (key,))
        self.path(key).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete every file."""
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)

    def url(self, key: str) -> str:
        """The address of a file, as it is today."""
        return f"{self._origin()}/{self.secret}/files/{key}"

    def room_url(self, channel: str) -> str:
        """The address at which a live room is joined, on the same server."""
        return f"{self._origin()}/{self.secret}/rooms/{channel}"

    def key_of(self, url: str) -> str | None:
        """The key behind one of this folder's own addresses, whatever port it had then."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return None
        key = path.removeprefix(f"/{self.secret}/files/")
        return key if key != path and _KEY.fullmatch(key) else None

    def referring(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body as it is kept: own addresses become references that survive another port."""
        return {name: _each_text(value, self._reference) for name, value in body.items()}

    def showing(self, body: dict[str, Any]) -> dict[str, Any]:
        """A body as it is shown: references become addresses."""
        return {name: _each_text(value, self._address) for name, value in body.items()}

    def _reference(self, text: str) -> str:
        key = self.key_of(text)
        return text if key is None else _REFERENCE + key

    def _address(self, text: str) -> str:
        return self.url(text.removeprefix(_REFERENCE)) if text.startswith(_REFERENCE) else text


def _each_text(value: object, change: Callable[[str], str]) -> object:
    """A text changed, or each text of a list or an object; anything else as it is."""
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {name: _each_text(item, change) for name, item in value.items()}
    return change(value) if isinstance(value, str) else value


def media_type_of(name: str) -> str:
    """The media type by a name's ending."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
