"""What hosts and people really send as arguments works, or is refused with the sentence that makes it work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.catalogue.declaration.tool import Tool
from a2e_mcp.errors import InputError
from a2e_mcp.server import tool_index
from a2e_mcp.server.arguments.fields import argument_fields
from a2e_mcp.server.arguments.reader import option_models, read_arguments
from a2e_mcp.server.arguments.values import normalised
from tests.support.media import png
from tests.support.server import open_server

TOOLS: Mapping[str, Tool[Any]] = {tool.name: tool for _, tool in tool_index.declared_tools()}
SCHEMAS = {name: tool.wire["inputSchema"] for name, tool in tool_index.tools().items()}
VIDEO = {"script": "Good morning.", "voice": "Aria", "avatar": "Ada"}
SPEECH = {"script": "Good morning.", "voice": "Aria"}
JOB = "avatar_video:000000006720d1f0a1b2c3d4"


def read(tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs and options that arguments become; what has its default is left out."""
    inputs, options = read_arguments(TOOLS[tool], SCHEMAS[tool], arguments)
    chosen = {name: getattr(options, name) for name in ("max_credits", "again", "consent") if getattr(options, name)}
    return {**inputs.model_dump(exclude_defaults=True), **chosen}


def refusal(tool: str, arguments: Mapping[str, Any]) -> str:
    with pytest.raises(InputError) as problem:
        read_arguments(TOOLS[tool], SCHEMAS[tool], arguments)
    return str(problem.value)


async def test_what_hosts_add_to_every_call_is_dropped_and_the_start_is_the_same(tmp_path: Path) -> None:
    added = {
        "toolCallId": "call_1",
        "sessionId": "abc",
        "action": "sendMessage",
        "chatInput": "make a video",
        "tool": "generate_speech",
        "root": {"a": 1},
    }
    async with open_server(tmp_path) as server:
        first = await server.ask("generate_speech", **SPEECH)
        again = await server.ask("generate_speech", **SPEECH, **added)
        assert again.data["job_id"] == first.data["job_id"]
        quoted = await server.ask("quote_job", tool="generate_speech", arguments={**SPEECH, **added})
        assert quoted.data["tool"] == "generate_speech"
        await server.ask("get_credits", **added)
        assert "unknown argument actions" in await server.refuse("get_credits", actions="x")


@pytest.mark.parametrize("wrapper", ["arguments", "input", "kwargs", "params"])
def test_arguments_inside_one_object_are_read(wrapper: str) -> None:
    assert read("generate_speech", {wrapper: SPEECH}) == SPEECH
    assert read("generate_speech", {wrapper: '{"script": "Good morning.", "voice": "Aria"}', "action": "x"}) == SPEECH
    assert "unknown argument" in refusal("generate_speech", {**SPEECH, wrapper: {"speed": 2}})


