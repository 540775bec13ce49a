"""Every model's row against what was written down from A2E's side, and what the rows make of wrong arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp import catalogue
from a2e_mcp.catalogue.models.index import DEFAULTS, MODEL_TOOLS, MODELS, model_named, models_of_tool
from a2e_mcp.catalogue.models.model import MODES_OF_SHARED_TOOL, Model, ModeName, modes_of
from a2e_mcp.catalogue.models.requests import (
    body_of,
    format_objections,
    length_objections,
    mode_of,
    objections,
    ratios_of,
    seconds_of,
    takes,
)
from tests.support.paths import API_FACTS

FACTS: Mapping[str, Mapping[str, Any]] = {
    row["id"]: row for row in json.loads((API_FACTS / "model_rows.json").read_text(encoding="utf-8"))["rows"]
}
BY_ID = {model.id: model for model in MODELS}
OWN_TOOLS = {model.id for model in MODELS if MODES_OF_SHARED_TOOL.keys().isdisjoint(model.tools)}
"""They have no row among A2E's facts, since A2E has one model for each of them."""
OURS = {"last_image": "end_image", "name": "title"}
AS_AUTO = {"adaptive", "Auto", "match_input_image"}
MODES: Mapping[str, ModeName] = {
    "text": "text",
    "image": "image",
    "first_last": "first_last",
    "reference": "reference",
    "edit": "edit",
    "extend": "extend",
}
DIFFERENCES: Mapping[str, str] = {
    **dict.fromkeys(
        ("wan2.5 last_image", "wan2.6 last_image", "wan2.6-flash last_image"), "A2E: it always runs first_frame"
    ),
    **dict.fromkeys(
        ("wan2.5 aspect_ratio", "wan2.6 aspect_ratio", "wan2.6-flash aspect_ratio"), "A2E: ratio is for wan2.7 alone"
    ),
    **dict.fromkeys(
        ("kling-2.6 video", "kling-3.0 video", "kling-3.0-fast video"),
        "A2E: the clip is for motion-control, which is a model of its own here",
    ),
}
"""Arguments that the facts' own rows name and that no mode of ours takes, with the reason."""
GIVEN: Mapping[str, Any] = {
    "title": "T",
    "prompt": "P",
    "negative_prompt": "N",
    "image": "https://x.test/first.png",
    "end_image": "https://x.test/last.png",
    "reference_images": ["https://x.test/a.png"],
    "reference_videos": ["https://x.test/a.mp4"],
    "reference_audios": ["https://x.test/a.mp3"],
    "video": "https://x.test/v.mp4",
    "audio": "https://x.test/v.mp3",
    "source": "https://x.test/v.png",
    "head": "https://x.test/h.png",
    "target": "https://x.test/t.png",
    "actor": "https://x.test/p.png",
    "face": "https://x.test/f.png",
    "place": "Paris",
    "clothing": "a coat",
    "count": 1,
}


def modes() -> Iterator[tuple[str, Model, ModeName]]:
    """Every tool with each of its models in each mode."""
    for tool in MODEL_TOOLS:
        for model in models_of_tool(tool):
            yield from ((tool, model, name) for name in modes_of(tool) if name in model.modes)


EVERY = list(modes())
IDS = [f"{tool}-{model.id}-{mode}" for tool, model, mode in EVERY]


def arguments(model: Model, mode: ModeName) -> dict[str, Any]:
    """Everything that a model takes in a mode, except what its exclusions forbid together."""
    found = {name: value for name, value in GIVEN.items() if takes(model, mode, name)}
    if "count" in found and model.id == "photobook":
        found["count"] = 8
    if model.seeds:
        found["seed"] = model.seeds[0]
    if mode == "image":
        found.pop("end_image", None)
    return found


def at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def test_every_model_of_a2es_facts_has_a_row_and_any_other_is_a_setting_of_one_that_has() -> None:
    assert set(BY_ID) >= set(FACTS) | OWN_TOOLS
    assert len(BY_ID) == len(MODELS)
    known = {BY_ID[name].family: BY_ID[name].fixed for name in FACTS}
    for other in set(BY_ID) - set(FACTS) - OWN_TOOLS:
        assert BY_ID[other].fixed != known[BY_ID[other].family], other


