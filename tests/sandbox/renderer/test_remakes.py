from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import (
    DrawnAvatar,
    FailureCode,
    Order,
    Rectangle,
    TextMark,
)
from a2e_mcp.sandbox.renderer.audio.dub_script import (
    SET_SENTENCES,
    Stretch,
    lines_of_script,
    script_sentences,
    stretches_of_speech,
)
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from a2e_mcp.sandbox.renderer.pictures.picture import studio
from tests.support.render_worker import RenderProcess, frames_of, write_clip, write_tone

WOMAN = DrawnAvatar(seed=1, gender="female")


def spoken(worker: RenderProcess, order: SpeechOrder) -> npt.NDArray[np.float32]:
    worker.render(order)
    sound = read_sound(order.output)
    assert sound is not None
    return sound.mono()


def likeness_between(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """How alike two sounds are in what is loud when, from 0 to 1; a shift of up to a tenth of a second is forgiven."""

    def bands(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        frames = samples[: len(samples) // 882 * 882].reshape(-1, 882)
        return np.log1p(np.abs(np.fft.rfft(frames * np.hanning(882)))[:, 4:80])

    first, second = bands(one), bands(other)
    length = min(len(first), len(second)) - 6
    pairs = ((first[at : at + length], second[to : to + length]) for at in range(6) for to in (0, 5 - at))
    return float(max(np.corrcoef(left.ravel(), right.ravel())[0, 1] for left, right in pairs))


def test_a_photo_speaks_in_its_own_picture(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(0.4, False), (0.5, True), (0.4, False)])
    order = TalkingPhotoOrder(
        image=portrait, audio=audio, output=str(tmp_path / "o.mp4"), prompt="smiling", width=240, height=400, fps=10
    )

    outcome = worker.render(order)

    assert (outcome.width, outcome.height, outcome.has_audio) == (240, 240, True)
    assert outcome.seconds == pytest.approx(1.3, abs=0.1)
    assert "Not used: prompt." in outcome.note
    mouths = [frame.astype(float)[125:175, 90:150] for frame in frames_of(order.output)]
    movement = [np.abs(mouth - mouths[0]).mean() for mouth in mouths]
    assert max(movement[5:9]) > 2 * max(movement[1:3])


def test_a_photo_speaks_no_longer_than_twenty_seconds(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(21, True)])
    order = TalkingPhotoOrder(image=portrait, audio=audio, output=str(tmp_path / "o.mp4"), width=64, height=64, fps=1)

    outcome = worker.render(order)

    assert outcome.seconds == pytest.approx(20, abs=0.6)
    assert "first 20 s" in outcome.note


def test_a_dub_speaks_over_the_original_and_keeps_picture_and_length(
    worker: RenderProcess, spoken_clip: str, tmp_path: Path
) -> None:
    order = DubbingOrder(source=spoken_clip, voice="es", output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    before, after = frames_of(spoken_clip), frames_of(order.output)
    assert len(after) == len(before)
    assert np.abs(after[4].astype(float) - before[4]).mean() < 3
    original, dubbed = read_sound(spoken_clip), read_sound(order.output)
    assert original is not None
    assert dubbed is not None
    assert dubbed.seconds == pytest.approx(original.seconds, abs=0.15)
    length = min(dubbed.samples.shape[1], original.samples.shape[1])
    assert abs(np.corrcoef(dubbed.mono()[:length], original.mono()[:length])[0, 1]) < 0.5
    for honest in ("only that this is a sandbox dub", "mouth is not changed", "at 8%"):
        assert honest in outcome.note


def test_a_dubbed_sound_is_a_sound_with_the_script_in_it(worker: RenderProcess, tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(0.5, False), (1.2, True), (1.0, False), (1.2, True), (0.3, False)])
    order = DubbingOrder(source=audio, voice="de", output=str(tmp_path / "o.mp3"), script="Guten Tag. Auf Wiedersehen!")

    outcome = worker.render(order)

    assert (outcome.media_kind, outcome.media_type) == ("audio", "audio/mpeg")
    assert outcome.seconds == pytest.approx(4.2, abs=0.15)
    assert "given script" in outcome.note
    dubbed = read_sound(order.output)
    assert dubbed is not None
    loudness = [np.abs(part).mean() for part in np.array_split(dubbed.mono(), 42)]
    assert min(max(loudness[6:16]), max(loudness[27:38])) > 8 * max(loudness[19:25])


def test_a_dub_speaks_its_script_in_the_language_that_was_asked_for(worker: RenderProcess, tmp_path: Path) -> None:
    script = "Buenos días, señor. Hoy hace mucho calor."
    said = {
        voice: spoken(
            worker, SpeechOrder(text=script, voice=voice, output=str(tmp_path / "s.mp3"), track=str(tmp_path / "t"))
        )
        for voice in ("es", "de", "en-us")
    }
    seconds = len(said["es"]) / 44100
    audio = write_tone(tmp_path / "a.wav", [(0.3, False), (seconds, True), (0.3, False)])
    order = DubbingOrder(source=audio, voice="es", output=str(tmp_path / "o.mp3"), script=script)

    note = worker.render(order).note

    assert "voice es" in note
    dubbed = read_sound(order.output)
    assert dubbed is not None
    likeness = {voice: likeness_between(sound, dubbed.mono()[round(0.3 * 44100) :]) for voice, sound in said.items()}
    assert likeness["es"] > 0.7
    assert likeness["es"] > 1.5 * max(likeness["de"], likeness["en-us"])


def test_a_language_without_a_set_sentence_is_dubbed_in_english_and_says_so(
    worker: RenderProcess, tmp_path: Path
) -> None:
    audio = write_tone(tmp_path / "a.wav", [(2, True)])

    note = worker.render(DubbingOrder(source=audio, voice="sw", output=str(tmp_path / "o.mp3"))).note

    assert "in English" in note


def test_sentences_are_shared_out_over_the_speech_in_order() -> None:
    speech = [Stretch(0, 1), Stretch(2, 3), Stretch(4, 8)]

    few = lines_of_script(["One two.", "Three four."], speech)
    many = lines_of_script(["A.", "B.", "Cc dd.", "Ee ff gg."], speech)

    assert [line.text for line in few] == ["One two.", "Three four."]
    assert [(line.at.start, line.at.end) for line in few] == [(0, 3), (4, 8)]
    assert " ".join(line.text for line in many) == "A. B. Cc dd. Ee ff gg."
    assert [line.at for line in many] == speech


def test_scripts_are_cut_into_script_sentences_any_writing() -> None:
    assert script_sentences("Pi is 3.14. Really?\nYes ...\n\n这是。那是！") == [
        "Pi is 3.14.",
        "Really?",
        "Yes ...",
        "这是。",
        "那是！",
    ]


def test_speech_is_found_where_it_sounds(tmp_path: Path) -> None:
    path = write_tone(
        tmp_path / "a.wav", [(0.5, False), (1.0, True), (0.2, False), (0.5, True), (1.0, False), (0.6, True)]
    )
    sound = read_sound(path)
    assert sound is not None

    found = stretches_of_speech(sound)

    assert [(round(part.start, 1), round(part.end, 1)) for part in found] == [(0.5, 2.2), (3.2, 3.8)]


def test_every_set_sentence_is_spoken_in_its_language(worker: RenderProcess, tmp_path: Path) -> None:
    for voice, sentence in SET_SENTENCES.items():
        spoken = SpeechOrder(text=sentence, voice=voice, output=str(tmp_path / "o.mp3"), track=str(tmp_path / "o.json"))
        assert 1 < (worker.render(spoken).seconds or 0) < 3.5


def test_a_marked_clip_keeps_its_frames_and_its_sound(worker: RenderProcess, spoken_clip: str, tmp_path: Path) -> None:
    order = WatermarkOrder(
        source=spoken_clip,
        mark=TextMark(text="Acme", size=20),
        output=str(tmp_path / "o.mp4"),
        position="top_left",
        fps=8,
    )

    outcome = worker.render(order)

    before, after = frames_of(spoken_clip), frames_of(order.output)
    assert len(after) == len(before)
    assert outcome.has_audio
    for frame, original in zip(after, before, strict=True):
        changed = np.abs(frame.astype(float) - original).mean(-1)
        assert changed[5:30, 5:60].max() > 60
        assert changed[60:, 20:].mean() < 3


def test_orders_for_clips_that_cannot_be_carried_out_say_why(
    worker: RenderProcess, portrait: str, spoken_clip: str, speech: SpeechOrder, tmp_path: Path
) -> None:
    output = str(tmp_path / "o.mp4")
    faceless = write_clip(tmp_path / "faceless.mp4", [studio(360, 200)] * 10)
    silence = write_tone(tmp_path / "silence.wav", [(1, False)])
    outside = (Rectangle(x=9000, y=0, width=5, height=5),)
    cases: list[tuple[Order, FailureCode]] = [
        (TalkingPhotoOrder(image=portrait, audio=faceless, output=output), "no_sound"),
        (TalkingPhotoOrder(image=speech.output, audio=speech.output, output=output), "unreadable"),
        (CaptionRemovalOrder(video=portrait, output=output), "unreadable"),
        (CaptionRemovalOrder(video=faceless, output=output, boxes=outside), "invalid_order"),
        (DubbingOrder(source=portrait, voice="es", output=output), "unreadable"),
        (DubbingOrder(source=faceless, voice="es", output=output), "no_sound"),
        (DubbingOrder(source=silence, voice="es", output=output), "no_sound"),
        (DubbingOrder(source=spoken_clip, voice="no-such-voice", output=output), "unsupported_language"),
        (DubbingOrder(source=spoken_clip, voice="es", output=output, script="..."), "nothing_spoken"),
    ]

    assert [worker.refused(order).code for order, _ in cases] == [code for _, code in cases]
    assert not Path(output).exists()
