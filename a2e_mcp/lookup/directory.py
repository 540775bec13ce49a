"""The account's avatars, voices, backgrounds and languages, found by name or id."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Self, TypeVar

from a2e_mcp.catalogue import avatar_training, backgrounds, voices
from a2e_mcp.catalogue import avatars as avatar_calls
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.tool import AvatarChoice, BackgroundChoice, VoiceChoice
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import ServiceError
from a2e_mcp.ledger.job_ids import looks_like_job_id
from a2e_mcp.lookup.languages import Language, regions_of, unknown_language, written_code
from a2e_mcp.lookup.names import Candidate, exact_matches, exactly_one, pick_one
from a2e_mcp.text import folded

_CACHE_SECONDS = 120.0
_PUBLIC_CACHE_SECONDS = 3600.0
"""Seconds for A2E's own voices and languages, which take many requests and rarely change."""
_AT_ONCE = 8
_HEX_ID = re.compile(r"[0-9a-fA-F]{24}")
_IN_A_LANGUAGE = re.compile(r"(.+?)\s*\(([^()]+)\)")
_BEFORE_A_CODE = re.compile(r"(.+?)[\s,\u2013\u2014-]+([a-z]{2,3}[-_][A-Z]{2})")
_BESIDE_A_LANGUAGE = frozenset({"female", "male", "own", "a2e's"})
_FIRST_LOOKED_IN = "en-US"
_FIND_AVATARS = "Call list_avatars to find one"
_FIND_VOICES = "Call list_voices to find one"
_FIND_OWN_VOICES = "Call list_voices with owner=own to find one"


T = TypeVar("T")
C = TypeVar("C", VoiceChoice, AvatarChoice)


class Listed(tuple[T, ...]):
    """The rows of a list, and how many more could not be read."""

    unread: int

    def __new__(cls, rows: Iterable[T] = (), unread: int = 0) -> Self:
        """A list of these rows."""
        listed = super().__new__(cls, rows)
        listed.unread = unread
        return listed


