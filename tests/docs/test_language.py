"""Banned words: plain, idiomatic English in every message, description, docstring, page and name."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import CHECKOUT

PACKAGE = CHECKOUT / "a2e_mcp"

BANNED: dict[str, str] = {
    # A pattern, and what to write instead.
    r"nobody|somebody|anybody|whoever": "no one, someone, or name the person: the user, the caller",
    r"go(es)? on|going on|go(es)? by (itself|themselves)|went on": "continues, continued, expires",
    r"of the sandbox": "a sandbox job, the sandbox's",
    r"(came|comes?) back": "refunded; returned",
    r"mend(s|ed|ing)?": "fix; problem",
    r"(is|are|was|were|be|been) told": "gets, sees, receives",
    r"ha(s|ve) no use for": "does not use",
    r"(?<!to )handle": "job id",
    r"job handles|handles of": "job ids",
    r"backstage|on stage|the stage|(the|a|one|its|this|same) doors?|doors|the cast|cast of": "the plain word",
    # HOUSE: what the messages used to say.
    r"being started": "Still starting; it continues in the background.",
    r"by itself: ask": "Do not retry automatically. Ask the user, then retry with again=true.",
    r"was looked for": "Not found in the account yet.",
    r"works live|work live|live work": "in live mode",
    r"that is no(?! longer)|is no (job|path|address|url|valid|ordinary|key of|name for)": "Invalid ...; expected ...",
    r"wants its|is a user already|there is no user": "A secret is needed; User ada already exists; User not found: ada",
    r"none came": "Nothing was refunded.",
    r"what (had|has) come": "what was received",
    r"how (an?|one|each|every|the) (\w+ ){1,6}stands": "the state of ...",
    r"asks? a server": "use a server with that token",
    r"unknown rest": "At least 12 credits (the price of speech is unknown).",
    r"whatever its name says": "x.png is a picture; a video is needed.",
    r"no (avatars|voices|backgrounds|languages|jobs|\{\}) fit": "No avatars match.",
    r"other traits": "A2E lists no tone or style",
    r"usually paid": "estimated from your earlier jobs",
    r"a moment ago": "Already made at 13:10",
    r"wherever an? \w+ is wanted": "Avatars, voices and backgrounds may be given by name",
    r"once more": "again",
    r"unless set": "by default",
    r"sandbox only": "The sandbox cannot ...",
    r"met live": "Avatars available for live rooms.",
    r"speaking it takes": "The video will be about 1 s long.",
    r"mistakes? in (it|a2e-mcp)|failed inside a2e-mcp": "Internal error in a2e-mcp while running X",
    r"with its speech": "6 credits (5 video, 1 speech)",
    r"how long, paid": "Seconds, paid in advance",
    r"to whom|to them alone": "plain words",
}
"""What is searched for as whole words, in any case; what stands in `code` counts as well."""

NAMES: dict[str, str] = {
    # What a definition may not be called, in the product and its tests, and what to write instead.
    r"handles?": "job id",
    r"backstage|waiters?|boards?|standing": "services; deadline or caller; transfers; state",
    r"nobody|somebody|anybody|whoever": "no one, someone, or the person",
    r"go(es)? on|went on|(came|comes?) back|mend(s|ed|ing)?": "continues; is refunded or returned; fix, problem",
    r"(is|are|was|were|be|been) told|ha(s|ve) no use for|of the sandbox": "gets, is reported; does not use; sandbox",
}
FOREIGN_NAMES = frozenset({"handle_async_request", "handle_exit"})
"""Names that a library calls."""
SAME_START = ("a2e_mcp/ledger", "a2e_mcp/starts", "a2e_mcp/jobs", "tests/ledger", "tests/starts")
"""Where A2E's video twins are not a subject, so that a twin would be the same start."""

_ANY = re.compile(rf"\b(?:{'|'.join(f'(?:{pattern})' for pattern in BANNED)})\b", re.IGNORECASE)
"""One look for all of them: hardly a text holds any."""
_PATTERNS = {re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE): instead for pattern, instead in BANNED.items()}
_NAME_PATTERNS = {re.compile(rf"\b(?:{pattern})\b"): instead for pattern, instead in NAMES.items()}
_ANY_NAME = re.compile("|".join(pattern.replace(" ", "_?") for pattern in [*NAMES, "twin"]), re.IGNORECASE)
"""One look at a whole source for any spelling of them: hardly a module needs to be parsed."""
_BETWEEN_LITERALS = re.compile(r"""["']\s*[a-z]{0,2}["']|\\\n""", re.IGNORECASE)
_ESCAPED_BREAKS = re.compile(r"\\[nrt]")
_VALUES = re.compile(r"\{[^{}]*\}")
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER)\s+[\w*]", re.DOTALL)
_REGEX = re.compile(r"\\[bdsw]|\(\?")
_GENERATED = re.compile(r"<!-- generated:\w+ -->.*?<!-- /generated -->", re.DOTALL)


def pages() -> list[Path]:
    """The pages for people, the texts of tools and prompts, and all of the package and its deployment but Python."""
    return sorted(
        [
            *CHECKOUT.glob("*.md"),
            *(path for folder in ("docs", "prompts", "examples") for path in (CHECKOUT / folder).glob("*.md")),
            *(path for path in (CHECKOUT / "deploy").rglob("*") if path.is_file()),
            *(path for path in PACKAGE.rglob("*") if path.suffix in {".html", ".js", ".css", ".sql"}),
            CHECKOUT / "server.json",
            PACKAGE / "server" / "tools.json",
        ]
    )


