"""Numbers, sentences and cuts as people read them."""

from __future__ import annotations

import pytest

from a2e_mcp.server.answers.lists import page_line
from a2e_mcp.starts.pricing import credits_of
from a2e_mcp.text import counted, one_line, sentences, whole_sentences


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 credits"), (1, "1 credit"), (2, "2 credits"), (0.5, "0.5 credits")]
)
def test_a_number_agrees_with_its_noun(count: float, words: str) -> None:
    assert counted(count, "credit") == credits_of(count) == words


def test_a_list_of_nothing_has_no_colon() -> None:
    assert page_line("0 starts", 1, 0) == "0 starts."
    assert page_line("1 start", 1, 1) == "1 start:"


def test_a_long_note_keeps_its_whole_sentences() -> None:
    note = "The mouth follows the sound. The clip is repeated, since the sound is longer. The prompts are not used."
    assert whole_sentences(note, 200) == note
    assert whole_sentences(note, 80) == "The mouth follows the sound. The clip is repeated, since the sound is longer."
    assert whole_sentences(note, 20) == "The mouth follows..."


def test_a_line_is_cut_after_a_word() -> None:
    assert one_line("The mouth follows the sound", 20) == "The mouth follows..."
    assert one_line("n" * 60, 20) == f"{'n' * 17}..."


def test_notes_in_a_row_are_sentences() -> None:
    assert sentences("The job was found again.", None, "", "Rendered here") == "The job was found again. Rendered here."
