"""The folders that files may be sent from, and the one file in them that a text means."""

from __future__ import annotations

import os
import platform
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from a2e_mcp.errors import FileRefused
from a2e_mcp.files.links import is_known_link, is_link_to_file
from a2e_mcp.files.readings import alike, is_file_url, is_windows_path, parts_of, plain, readings, unwrapped
from a2e_mcp.files.urls import check_one, check_scheme, is_chat_attachment, is_content, is_incomplete_url
from a2e_mcp.placeholders import stands_in, template_in
from a2e_mcp.text import clean_line

_LONGEST_PATH = 4096
_LONGEST_SHOWN = 160
_MOST_SHOWN = 3
_EXAMPLE = re.compile(r"(^|[/\\])path[/\\]to[/\\]", re.IGNORECASE)
_ENDING = re.compile(r"\.[a-z]\w{1,4}$")
_URL_HINT = "Give the whole URL, beginning with https://"


class Folders:
    """Finds files, by what a text says or by how their names look, and never outside the allowed folders."""

    def __init__(self, folders: Sequence[Path], output: Path) -> None:
        self._folders = tuple(dict.fromkeys((*folders, output)))
        self._output = output

    def find(self, text: str) -> Path:
        """The one file in the allowed folders that a text means.

        What is spelt exactly so comes first, then what the text may have been before it was copied, then what looks
        the same, and last what looks the same without its ending, which file managers hide. Raises FileRefused when
        there is none, and when there are two.
        """
        found = self._candidates(text)
        if len(found) > 1:
            raise _several(found)
        return found[0]

    def find_beside_results(self, text: str) -> tuple[Path, bool]:
        """The one file that a text means, and whether it was preferred to a result of the same name.

        For what is only read and costs nothing. Raises FileRefused.
        """
        found = self._candidates(text)
        output = self._output.resolve()
        given = [path for path in found if not path.is_relative_to(output)]
        if len(found) == 1 or len(given) != 1:
            return self.find(text), False
        return given[0], True

    def _candidates(self, text: str) -> Sequence[Path]:
        """The files that a text means equally well, at least one. Raises FileRefused."""
        if "\0" in text or len(text) > _LONGEST_PATH or not text.strip():
            raise self._no_path(text)
        roots = self._roots()
        ways = readings(text)
        # A URL of a file has one meaning only, which is no guess.
        certain = [text, *([plain(text)] if is_file_url(text) else [])]
        for spelt in (*([each] for each in certain), ways):
            found = _files((choice for each in spelt for choice in self._choices(each)), roots)
            if found:
                return found
        for has_ending in (True, False):
            similar = _files(self._alike(ways, roots, has_ending=has_ending), roots)
            if similar:
                return similar
        raise self._nothing(text, roots)

    def holds(self, path: Path, found: os.stat_result) -> bool:
        """Whether a path leads to this open file, and still into an allowed folder."""
        real = path.resolve()
        return _is_inside(real, self._roots()) and identity(real.stat()) == identity(found)

    def _roots(self) -> Sequence[Path]:
        return [folder.resolve() for folder in self._folders]

    def _choices(self, text: str) -> Sequence[Path]:
        """Where a path may lead: a relative one into each folder, whose own name it may begin with."""
        try:
            given = Path(text)
            if given.is_absolute():
                return [] if self._is_elsewhere(text) else [given]
            below = [folder / given for folder in self._folders]
            first, *rest = given.parts or ("",)
            return below + [folder.joinpath(*rest) for folder in self._folders if rest and folder.name == first]
        except ValueError:
            return []

    def _is_elsewhere(self, text: str) -> bool:
        """Whether a path names another computer: Windows would log in there just to look."""
        if os.name != "nt":
            return False
        drive = os.path.splitdrive(text)[0]
        known = {os.path.splitdrive(folder)[0].lower() for folder in self._folders}
        return drive[:2] in ("\\\\", "//") and drive.lower() not in known

    def _alike(self, texts: Iterable[str], roots: Sequence[Path], *, has_ending: bool) -> set[Path]:
        """Files whose names, and those of the folders on the way, look as in one of these paths.

        Unless it `has_ending`, a path lacks that of the file.
        """
        found: set[Path] = set()
        whole: dict[Path, _Listing] = {}
        stems: dict[Path, _Listing] = {}
        for below, parts in self._ways_down(texts):
            if not has_ending and _ENDING.search(parts[-1]):
                # Then `clip.mp4.part` is not what `clip.mp4` means.
                continue
            places = {below.resolve()}
            for number, part in enumerate(parts):
                is_last = number == len(parts) - 1
                lacks_ending = is_last and not has_ending
                places = {
                    real
                    for place in places
                    for each in _children(place, part, stems if lacks_ending else whole, has_ending=not lacks_ending)
                    if (is_last or each.is_dir())
                    if (real := _real(each)) is not None and _is_inside(real, roots)
                }
            found |= places
        return found

    def _ways_down(self, texts: Iterable[str]) -> set[tuple[Path, tuple[str, ...]]]:
        """An allowed folder, and the names on the way from there, for each path that may lead into it."""
        ways: set[tuple[Path, tuple[str, ...]]] = set()
        for text in texts:
            for choice in self._choices(text):
                parts = parts_of(choice)
                looks = [alike(each) for each in parts]
                for folder in {*self._folders, *self._roots()}:
                    above = [alike(each) for each in folder.parts]
                    if len(parts) > len(above) and looks[: len(above)] == above:
                        ways.add((folder, tuple(looks[len(above) :])))
        return ways

    # ------------------------------------------------------------- refusals

    def _nothing(self, text: str, roots: Sequence[Path]) -> FileRefused:
        """Why a text means no file."""
        check_one(text)
        if template_in(text) or stands_in(text) or _EXAMPLE.search(text):
            raise FileRefused(
                f"{_shown(text)} is a placeholder that was not filled in", hint="Give the path of a file, or its URL"
            )
        whole = os.path.expanduser(plain(text))
        elsewhere = self._elsewhere(text, whole)
        if elsewhere is not None:
            return elsewhere
        if not _is_spellable(whole):
            return self.not_found(text)
        real = [_real(choice) for choice in self._choices(whole)]
        inside = [path for path in real if path is not None and _is_inside(path, roots)]
        if None in real or any(_leads_nowhere(path) for path in inside):
            return FileRefused("The path cannot be resolved")
        if len(inside) < len(real):
            listed = ", ".join(str(folder) for folder in self._folders)
            return FileRefused(
                "The file is outside the folders that files may be sent from",
                hint=f"Save it into one of {listed} (chat attachments too), or add its folder to A2E_FILES",
            )
        return self._no_file(_name_in(text), inside) or self.not_found(text)

    def _no_file(self, name: str, inside: Sequence[Path]) -> FileRefused | None:
        """The error for what is there and no file, or is a file that is somewhere else still."""
        modes = [mode for path in inside if (mode := _mode(path)) is not None]
        if any(stat.S_ISDIR(mode) for mode in modes):
            return FileRefused(f"{name} is a folder", hint="Give the path of a file in it")
        if modes:
            return FileRefused(f"{name} is not a regular file")
        if any(_mode(path.with_name(f".{path.name}.icloud")) is not None for path in inside if path.name):
            return FileRefused(f"{name} is in iCloud and not on this computer", hint="Download it in Finder first")
        return None

    def _elsewhere(self, text: str, whole: str) -> FileRefused | None:
        """The error for a file of a chat or of another computer."""
        chat = next((each for each in (text, plain(text)) if is_chat_attachment(each)), None)
        if chat is not None:
            is_nameless = chat.lower().startswith(("data:", "blob:")) or is_content(chat)
            name = "That file" if is_nameless else _name_in(text)
            return FileRefused(
                f"{name} is in the chat, not on this computer",
                hint=f"Ask the user to save it into {self._nearest()} and to give its name",
            )
        if is_link_to_file(unwrapped(text)) and not is_known_link(unwrapped(text)):
            check_scheme(text)
        if is_incomplete_url(text) and not is_known_link(unwrapped(text)):
            return FileRefused(
                f"{_shown(unwrapped(text))} is no file on this computer and no complete URL", hint=_URL_HINT
            )
        if is_windows_path(whole) and os.name != "nt":
            return FileRefused(
                f"{_shown(whole)} is a Windows path, and a2e-mcp runs on {_system()}",
                hint=f"Ask the user to save the file into {self._nearest()} and to give its name",
            )
        return FileRefused("Unknown home folder") if whole.startswith("~") else None

    def _no_path(self, text: str) -> FileRefused:
        if is_chat_attachment(text):
            return self._nothing(text, ())
        return FileRefused("Invalid path")

    def not_found(self, text: str) -> FileRefused:
        """The error for a file that does not exist, or whose name the file system cannot spell."""
        return FileRefused(
            f"File not found on this computer: {_name_in(text)}",
            hint="A file attached in a chat is not on this computer: ask the user to save it into"
            f" {self._nearest()} and to give its name",
        )

    def _nearest(self) -> Path:
        """The folder to suggest when the user has to save a file somewhere."""
        return next((folder for folder in self._folders if folder.is_dir()), self._output)