def modules() -> list[Path]:
    return sorted(
        path for folder in ("a2e_mcp", "bench", "docs", "examples") for path in (CHECKOUT / folder).rglob("*.py")
    )


@cache
def tree_of(source: str) -> ast.Module:
    return ast.parse(source)


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """Every sentence of a module with its line: strings, docstrings and comments; `{}` is a value."""
    inner: set[int] = set()
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.JoinedStr):
            # Its parts are walked after it.
            inner.update(map(id, node.values))
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = node.value
        else:
            continue
        # A text without a space is a name; the ledger's columns keep theirs, and a pattern is for what users write.
        if " " in text and not _SQL.search(text) and not _REGEX.search(text):
            yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def may_hold_banned_words(source: str) -> bool:
    """Whether a module must be parsed: its whole source, with the parts of a text joined, is searched first."""
    joined = _VALUES.sub("{}", _ESCAPED_BREAKS.sub(" ", _BETWEEN_LITERALS.sub("", source)))
    return _ANY.search(" ".join(joined.split())) is not None


def banned_in(text: str) -> Iterator[str]:
    """The banned words of a text, with what to write instead."""
    flat = " ".join(text.split())
    if not _ANY.search(flat):
        return
    for pattern, instead in _PATTERNS.items():
        for match in pattern.finditer(flat):
            yield f"{match[0]!r} in {flat[max(0, match.start() - 40) : match.end() + 40]!r}; better: {instead}"


def defined_names(source: str) -> Iterator[tuple[int, str]]:
    """Every name that a module defines, with its line: functions, classes, arguments, variables and attributes."""
    for node in ast.walk(tree_of(source)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case _:
                pass


@cache
def words_of(name: str) -> str:
    """The words of a name: `_lastHandle` and `LAST_HANDLE` are `last handle`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip().lower()


def banned_name(name: str, place: str) -> str | None:
    """What to write instead of a name that is defined in this place; None when it may be used."""
    words = words_of(name)
    if place.startswith(SAME_START) and re.search(r"\btwins?\b", words):
        return "same"
    return None if name in FOREIGN_NAMES else _instead_of(words)


@cache
def _instead_of(words: str) -> str | None:
    return next((instead for pattern, instead in _NAME_PATTERNS.items() if pattern.search(words)), None)


def found_in(path: Path) -> list[str]:
    """The banned words of a file, with what to write instead."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        if not may_hold_banned_words(text):
            return []
        return [f"line {line}: {found}" for line, part in sentences(text) for found in banned_in(part)]
    return list(banned_in(text))


def test_a_file_holds_no_banned_word() -> None:
    found = {path.relative_to(CHECKOUT).as_posix(): found_in(path) for path in [*modules(), *pages()]}
    assert {place: words for place, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "Nobody knows.",
        "3 things to mend",
        "This goes on without you",
        "X is of the sandbox",
        "They go by themselves",
        "It ended by a mistake in a2e-mcp",
        "what had come was removed",
        "A2E has no call that tells how a watermark stands",
        "ask a server that has the token",
        "it is anybody else",
        "The user must be told",
    ],
)
def test_a_planted_word_is_found_in_strings_f_strings_and_docstrings(sentence: str) -> None:
    for source in (
        f'"""{sentence}"""',
        f"x = {sentence!r}",
        f"x = f'{{y}} {sentence}'",
        f"x = {sentence[:9]!r} {sentence[9:]!r}",
        f"x = 1  # {sentence}",
    ):
        assert [found for _, part in sentences(source) for found in banned_in(part)], source
        assert may_hold_banned_words(source), source


def test_no_name_is_made_of_banned_words() -> None:
    found = []
    for path in [*modules(), *CHECKOUT.glob("tests/**/*.py")]:
        place = path.relative_to(CHECKOUT).as_posix()
        source = path.read_text(encoding="utf-8")
        names = [(1, path.stem), *(defined_names(source) if _ANY_NAME.search(source) else ())]
        found += [f"{place}:{line} {name}; better: {bad}" for line, name in names if (bad := banned_name(name, place))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "def by_handle(): ...",
        "async def f(*, waiter): ...",
        "class LastHandle: ...",
        "for handles in (): ...",
        "self._board = 1",
        "import a.jobs as backstage",
        "def test_it_goes_on(): ...",
    ],
)
def test_a_planted_name_is_found(source: str) -> None:
    assert _ANY_NAME.search(source)
    assert [name for _, name in defined_names(source) if banned_name(name, "a2e_mcp/server/x.py")]


def test_a_twin_is_an_avatar_and_never_the_same_start() -> None:
    assert banned_name("_twin", "a2e_mcp/ledger/sqlite.py") == "same"
    assert banned_name("_twin", "a2e_mcp/sandbox/families/avatars.py") is None
    assert banned_name("handle_async_request", "a2e_mcp/network.py") is None


def test_names_and_sql_are_no_sentences() -> None:
    assert list(sentences("row['handles'], 'UPDATE entries SET handles = ?'")) == []
    assert list(banned_in("Handles a request, is handled, and is able to handle it.")) == []
