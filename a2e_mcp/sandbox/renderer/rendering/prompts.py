"""What a prompt asks for and what it rules out: "no people" asks for no people."""

import re

# What a negation rules out ends with a stop, a comma or a word that turns to something else.
_END = (
    r"(?=$|[.,;:!?\n()]|\b(?:but|and then|then|with|instead|only|just|except|while|yet|wearing"
    r"|(?:and|in|on|at) (?:an?|the|some))\b)"
)
_NEGATION = re.compile(
    r"(?P<before>\b\w+)(?:-free\b|,? (?:is |are )?(?:not|never) (?:allowed|visible|shown|present|wanted|there)\b)"
    r"|\b(?:no|not|without|never|none of|free of|devoid of|except(?: for)?|avoid(?:ing)?|exclud(?:e|es|ing)"
    r"|omit(?:ting)?|remov(?:e|ing)|minus|(?:do|does|did|should|must|is|are|was|were|can|could|will|would)n['’o]?t|cannot|don't)"
    r"\b(?P<what>.*?)" + _END,
    re.IGNORECASE | re.DOTALL,
)
# These deny nothing that stands in the prompt.
_NO_DENIAL = re.compile(
    r"\b(?:not only|no doubt|no less than|no wonder|no one|not just|nothing but|no matter)\b", re.IGNORECASE
)


def asked_for(prompt: str) -> str:
    """The prompt without what it rules out."""
    return " ".join(_NEGATION.sub(" , ", _NO_DENIAL.sub(" ", prompt)).split())


def ruled_out(prompt: str, negative_prompt: str = "") -> str:
    """What a prompt rules out, and all of a negative prompt."""
    denied = [match["before"] or match["what"] for match in _NEGATION.finditer(_NO_DENIAL.sub(" ", prompt))]
    return " , ".join(filter(None, (*(" ".join(each.split()) for each in denied), negative_prompt.strip())))
