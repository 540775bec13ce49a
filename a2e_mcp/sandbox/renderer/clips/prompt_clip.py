"""Text to video, as far as a sandbox goes: the picture of the prompt, over which the camera moves."""

import msgspec

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.clips.camera_clip import make_camera_clip
from a2e_mcp.sandbox.renderer.drawn.prompt_picture import picture_for
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size


def make_prompt_clip(
    order: ClipOrder, rendering: Rendering, *, prompt: str, negative_prompt: str, seconds: float, sounds: bool
) -> Outcome:
    """A clip for a prompt."""
    picture, *about = picture_for(prompt, 0, even_size(order.width, order.height), labelled=False)
    made = make_camera_clip(
        order,
        rendering,
        image=picture,
        end_image=None,
        prompt=prompt,
        negative_prompt=negative_prompt,
        seconds=seconds,
        sounds=sounds,
    )
    return msgspec.structs.replace(made, note=" ".join([*about, made.note]))