@pytest.mark.parametrize("name", FACTS)
def test_a_row_is_offered_by_the_tools_and_started_where_the_facts_say(name: str) -> None:
    model, fact = BY_ID[name], FACTS[name]
    assert set(model.tools) == set(fact["tool"])
    assert catalogue.family(model.family).start.endpoint.path == fact["start"]
    assert bool(model.restricted) == ("restricted" in fact)
    assert model.plan == fact.get("plan", "")


@pytest.mark.parametrize(("tool", "model", "mode_name"), EVERY, ids=IDS)
def test_what_is_sent_agrees_with_the_facts(tool: str, model: Model, mode_name: ModeName) -> None:
    given = arguments(model, mode_name)
    body = body_of(model, mode_name, given)
    start = catalogue.family(model.family).start
    request = start.request.model_validate(body)
    assert (
        request.model_dump(mode="json", by_alias=True, exclude_none=True).items()
        >= {name: value for name, value in body.items() if not isinstance(value, dict | list)}.items()
    )
    if model.id not in FACTS:
        return
    fact = FACTS[model.id]
    fact_mode = fact.get("mode", {}).get(next((each for each, ours in MODES.items() if ours == mode_name), ""), {})
    for path, value in {**fact.get("fixed", {}), **fact_mode.get("fixed", {})}.items():
        assert at(body, path) == value, path
    sent = {**body, **start.always}
    for path, value in fact.get("send_always", {}).items():
        # Who gives a sound wants to hear it.
        is_heard = path == fact.get("map", {}).get("sound") and "audio" in given
        if path not in ("name", "duration"):
            assert at(sent, path) == (is_heard or value), path
    drops = fact_mode.get("drops", [])
    joins = {**fact.get("map", {}).get("join", {}), **fact_mode.get("join", {})}
    targets = {**fact.get("map", {}), **fact_mode.get("map", {})}
    for theirs, target in targets.items():
        ours = OURS.get(theirs, theirs)
        if theirs in ("join", "seconds", "resolution", "aspect_ratio", "sound", *drops):
            continue
        if ours not in given:
            continue
        found = at(body, target)
        wanted = given[ours]
        if isinstance(found, list):
            assert set(wanted if isinstance(wanted, list) else [wanted]) <= set(found), theirs
        else:
            assert found == wanted, theirs
    for path, members in joins.items():
        kinds = members if isinstance(members, Mapping) else dict.fromkeys(members)
        urls = json.dumps(at(body, path) or [])
        for theirs in kinds:
            ours = {"reference_image": "reference_images", "reference_video": "reference_videos"}.get(
                theirs, OURS.get(theirs, theirs)
            )
            wanted = given.get(ours) or []
            assert all(each in urls for each in ([wanted] if isinstance(wanted, str) else wanted)), theirs


def test_every_argument_of_the_facts_is_taken_in_some_mode() -> None:
    missing = set()
    for name, fact in FACTS.items():
        maps = [fact.get("map", {}), *(mode.get("map", {}) for mode in fact.get("mode", {}).values())]
        named = {theirs for each in maps for theirs in each} - {"join"}
        model = BY_ID[name]
        missing |= {
            f"{name} {theirs}"
            for theirs in named
            if not any(takes(model, mode, OURS.get(theirs, theirs)) for mode in model.modes)
        }
    assert missing == set(DIFFERENCES)


@pytest.mark.parametrize("name", FACTS)
def test_lengths_sizes_shapes_and_limits_are_those_of_the_facts(name: str) -> None:
    model, fact = BY_ID[name], FACTS[name]
    for mode_name, mode in model.modes.items():
        fact_mode = fact.get("mode", {}).get(mode_name, {})
        drops = fact_mode.get("drops", [])
        if "seconds" not in drops:
            assert list(seconds_of(model, mode)) == numbers(fact_mode.get("seconds", fact.get("seconds"))), mode_name
        sizes = fact.get("resolution", {})
        assert set(model.resolutions) == set(sizes) or "via" in fact.get("ratio", {})
        for word, sent in sizes.items():
            parts = sent if isinstance(sent, Mapping) else {fact["map"]["resolution"]: sent}
            assert dict(model.resolutions[word]) == dict(parts), word
        ratios = fact_mode.get("ratio", fact.get("ratio", []))
        if "aspect_ratio" not in drops and "aspect_ratio" not in mode.drops and "via" not in ratios:
            known = {"auto" if each in AS_AUTO else each for each in ratios}
            assert set(ratios_of(model, mode)) == known, mode_name
        most = {**fact.get("max", {}), **fact_mode.get("max", {})}
        together = most.pop("references_together", None)
        assert model.together == together
        for each, limit in most.items():
            if limit is not None:
                assert {**model.most, **mode.most}[each] == limit, each


