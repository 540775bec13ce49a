"""What a prompt asks for and what it rules out, in many languages: "no people" asks for no people."""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

# What a negation rules out ends with a stop, a comma or a word that turns to something else.
_END = (
    r"(?=$|[.,;:!?\n()、。，]|\b(?:but|and then|then|with|instead|only|just|except|while|yet|wearing|show"
    r"|and (?:an?|the|some)|(?<!zoom )(?<!zooming )(?<!push )(?<!dolly )in|on|at|by|during)\b)"
)
_AFTERWARDS = (
    r"(?:-free\b|less\b|: none\b| off\b|,? (?:excluded|absent|missing)\b"
    r"|,? (?:is |are )?(?:not|never) (?:allowed|visible|shown|present|wanted|there)\b"
    r"|,? (?:is |are )?(?:not|never) in (?:it|this|the picture|the image)\b"
    r"|,? (?:is|are) (?:excluded|absent|missing|nowhere)\b)"
)
_NEGATION = re.compile(
    rf"(?P<before>\b\w+?){_AFTERWARDS}"
    r"|\bneither\b(?P<neither>.*?\bnor\b.*?)" + _END + "|"
    r"\b(?:no|zero|not|without|sans|never|none of|free of|devoid of|absent of|lacking|except(?: for)?|avoid(?:ing)?"
    r"|exclud(?:e|es|ing)|omit(?:ting)?|remov(?:e|ing)|minus|hardly any|instead of|rather than|non(?=-)"
    r"|(?:do|does|did|should|must|is|are|was|were|can|could|will|would)n['’o]?t|cannot|don't)"
    r"\b-?(?P<what>(?: (?:wearing|having|with|any|in|on|at|by))*.*?)" + _END,
    re.IGNORECASE | re.DOTALL,
)
# These deny nothing that stands in the prompt.
_ENDS_IN_LESS = "unless|regardless|nevertheless|nonetheless|seamless|endless|timeless|flawless|countless|fearless"
_NO_DENIAL = re.compile(
    rf"\b(?:not only|no doubt|no less than|no wonder|no one|not just|nothing but|no matter|{_ENDS_IN_LESS}"
    r"|portrait (?:orientation|format|mode|shape))\b",
    re.IGNORECASE,
)
# What a word says without naming it.
_MEANT = {r"\bclean[- ]shaven\b": "without beard,", r"\bbespectacled\b": "with glasses,"}
_TABLE: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("prompt_words.json").read_text(encoding="utf-8")
)
_IS_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def asked_for(prompt: str) -> str:
    """The prompt without what it rules out, its known words in English."""
    return " ".join(_NEGATION.sub(" , ", _read(prompt)).split())


def ruled_out(prompt: str, negative_prompt: str = "") -> str:
    """What a prompt rules out, and all of a negative prompt, the known words in English."""
    denied = [match["before"] or match["neither"] or match["what"] for match in _NEGATION.finditer(_read(prompt))]
    return " , ".join(filter(None, (*(" ".join(each.split()) for each in denied), in_english(negative_prompt.strip()))))


def _read(prompt: str) -> str:
    text = _NO_DENIAL.sub(" ", in_english(prompt))
    for pattern, meaning in _MEANT.items():
        text = re.sub(pattern, meaning, text, flags=re.IGNORECASE)
    return text


def in_english(prompt: str) -> str:
    """The prompt with its known words in English."""
    for pattern, order in _TABLE["orders"].items():
        prompt = re.sub(pattern, order, prompt)
    for words, word in _words():
        prompt = words.sub(word, prompt)
    return prompt


@functools.cache
def _words() -> tuple[tuple["re.Pattern[str]", str], ...]:
    """Patterns of words of other languages with the English one; those of scripts without spaces stand anywhere."""
    found: list[tuple[re.Pattern[str], str]] = []
    for word, others in _TABLE["words"].items():
        alone = [other for other in others.split("|") if not _IS_SPACELESS.search(other)]
        within = [other for other in others.split("|") if _IS_SPACELESS.search(other)]
        # The alternatives of one word may be in brackets, so they are split and joined again as a whole.
        found.append((re.compile(rf"\b(?:{'|'.join(alone)})\b", re.IGNORECASE), word))
        if within:
            found.append((re.compile("|".join(sorted(within, key=len, reverse=True))), f" {word} "))
    return tuple(found)
