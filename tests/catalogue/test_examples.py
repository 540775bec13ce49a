"""A2E's own printed examples are read unchanged, and become the right Job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.records import JobRecord, Rows
from a2e_mcp.jobs.job import normalise
from tests.support.paths import API_FACTS

EXAMPLES = json.loads((API_FACTS / "examples.json").read_text(encoding="utf-8"))["examples"]
JOBS = {
    "get_avatar_video_status": ("avatar_video", "succeeded", 1, None),
    "get_custom_avatar_task": ("avatar_training", "succeeded", 1, None),
    "get_image_to_video": ("image_to_video", "succeeded", 1, 100),
    "get_face_swap_status": ("face_swap", "running", 0, None),
    "start_face_swap": ("face_swap", "queued", 0, None),
}


def capability(name: str) -> Capability[Any, Any]:
    return next(each for each in catalogue.capabilities() if each.name == name)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_becomes_the_right_job(name: str) -> None:
    example = EXAMPLES[name]
    reply = capability(name).reply.model_validate(example["response"]["data"])
    record = reply.rows[0] if isinstance(reply, Rows) else reply
    assert isinstance(record, JobRecord)
    family, state, files, credits = JOBS[name]
    job = normalise(catalogue.family(family), record, sandbox=False)
    assert (job.state, len(job.results), job.credits) == (state, files, credits)
    assert job.job_id == f"{family}:{record.id}"
    assert job.error is None


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_keeps_every_field_it_came_with(name: str) -> None:
    data = EXAMPLES[name]["response"]["data"]
    reply = capability(name).reply.model_validate(data)
    record = reply.rows[0] if isinstance(reply, Rows) else reply
    assert isinstance(record, JobRecord)
    assert dict(record.raw) == (data[0] if isinstance(data, list) else data)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_was_made_by_the_call_that_is_declared(name: str) -> None:
    endpoint = capability(name).endpoint
    assert (endpoint.method, endpoint.path) == (EXAMPLES[name]["method"], EXAMPLES[name]["path"])
    if EXAMPLES[name]["request"]:
        sent = capability(name).request.model_validate(EXAMPLES[name]["request"])
        assert sent.model_dump(by_alias=True, exclude_none=True) == EXAMPLES[name]["request"]
