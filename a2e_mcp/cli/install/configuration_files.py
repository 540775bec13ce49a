"""Configuration files of other programs: read whole, changed in one place, and written without losing anything."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from a2e_mcp.errors import SettingsError

_NEW_FILE_MODE = 0o600
# A string, a comment, or a comma before a closing bracket; only the last two are taken out.
_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMAS = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)


class NotStrict(ValueError):
    """The text is JSON with comments or trailing commas, which some clients accept."""


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A JSON file as it was read; `path` is where the file really is when its name is a link."""

    path: Path
    content: bytes | None
    """None when there is no such file."""
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path, *, to_change: bool = True) -> ConfigurationFile:
        """Read a file. Raises SettingsError when it cannot be read, or not be changed without loss."""
        try:
            real = Path(os.path.realpath(path))
            content = real.read_bytes()
        except FileNotFoundError:
            return cls(real, None, {})
        except OSError as problem:
            raise SettingsError(f"{path} cannot be read ({problem.strerror}); nothing was changed") from None
        try:
            data = parse(content, allow_comments=not to_change)
        except NotStrict:
            raise SettingsError(
                f"{path} has comments or trailing commas, which would be lost; it was not changed",
                hint="Add the entry yourself: run the same command with --print",
            ) from None
        except ValueError as problem:
            raise SettingsError(
                f"{path} is not valid JSON ({problem}); it was not changed", hint="Fix the file, then retry"
            ) from None
        if not isinstance(data, dict):
            raise SettingsError(f"{path} does not contain a JSON object; it was not changed")
        return cls(real, content, data)

    def table(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """The table under these keys, which is made where it is missing. Raises SettingsError when it is no object."""
        table = self.data
        for key in keys:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise SettingsError(
                    f"{key} in {self.path} is not an object; nothing was changed", hint="Fix the file, then retry"
                )
        return table

    def write(self) -> Path | None:
        """Replace the file in one step, and return the copy of what it was; None when there was none.

        A new file is readable by its owner only, since it may hold a token; an existing one keeps its mode.
        Raises SettingsError.
        """
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            backup = None if self.content is None else self._back_up(self.content)
            mode = _NEW_FILE_MODE if self.content is None else self.path.stat().st_mode & 0o777
            # Left behind where an earlier run was killed.
            part.unlink(missing_ok=True)
            try:
                _write_new(part, self._rendered())
                part.chmod(mode)
                part.replace(self.path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as problem:
            raise SettingsError(f"{self.path} cannot be written ({problem.strerror}); it was not changed") from None
        return backup

    def _back_up(self, content: bytes) -> Path:
        """Keep what the file was; an earlier copy is never overwritten."""
        for number in count(1):
            backup = self.path.with_name(f"{self.path.name}.before-a2e{f'-{number}' if number > 1 else ''}")
            with suppress(FileExistsError):
                _write_new(backup, content)
                return backup
        raise AssertionError

    def _rendered(self) -> bytes:
        """The data in the form that the file had: byte order mark, line ends and indentation."""
        before = text_of_bytes(self.content or b"")
        indent = found[1] if (found := _INDENT.search(before)) else "  "
        try:
            text = json.dumps(self.data, indent=indent, ensure_ascii=False)
            text.encode()
        except UnicodeEncodeError:
            # Half a character, which only an escape can spell.
            text = json.dumps(self.data, indent=indent)
        text = f"{text}\n".replace("\n", "\r\n" if "\r\n" in before else "\n")
        has_mark = (self.content or b"").startswith(codecs.BOM_UTF8)
        return (codecs.BOM_UTF8 if has_mark else b"") + text.encode()


def parse(content: bytes, *, allow_comments: bool = False) -> Any:
    """The value of a JSON file; an empty file is an empty object.

    Raises ValueError, and NotStrict for comments and trailing commas that are not allowed.
    """
    text = text_of_bytes(content)
    if not text.strip():
        return {}
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except _DuplicateKey:
        raise
    except ValueError as problem:
        try:
            plain = _LAST_COMMAS.sub(_kept, _COMMENTS.sub(_kept, text))
            value = json.loads(plain, object_pairs_hook=_without_duplicates)
        except ValueError:
            raise problem from None
        if not allow_comments:
            raise NotStrict from None
        return value


def text_of_bytes(content: bytes) -> str:
    """The text of a JSON file without its byte order mark. Raises ValueError."""
    return content.decode(json.detect_encoding(content)).removeprefix("\ufeff")


def table_of(data: object, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """The table under these keys; empty when it is not there."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


class _DuplicateKey(ValueError):
    """A key occurs twice, and reading would lose one of the values."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise _DuplicateKey(f"the key {twice!r} occurs twice")
    return table


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, readable by its owner only. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _NEW_FILE_MODE), "wb") as file:
        file.write(content)
