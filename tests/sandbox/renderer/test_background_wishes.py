"""What a prompt asks of a background is done, said, and taken for nothing else."""

import pytest

from a2e_mcp.sandbox.renderer.pictures.background_wish import read_background_wish


@pytest.mark.parametrize(
    ("prompt", "kind", "what"),
    [
        ("Remove the background", "removed", ""),
        ("cut out the product", "removed", ""),
        ("a transparent background", "removed", ""),
        ("Entferne den Hintergrund", "removed", ""),
        ("Hintergrund entfernen", "removed", ""),
        ("quita el fondo", "removed", ""),
        ("supprime l'arrière-plan", "removed", ""),
        ("背景を削除して", "removed", ""),
        ("去除背景", "removed", ""),
        ("on a plain white background", "colour", "white"),
        ("make the background dark blue and mirror it", "colour", "blue"),
        ("背景を白にして", "colour", "white"),
        ("blur the background", "blurred", ""),
        ("ぼかした背景", "blurred", ""),
        ("replace the background with a beach at sunset", "replaced", "a beach at sunset"),
        ("make the background a snowy forest, and sharpen it", "replaced", "snowy forest"),
        ("with a city skyline background", "replaced", "city skyline"),
    ],
)
def test_a_wish_for_the_background_is_read(prompt: str, kind: str, what: str) -> None:
    wish = read_background_wish(prompt)

    assert wish is not None
    assert (wish.kind, wish.name or wish.place) == (kind, what)


@pytest.mark.parametrize(
    "prompt",
    [
        "do not remove the background, make it warmer",
        "don't blur the background",
        "keep the background",
        "add a dragon in the background",
        "remove the people in the background",
        "black and white",
    ],
)
def test_other_wishes_leave_the_background_as_it_is(prompt: str) -> None:
    assert read_background_wish(prompt) is None
