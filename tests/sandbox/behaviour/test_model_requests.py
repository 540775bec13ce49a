"""What the sandbox reads in the body of a start whose model is a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from a2e_mcp import catalogue
from a2e_mcp.catalogue.models.family import ModelFamily
from a2e_mcp.catalogue.models.index import MODELS
from a2e_mcp.catalogue.models.model import Model, ModeName
from a2e_mcp.catalogue.models.requests import body_of, takes
from a2e_mcp.sandbox.behaviour.model_requests import asked
from tests.support.sandbox_client import open_sandbox_client

FILES = {
    name: f"https://x.test/{name}"
    for name in ("image", "end_image", "video", "source", "head", "target", "actor", "face")
}


def modes() -> Iterator[tuple[ModelFamily, Model, ModeName]]:
    """Every model in each mode."""
    for model in MODELS:
        family = catalogue.family(model.family)
        if isinstance(family, ModelFamily):
            yield from ((family, model, mode) for mode in model.modes)


EVERY = list(modes())


@pytest.mark.parametrize(("family", "model", "mode"), EVERY, ids=[f"{row.id}-{mode}" for _, row, mode in EVERY])
def test_a_body_is_read_as_the_model_and_the_mode_that_it_was_made_for(
    family: ModelFamily, model: Model, mode: ModeName
) -> None:
    given: dict[str, Any] = {name: url for name, url in FILES.items() if takes(model, mode, name)}
    if takes(model, mode, "reference_images"):
        given["reference_images"] = ["https://x.test/1.png", "https://x.test/2.png"]
    if mode == "image":
        given.pop("end_image", None)
    found = asked(family.name, family.fields, body_of(model, mode, {"prompt": "hills", **given}))
    assert (found.mode, found.model.family) == (mode, model.family)
    assert found.model.fixed == model.fixed
    assert {name: found.values[name] for name in given} == given


async def test_a_picture_may_come_in_a_list_and_what_is_no_address_is_refused() -> None:
    async with open_sandbox_client(workers=0) as a2e:
        picture = (await a2e.avatar())["video_cover"]
        wanted = {"name": "clip", "prompt": "it moves", "image_urls": [picture]}
        for root in ("/hailuoVideo", "/grokVideo"):
            mode = {"model_type": "image-to-video"} if root == "/grokVideo" else {}
            started = await a2e.data("POST", f"{root}/start", wanted | mode)
            assert started["image_urls"] == [picture]
            wrong = wanted | mode | {"image_urls": [picture, "no address"]}
            status, _, message = await a2e.refused("POST", f"{root}/start", wrong)
            assert (status, "image_urls" in message) == (400, True)
