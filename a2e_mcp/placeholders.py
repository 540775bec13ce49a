"""Values that a host or a template did not fill in, and what is copied along with a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from a2e_mcp.patterns import Pattern

ACCESS_VARIABLE = "A2E_API_TOKEN"

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
# As hosts, shells, templates and password managers write what they are to fill in; file:///folder is a URL.
_FORMS = Pattern(
    r"\$\{.*|.*\$\{[^}]*\}.*|.*\{\{.*\}\}.*|\{[^{}]*\}|\$\(.*\)|<.*>|%\w+%|\$(env:)?[A-Za-z_]\w*|\[[^\[\]]*\]|__\w+__"
    r"|#\{.*\}#?|@\w*\(.*\)|\(\(.*\)\)|ENC\[.*\]|!\w+\s.*"
    r"|(env|op|1password|bitwarden|doppler|aws|gcp|vault|secrets?|keychain|keyring|input):/{0,2}.*|file:(?!///).*",
    re.DOTALL | re.IGNORECASE,
)
_COPIED_WITH_A_TOKEN = Pattern(
    r"(export\s+)?A2E_API_TOKEN\s*[=:]\s*|(Authorization\s*:\s*)?Bearer\s*:?\s+|Authorization\s*:\s*", re.IGNORECASE
)
_SHORTENED = Pattern(r"\.{2,}|…|\*{2,}|•")
_FILLERS = Pattern(r"x{3,}|0{6,}|y{3,}|z{3,}|abc(?:def(?:ghi)?)?(?:123\d*)?|12345\d*|\W*", re.IGNORECASE)
_NOT_SET = frozenset({"n/a", "false", "no", "off", "unset", "empty"})
_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a a2e access account actual add ai api apikey apitoken at bearer change changeme com copy dummy"
        " enter env environ example fill fixme from get goes here https in insert is it key live me my mykey"
        " mytoken none null of os paste placeholder process put real redacted removed replace secret secrets"
        " set sk tbd the this todo token undefined user value vault video with www you your yourapikey yourkey"
        " yours yourtoken",
    )
)
# `${HOME}` is part of a path as shells know it.
_TEMPLATE = Pattern(r"=?(?:\{\{[^{}]{0,200}\}\}|\$\{(?!HOME\})[^{}]{0,200}\}|<%.{0,200}?%>|\{%.{0,200}?%\})", re.DOTALL)
# Around the words that stand for a value, such as `<image_url>` or `%IMAGE%`.
_AROUND = Pattern(
    r"<+([^<>]*)>+|\[+([^\[\]]*)\]+|\{+([^{}]*)\}+|%(\w+)%|%\((\w+)\)s|\$(?:env:)?(\w[\w.]*)|__(\w+?)__"
    r"|(todo|tbd)|(\.{3,}|…)",
    re.IGNORECASE,
)
_PLACEHOLDER_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a add an audio avatar avatars background clip enter example face file files filename garment here id ids image"
        " images insert job jobs json language link media name of paste path person photo picture placeholder product"
        " replace script sound source target tbd text the to todo upload uri url value video voice with your",
    )
)
_TELLING = frozenset({"your", "insert", "enter", "replace", "paste", "placeholder", "here", "url", "uri", "path", "id"})
"""Without brackets one of these must be among the words: other names are made of them as well."""


def unquoted(text: str) -> str:
    """A value without spaces and pairs of quotes around it."""
    text = text.strip()
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def is_placeholder(text: str) -> bool:
    """Whether a value has the form of something that was to be filled in, such as `${A2E_FILES}`."""
    return _FORMS.compiled.fullmatch(unquoted(text)) is not None


def bare_token(text: str) -> str:
    """A token without quotes, the word Bearer, or the name of its variable."""
    before = ""
    while text != before:
        before, text = text, unquoted(_COPIED_WITH_A_TOKEN.compiled.sub("", unquoted(text), count=1))
    return text


def is_token_placeholder(text: str) -> bool:
    """Whether a token has the form of an example, such as `<your-token>` or `sk_...`."""
    token = bare_token(text)
    if is_placeholder(token) or _SHORTENED.compiled.search(token) or token.lower().startswith("file:"):
        return True
    words = [word for word in re.split(r"[\W_]+", token.lower()) if word]
    return token.lower() in _NOT_SET or all(word in _WORDS or _FILLERS.compiled.fullmatch(word) for word in words)


def template_in(text: str) -> str | None:
    """The first expression of a template in a text, such as `{{url}}` or `${folder}`; None without one."""
    found = _TEMPLATE.compiled.search(text)
    return found[0] if found else None


def is_template(text: str) -> bool:
    """Whether a text is one expression of a template and nothing else."""
    return _TEMPLATE.compiled.fullmatch(text.strip()) is not None


def stands_in(text: str) -> bool:
    """Whether a text is the name of what was to be put in its place, such as `<image_url>` or `YOUR_VOICE_ID`."""
    around = _AROUND.compiled.fullmatch(text.strip())
    name = text.strip() if around is None else next(each for each in around.groups() if each is not None)
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    is_name = around is not None or ("_" in name and not _TELLING.isdisjoint(words))
    is_shortened = re.fullmatch(r"\.{3,}|…", name) is not None
    return is_shortened or (is_name and bool(words) and all(word in _PLACEHOLDER_WORDS for word in words))


def text_of(variable: str, environment: Mapping[str, str]) -> str:
    """The text of a variable without quotes; empty when blank, or a placeholder such as `${A2E_API_TOKEN}`."""
    text = environment.get(variable, "")
    return "" if is_unfilled(variable, text) else bare_token(text) if variable == ACCESS_VARIABLE else unquoted(text)


def is_unfilled(variable: str, text: str) -> bool:
    """Whether a value is a placeholder that was not filled in."""
    return bool(text.strip()) and (is_token_placeholder(text) if variable == ACCESS_VARIABLE else is_placeholder(text))
