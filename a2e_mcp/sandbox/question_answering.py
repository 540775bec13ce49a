"""Answers to questions from a text that was given before: the sentence, or the A: of a Q:, that fits best.

No model is asked. A sentence is as good as the question's words that it holds, rare ones above all (BM25); when it
holds too few of them, nothing is answered.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from a2e_mcp.sandbox.sentences import sentences_of

# Scripts without spaces between words are compared by pairs of letters: Thai to Burmese, kana, Chinese, Korean.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"([{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_PARTICLES = re.compile("[吗呢吧啊呀么的了是谁哪請请问問かのはがをにへ]|什么|怎么|为什么|多少|ですか|ますか")
_TURN = re.compile(r"\s*(?:(?P<asks>q|question|问|問)|(?P<tells>a|answer|答))\s*[:：]\s*", re.IGNORECASE)

_LONGEST_CONTEXT = 20_000
_LONGEST_QUESTION = 1_000

# How much of a question must be found, weighed by how rare its words are.
_ENOUGH = 0.4
_MATE = 0.6
_ASKED_BEFORE = 2

_REPEATS, _BY_LENGTH = 1.2, 0.75

# Words that nearly every question holds, in the languages most asked in.
_SAYS_NOTHING = """
    a an the is are was were be been am of to in on at for from and or if do does did done you your yours i me my we us
    our it its this that these those there here can could may might will would shall should have has had how what when
    who which whose why with by about any some please tell know want like get need item items thing things something
    anything much many
    el la los las un una de del en y o que como cual cuando es son su sus tu mi puedo puede hay se por para con
    le les une des du et ou est sont vous votre vos je mon quel quelle quand comment puis peut avec pour dans sur
    der die das ein eine einen und oder ist sind ihr ihre ich mein wie was wann kann man mit im am zu den dem
"""

# Words that stand for each other in the questions people ask a shop, a host or a teacher; `where` asks for a place.
_MATES = (
    "where address located location street situated",
    "price cost fee charge pay expensive",
    "hours open close",
    "ship deliver dispatch",
    "return refund exchange",
    "phone telephone call number",
    "email mail contact write",
    "cancel terminate unsubscribe",
    "begin start commence",
    "buy purchase order",
)


@dataclass(frozen=True)
class Found:
    """An answer, and how much of the question it covers, 0 to 1."""

    text: str
    covered: float


@dataclass(frozen=True)
class _Passage:
    text: str
    words: Counter[str]
    length: int


def answer(context: str, question: str) -> Found | None:
    """The passage of the context that answers the question, or None when none comes near."""
    asked = set(_stems(_PARTICLES.sub(" ", question[:_LONGEST_QUESTION]))) - _SILENT
    passages = list(_passages(context[:_LONGEST_CONTEXT]))
    if not asked or not passages:
        return None
    held = Counter(word for passage in passages for word in passage.words)
    rarity = {word: 1 + math.log((len(passages) + 1) / (held[word] + 1)) for word in asked | set(held)}
    # A word that only a mate of it stands for is no rarer than that mate.
    for word in asked:
        rarity[word] = min([rarity[word], *(rarity[mate] for mate in _MATES_OF.get(word, ()) if mate in held)])
    usual = sum(passage.length for passage in passages) / len(passages)
    best = max(passages, key=lambda passage: _score(asked, passage, rarity, usual))
    covered = sum(rarity[word] * _match(word, best)[1] for word in asked) / sum(rarity[word] for word in asked)
    return Found(best.text, round(covered, 2)) if covered >= _ENOUGH else None


def _score(asked: set[str], passage: _Passage, rarity: dict[str, float], usual: float) -> float:
    length = 1 - _BY_LENGTH + _BY_LENGTH * passage.length / usual
    total = 0.0
    for word in asked:
        times, weight = _match(word, passage)
        total += weight * rarity[word] * times * (_REPEATS + 1) / (times + _REPEATS * length)
    return total


def _match(word: str, passage: _Passage) -> tuple[int, float]:
    """How often a word, or else one that may stand for it, is in a passage, and what that counts."""
    if word in passage.words:
        return passage.words[word], 1.0
    times = max((passage.words[mate] for mate in _MATES_OF.get(word, ()) if mate in passage.words), default=0)
    return times, _MATE if times else 0.0


def _passages(context: str) -> Iterator[_Passage]:
    for asks, tells in _turns(context):
        if asks:
            words = Counter(_stems(asks) * _ASKED_BEFORE + _stems(tells))
            yield _passage(tells, words)
        else:
            for sentence in sentences_of(tells):
                yield _passage(sentence.strip(), Counter(_stems(sentence)))


def _passage(text: str, words: Counter[str]) -> _Passage:
    for word in _SILENT & set(words):
        del words[word]
    return _Passage(text, words, max(1, sum(words.values())))


def _turns(context: str) -> Iterator[tuple[str, str]]:
    """Questions with their answers, and what stands before and between without a question."""
    asks, tells, is_asking = "", "", False
    for line in context.splitlines():
        turn = _TURN.match(line)
        if turn is not None and turn["asks"]:
            if tells.strip():
                yield asks.strip(), tells.strip()
            asks, tells, is_asking = line[turn.end() :], "", True
        elif turn is not None and asks:
            tells, is_asking = f"{tells}\n{line[turn.end() :]}", False
        elif is_asking:
            asks = f"{asks}\n{line}"
        else:
            tells = f"{tells}\n{line}"
    if tells.strip():
        yield asks.strip(), tells.strip()


def _stems(text: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        letters = word[0]
        if word[1]:
            found.extend(letters[at : at + 2] for at in range(max(1, len(letters) - 1)))
        else:
            found.append(_stem(letters))
    return found


def _stem(word: str) -> str:
    """A word without the endings that its forms differ in; not pretty, but the same for all of them."""
    for ending in ("ations", "ation", "ings", "ing", "ions", "ion", "ies", "ed", "es", "s"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    if len(word) > 4 and word.endswith("at"):
        word = word[:-2]
    return word[:-1] if len(word) > 3 and word[-1] in "eyi" else word


_SILENT = frozenset(_stem(word) for word in _SAYS_NOTHING.split()) - {_stem("where")}
_MATES_OF = {
    stem: [mate for mate in group if mate != stem]
    for group in ([_stem(word) for word in line.split()] for line in _MATES)
    for stem in group
}
