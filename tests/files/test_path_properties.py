"""Whatever a file is called and however its path was copied: it is found, or what fits is named; nothing else is."""

from __future__ import annotations

import os
import shlex
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.errors import FileRefused
from a2e_mcp.files.folders import Folders

LETTERS = "abz09ée\u0301ñ中が́ \u00a0\u202f.-_–—'’\"“”`()[]{}&%+#@~$!?,;:=*<>|\\\u200b\u200d🎬\ufe0f"
NAMES = st.text(LETTERS, min_size=1, max_size=12).filter(lambda name: name not in (".", "..") and name.strip() != "")

COPIES: dict[str, Callable[[Path], str]] = {
    "as it is": str,
    "quoted by a shell": lambda path: shlex.quote(str(path)),
    "dragged into a terminal": lambda path: "".join(
        each if each.isalnum() or each in "/._-" or ord(each) > 127 else f"\\{each}" for each in str(path)
    ),
    "as a URL": Path.as_uri,
    "as a URL with a host": lambda path: path.as_uri().replace("file://", "file://localhost"),
    "by Explorer": lambda path: f'"{path}"',
    "with a line break": lambda path: f"{path}\n",
    "behind an @": lambda path: f"@{path}",
    "between curly quotes": lambda path: f"\u201c{path}\u201d",
    "as a link": lambda path: f"[{path.name}]({path})",
    "percent-encoded": lambda path: quote(str(path)),
    "composed": lambda path: unicodedata.normalize("NFC", str(path)),
    "decomposed": lambda path: unicodedata.normalize("NFD", str(path)),
    "with plain blanks": lambda path: str(path).replace("\u202f", " ").replace("\u00a0", " "),
    "with hard blanks": lambda path: str(path).replace(" ", "\u00a0"),
    "only its name": lambda path: path.name,
}


def sent(folders: Folders, text: str) -> tuple[Path | None, str]:
    """The file that would be sent, or why there is none."""
    try:
        return folders.find(text), ""
    except FileRefused as problem:
        return None, problem.message


@given(name=NAMES, folder=NAMES, copy=st.sampled_from(sorted(COPIES)))
def test_a_file_is_found_however_its_path_was_copied(name: str, folder: str, copy: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        inbox = Path(place).resolve() / folder
        inbox.mkdir()
        (inbox / name).write_bytes(b"x")
        assert Folders([inbox], inbox / "output").find(COPIES[copy](inbox / name)) == inbox / name


@given(names=st.lists(NAMES, min_size=2, max_size=4, unique=True), copy=st.sampled_from(sorted(COPIES)))
def test_among_files_whose_names_are_alike_none_is_taken_for_another(names: list[str], copy: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        inbox = Path(place).resolve()
        for name in names:
            (inbox / name).write_bytes(b"x")
        wanted = inbox / names[0]
        copied = COPIES[copy](wanted)
        found, message = sent(Folders([inbox], inbox / "output"), copied)
        # A copy that lost what tells two names apart may spell exactly the other one.
        spelt = (copied, copied.strip(), str(inbox / copied))
        assert "files fit" in message or found == wanted or str(found) in spelt, (found, message)


STEPS = st.sampled_from(
    ["..", ".", "secret", "way", "inbox", "%2e%2e", "..\\", "\u2025", "\uff0e\uff0e", "~", "$HOME", ""]
)


@given(
    steps=st.lists(STEPS, max_size=6),
    start=st.sampled_from(["", "/", "file://", "@", "'", '"', "//", "\\\\", "C:\\"]),
    between=st.sampled_from(["/", "\\", "%2f", "\uff0f", "//"]),
    below=st.sampled_from(["", "inside", "outside"]),
    last=st.sampled_from(["secret", "also\u00a0secret"]),
)
def test_no_text_leads_out_of_the_allowed_folders(
    steps: list[str], start: str, between: str, below: str, last: str
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place).resolve()
        inbox = root / "inbox"
        inbox.mkdir()
        (root / "secret").write_bytes(b"x")
        (inbox / "way").symlink_to(root)
        (inbox / "se\u200bcret").symlink_to(root / "secret")
        os.link(root / "secret", root / "also secret")
        base = {"": "", "inside": f"{inbox}{between}", "outside": f"{root}{between}"}[below]
        text = start + base + between.join([*steps, last])
        found, _ = sent(Folders([inbox], inbox / "output"), text)
        assert found is None or found.resolve().is_relative_to(inbox), text


def test_a_folder_that_becomes_a_link_after_the_look_is_noticed(tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    for folder in (inbox / "sub", outside):
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(b"x")
    folders = Folders([inbox], tmp_path / "output")
    found = folders.find('"sub/x.png"\n')
    assert folders.holds(found, found.stat())
    (inbox / "sub").rename(inbox / "before")
    (inbox / "sub").symlink_to(outside)
    assert not folders.holds(found, found.stat())
