"""Image to video: the camera moves, and a person moves more than what is behind them."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ImageToVideoOrder(ClipOrder, frozen=True, kw_only=True):
    """Bring a picture to life by moving the camera."""

    image: str
    prompt: str = ""
    negative_prompt: str = ""
    end_image: str | None = None
    seconds: float = 5.0
    height: int = 720
    fps: int = 25
    audio: str | None = None
    sounds: bool = False


def render(order: ImageToVideoOrder, rendering: Rendering) -> Outcome:
    """Bring a picture to life."""
    from a2e_mcp.sandbox.renderer.clips.camera_clip import make_camera_clip

    return make_camera_clip(
        order,
        rendering,
        image=order.image,
        end_image=order.end_image,
        prompt=order.prompt,
        negative_prompt=order.negative_prompt,
        seconds=order.seconds,
        audio=order.audio,
        sounds=order.sounds,
    )
