from pathlib import Path

import numpy as np
import pytest

from a2e_mcp.sandbox.orders.avatar_training import AvatarTrainingOrder
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.clip_sound import ClipSoundOrder
from a2e_mcp.sandbox.orders.motion_transfer import MotionTransferOrder
from a2e_mcp.sandbox.orders.video_edit import VideoEditOrder
from a2e_mcp.sandbox.protocol import ClipOrder, DrawnAvatar
from tests.support.render_worker import RenderProcess, frames_of, write_tone


def test_a_portrait_from_one_of_our_own_clips_has_the_mark_once(worker: RenderProcess, tmp_path: Path) -> None:
    clip = AvatarVideoOrder(
        audio=write_tone(tmp_path / "a.wav", [(1.2, True)]),
        avatar=DrawnAvatar(seed=1, gender="female"),
        output=str(tmp_path / "own.mp4"),
        width=480,
        height=480,
        fps=4,
    )
    worker.render(clip)
    order = AvatarTrainingOrder(
        source=clip.output,
        portrait=str(tmp_path / "portrait.png"),
        output=str(tmp_path / "preview.mp4"),
        minimum_seconds=1,
        width=480,
        height=480,
        fps=4,
    )

    worker.render(order)

    # Twice, a little apart, the word would have an eighth more white pixels.
    white = [int((frame[440:, 300:].min(2) > 215).sum()) for frame in frames_of(order.output)]
    alone = int((frames_of(clip.output)[0][440:, 300:].min(2) > 215).sum())
    assert max(white) < 1.05 * alone, (white, alone)
    assert np.min(white) > 0.95 * alone


@pytest.mark.parametrize("kind", ["edit", "longer", "sound", "motion"])
def test_what_was_made_smaller_is_said(
    worker: RenderProcess, portrait: str, spoken_clip: str, tmp_path: Path, kind: str
) -> None:
    output = str(tmp_path / "o.mp4")
    orders: dict[str, ClipOrder] = {
        "edit": VideoEditOrder(video=spoken_clip, prompt="warmer", output=output, width=160, height=160, fps=4),
        "longer": VideoEditOrder(video=spoken_clip, more=0.5, output=output, width=160, height=160, fps=4),
        "sound": ClipSoundOrder(video=spoken_clip, prompt="rain", output=output, width=160, height=160, fps=4),
        "motion": MotionTransferOrder(image=portrait, video=spoken_clip, output=output, width=160, height=160, fps=4),
    }

    note = worker.render(orders[kind]).note

    size = "360x360 to 160x160" if kind == "motion" else "320x240 to 160x120"
    assert f"It is scaled from {size}." in note
