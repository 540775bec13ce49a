"""Every operation beside A2E's menu, carried out once on one sandbox account, with A2E's oddities."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import JobFamily
from a2e_mcp.catalogue.models.family import ModelFamily
from a2e_mcp.catalogue.models.index import models_of_family
from a2e_mcp.catalogue.models.requests import body_of
from tests.support.paths import API_FACTS
from tests.support.sandbox_client import SandboxClient, open_sandbox_client

OPERATIONS: Mapping[str, Mapping[str, Any]] = {
    each["operationId"]: each
    for each in json.loads((API_FACTS / "beyond_menu.json").read_text(encoding="utf-8"))["operations"]
}
FAMILIES = {family.name: family for family in catalogue.families() if isinstance(family, ModelFamily)}
OTHERS = [family for family in catalogue.families() if family.start.name in OPERATIONS and family.name not in FAMILIES]
"""Families beside the menu whose requests are written by hand."""
WITHOUT_INPUTS = ("delete_custom_avatar_record", "upload_video_twin_file", "start_video_twin_training")
"""A2E publishes nothing of what they take, so the sandbox says what to use instead."""


async def answered(a2e: SandboxClient, name: str, body: Any = None, record_id: str = "") -> dict[str, Any]:
    """The whole answer of an operation, in A2E's envelope."""
    operation = OPERATIONS[name]
    path = operation["path"].replace("{_id}", record_id).replace("{id}", record_id)
    sent = {"params": body} if operation["method"] == "GET" else {"json": body or {}}
    response = await a2e.http.request(operation["method"], path, **sent)
    answer: dict[str, Any] = response.json()
    assert answer["trace_id"], name
    assert response.status_code < 500, (name, answer)
    return answer


