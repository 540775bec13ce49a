"""Values of settings that a host did not fill in, and what is copied along with a value."""

from __future__ import annotations

import re

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
# As hosts, shells, templates and password managers write what they are to fill in.
_FORMS = re.compile(
    r"\$\{.*|.*\$\{[^}]*\}.*|.*\{\{.*\}\}.*|\{[^{}]*\}|\$\(.*\)|<.*>|%\w+%|\$(env:)?[A-Za-z_]\w*|\[[^\[\]]*\]|__\w+__"
    r"|#\{.*\}#?|@\w*\(.*\)|\(\(.*\)\)|(env|op|vault|secret|keychain|input|file)://?.*",
    re.DOTALL | re.IGNORECASE,
)
_COPIED_WITH_A_TOKEN = re.compile(
    r"(export\s+)?A2E_API_TOKEN\s*[=:]\s*|(Authorization\s*:\s*)?Bearer\s*:?\s+|Authorization\s*:\s*", re.IGNORECASE
)
_SHORTENED = re.compile(r"\.{2,}|…|\*{2,}|•")
_FILLERS = re.compile(r"x{3,}|0{6,}|y{3,}|z{3,}|abc|abcdef|12345\d*|\W*", re.IGNORECASE)
_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a a2e access actual add api apikey change changeme copy dummy enter example fill from goes here in insert is"
        " it key me my none null of paste placeholder put real replace secret set sk tbd the this todo token undefined"
        " user value with you your yours",
    )
)


def unquoted(text: str) -> str:
    """A value without spaces and pairs of quotes around it."""
    text = text.strip()
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def is_placeholder(text: str) -> bool:
    """Whether a value has the form of something that was to be filled in, such as `${A2E_FILES}`."""
    return _FORMS.fullmatch(unquoted(text)) is not None


def bare_token(text: str) -> str:
    """A token without quotes, the word Bearer, or the name of its variable."""
    before = ""
    while text != before:
        before, text = text, unquoted(_COPIED_WITH_A_TOKEN.sub("", unquoted(text), count=1))
    return text


def is_token_placeholder(text: str) -> bool:
    """Whether a token has the form of an example, such as `<your-token>` or `sk_...`."""
    token = bare_token(text)
    if is_placeholder(token) or _SHORTENED.search(token):
        return True
    words = [word for word in re.split(r"[\s_.:-]+", token.lower()) if word]
    return all(word in _WORDS or _FILLERS.fullmatch(word) for word in words)
