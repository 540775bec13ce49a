import json

import pytest

from a2e_mcp.sandbox.protocol import (
    ORDER_KINDS,
    AvatarCover,
    AvatarVideo,
    CaptionRemoval,
    ColourBackground,
    CutSound,
    Done,
    DrawnAvatar,
    Dubbing,
    FaceSwap,
    Failed,
    Failure,
    HearVoice,
    ImageToVideo,
    InvalidLine,
    Order,
    Outcome,
    PictureBackground,
    PictureMark,
    Placement,
    PortraitAvatar,
    Poster,
    Probe,
    ProductHolding,
    Progress,
    Ready,
    Rectangle,
    ReplaceBackground,
    Reply,
    Speech,
    TalkingPhoto,
    TellLanguage,
    TextMark,
    TextToImage,
    TrainAvatar,
    TrainLipSync,
    VirtualTryOn,
    Watermark,
    kind_of,
    order_from_json,
    order_from_line,
    order_to_line,
    reply_from_line,
    reply_to_line,
)

ORDERS: list[Order] = [
    Speech(text="你好 & <b>", voice="cmn", output="/o.mp3", track="/o.json", speed=1.5, pitch=40),
    AvatarVideo(
        audio="/a.mp3",
        avatar=DrawnAvatar(seed=3, gender="male"),
        output="/o.mp4",
        track="/t.json",
        background=ColourBackground(colour="#123456"),
        placement=Placement(x=-5, y=1, width=20, height=30),
        captions=True,
    ),
    AvatarVideo(
        audio="/a.mp3",
        avatar=PortraitAvatar(image="/p.png"),
        output="/o.mp4",
        background=PictureBackground(image="/b.png"),
    ),
    ImageToVideo(image="/i.png", output="/o.mp4", prompt="zoom in", end_image="/e.png", seconds=3),
    TrainAvatar(source="/v.mp4", output="/o.mp4", portrait="/p.png"),
    TrainLipSync(portrait="/p.png", output="/o.mp4"),
    FaceSwap(face="/f.png", target="/t.mp4", output="/o.mp4", preview=True),
    TalkingPhoto(image="/p.png", audio="/a.mp3", output="/o.mp4", prompt="smiling"),
    CaptionRemoval(video="/v.mp4", output="/o.mp4", boxes=(Rectangle(x=1.5, y=2, width=30, height=4),)),
    Dubbing(source="/v.mp4", voice="es+m3", output="/o.mp4", script="Hola. ¿Qué tal?"),
    ReplaceBackground(video="/v.mp4", background=PictureBackground(image="/b.png"), output="/o.mp4"),
    ProductHolding(
        person="/p.png", product="/q.png", output="/o.png", rectangle=Rectangle(x=1, y=2, width=3, height=4), degrees=9
    ),
    VirtualTryOn(person="/p.png", garment="/g.png", output="/o.png", person_mask="/m.png"),
    TextToImage(prompt="a lighthouse", output="/o.png", index=2, references=("/r.png", "/s.png")),
    Watermark(source="/v.mp4", mark=TextMark(text="Ours", size=30), output="/o.mp4", position="top", opacity=0.5),
    Watermark(source="/v.png", mark=PictureMark(image="/logo.png"), output="/o.png", scale=0.5),
    AvatarCover(avatar=DrawnAvatar(seed=1, gender="female"), output="/o.png"),
    Poster(video="/v.mp4", output="/o.jpg", at=1.5),
    Probe(path="/v.mp4"),
    TellLanguage(text="Bonjour", known=("en", "fr")),
    HearVoice(sounds=("/a.mp3", "/b.wav")),
    CutSound(seconds=2.5, output="/o.mp3", source="/a.mp3"),
]

REPLIES: list[Reply] = [
    Ready(engine="1", python="3.11.7", packages={"av": "18.1.0", "numpy": None}),
    Progress(id="a", progress=0.25),
    Done(id="a", outcome=Outcome(note="made", media_kind="video", seconds=1.5, has_audio=True)),
    Failed(id="a", failure=Failure(code="no_face", message="No face.")),
]


@pytest.mark.parametrize("order", ORDERS, ids=kind_of)
def test_an_order_comes_back_from_its_line_unchanged(order: Order) -> None:
    line = order_to_line("job-9", order)

    assert line.count("\n") == 1
    assert order_from_line(line) == ("job-9", order)


def test_every_kind_of_order_is_covered_above() -> None:
    assert {kind_of(order) for order in ORDERS} == set(ORDER_KINDS)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_a_reply_comes_back_from_its_line_unchanged(reply: Reply) -> None:
    assert reply_from_line(reply_to_line(reply)) == reply


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        ({"kind": "conquer"}, "unknown kind"),
        ({}, "unknown kind"),
        ([], "must be an object"),
        ({"kind": "probe"}, "missing path"),
        ({"kind": "probe", "path": "/x", "paths": 1}, "unknown paths"),
        ({"kind": "probe", "path": 7}, "probe.path"),
        ({"kind": "poster", "video": "/v", "output": "/o", "at": True}, "poster.at"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": "portrait", "image": "/i"}}, "avatar"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": "drawn", "seed": 1, "gender": "x"}}, "gender"),
        ({"kind": "avatar_cover", "output": "/o", "avatar": {"kind": ["drawn"]}}, "avatar"),
        ({"kind": "text_to_image", "prompt": "x", "output": "/o", "references": "/r"}, "references"),
        ({"kind": "text_to_image", "prompt": "x", "output": "/o", "references": ["/r", 4]}, r"references\[1\]"),
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
    with pytest.raises(InvalidLine, match=complaint):
        order_from_json(order)


def test_a_bad_line_keeps_the_id_it_came_with() -> None:
    with pytest.raises(InvalidLine) as caught:
        order_from_line(json.dumps({"id": "job-3", "order": {"kind": "probe"}}))

    assert caught.value.errand_id == "job-3"
