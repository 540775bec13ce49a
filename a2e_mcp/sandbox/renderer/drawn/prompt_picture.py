"""Text to image, as far as a sandbox goes: a procedural picture seeded by the prompt. No AI model."""

import hashlib

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.drawn.description import Description, described
from a2e_mcp.sandbox.renderer.drawn.drawn_presenter import DrawnPresenter
from a2e_mcp.sandbox.renderer.drawn.landscape import Scene, paint_landscape, read_scene
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, lay_over, studio
from a2e_mcp.sandbox.renderer.pictures.stills import write_still
from a2e_mcp.sandbox.renderer.pictures.text_sprites import can_draw, outlined, text_width
from a2e_mcp.sandbox.renderer.presenters.presenter import AT_REST
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size

_LABEL = "procedural picture, no AI model"
_LONGEST_PROMPT = 4000
_MOST_LINES = 3


def draw_prompt(order: StillOrder, rendering: Rendering, *, prompt: str, index: int) -> Outcome:
    """Draw a picture for a prompt."""
    picture, *about = picture_for(prompt, index, even_size(order.width, order.height), labelled=True)
    return write_still(picture, order.output, rendering, *about)


def picture_for(prompt: str, index: int, size: tuple[int, int], *, labelled: bool) -> tuple[Picture, str, str]:
    """The picture of a prompt, what it is, and what of the prompt was understood; a landscape may be labelled.

    Raises OrderRefused.
    """
    prompt = " ".join(prompt.split())
    if not prompt or len(prompt) > _LONGEST_PROMPT:
        raise OrderRefused("invalid_order", f"A prompt needs 1 to {_LONGEST_PROMPT} characters.")
    seed = int.from_bytes(hashlib.sha256(f"{index} {prompt}".encode()).digest()[:7], "big")
    random = np.random.default_rng(seed)
    if description := described(prompt, seed):
        scene = read_scene(prompt, random)
        backdrop = _behind(description, scene, size, random)
        # Left without a label in the picture, because it may become an avatar.
        presenter = DrawnPresenter(description.person, backdrop, size, None)
        picture = presenter.frame(AT_REST)
        what, understood = "A drawn portrait of no real person", [*description.understood, *scene.understood]
    else:
        scene = read_scene(prompt, random)
        picture = paint_landscape(scene, *size, random)
        if labelled:
            _label(picture, prompt)
        what, understood = "A procedural landscape", list(scene.understood)
    return (
        picture,
        f"{what}, made with no AI model.",
        f"Recognised in the prompt: {', '.join(understood) or 'nothing'}.",
    )


def _behind(
    description: Description, scene: Scene, size: tuple[int, int], random: np.random.Generator
) -> Picture | None:
    """What is behind a person: a colour or a scene that the prompt names, out of focus; None for a studio."""
    if description.backdrop is not None:
        return studio(*size, description.backdrop)
    if not scene.understood:
        return None
    return cv2.GaussianBlur(paint_landscape(scene, *size, random), (0, 0), max(size) / 130).astype(np.uint8)


def _label(picture: Picture, prompt: str) -> None:
    """Print the prompt and what the picture is over its darkened foot, beside the mark."""
    height, width = picture.shape[:2]
    letters = max(8, round(min(width, height) * 0.028))
    margin = round(letters * 0.9)
    _, mark_left, _ = mark_for(width, height)
    lines = [_LABEL, *_wrapped(prompt, letters, mark_left - 2 * margin)] if can_draw(prompt) else [_LABEL]
    step = round(letters * 1.45)
    top = height - step * len(lines) - margin
    dark = np.clip(np.linspace(0, 1.5, height - max(0, top - 2 * step)), 0, 1)[:, None, None]
    foot = picture[max(0, top - 2 * step) :]
    foot[:] = (foot * (1 - 0.55 * dark)).astype(np.uint8)
    for number, line in enumerate(lines):
        sprite = outlined(line, letters, (120, 214, 255) if number == 0 else (255, 255, 255))
        if sprite.shape[1] > width:
            sprite = cv2.resize(sprite, (width, max(1, sprite.shape[0] * width // sprite.shape[1])))
        lay_over(picture, sprite, margin // 2, top + number * step)


def _wrapped(text: str, letters: int, widest: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, letters) > widest:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [f"{lines[_MOST_LINES - 1]} …"]
    # A script without spaces is one long line.
    while text_width(lines[-1], letters) > widest and len(lines[-1]) > 2:
        lines[-1] = lines[-1].rstrip("…").rstrip()[:-1] + "…"
    return lines
