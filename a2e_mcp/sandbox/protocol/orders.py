"""Every kind of order. Paths are absolute strings, sizes are pixels, lengths are seconds, colours are "#rrggbb".

Where an order makes something out of a picture or a clip, `width` x `height` is a box that the result fits into.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from a2e_mcp.sandbox.protocol.parts import (
    ColourBackground,
    DrawnAvatar,
    PictureBackground,
    PictureMark,
    Placement,
    PortraitAvatar,
    Rectangle,
    TextMark,
)

MarkPosition: TypeAlias = Literal[
    "top_left", "top", "top_right", "left", "center", "right", "bottom_left", "bottom", "bottom_right"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Speak plain text into an MP3 at `output`, with mouth and word times as JSON at `track`."""

    text: str
    voice: str
    output: str
    track: str
    speed: float = 1.0
    pitch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarVideo:
    """Let an avatar speak an audio file; without a track the mouth follows the sound itself."""

    audio: str
    avatar: DrawnAvatar | PortraitAvatar
    output: str
    track: str | None = None
    background: ColourBackground | PictureBackground | None = None
    placement: Placement | None = None
    captions: bool = False
    width: int = 1280
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageToVideo:
    """Bring a picture to life by moving the camera; `width` x `height` is a box that the result fits into."""

    image: str
    output: str
    prompt: str = ""
    negative_prompt: str = ""
    end_image: str | None = None
    seconds: float = 5.0
    width: int = 1280
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainAvatar:
    """Cut a `portrait` out of a picture or a video, and show at `output` how it will move."""

    source: str
    output: str
    portrait: str
    minimum_seconds: float = 10.0
    width: int = 720
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainLipSync:
    """Show a portrait going through its mouth shapes, each named in a caption."""

    portrait: str
    output: str
    width: int = 720
    height: int = 720
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSwap:
    """Put the face of one picture onto a picture or clip; `preview` asks for a still of a clip's middle."""

    face: str
    target: str
    output: str
    preview: bool = False
    width: int = 1280
    height: int = 1280
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkingPhoto:
    """Let a photo speak an audio file, in its own picture; the prompts are noted and not used."""

    image: str
    audio: str
    output: str
    prompt: str = ""
    negative_prompt: str = ""
    width: int = 1280
    height: int = 1280
    fps: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRemoval:
    """Take burned-in text out of a clip: what a detector finds, or what lies in `boxes` of the clip's own pixels."""

    video: str
    output: str
    boxes: tuple[Rectangle, ...] = ()
    width: int = 1280
    height: int = 1280
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Dubbing:
    """Speak over a clip or a sound in another voice; the output is MP4 for a clip and MP3 for a sound."""

    source: str
    voice: str
    output: str
    script: str | None = None
    width: int = 1280
    height: int = 1280
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceBackground:
    """Put the people of a clip in front of something else."""

    video: str
    background: ColourBackground | PictureBackground
    output: str
    width: int = 1280
    height: int = 1280
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductHolding:
    """Place a product before a person: into a rectangle of the person's picture, turned by degrees, or at the chest."""

    person: str
    product: str
    output: str
    rectangle: Rectangle | None = None
    degrees: float = 0.0
    width: int = 1280
    height: int = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualTryOn:
    """Dress a person in a garment; masks are pictures, white where the clothes are to go and where the garment is."""

    person: str
    garment: str
    output: str
    person_mask: str | None = None
    garment_mask: str | None = None
    width: int = 1280
    height: int = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToImage:
    """Draw a picture for a prompt; the same prompt and index always give the same picture."""

    prompt: str
    output: str
    index: int = 0
    references: tuple[str, ...] = ()
    width: int = 1024
    height: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """Lay a text or a picture over a picture or a clip; `opacity` is 0 to 1, `scale` multiplies the mark's size."""

    source: str
    mark: TextMark | PictureMark
    output: str
    position: MarkPosition = "bottom_right"
    opacity: float = 0.8
    scale: float = 1.0
    width: int = 1920
    height: int = 1920
    fps: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarCover:
    """Draw a still of a drawn avatar."""

    avatar: DrawnAvatar
    output: str
    width: int = 720
    height: int = 720


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Take a still out of a video."""

    video: str
    output: str
    at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Say what a file is, decoding no more of it than that needs."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellLanguage:
    """Say which of the known languages, by their codes, a text is most likely in."""

    text: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearVoice:
    """Measure the voice in some recordings."""

    sounds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSound:
    """Write the first seconds of a sound, or silence without one, as an MP3 file."""

    seconds: float
    output: str
    source: str | None = None


Order: TypeAlias = (
    Speech
    | AvatarVideo
    | ImageToVideo
    | TalkingPhoto
    | TrainAvatar
    | TrainLipSync
    | FaceSwap
    | CaptionRemoval
    | Dubbing
    | ReplaceBackground
    | ProductHolding
    | VirtualTryOn
    | TextToImage
    | Watermark
    | AvatarCover
    | Poster
    | Probe
    | TellLanguage
    | HearVoice
    | CutSound
)

ORDER_KINDS: dict[str, type[Order]] = {
    "speech": Speech,
    "avatar_video": AvatarVideo,
    "image_to_video": ImageToVideo,
    "talking_photo": TalkingPhoto,
    "train_avatar": TrainAvatar,
    "train_lip_sync": TrainLipSync,
    "face_swap": FaceSwap,
    "caption_removal": CaptionRemoval,
    "dubbing": Dubbing,
    "replace_background": ReplaceBackground,
    "product_holding": ProductHolding,
    "virtual_try_on": VirtualTryOn,
    "text_to_image": TextToImage,
    "watermark": Watermark,
    "avatar_cover": AvatarCover,
    "poster": Poster,
    "probe": Probe,
    "tell_language": TellLanguage,
    "hear_voice": HearVoice,
    "cut_sound": CutSound,
}
