"""Avatars, voices, languages and jobs as resources, and completions for what their addresses leave open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, PromptReference, ResourceTemplateReference, TextResourceContents

from tests.support.server import ERAS, Era, ServerUnderTest, open_server

LARGEST_PAGE = 6 * 1024
ADDRESSES = {"a2e://avatars", "a2e://voices", "a2e://languages"}
TEMPLATES = {
    "a2e://avatars{?page,gender,owner}",
    "a2e://avatars/{avatar_id}",
    "a2e://voices/{language}",
    "a2e://jobs/{job_id}",
}

both_eras = pytest.mark.parametrize("era", ERAS)


async def read(server: ServerUnderTest, address: str) -> Any:
    """A resource's JSON."""
    (content,) = (await server.client.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    assert len(content.text.encode()) <= LARGEST_PAGE, address
    return json.loads(content.text)


async def missing(server: ServerUnderTest, address: str) -> str:
    """The sentence about a resource that is not there."""
    with pytest.raises(MCPError) as problem:
        await server.client.read_resource(address)
    assert problem.value.code == INVALID_PARAMS
    assert problem.value.message.isprintable()
    return problem.value.message


@both_eras
async def test_resources_are_listed_with_title_and_type(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        fixed = (await server.client.list_resources()).resources
        open_ended = (await server.client.list_resource_templates()).resource_templates
    assert {str(each.uri) for each in fixed if not str(each.uri).startswith("ui:")} == ADDRESSES
    assert {each.uri_template for each in open_ended} == TEMPLATES
    assert all(each.title and each.description and each.mime_type for each in fixed)
    assert all(each.title and each.description and each.mime_type for each in open_ended)


@both_eras
async def test_avatars_come_by_the_page_by_gender_and_by_owner(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        server.sandbox.control.seed(avatars=[{"name": f"Presenter {number}"} for number in range(15)])
        first = await read(server, "a2e://avatars")
        assert (len(first["avatars"]), first["total"], first["page"]) == (10, 25, 1)
        assert first["sandbox"] is True
        last = await read(server, "a2e://avatars?page=3")
        assert len(last["avatars"]) == 5
        men = await read(server, "a2e://avatars?gender=male&owner=public")
        assert {(row["gender"], row["own"]) for row in men["avatars"]} == {("male", False)}
        own = await read(server, "a2e://avatars?page=2&owner=own")
        assert (len(own["avatars"]), own["total"]) == (5, 15)
        for query in ("page=0", "page=-1", "page=x", "page=1001", "page=99999999999", "gender=robot", "owner=me"):
            assert query.partition("=")[0] in await missing(server, f"a2e://avatars?{query}")


@both_eras
async def test_one_avatar_is_read_by_id_or_by_name(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        server.sandbox.control.seed(avatars=[{"name": "Anna Berg"}])
        anna = await read(server, "a2e://avatars/Anna%20Berg")
        assert (anna["name"], anna["own"]) == ("Anna Berg", True)
        assert await read(server, f"a2e://avatars/{anna['id']}") == anna
        assert "list_avatars" in await missing(server, "a2e://avatars/nobody")


@both_eras
async def test_voices_and_languages_fit_on_a_page(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        assert [row["name"] for row in (await read(server, "a2e://voices"))["voices"]] == ["Aria", "Wyatt"]
        mexican = await read(server, "a2e://voices/es-MX")
        assert {row["language"] for row in mexican["voices"]} == {"es-MX"}
        assert (await read(server, "a2e://voices/Spanish"))["total"] == 6
        assert "did you mean" in await missing(server, "a2e://voices/es-XX")
        known = {row["code"] for row in (await read(server, "a2e://languages"))["languages"]}
        assert {"en-US", "es-MX", "ja-JP"} <= known


@both_eras
async def test_a_job_is_read_by_its_job_id_verbatim_or_escaped(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        started = await server.ask("start_avatar_video", script="Hello there.", voice="Aria", avatar="Ada")
        job_id = started.data["job_id"]
        assert (await read(server, f"a2e://jobs/{job_id}"))["job_id"] == job_id
        assert (await read(server, f"a2e://jobs/{job_id.replace(':', '%3A')}"))["job_id"] == job_id
        assert "Invalid job_id" in await missing(server, "a2e://jobs/42")
        assert "real token" in await missing(server, "a2e://jobs/avatar_video:67d29023dd27a536fdf6e809")
        assert "No such record" in await missing(server, "a2e://jobs/avatar_video:" + "0" * 20 + "abcd")


@both_eras
async def test_an_unknown_resource_is_a_protocol_error(
    tmp_path: Path, era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_server(tmp_path, era=era) as server:
        for address in ("a2e://nothing", "a2e://avatars/a/b", "https://example.com/x", "file:///etc/passwd"):
            await missing(server, address)
        await server.ask("get_credits")
    assert not [record for record in caplog.records if record.exc_info]


@both_eras
async def test_what_an_address_or_a_prompt_leaves_open_is_completed(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        job = (await server.ask("generate_speech", script="Hello", voice="Aria")).data["job_id"]

        async def offered(template: str, name: str, begun: str) -> list[str]:
            ref = (
                PromptReference(type="ref/prompt", name=template)
                if "://" not in template
                else ResourceTemplateReference(type="ref/resource", uri=template)
            )
            return (await server.client.complete(ref, {"name": name, "value": begun})).completion.values

        assert await offered("a2e://avatars/{avatar_id}", "avatar_id", "ad") == ["Ada"]
        # What begins with the text comes before what only contains it.
        assert (await offered("a2e://avatars/{avatar_id}", "avatar_id", "a"))[0] == "Ada"
        assert await offered("a2e://voices/{language}", "language", "es-") == ["es-ES", "es-MX", "es-US"]
        assert await offered("a2e://avatars{?page,gender,owner}", "gender", "") == ["female", "male"]
        assert await offered("a2e://avatars{?page,gender,owner}", "owner", "o") == ["own"]
        assert await offered("a2e://jobs/{job_id}", "job_id", "speech") == [job]
        assert await offered("avatar_video", "avatar", "gre") == ["Greta"]
        assert "es-MX" in await offered("avatar_video", "language", "es")
        assert await offered("avatar_video", "idea", "any") == []
        assert await offered("a2e://jobs/{job_id}", "job_id", "\0") == []


async def test_the_newest_era_learns_how_long_answers_may_be_kept(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        client = server.client
        tools, resources = await client.list_tools(), await client.list_resources()
        prompts, templates = await client.list_prompts(), await client.list_resource_templates()
        avatars = await client.read_resource("a2e://avatars")
    kept = {(each.ttl_ms, each.cache_scope) for each in (tools, resources)}
    kept |= {(each.ttl_ms, each.cache_scope) for each in (prompts, templates)}
    assert kept == {(3_600_000, "public")}
    # Avatars are the account's own, so nobody else may be shown a kept copy.
    assert (avatars.ttl_ms, avatars.cache_scope) == (60_000, "private")
