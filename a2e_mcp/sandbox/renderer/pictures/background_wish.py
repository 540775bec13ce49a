"""What a prompt asks of the background of a picture: to be removed, of one colour, blurred, or another place."""

import re
from dataclasses import dataclass
from typing import Literal

from a2e_mcp.sandbox.renderer.pictures.picture import Colour
from a2e_mcp.sandbox.renderer.pictures.wishes import COLOURS
from a2e_mcp.sandbox.renderer.rendering.prompts import in_english

WHITE: Colour = (255, 255, 255)
_PLAIN: dict[str, Colour] = {"white": WHITE, "black": (0, 0, 0), "grey": (128, 128, 128), "gray": (128, 128, 128)}
_COLOURS = _PLAIN | COLOURS

_ARTICLES = r"(?:(?:the|its|his|her|their|my|this|that|an?|all|whole|entire|den|der|le|la|el|il|lo|o|de|het) |l['’])*"
_WORD = r"back(?:ground|drop)s?\b"
_GROUND = _ARTICLES + _WORD
_NAMES = "|".join(_COLOURS)
_SHADE = r"(?:(?:plain|solid|pure|clean|simple|bright|dark|light|deep|uniform|studio) )*"
_LEAD = r"(?:(?:an?|the|in|into|to|on|is|be|should be|with|against|before|in front of|colou?red|を|:|=|-) ?)*"
_COLOUR = re.compile(
    rf"\b(?:on |with |against |before |in front of |onto )?(?:an? |the )?{_SHADE}(?P<before>{_NAMES}) {_SHADE}{_WORD}"
    rf"|{_GROUND} ?{_LEAD}{_SHADE}(?P<after>{_NAMES})\b",
    re.IGNORECASE,
)
_BLURRED = re.compile(
    rf"\bblur\w* (?:out )?{_GROUND}|{_GROUND} (?:\w+ ){{0,2}}(?:blur\w*|out of focus)"
    rf"|\b(?:blurr(?:ed|y)|out[- ]of[- ]focus) {_WORD}|\bbokeh\b|\bshallow depth of field\b",
    re.IGNORECASE,
)
_REPLACED = re.compile(
    rf"(?:\b(?:replac|chang|swap|exchang|turn|mak|set)\w* )?{_GROUND} ?(?:with|to|by|into|for|as|of|is|an|a|:) ?"
    r"(?:be )?(?P<after>[^.,;\n]{3,200})"
    r"|\b(?:with|on|against|before|onto|in front of) (?:an? |the )?(?P<before>[^.,;\n]{3,60}?) (?:as (?:the )?)?"
    rf"{_WORD}",
    re.IGNORECASE,
)
_TAKE_AWAY = (
    r"(?:remov\w*|delet\w*|eras\w*|get rid of|take away|strip(?: away| off)?|drop|clear|without|no|cut(?:ting)? out"
    r"|cut(?:ting)? away|knock out)"
)
_SHOWN = r"(?:the |her |him |me |this )?(?:person|subject|product|object)\b"
_REMOVED = re.compile(
    rf"\b{_TAKE_AWAY} {_GROUND}|{_GROUND} (?:\w+ )?(?:remov\w+|delet\w+|transparent|gone)|\btransparent {_WORD}"
    rf"|\bback(?:ground|drop)[- ](?:free|less)\b|\bcut(?:ting)? out {_SHOWN}|\bisolat\w+ {_SHOWN}",
    re.IGNORECASE,
)
_DENIED = re.compile(r"(?:\b(?:not|never|without)|n['’]t)(?: \w+)? $", re.IGNORECASE)


@dataclass(frozen=True)
class BackgroundWish:
    """What becomes of a background; `rest` is the prompt without it, `place` what a new one shows."""

    kind: Literal["removed", "colour", "blurred", "replaced"]
    rest: str
    colour: Colour = WHITE
    name: str = ""
    place: str = ""


def read_background_wish(prompt: str) -> BackgroundWish | None:
    """What a prompt asks of the background; None when it asks nothing of it, or to leave it as it is."""
    text = " ".join(in_english(prompt).split())
    for kind, pattern in (("colour", _COLOUR), ("blurred", _BLURRED), ("removed", _REMOVED), ("replaced", _REPLACED)):
        for match in pattern.finditer(text):
            if _DENIED.search(text[: match.start()]):
                continue
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            named = next((each for each in match.groupdict().values() if each), "")
            match kind:
                case "colour":
                    return BackgroundWish("colour", rest, _COLOURS[named.lower()], named.lower())
                case "blurred":
                    return BackgroundWish("blurred", rest)
                case "removed":
                    return BackgroundWish("removed", rest)
                case _:
                    return BackgroundWish("replaced", rest, place=named)
    return None
