from pathlib import Path

import av
import numpy as np
import pytest

from a2e_mcp.media.text_pictures import joined
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.renderer.audio.mouth import curve_from_events, curve_from_sound
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from tests.support.render_worker import RenderProcess, read_json, write_tone


def order(folder: Path, text: str, voice: str = "en-us", speed: float = 1.0) -> SpeechOrder:
    return SpeechOrder(text=text, voice=voice, output=str(folder / "o.mp3"), track=str(folder / "o.json"), speed=speed)


def test_words_are_timed_in_order_and_keep_their_punctuation(speech: SpeechOrder) -> None:
    words = read_json(speech.track)["words"]

    assert " ".join(word["text"] for word in words) == speech.text
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("text", "voice", "words"),
    [
        ("¿Qué? ¡Sí!", "es", ["¿Qué?", "¡Sí!"]),
        ("Наш «новый» дом — 25% дешевле.", "ru", ["Наш", "«новый»", "дом —", "25%", "дешевле."]),
        ('Say "hello", well-known one,two.', "en-us", ["Say", '"hello",', "well-known", "one,two."]),
    ],
)
def test_signs_stay_with_the_word_they_are_written_to(
    worker: RenderProcess, tmp_path: Path, text: str, voice: str, words: list[str]
) -> None:
    speech = order(tmp_path, text, voice)

    worker.render(speech)

    assert [word["text"] for word in read_json(speech.track)["words"]] == words


def test_the_sound_is_as_long_as_the_track_says(speech: SpeechOrder) -> None:
    sound = read_sound(speech.output)

    assert sound is not None
    assert sound.seconds == pytest.approx(read_json(speech.track)["seconds"], abs=0.15)


def test_the_mp3_says_what_it_is(speech: SpeechOrder) -> None:
    with av.open(speech.output) as container:
        assert container.metadata["comment"] == "A2E sandbox render, synthetic, not made by A2E"
        assert container.streams.audio[0].codec_context.name.startswith("mp3")


def test_speed_shortens_the_speech(worker: RenderProcess, tmp_path: Path) -> None:
    slow = worker.render(order(tmp_path, "One two three four five.", speed=0.5)).seconds
    fast = worker.render(order(tmp_path, "One two three four five.", speed=2.0)).seconds

    assert slow is not None
    assert fast is not None
    assert slow > 2 * fast


def test_markup_other_than_a_break_is_neither_spoken_nor_obeyed(worker: RenderProcess, tmp_path: Path) -> None:
    plain = worker.render(order(tmp_path, "one two")).seconds
    markup = worker.render(order(tmp_path, '<prosody rate="x-slow">one two</prosody>')).seconds
    paused = worker.render(order(tmp_path, 'one <break time="900s"/> two')).seconds

    assert plain is not None
    assert paused is not None
    assert markup == pytest.approx(plain, abs=0.05)
    assert 9 < paused - plain < 12


@pytest.mark.parametrize(("text", "voice"), [("你好，欢迎。", "cmn"), ("Zażółć gęślą jaźń.", "pl"), ("שלום", "he")])
def test_other_scripts_keep_their_letters(worker: RenderProcess, tmp_path: Path, text: str, voice: str) -> None:
    speech = order(tmp_path, text, voice)

    worker.render(speech)

    words = read_json(speech.track)["words"]
    assert joined([word["text"] for word in words]) == text


@pytest.mark.parametrize("voice", ["xx-nowhere", "../../etc/passwd", "", "en-us+f3\x00"])
def test_an_unknown_voice_is_an_unsupported_language(worker: RenderProcess, tmp_path: Path, voice: str) -> None:
    assert worker.refused(order(tmp_path, "Hello", voice)).code == "unsupported_language"


@pytest.mark.parametrize("text", ["", "   ", "... !!", "\x01\x02"])
def test_a_text_without_words_is_not_spoken(worker: RenderProcess, tmp_path: Path, text: str) -> None:
    assert worker.refused(order(tmp_path, text)).code == "nothing_spoken"


def test_the_mouth_of_the_sound_agrees_with_the_mouth_of_the_phonemes(speech: SpeechOrder) -> None:
    track, sound = read_json(speech.track), read_sound(speech.output)
    assert sound is not None
    by_phonemes = curve_from_events(track["mouth"], track["seconds"], 25).opening
    by_sound = curve_from_sound(sound, 25).opening
    length = min(len(by_phonemes), len(by_sound))

    assert np.corrcoef(by_phonemes[:length], by_sound[:length])[0, 1] > 0.5


def test_silence_keeps_the_mouth_shut(tmp_path: Path) -> None:
    sound = read_sound(write_tone(tmp_path / "a.wav", [(1, False)]))
    assert sound is not None

    assert curve_from_sound(sound, 25).opening.max() < 0.05
