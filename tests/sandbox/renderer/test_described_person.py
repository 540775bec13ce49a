"""What is understood of a prompt for a person, and that nothing else is claimed."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from a2e_mcp.sandbox.renderer.drawn.description import described


@given(prompt=text(alphabet="a red,hair in coat'\n", max_size=80), seed=integers(0, 2**56))
def test_whatever_else_a_prompt_says_the_person_it_begins_with_is_drawn(prompt: str, seed: int) -> None:
    found = described(f"woman {prompt} hair", seed)
    assert found is not None
    assert found.person.gender == "female"


@pytest.mark.parametrize(
    ("prompt", "understood"),
    [
        ("an old man with a white beard", ["a male person", "grey hair", "a beard"]),
        ("a woman in front of an old house", ["a female person"]),
        ("a man in a navy suit, white background", ["a male person", "navy suit", "white background"]),
        ("a nurse with black hair in a bun", ["a person, drawn as female", "black hair", "bun hair"]),
        ("a red-haired woman", ["a female person", "red hair"]),
        ("a redhead woman", ["a female person", "redhead hair"]),
    ],
)
def test_what_is_understood_is_named_in_the_prompts_own_words(prompt: str, understood: Sequence[str]) -> None:
    found = described(prompt, 2)
    assert found is not None
    assert found.understood == understood


def test_a_place_is_not_a_person() -> None:
    assert described("an old house by the sea", 2) is None