class Directory:
    """Finds records by name or id; the account's lists are cached for two minutes, A2E's own for an hour."""

    def __init__(self, client: A2EClient, *, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._kept: dict[str, tuple[float, object]] = {}
        self._incomplete: set[str] = set()
        self._seen_voices: dict[str, VoiceChoice] = {}
        self._seen_languages: Sequence[Language] = ()

    def forget(self) -> None:
        """Drop the account's lists; called when an avatar, a voice or a background has changed."""
        for key in ("avatars", "clones"):
            self._kept.pop(key, None)

    async def avatars(self) -> Listed[AvatarChoice]:
        """Every avatar: the account's own first."""
        return await self._keep("avatars", self._read_avatars)

    async def languages(self) -> Listed[Language]:
        """Every language and region."""
        return await self._keep("languages", self._read_languages, _PUBLIC_CACHE_SECONDS)

    async def own_voices(self) -> Listed[VoiceChoice]:
        """The account's finished voice clones."""
        return await self._keep("clones", self._read_clones)

    async def public_voices(self, language: Language) -> Listed[VoiceChoice]:
        """A2E's voices for one language and region."""
        return await self._keep(f"voices {language.code}", lambda: self._read_voices(language), _PUBLIC_CACHE_SECONDS)

    async def avatar(self, text: str) -> AvatarChoice:
        """The avatar of this name, anchor id, training id or training job id.

        Raises InputError or AmbiguousName.
        """
        known = await self.avatars()
        found = _by_id(text, known)
        named = [_avatar(each) for each in known]
        described = None if exact_matches(text, named) else _IN_A_LANGUAGE.fullmatch(text.strip())
        if described is not None and not _language_and_beside(described[2])[0]:
            # As a list shows it, a gender and an owner may stand behind the name.
            text, named = _fitting(described[1], named, _language_and_beside(described[2])[1])
        return found or pick_one(text, named, "avatar", hint=_FIND_AVATARS, unread=known.unread)

    async def avatar_to_delete(self, text: str) -> AvatarChoice:
        """The avatar of exactly this name or id; deleting is permanent, so a partial name is not enough.

        Raises InputError or AmbiguousName.
        """
        known = await self.avatars()
        found = _by_id(text, known)
        named = [_avatar(each) for each in known]
        return found or exactly_one(text, named, "avatar", hint=_FIND_AVATARS, unread=known.unread)

    async def voice(self, text: str) -> VoiceChoice:
        """The voice of this name, id or cloning job id; a language may follow, as in `Aria (en-US)`.

        An own voice speaks that language. As a list shows them, a gender and an owner may stand beside it.
        Raises InputError or AmbiguousName.
        """
        name, own = text.strip(), await self.own_voices()
        found = _IN_A_LANGUAGE.fullmatch(name) or _BEFORE_A_CODE.fullmatch(name)
        regions: Sequence[Language] = ()
        beside: frozenset[str] = frozenset()
        if found is not None and not exact_matches(name, [_voice(each) for each in own]):
            # Otherwise what looks like a language is part of the voice's own name.
            spoken, beside = _language_and_beside(found[2])
            regions = await self._regions_after_name(spoken) if spoken else ()
            if regions or not spoken:
                name = found[1]
            else:
                beside = frozenset()
        if regions:
            own = Listed((replace(each, language=regions[0].code) for each in own), own.unread)
        name = name.rpartition(":")[2] if looks_like_job_id(name) else name
        if _HEX_ID.fullmatch(name):
            seen = self._seen_voices.get(name) or VoiceChoice(name, name, False, "")
            return next((each for each in own if each.id == name), seen)
        return await self._voice_called(name, own, regions, beside)

    async def own_voice(self, text: str) -> VoiceChoice:
        """One of the account's own voices, by its exact name, id or job id.

        Raises InputError or AmbiguousName.
        """
        known = await self.own_voices()
        wanted = text.strip().rpartition(":")[2]
        found = next((each for each in known if each.id == wanted), None)
        named = [_voice(each) for each in known]
        return found or exactly_one(text, named, "own voice", hint=_FIND_OWN_VOICES, unread=known.unread)

    async def language(self, text: str) -> Sequence[Language]:
        """The regions of a language given as `es`, `es-MX`, `Spanish` or `Mexican Spanish`. Raises InputError."""
        known = await self.languages()
        found = regions_of(text, known)
        if not found:
            raise unknown_language(text, known)
        return found

    async def language_code(self, text: str, *, region: bool) -> str:
        """The code of a language, such as `de`, or `de-DE` with its region; a code is taken as it is.

        Raises InputError.
        """
        written = written_code(text)
        if written is not None:
            return "-".join(part for part in written if part) if region else written[0]
        found = (await self.language(text))[0]
        return found.code if region else found.country.lower()

    async def voices_in(self, text: str) -> Listed[VoiceChoice]:
        """The public voices of a language given as `es`, `es-MX` or `Spanish`. Raises InputError."""
        return await self._voices_of(await self.language(text))

    async def voices_everywhere(self) -> Listed[VoiceChoice]:
        """The public voices of all languages, which takes a request for each."""
        return await self._voices_of(await self.languages())

    def language_called(self, code: str) -> str | None:
        """A2E's name for a language code such as `es` or `es-MX`, if its list was read."""
        found = [each for each in self._seen_languages if code.lower() in (each.code.lower(), each.country.lower())]
        return found[0].name.partition(" (")[0] if found else None

    def first_region(self, country: str) -> str | None:
        """The first locale of a language, if A2E's list was read."""
        return next((each.code for each in self._seen_languages if each.country.lower() == country.lower()), None)

    async def stored_background(self, text: str) -> BackgroundChoice:
        """The stored background of this id or name. Raises InputError or AmbiguousName."""
        listed = await self._client.call(backgrounds.LIST_BACKGROUNDS, Nothing())
        rows = listed.rows
        row = next((each for each in rows if each.id == text.strip()), None)
        row = row or pick_one(
            text,
            [Candidate(each.id, each.name, each, (_owner(each.type == "custom"),)) for each in rows if each.name],
            "background",
            hint="Give a colour such as #204080, a picture, or a stored id",
            unread=listed.skipped,
        )
        return BackgroundChoice(custom_id=row.id) if row.type == "custom" else BackgroundChoice(system_id=row.id)

    async def name_and_language(self, text: str) -> tuple[str, str | None]:
        """A voice's name without the language that may follow it, as in `Aria (en-US)`, and that language."""
        found = _IN_A_LANGUAGE.fullmatch(text.strip()) or _BEFORE_A_CODE.fullmatch(text.strip())
        if found is None:
            return text, None
        # As a list shows it, a gender may stand beside the language.
        language, _ = _language_and_beside(found[2])
        if language and not regions_of(language, await self.languages()):
            return text, None
        return found[1], language or None

    async def _regions_after_name(self, text: str) -> Sequence[Language]:
        """The regions of the language given after a voice's name; empty when the text is not a language.

        Raises InputError for a code that A2E does not list.
        """
        known = await self.languages()
        found = regions_of(text, known)
        if not found and (written_code(text) or ("", None))[1]:
            raise unknown_language(text, known)
        return found

    async def _voice_called(
        self, name: str, own: Listed[VoiceChoice], regions: Sequence[Language], beside: frozenset[str]
    ) -> VoiceChoice:
        """The voice among the account's own and A2E's of these regions; of all regions when none is given.

        A name that both an own voice and one of A2E's have is ambiguous. Without a language A2E's voices of all
        regions are read only when no own voice matches, since each region takes a request.
        """
        mine = [_voice(each) for each in own]
        languages = regions or await self.languages()
        public = await self._voices_of(regions or [each for each in languages if each.code == _FIRST_LOOKED_IN])
        if not regions and not exact_matches(name, [*mine, *(_voice(each) for each in public)]):
            public = await self._voices_of(languages)
        name, named = _fitting(name, [*mine, *(_voice(each) for each in public)], beside)
        return pick_one(name, named, "voice", hint=_FIND_VOICES, unread=own.unread + public.unread)

    async def _keep(
        self, key: str, read: Callable[[], Awaitable[Listed[T]]], seconds: float = _CACHE_SECONDS
    ) -> Listed[T]:
        kept = self._kept.get(key)
        if kept is not None and isinstance(kept[1], Listed):
            # What could not be read may be a slip of A2E's, so it is soon asked for again.
            lasts = min(seconds, _CACHE_SECONDS) if kept[1].unread else seconds
            if self._now() - kept[0] < lasts:
                return kept[1]
        fresh = await read()
        if fresh and key not in self._incomplete:
            # An empty list may be a slip of A2E's: it is asked for again the next time.
            self._kept[key] = (self._now(), fresh)
        return fresh

    async def _read_avatars(self) -> Listed[AvatarChoice]:
        rows, twins = await asyncio.gather(
            self._client.call(avatar_calls.LIST_AVATARS, avatar_calls.AvatarQuery()), self._read_twins()
        )
        self._incomplete = {"avatars"} if twins is None else set()
        names = {twin.id: twin for twin in twins or ()}
        found = []
        for row in rows.rows:
            twin = names.get(row.user_video_twin_id or "")
            own = row.type == "custom" or row.user_video_twin_id is not None
            name = row.name or (twin.name if twin else None) or row.id
            found.append(
                AvatarChoice(
                    id=row.id,
                    name=name,
                    own=own,
                    gender=row.gender or (twin.gender if twin else None),
                    twin_id=row.user_video_twin_id,
                    cover=row.cover,
                    background_image=row.background_img,
                    background_color=row.background_color,
                )
            )
        return Listed(sorted(found, key=lambda each: not each.own), rows.skipped)

    async def _read_twins(self) -> Sequence[avatar_training.VideoTwin] | None:
        try:
            return (await self._client.call(avatar_training.LIST_TWINS, avatar_training.TwinQuery(size=100))).rows
        except ServiceError:
            # This call only adds names; without it own avatars are shown by id, until it is asked again.
            return None

    async def _read_languages(self) -> Listed[Language]:
        groups = await self._client.call(voices.LIST_LANGUAGES, voices.LanguageQuery())
        self._seen_languages = [
            Language(
                code=f"{group.value}-{region.value}",
                name=f"{group.label} ({region.label})",
                country=group.value,
                region=region.value,
                note="phonetic only, not natural"
                if (region.model_extra or {}).get("quality") == "phonetic-only"
                else None,
            )
            for group in groups.rows
            for region in group.children
            if group.value and region.value
        ]
        return Listed(self._seen_languages, groups.skipped)

    async def _read_clones(self) -> Listed[VoiceChoice]:
        listed = await self._client.call(voices.LIST_CLONES, Nothing())
        found = [
            VoiceChoice(
                row.id,
                row.name or row.id,
                True,
                row.language or row.lang or "",
                row.gender,
                next(iter(row.voice_urls), None),
            )
            for row in listed.rows
        ]
        return Listed(found, listed.skipped)

    async def _read_voices(self, language: Language) -> Listed[VoiceChoice]:
        query = voices.VoiceQuery(country=language.country, region=language.region, voice_map_type=language.code)
        groups = await self._client.call(voices.LIST_VOICES, query)
        found = [
            VoiceChoice(voice.value, voice.label or voice.value, False, language.code, _gender(group))
            for group in groups.rows
            for voice in group.children
            if voice.value
        ]
        self._seen_voices |= {each.id: each for each in found}
        nameless = sum(not voice.value for group in groups.rows for voice in group.children)
        return Listed(found, groups.skipped + nameless)

    async def _voices_of(self, languages: Iterable[Language]) -> Listed[VoiceChoice]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def read(language: Language) -> Listed[VoiceChoice]:
            async with gate:
                return await self.public_voices(language)

        found = await asyncio.gather(*(read(language) for language in languages))
        return Listed((voice for group in found for voice in group), sum(group.unread for group in found))


def _language_and_beside(text: str) -> tuple[str, frozenset[str]]:
    """What stands behind a voice's name: the language, possibly empty, and the words for gender and owner."""
    parts = [part.strip() for part in text.split(",")]
    language = ", ".join(part for part in parts if part.lower() not in _BESIDE_A_LANGUAGE)
    return language, _BESIDE_A_LANGUAGE & {part.lower() for part in parts}


def _fitting(name: str, known: list[Candidate[C]], words: frozenset[str]) -> tuple[str, list[Candidate[C]]]:
    """The candidates whose owner and gender the words say; without any of the name, all, and the words in the name."""
    fitting = [each for each in known if _is_described(each.value, words)]
    if words and not any(folded(name) in folded(each.name) for each in fitting):
        return f"{name} ({', '.join(sorted(words))})", known
    return name, fitting


def _is_described(choice: VoiceChoice | AvatarChoice, words: frozenset[str]) -> bool:
    """Whether this is of the owner and gender that the words say; a gender that is not known can be either."""
    owners, genders = words & {"own", "a2e's"}, words & {"female", "male"}
    of_owner = not owners or _owner(choice.own).lower() in owners
    return of_owner and (not genders or not choice.gender or choice.gender.lower() in genders)


def _gender(group: voices.VoiceGroup) -> str | None:
    for text in (group.value or "", group.label or ""):
        if text.lower() in ("female", "male"):
            return text.lower()
    return None


def _by_id(text: str, known: Iterable[AvatarChoice]) -> AvatarChoice | None:
    wanted = text.strip().rpartition(":")[2]
    return next((each for each in known if wanted in (each.id, each.twin_id)), None)


def _avatar(each: AvatarChoice) -> Candidate[AvatarChoice]:
    return Candidate(each.id, each.name, each, (_owner(each.own), each.gender))


def _voice(each: VoiceChoice) -> Candidate[VoiceChoice]:
    return Candidate(each.id, each.name, each, (_owner(each.own), each.language, each.gender))


def _owner(own: bool) -> str:
    return "own" if own else "A2E's"
