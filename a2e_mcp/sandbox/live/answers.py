"""Answers to questions from a text that was given before: the sentence, or the A: of a Q:, that fits best.

No model is asked. A sentence is as good as the question's words that it holds, rare ones above all (BM25); other
forms of a word count nearly as much. When it holds too few of them, nothing is answered.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from a2e_mcp.sandbox.protocol.sentences import sentences_of

# Scripts without spaces between words are compared by pairs of letters: Thai to Burmese, kana, Chinese, Korean.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"([{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_PARTICLES = re.compile("[吗呢吧啊呀么的了是谁哪請请问問かのはがをにへ]|什么|怎么|为什么|多少|ですか|ますか")
_TURN = re.compile(r"\s*(?:(?P<asks>q|question|问|問)|(?P<tells>a|answer|答))\s*[:：]\s*", re.IGNORECASE)

_ENDS = (".", "!", "?", "…", "。", "\uff01", "\uff1f")

_LONGEST_CONTEXT = 20_000
_LONGEST_QUESTION = 1_000

# How much of a question must be found, weighed by how rare its words are.
_ENOUGH = 0.4
_KIN, _MATE = 0.8, 0.6
# Forms of one word begin alike: by at least so many letters, and so large a part of the longer one.
_ALIKE_LETTERS, _ALIKE_PART = 4, 0.6
_MOST_KIN = 50
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
    habt haben gibt wir euch euer eure
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
    "öffnen öffnet geöffnet offen öffnungszeiten schließen schließt",
    "abrir abre abren abierto abierta horario cerrar cierra cierran",
    "ouvrir ouvre ouvrez ouvert ouverte horaires fermer ferme",
)


_UNKNOWN = {
    "en": "I was not given anything about that.",
    "de": "Dazu wurde mir nichts gesagt.",
    "es": "No me han dado información sobre eso.",
    "fr": "On ne m'a rien dit à ce sujet.",
    "it": "Non mi è stato detto nulla al riguardo.",
    "pt": "Não recebi nenhuma informação sobre isso.",
    "nl": "Daarover is mij niets verteld.",
    "pl": "Nic mi o tym nie powiedziano.",
    "sv": "Jag har inte fått veta något om det.",
    "da": "Det har jeg ikke fået noget at vide om.",
    "nb": "Det har jeg ikke fått vite noe om.",
    "tr": "Bu konuda bana bilgi verilmedi.",
    "ru": "Мне об этом ничего не сообщили.",
    "zh": "我没有得到这方面的信息。",
    "ja": "それについては何も聞いていません。",
    "ko": "그것에 대해서는 들은 것이 없습니다.",
}


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


def unknown(language: str) -> tuple[str, str]:
    """What is said when nothing was found, in a language or else in English; and which of them it is."""
    return (_UNKNOWN[language], language) if language in _UNKNOWN else (_UNKNOWN["en"], "en")


def answer(context: str, question: str) -> Found | None:
    """The passage of the context that answers the question, or None when none comes near."""
    asked = set(_stems(_PARTICLES.sub(" ", question[:_LONGEST_QUESTION]))) - _SILENT
    passages = list(_passages(context[:_LONGEST_CONTEXT]))
    if not asked or not passages:
        return None
    held = Counter(word for passage in passages for word in passage.words)
    rarity = {word: 1 + math.log((len(passages) + 1) / (held[word] + 1)) for word in asked | set(held)}
    others = _others(asked, held)
    # A word that only another stands for is no rarer than that one.
    for word in asked:
        rarity[word] = min([rarity[word], *(rarity[other] for other in others[word])])
    usual = sum(passage.length for passage in passages) / len(passages)
    best = max(passages, key=lambda passage: _score(others, passage, rarity, usual))
    found = sum(rarity[word] * _match(word, others[word], best)[1] for word in asked)
    covered = found / sum(rarity[word] for word in asked)
    return Found(best.text, round(covered, 2)) if covered >= _ENOUGH else None


def _others(asked: set[str], held: Counter[str]) -> dict[str, dict[str, float]]:
    """For each word that is asked about, the words of the context that may stand for it, and what they count."""
    beginning: dict[str, list[str]] = {}
    for word in held:
        if len(word) >= _ALIKE_LETTERS and word.isalpha():
            beginning.setdefault(word[:_ALIKE_LETTERS], []).append(word)
    others = {}
    for word in asked:
        mates = {mate: _MATE for mate in _MATES_OF.get(word, ()) if mate in held}
        near = beginning.get(word[:_ALIKE_LETTERS], ()) if word.isalpha() else ()
        kin = [other for other in near if other != word and _are_forms(word, other)]
        others[word] = mates | dict.fromkeys(kin[:_MOST_KIN], _KIN)
    return others


def _are_forms(one: str, other: str) -> bool:
    alike = max(_ALIKE_LETTERS, math.ceil(_ALIKE_PART * max(len(one), len(other))))
    return one[:alike] == other[:alike]


def _score(others: dict[str, dict[str, float]], passage: _Passage, rarity: dict[str, float], usual: float) -> float:
    length = 1 - _BY_LENGTH + _BY_LENGTH * passage.length / usual
    total = 0.0
    for word, instead in others.items():
        times, weight = _match(word, instead, passage)
        total += weight * rarity[word] * times * (_REPEATS + 1) / (times + _REPEATS * length)
    return total


def _match(word: str, others: dict[str, float], passage: _Passage) -> tuple[int, float]:
    """How often a word, or else one that may stand for it, is in a passage, and what that counts."""
    if word in passage.words:
        return passage.words[word], 1.0
    found = [(weight, passage.words[other]) for other, weight in others.items() if other in passage.words]
    weight, times = max(found, default=(0.0, 0))
    return times, weight


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
        elif asks and tells.strip() and _stands_alone(line, tells):
            yield asks.strip(), tells.strip()
            asks, tells = "", line
        else:
            tells = f"{tells}\n{line}"
    if tells.strip():
        yield asks.strip(), tells.strip()


def _stands_alone(line: str, before: str) -> bool:
    """Whether a line below an answer is a fact of its own: after an empty line, or when the answer was at its end."""
    begins_anew = not line.strip()[:1].islower()
    return not line.strip() or (begins_anew and before.rstrip().endswith(_ENDS))


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
