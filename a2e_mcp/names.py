"""A name or an id becomes an avatar, a voice or a background; an ambiguous name answers with its candidates."""

from __future__ import annotations

import asyncio
import difflib
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from a2e_mcp.addresses import one_line
from a2e_mcp.capability import AvatarChoice, BackgroundChoice, VoiceChoice
from a2e_mcp.catalogue import avatars as avatar_calls
from a2e_mcp.catalogue import backgrounds, voices
from a2e_mcp.catalogue.base import Nothing
from a2e_mcp.client import A2EClient
from a2e_mcp.errors import AmbiguousName, InputError, ServiceError
from a2e_mcp.handles import looks_like_handle

_KEPT_SECONDS = 120.0
_AT_ONCE = 8
_HEX_ID = re.compile(r"[0-9a-fA-F]{24}")
_MOST_CANDIDATES = 6


@dataclass(frozen=True, slots=True)
class Language:
    """A language and region that A2E speaks: `code` is a locale such as es-MX."""

    code: str
    name: str
    country: str
    region: str
    note: str | None = None


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


NamedT = TypeVar("NamedT", bound=_Named)
T = TypeVar("T")


class Names:
    """Finds what a person means; lists are kept for two minutes."""

    def __init__(self, client: A2EClient, *, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._kept: dict[str, tuple[float, object]] = {}
        self._seen_voices: dict[str, VoiceChoice] = {}
        self._seen_languages: Sequence[Language] = ()

    def forget(self) -> None:
        """Ask A2E again next time; called when an avatar, a voice or a background was added or removed."""
        self._kept.clear()

    async def avatars(self) -> Sequence[AvatarChoice]:
        """Every avatar: the account's own first."""
        return await self._keep("avatars", self._read_avatars)

    async def languages(self) -> Sequence[Language]:
        """Every language and region."""
        return await self._keep("languages", self._read_languages)

    async def own_voices(self) -> Sequence[VoiceChoice]:
        """The account's finished voice clones."""
        return await self._keep("clones", self._read_clones)

    async def public_voices(self, language: Language) -> Sequence[VoiceChoice]:
        """A2E's voices for one language and region."""
        return await self._keep(f"voices {language.code}", lambda: self._read_voices(language))

    async def avatar(self, text: str) -> AvatarChoice:
        """The avatar of this name, anchor id, training id or training handle.

        Raises InputError or AmbiguousName.
        """
        wanted = text.strip().rpartition(":")[2]
        known = await self.avatars()
        for each in known:
            if wanted in (each.id, each.twin_id):
                return each
        return _by_name(text, known, "avatar", "list_avatars")

    async def voice(self, text: str) -> VoiceChoice:
        """The voice of this name, id or cloning handle; a locale may follow, as in `Aria (en-US)`.

        One's own voice speaks the language of that locale. Raises InputError or AmbiguousName.
        """
        name, locale = _split_locale(text)
        name = name.rpartition(":")[2] if looks_like_handle(name) else name
        known = [*await self.own_voices()]
        if locale and any(each.name.casefold() == text.strip().casefold() for each in known):
            # What looks like a locale is a part of the name that somebody gave it.
            name, locale = text.strip(), None
        languages = await self.languages() if locale or not _HEX_ID.fullmatch(name) else ()
        nearest = [each for each in languages if each.code.lower() == (locale or "en-us").lower()]
        if locale and not nearest and _matches(name, known):
            await self.language(locale)
        if locale and nearest:
            known = [replace(each, language=nearest[0].code) for each in known]
        if _HEX_ID.fullmatch(name):
            seen = self._seen_voices.get(name) or VoiceChoice(name, name, False, "")
            return next((each for each in known if each.id == name), seen)
        for group in (nearest, () if locale else languages):
            for each in await self._voices_of(group):
                known.append(each)
            if _matches(name, known):
                break
        return _by_name(name, known, "voice", "list_voices")

    async def language(self, text: str) -> Sequence[Language]:
        """The regions of a language given as `es`, `es-MX` or `Spanish`. Raises InputError."""
        wanted = text.strip().lower().replace("_", "-")
        known = await self.languages()
        found = [each for each in known if wanted == each.code.lower()]
        found = found or [each for each in known if wanted == each.country.lower()]
        found = found or [each for each in known if wanted in (each.name.lower(), each.name.lower().partition(" (")[0])]
        if not found:
            near = difflib.get_close_matches(wanted[:80], [each.code.lower() for each in known], n=3, cutoff=0.4)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise InputError(
                f"A2E lists no language '{one_line(text)}'{hint}", then="Call list_languages to see them all"
            )
        return found

    async def voices_in(self, text: str) -> Sequence[VoiceChoice]:
        """The public voices of a language given as `es`, `es-MX` or `Spanish`. Raises InputError."""
        return await self._voices_of(await self.language(text))

    def language_called(self, code: str) -> str | None:
        """What A2E calls the language of a code such as `es` or `es-MX`, as far as its list was read."""
        found = [each for each in self._seen_languages if code.lower() in (each.code.lower(), each.country.lower())]
        return found[0].name.partition(" (")[0] if found else None

    def first_region(self, country: str) -> str | None:
        """The first locale of a language, as far as A2E's list was read."""
        return next((each.code for each in self._seen_languages if each.country.lower() == country.lower()), None)

    async def stored_background(self, text: str) -> BackgroundChoice:
        """The stored background of this id or name. Raises InputError."""
        rows = (await self._client.call(backgrounds.LIST_BACKGROUNDS, Nothing())).rows
        for row in rows:
            if text in (row.id, row.name):
                return (
                    BackgroundChoice(custom_id=row.id) if row.type == "custom" else BackgroundChoice(system_id=row.id)
                )
        raise InputError(
            f"No background is called '{one_line(text)}'",
            then="Give a colour such as #204080, a picture, or a stored id",
        )

    async def _keep(self, key: str, read: Callable[[], Awaitable[Sequence[T]]]) -> Sequence[T]:
        kept = self._kept.get(key)
        if kept is not None and self._now() - kept[0] < _KEPT_SECONDS and isinstance(kept[1], tuple):
            return kept[1]
        fresh = tuple(await read())
        self._kept[key] = (self._now(), fresh)
        return fresh

    async def _read_avatars(self) -> Sequence[AvatarChoice]:
        rows, twins = await asyncio.gather(
            self._client.call(avatar_calls.LIST_AVATARS, avatar_calls.AvatarQuery()), self._read_twins()
        )
        names = {twin.id: twin for twin in twins}
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
        return sorted(found, key=lambda each: not each.own)

    async def _read_twins(self) -> Sequence[avatar_calls.VideoTwin]:
        try:
            return (await self._client.call(avatar_calls.LIST_TWINS, avatar_calls.TwinQuery(size=100))).rows
        except ServiceError:
            # Only the names of own avatars come from here; without it they are shown by id.
            return ()

    async def _read_languages(self) -> Sequence[Language]:
        groups = (await self._client.call(voices.LIST_LANGUAGES, voices.LanguageQuery())).rows
        self._seen_languages = [
            Language(
                code=f"{group.value}-{region.value}",
                name=f"{group.label} ({region.label})",
                country=group.value,
                region=region.value,
                note="read letter by letter, not natural"
                if (region.model_extra or {}).get("quality") == "phonetic-only"
                else None,
            )
            for group in groups
            for region in group.children
            if group.value and region.value
        ]
        return self._seen_languages

    async def _read_clones(self) -> Sequence[VoiceChoice]:
        rows = (await self._client.call(voices.LIST_CLONES, Nothing())).rows
        return [
            VoiceChoice(
                row.id,
                row.name or row.id,
                True,
                row.language or row.lang or "",
                row.gender,
                next(iter(row.voice_urls), None),
            )
            for row in rows
        ]

    async def _read_voices(self, language: Language) -> Sequence[VoiceChoice]:
        query = voices.VoiceQuery(country=language.country, region=language.region, voice_map_type=language.code)
        groups = (await self._client.call(voices.LIST_VOICES, query)).rows
        found = [
            VoiceChoice(voice.value, voice.label or voice.value, False, language.code, _gender(group))
            for group in groups
            for voice in group.children
            if voice.value
        ]
        self._seen_voices |= {each.id: each for each in found}
        return found

    async def _voices_of(self, languages: Iterable[Language]) -> Sequence[VoiceChoice]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def read(language: Language) -> Sequence[VoiceChoice]:
            async with gate:
                return await self.public_voices(language)

        found = await asyncio.gather(*(read(language) for language in languages))
        return [voice for group in found for voice in group]


def _gender(group: voices.VoiceGroup) -> str | None:
    for text in (group.value or "", group.label or ""):
        if text.lower() in ("female", "male"):
            return text.lower()
    return None


def _split_locale(text: str) -> tuple[str, str | None]:
    match = re.fullmatch(r"\s*(.+?)\s*\(([A-Za-z]{2,3}-[A-Za-z0-9]{2,8})\)\s*", text)
    return (match[1], match[2]) if match else (text.strip(), None)


def _matches(text: str, known: Iterable[NamedT]) -> list[NamedT]:
    wanted = text.strip().casefold()
    unique = {each.id: each for each in known}.values()
    exact = [each for each in unique if wanted == each.name.casefold()]
    return exact or [each for each in unique if wanted and wanted in each.name.casefold()]


def _by_name(text: str, known: Sequence[NamedT], kind: str, listing: str) -> NamedT:
    found = _matches(text, known)
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"{each.name} = {each.id}" for each in found[:_MOST_CANDIDATES])
        more = f" and {len(found) - _MOST_CANDIDATES} more" if len(found) > _MOST_CANDIDATES else ""
        raise AmbiguousName(f"'{one_line(text)}' fits several {kind}s: {shown}{more}", then="Use one of these ids")
    near = difflib.get_close_matches(text[:80], {each.name for each in known}, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"No {kind} is called '{one_line(text)}'{hint}", then=f"Call {listing} to find one")
