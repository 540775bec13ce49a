"""What prompts rule out is left out: people, glasses, camera moves, the night."""

import numpy as np
import pytest

from a2e_mcp.sandbox.renderer.clips.camera import read_prompt
from a2e_mcp.sandbox.renderer.drawn.description import described
from a2e_mcp.sandbox.renderer.drawn.landscape import read_scene
from a2e_mcp.sandbox.renderer.pictures.wishes import read_wishes


@pytest.mark.parametrize(
    "prompt",
    [
        "a beach at sunset, no people",
        "an empty street without a single person in it",
        "a street, people not allowed",
        "a people-free street",
        "a forest with no visible humans and a lake",
        "mountains (no humans)",
        "nobody on the beach",
        "a city. Don't draw a man",
        "a quiet room, free of people",
        "a meadow, avoid any woman or man",
        "zero people",
        "a street; people: none",
        "people are not in this picture",
        "a landscape (people excluded)",
        "neither a man nor a woman, just a lake",
        "non-human landscape",
        "a quiet lake in portrait orientation",
        "eine leere Straße ohne Menschen",
        "une plage sans personne",
        "una playa sin gente",
        "una spiaggia senza persone",
        "uma praia sem pessoas",
        "een strand zonder mensen",
        "пляж без людей",
        "没有人的海滩",
        "人のいない海辺",
        "사람이 없는 해변",
    ],
)
def test_a_prompt_that_rules_people_out_draws_none(prompt: str) -> None:
    assert described(prompt, 2) is None


@pytest.mark.parametrize("prompt", ["a portrait of a baker", "the face of an old sailor", "a headshot of our founder"])
def test_a_portrait_of_someone_is_of_a_person(prompt: str) -> None:
    assert described(prompt, 2) is not None


@pytest.mark.parametrize("prompt", ["a portrait of a grey cat", "the face of a clock", "portrait of my very old dog"])
def test_a_portrait_of_an_animal_or_a_thing_draws_no_person(prompt: str) -> None:
    assert described(prompt, 2) is None


@pytest.mark.parametrize(
    ("prompt", "understood"),
    [
        ("a portrait of a woman without glasses", ["a female person", "no glasses"]),
        ("a man with no beard, navy suit", ["a male person", "navy suit", "no beard"]),
        ("not a man but a woman with red hair", ["a female person", "red hair"]),
        ("No text, no watermark. A doctor", ["a person, drawn as female"]),
        ("a woman, not smiling, in a red coat", ["a female person", "red coat"]),
        ("a man who doesn't wear glasses, brown hair", ["a male person", "brown hair", "no glasses"]),
        ("not only a woman but a queen", ["a female person"]),
        ("a woman who is not wearing glasses", ["a female person", "no glasses"]),
        ("a woman, glasses off", ["a female person", "no glasses"]),
        ("a woman not in a red coat", ["a female person"]),
        ("a beardless man", ["a male person", "no beard"]),
        ("a clean-shaven man", ["a male person", "no beard"]),
        ("instead of a man show a woman", ["a female person"]),
        ("eine Frau ohne Brille", ["a female person", "no glasses"]),
        ("ein Mann mit Brille, kein Bart", ["a male person", "glasses", "no beard"]),
        ("un homme sans barbe", ["a male person", "no beard"]),
        ("una mujer sin gafas", ["a female person", "no glasses"]),
        ("una donna senza occhiali", ["a female person", "no glasses"]),
        ("uma mulher sem óculos", ["a female person", "no glasses"]),
        ("женщина без очков", ["a female person", "no glasses"]),
        ("一个不戴眼镜的女人", ["a female person", "no glasses"]),
        ("眼鏡をかけていない女性", ["a female person", "no glasses"]),
        ("안경 없는 여자", ["a female person", "no glasses"]),
        ("a woman without glasses in a red coat", ["a female person", "red coat", "no glasses"]),
    ],
)
def test_what_is_ruled_out_is_said_and_the_rest_counts(prompt: str, understood: list[str]) -> None:
    found = described(prompt, 2)
    assert found is not None
    assert found.understood == understood


@pytest.mark.parametrize("seed", range(20))
def test_a_landscape_is_not_of_what_is_ruled_out(seed: int) -> None:
    scene = read_scene("a view, not at night, no snow, no trees", np.random.default_rng(seed))

    assert scene.mood not in ("night", "snow", "forest")
    assert "woods" not in scene.things


@pytest.mark.parametrize(
    ("prompt", "negative", "moves"),
    [
        ("no zoom", "", (0.0, 0.25, 0.0)),
        ("don't pan left, zoom out slowly", "", (-1.6, 0.0, 0.0)),
        ("without camera movement", "", (0.0, 0.0, 0.0)),
        ("She waves; do not move the camera", "", (0.0, 0.0, 0.0)),
        ("", "zoom, blurry", (0.0, 0.25, 0.0)),
        ("zoom in", "static, still image", (1.6, 0.0, 0.0)),
        ("zoom in", "zoom in", (0.0, 0.25, 0.0)),
    ],
)
def test_moves_that_are_ruled_out_are_not_made(prompt: str, negative: str, moves: tuple[float, float, float]) -> None:
    move = read_prompt(prompt, negative)

    assert (move.zoom, move.across, move.down) == moves


@pytest.mark.parametrize(
    ("prompt", "done"),
    [
        ("make it warmer, no blur", ["warmer"]),
        ("not black and white, but sharper", ["sharper"]),
        ("don't darken it; mirror it", ["mirrored"]),
        ("Noir et blanc, sans flou", ["black and white"]),
    ],
)
def test_changes_that_a_prompt_rules_out_are_not_made(prompt: str, done: list[str]) -> None:
    assert [name for name, _ in read_wishes(prompt).changes] == done


@pytest.mark.parametrize(
    ("prompt", "mood", "things"),
    [
        ("a man without glasses and beard at night in the city", "night", {"city"}),
        ("no people on the beach at sunset", "sunset", {"water"}),
        ("mountains, no snow on the peaks, by night", "night", set()),
    ],
)
def test_where_and_when_after_what_is_ruled_out_still_counts(prompt: str, mood: str, things: set[str]) -> None:
    scene = read_scene(prompt, np.random.default_rng(0))

    assert (scene.mood, set(scene.things)) == (mood, things)


def test_a_scene_is_known_by_its_words_in_other_languages() -> None:
    for prompt in ("ein Strand am Meer", "une plage", "playa", "пляж", "海滩", "해변"):
        assert "water" in read_scene(prompt, np.random.default_rng(0)).things, prompt