async def test_empty_values_mean_left_out_but_a_script_is_never_one(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        empty = {"audio": "", "background": "null", "title": "None", "shape": "undefined", "max_credits": ""}
        made = await server.ask("quote_job", tool="start_avatar_video", arguments={**VIDEO, **empty})
        assert "start_avatar_video would cost" in made.text
        # An empty path would be the working directory.
        await server.ask("quote_job", tool="start_text_to_image", arguments={"prompt": "a cat", "reference": ""})
        spoken = await server.ask("generate_speech", script="None", voice="Aria")
        assert spoken.data["chosen"] == {"voice": "Aria (en-US)"}
        assert "made_from" in (await server.ask("check_status", job_id=spoken.data["job_id"])).data


@pytest.mark.parametrize(
    "empty",
    [
        *("", " ", "null", "None", "NULL", "undefined", '""', "''", "n/a", "nil", None, [], {}),
        *("\u200b", "\ufeff", "not provided", "(not set)", "None.", "[null]", "{ }", [None], [""], {"value": None}),
    ],
)
def test_every_spelling_of_an_empty_value_leaves_an_optional_input_out(empty: object) -> None:
    left_out = ("voice", "audio", "background", "shape", "resolution", "title", "max_credits")
    given = {"avatar": "Ada", "audio": "a.mp3"} | {name: empty for name in left_out if name != "audio"}
    assert read("start_avatar_video", given) == {"avatar": "Ada", "audio": "a.mp3"}
    assert "avatar: is missing" in refusal("start_avatar_video", {**VIDEO, "avatar": empty or None})


def test_a_dash_is_an_empty_cell_but_no_ceiling() -> None:
    for dash in ("-", "\u2013", "\u2014"):
        given = {**VIDEO, "audio": dash, "background": dash, "shape": dash, "title": dash}
        assert read("start_avatar_video", given) == VIDEO
        assert "max_credits: must be a number" in refusal("start_avatar_video", {**VIDEO, "max_credits": dash})
        assert read("generate_speech", {"script": dash, "voice": "Aria"})["script"] == dash


@pytest.mark.parametrize(
    "given", ["- Anna\n- Ben", "1. Anna\n2. Ben", "{Anna, Ben}", "{'Anna', 'Ben'}", [["Anna", "Ben"]], "* Anna\n* Ben"]
)
def test_the_names_of_a_list_are_read_without_its_marks(given: object) -> None:
    assert read("delete_avatar", {"avatar": given})["avatar"] == ["Anna", "Ben"]


def test_a_text_that_is_spoken_or_shown_stays_as_it_is() -> None:
    for text in ("null", "None", "undefined", " null ", '"quoted"', '["a"]', '{"a": 1}', "16:9", "true", "a,b", "0"):
        assert read("generate_speech", {"script": text, "voice": "Aria"})["script"] == text
        assert read("add_watermark", {"media": "a.png", "text": text})["text"] == text
        assert read("speak_streaming_avatar", {"text": text})["text"] == text


def test_zero_means_left_out_only_where_that_is_declared() -> None:
    photo = {"image": "a.png", "audio": "a.mp3", "consent": "Zoe agreed by e-mail."}
    assert read("start_talking_photo", {**photo, "seconds": 0}) == photo
    assert read("start_talking_photo", {**photo, "seconds": "0"}) == photo
    assert read("wait_for_job", {"job_ids": [JOB], "seconds": 0})["seconds"] == 0
    assert "count" in refusal("start_image_to_video", {"image": "a.png", "count": 0})
    _, options = read_arguments(TOOLS["generate_speech"], SCHEMAS["generate_speech"], {**SPEECH, "max_credits": 0})
    assert options.max_credits == 0


@pytest.mark.parametrize(
    "given",
    [
        [f"{JOB}", "speech:000000006720d1f0a1b2c3d5"],
        f"{JOB},speech:000000006720d1f0a1b2c3d5",
        f"{JOB}; speech:000000006720d1f0a1b2c3d5",
        f"{JOB}\nspeech:000000006720d1f0a1b2c3d5",
        f"{JOB} and speech:000000006720d1f0a1b2c3d5",
        f'["{JOB}", "speech:000000006720d1f0a1b2c3d5"]',
        f"['{JOB}', 'speech:000000006720d1f0a1b2c3d5']",
        f"[{JOB}, speech:000000006720d1f0a1b2c3d5]",
        f"{{'{JOB}', 'speech:000000006720d1f0a1b2c3d5'}}",
        f"{JOB} & speech:000000006720d1f0a1b2c3d5",
        f"- {JOB}\n- speech:000000006720d1f0a1b2c3d5",
        f"```\n{JOB}\nspeech:000000006720d1f0a1b2c3d5\n```",
        [[JOB, "speech:000000006720d1f0a1b2c3d5"]],
        {"job_ids": [JOB, "speech:000000006720d1f0a1b2c3d5"]},
        {"0": JOB, "1": "speech:000000006720d1f0a1b2c3d5"},
        f'"[\\"{JOB}\\", \\"speech:000000006720d1f0a1b2c3d5\\"]"',
        [f"{JOB},speech:000000006720d1f0a1b2c3d5"],
        [f" '{JOB}' ", "", None, "`speech:000000006720d1f0a1b2c3d5`"],
        [{"job_id": JOB, "state": "running"}, {"job_id": "speech:000000006720d1f0a1b2c3d5"}],
    ],
)
def test_a_list_is_read_however_it_came(given: object) -> None:
    assert read("wait_for_job", {"job_ids": given})["job_ids"] == [JOB, "speech:000000006720d1f0a1b2c3d5"]


def test_no_id_of_a_list_in_one_text_is_dropped() -> None:
    bare = "000000006720d1f0a1b2c3d5"
    for between in (" ", ", ", "\n", " and "):
        assert read("wait_for_job", {"job_ids": f"{bare}{between}{JOB}"})["job_ids"] == [bare, JOB]
        assert read("wait_for_job", {"job_ids": f"{JOB}{between}{JOB[13:]}"})["job_ids"] == [JOB, JOB[13:]]
    assert read("wait_for_job", {"job_ids": f"{JOB} avatr_video:{bare}"})["job_ids"] == [f"{JOB} avatr_video:{bare}"]
    assert read("check_status", {"job_id": f"job:{bare}"})["job_id"] == bare
    assert read("check_status", {"job_id": JOB.replace("_", "-")})["job_id"] == JOB


def test_one_bare_text_is_a_list_of_one() -> None:
    assert read("wait_for_job", {"job_ids": JOB})["job_ids"] == [JOB]
    assert read("wait_for_job", {"job_id": JOB})["job_ids"] == [JOB]
    assert read("check_status", {"job_ids": [JOB]})["job_id"] == JOB
    assert "must be text" in refusal("wait_for_job", {"job_ids": [JOB, 7.5e300]})


@pytest.mark.parametrize(
    "given",
    [
        f" {JOB} ",
        f'"{JOB}"',
        f"`{JOB}`",
        f"<{JOB}>",
        f"a2e://jobs/{JOB}",
        f"job_id: {JOB}",
        f"avatar_video: {JOB[13:]}",
        JOB.upper(),
        {"job_id": JOB, "state": "running"},
        [JOB],
        f'{{"job_id": "{JOB}"}}',
    ],
)
def test_a_job_id_is_found_in_what_was_copied_with_it(given: object) -> None:
    assert read("check_status", {"job_id": given})["job_id"] == JOB
    assert read("start_caption_removal", {"video": given})["video"] == JOB


def test_a_name_or_id_is_found_in_what_was_copied_with_it() -> None:
    for given_ in (
        '"Ada"',
        "'Ada'",
        " Ada ",
        "“Ada”",
        ["Ada"],
        {"name": "Ada"},
        "a2e://avatars/Ada",
        "Ada (female) = Ada",
    ):
        assert read("start_lip_sync_training", {"avatar": given_, "consent": "Zoe agreed in May."})["avatar"] == "Ada"


CHOICES: Mapping[tuple[str, str], Mapping[Any, tuple[Any, ...]]] = {
    ("start_avatar_video", "shape"): {
        "landscape": (
            "16：9",
            "landscape (16:9)",
            "16:9 landscape",
            "horizontal video",
            "16:9",
            "16x9",
            "16/9",
            "Landscape",
            "LANDSCAPE",
            " horizontal",
            "widescreen",
            "Querformat",
            "landscape_16_9",
            "16-9",
            "16\u22369",
            "TV",
        ),
        "portrait": (
            "portrait mode",
            "9:16 (TikTok)",
            "9:16",
            "9 x 16",
            "Portrait",
            "vertical",
            "TikTok",
            "Hochformat",
            "Reels",
            "9_16",
            "YouTube Shorts",
            "Reels/TikTok",
            "retrato",
        ),
        "square": ("1:1", "Square", "1x1", "quadratisch"),
    },
    ("start_avatar_video", "resolution"): {
        1080: (
            "1080p (Full HD)",
            "FHD 1080p",
            "１０８０",
            "1080p",
            "1080P",
            "1080",
            "Full HD",
            "full-hd",
            "FHD",
            1080.0,
            "1080 px",
            "1920x1080",
            "1080i",
            "1080p HD",
        ),
        720: ("720p", "HD", "720", "1280 x 720"),
        480: ("480p", "SD"),
    },
    ("list_avatars", "gender"): {
        "female": ("Female", "FEMALE", "f", "woman", "weiblich", "femme", "mujer", "she/her", "女"),
        "male": ("Male", "m", "man", "männlich", "homme", "hombre"),
    },
    ("list_avatars", "owner"): {"own": ("Own", "mine", "custom"), "public": ("Public", "A2E's", "stock")},
    ("list_jobs", "state"): {
        "succeeded": ("done", "Completed"),
        "failed": ("error",),
        "running": ("in progress", "rendering"),
    },
    ("add_watermark", "position"): {
        "bottom_right": ("bottom-right", "Bottom Right", "lower right", "bottom right corner", "right bottom"),
        "center": ("centre", "middle"),
    },
    ("start_text_to_video", "aspect_ratio"): {
        "9:16": ("vertical", "Portrait", "9x16", "1080x1920", "TikTok"),
        "16:9": ("landscape", "1920 x 1080", "16/9"),
        "1:1": ("square", "quadratisch"),
    },
    ("start_text_to_video", "resolution"): {"720p": ("hd", "720", "1280x720"), "1080p": ("Full HD", "1080P", "1080")},
    ("start_image_to_video", "seconds"): {10: ("10", "10s", "10 seconds", "0:10"), 20: ("20 sec",)},
}


def test_choices_are_read_by_their_everyday_names() -> None:
    for (tool, name), meanings in CHOICES.items():
        field = argument_fields(TOOLS[tool].inputs)[name]
        for meant, spellings in meanings.items():
            for spelling in spellings:
                found = normalised({name: field}, {name: spelling})[name]
                one = found[0] if isinstance(found, list) and len(found) == 1 else found
                assert str(one) == str(meant), (tool, name, spelling)


@pytest.mark.parametrize(
    ("shape", "told"),
    [("landscape 9:16", "'landscape'"), ("4:3", "'landscape'"), ("round", "'square'"), ("21:9", "'portrait'")],
)
def test_what_is_no_choice_is_refused_with_the_choices(shape: str, told: str) -> None:
    assert told in refusal("start_avatar_video", {**VIDEO, "shape": shape})
    for wrong in ("4K", "-720", "7.20", 72.0):
        assert "1080" in refusal("start_avatar_video", {**VIDEO, "resolution": wrong})


def test_a_size_in_pixels_decides_shape_and_resolution() -> None:
    upright = read("start_avatar_video", {**VIDEO, "resolution": "1080x1920"})
    assert (upright["shape"], str(upright["resolution"])) == ("portrait", "1080")
    assert str(read("start_avatar_video", {**VIDEO, "shape": "1920x1080"})["resolution"]) == "1080"
    assert "contradict" in refusal("start_avatar_video", {**VIDEO, "resolution": "1080x1920", "shape": "landscape"})
    told = refusal("start_avatar_video", {**VIDEO, "shape": "1600x900"})
    assert "shape: 1600x900 is not offered; resolution can be 480, 720, 1080" in told


def test_numbers_come_with_their_unit_and_truths_as_words() -> None:
    for given_, seconds in {"1.5 min": 90, "90s": 90, "90 seconds": 90, "1:30": 90, "1m30s": 90, "90": 90}.items():
        assert read("start_streaming", {"avatar": "Ada", "seconds": given_})["seconds"] == seconds, given_
    for given_, speed in {"1.5x": 1.5, "150%": 1.5, "1,5": 1.5, " 1.5 ": 1.5, "+50%": 1.5, "50 % slower": 0.5}.items():
        assert read("generate_speech", {**SPEECH, "speed": given_})["speed"] == speed
    assert read("generate_speech", {**SPEECH, "max_credits": "30 credits"})["max_credits"] == 30
    assert read("start_image_to_video", {"image": "a.png", "count": "3 clips"})["count"] == 3
    for yes in ("yes", "True", "ON", "1", 1):
        assert read("generate_speech", {**SPEECH, "again": yes})["again"] is True
    for no in ("no", "False", "off", "0", 0):
        assert "again" not in read("generate_speech", {**SPEECH, "again": no})
    for wrong in ("1,000", "30 seconds", "$30", "-", "about 30", True):
        assert "max_credits: must be a number" in refusal("generate_speech", {**SPEECH, "max_credits": wrong})
    assert "must be at least 0. Nothing" in refusal("generate_speech", {**SPEECH, "max_credits": -1})
    for vague in ("faster", "a bit slower"):
        problem = "speed: must be a number from 0.5 to 2: 1 is as usual, and 1.2 a fifth faster."
        assert problem in refusal("generate_speech", {**SPEECH, "speed": vague})
    assert "again: must be true or false" in refusal("generate_speech", {**SPEECH, "again": "only if needed"})


async def test_numbers_become_text_where_text_is_wanted(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = png(server.inbox)
        started = await server.ask("start_image_to_video", image=picture.name, title=2026)
        assert started.data["title"] == "2026"
        await server.ask("generate_speech", script=42, voice="Aria")
    assert read("generate_speech", {"script": 20.0, "voice": "Aria"})["script"] == "20"
    assert read("generate_speech", {"script": 0.5, "voice": "Aria"})["script"] == "0.5"
    assert "must be text" in refusal("generate_speech", {"script": True, "voice": "Aria"})


def test_all_that_is_missing_is_named_in_one_line() -> None:
    assert refusal("start_avatar_video", {}).startswith(
        "start_avatar_video: avatar: is missing; give either script (with voice) or audio"
    )
    told = refusal("start_avatar_video", {"script": "Hello"})
    assert "avatar: is missing" in told
    assert "voice is missing" in told
    for name, tool in TOOLS.items():
        needed = SCHEMAS[name].get("required", [])
        if needed:
            told = refusal(name, {})
            assert all(f"{each}: is missing" in told or f"{each} is missing" in told for each in needed), (tool, told)


SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "start_avatar_video": {
        "aspect_ratio": "shape",
        "orientation": "shape",
        "subtitles": "captions",
        "voice_id": "voice",
        "avatar_id": "avatar",
        "text": "script",
        "message": "script",
        "quality": "resolution",
        "audio_url": "audio",
        "bg": "background",
        "anchor_id": "avatar",
        "isSkipRs": "smart_motion",
        "name": "title",
        "budget": "max_credits",
        "maxCredits": "max_credits",
    },
    "start_image_to_video": {"image_url": "image", "duration": "seconds", "n": "count", "last_frame": "end_image"},
    "start_dubbing": {"video_url": "source", "target_lang": "language", "lang": "language"},
    "generate_speech": {"text": "script", "rate": "speed", "tts_id": "voice"},
    "start_voice_clone": {"audio_url": "sample", "sex": "gender", "lang": "language"},
    "speak_streaming_avatar": {"message": "text"},
    "check_status": {"task_id": "job_id", "id": "job_id"},
    "list_jobs": {"status": "state", "page_size": "limit", "type": "family"},
    "list_voices": {"lang": "language", "query": "name"},
    "upload_file": {"file": "path", "file_path": "path"},
}


def test_other_names_of_an_argument_are_refused_with_the_right_one() -> None:
    for tool, names in SYNONYMS.items():
        for wrong, right in names.items():
            told = refusal(tool, {**TOOLS[tool].examples[0], wrong: "x"})
            assert f"unknown argument {wrong}; did you mean {right}?" in told, told
    told = refusal("start_avatar_video", {**VIDEO, "emotion": "happy"})
    assert "unknown argument emotion" in told
    assert "did you mean" not in told
    assert "list_voices" in told
    assert "spell an odd name in the script as it sounds" in refusal(
        "generate_speech", {**SPEECH, "pronunciation": "x"}
    )
    told = refusal("start_avatar_video", {**VIDEO, "zebra": 1})
    assert all(name in told for name in SCHEMAS["start_avatar_video"]["properties"])
    two_scripts = {"tool": "generate_speech", "script": "Hi", "arguments": SPEECH}
    assert "goes into arguments" in refusal("quote_job", two_scripts)
    two = refusal("start_avatar_video", {**VIDEO, "avatar_id": "x", "voice_id": "y"})
    assert "did you mean avatar?" in two
    assert "did you mean voice?" in two


ODD_TEXTS = (
    *("", "null", "None", "[]", "{}", '"a"', "'a'", "a,b", "['a']", '["a", null]', "16:9", "1080x1920", "1600x900"),
    *("HD", "1080p", "yes", "5s", "1:30", "0", "nan", "inf", "1e400", JOB, f"a2e://jobs/{JOB}", "x = null", '["null"]'),
    *("auto", "000000006720d1f0a1b2c3d4", '{"job_id": "a,b"}', '["[\\"x\\"]"]', "2 min", "Ada (f) = 1", "\ud800", "«»"),
)
ODD = st.sampled_from(ODD_TEXTS)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=5,
)


