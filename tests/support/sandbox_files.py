"""What a finished file of the sandbox must show and say."""

import json
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from tests.support.render_worker import frames_of

COMMENT = "A2E sandbox render, synthetic, not made by A2E"


def labels_of(path: str | Path) -> tuple[str, str]:
    """A file's comment, and all that its other tags say."""
    if Path(path).suffix in (".mp4", ".mp3"):
        with av.open(str(path)) as media:
            return media.metadata["comment"], media.metadata["a2e_sandbox"]
    with Image.open(path) as picture:
        if Path(path).suffix == ".png":
            return picture.info["comment"], picture.info["a2e_sandbox"]
        comment, _, rest = picture.info["comment"].decode().partition("\n")
        return comment, rest


def bears_the_mark(frame: npt.NDArray[np.uint8]) -> bool:
    """Whether the letters are bright and their rims dark."""
    mark, left, top = mark_for(frame.shape[1], frame.shape[0])
    letters = mark[..., 0] > 200
    rim = (mark[..., 3] > 200) & (mark[..., 0] < 30)
    corner = frame[top : top + mark.shape[0], left : left + mark.shape[1]].mean(2)
    return bool(corner[letters].mean() > 150 and corner[rim].mean() < 110)


def assert_labelled(path: str | Path, kind: str) -> None:
    """The file's metadata says that the sandbox made it, and of which kind it is."""
    comment, about = labels_of(path)
    assert comment == COMMENT
    assert json.loads(about)["kind"] == kind


def assert_marked(path: str | Path) -> None:
    """Every frame shows the word SANDBOX."""
    frames = frames_of(path)
    assert frames
    assert [number for number, frame in enumerate(frames) if not bears_the_mark(frame)] == []
