"""What a person calls something becomes the one thing that is meant, or a question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from a2e_mcp.catalogue.declaration.tool import VoiceChoice
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import AmbiguousName, InputError
from a2e_mcp.lookup.directory import Directory, Listed
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.app import Sandbox


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def names_in(folder: Path) -> AsyncIterator[tuple[Directory, Sandbox, Clock]]:
    clock = Clock()
    async with (
        open_sandbox(SandboxSettings(folder=folder, draft=True)) as sandbox,
        A2EClient(sandbox.token, base_url=sandbox.base_url, transport=sandbox.transport()) as client,
    ):
        yield Directory(client, now=clock), sandbox, clock


def asked(sandbox: Sandbox, path: str) -> int:
    requests: dict[str, int] = sandbox.control.inspect()["requests"]
    return sum(count for call, count in requests.items() if path in call)


async def test_an_avatar_is_found_by_everything_it_is_called(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        sandbox.control.seed(avatars=[{"name": "Anna Berg"}])
        anna = await names.avatar("Anna Berg")
        assert anna.own
        for text in (
            "anna berg",
            "  ANNA BERG ",
            "anna",
            "berg",
            anna.id,
            anna.twin_id,
            f"avatar_training:{anna.twin_id}",
        ):
            assert text is not None
            assert await names.avatar(text) == anna


async def test_a_whole_name_wins_over_a_part_of_another(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        sandbox.control.seed(avatars=[{"name": "Ada Lovelace"}])
        assert (await names.avatar("Ada")).name == "Ada"
        assert (await names.avatar("lovelace")).name == "Ada Lovelace"
        with pytest.raises(
            AmbiguousName, match=r"'ad' matches several avatars: .*Ada \(A2E's, female\) = .*Use one of these ids"
        ):
            await names.avatar("ad")


async def test_many_candidates_are_cut_short(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        sandbox.control.seed(avatars=[{"name": f"Twin {number}"} for number in range(9)])
        with pytest.raises(AmbiguousName, match="and 3 more"):
            await names.avatar("twin")


@pytest.mark.parametrize(
    "text",
    [
        "Aria (female, en-US)",
        "Aria (A2E's, en-US, female)",
        "Aria (en-US, female)",
        "Aria (female)",
        "aria (Female, American English)",
        "Aria (A2E's)",
        "Aria en-US",
        "Aria, en-US",
    ],
)
async def test_a_voice_is_found_as_a_list_shows_it(tmp_path: Path, text: str) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        assert await names.voice(text) == await names.voice("Aria")


@pytest.mark.parametrize("text", ["Aria (male)", "Aria (own)", "Aria (male, en-US)", "Aria (female, es-MX)"])
async def test_a_voice_that_is_described_otherwise_is_not_taken(tmp_path: Path, text: str) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        with pytest.raises(InputError, match="Voice not found: 'Aria"):
            await names.voice(text)


async def test_what_is_said_of_a_name_decides_between_two_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def own_voices() -> Listed[VoiceChoice]:
        return Listed([VoiceChoice("1" * 24, "Aria", True, ""), VoiceChoice("2" * 24, "Aria (female)", True, "")])

    async with names_in(tmp_path) as (names, sandbox, _):
        monkeypatch.setattr(names, "own_voices", own_voices)
        sandbox.control.seed(avatars=[{"name": "Ada"}, {"name": "Anna (own)"}])
        with pytest.raises(AmbiguousName):
            await names.voice("Aria")
        assert (await names.voice("Aria (own)")).own
        assert not (await names.voice("Aria (A2E's, en-US)")).own
        assert (await names.voice("Aria (female)")).name == "Aria (female)"
        with pytest.raises(AmbiguousName):
            await names.avatar("Ada")
        assert (await names.avatar("Ada (own)")).own
        assert not (await names.avatar("Ada (A2E's, female)")).own
        assert (await names.avatar("Anna (own)")).name == "Anna (own)"
        with pytest.raises(InputError, match=r"Avatar not found: 'Ada \(a2e's, male\)'"):
            await names.avatar("Ada (A2E's, male)")


@pytest.mark.parametrize("text", ["", " ", "nobody", "\0", "x" * 10_000])
async def test_an_avatar_that_is_not_there_is_asked_about(tmp_path: Path, text: str) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        with pytest.raises(InputError, match="Call list_avatars to find one") as problem:
            await names.avatar(text)
    assert str(problem.value).isprintable()
    assert len(str(problem.value)) < 200


async def test_a_voice_is_found_by_name_by_name_and_locale_and_by_id(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        aria = await names.voice("Aria")
        assert (aria.language, aria.gender, aria.own) == ("en-US", "female", False)
        assert await names.voice("aria (en-US)") == aria
        assert (await names.voice(aria.id)).id == aria.id
        assert (await names.voice("Ximena")).language == "es-MX"
        assert (await names.voice("Ximena (es-MX)")).language == "es-MX"
        assert await names.voice("Ximena (Mexican Spanish)") == await names.voice("Ximena")
        with pytest.raises(InputError, match="Voice not found: 'Ximena'"):
            await names.voice("Ximena (de-DE)")
        with pytest.raises(InputError, match="Language not found: 'en-NZ'; did you mean en-US, en-GB"):
            await names.voice("Aria (en-NZ)")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("es-MX", {"es-MX"}),
        ("ES_mx", {"es-MX"}),
        ("es", {"es-ES", "es-MX", "es-US"}),
        ("Spanish", {"es-ES", "es-MX", "es-US"}),
        ("spanish (mexico)", {"es-MX"}),
        ("Mexican Spanish", {"es-MX"}),
        ("Spanish from Mexico", {"es-MX"}),
        ("Latin American Spanish", {"es-MX", "es-US"}),
        ("Español", {"es-ES", "es-MX", "es-US"}),
        ("British English", {"en-GB"}),
        ("English (UK)", {"en-GB"}),
        ("UK English", {"en-GB"}),
        ("en-UK", {"en-GB"}),
        ("American English", {"en-US"}),
        ("Brazilian Portuguese", {"pt-BR"}),
        ("Brazilian", {"pt-BR"}),
        ("swiss french", {"fr-CH"}),
        ("Mandarin", {"zh-CN"}),
        ("zh-Hans-CN", {"zh-CN"}),
        ("Norwegian Bokmål", {"nb-NO"}),
    ],
)
async def test_a_language_is_a_code_or_a_name(tmp_path: Path, text: str, codes: set[str]) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        assert {each.code for each in await names.language(text)} == codes


@pytest.mark.parametrize(
    ("text", "code", "locale"),
    [
        ("de", "de", "de"),
        ("de-DE", "de", "de-DE"),
        ("PT_br", "pt", "pt-BR"),
        ("German", "de", "de-DE"),
        ("Brazilian Portuguese", "pt", "pt-BR"),
        ("tlh", "tlh", "tlh"),
    ],
)
async def test_a_language_becomes_the_code_that_a2e_takes(tmp_path: Path, text: str, code: str, locale: str) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        assert await names.language_code(text, region=False) == code
        assert await names.language_code(text, region=True) == locale


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("UK", "uk-UA, en-GB, cy-GB"),
        ("Canadian French", "fr-FR, fr-BE, fr-CH"),
        ("de-AT", "de-DE"),
        ("Germn", "de-DE"),
    ],
)
async def test_a_language_that_may_be_several_or_none_is_asked_about(tmp_path: Path, text: str, near: str) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        with pytest.raises(InputError, match=rf"Language not found: '{text}'; did you mean {near}\?"):
            await names.language(text)


async def test_half_a_word_matches_no_one_and_the_beginning_of_one_word_matches(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        sandbox.control.seed(avatars=[{"name": "Anna Berg"}])
        with pytest.raises(InputError, match=r"Voice not found: 'Ava'; did you mean .*Desislava"):
            await names.voice("Ava")
        with pytest.raises(InputError, match=r"Avatar not found: 'erg'; did you mean Anna Berg\?"):
            await names.avatar("erg")
        with pytest.raises(InputError, match=r"Background not found: 'row'"):
            await names.stored_background("row")
        assert (await names.voice("Desis")).name == "Desislava"
        assert (await names.avatar("ber")).name == "Anna Berg"
        assert await names.stored_background("green") == await names.stored_background("Green screen")
        with pytest.raises(AmbiguousName, match=r"Aria \(A2E's, en-US, female\) = .*Arjun \(A2E's, hi-IN, male\) = "):
            await names.voice("ar")


async def test_accents_need_not_be_typed_and_count_where_they_alone_differ(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        assert (await names.voice("lucia")).name == "Lucía"
        assert (await names.voice("ELODIE")).name == "Élodie"
        assert (await names.voice("Hakon (nb-NO)")).name == "Håkon"
        sandbox.control.seed(avatars=[{"name": "José"}, {"name": "Jose"}, {"name": "Łukasz"}])
        names.forget()
        assert (await names.avatar("jose")).name == "Jose"
        assert (await names.avatar("JOSÉ")).name == "José"
        assert (await names.avatar("lukasz")).name == "Łukasz"


async def test_whose_a_name_is_is_said_when_several_have_it(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, _):
        sandbox.control.seed(avatars=[{"name": "Ada"}])
        with pytest.raises(AmbiguousName) as problem:
            await names.avatar("Ada")
        own, theirs = await names.avatars(), (await names.avatars())[1:]
        assert f"Ada (own, female) = {own[0].id}" in str(problem.value)
        assert f"Ada (A2E's, female) = {next(each.id for each in theirs if each.name == 'Ada')}" in str(problem.value)


async def test_lists_are_asked_for_once_in_two_minutes_and_again_when_something_changed(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, clock):
        for _ in range(3):
            await names.avatar("Ada")
        assert asked(sandbox, "character_list") == 1
        sandbox.control.seed(avatars=[{"name": "Anna Berg"}])
        names.forget()
        await names.avatar("Anna Berg")
        assert asked(sandbox, "character_list") == 2
        clock.now = 121
        await names.avatar("Ada")
        assert asked(sandbox, "character_list") == 3


async def test_a2es_own_voices_are_many_requests_and_are_kept_for_an_hour(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, sandbox, clock):
        await names.voice("Ximena")
        requests = asked(sandbox, "voice_list")
        names.forget()
        clock.now = 3500
        await names.voice("Lucía")
        assert asked(sandbox, "voice_list") == requests > 20
        clock.now = 3700
        await names.voice("Aria")
        assert asked(sandbox, "voice_list") == requests + 1


async def test_a_stored_background_is_found_by_name_or_id(tmp_path: Path) -> None:
    async with names_in(tmp_path) as (names, _, _clock):
        meadow = await names.stored_background("Meadow")
        assert meadow.system_id is not None
        assert await names.stored_background(meadow.system_id) == meadow
        with pytest.raises(InputError, match="Background not found: 'Moon'"):
            await names.stored_background("Moon")