def _files(choices: Iterable[Path], roots: Sequence[Path]) -> list[Path]:
    """The regular files among these that really lie in the allowed folders, each once."""
    found: dict[tuple[int, int], Path] = {}
    for choice in choices:
        real = _real(choice)
        # Symbolic links are resolved first: the real location counts.
        if real is None or not _is_inside(real, roots):
            continue
        try:
            there = real.stat()
        except PermissionError as problem:
            raise FileRefused(f"That file cannot be read ({problem.strerror})") from None
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(there.st_mode):
            found.setdefault((there.st_dev, there.st_ino), real)
    return list(found.values())


_Listing: TypeAlias = Mapping[str, Sequence[str]]


def _children(folder: Path, looks: str, listed: dict[Path, _Listing], *, has_ending: bool) -> Sequence[Path]:
    """What is in a folder and looks like a name, with its ending or without; `listed` are the folders already read."""
    if folder not in listed:
        names: dict[str, list[str]] = defaultdict(list)
        with suppress(OSError), os.scandir(folder) as entries:
            for each in entries:
                name = each.name if has_ending else Path(each.name).stem
                if has_ending or name != each.name:
                    names[alike(name)].append(each.name)
        listed[folder] = names
    return [folder / name for name in listed[folder].get(looks, ())]


