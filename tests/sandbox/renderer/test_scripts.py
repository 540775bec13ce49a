"""Captions and marks in the scripts of the world; what no font here has is refused before anything is paid."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from a2e_mcp.media.text_pictures import line_width, placed
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.pictures.text_sprites import can_draw, drawable, outlined, text_width
from tests.support import media
from tests.support.render_worker import RenderProcess, frames_of
from tests.support.server import open_server

ADLAM = "\U0001e922\U0001e923"


@pytest.mark.parametrize(
    ("voice", "text"), [("ar", "مرحبا بكم في الاستوديو"), ("he", "שלום לכולם"), ("th", "สวัสดีครับ"), ("hi", "नमस्ते दुनिया")]
)
def test_captions_are_drawn_in_every_script_that_is_spoken(
    worker: RenderProcess, tmp_path: Path, voice: str, text: str
) -> None:
    speech = SpeechOrder(text=text, voice=voice, output=str(tmp_path / "s.mp3"), track=str(tmp_path / "s.json"))
    worker.render(speech)

    def shown(captions: bool) -> tuple[np.ndarray, str]:
        order = AvatarVideoOrder(
            audio=speech.output,
            track=speech.track,
            avatar=DrawnAvatar(seed=1, gender="female"),
            captions=captions,
            output=str(tmp_path / f"{captions}.mp4"),
            width=320,
            height=240,
            fps=4,
        )
        outcome = worker.render(order)
        return np.stack(frames_of(order.output)).astype(int), outcome.note

    plain, _ = shown(False)
    captioned, note = shown(True)

    assert "Captions are burned in." in note
    changed = np.abs(captioned - plain).max(3) > 80
    assert changed[:, 180:, :].any(axis=(1, 2)).mean() > 0.5
    assert not changed[:, :120].any()


def test_a_line_that_runs_to_the_left_begins_on_the_right() -> None:
    # Alef is a stroke, shin is wide: where the wide one stands tells the direction.
    alone, both = outlined("ש", 40), outlined("ש ווווו", 40)

    first = both[:, -alone.shape[1] + 8 :, 3].astype(int).sum()
    last = both[:, : alone.shape[1] - 8, 3].astype(int).sum()

    assert first != last
    assert text_width("ש ווווו", 40) > text_width("ש", 40)


def test_a_foreign_name_with_a_prefix_stays_together_in_a_line_to_the_left() -> None:
    # From left to right: the time, the word before it, the name in its own order, and its prefix at it.
    line, name = ["הגעתי", "ל-New", "York", "בשעה", "15:30"], "New York"

    pieces = [(piece.text, piece.left) for piece in placed(line, 40, None)]

    assert [text for text, _ in pieces] == ["15:30", "בשעה", *name.split(), "ל-", "הגעתי"]
    (_, york), (_, prefix) = pieces[3:5]
    assert prefix - york == pytest.approx(line_width(["York"], 40), abs=1)
    assert line_width(line, 40) == pytest.approx(pieces[-1][1] + line_width(["הגעתי"], 40), abs=1)


@pytest.mark.parametrize(
    ("line", "from_left"),
    [
        ("مرحبا بكم في A2E، أهلا 2026!", "! 2026 أهلا ، A2E في بكم مرحبا"),
        ("نستخدم iPhone, Android و (Open AI).", "). Open AI ( و iPhone, Android نستخدم"),
        ("בשנת 2026, 100%.", ". 100% , 2026 בשנת"),
        ("He said السلام عليكم، to me", "He said عليكم السلام ، to me"),
        ("Hello, world! (2026)", "Hello, world! (2026)"),
    ],
)
def test_foreign_words_keep_their_own_order_and_the_stops_after_them_the_lines(line: str, from_left: str) -> None:
    assert " ".join(piece.text for piece in placed(line.split(), 40, None)) == from_left


@pytest.mark.parametrize("text", ["வணக்கம்", "నమస్కారం", "សួស្តី", "স্বাগতম"])
def test_letters_of_more_scripts_can_be_drawn(text: str) -> None:
    assert can_draw(text)
    assert outlined(text, 40)[..., :3].max() > 200


@pytest.mark.parametrize("letter", "Κλαừạế")
def test_greek_and_vietnamese_letters_are_as_bold_as_others(letter: str) -> None:
    def boldness(text: str) -> float:
        strokes = (outlined(text, 40)[..., :3].max(2) > 200).astype(np.uint8)
        return float(cv2.distanceTransform(strokes, cv2.DIST_L2, 3).max())

    assert boldness(letter) > 0.75 * boldness("m")


def test_emoji_are_left_out_and_the_marks_of_letters_are_not() -> None:
    assert drawable("Hello 😀 world 👍🏽!") == "Hello world !"
    assert drawable("สวัสดี नमस्ते مَرحبا") == "สวัสดี नमस्ते مَرحبا"


async def test_a_mark_that_no_font_has_the_letters_of_is_refused_before_it_is_charged(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = media.png(server.inbox).name
        credits = (await server.ask("get_credits")).data["credits"]

        unknown = await server.refuse("add_watermark", media=picture, text=ADLAM)
        only_emoji = await server.refuse("add_watermark", media=picture, text="😀👍")

        assert "No font here has Adlam letters" in unknown
        assert "No font here can draw any sign of the text" in only_emoji
        assert "Nothing was charged" in unknown
        assert (await server.ask("get_credits")).data["credits"] == credits
        mixed = await server.ask("add_watermark", media=picture, text="Sold 😀")
        said = await server.ask("check_status", job_ids=[mixed.data["job_id"]])
        assert "without the signs that no font here has" in said.text