def numbers(fact: Any) -> list[int]:
    """The seconds that a fact allows."""
    if fact is None:
        return []
    return list(range(fact["from"], fact["to"] + 1)) if isinstance(fact, Mapping) else list(fact)


def test_qwen_draws_the_sizes_that_it_has_in_pixels() -> None:
    for model in MODELS:
        for size, ratios in model.ratios_at.items():
            assert {each: dict(sent)["size"] for each, sent in ratios.items()} == FACTS[model.id]["ratio"][size]


def test_a_tool_takes_a_model_of_its_own_when_none_is_named_or_any_will_do() -> None:
    for tool, name in DEFAULTS.items():
        for text in (None, "auto", "default", name.upper(), name.replace("-", " ")):
            found = model_named(tool, text)
            assert found is BY_ID[name], (tool, text)
    assert model_named("start_text_to_image", "a2e") is BY_ID["a2e-image"]
    assert model_named("start_text_to_video", "nonsense") is None
    for tool in DEFAULTS:
        for mode in modes_of(tool):
            usual = model_named(tool, None, mode)
            assert usual is not None
            assert mode in usual.modes
            assert not usual.restricted


@pytest.mark.parametrize(("tool", "model", "mode_name"), EVERY, ids=IDS)
def test_what_a_model_can_is_never_refused(tool: str, model: Model, mode_name: ModeName) -> None:
    given = arguments(model, mode_name)
    action: ModeName | None = mode_name if mode_name in ("edit", "extend") else None
    for seconds in seconds_of(model, model.modes[mode_name]) or (None,):
        for size in model.resolutions or (None,):
            wanted = given | {"seconds": seconds, "resolution": size}
            wanted = {name: value for name, value in wanted.items() if value is not None}
            assert mode_of(tool, model, wanted, action) == mode_name
            found = list(objections(tool, model, mode_name, wanted, models_of_tool(tool)))
            assert all(any(each.why in said for each in model.excludes) for said in found), found
            if not found:
                catalogue.family(model.family).start.request.model_validate(body_of(model, mode_name, wanted))


PICTURE, LAST, SOUND = GIVEN["image"], GIVEN["end_image"], GIVEN["audio"]


@pytest.mark.parametrize(
    ("name", "mode", "more", "why"),
    [
        ("kling-3.0", "image", {"image": PICTURE, "end_image": LAST, "resolution": "4k"}, "needs resolution 1080p"),
        ("kling-3.0", "image", {"image": PICTURE, "end_image": LAST}, "needs resolution 1080p"),
        ("flux-2-pro", "draw", {"aspect_ratio": "auto"}, "auto needs a picture"),
        ("seedance-2.0", "reference", {"reference_audios": [SOUND]}, "reference_images or reference_videos is missing"),
        ("wan2.5", "image", {"image": PICTURE, "audio": SOUND, "sound": False}, "contradict each other"),
    ],
)
def test_what_only_the_text_of_the_spec_forbids_is_refused(
    name: str, mode: ModeName, more: Mapping[str, Any], why: str
) -> None:
    model = BY_ID[name]
    (said,) = objections(model.tools[0], model, mode, {"prompt": "P", **more}, [model])
    assert why in said
    assert name in said


def test_what_the_text_of_the_spec_allows_is_not_refused() -> None:
    allowed: list[tuple[str, ModeName, Mapping[str, Any]]] = [
        ("kling-3.0", "image", {"image": PICTURE, "end_image": LAST, "resolution": "1080p"}),
        ("flux-2-pro", "draw", {"aspect_ratio": "auto", "reference_images": [PICTURE]}),
        ("flux-2-pro", "draw", {"aspect_ratio": "auto", "image": PICTURE}),
        ("seedance-2.5", "reference", {"reference_audios": [SOUND]}),
        ("wan2.5", "image", {"image": PICTURE, "audio": SOUND}),
    ]
    for name, mode, more in allowed:
        model = BY_ID[name]
        assert not list(objections(model.tools[0], model, mode, {"prompt": "P", **more}, [model])), (name, more)


