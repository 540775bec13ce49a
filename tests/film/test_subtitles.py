"""Caption files as programs and people leave them: in every encoding, with marks, without blank lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from a2e_mcp.errors import InputError
from a2e_mcp.film.subtitles import read_subtitles
from tests.support.clips import write_clip
from tests.support.films import make_film
from tests.support.server import open_server

TIMES = "00:00:01,000 --> 00:00:02,000"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_file_is_read_in_every_encoding_of_unicode(encoding: str, ending: str) -> None:
    text = ending.join(["1", TIMES, "Grüße, <i>ناس</i>", "こんにちは", "", ""])
    (only,) = read_subtitles(text.encode(encoding), "a.srt")
    assert (only.start, only.end, only.text) == (1.0, 2.0, "Grüße, ناس こんにちは")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Привет, как дела"),
        ("cp1256", "شكرا جزيلا"),
        ("cp1255", "שלום עולם"),
        ("cp1253", "Καλημέρα σας"),
        ("shift_jis", "こんにちは世界"),
        ("gb18030", "欢迎使用我们的产品"),
    ],
)
def test_letters_of_an_older_encoding_are_refused_and_not_drawn_as_others(encoding: str, text: str) -> None:
    with pytest.raises(InputError, match=r"a\.srt is neither in UTF-8 nor in UTF-16.*Save it as UTF-8"):
        read_subtitles(f"1\n{TIMES}\n{text}\n".encode(encoding), "a.srt")


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (f"1\n{TIMES}\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\n", ["A", "B"]),
        (f"1\n{TIMES}\nIn 1969\n\n2\n00:00:03,000 --> 00:00:04,000\n7\n", ["In 1969", "7"]),
        ("1\n0:01 --> 0:02\nA\n", ["A"]),
        ("1\n00:00:01 , 000 --> 00:00:02 , 000\nA\n", ["A"]),
        (f"1\n{TIMES}\n{{\\an8}}Top\\Nsecond &amp; third\n", ["Top second & third"]),
        ("WEBVTT\n\nNOTE none\n\na\n00:01.000 --> 00:02.000 align:start\n<v Bob>Hi &lt;3</v>\n", ["Hi <3"]),
    ],
)
def test_what_programs_write_into_captions_is_read(content: str, texts: list[str]) -> None:
    assert [each.text for each in read_subtitles(content.encode(), "a.srt")] == texts


async def test_captions_in_the_encoding_of_an_old_windows_are_read_and_that_is_said(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=3)
        (server.inbox / "old.srt").write_bytes(f"1\n{TIMES}\nGrüße aus Zürich\n".encode("cp1252"))
        ended, path = await make_film(server, "add_captions", video=clip.name, captions="old.srt")
        assert "old.srt is not in UTF-8 and was read as Western European (Windows-1252)." in ended.text
        assert "Grüße aus Zürich" in path.with_suffix(".srt").read_text("utf-8")