def bodies(family: ModelFamily, media: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The fewest fields with which each model of a family is started in each of its modes."""
    for model in models_of_family(family.name):
        for name, mode in model.modes.items():
            given: dict[str, Any] = {"title": "T", "prompt": "hills"}
            for need in mode.needs:
                argument = need.split(" or ")[0]
                if argument in media:
                    given[argument] = [media[argument]] if argument.startswith("reference_") else media[argument]
            if name == "photobook":
                given["count"] = 4
            yield body_of(model, name, given)


async def media_of(a2e: SandboxClient) -> Mapping[str, str]:
    """An address for each argument that takes a file."""
    face = (await a2e.avatar())["video_cover"]
    video = await a2e.start_video(await a2e.speak("Hello there."))
    await a2e.sandbox.control.settle()
    clip = (await a2e.video(video["_id"]))["result"]
    pictures = dict.fromkeys(
        ("image", "end_image", "reference_images", "source", "head", "target", "actor", "face"), face
    )
    return {**pictures, "video": clip, "reference_videos": clip}


class FurtherOperations:
    """Calls operations by their names, and remembers which."""

    def __init__(self, a2e: SandboxClient, media: Mapping[str, str]) -> None:
        self.a2e = a2e
        self.media = media
        self.done: set[str] = set()

    async def does(self, name: str, body: Any = None, record_id: str = "") -> Any:
        """The data of an operation that must succeed."""
        self.done.add(name)
        answer = await answered(self.a2e, name, body, record_id)
        assert answer["code"] == 0, (name, answer)
        return answer["data"]

    def over(self, family: str) -> str:
        """A record of a job that is over."""
        (record_id,) = self.a2e.sandbox.control.seed(records=[{"family": family, "body": {"name": family}}])
        return record_id


async def test_every_operation_beside_the_menu_is_answered() -> None:
    async with open_sandbox_client(credits=100_000) as a2e:
        caller = FurtherOperations(a2e, await media_of(a2e))
        for family in FAMILIES.values():
            await _start(caller, family)
            await _calls_about(caller, family)
        for other in OTHERS:
            needed = OPERATIONS[other.start.name]["required"]
            body = {field: caller.media["video"] if field.endswith("url") else "T" for field in needed}
            await caller.does(other.start.name, body)
            await _calls_about(caller, other)
        await _what_no_tool_uses(caller)
    assert set(OPERATIONS) - caller.done == set()


async def _start(caller: FurtherOperations, family: ModelFamily) -> None:
    """A price for each mode of each model; one job is started and left to itself."""
    path = family.start.endpoint.path
    wanted = list(bodies(family, caller.media))
    for body in wanted:
        quoted = await caller.a2e.data("POST", "/generation/quote", {"endpoint": path, "requestBody": body})
        assert quoted["generationRequestValidated"] is True, body
        assert quoted["coins"] > 0
    started = await caller.does(family.start.name, wanted[0])
    assert started["current_status"] == "initialized", family.name
    assert started["coins"] > 0
    assert started["name"] == wanted[0].get("name", "")


async def _calls_about(caller: FurtherOperations, family: JobFamily) -> None:
    """Each call about a record that is over, and may be deleted."""
    over = caller.over(family.name)
    if family.listing is not None:
        assert (await caller.does(family.listing.name))["rows"][0]["_id"] == over
    if family.batch is not None:
        assert [row["_id"] for row in await caller.does(family.batch.name, {"ids": [over]})] == [over]
    rename = f"rename_{family.start.name.removeprefix('start_')}"
    if rename in OPERATIONS:
        assert (await caller.does(rename, {"name": "New"}, over))["name"] == "New"
    larger = f"get_{family.start.name.removeprefix('start_')}_1080p"
    if larger in OPERATIONS:
        assert (await caller.does(larger, record_id=over))["_id"] == over
    if family.detail is not None:
        assert (await caller.does(family.detail.name, record_id=over))["_id"] == over
    if family.remove is not None:
        await caller.does(family.remove.name, record_id=over)


async def _what_no_tool_uses(caller: FurtherOperations) -> None:
    clip = caller.over("image_to_video")
    for what in ("shared", "downloaded", "copied"):
        assert (await caller.does(f"mark_image_to_video_{what}", record_id=clip))["_id"] == clip
    image = caller.media["image"]
    asked = {"reference_id": "1", "image_url": image, "prompt": "waves", "negative_prompt": ""}
    assert (await caller.does("extend_image_to_video_prompt", asked))["prompt"] == "waves"
    extended = await caller.does("extend_first_last_frame_prompt", {**asked, "end_image_url": image})
    assert extended["prompt"] == "waves"
    added = await caller.does("add_custom_avatar_record")
    assert (await caller.does("list_custom_avatar_records"))["rows"][0]["_id"] == added["_id"]
    await caller.does("update_custom_avatar_record", record_id=added["_id"])
    for name in ("list_custom_avatar_tags", "get_image_to_video_queue_level", "get_video_twin_upload_status"):
        await caller.does(name)
    assert (await caller.does("get_random_background"))["img_url"].startswith("http://127.0.0.1")
    for name in WITHOUT_INPUTS:
        caller.done.add(name)
        assert "does not publish what this call takes" in (await answered(caller.a2e, name))["msg"]


async def test_a2es_oddities_are_imitated() -> None:
    async with open_sandbox_client() as a2e:
        # Clients that guessed fields are ignored without an error.
        drawn = await answered(
            a2e, "start_nano_banana_image", {"name": "T", "prompt": "hills", "aspectRatio": "16:9", "resolution": "4K"}
        )
        assert drawn["code"] == 0
        # The record is found under detail, and nowhere else.
        response = await a2e.http.get(f"/api/v1/userNanoBanana/{drawn['data']['_id']}")
        assert response.status_code == 404
        # What the provider behind A2E cannot make is taken, fails later, and is refunded.
        before = a2e.sandbox.control.inspect()["credits"]
        body: dict[str, Any] = {"mode": "text-to-video", "prompt": "hills", "version": "2.6", "duration": "7"}
        started = (await answered(a2e, "start_kling_video", body))["data"]
        await a2e.sandbox.control.settle()
        record = (await answered(a2e, "get_kling_video", record_id=started["_id"]))["data"]
        assert record["current_status"] == "failed"
        assert record["failed_message"] == "duration 7 is not supported by kling-2.6"
        assert a2e.sandbox.control.inspect()["credits"] == before
        # What A2E chooses when nothing is said: 12 seconds in 2K.
        record = (await answered(a2e, "start_minimax_h3_video", {"prompt": "hills"}))["data"]
        assert record["coins"] == 120
        # Sound is on unless it is switched off.
        body = {"prompt": "hills", "model_version": "mini", "duration": 4}
        started = (await answered(a2e, "start_seedance2_video", body))["data"]
        await a2e.sandbox.control.settle()
        record = (await answered(a2e, "get_seedance2_video", record_id=started["_id"]))["data"]
        assert "The sound is synthetic." in record["sandbox_note"]


async def test_the_content_check_stops_without_a_job_unless_it_is_switched_off() -> None:
    async with open_sandbox_client() as a2e:
        body = {"name": "T", "prompt": "hills [sandbox:content]"}
        stopped = await answered(a2e, "start_flux2_image", {**body, "force_generate": False})
        assert (stopped["code"], "data" in stopped) == (0, False)
        assert "content detected" in stopped["msg"]
        assert (await answered(a2e, "start_flux2_image", {**body, "force_generate": True}))["data"]["_id"]


@pytest.mark.parametrize("name", FAMILIES)
async def test_a_start_without_anything_is_refused_and_charges_nothing(name: str) -> None:
    async with open_sandbox_client() as a2e:
        before = a2e.sandbox.control.inspect()["credits"]
        answer = await answered(a2e, FAMILIES[name].start.name)
        assert answer["code"] == 400, answer
        assert a2e.sandbox.control.inspect()["credits"] == before
