import importlib
import json
import subprocess
import sys

import pytest

from a2e_mcp.sandbox.orders import decode_order, kinds, order_type
from a2e_mcp.sandbox.orders.avatar_cover import AvatarCoverOrder
from a2e_mcp.sandbox.orders.avatar_training import AvatarTrainingOrder
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.lip_sync_training import LipSyncTrainingOrder
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.orders.product_holding import ProductHoldingOrder
from a2e_mcp.sandbox.orders.sound_excerpt import SoundExcerptOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.orders.text_language import TextLanguageOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.orders.voice_measurement import VoiceMeasurementOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import (
    ColourBackground,
    DrawnAvatar,
    InvalidRequest,
    Order,
    PictureBackground,
    PictureMark,
    Placement,
    PortraitAvatar,
    Rectangle,
    TextMark,
    decode_request,
    encode_request,
    kind_of,
)

ORDERS: list[Order] = [
    SpeechOrder(text="你好 & <b>", voice="cmn", output="/o.mp3", track="/o.json", speed=1.5, pitch=40),
    AvatarVideoOrder(
        audio="/a.mp3",
        avatar=DrawnAvatar(seed=3, gender="male"),
        output="/o.mp4",
        track="/t.json",
        background=ColourBackground(colour="#123456"),
        placement=Placement(x=-5, y=1, width=20, height=30),
        captions=True,
    ),
    AvatarVideoOrder(
        audio="/a.mp3",
        avatar=PortraitAvatar(image="/p.png"),
        output="/o.mp4",
        background=PictureBackground(image="/b.png"),
    ),
    ImageToVideoOrder(image="/i.png", output="/o.mp4", prompt="zoom in", end_image="/e.png", seconds=3),
    AvatarTrainingOrder(source="/v.mp4", output="/o.mp4", portrait="/p.png"),
    LipSyncTrainingOrder(portrait="/p.png", output="/o.mp4"),
    FaceSwapOrder(face="/f.png", target="/t.mp4", output="/o.mp4", preview=True),
    TalkingPhotoOrder(image="/p.png", audio="/a.mp3", output="/o.mp4", prompt="smiling"),
    CaptionRemovalOrder(video="/v.mp4", output="/o.mp4", boxes=(Rectangle(x=1.5, y=2, width=30, height=4),)),
    DubbingOrder(source="/v.mp4", voice="es+m3", output="/o.mp4", script="Hola. ¿Qué tal?"),
    ProductHoldingOrder(
        person="/p.png", product="/q.png", output="/o.png", rectangle=Rectangle(x=1, y=2, width=3, height=4), degrees=9
    ),
    VirtualTryOnOrder(person="/p.png", garment="/g.png", output="/o.png", person_mask="/m.png"),
    TextToImageOrder(prompt="a lighthouse", output="/o.png", index=2),
    WatermarkOrder(source="/v.mp4", mark=TextMark(text="Ours", size=30), output="/o.mp4", position="top", opacity=0.5),
    WatermarkOrder(source="/v.png", mark=PictureMark(image="/logo.png"), output="/o.png", scale=0.5),
    AvatarCoverOrder(avatar=DrawnAvatar(seed=1, gender="female"), output="/o.png"),
    ProbeOrder(path="/v.mp4"),
    TextLanguageOrder(text="Bonjour", known=("en", "fr")),
    VoiceMeasurementOrder(sounds=("/a.mp3", "/b.wav")),
    SoundExcerptOrder(seconds=2.5, output="/o.mp3", source="/a.mp3"),
]


@pytest.mark.parametrize("order", ORDERS, ids=kind_of)
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    line = encode_request("job-9", order)

    assert line.count(b"\n") == 1
    request = decode_request(line)
    assert (request.id, decode_order(request.order)) == ("job-9", order)


@pytest.mark.parametrize("kind", kinds())
def test_the_module_of_an_order_is_named_by_its_kind_and_renders_it(kind: str) -> None:
    module = importlib.import_module(f"a2e_mcp.sandbox.orders.{kind}")

    assert order_type(kind).__module__ == module.__name__
    assert order_type(kind).__struct_config__.tag == kind
    assert callable(module.render)


def test_importing_every_kind_of_order_imports_nothing_heavy() -> None:
    program = (
        "import importlib, sys\n"
        "from a2e_mcp.sandbox.orders import kinds, order_type\n"
        "for kind in kinds(): order_type(kind)\n"
        "heavy = ('numpy', 'cv2', 'av', 'PIL', 'py3langid', 'pydantic', 'mcp', 'httpx2')\n"
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        ({"kind": "conquer"}, "unknown kind"),
        ({"kind": "os"}, "unknown kind"),
        ({"kind": "__init__"}, "unknown kind"),
        ({}, "kind"),
        ([], "Expected `object`"),
        ({"kind": "probe"}, "missing required field `path`"),
        ({"kind": "probe", "path": "/x", "paths": 1}, "unknown field `paths`"),
        ({"kind": "probe", "path": 7}, r"\$.path"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": "portrait", "image": "/i"}}, "avatar"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": "drawn", "seed": 1, "gender": "x"}}, "gender"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": "drawn", "seed": True, "gender": "male"}}, "seed"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": ["drawn"]}}, "avatar"),
        ({"kind": "text_to_image", "prompt": "x", "output": "/o", "references": "/r"}, "references"),
        ({"kind": "text_to_image", "prompt": "x", "output": "/o", "references": ["/r", 4]}, "references"),
        (
            {
                "kind": "watermark",
                "source": "/s",
                "output": "/o",
                "mark": {"kind": "text", "text": "a"},
                "position": "x",
            },
            "position",
        ),
    ],
)
def test_a_malformed_order_is_refused_and_says_where(order: object, complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        decode_order(json.dumps(order).encode())
