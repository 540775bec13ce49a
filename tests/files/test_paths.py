"""Paths as people copy them: the file that is meant is found, two that fit are both named, and none is guessed."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

from a2e_mcp.files.readings import readings
from tests.support.media import png
from tests.support.server import ServerUnderTest, open_server

NARROW = "Screenshot 2026-11-28 at 3.04.05\u202fPM.png"
ACCENTS = "Zoë Čapek’s café.png"


async def read(server: ServerUnderTest, path: str) -> str:
    """What a quote for sending a file says: its price, or why there is no such file."""
    answer = await server.call("quote_job", tool="upload_file", arguments={"path": path})
    return answer.text if answer.failed else "found"


async def test_a_file_is_found_by_a_name_that_looks_like_its_own(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        folder = server.inbox / unicodedata.normalize("NFD", "Fotos für Zoë")
        folder.mkdir()
        png(server.inbox, NARROW)
        png(folder, unicodedata.normalize("NFD", ACCENTS))
        for given in (
            NARROW,
            NARROW.replace("\u202f", " "),
            NARROW.replace("\u202f", "\u00a0"),
            NARROW.replace(" ", "\u00a0").replace("\u202f", " "),
            f"{NARROW[:10]}\u200b{NARROW[10:]}\n",
            NARROW.replace("-", "\u2011"),
            str(server.inbox / NARROW.replace("\u202f", " ")),
            f"Fotos für Zoë/{ACCENTS}",
            f"Fotos für Zoë/{unicodedata.normalize('NFD', ACCENTS)}",
            f"Fotos\u00a0für  Zoë/{ACCENTS.replace('’', chr(39))}",
            f"inbox/Fotos für Zoë/{ACCENTS}",
        ):
            assert await read(server, given) == "found", ascii(given)


async def test_a_path_is_found_as_it_was_copied(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        path = png(server.inbox, "Tom & Zoë's 1st (final) 100%+.png")
        url = path.as_uri()
        escaped = "".join(f"\\{each}" if each in " &'()%+" else each for each in str(path))
        quoted = str(path).replace("'", "'\\''")
        for given in (
            f'"{path}"',
            f"'{quoted}'",
            f"\u201c{path}\u201d",
            f"\u2018{path.name}\u2019",
            f"`{path}`",
            f"<{path}>",
            f"{path}\n",
            f"  {path}  \r\n",
            f"\u202a{path}",
            f"\ufeff{path.name}",
            f"@{path}",
            f'@"{path.name}"',
            f"@{path.name}",
            escaped,
            f"{escaped} ",
            url,
            url.replace("file://", "file://localhost"),
            url.replace("file://", "FILE://LOCALHOST"),
            url.replace("file://", "file:"),
            f"<{url}>",
            f'"{url}"\n',
            f"[{path.name}]({url})",
            f"![picture]({path})",
            quote(str(path)),
            quote(path.name),
            f"file://{quote(str(path)).replace('%20', '+')}",
            str(path).replace("&", "&amp;"),
            f"./{path.name}",
            f"inbox/{path.name}",
            f"inbox\\{path.name}",
            f"/{path}",
            f"{path}.",
            f"Open {path}"[5:],
        ):
            assert await read(server, given) == "found", given


def test_a_path_from_the_home_folder_is_read_as_one() -> None:
    meant = os.path.expanduser("~/Pictures/x.png")
    for given in ("~", "$HOME", "${HOME}", "%USERPROFILE%", "$env:USERPROFILE"):
        assert meant in readings(f"'{given}/Pictures/x.png'")


async def test_a_name_is_found_without_its_capitals_and_in_the_marks_of_a_chat(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        png(server.inbox, "My Photo.PNG")
        for given in (
            "my photo.png",
            "MY PHOTO.png",
            "**My Photo.PNG**",
            "「My Photo.PNG」",
            "'My Photo.PNG",
            "path: My Photo.PNG",
            "Attached: My Photo.PNG",
            "My Photo.PNG (2.3 MB)",
            "My Photo.PNG \u2014 840 KB",
            "My Photo.PNG [image/png]",
            '<img src="My Photo.PNG" alt="x">',
            "\uff08My Photo.PNG\uff09",
            "My Photo.PNG\u3002",
        ):
            assert await read(server, given) == "found", given
        png(server.inbox, "my photo.PNG")
        assert await read(server, "My Photo.PNG") == "found"
        assert (await read(server, "MY PHOTO.PNG")).startswith("2 files fit: ")


async def test_a_name_is_found_without_the_ending_that_file_managers_hide(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        shot = png(server.inbox, "Screenshot 2026-11-03 at 9.41.07\u202fAM.png")
        (server.inbox / "notes").mkdir()
        png(server.inbox / "notes", "photo (1).jpeg")
        for given in (
            shot.stem,
            shot.stem.replace("\u202f", " "),
            str(shot)[:-4],
            "notes/photo (1)",
            "'notes\\Photo (1)'",
        ):
            assert await read(server, given) == "found", given
        # Neither a part of the name, nor another ending, nor half of a download is meant.
        (server.inbox / "clip.mp4.part").write_bytes(shot.read_bytes())
        for given in ("clip.mp4", "Screenshot 2026-11-03 at 9", "notes/photo (1).png", "photo (1)", "photo"):
            assert "not found" in await read(server, given), given
        png(server.inbox, "notes.png", colour="red")
        assert await read(server, "notes") == "found"
        (server.inbox / "notes.txt").write_text("Text.")
        told = await read(server, "notes")
        assert told.startswith("2 files fit: ")
        assert "notes.png" in told
        assert "notes.txt" in told


async def test_two_files_that_fit_are_both_named_and_none_is_taken(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        first, second = png(server.inbox, "a b.png"), png(server.inbox, "a\u202fb.png", colour="red")
        told = await read(server, "a\u00a0b.png")
        assert f"2 files fit: {first} and {second}" in told
        assert first.as_uri() in told
        assert second.as_uri() in told
        for given in ("a b.png", "a\u202fb.png", first.as_uri(), second.as_uri(), "'a b.png'"):
            assert await read(server, given) == "found", given
        # One name in two folders is no answer either.
        server.output.mkdir()
        other = png(server.output, "a b.png")
        told = await read(server, "a b.png")
        assert str(first) in told
        assert str(other) in told
        assert await read(server, str(other)) == "found"
        # One file by two ways is one file.
        (server.output / "c.png").symlink_to(png(server.inbox, "c.png"))
        os.link(server.inbox / "c.png", server.inbox / "c\u00a0.png")
        assert await read(server, "c.png") == "found"
        # What a text says comes before what it may have been.
        png(server.inbox, "100%25.png")
        png(server.inbox, "100%.png")
        assert await read(server, "100%25.png") == "found"
        assert "2 files fit" in await read(server, '"100%25.png"')


async def test_a_name_that_is_not_found_is_repeated_as_it_was_given(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for given, name in (
            ("Screenshot 2026-11-28 at 3.04.05 PM.png", "Screenshot 2026-11-28 at 3.04.05 PM.png"),
            ("Zoë’s (final)  #1.png", "Zoë’s (final)  #1.png"),
            (f'"{tmp_path}/inbox/My photo.png"\n', "My photo.png"),
            ("My\\ photo\\ \\(1\\).png", "My photo (1).png"),
        ):
            assert name in await read(server, given), given
        assert "Unknown home folder" in await read(server, "~unknown_user/x.png")
        (server.inbox / ".later.png.icloud").write_bytes(b"bplist00")
        assert "later.png is in iCloud" in await read(server, "later.png")


async def test_a_path_of_another_computer_is_called_one(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for given in (
            "C:\\Users\\Zoe\\Pictures\\x.png",
            '"C:\\Users\\Zoe\\Pictures\\x.png"',
            "C:/Users/Zoe/Pictures/x.png",
            "file:///C:/Users/Zoe/Pictures/x.png",
            "\\\\server\\share\\x.png",
            "\\\\?\\C:\\x.png",
        ):
            told = await read(server, given)
            assert "x.png is a Windows path, and a2e-mcp runs on " in told, given
            assert f"save the file into {server.inbox}" in told


async def test_no_reading_of_a_path_leads_out_of_the_allowed_folders(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        outside = png(tmp_path, "secret photo.png")
        (server.inbox / "away").symlink_to(tmp_path)
        (server.inbox / "loop").symlink_to(server.inbox / "loop")
        (server.inbox / "round").symlink_to(server.inbox)
        (server.inbox / "se\u00a0cret.png").symlink_to(outside)
        for given in (
            str(outside),
            f"'{outside}'",
            outside.as_uri(),
            quote(str(outside)),
            f"@{outside}",
            "../secret photo.png",
            "%2e%2e/secret photo.png",
            "%2e%2e%2fsecret%20photo.png",
            "..\\secret photo.png",
            "\u2025/secret photo.png",
            "\uff0e\uff0e\uff0fsecret photo.png",
            "away/secret photo.png",
            "aw\u200bay/secret\u00a0photo.png",
            "round/aw\u200bay/secret\u00a0photo.png",
            "inbox/../secret photo.png",
            "inbox\\..\\..\\secret photo.png",
            "se cret.png",
            "loop",
            "lo\u200bop",
            "round/" * 40 + "lo\u200bop/x.png",
            "$A2E_API_TOKEN/x.png",
        ):
            told = await read(server, given)
            assert told != "found", given
        assert await read(server, "round/x.png") != "found"
        png(server.inbox, "x.png")
        assert await read(server, "round/rou\u200bnd/x.png") == "found"
