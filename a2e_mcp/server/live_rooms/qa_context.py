"""The text that the avatar of a room answers from."""

from __future__ import annotations

import re

_QUESTION = re.compile(r"\s*(?:q|question|问|問)\s*[:：]", re.IGNORECASE)
_TURN = re.compile(r"\s+(?=(?:Q|A|Question|Answer|问|問|答)\s*[:：])")
# What stands before a question and before its answer, in the languages and forms that people write them.
_MARK = re.compile(
    r"(?:^|(?<=[\s.?!,;|/？！。，]))(?:\d{1,3}[.)]\s*)?[*_]{0,3}"
    r"(?:(?P<question>question|q|frage|f|pregunta|pergunta|p|domanda|d|vraag|问|問)"
    r"|(?P<answer>answer|ans|a|antwort|respuesta|resposta|risposta|r|r[ée]ponse|antwoord|答))"
    r"[ ]?\d{0,3}[*_]{0,3}\s*(?:[:：]|[.)](?=\s)|[-\u2013](?=\s))[*_]{0,3}[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN_MARK = re.compile(r"(?:q|a|question|answer|问|問|答)\s*[:：]", re.IGNORECASE)
_BETWEEN_TURNS = " \t\r\n|/;,"


def one_turn_a_line(text: str) -> str:
    r"""The text with each question and each answer on a line of its own; a written `\n` is a line break."""
    text = text if "\n" in text else text.replace("\\n", "\n")
    marks = list(_MARK.finditer(text))
    if _are_turns(text, marks):
        return _in_turns(text, marks)
    lines = text.splitlines()
    return "\n".join(part for line in lines for part in (_TURN.split(line) if _QUESTION.match(line) else [line]))


def _are_turns(text: str, marks: list[re.Match[str]]) -> bool:
    """Whether questions and answers take turns from the start of a line on; else a mark may be a word of a fact."""
    if len(marks) < 2 or len(marks) % 2 or text[: marks[0].start()].rpartition("\n")[2].strip():
        return False
    return all((mark["question"] is not None) is (number % 2 == 0) for number, mark in enumerate(marks))


def _in_turns(text: str, marks: list[re.Match[str]]) -> str:
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    lines = [text[: marks[0].start()].strip()] if text[: marks[0].start()].strip() else []
    for mark, end in zip(marks, ends, strict=True):
        plain = _PLAIN_MARK.fullmatch(mark[0].strip())
        shown = plain[0] if plain else "Q:" if mark["question"] else "A:"
        lines.append(f"{shown} {text[mark.end() : end].strip(_BETWEEN_TURNS)}")
    return "\n".join(lines)
