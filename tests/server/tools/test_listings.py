"""Looking for an avatar or a voice: what fits, how it looks or sounds, and what to call for more."""

from __future__ import annotations

import json
import re
from pathlib import Path

from a2e_mcp.sandbox import SandboxSettings
from tests.support.faulty_transport import answered, open_controlled_server
from tests.support.media import CONSENT, face, fetched, picture_size
from tests.support.server import ToolAnswer, open_server

AVATARS = "GET /api/v1/anchor/character_list"
CLONES = "GET /api/v1/userVoice/completedRecord"
LARGEST_PAGE = 6 * 1024


def size(answer: ToolAnswer) -> int:
    return len(answer.text.encode()) + len(json.dumps(answer.data, ensure_ascii=False).encode())


async def test_who_only_reads_the_text_sees_previews_and_the_next_page(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": f"Presenter {number}"} for number in range(3)])
        first = await server.ask("list_avatars")
        last = await server.ask("list_avatars", page=2)
        beyond = await server.ask("list_avatars", page=3)
        shown = first.data["avatars"][5]
        assert (await server.ask("list_avatars", name=shown["name"])).data["total"] == 1
        assert picture_size((await fetched(shown["preview"])).content) > (50, 50)
    assert "13 avatars, page 1 of 2 (next: page=2):" in first.text
    assert f"= {shown['id']}, preview {shown['preview']}" in first.text
    assert first.data["pages"] == 2
    assert "13 avatars, page 2 of 2:" in last.text
    assert "there is no page 3: the last is page=2." in beyond.text


async def test_a_page_that_is_not_there_names_the_last_one(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        assert "but there is no page 7: the last is page=1." in (await server.ask("list_backgrounds", page=7)).text
        assert (await server.ask("list_face_images")).text.endswith("0 stored faces.")
        assert (await server.ask("list_spending", days=1)).text.endswith(
            "0 credits in 1 day, 0 starts from this computer."
        )


async def test_words_of_a_name_are_found_in_any_order(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Anna, office, standing"}, {"name": "Anna at home"}])
        (row,) = (await server.ask("list_avatars", name="STANDING anna")).data["avatars"]
        assert row["name"] == "Anna, office, standing"
        assert (await server.ask("list_avatars", name=row["name"])).data["total"] == 1
        (voice,) = (await server.ask("list_voices", language="fr", name="élo")).data["voices"]
        assert voice["name"] == "Élodie"


async def test_voices_of_any_language_are_listed_when_that_is_asked_for(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        usual = await server.ask("list_voices", language="default")
        for word in ("any", "All"):
            every = await server.ask("list_voices", language=word)
            assert every.data["total"] > usual.data["total"]
            assert "(language any" in every.text
        assert "language any, owner own" in (await server.ask("list_voices", owner="own")).text


async def test_where_nothing_fits_it_says_what_to_leave_out(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        avatars = await server.ask("list_avatars", name="nobody")
        voices = await server.ask("list_voices", language="es", name="nobody")
    assert "No avatars match (name nobody).\nLeave name, gender or owner out" in avatars.text
    assert (
        "No voices match (name nobody, language es).\nLeave name, gender or owner out, or call list_languages"
        in voices.text
    )


async def test_every_list_says_what_it_was_narrowed_to(tmp_path: Path) -> None:
    unfinished = SandboxSettings(workers=1, policy="seconds:600")
    async with open_server(tmp_path, sandbox_settings=unfinished) as server:
        await server.ask("start_text_to_image", prompt="a boat")
        for tool, given, said in (
            ("list_jobs", {"state": "failed"}, "No jobs match (state failed)."),
            ("list_jobs", {"state": "unfinished"}, "1 job (state queued, running, unknown)"),
            ("list_jobs", {"family": "face swap"}, "No jobs match (family face_swap)."),
            ("list_models", {"task": "image_to_video", "max_price": 0.01}, "task image_to_video, max_price 0.01"),
            ("list_languages", {"search": "klingon"}, "No languages match (search klingon)."),
            ("list_avatars", {"owner": "own"}, "No avatars match (owner own)."),
        ):
            listed = await server.ask(tool, **given)
            assert said in listed.text, listed.text
            assert said.rstrip(".") in listed.data["notice"]
        assert "match" not in (await server.ask("list_jobs")).text


async def test_avatars_of_untold_gender_are_counted_and_not_taken_for_missing(tmp_path: Path) -> None:
    rows = [{"_id": f"{number:024x}", "type": "default", "name": f"Person {number}"} for number in range(1, 4)]
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(
            AVATARS, answered(200, {"code": 0, "data": [*rows, {**rows[0], "_id": "f" * 24, "gender": "male"}]})
        )
        men = await server.ask("list_avatars", gender="male")
        assert men.data["total"] == 1
        assert "3 more have no known gender: leave gender out to see them." in men.text
        assert "no known gender" not in (await server.ask("list_avatars")).text


async def test_an_own_voice_comes_with_a_sample_and_the_way_to_make_it_speak_another_language(tmp_path: Path) -> None:
    clone = {"_id": "a" * 24, "name": "Narrator", "voice_urls": ["https://example.com/sample.wav"]}
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLONES, answered(200, {"code": 0, "data": [clone]}))
        listed = await server.ask("list_voices", language="es-MX")
        own, *public = listed.data["voices"]
        assert own == {"id": "a" * 24, "name": "Narrator", "own": True, "preview": "https://example.com/sample.wav"}
        assert f"Narrator (own) = {own['id']}, preview https://example.com/sample.wav" in listed.text
        assert "Your own voices speak any language, as in voice='Narrator (es-ES)'." in listed.text
        assert {row["language"] for row in public} == {"es-MX"}
        only = await server.ask("list_voices", language="es-MX", owner="public")
        assert "own voices" not in only.text
        assert "listen with generate_speech" in only.text


async def test_half_a_word_takes_no_strangers_voice_and_no_money(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        refusal = await server.refuse("start_avatar_video", script="Hello.", voice="Ava", avatar="Ada")
        assert "Voice not found: 'Ava'; did you mean " in refusal
        assert " or Desislava?" in refusal
        assert "Nothing was charged." in refusal
        assert not server.charging_requests
        refusal = await server.refuse("start_avatar_video", script="Hello.", voice="Aria", avatar="hiara")
        assert "did you mean Chiara?" in refusal
        assert "did you mean Chiara?" in await server.refuse("start_streaming", avatar="hiara")


async def test_a_search_finds_letters_anywhere_and_without_their_accents(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        (voice,) = (await server.ask("list_voices", language="Bulgarian", name="ava")).data["voices"]
        assert voice["name"] == "Desislava"
        (voice,) = (await server.ask("list_voices", language="French", name="elodie")).data["voices"]
        assert voice["name"] == "Élodie"
        (language,) = (await server.ask("list_languages", search="turkiye")).data["languages"]
        assert language["code"] == "tr-TR"
        (language,) = (await server.ask("list_languages", search="British English")).data["languages"]
        assert language["code"] == "en-GB"


async def test_an_own_voice_that_is_called_like_one_of_a2es_is_asked_about(tmp_path: Path) -> None:
    clones = [{"_id": each[0].lower() * 24, "name": each, "language": "en-US"} for each in ("Aria",)]
    clones += [{"_id": "c" * 24, "name": "Ximena", "language": "en-US"}]
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLONES, answered(200, {"code": 0, "data": clones}), times=3)
        for voice, own, public in (
            ("aria", f"Aria (own, en-US) = {'a' * 24}", "Aria (A2E's, en-US, female) = "),
            ("Ximena (Mexican Spanish)", f"Ximena (own, es-MX) = {'c' * 24}", "Ximena (A2E's, es-MX, female) = "),
        ):
            refusal = await server.refuse("generate_speech", script="Hola.", voice=voice)
            assert f"matches several voices: {own}, " in refusal
            assert public in refusal
        assert not server.charging_requests
        # In German there is only one of them.
        german = {"script": "Hallo.", "voice": "Ximena (German)"}
        assert "would cost" in (await server.ask("quote_job", tool="generate_speech", arguments=german)).text


async def test_for_an_own_voice_not_all_of_a2es_are_read(tmp_path: Path) -> None:
    clone = {"_id": "a" * 24, "name": "Ximena", "language": "en-US"}
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLONES, answered(200, {"code": 0, "data": [clone]}), times=2)
        await server.ask("quote_job", tool="generate_speech", arguments={"script": "Hello.", "voice": "ximena"})
        assert server.transport.attempts["GET /api/v1/anchor/voice_list"] == 1


async def test_only_a_whole_name_deletes(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Anna Berg"}])
        assert "did you mean Anna Berg?" in await server.refuse("delete_avatar", avatar="Anna")
        assert (await server.ask("delete_avatar", avatar="anna berg")).data["deleted"] is True
    clones = [{"_id": letter * 24, "name": "Narrator"} for letter in "ab"]
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLONES, answered(200, {"code": 0, "data": clones}), times=2)
        assert "did you mean Narrator?" in await server.refuse("delete_voice", voice="Narr")
        several = f"matches several own voices: Narrator (own) = {'a' * 24}, Narrator (own) = {'b' * 24}."
        assert several in await server.refuse("delete_voice", voice="narrator")


async def test_a_page_stays_small_whatever_a2e_calls_things(tmp_path: Path) -> None:
    for length, in_text, in_data in ((100, True, True), (280, False, True), (900, False, False)):
        address = f"https://example.com/{'p' * length}.jpg"
        rows = [
            {"_id": f"{number:024x}", "type": "default", "name": "n" * 60, "video_cover": address}
            for number in range(1, 25)
        ]
        async with open_controlled_server(tmp_path) as server:
            server.transport.on(AVATARS, answered(200, {"code": 0, "data": rows}))
            page = await server.ask("list_avatars")
        assert len(page.data["avatars"]) == 10
        assert size(page) <= LARGEST_PAGE
        assert (address in page.text) == in_text
        assert ("preview" in page.data["avatars"][0]) == in_data


async def test_names_do_wherever_an_avatar_or_a_voice_is_wanted(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        voice = (await server.ask("list_voices", language="de", gender="male")).data["voices"][0]["name"]
        wanted = {"script": "Guten Tag.", "voice": voice, "avatar": "hugo"}
        assert (await server.ask("quote_job", tool="start_avatar_video", arguments=wanted)).data["credits"] > 0
        photo = {"image": (await face(server)).name, "script": "Guten Tag.", "voice": f"{voice} (de-DE)"}
        await server.ask("quote_job", tool="start_talking_photo", arguments=photo)
        assert "only your own" in await server.refuse("start_lip_sync_training", avatar="Hugo", consent=CONSENT)


async def test_spending_is_summed_by_kind(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("generate_speech", script="Hello.", voice="Aria")
        one = await server.ask("list_spending")
        await server.ask("start_text_to_image", prompt="a boat")
        two = await server.ask("list_spending")
        made = (await server.ask("list_jobs")).data["jobs"]
    assert list(one.data["by_kind"]) == ["speech"]
    moments = [row["when"] for row in two.data["spending"]] + [row["created_at"] for row in made]
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", moment) for moment in moments), moments
    assert "by kind" not in one.text
    assert list(two.data["by_kind"]) == ["text_to_image", "speech"]
    assert sum(two.data["by_kind"].values()) == two.data["total"]
    assert f"Credits by kind: text_to_image {two.data['by_kind']['text_to_image']:g}, speech 1." in two.text


async def test_jobs_are_listed_by_day(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_text_to_image", prompt="a boat")
        made = (await server.ask("list_jobs")).data["jobs"][0]["created_at"]
        today = made[:10]
        for since, before, count in (
            ("today", None, 1),
            (str(today), None, 1),
            ("7 days", None, 1),
            ("last week", None, 1),
            ("a month ago", None, 1),
            ("this year", "2999-01-01", 1),
            (None, "2 weeks ago", 0),
            (None, "this month", 0),
            (f"{today}T00:00:00+00:00", "2999-01-01", 1),
            (None, "today", 0),
            (None, str(today), 0),
            ("2999-01-01", None, 0),
        ):
            listed = await server.ask("list_jobs", since=since, before=before)
            assert (listed.data["total"], len(listed.data["jobs"])) == (count, count), (since, before)
        assert "use a day such as" in await server.refuse("list_jobs", since="31.1.")
