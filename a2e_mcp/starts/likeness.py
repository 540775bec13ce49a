"""Whose face or voice a start uses: no real person's, a person's, or perhaps one's, judged by the words about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.tool import Inputs, MediaIn
from a2e_mcp.ledger.entry import StoredStart
from a2e_mcp.ledger.job_ids import is_meant_as_job_id, job_ids_in
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.resolve import markers_of, named_values
from a2e_mcp.text import folded

_LONGEST_CHAIN = 6
_WORDS_ABOUT_IT = ("prompt", "title")
_FILES = ("image", "end_image", "reference", "second_reference", "reference_images", "reference_videos", "video")

# Words for a person in a picture, in six languages, without accents; and words that mean one only among others.
_PERSONS = (
    r"\b(?:person|people|man|men|woman|women|boy|girl|child|children|kid|kids|baby|toddler|lady|guy|gentleman|couple"
    r"|mother|father|mom|mum|dad|grandma|grandmother|grandpa|grandfather|daughter|brother|sister|wife|husband|friend"
    r"|boss|colleague|ceo|actor|actress|singer|dancer|teacher|doctor|nurse|bride|groom|celebrity|politician|president"
    r"|selfie|headshot|portrait|menschen|mann|frau|junge|madchen|kinder|gesicht|mutter|vater|oma|opa|freund|freundin"
    r"|personne|homme|femme|garcon|fille|enfant|visage|persona|gente|hombre|mujer|nino|nina|rostro|retrato|madre|padre"
    r"|abuela|abuelo|amigo|amiga|uomo|donna|ragazzo|ragazza|bambino|bambina|viso|volto|ritratto|nonna|nonno|pessoa|homem"
    r"|mulher|menino|menina|crianca|mae)\b"
)
_PERHAPS_PERSONS = (
    r"\b(?:he|she|his|her|him|herself|himself|face|faces|smile|smiles|smiling|winks|laughs|lachelt|lachelnd|winkt|sourit"
    r"|souriant|sonrie|sonriendo|sorride|sorri|sorrindo)\b"
)
_DRAWN = r"\b(?:cartoon|drawing|drawn|illustration|anime|painting|statue|doll|robot|mannequin|puppet|emoji|logo)\b"
_OTHERS = r"\b(?:cat|dog|kitten|puppy|horse|bird|animal|toy|clock|cliff|mountain|rock)s?\b"


def names_person(inputs: Inputs) -> bool:
    """Whether the words of a start speak of a person who is not drawn."""
    given = [str(getattr(inputs, name, None) or "") for name in _WORDS_ABOUT_IT]
    given += [_file_name(text) for name in _FILES for _, text in named_values(name, getattr(inputs, name, None))]
    words = " ".join(given)
    # Underscores and hyphens stand between the words of a file's name.
    text = re.sub(r"[_\W]+", " ", folded(words[:4000]))
    if re.search(_DRAWN, text):
        return False
    return bool(re.search(_PERSONS, text) or (re.search(_PERHAPS_PERSONS, text) and not re.search(_OTHERS, text)))


def _file_name(value: str) -> str:
    """The name of a file without what stands around it: folders, and the random signs of an address, say nothing."""
    if "://" in value:
        value = unquote(re.split(r"[?#]", value)[0])
    return re.split(r"[/\\]", value.rstrip("/\\"))[-1]


async def shows_no_one(job_id: str, ledger: Ledger, *, chain: int = _LONGEST_CHAIN) -> bool:
    """Whether a job's result shows no real person and no one's voice: only A2E's own, and generated pictures."""
    entry = await ledger.by_job_id(job_id)
    start = None if entry is None else await ledger.stored_start(entry.id)
    if start is None or not chain:
        return False
    if any(each.get("own", True) for each in _chosen(start)):
        return False
    for value in _media(start):
        named = job_ids_in(value) if is_meant_as_job_id(value) else []
        if len(named) != 1 or not await shows_no_one(named[0], ledger, chain=chain - 1):
            return False
    return start.kind in ("job", "speech")


def _chosen(start: StoredStart) -> Iterable[Mapping[str, object]]:
    """The avatars and voices of a start, as they were written down."""
    found = start.resolved
    yield from found.get("avatars", {}).values()
    yield from found.get("voices", {}).values()
    if "voice" in found:
        yield found["voice"]


def _media(start: StoredStart) -> Iterable[str]:
    """The files, addresses and jobs that a start was made from."""
    if start.kind != "job":
        return
    fields = catalogue.start_tool(start.family, start.tool).inputs.model_fields
    for name, value in start.inputs.items():
        if name in fields and any(isinstance(each, MediaIn) for each in markers_of(fields[name])):
            yield from (text for _, text in named_values(name, value))
