"""Configuration files of other programs: read whole, changed in one place, and written without losing anything."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from a2e_mcp.cli.install.clients import ClientProgram, ConfigurationFormat
from a2e_mcp.cli.install.json_text import json_with, parse_json
from a2e_mcp.cli.install.toml_text import parse_toml, toml_of, toml_with
from a2e_mcp.cli.install.yaml_text import parse_yaml, yaml_of, yaml_with
from a2e_mcp.errors import SettingsError

_NEW_FILE_MODE = 0o600
_BACKUP = ".before-a2e"
_Change = Callable[[str, Sequence[str], Mapping[str, Any] | None], str]
_CHANGES: Mapping[ConfigurationFormat, _Change] = {
    ConfigurationFormat.JSON: json_with,
    ConfigurationFormat.TOML: toml_with,
    ConfigurationFormat.YAML: yaml_with,
}


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file as it was read; `path` is where the file really is when its name is a link."""

    path: Path
    format: ConfigurationFormat
    content: bytes | None
    """None when there is no such file."""
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path, client: ClientProgram) -> ConfigurationFile:
        """Read a file of a client. Raises SettingsError when it cannot be read or not be understood."""
        try:
            real = Path(os.path.realpath(path))
            content = real.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return cls(real, client.format, None, {})
        except OSError as problem:
            raise SettingsError(f"{path} cannot be read ({problem.strerror}); nothing was changed") from None
        try:
            data = parse(content, client.format)
        except ValueError as problem:
            raise SettingsError(
                f"{path} is not valid {client.format.value} ({problem}); it was not changed",
                hint="Fix the file, then retry",
            ) from None
        if not isinstance(data, dict):
            raise SettingsError(
                f"{path} does not contain a table of settings; it was not changed", hint="Fix the file, then retry"
            )
        return cls(real, client.format, content, data)

    def table(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """The table under these keys, empty where there is none. Raises SettingsError when something else is there."""
        table = self.data
        for key in keys:
            below = table.get(key)
            table = {} if below is None else below
            if not isinstance(table, dict):
                raise SettingsError(
                    f"{key} in {self.path} is not an object; nothing was changed", hint="Fix the file, then retry"
                )
        return table

    def put(self, keys: Sequence[str], name: str, entry: Mapping[str, Any]) -> Path | None:
        """Write the file with this entry, and return the copy of what it was; None when there was none.

        Raises SettingsError when it cannot be written, or not without loss.
        """
        return self._replace(self._with([*keys, name], entry))

    def remove(self, keys: Sequence[str], name: str) -> Path | None:
        """Write the file without this entry, and return the copy of what it was.

        A file that holds nothing else and that `put` made is deleted. Raises SettingsError.
        """
        text = self._with([*keys, name], None)
        pruned = self._pruned(text, keys)
        copies = [copy for each in self._backups() if (copy := _read_or_none(each)) is not None]
        for copy in reversed(copies):
            if any(self._is_same(copy, made) for made in (text, pruned)):
                # As it was before, to the letter.
                return self._replace(copy)
        return self._replace(pruned if copies or not _is_blank(pruned) else None)

    def _is_same(self, copy: bytes, text: str) -> bool:
        """Whether a copy differs from a text in spaces and line ends only."""
        try:
            before = _decoded(copy)
            same = parse(copy, self.format) == parse(text.encode("utf-8", "surrogatepass"), self.format)
        except ValueError:
            return False
        return same and (_squeezed(before) == _squeezed(text) or (_is_blank(before) and _is_blank(text)))

    def _with(self, path: Sequence[str], entry: Mapping[str, Any] | None) -> str:
        before = _decoded(self.content or b"")
        try:
            text = _CHANGES[self.format](before, path, entry)
            made = parse(text.encode("utf-8", "surrogatepass"), self.format)
            expected = _expected(self.data, path, entry)
            # A table of TOML ends with its last entry.
            if made not in ((expected,) if entry else (expected, _without_empty(expected, path[:-1]))):
                raise ValueError("its form is unusual")
        except ValueError as problem:
            raise SettingsError(
                f"{self.path} cannot be changed without loss ({problem}); it was not changed",
                hint="Add the entry yourself: run the same command with --print",
            ) from None
        return text

    def _pruned(self, text: str, keys: Sequence[str]) -> str:
        """The text without tables that are empty now."""
        for number in range(len(keys), 0, -1):
            data = parse(text.encode("utf-8", "surrogatepass"), self.format)
            if table_of(data, keys[:number]) or not isinstance(data, dict):
                return text
            without = _yaml_without if self.format is ConfigurationFormat.YAML else _CHANGES[self.format]
            text = without(text, keys[:number], None)
        return text

    def _replace(self, new: str | bytes | None) -> Path | None:
        """Replace the file in one step, or delete it; a copy of what it was is kept beside it.

        A new file is readable by its owner only, since it may hold a token; an existing one keeps its mode.
        """
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            backup = None if self.content is None else self._back_up(self.content)
            if new is None:
                self.path.unlink()
                return backup
            mode = _NEW_FILE_MODE if self.content is None else self.path.stat().st_mode & 0o777
            # Left behind where an earlier run was killed.
            part.unlink(missing_ok=True)
            try:
                _write_new(part, new if isinstance(new, bytes) else self._encoded(new))
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
            backup = self._backup(number)
            with suppress(FileExistsError):
                _write_new(backup, content)
                return backup
        raise AssertionError

    def _backup(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}{_BACKUP}{f'-{number}' if number > 1 else ''}")

    def _backups(self) -> list[Path]:
        """The copies that were kept, the oldest first."""
        backups: list[Path] = []
        for number in count(1):
            if not (backup := self._backup(number)).exists():
                return backups
            backups.append(backup)
        raise AssertionError

    def _encoded(self, text: str) -> bytes:
        has_mark = (self.content or b"").startswith(codecs.BOM_UTF8)
        return (codecs.BOM_UTF8 if has_mark else b"") + text.encode()


def parse(content: bytes, form: ConfigurationFormat, *, allow_comments: bool = True) -> Any:
    """The value of a configuration file; an empty file is an empty table.

    Raises ValueError, and NotStrict for comments and trailing commas in JSON that are not allowed.
    """
    text = _decoded(content)
    try:
        match form:
            case ConfigurationFormat.JSON:
                return parse_json(text, allow_comments=allow_comments)
            case ConfigurationFormat.TOML:
                return parse_toml(text)
            case ConfigurationFormat.YAML:
                return parse_yaml(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def rendered(data: Mapping[str, Any], form: ConfigurationFormat) -> str:
    """A text in this language, for the screen."""
    match form:
        case ConfigurationFormat.JSON:
            return json.dumps(data, indent=2, ensure_ascii=False)
        case ConfigurationFormat.TOML:
            return toml_of(data).rstrip()
        case ConfigurationFormat.YAML:
            return yaml_of(data).rstrip()


def table_of(data: object, keys: Sequence[str]) -> Mapping[str, Any]:
    """The table under these keys; empty when it is not there."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _expected(data: Mapping[str, Any], path: Sequence[str], entry: Mapping[str, Any] | None) -> dict[str, Any]:
    first, *rest = path
    if rest:
        below = data.get(first)
        if entry is None and not isinstance(below, dict):
            return dict(data)
        return {**data, first: _expected(below if isinstance(below, dict) else {}, rest, entry)}
    kept = {key: value for key, value in data.items() if key != first}
    return kept if entry is None else {**data, first: dict(entry)}


def _without_empty(data: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """The data without what is empty at this path."""
    first, *rest = path
    below = _without_empty(data[first], rest) if rest else data[first]
    return {**data, first: below} if below else {key: value for key, value in data.items() if key != first}


def _yaml_without(text: str, path: Sequence[str], _: Mapping[str, Any] | None) -> str:
    """The text without an empty table at its top."""
    lines = [line for line in text.splitlines(keepends=True) if line.split("#")[0].strip() != f"{path[0]}: {{}}"]
    return "".join(lines)


def _decoded(content: bytes) -> str:
    """The text of a file without its byte order mark. Raises ValueError."""
    return content.decode(json.detect_encoding(content)).removeprefix("\ufeff")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _is_blank(text: str) -> bool:
    return _squeezed(text) in ("", "{}")


def _read_or_none(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, readable by its owner only. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _NEW_FILE_MODE), "wb") as file:
        file.write(content)
