"""How people and hosts write the values of inputs: names of choices, measures with their unit, ids, empty words.

A field declares what it allows with these markers; the server reads them in one step before validation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core.core_schema import CoreSchema, literal_schema


@dataclass(frozen=True, slots=True)
class Label:
    """Marks a short text, such as a title, in which `null` written as text means that there is none."""


@dataclass(frozen=True, slots=True)
class JobRef:
    """Marks an input that names a job."""


@dataclass(frozen=True, slots=True)
class RecordRef:
    """Marks an input that names a stored record, by id or by name."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Marks a name that narrows a list, in which words such as `all` or `*` mean that it is not narrowed."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Restricts a text to choices that are derived from other declarations, as `Literal` does to written ones."""

    values: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return literal_schema([*self.values])


@dataclass(frozen=True, slots=True)
class ZeroMeansNone:
    """Marks a number whose 0 means that it is left out, as hosts send it that fill in every field."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Marks a number that may come with its unit: the words for it, in lower case, and how many of ours they are.

    With `alone` a word without a number stands for one, as in `last week`; with `relative` a signed percentage is
    added to one, as `+20%` is 1.2. `sense` says what a number means, to those who gave none.
    """

    words: Mapping[str, float]
    clock: bool = False
    alone: bool = False
    relative: bool = False
    sense: str = ""


@dataclass(frozen=True, slots=True)
class OthersArguments:
    """Marks an object that holds the arguments of another tool; these may also stand beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Spellings:
    """Marks a choice that has other names too, all in lower case and without spaces, hyphens and accents.

    `of_size` gives the choice for a width and a height, which may be pixels or a ratio; `groups` are words for several
    choices, where a list of them is taken.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_size: Callable[[float, float], str | None] | None = None


Name: TypeAlias = Annotated[str, Label()]
"""A text that is a title or a name."""

FilterName: TypeAlias = Annotated[str, Label(), Filter()]
"""A name that narrows a list."""

Several: TypeAlias = Annotated[
    list[Annotated[str, RecordRef()]], Field(min_length=1, max_length=20), WithJsonSchema({"type": "string"})
]
"""Records named by id or name: a list, or one text with commas, as the schema says."""

SeveralJobs: TypeAlias = Annotated[
    list[Annotated[str, JobRef()]], Field(min_length=1, max_length=20), WithJsonSchema({"type": "string"})
]
"""Jobs, as `Several` takes records."""

SECONDS = Unit(
    {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "segundos", "secondes"), 1.0),
        **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten", "minutos"), 60.0),
        **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    },
    clock=True,
)
DAYS = Unit(
    {
        **dict.fromkeys(("d", "day", "days", "tag", "tage", "tagen", "jour", "jours", "dia", "dias"), 1.0),
        **dict.fromkeys(("w", "week", "weeks", "woche", "wochen", "semaine", "semaines", "semana", "semanas"), 7.0),
        **dict.fromkeys(("month", "months", "monat", "monate", "monaten", "mois", "mes", "meses"), 30.0),
        **dict.fromkeys(("year", "years", "jahr", "jahre", "jahren", "ans", "annee", "annees", "ano", "anos"), 365.0),
    },
    alone=True,
)
CREDITS = Unit(dict.fromkeys(("credit", "credits", "coin", "coins"), 1.0))
PIXELS = Unit(dict.fromkeys(("p", "i", "px", "pixel", "pixels"), 1.0))
TIMES = Unit({**dict.fromkeys(("x", "×", "times"), 1.0), "%": 0.01})
PACE = Unit(TIMES.words, relative=True, sense="1 is as usual, and 1.2 a fifth faster")
COUNT = Unit(
    dict.fromkeys(
        ("x", "×", "times", "clip", "clips", "video", "videos", "image", "images", "picture", "pictures"), 1.0
    )
)
DEGREES = Unit(dict.fromkeys(("°", "deg", "degree", "degrees"), 1.0))

_NEAR = 0.02


def _shape_of(width: float, height: float) -> str | None:
    ratios = {"landscape": 16 / 9, "portrait": 9 / 16, "square": 1.0}
    return next((shape for shape, ratio in ratios.items() if abs(width / height - ratio) < _NEAR), None)


def _shorter_side(width: float, height: float) -> str:
    return f"{min(width, height):.15g}"


SHAPES = Spellings(
    {
        **dict.fromkeys(
            ("horizontal", "wide", "widescreen", "youtube", "querformat", "quer", "paysage", "apaisado", "orizzontale"),
            "landscape",
        ),
        **dict.fromkeys(
            ("horizontale", "paisaje", "paesaggio", "tv", "television", "cinema", "desktop", "1.78"),
            "landscape",
        ),
        **dict.fromkeys(
            ("vertical", "upright", "tall", "tiktok", "reel", "reels", "shorts", "story", "stories", "hochformat"),
            "portrait",
        ),
        **dict.fromkeys(("verticale", "phone", "mobile", "smartphone", "hochkant", "retrato", "ritratto"), "portrait"),
        **dict.fromkeys(
            ("youtubeshort", "youtubeshorts", "instagramreel", "instagramreels", "igreel", "igreels", "instagramstory"),
            "portrait",
        ),
        **dict.fromkeys(("横", "横屏", "横版", "横长", "横長", "横向き"), "landscape"),
        **dict.fromkeys(("vertikal", "竖屏", "竖版", "竖", "縦", "縦長", "縦型", "縦向き"), "portrait"),
        **dict.fromkeys(("正方形", "方形", "スクエア"), "square"),
        **dict.fromkeys(("squared", "quadratic", "quadrat", "quadratisch", "carre", "cuadrado", "quadrado"), "square"),
    },
    of_size=_shape_of,
)
RESOLUTIONS = Spellings(
    {"sd": "480", "hd": "720", "hdready": "720", "fhd": "1080", "fullhd": "1080"}, of_size=_shorter_side
)
_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21", "4:5", "5:4")
_OF_SHAPE = {"landscape": "16:9", "portrait": "9:16", "square": "1:1"}
_OF_SHORTER_SIDE = {480: "480p", 720: "720p", 768: "768p", 1024: "1k", 1080: "1080p", 2048: "2k", 2160: "4k"}


def _ratio_of(width: float, height: float) -> str | None:
    wanted = width / height
    ratios = ((ratio, int(across) / int(down)) for ratio in _RATIOS for across, down in [ratio.split(":")])
    return next((ratio for ratio, value in ratios if abs(wanted / value - 1) < _NEAR), None)


def _size_of(width: float, height: float) -> str | None:
    return _OF_SHORTER_SIDE.get(round(min(width, height)))


ASPECT_RATIOS = Spellings(
    {**{word: _OF_SHAPE[shape] for word, shape in SHAPES.names.items()}, **_OF_SHAPE, "adaptive": "auto"},
    of_size=_ratio_of,
)
SIZES = Spellings(
    {
        **{"sd": "480p", "480": "480p", "hd": "720p", "hdready": "720p", "720": "720p", "768": "768p"},
        **{"fhd": "1080p", "fullhd": "1080p", "1080": "1080p", "uhd": "4k", "2160p": "4k"},
    },
    of_size=_size_of,
)
GENDERS = Spellings(
    {
        **dict.fromkeys(
            ("f", "w", "woman", "women", "females", "girl", "lady", "weiblich", "frau", "femme", "feminin"), "female"
        ),
        **dict.fromkeys(("she", "her", "hers", "sheher", "femalevoice", "womansvoice", "女", "女性"), "female"),
        **dict.fromkeys(
            ("feminine", "femenino", "femenina", "mujer", "femminile", "donna", "feminino", "mulher"), "female"
        ),
        **dict.fromkeys(
            ("m", "man", "men", "males", "boy", "guy", "mannlich", "mann", "homme", "masculin", "masculine"), "male"
        ),
        **dict.fromkeys(("he", "him", "his", "hehim", "malevoice", "mansvoice", "masc", "男", "男性"), "male"),
        **dict.fromkeys(("masculino", "hombre", "maschile", "uomo", "homem"), "male"),
    }
)
OWNERS = Spellings(
    {
        **dict.fromkeys(("mine", "my", "me", "custom", "private", "user", "personal", "cloned", "owned"), "own"),
        **dict.fromkeys(("a2e", "a2es", "stock", "system", "builtin", "shared", "others"), "public"),
    }
)
STATES = Spellings(
    {
        **dict.fromkeys(("pending", "waiting", "initialized", "inqueue", "scheduled"), "queued"),
        **dict.fromkeys(
            ("processing", "inprogress", "started", "active", "ongoing", "working", "rendering", "underway"), "running"
        ),
        **dict.fromkeys(("stillrunning", "busy", "laufend", "encours", "enproceso", "encurso"), "running"),
        **dict.fromkeys(("进行中", "运行中", "处理中", "処理中", "実行中"), "running"),
        **dict.fromkeys(("排队中", "等待中", "待機中", "wartend", "enattente", "enespera"), "queued"),
        **dict.fromkeys(("完成", "已完成", "成功", "完了"), "succeeded"),
        **dict.fromkeys(("失败", "失敗"), "failed"),
        **dict.fromkeys(
            ("success", "successful", "succeed", "completed", "complete", "done", "finished", "ready", "ok"),
            "succeeded",
        ),
        **dict.fromkeys(("fertig", "erfolgreich", "termine", "terminee", "terminado", "completado"), "succeeded"),
        **dict.fromkeys(("failure", "fail", "error", "errored", "refused", "unsuccessful"), "failed"),
        **dict.fromkeys(("fehlgeschlagen", "echoue", "fallido"), "failed"),
        **dict.fromkeys(("lost", "unclear", "uncertain"), "unknown"),
    },
    groups={
        **dict.fromkeys(
            ("unfinished", "notfinished", "incomplete", "notdone", "notended", "notcomplete", "open", "unended"),
            ("queued", "running", "unknown"),
        ),
        **dict.fromkeys(("current", "alive", "live", "inflight", "outstanding"), ("queued", "running", "unknown")),
        **dict.fromkeys(("ended", "over", "terminated", "closed"), ("succeeded", "failed")),
    },
)
UNTIL = Spellings(
    {
        **dict.fromkeys(("any", "one", "either", "anyof", "anyone", "next", "firstend", "race"), "first"),
        **dict.fromkeys(
            ("every", "each", "both", "everything", "everyone", "allof", "alljobs", "last", "allend", "alldone"), "all"
        ),
        **dict.fromkeys(("done", "complete", "completed", "finished", "end", "theend"), "all"),
    }
)
CORNERS = Spellings(
    {
        **{
            spelling: f"{vertical}_{side}"
            for vertical, words in (("bottom", ("bottom", "lower")), ("top", ("top", "upper")))
            for side in ("left", "right")
            for word in words
            for spelling in (f"{word}{side}corner", f"{word}{side}", f"{side}{word}", f"{side}{word}corner")
        },
        **dict.fromkeys(("untenrechts", "rechtsunten", "abajoaladerecha", "enbasadroite", "右下"), "bottom_right"),
        **dict.fromkeys(("untenlinks", "linksunten", "abajoalaizquierda", "enbasagauche", "左下"), "bottom_left"),
        **dict.fromkeys(("obenrechts", "rechtsoben", "arribaaladerecha", "enhautadroite", "右上"), "top_right"),
        **dict.fromkeys(("obenlinks", "linksoben", "arribaalaizquierda", "enhautagauche", "左上"), "top_left"),
        **dict.fromkeys(("centre", "middle", "centered", "centred", "mitte", "centro", "中央"), "center"),
        **{"br": "bottom_right", "bl": "bottom_left", "tr": "top_right", "tl": "top_left"},
    }
)
YES = (
    *("true", "yes", "y", "on", "1", "t", "enabled", "enable", "checked", "wahr", "vrai", "verdadero"),
    *("ja", "oui", "si", "sim", "да", "tak", "evet", "是", "是的", "はい", "예", "네", "نعم", "हाँ", "हां"),
)
NO = (
    *("false", "no", "n", "off", "0", "f", "disabled", "disable", "unchecked", "falsch", "faux", "falso"),
    *("nein", "non", "não", "нет", "nie", "nee", "hayır", "否", "不", "いいえ", "아니요", "لا", "नहीं"),
)