def _real(path: Path) -> Path | None:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _is_spellable(text: str) -> bool:
    """Whether a file of this computer can have such a name: some file systems know ASCII only."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return None


def _leads_nowhere(path: Path) -> bool:
    """Whether no file can have this path, such as a name that is too long or links in a circle."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return False


def _is_inside(real: Path, roots: Sequence[Path]) -> bool:
    return any(real.is_relative_to(root) for root in roots)


def identity(found: os.stat_result) -> tuple[int, ...]:
    """Which file this is, unchanged."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _several(found: Sequence[Path]) -> FileRefused:
    """Two files fit: both are named, by URL too when a person could not tell their names apart."""
    shown = [_shown(str(path)) for path in sorted(found)]
    listed = " and ".join([*shown[:_MOST_SHOWN], *(["others"] if len(shown) > _MOST_SHOWN else [])])
    is_same_look = len({alike(each) for each in shown}) < len(shown)
    ways = [path.as_uri() for path in sorted(found)[:_MOST_SHOWN]] if is_same_look else shown[:_MOST_SHOWN]
    how = " or ".join(ways) if is_same_look else "its whole path"
    return FileRefused(f"{len(found)} files fit: {listed}", hint=f"Ask the user which one is meant, then give {how}")


def _name_in(text: str) -> str:
    """The name of the file that a text means, as it was given."""
    bare = plain(text)
    return _shown(bare.replace("\\", "/").rstrip("/").rpartition("/")[2] or bare)


def _system() -> str:
    names: Mapping[str, str] = {"Darwin": "macOS"}
    return names.get(platform.system(), platform.system() or "another system")


def _shown(name: str) -> str:
    """A name as it was given, for a sentence."""
    line = clean_line(name).strip()
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}..."
