"""Whether a script and its voice agree in language; a warning or an objection when they differ.

Judged from the text itself where possible; otherwise A2E is asked in one free request. The warning is a courtesy: no
start waits or fails for it.
"""

from __future__ import annotations

import logging

import anyio

from a2e_mcp.catalogue.declaration.tool import VoiceChoice
from a2e_mcp.catalogue.voices import DETECT_LANGUAGE, LanguageOf
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, NotFound
from a2e_mcp.lookup.directory import Directory
from a2e_mcp.lookup.language_detection import judge, language_part, same_language

_SENT = 500
_KEPT = 50
_OWN_SPEAK = "en-US"
_log = logging.getLogger(__name__)


class ScriptLanguages:
    """Compares scripts with voices; a request to A2E takes at most `seconds`."""

    def __init__(self, client: A2EClient, directory: Directory, *, seconds: float) -> None:
        self._client = client
        self._directory = directory
        self._seconds = seconds
        self._asked: dict[str, str | None] = {}
        self._retired = False

    def objection(self, script: str, voice: VoiceChoice) -> str | None:
        """One sentence when script and voice certainly differ in language; A2E is not asked."""
        locale = _locale(voice)
        spoken = language_part(locale)
        judgement = None if spoken is None else judge(script, spoken)
        if judgement is None or not judgement.is_sure:
            return None
        return self._sentence(judgement.language, judgement.letters, voice, locale)

    async def warning(self, script: str, voice: VoiceChoice) -> str | None:
        """One sentence when script and voice differ in language; None when they agree or it is undecided."""
        locale = _locale(voice)
        spoken = language_part(locale)
        if spoken is None:
            return None
        judgement = judge(script, spoken)
        if judgement.fits is False:
            return self._sentence(judgement.language, judgement.letters, voice, locale)
        if judgement.fits is None:
            found = language_part(await self._ask(script.strip()[:_SENT]))
            if found is not None and not same_language(found, spoken):
                return self._sentence(found, None, voice, locale)
        return None

    async def _ask(self, text: str) -> str | None:
        if text in self._asked:
            return self._asked[text]
        if self._retired:
            return None
        found = None
        try:
            with anyio.move_on_after(self._seconds):
                found = (await self._client.call(DETECT_LANGUAGE, LanguageOf(msg=text), attempts=1)).code
        except NotFound:
            self._retired = True
        except A2EError as problem:
            # Without an answer there is no warning; the start itself will report what is wrong with A2E.
            _log.info("the language of a script was not detected: %s", problem)
        while len(self._asked) >= _KEPT:
            self._asked.pop(next(iter(self._asked)))
        self._asked[text] = found
        return found

    def _sentence(self, language: str | None, letters: str | None, voice: VoiceChoice, locale: str) -> str:
        name = self._directory.language_called(language) if language else None
        looks = f"looks like {name}" if name else f"is in {letters} letters"
        speaks = f"{self._directory.language_called(locale) or locale} ({locale})"
        if not voice.own:
            finding = f"list_voices language={language}" if name else "list_voices with its language"
            return f"The script {looks}, but the voice {voice.name} speaks {speaks}; use {finding} to find another."
        warning = f"The script {looks}, but your voice {voice.name} would speak {speaks}"
        region = self._directory.first_region(language) if language else None
        return f"{warning}; use voice='{voice.name} ({region})' for {name}." if region else f"{warning}."


def _locale(voice: VoiceChoice) -> str:
    return voice.language or (_OWN_SPEAK if voice.own else "")
