"""What each capability really does: one module per section of A2E's menu.

`ANSWERS` maps a capability's name to a function that gives the `data` of the answer; `STARTS` does so for what is
charged as a job.
"""

from __future__ import annotations

from a2e_mcp.sandbox.behaviour import (
    account,
    avatar_videos,
    avatars,
    backgrounds,
    face_swap,
    image_to_video,
    training,
    voices,
)
from a2e_mcp.sandbox.behaviour.starting import Answer, Start

_SECTIONS = (account, voices, avatars, training, avatar_videos, backgrounds, face_swap, image_to_video)

STARTS: dict[str, Start] = {name: start for section in _SECTIONS for name, start in section.STARTS.items()}
ANSWERS: dict[str, Answer] = {name: answer for section in _SECTIONS for name, answer in section.ANSWERS.items()}
