"""Captions: of the job's own script, a text or an SRT file; drawn in every script, and timed to the speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from a2e_mcp.film.engine.captions import from_cues, grouped, letter_size, shown_words
from a2e_mcp.film.engine.word_times import SpokenWord, estimated, words_of
from a2e_mcp.film.orders import Cue
from a2e_mcp.media.fonts import missing_scripts
from a2e_mcp.media.line_breaks import NO_BLANK
from a2e_mcp.media.text_pictures import lettered, line_width
from a2e_mcp.sandbox.renderer.audio.spoken_text import utter
from tests.support.clips import starts_in, watch, write_clip
from tests.support.films import failed_film, make_film
from tests.support.server import ServerUnderTest, open_server

SCRIPT = "Welcome to the show. Today, we talk about the sea!"


async def spoken(server: ServerUnderTest, script: str, language: str) -> str:
    """A finished avatar video of a script, by its job id."""
    voices = (await server.ask("list_voices", language=language)).data["voices"]
    begun = await server.ask("start_avatar_video", script=script, voice=voices[0]["id"], avatar="Ada")
    assert (await server.finish(begun.data["job_id"])).data["state"] == "succeeded"
    return str(begun.data["job_id"])


async def test_a_jobs_own_script_is_drawn_while_it_is_spoken_and_written_beside(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        job_id = await spoken(server, SCRIPT, "en-US")
        ended, path = await make_film(server, "add_captions", video=job_id, name="show")
        assert [Path(file["path"]).name for file in ended.data["files"]] == ["show.mp4", "show.srt"]
        subtitles = (server.output / "show.srt").read_text("utf-8")
        assert "Welcome to the show.\n" in subtitles
        assert "estimated" not in ended.text
        film = watch(path)
        # Each caption appears within 100 ms of the moment at which its first word is heard.
        heard = film.speech_begins()
        for start in starts_in(subtitles):
            assert min(abs(start - moment) for moment in heard) < 0.1, (start, heard)
        assert "a2e_sandbox" in film.tags


@pytest.mark.parametrize(
    ("script", "language"),
    [("مرحبا بكم في برنامجنا. نتحدث اليوم عن البحر.", "ar"), ("こんにちは。きょうは うみの はなしです。", "ja")],
)
@pytest.mark.long
async def test_other_scripts_are_captioned_too(tmp_path: Path, script: str, language: str) -> None:
    async with open_server(tmp_path) as server:
        job_id = await spoken(server, script, language)
        _, path = await make_film(server, "add_captions", video=job_id, style="box", name="said")
        subtitles = (server.output / "said.srt").read_text("utf-8")
        assert "".join(script.split())[:6] in "".join(subtitles.split())
        assert path.exists()


async def test_a_text_is_timed_by_the_pauses_of_the_speech_and_the_answer_says_so(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=4, bursts=((0.5, 1.4), (2.2, 3.5)))
        ended, path = await make_film(server, "add_captions", video=clip.name, captions="Good morning. How are you?")
        assert "estimated from the pauses" in ended.text
        subtitles = path.with_suffix(".srt").read_text("utf-8")
        assert starts_in(subtitles) == [pytest.approx(0.5, abs=0.1), pytest.approx(2.2, abs=0.1)]


async def test_an_srt_file_is_drawn_as_it_is_and_the_sound_is_kept(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=2, colour=(20, 20, 20), level=0.05)
        (server.inbox / "talk.srt").write_text("1\n00:00:00,500 --> 00:00:01,200\nHello there\n", "utf-8")
        _, path = await make_film(server, "add_captions", video=clip.name, captions="talk.srt")
        film = watch(path, width=320)
        assert film.brightest_at(0.2) < 60
        assert film.brightest_at(0.8) > 200
        assert film.brightest_at(1.5) < 60
        assert film.loudness_from(0.5, 1.5) == pytest.approx(watch(clip).loudness_from(0.5, 1.5), abs=0.5)


async def test_the_users_captions_come_before_those_of_a_film_of_that_name(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=2)
        given = server.inbox / "late.srt"
        given.write_text("1\n00:00:00,500 --> 00:00:01,200\nFirst\n", "utf-8")
        ended, path = await make_film(server, "add_captions", video=clip.name, captions="late.srt", name="late")
        assert "the result of that name" not in ended.text
        result = path.with_suffix(".srt")
        given.write_text("1\n00:00:00,500 --> 00:00:01,200\nSecond\n", "utf-8")
        ended, path = await make_film(server, "add_captions", video=clip.name, captions="late.srt", name="again")
        assert path.with_suffix(".srt").read_text("utf-8").splitlines()[2:] == ["Second"]
        assert f"The captions are from {given}, not from the result of that name." in ended.text
        # The result is read by its whole path, and by its name where there is no other.
        for name in (str(result), "again.srt"):
            ended, path = await make_film(server, "compose_video", clips=[clip.name], captions=name)
            assert "the result of that name" not in ended.text
        # Of two files of the user none is taken.
        (server.inbox / "a\u00a0b.srt").write_bytes(given.read_bytes())
        (server.inbox / "a\u202fb.srt").write_bytes(given.read_bytes())
        text = await server.refuse("add_captions", video=clip.name, captions="a b.srt")
        assert text.startswith("2 files fit: ")


async def test_a_script_that_no_font_has_is_refused_before_anything_begins(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=1)
        text = await server.refuse("add_captions", video=clip.name, captions="Hello \U00016a70\U00016a71")
        assert text.startswith("No font on this computer has Tangsa letters")
        assert (await server.ask("list_jobs")).data["total"] == 0


async def test_captions_need_something_to_say(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        talk = write_clip(server.inbox / "talk.mp4", seconds=1)
        assert "What is said in talk.mp4 is not known" in await failed_film(server, "add_captions", video=talk.name)
        silent = write_clip(server.inbox / "silent.mp4", seconds=1, hertz=None)
        assert "No speech was found" in await failed_film(server, "add_captions", video=silent.name, captions="Hello.")
        (server.inbox / "empty.srt").write_text("nothing here", "utf-8")
        text = await server.refuse("add_captions", video=silent.name, captions="empty.srt")
        assert text.startswith("empty.srt holds no captions")


async def test_what_is_left_out_of_the_captions_is_named(tmp_path: Path) -> None:
    unseen = "\U0001f9e9"
    async with open_server(tmp_path) as server:
        clip = write_clip(server.inbox / "talk.mp4", seconds=2)
        cues = f"00:00:00,500 --> 00:00:01,200\nHello {unseen}\n\n00:00:09,000 --> 00:00:10,000\nLate\n"
        (server.inbox / "talk.srt").write_text(cues, "utf-8")
        ended, path = await make_film(server, "add_captions", video=clip.name, captions="talk.srt")
        assert "1 of 2 captions are left out: they begin after the film's end." in ended.text
        assert f"has {unseen}, so the captions are drawn without." in ended.text
        assert path.with_suffix(".srt").read_text("utf-8").splitlines()[2:] == ["Hello"]
        ended, _ = await make_film(server, "compose_video", clips=[clip.name], captions=f"Hi {unseen}", title=unseen)
        assert f"has {unseen}, so the captions are drawn without." in ended.text
        assert f"has {unseen}, so the title is drawn without." in ended.text
        (server.inbox / "late.srt").write_text(cues.partition("\n\n")[2], "utf-8")
        text = await failed_film(server, "add_captions", video=clip.name, captions="late.srt")
        assert "All captions begin after the film's end: it is 2 s long." in text
        text = await failed_film(server, "add_captions", video=clip.name, captions=unseen)
        assert "The captions have no letters that can be drawn" in text
        assert "without captions the video stays" in await server.refuse(
            "add_captions", video=clip.name, captions="off"
        )


def test_every_script_of_the_packages_is_drawn() -> None:
    for text in ("Grüße", "Привет", "Καλημέρα", "مرحبا", "שלום", "สวัสดี", "नमस्ते", "今日は", "你好", "안녕하세요"):
        assert missing_scripts(text) == [], text
        assert lettered([text.split()], 40, "outline")[..., 3].max() == 255


def test_arabic_letters_are_joined_and_run_to_the_left() -> None:
    word = "سلام"
    assert line_width([word], 60) < 0.8 * sum(line_width([letter], 60) for letter in word)
    first = lettered([["one", "سلام"]], 60, "highlight", (0, 0))
    second = lettered([["سلام", "one"]], 60, "highlight", (0, 0))
    # The word that is said first stands on the left of English, and on the right of Arabic.
    assert yellow_middle(first) < 0.5 < yellow_middle(second)


def yellow_middle(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    """Where the highlighted word stands, as a share of the width."""
    red, green, blue, _ = (pixels[..., channel].astype(int) for channel in range(4))
    columns = np.flatnonzero(((red > 200) & (green > 150) & (blue < 90)).any(0))
    return float(columns.mean() / pixels.shape[1])


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", "Welcome to the show, everybody! Today, we talk about the sea: its storms, and its colours."),
        ("de", "Guten Morgen, liebe Zuhörer. Heute sprechen wir über die Autobahn, und warum sie so umstritten ist."),
        ("es", "Hola a todos. Hoy hablamos del mar, de sus tormentas y de sus colores."),
        ("ja", "こんにちは、ようこそ。きょうはうみのはなしをしましょう。"),
    ],
)
def test_estimated_times_are_near_the_spoken_words(voice: str, text: str) -> None:
    said, speech = utter(text, voice, speed=1.0)
    samples = np.frombuffer(speech.samples, "<i2").astype(np.float32) / 32768
    length = round(len(samples) * 48_000 / speech.rate)
    sound = np.interp(np.arange(length) * speech.rate / 48_000, np.arange(len(samples)), samples).astype(np.float32)
    words: list[SpokenWord] = estimated(text, iter([np.tile(sound, (2, 1))]))
    known = {position: time for time, position in speech.words}
    found, at = [], 0
    for word in words:
        at = said.index(word.text.removeprefix(NO_BLANK), at)
        if at in known:
            found.append(abs(known[at] - word.start))
        at += len(word.text.removeprefix(NO_BLANK))
    assert len(found) >= 2
    assert float(np.mean(found)) < 0.1, found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("はい、昨日友達と行きました。", "はい、昨日友達と\n行きました。"),
        ("では、明日一緒に行きましょう。", "では、明日一緒に\n行きましょう。"),
        ("今日は11月29日、朝食は500円です。", "今日は11月29日、\n朝食は500円です。"),
        ("新しい店はもう見ましたか、先生。", "新しい店はもう\n見ましたか、先生。"),
        ("これはA2E 3のアバターです。", "これはA2E 3のアバターです。"),
        ("東京都千代田区で2026年に撮影しました。", "東京都千代田区で\n2026年に撮影しました。"),
        ("我们在北京的办公室用OpenAI制作视频。", "我们在北京的办公室\n用OpenAI制作视频。"),
        ("我們在臺北的辦公室製作高品質的影片內容。", "我們在臺北的辦公室\n製作高品質的影片內容。"),
        ("วันนี้ผมจะมาแนะนำ ผลิตภัณฑ์ใหม่ของบริษัท", "วันนี้ผมจะมาแนะนำ\nผลิตภัณฑ์ใหม่ของบริษัท"),
        ("Good morning to all of you, how is the bread today?", "Good morning to all of you,\nhow is the bread today?"),
    ],
)
def test_lines_end_between_words_also_where_no_blank_parts_them(text: str, lines: str) -> None:
    words = [SpokenWord(word, number / 5, number / 5 + 0.2) for number, word in enumerate(words_of(text))]
    (group,) = grouped(words, (720, 1280))
    assert group.text == lines


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)])
@pytest.mark.parametrize(
    "text",
    [
        "วันนี้ผมจะมาแนะนำผลิตภัณฑ์ใหม่ของบริษัทเราซึ่งช่วยให้คุณสร้างวิดีโอได้อย่างง่ายดายและรวดเร็ว",
        "សួស្តីថ្ងៃនេះខ្ញុំនឹងណែនាំផលិតផលថ្មីរបស់ក្រុមហ៊ុនយើងដែលជួយអ្នកបង្កើតវីដេអូបានយ៉ាងងាយស្រួល",
        "See https://example.com/a-very-long-path/that-goes-on-and-on-and-on/until-the-end-of-the-line.html",
        "ああああああああああああああああああああああああああああああああああああああああ",
    ],
)
def test_nothing_is_too_wide_for_the_frame_and_nothing_is_lost(text: str, size: tuple[int, int]) -> None:
    groups = from_cues([Cue(start=0.0, end=9.0, text=text)], size)
    letters = letter_size(size)
    for group in groups:
        assert max(line_width([word.text for word in line], letters) for line in group.lines) < 0.87 * size[0]
    assert "".join(group.text for group in groups).replace("\n", "").replace(" ", "") == text.replace(" ", "")


def test_what_joins_signs_that_are_left_out_goes_with_them_and_the_stop_stays() -> None:
    cue = Cue(start=0.0, end=3.0, text="Great \U0001f468\u200d\U0001f469\u200d\U0001f467 news, let's go \U0001f680!")
    (group,) = from_cues([cue], (1280, 720))
    assert group.text.replace("\n", " ") == "Great news, let's go!"
    words = [SpokenWord(text, at, at + 0.4) for at, text in enumerate(["let's", "go", "\U0001f680!"])]
    assert [word.text for word in shown_words(words)] == ["let's", "go!"]
