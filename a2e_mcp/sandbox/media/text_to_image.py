"""Text to image, as far as a sandbox goes: a procedural picture seeded by the prompt. No AI model."""

import hashlib
import re

import cv2
import numpy as np

from a2e_mcp.sandbox.media.landscape import paint_landscape, read_scene
from a2e_mcp.sandbox.media.lettering import can_draw, outlined, text_width
from a2e_mcp.sandbox.media.mark import mark_for
from a2e_mcp.sandbox.media.mouth import MouthShape
from a2e_mcp.sandbox.media.picture import Picture, lay_over
from a2e_mcp.sandbox.media.presenter import DrawnPresenter
from a2e_mcp.sandbox.media.presenting import Moment
from a2e_mcp.sandbox.media.rendering import Refused, Rendering, even_size
from a2e_mcp.sandbox.media.stills import write_still
from a2e_mcp.sandbox.orders import DrawnAvatar, Gender, Outcome, TextToImage

_LABEL = "procedural picture, no AI model"
_LONGEST_PROMPT = 4000
_MOST_LINES = 3
_MAN = re.compile(r"\b(m[ae]n|boy|male|gentleman|guy|businessman|father|grandfather|king|he|his)\b", re.IGNORECASE)
_WOMAN = re.compile(r"\b(wom[ae]n|girl|female|lady|businesswoman|mother|grandmother|queen|she|her)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(persons?|people|portrait|headshot|selfie|face|avatar|human|presenter|teacher|doctor|nurse|actor|actress)\b",
    re.IGNORECASE,
)


def render_text_to_image(order: TextToImage, rendering: Rendering) -> Outcome:
    """Draw a picture for a prompt."""
    prompt = " ".join(order.prompt.split())
    if not prompt or len(prompt) > _LONGEST_PROMPT:
        raise Refused("invalid_order", f"A prompt of 1 to {_LONGEST_PROMPT} letters is needed.")
    size = even_size(order.width, order.height)
    seed = int.from_bytes(hashlib.sha256(f"{order.index} {prompt}".encode()).digest()[:7], "big")
    gender = _person_in(prompt, seed)
    if gender is not None:
        # Left without a label in the picture, because it may become an avatar.
        presenter = DrawnPresenter(DrawnAvatar(seed=seed, gender=gender), None, size, None)
        picture = presenter.frame(Moment(0.0, MouthShape(0.0, 0.25)))
        told = _MAN.search(prompt) or _WOMAN.search(prompt)
        understood = f"a {gender} person" if told else f"a person, drawn as {gender}"
        notes = [f"drawn portrait of nobody, no AI model; understood of the prompt: {understood}"]
    else:
        random = np.random.default_rng(seed)
        scene = read_scene(prompt, random)
        picture = paint_landscape(scene, *size, random)
        _label(picture, prompt)
        understood = ", ".join(scene.understood) or "nothing"
        notes = [f"{_LABEL}: a landscape; understood of the prompt: {understood}"]
    if order.references:
        notes.append(f"reference pictures not used: {len(order.references)}")
    media_type = write_still(picture, order.output, rendering)
    return Outcome(note="; ".join(notes), media_kind="image", media_type=media_type, width=size[0], height=size[1])


def _person_in(prompt: str, seed: int) -> Gender | None:
    """Whether the prompt names a person, and of which gender; where it does not say, the seed does."""
    man, woman = _MAN.search(prompt), _WOMAN.search(prompt)
    if man and woman:
        return "male" if man.start() < woman.start() else "female"
    if man or woman:
        return "male" if man else "female"
    if _PERSON.search(prompt):
        return "male" if seed % 2 else "female"
    return None


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
    # A script without spaces comes as one long line.
    while text_width(lines[-1], letters) > widest and len(lines[-1]) > 2:
        lines[-1] = lines[-1].rstrip("…").rstrip()[:-1] + "…"
    return lines
