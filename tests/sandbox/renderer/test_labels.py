"""What holds for the finished file of every family: it says what it is, shows that it is a sandbox's, and is whole."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from a2e_mcp.sandbox.orders import kinds
from a2e_mcp.sandbox.orders.actor_swap import ActorSwapOrder
from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.orders.avatar_training import AvatarTrainingOrder
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder
from a2e_mcp.sandbox.orders.clip_sound import ClipSoundOrder
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.orders.head_swap import HeadSwapOrder
from a2e_mcp.sandbox.orders.image_edit import ImageEditOrder
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.lip_sync_training import LipSyncTrainingOrder
from a2e_mcp.sandbox.orders.motion_transfer import MotionTransferOrder
from a2e_mcp.sandbox.orders.photobook import PhotobookOrder
from a2e_mcp.sandbox.orders.product_holding import ProductHoldingOrder
from a2e_mcp.sandbox.orders.reference_video import ReferenceVideoOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.orders.text_to_video import TextToVideoOrder
from a2e_mcp.sandbox.orders.upscale import UpscaleOrder
from a2e_mcp.sandbox.orders.video_edit import VideoEditOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import (
    ColourBackground,
    DrawnAvatar,
    Order,
    PortraitAvatar,
    StillOrder,
    TextMark,
    kind_of,
)
from a2e_mcp.sandbox.renderer.audio.track import Word
from a2e_mcp.sandbox.renderer.clips.captions import captions_for
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for, stamp
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, studio
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking
from tests.support.paths import CHECKOUT
from tests.support.render_worker import RenderProcess, frames_of
from tests.support.sandbox_files import COMMENT, assert_labelled, assert_marked, labels_of

WOMAN, MAN = DrawnAvatar(seed=1, gender="female"), DrawnAvatar(seed=3, gender="male")
SMALL: dict[str, Any] = {"width": 240, "height": 240}
CLIP: dict[str, Any] = {**SMALL, "fps": 4}


@dataclass(frozen=True)
class Given:
    """What orders are made of."""

    clip: str
    face: str
    other: str
    audio: str
    track: str
    cloth: str


MADE: dict[str, Callable[[Given, str], Order]] = {
    "drawn avatar": lambda on, o: AvatarVideoOrder(
        audio=on.audio, track=on.track, avatar=WOMAN, captions=True, output=f"{o}.mp4", **CLIP
    ),
    "photo avatar": lambda on, o: AvatarVideoOrder(
        audio=on.audio,
        avatar=PortraitAvatar(image=on.face),
        background=ColourBackground(colour="#fff"),
        output=f"{o}.mp4",
        **CLIP,
    ),
    "talking photo": lambda on, o: TalkingPhotoOrder(image=on.face, audio=on.audio, output=f"{o}.mp4", **CLIP),
    "image to video": lambda on, o: ImageToVideoOrder(image=on.face, seconds=1, output=f"{o}.mp4", **CLIP),
    "swapped clip": lambda on, o: FaceSwapOrder(face=on.other, target=on.clip, output=f"{o}.mp4", **CLIP),
    "swap preview": lambda on, o: FaceSwapOrder(
        face=on.other, target=on.clip, output=f"{o}.jpg", preview=True, **SMALL
    ),
    "dubbed clip": lambda on, o: DubbingOrder(source=on.clip, voice="es", output=f"{o}.mp4", **CLIP),
    "dubbed sound": lambda on, o: DubbingOrder(source=on.audio, voice="es", output=f"{o}.mp3"),
    "caption removal": lambda on, o: CaptionRemovalOrder(video=on.clip, output=f"{o}.mp4", **CLIP),
    "trained avatar": lambda on, o: AvatarTrainingOrder(source=on.face, portrait=f"{o}.png", output=f"{o}.mp4", **CLIP),
    "trained lips": lambda on, o: LipSyncTrainingOrder(portrait=on.face, output=f"{o}.mp4", **CLIP),
    "marked clip": lambda on, o: WatermarkOrder(source=on.clip, mark=TextMark(text="Ours"), output=f"{o}.mp4", **CLIP),
    "marked picture": lambda on, o: WatermarkOrder(
        source=on.face, mark=TextMark(text="Ours"), output=f"{o}.png", **SMALL
    ),
    "product": lambda on, o: ProductHoldingOrder(person=on.face, product=on.cloth, output=f"{o}.png", **SMALL),
    "try-on": lambda on, o: VirtualTryOnOrder(person=on.face, garment=on.cloth, output=f"{o}.png", **SMALL),
    "landscape": lambda on, o: TextToImageOrder(prompt="white snow hills", output=f"{o}.png", **SMALL),
    "portrait": lambda on, o: TextToImageOrder(prompt="a woman", output=f"{o}.png", **SMALL),
    "edited picture": lambda on, o: ImageEditOrder(image=on.face, prompt="sepia", output=f"{o}.png", **SMALL),
    "clip from words": lambda on, o: TextToVideoOrder(prompt="hills", seconds=1, output=f"{o}.mp4", **CLIP),
    "clip with sound": lambda on, o: TextToVideoOrder(
        prompt="the sea", seconds=1, sounds=True, output=f"{o}.mp4", **CLIP
    ),
    "references": lambda on, o: ReferenceVideoOrder(
        references=(on.face, on.clip, on.audio), seconds=1, output=f"{o}.mp4", **CLIP
    ),
    "edited clip": lambda on, o: VideoEditOrder(video=on.clip, prompt="darker", output=f"{o}.mp4", **CLIP),
    "longer clip": lambda on, o: VideoEditOrder(video=on.clip, more=1, output=f"{o}.mp4", **CLIP),
    "moved picture": lambda on, o: MotionTransferOrder(image=on.face, video=on.clip, output=f"{o}.mp4", **CLIP),
    "larger picture": lambda on, o: UpscaleOrder(source=on.cloth, output=f"{o}.png", **CLIP),
    "larger clip": lambda on, o: UpscaleOrder(source=on.clip, output=f"{o}.mp4", **CLIP),
    "clip sound": lambda on, o: ClipSoundOrder(video=on.clip, prompt="rain", output=f"{o}.mp4", **CLIP),
    "swapped head": lambda on, o: HeadSwapOrder(face=on.other, target=on.clip, output=f"{o}.mp4", **CLIP),
    "swapped actor": lambda on, o: ActorSwapOrder(face=on.other, target=on.clip, output=f"{o}.mp4", **CLIP),
    "photobook": lambda on, o: PhotobookOrder(face=on.face, place="hills", output=f"{o}.png", **SMALL),
    "avatar cover": lambda on, o: AvatarCoverOrder(avatar=MAN, output=f"{o}.png", **SMALL),
    "speech": lambda on, o: SpeechOrder(text="Hello.", voice="en", output=f"{o}.mp3", track=f"{o}.json"),
}
SPEAKS = {"drawn avatar", "photo avatar", "talking photo", "swapped clip", "dubbed clip", "dubbed sound"} | {
    "caption removal",
    "marked clip",
    "speech",
    "clip with sound",
    "references",
    "edited clip",
    "longer clip",
    "moved picture",
    "larger clip",
    "clip sound",
    "swapped head",
    "swapped actor",
}


@pytest.fixture(scope="module")
def given(worker: RenderProcess, made: Path, portrait: str, speech: SpeechOrder, spoken_clip: str) -> Given:
    cloth = str(made / "labels.png")
    cv2.imwrite(cloth, np.full((60, 60, 3), (40, 200, 40), np.uint8))
    man = str(made / "man.png")
    worker.render(AvatarCoverOrder(avatar=MAN, output=man, **SMALL))
    return Given(spoken_clip, portrait, man, speech.output, speech.track, cloth)


def length_of(path: str, kind: str) -> float:
    """Of the first stream of a kind, in seconds."""
    with av.open(path) as media:
        stream = next(stream for stream in media.streams if stream.type == kind)
        assert stream.duration is not None
        assert stream.time_base is not None
        return float(stream.duration * stream.time_base)


def test_every_kind_of_file_is_looked_at_below_or_in_a_test_of_its_own(given: Given) -> None:
    made_kinds = {kind_of(make(given, "/o")) for make in MADE.values()}

    asking = {"drawable_text", "probe", "text_language", "voice_measurement", "sound_excerpt"}
    for kind in set(kinds()) - made_kinds - asking:
        own = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob(f"test_{kind}.py"))
        for check in ("assert_marked(clip", f'assert_labelled(clip, "{kind}")'):
            assert check in own, f"test_{kind}.py lacks {check}: that its file shows and says that it is a sandbox's"


@pytest.mark.parametrize("what", MADE)
def test_every_file_is_marked_labelled_and_whole(
    worker: RenderProcess, given: Given, tmp_path: Path, what: str
) -> None:
    order = MADE[what](given, str(tmp_path / "o"))
    assert isinstance(order, StillOrder | SpeechOrder)

    outcome = worker.render(order)

    assert_labelled(order.output, kind_of(order))
    assert outcome.note
    assert bool(outcome.has_audio) == (what in SPEAKS)
    if outcome.media_kind == "audio":
        assert length_of(order.output, "audio") == pytest.approx(outcome.seconds, abs=0.15)
        return
    frames = frames_of(order.output)
    assert frames[0].shape[:2] == (outcome.height, outcome.width)
    assert_marked(order.output)
    for frame in (frames[0], frames[-1]):
        assert frame.mean() > 40
        assert frame.std() > 10
    if outcome.media_kind == "video":
        assert length_of(order.output, "video") == pytest.approx(outcome.seconds, abs=0.01)
    if what in SPEAKS:
        assert length_of(order.output, "audio") == pytest.approx(outcome.seconds, abs=0.15)


def test_a_portrait_that_was_trained_is_marked_too(worker: RenderProcess, given: Given, tmp_path: Path) -> None:
    order = MADE["trained avatar"](given, str(tmp_path / "o"))
    assert isinstance(order, AvatarTrainingOrder)

    worker.render(order)

    assert labels_of(order.portrait)[0] == COMMENT
    assert_marked(order.portrait)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (320, 240)])
def test_no_word_of_a_sentence_is_left_alone_in_a_caption(size: tuple[int, int]) -> None:
    width, height = size
    script = "Every morning we bake fresh rolls, so come in and try the bread."
    words = [Word(text, number * 0.3, number * 0.3 + 0.25) for number, text in enumerate(script.split())]
    captions = captions_for(words, width, height)
    assert captions is not None

    for word in words:
        picture = np.zeros((height, width, 3), np.uint8)
        captions.draw(picture, word.start)
        rows, columns = np.nonzero(picture.min(-1) > 128)
        assert np.ptp(columns) > 0.35 * width
        upper, lower = picture[: round(rows.mean())], picture[round(rows.mean()) :]
        lengths = [np.ptp(np.nonzero(line.min(-1) > 128)[1]) for line in (upper, lower)]
        assert min(lengths) > 0.6 * max(lengths)


def test_where_our_mark_is_taken_off_for_a_new_work_hardly_a_smudge_is_left(tmp_path: Path) -> None:
    clean = studio(360, 360)
    cv2.line(clean, (200, 270), (330, 400), (120, 70, 60), 40, cv2.LINE_AA)
    marked = clean.copy()
    stamp(marked)
    tags = PngImagePlugin.PngInfo()
    tags.add_text("a2e_sandbox", "{}")
    path = str(tmp_path / "ours.png")
    Image.fromarray(np.ascontiguousarray(marked[..., ::-1])).save(path, pnginfo=tags)

    found = np.abs(read_for_remaking(path).astype(int) - clean)

    _, left, top = mark_for(360, 360)
    assert found[:top].max() == 0
    assert (found[top:, left:].max(-1) > 12).mean() < 0.02


def test_captions_show_no_question_mark_for_an_emoji() -> None:
    def drawn(*words: str) -> Picture:
        spoken = [Word(text, number / 2, number / 2 + 0.5) for number, text in enumerate(words)]
        captions = captions_for(spoken, 640, 360)
        assert captions is not None
        picture = np.zeros((360, 640, 3), np.uint8)
        captions.draw(picture, 0.1)
        return picture

    plain = drawn("Welcome", "to", "us?")
    assert plain.any()
    assert np.array_equal(drawn("Welcome", "🎉👍🏽", "to❤️", "us?"), plain)
    assert captions_for([Word("🎉", 0, 1)], 640, 360) is None