def drawn(data: st.DataObject, tool: Tool[Any]) -> dict[str, Any]:
    known = list(SCHEMAS[tool.name]["properties"])
    return {} if not known else data.draw(st.dictionaries(st.sampled_from(known), ANY_JSON, max_size=5))


def brought_into_form(tool: Tool[Any], arguments: Mapping[str, object]) -> Mapping[str, object]:
    return normalised(argument_fields(tool.inputs, *option_models(tool)), arguments)


def scripts(tool: Tool[Any]) -> Iterator[str]:
    fields = argument_fields(tool.inputs, *option_models(tool)).values()
    return (field.name for field in fields if field.kind == "text")


@given(name=st.sampled_from(sorted(TOOLS)), data=st.data())
def test_bringing_arguments_into_form_twice_changes_nothing(name: str, data: st.DataObject) -> None:
    tool = TOOLS[name]
    try:
        once = brought_into_form(tool, drawn(data, tool))
    except InputError:
        return
    # As text, since a number that is none is not equal to itself.
    assert repr(brought_into_form(tool, once)) == repr(once)


@given(name=st.sampled_from(sorted(TOOLS)), text=st.text(min_size=1) | ODD.filter(bool))
def test_no_text_that_is_spoken_is_ever_changed(name: str, text: str) -> None:
    for field in scripts(TOOLS[name]):
        assert brought_into_form(TOOLS[name], {field: text}) == {field: text}


@given(name=st.sampled_from(sorted(TOOLS)), data=st.data())
def test_nothing_but_a_refusal_is_ever_raised(name: str, data: st.DataObject) -> None:
    told = taken_or_refused(TOOLS[name], drawn(data, TOOLS[name]))
    assert told.isprintable()


def taken_or_refused(tool: Tool[Any], arguments: Mapping[str, object]) -> str:
    try:
        read_arguments(tool, SCHEMAS[tool.name], arguments)
    except InputError as refused:
        return str(refused)
    return ""
