from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.sandbox.live.answers import answer, unknown
from a2e_mcp.sandbox.protocol.sentences import sentences_of

SHOP = (
    "Our shop opens at 9 am and closes at 6 pm on weekdays. On Saturdays we close at noon. Shipping takes three to "
    "five business days. Returns are free within 30 days of delivery. We are located at 12 Harbour Street. Gift cards "
    "never expire."
)
CHINESE_SHOP = "我们的商店早上九点开门。运费全国统一十元。三十天内可以免费退货。"
PAIRS = """Welcome to the museum.
Q: Do you ship the catalogue abroad?
A: Yes, to all of Europe,
for ten euros.
Q: Is the museum open on Sundays?
A: No. We rest.
The lockers are emptied every night.
"""


@pytest.mark.parametrize(
    ("context", "question", "answered"),
    [
        (SHOP, "When do you open?", "9 am"),
        (SHOP, "How long does shipping take?", "three to five business days"),
        (SHOP, "Can I return an item?", "within 30 days"),
        (SHOP, "What is your address?", "12 Harbour Street"),
        (SHOP, "where are you", "12 Harbour Street"),
        (SHOP, "Do gift cards expire?", "never expire"),
        (SHOP, "What are your OPENING HOURS on Saturday?", "noon"),
        (CHINESE_SHOP, "可以退货吗？", "三十天内可以免费退货。"),
        (CHINESE_SHOP, "几点开门？", "我们的商店早上九点开门。"),
        (CHINESE_SHOP, "运费多少？", "运费全国统一十元。"),
        (PAIRS, "Are you opening on a Sunday?", "No. We rest."),
        (PAIRS, "Will you be shipping catalogues?", "Yes, to all of Europe,\nfor ten euros."),
        (PAIRS, "When are the lockers emptied?", "The lockers are emptied every night."),
        (
            "Q: Is there a cafe?\nA: Yes.\n\nparking costs two euros",
            "What does parking cost?",
            "parking costs two euros",
        ),
        ("Q: When do you open? A: At nine. Q: Is there cake? A: Yes.", "Is there cake?", "Yes."),
        ("Q: When do you open? A: At nine. Q: Is there cake? A: Yes.", "When do you open?", "At nine."),
        ("Wir öffnen um neun Uhr.", "Wann öffnet ihr?", "um neun Uhr"),
        ("Wir öffnen um neun Uhr. Hunde sind erlaubt.", "Erlaubt ihr einen Hund?", "Hunde sind erlaubt"),
        ("We rest on Mondays. Opening is at nine.", "When do you open?", "Opening is at nine."),
        ("問：返品できますか\n答：はい、三十日以内なら。", "返品はできますか？", "はい、三十日以内なら。"),
        ("Nuestra tienda abre a las nueve. El envío es gratis.", "¿Cuándo abre la tienda?", "abre a las nueve"),
    ],
)
def test_the_passage_that_answers_is_found(context: str, question: str, answered: str) -> None:
    found = answer(context, question)
    assert found is not None
    assert answered in found


@pytest.mark.parametrize(
    ("context", "question"),
    [
        (SHOP, "Who is the president of France?"),
        (SHOP, "How do I bake bread?"),
        ("Our order numbers are 12345 and 12346. We like shipwrecks.", "What is 12347?"),
        (SHOP, "What is it?"),
        (SHOP, ""),
        (CHINESE_SHOP, "法国总统是谁？"),
        ("", "When do you open?"),
        ("Q:\nA:\n", "When do you open?"),
    ],
)
def test_what_was_not_given_is_not_answered(context: str, question: str) -> None:
    assert answer(context, question) is None


@pytest.mark.parametrize(("language", "words"), [("de", "Dazu wurde"), ("en", "I was not"), ("xx", "I was not")])
def test_what_is_not_known_is_said_in_the_language_of_the_context(language: str, words: str) -> None:
    said, spoken = unknown(language)

    assert said.startswith(words)
    assert spoken == ("en" if language == "xx" else language)


HOSTILE = ["a ", ".", "\n", "Q:\n", "A: ", "\".'", "字", "。", "\ud800", "where ", "((((", "\x00"]


@pytest.mark.parametrize("piece", HOSTILE, ids=ascii)
def test_endless_text_is_answered_at_once(piece: str) -> None:
    begun = time.perf_counter()
    answer(piece * 5_000, "Where do you open? " + piece * 5_000)
    assert "".join(sentences_of(piece * 5_000)) == piece * 5_000
    assert time.perf_counter() - begun < 1


@given(st.text(), st.text())
def test_whatever_is_asked_an_answer_stands_in_the_context(context: str, question: str) -> None:
    found = answer(context, question)
    if found is not None:
        assert found
        assert all(word in context for word in found.split())


@given(st.text())
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences_of(text)) == text


def test_titles_and_lowercase_do_not_end_a_sentence() -> None:
    assert sentences_of("Mr. Smith came, e.g. today. He left! 我们九点开门。你好。") == [
        "Mr. Smith came, e.g. today. ",
        "He left! 我们九点开门。",
        "你好。",
    ]
