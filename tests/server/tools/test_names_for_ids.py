"""Names do where ids are wanted, a job's id does without its family, several are deleted at once, and a price can be
asked for without a script."""

from __future__ import annotations

from pathlib import Path

from tests.support.media import png
from tests.support.server import QUEUED, open_server


async def test_a_job_is_found_by_its_id_alone_and_by_its_title(tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox_settings=QUEUED) as server:
        picture = png(server.inbox)
        made = await server.ask("start_image_to_video", image=picture.name, title="Harbour at dawn")
        job_id = made.data["job_id"]
        bare = job_id.partition(":")[2]
        for named in (bare, bare.upper(), f'"{bare}"', "Harbour at dawn", " harbour  AT dawn "):
            assert (await server.ask("check_status", job_id=named)).data["job_id"] == job_id, named
        assert (await server.ask("wait_for_job", job_ids="Harbour at dawn", seconds=0)).data["job_id"] == job_id
        other = await server.ask("start_image_to_video", image=picture.name, title="Harbour at dawn", count=2)
        several = await server.refuse("check_status", job_id="Harbour at dawn")
        assert job_id in several
        assert other.data["job_id"] in several
        unknown = await server.refuse("check_status", job_id="0000000067" + "a" * 14)
        assert "family" in unknown
        assert "list_jobs" in unknown
        assert "Invalid job_id" in await server.refuse("check_status", job_id="The other video")
        for family in ("Image to video", "image-to-video", "image_to_videos", "start_image_to_video"):
            assert (await server.ask("list_jobs", family=family)).data["total"] == 3, family


async def test_backgrounds_are_deleted_by_name_and_several_at_once(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=("all",)) as server:
        ids = []
        for colour in ("a.png", "b.png", "c.png"):
            stored = await server.ask("add_background", image=png(server.inbox, colour).name)
            ids.append(stored.data["background"]["id"])
        names = {row["id"]: row.get("name") for row in (await server.ask("list_backgrounds")).data["backgrounds"]}
        assert "deleted" in (await server.ask("delete_background", background_id=names[ids[0]] or ids[0])).text.lower()
        both = await server.ask("delete_background", background_id=f"{ids[1]}, {ids[2]}")
        assert both.data["background_id"] == ids[1:]
        left = {row["id"] for row in (await server.ask("list_backgrounds")).data["backgrounds"]}
        assert not left & set(ids)
        assert "own background not found" in (await server.refuse("delete_background", background_id="x")).lower()
        server.sandbox.control.seed(avatars=[{"name": "Zoe"}, {"name": "Max"}])
        assert "Avatar not found" in await server.refuse("delete_avatar", avatar=["Zoe", "Moe"])
        assert "Zoe, Max" in (await server.ask("delete_avatar", avatar="Zoe, Max")).text


async def test_several_jobs_are_deleted_in_one_call_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        made = await server.ask("start_text_to_image", prompt="boat", count=3, title="Boats")
        one, two, three = (row["job_id"] for row in made.data["jobs"])
        for job_id in (one, two, three):
            await server.finish(job_id)
        missing = f"text_to_image:00000000{'1' * 16}"
        waited = await server.ask("wait_for_job", job_ids=[one, missing])
        assert f"{missing}: No such record" in waited.text
        assert "charged" not in waited.text
        assert "Invalid job_id" in await server.refuse("delete_job", job_id=[one, "no such title"])
        some = await server.ask("delete_job", job_id=f"{one}, {missing}, {two}")
        assert some.data["job_id"] == [one, two]
        assert some.data["not_deleted"] == [missing]
        assert f"Deleted {one}, {two}. Nothing was refunded." in some.text
        assert f"Not deleted: {missing}: No such record" in some.text
        assert "charged" not in some.text
        rest = await server.ask("delete_job", job_ids=[two, three])
        assert rest.data["job_id"] == [two, three]
        assert f"Deleted {three}." in rest.text
        assert f"{two} was already deleted; nothing has changed." in rest.text
        assert "Nothing was deleted." in await server.refuse("delete_job", job_id=missing)
        assert (await server.ask("list_jobs")).data["total"] == 0


async def test_a_name_is_looked_for_in_all_languages_and_a_list_says_what_it_was_narrowed_to(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        spanish = (await server.ask("list_voices", language="es-ES")).data["voices"][0]["name"]
        found = await server.ask("list_voices", name=spanish)
        assert "es-ES" in {voice["language"] for voice in found.data["voices"]}
        assert f"name {spanish}, language any" in found.text
        assert found.data["filter"] == f"name {spanish}, language any"
        assert "language en-US" in (await server.ask("list_voices")).text
        assert "(gender female, owner public)" in (await server.ask("list_avatars", gender="F", owner="stock")).text


async def test_the_tool_to_price_is_known_by_any_of_its_names(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        speech = {"script": "Good morning.", "voice": "Aria"}
        for name in (
            *("mcp__a2e__generate_speech", "a2e.generate_speech", "a2e_generate_speech", "functions.generate_speech"),
            *("generateSpeech", "generate_speech()", "the generate_speech tool", "mcp__a2e-mcp__generate_speech"),
            *("default_api:generate_speech", "Generate-Speech", "Speak a text", "`generate_speech`"),
        ):
            assert (await server.ask("quote_job", tool=name, arguments=speech)).data["tool"] == "generate_speech", name
        assert "list_jobs costs nothing" in await server.refuse("quote_job", tool="mcp__a2e__list_jobs")
        unknown = await server.refuse("quote_job", tool="start_avatar_vidoe")
        assert "No tool has this name; did you mean start_avatar_video?" in unknown


async def test_a_price_by_length_needs_no_script(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        quoted = await server.ask("quote_job", tool="start_avatar_video", seconds="1 min")
        assert quoted.data["credits"] > 50
        assert "Priced for 60 s of speech" in quoted.data["warning"]
        half = await server.ask("quote_job", tool="start_avatar_video", arguments={"seconds": 30, "avatar": "Ada"})
        assert 0 < half.data["credits"] < quoted.data["credits"]
        assert "does not" in await server.refuse("quote_job", tool="start_text_to_image", seconds=5)
        assert (await server.ask("list_spending")).data["starts"] == 0