@pytest.mark.parametrize(
    ("name", "lengths", "made", "why"),
    [
        ("seedance-2.0-mini", {"reference_videos[1]": 16}, 5, "reference_videos[1] lasts 16 s; "),
        ("seedance-2.0-fast", {"reference_videos[2]": 1.5}, 5, "lasts 1.5 s; seedance-2.0-fast takes 2 to 15 s"),
        ("seedance-2.0", {"reference_audios[1]": 8, "reference_audios[2]": 8}, 5, "last 16 s together"),
        ("seedance-2.5", {"reference_videos[1]": 20, "reference_videos[2]": 11}, 5, "takes at most 30 s"),
        ("wan3.0", {"reference_videos[1]": 9, "reference_videos[2]": 9}, 5, "last 18 s together"),
        ("wan3.0-prime", {"reference_videos[1]": 6}, 30, "makes at most 24 s"),
        ("kling-motion-3.0", {"video": 31}, None, "takes 3 to 30 s"),
    ],
)
def test_clips_and_sounds_of_a_length_that_a_model_does_not_take_are_refused(
    name: str, lengths: Mapping[str, float], made: int | None, why: str
) -> None:
    (said,) = length_objections(BY_ID[name], lengths, made)
    assert why in said
    assert name in said
    shorter = {each: min(max(seconds / 2, 3), 7) for each, seconds in lengths.items()}
    assert not list(length_objections(BY_ID[name], shorter, made and 5))


@pytest.mark.parametrize(
    ("name", "addresses", "why"),
    [
        ("wan2.5", {"audio": "https://x.test/a.ogg"}, "audio is ogg; wan2.5 takes mp3 or wav"),
        ("kling-omni", {"reference_images[2]": "https://x.test/b.webp?x=1.png"}, "takes jpg or png"),
        ("seedance-2.0-mini", {"reference_videos[1]": "https://x.test/C.WEBM"}, "is webm; seedance-2.0-mini takes mp4"),
        ("clip-sound", {"video": "https://x.test/v.webm"}, "takes mp4, avi, mov or mkv"),
    ],
)
def test_files_of_a_format_that_a_model_does_not_take_are_refused(
    name: str, addresses: Mapping[str, str], why: str
) -> None:
    (said,) = format_objections(BY_ID[name], addresses)
    assert why in said


def test_files_of_a_format_that_a_model_takes_or_that_does_not_show_are_not_refused() -> None:
    for name, address in (
        ("audio", "https://x.test/a.WAV?sign=1"),
        ("audio", "https://x.test/sound"),
        ("audio", "https://x.test/get.php"),
        ("image", "https://x.test/a.webp"),
    ):
        assert not list(format_objections(BY_ID["wan2.5"], {name: address})), address


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Model, ModeName, dict[str, Any]]:
    """A tool, one of its models, and arguments of which some may not fit it."""
    tool, model, mode = draw(st.sampled_from(EVERY))
    given = arguments(model, mode)
    wrong: dict[str, Any] = {
        "seconds": draw(st.integers(1, 60)),
        "resolution": draw(st.sampled_from(["480p", "720p", "768p", "1080p", "1k", "2k", "4k"])),
        "aspect_ratio": draw(st.sampled_from(["auto", "1:1", "16:9", "9:16", "21:9", "9:21", "4:5", "3:2"])),
        "sound": draw(st.booleans()),
        "reference_images": [f"https://x.test/{number}.png" for number in range(draw(st.integers(1, 40)))],
        "end_image": GIVEN["end_image"],
        "audio": GIVEN["audio"],
        "seed": draw(st.integers(-(10**12), 10**12)),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(wrong)), max_size=4))
    return tool, model, mode, given | {name: wrong[name] for name in chosen}


@given(calls())
def test_a_call_is_refused_with_sentences_or_becomes_a_request_that_a2e_takes(
    call: tuple[str, Model, ModeName, dict[str, Any]],
) -> None:
    tool, model, mode, given = call
    found = list(objections(tool, model, mode, given, models_of_tool(tool)))
    for said in found:
        assert len(said) < 240
        assert "\n" not in said
        assert model.id in said
        assert "{" not in said
    if found:
        return
    body = body_of(model, mode, given)
    request = catalogue.family(model.family).start.request.model_validate(body)
    # Nothing is rounded: each number that was given is in the body as it was given.
    sent = json.dumps(request.model_dump(mode="json", by_alias=True, exclude_none=True))
    if "seconds" in given:
        assert f'"{given["seconds"]}"' in sent or f" {given['seconds']}" in sent
