"""What each capability really does: one module per section of A2E's menu.

`ANSWERS` maps a capability's name to a function that gives the `data` of the answer; `STARTS` does so for what is
charged as a job.
"""

from __future__ import annotations

from a2e_mcp.sandbox.families import (
    account,
    administration,
    avatar_training,
    avatar_videos,
    avatars,
    backgrounds,
    caption_removal,
    dubbing,
    face_swap,
    image_to_video,
    product_holding,
    streaming,
    talking_photo,
    text_language,
    text_to_image,
    virtual_try_on,
    voice_clones,
    voices,
    watermark,
)
from a2e_mcp.sandbox.families.section import Answer, Start

_SECTIONS = (
    administration,
    account,
    voices,
    voice_clones,
    text_language,
    avatars,
    avatar_training,
    avatar_videos,
    backgrounds,
    face_swap,
    dubbing,
    image_to_video,
    caption_removal,
    streaming,
    text_to_image,
    product_holding,
    talking_photo,
    virtual_try_on,
    watermark,
)

STARTS: dict[str, Start] = {name: start for section in _SECTIONS for name, start in section.STARTS.items()}
ANSWERS: dict[str, Answer] = {name: answer for section in _SECTIONS for name, answer in section.ANSWERS.items()}
