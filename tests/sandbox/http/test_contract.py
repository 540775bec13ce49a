"""The catalogue and the sandbox against what was written down from A2E's side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import Capability, Endpoint
from a2e_mcp.sandbox.jobs.view import TASK_WORDS, VIDEO_WORDS, VOICE_WORDS
from tests.support.paths import API_FACTS
from tests.support.sandbox_client import SENTENCE, open_sandbox_client

FACTS = API_FACTS


def _facts(name: str) -> Any:
    return json.loads((FACTS / name).read_text(encoding="utf-8"))


# A2E's own pages write one and the same path in two letter cases (userText2image, userText2Image).
OPERATIONS = {
    (each["method"], each["path"].lower()): each
    for name in ("operations.json", "beyond_menu.json")
    for each in _facts(name)["operations"]
}
EXAMPLES = _facts("examples.json")["examples"]
CAPABILITIES = {each.name: each for each in catalogue.capabilities()}


def _spellings() -> Iterator[tuple[Capability[Any, Any], Endpoint]]:
    for capability in CAPABILITIES.values():
        for endpoint in capability.endpoints:
            yield capability, endpoint


def _name(value: object) -> str:
    return value.name if isinstance(value, Capability) else getattr(value, "path", "")


@pytest.mark.parametrize(("capability", "endpoint"), list(_spellings()), ids=_name)
def test_a_capability_is_where_a2e_has_it_and_takes_what_a2e_takes(
    capability: Capability[Any, Any], endpoint: Endpoint
) -> None:
    operation = OPERATIONS[endpoint.method, endpoint.path.lower()]
    schema = capability.request.model_json_schema(by_alias=True)
    # What begins with the sandbox's name is for the sandbox alone, and never sent to A2E.
    taken = {name: field for name, field in schema.get("properties", {}).items() if not name.startswith("sandbox_")}
    path_parameters = set(endpoint.parameters)

    if endpoint == capability.endpoint:
        assert operation["operationId"] == capability.name
        told = (capability.evidence.value, capability.reply_evidence.value)
        assert told == (operation["evidence"], operation["answerEvidence"])
    assert set(operation["required"]) <= set(taken)
    assert set(taken) <= set(operation["fields"]) | path_parameters
    for field, values in operation.get("enums", {}).items():
        assert set(_allowed(taken.get(field, {}))) <= set(values)
    if operation["charges"] == "yes":
        assert capability.effect.value == "spends"


def _allowed(schema: dict[str, Any]) -> list[object]:
    if "const" in schema:
        return [schema["const"]]
    own: list[object] = list(schema.get("enum", []))
    return own + [value for part in schema.get("anyOf", []) for value in _allowed(part)]


def test_the_sandbox_uses_no_status_word_that_a2e_does_not_have() -> None:
    words = {"avatar_video": VIDEO_WORDS, "voice_clone": VOICE_WORDS, "video_voice_clone": VOICE_WORDS}
    for family in catalogue.families():
        endpoint = (family.detail or family.start).endpoint
        known = OPERATIONS[endpoint.method, endpoint.path.lower()]["statuses"]
        assert set(words.get(family.name, TASK_WORDS).values()) <= set(known)


async def test_every_capability_is_imitated() -> None:
    async with open_sandbox_client() as a2e:
        for capability, endpoint in _spellings():
            path = endpoint.path.replace("{_id}", "0" * 24)
            response = await a2e.http.request(endpoint.method, path, json={})
            assert response.status_code != 503, capability.name


async def test_answers_have_every_field_of_a2es_printed_examples() -> None:
    async with open_sandbox_client(policies={"face_swap": "seconds:600"}) as a2e:
        avatar = await a2e.avatar()
        face = avatar["video_cover"]
        video = await a2e.start_video(await a2e.speak(SENTENCE))
        twin = await a2e.data("POST", "/userVideoTwin/startTraining", {"name": "test", "image_url": face})
        clip = await a2e.start_clip()
        swap = await a2e.data(
            "POST", "/userFaceSwapTask/add", {"name": "x", "face_url": face, "video_url": face, "unknown": 1}
        )
        await a2e.sandbox.control.settle()

        answers = {
            "get_avatar_video_status": [await a2e.video(video["_id"])],
            "get_custom_avatar_task": await a2e.data("GET", f"/userVideoTwin/{twin['_id']}"),
            "get_image_to_video": await a2e.clip(clip["_id"]),
            "get_face_swap_status": await a2e.data("GET", "/userFaceSwapTask/status"),
            "start_face_swap": swap,
        }

    assert answers.keys() == EXAMPLES.keys()
    for name, answer in answers.items():
        printed = EXAMPLES[name]["response"]["data"]
        assert _missing(printed, answer) == set(), name
        CAPABILITIES[name].reply.model_validate(answer)


def _missing(printed: Any, answer: Any) -> set[str]:
    """Fields that are printed and not answered, or answered as another kind of value."""
    if isinstance(printed, list):
        assert isinstance(answer, list)
        return _missing(printed[0], answer[0])
    return {
        field
        for field, value in printed.items()
        if field not in answer or not (value is None or answer[field] is None or _alike(value, answer[field]))
    }


def _alike(printed: object, answered: object) -> bool:
    numbers = (int, float)
    return type(printed) is type(answered) or (isinstance(printed, numbers) and isinstance(answered, numbers))
