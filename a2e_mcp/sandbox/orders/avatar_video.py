"""Avatar videos: a drawn or photographed person who speaks in front of a background."""

from a2e_mcp.sandbox.protocol import (
    ClipOrder,
    ColourBackground,
    DrawnAvatar,
    Outcome,
    PictureBackground,
    Placement,
    PortraitAvatar,
)
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class AvatarVideoOrder(ClipOrder, frozen=True, kw_only=True):
    """Let an avatar speak an audio file; without a track the mouth follows the sound itself."""

    audio: str
    avatar: DrawnAvatar | PortraitAvatar
    track: str | None = None
    background: ColourBackground | PictureBackground | None = None
    placement: Placement | None = None
    captions: bool = False
    height: int = 720
    fps: int = 25


def render(order: AvatarVideoOrder, rendering: Rendering) -> Outcome:
    """Let an avatar speak."""
    from a2e_mcp.sandbox.renderer.clips.avatar_clip import make_avatar_clip

    return make_avatar_clip(
        order,
        rendering,
        audio=order.audio,
        track=order.track,
        avatar=order.avatar,
        background=order.background,
        placement=order.placement,
        captions=order.captions,
    )
