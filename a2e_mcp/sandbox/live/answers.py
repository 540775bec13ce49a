"""Answers to questions from a text: the sentence, or the A: of a Q:, that holds most of the question's words.

No model is asked. Rare words count more than frequent ones. A passage with too few of them is no answer.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from a2e_mcp.sandbox.protocol.sentences import sentences_of

# Scripts without spaces between words are compared by pairs of letters: Thai to Burmese, kana, Chinese, Korean.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"([{_UNSPACED}]+)|[^\W_{_UNSPACED}]+")
_PARTICLES = re.compile("[吗呢吧啊呀么的了是谁哪請请问問かのはがをにへ]|什么|怎么|为什么|多少|ですか|ますか")
_TURN = re.compile(r"\s*(?:(?P<question>q|question|问|問)|a|answer|答)\s*[:：]\s*", re.IGNORECASE)
# Where a turn begins inside of a line that began with a question.
_INNER_TURN = re.compile(r"\s+(?=(?:Q|A|Question|Answer|问|問|答)\s*[:：])")
_SENTENCE_END = re.compile(r"[.!?…。\uff01\uff1f]\s*$")
_ENDINGS = re.compile(r"(?<=...)(ations?|at(?:ed|es|ing)|ings?|ions?|ies|(?<!s)s|es|ed|[eyi])$")

_LONGEST_CONTEXT = 20_000
_LONGEST_QUESTION = 1_000

# How much of a question a passage must hold, weighed by how rare its words are.
_ENOUGH = 0.4
# Two words that begin alike for so long are forms of one word.
_STEM = 6

# Words that nearly every question holds, in the languages most asked in.
_COMMON_WORDS = """
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
_SYNONYMS = (
    "where address located location street situated",
    "price cost fee pay expensive",
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


def unknown(language: str) -> tuple[str, str]:
    """The sentence for a question without an answer, in a language or else in English, and which of them it is."""
    return (_UNKNOWN[language], language) if language in _UNKNOWN else (_UNKNOWN["en"], "en")


def answer(context: str, question: str) -> str | None:
    """The passage of the context that answers the question, or None when none comes near."""
    asked = _stems(_PARTICLES.sub(" ", question[:_LONGEST_QUESTION])) - _COMMON
    passages = [(text, _stems(words)) for text, words in _passages(context[:_LONGEST_CONTEXT])]
    if not asked or not passages:
        return None
    held = Counter(word for _, words in passages for word in words & asked)
    rarity = {word: 1 + math.log((len(passages) + 1) / (held[word] + 1)) for word in asked}

    def covered(passage: tuple[str, set[str]]) -> float:
        return sum(rarity[word] for word in asked & passage[1]) / sum(rarity.values())

    best = max(passages, key=covered)
    return best[0] if covered(best) >= _ENOUGH else None


def _passages(context: str) -> Iterator[tuple[str, str]]:
    """Answers with the words of their questions and their own, and the sentences that answer no question."""
    for question, text in _turns(context):
        if question:
            yield text, f"{question} {text}"
        else:
            yield from ((sentence.strip(), sentence) for sentence in sentences_of(text) if sentence.strip())


def _turns(context: str) -> Iterator[tuple[str, str]]:
    """Questions with their answers, and what stands before and between without a question."""
    question, text, is_question = "", "", False
    # The last turn, an empty question, ends the one before.
    for line in [*_lines(context), "Q:"]:
        turn = _TURN.match(line)
        answer_ends = question and not is_question and (not line.strip() or _SENTENCE_END.search(text))
        if (turn and turn["question"]) or (answer_ends and not turn):
            if text.strip():
                yield question.strip(), text.strip()
            question, text, is_question = "", "", bool(turn)
        elif turn:
            is_question = False
        rest = line[turn.end() :] if turn and (question or is_question) else line
        if is_question:
            question = f"{question}\n{rest}"
        else:
            text = f"{text}\n{rest}"


def _lines(context: str) -> Iterator[str]:
    """The lines of a context; questions and answers that stand in one line are lines of their own."""
    for line in context.splitlines():
        turn = _TURN.match(line)
        yield from _INNER_TURN.split(line) if turn and turn["question"] else [line]


def _stems(text: str) -> set[str]:
    """The words of a text without their endings, synonyms as one word."""
    stems: set[str] = set()
    for word in _WORD.finditer(unicodedata.normalize("NFKC", text).casefold()):
        if word[1]:
            stems.update(word[1][at : at + 2] for at in range(max(1, len(word[1]) - 1)))
        else:
            stem = _stem(word[0])
            stems.add(_SYNONYM_OF.get(stem, stem))
    return stems


def _stem(word: str) -> str:
    """The part of a word that its forms share, roughly."""
    if not word.isalpha():
        return word
    stem = _ENDINGS.sub("", _ENDINGS.sub("", word))
    if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "aeiou":
        stem = stem[:-1]
    return stem[:_STEM]


_SYNONYM_OF = {
    stem: group[0] for group in ([_stem(word) for word in line.split()] for line in _SYNONYMS) for stem in group
}
_COMMON = frozenset(_stem(word) for word in _COMMON_WORDS.split()) - {_stem("where")}
