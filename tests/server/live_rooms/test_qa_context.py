"""Questions and answers in whatever form people write them each get a line of their own; facts stay as they are."""

from __future__ import annotations

import pytest

from a2e_mcp.sandbox.live.answers import answer
from a2e_mcp.server.live_rooms.qa_context import one_turn_a_line

OPEN = "When do you open?"


@pytest.mark.parametrize(
    "context",
    [
        "Q: When do you open? A: At nine. Q: Is there cake? A: Yes.",
        "Q: When do you open?A: At nine.",
        "Q:When do you open?,A:At nine.",
        "Q1: When do you open? A1: At nine. Q2: Is there cake? A2: Yes.",
        "1. Q: When do you open? A: At nine.\n2. Q: Is there cake? A: Yes.",
        "**Q:** When do you open? **A:** At nine.",
        "Q) When do you open? A) At nine.",
        "Q. When do you open? A. At nine.",
        "Q - When do you open? A - At nine.",
        "Q: When do you open? | A: At nine. | Q: Is there cake? | A: Yes.",
        "Question: When do you open? Answer: At nine.",
        "Our shop is small.\nFrage: When do you open? Antwort: At nine.",
        "Pregunta: When do you open? Respuesta: At nine.",
        "P: When do you open? R: At nine.",
        "Domanda: When do you open? Risposta: At nine.",
        r"Q: When do you open?\nA: At nine.",
    ],
)
def test_a_question_is_answered_however_its_turn_is_marked(context: str) -> None:
    assert answer(one_turn_a_line(context), OPEN) == "At nine."
    assert one_turn_a_line(one_turn_a_line(context)) == one_turn_a_line(context)


@pytest.mark.parametrize(
    "facts",
    [
        "We open at nine. Ask A. Smith - or F. Braun - for more.",
        "Dr. P. Klein: our doctor. R. Maier: our nurse.",
        "Plan A: nine o'clock. Plan B: ten.",
        "The shop has two floors.\nFloor A: books.\nFloor R: music.",
        "Q: a question without an answer",
    ],
)
def test_what_is_no_question_stays_as_it_is(facts: str) -> None:
    assert one_turn_a_line(facts) == facts
