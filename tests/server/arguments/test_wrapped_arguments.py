"""Values in the wrappings of providers, languages and models are read; options that change nothing are no mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.arguments.test_arguments import JOB, SPEECH, TOOLS, VIDEO, read, refusal
from tests.support.faulty_transport import VIDEOS, only_answered, open_controlled_server
from tests.support.media import png
from tests.support.server import open_server

OTHER = "avatar_video:000000006720d1f0a1b2c3d5"


@pytest.mark.parametrize(
    "arguments",
    [
        "{'script': 'Good morning.', 'voice': 'Aria'}",
        "{'script': \"It's good.\", 'voice': 'Aria', 'speed': 1.0, 'language_ok': True, 'max_credits': None}",
        "[{'script': 'Good morning.', 'voice': 'Aria'}]",
        [SPEECH],
        '[{"script": "Good morning.", "voice": "Aria"}]',
        '```json\n{"script": "Good morning.", "voice": "Aria"}\n```',
        '```\n{"script": "Good morning.", "voice": "Aria"}```',
        '{script: "Good morning.", voice: "Aria"}',
        "{script: 'Good morning.', voice: Aria, language_ok: true,}",
        "{'script': 'Good morning.', 'voice': 'Aria', 'language_ok': false}",
        "{“script”: “Good morning.”, “voice”: “Aria”}",
        '{"script": "Good\nmorning.", "voice": "Aria"}',
        'arguments: {"script": "Good morning.", "voice": "Aria"}',
        "{script=Good morning., voice=Aria}",
    ],
)
async def test_the_arguments_of_a_quote_are_read_as_python_json_or_a_list(tmp_path: Path, arguments: Any) -> None:
    async with open_server(tmp_path) as server:
        assert "would cost" in (await server.ask("quote_job", tool="generate_speech", arguments=arguments)).text


async def test_what_is_no_object_is_refused_and_not_run(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for arguments in (
            *("{'script': open('/etc/passwd')}", "{script: Good morning, all of you, voice: Aria}", "{script: a: b}"),
            *("script=hello", "{" * 5000, "{script: 'never closed}", '{"script": "a" "b", "voice": }'),
            *([SPEECH, SPEECH], 7),
        ):
            assert "must be an object" in await server.refuse("quote_job", tool="generate_speech", arguments=arguments)


@pytest.mark.parametrize(
    "image",
    [
        {"image_url": {"url": "a.png"}},
        '{"image_url": {"url": "a.png"}}',
        {"type": "image_url", "image_url": {"url": "a.png"}},
        [{"type": "image_url", "image_url": {"url": "a.png"}}],
        {"type": "image", "source": {"type": "url", "url": "a.png"}},
        "{'image_url': {'url': 'a.png', 'detail': 'auto'}}",
        {"type": "input_image", "image_url": "a.png"},
        {"resource": {"uri": "a.png", "mimeType": "image/png"}},
        {"src": "a.png"},
        {"images": ["a.png"]},
        {"type": "file", "file": {"file_path": "a.png"}},
    ],
)
async def test_a_picture_in_a_providers_message_is_the_picture(tmp_path: Path, image: Any) -> None:
    async with open_server(tmp_path) as server:
        png(server.inbox, "a.png")
        quoted = await server.ask(
            "quote_job", tool="start_image_to_video", arguments={"image": image, "prompt": "she waves"}
        )
        assert "would cost" in quoted.text


async def test_a_list_that_is_not_narrowed_is_asked_for_in_many_words(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_text_to_image", prompt="a boat")
        for family in ("all", "any", "*", "everything", "All families", "every kind", ["all"], ""):
            assert (await server.ask("list_jobs", family=family)).data["total"] == 1, family
        assert "Unknown family" in await server.refuse("list_jobs", family="paintings")
        for name in ("all", "*", "all voices"):
            listed = await server.ask("list_voices", name=name)
            assert listed.data["total"] > 0
        assert (await server.ask("list_avatars", name="*")).data["total"] > 0
        assert (await server.ask("list_languages", search="all")).data["total"] > 0


async def test_jobs_of_several_states_are_listed_together(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_text_to_image", prompt="a boat")
        state = (await server.ask("list_jobs")).data["jobs"][0]["state"]
        for states, count in (
            ([state], 1),
            ([state, "failed"], 1),
            (f"failed, {state}", 1),
            (f"failed or {state}", 1),
            ([], 1),
            ("all", 1),
            (["failed", "unknown"], 0),
            ("failed", 0),
            ("unfinished", 1),
            (["not finished", "failed"], 1),
            ("ended", 0),
        ):
            listed = await server.ask("list_jobs", state=states)
            assert (listed.data["total"], len(listed.data["jobs"])) == (count, count), states
        refused = await server.refuse("list_jobs", state="failed, frozen")
        assert "state: must be 'queued', 'running', 'succeeded', 'failed' or 'unknown'" in refused


def test_a_state_of_two_words_is_one_state() -> None:
    assert read("list_jobs", {"state": "in progress"}) == {"state": ["running"]}
    assert read("list_jobs", {"state": "in progress and completed"}) == {"state": ["running", "succeeded"]}
    assert read("list_jobs", {"state": '["done", "completed"]'}) == {"state": ["succeeded"]}


def test_a_word_for_several_states_is_all_of_them() -> None:
    for word in ("unfinished", "Not finished", "incomplete", "open"):
        assert read("list_jobs", {"state": word}) == {"state": ["queued", "running", "unknown"]}, word
    assert read("list_jobs", {"state": "unfinished or failed"})["state"][-1] == "failed"
    assert read("list_jobs", {"state": ["ended"]}) == {"state": ["succeeded", "failed"]}


def test_what_a_backslash_means_in_a_loose_object_is_kept() -> None:
    read_as = {
        r"""{script: 'It\'s "here"\n', voice: Aria}""": 'It\'s "here"\n',
        r"""{script: "C:\x", voice: Aria}""": "C:\\x",
        "{script: 007, voice: Aria}": "007",
        "{script: 12 Uhr 30, voice: Aria}": "12 Uhr 30",
    }
    for text, script in read_as.items():
        assert read("generate_speech", {"arguments": text}) == {"script": script, "voice": "Aria"}


def test_a_wait_reads_every_word_for_first_and_all() -> None:
    for word, meant in (("every", "all"), ("Each", "all"), ("all of", "all"), ("both", "all"), ("any", None)):
        assert read("wait_for_job", {"job_ids": [JOB], "until": word}).get("until") == meant, word
    assert "must be 'first' or 'all'" in refusal("wait_for_job", {"job_ids": [JOB], "until": "noon"})


def test_what_is_named_twice_counts_once() -> None:
    assert read("wait_for_job", {"job_ids": [JOB, JOB, OTHER] * 10})["job_ids"] == [JOB, OTHER]
    assert read("wait_for_job", {"job_ids": f"{JOB}, {JOB}"})["job_ids"] == [JOB]
    assert read("delete_job", {"job_id": [JOB] * 25})["job_id"] == [JOB]
    many = [f"avatar_video:0000000067{number:014x}" for number in range(21)]
    assert "at most 20 items" in refusal("wait_for_job", {"job_ids": many})


def test_an_option_that_changes_nothing_is_no_mistake() -> None:
    agreed = "She agreed in writing."
    assert read("start_avatar_video", {**VIDEO, "consent": agreed}) == VIDEO
    assert read("generate_speech", {**SPEECH, "consent": "yes"}) == SPEECH
    assert read("wait_for_job", {"job_ids": [JOB], "max_credits": 5, "again": False}) == {"job_ids": [JOB]}
    assert read("list_jobs", {"language_ok": True}) == {}
    # Where it means something, it is checked.
    assert "at least 10 characters" in refusal(
        "start_talking_photo", {"image": "a.png", "script": "Hi.", "voice": "Aria", "consent": "yes"}
    )
    assert "unknown argument consents" in refusal("start_avatar_video", {**VIDEO, "consents": agreed})
    assert "unknown argument max_credits" in refusal("add_background", {"image": "a.png", "max_credits": 5})


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_no_tool_refuses_what_hosts_add_even_under_the_name_of_an_argument(tool: str) -> None:
    example = TOOLS[tool].examples[0]
    n8n = {"toolCallId": "call_1", "sessionId": "abc", "action": "sendMessage", "chatInput": "make it", "root": {}}
    others = {"sessionKey": "a", "random_string": "dummy", "_session_key": "b", "_conn_id": 1, "_auth_auth_type": "c"}
    assert read(tool, {**n8n, **others, **example}) == read(tool, example)


def test_an_underscore_before_one_of_our_names_is_no_host() -> None:
    for name in ("_max_credits", "_script", "__voice"):
        told = refusal("generate_speech", {**SPEECH, name: 5})
        assert f"unknown argument {name}; did you mean {name.strip('_')}?" in told
    edit = {"video": "a.mp4", "prompt": "go on"}
    assert read("start_video_edit", {**edit, "action": "extend"})["action"] == "extend"
    assert "must be 'edit' or 'extend'" in refusal("start_video_edit", {**edit, "action": "send"})


@pytest.mark.parametrize("wrapper", ["data", "payload", "body", "request", "toolInput", "tool_args", "properties"])
def test_the_arguments_are_read_out_of_the_body_of_a_request(wrapper: str) -> None:
    assert read("generate_speech", {wrapper: SPEECH}) == SPEECH
    assert read("get_credits", {wrapper: {}}) == {}


def test_one_value_in_a_list_or_a_record_is_that_value() -> None:
    video: dict[str, Any] = {**VIDEO, "shape": "portrait", "resolution": 1080, "captions": True, "speed": 1.5}
    for wrap in (lambda value: [value], lambda value: {"value": value}, lambda value: [{"value": value}]):
        assert (
            read("start_avatar_video", {**VIDEO, **{name: wrap(video[name]) for name in video.keys() - VIDEO}}) == video
        )
    assert read("start_avatar_video", {**VIDEO, "shape": {"shape": "portrait"}, "captions": "[true]"}) == {
        **VIDEO,
        "shape": "portrait",
        "captions": True,
    }
    for value in ({"not": True}, {"min": 1}, [True, False]):
        assert "must be true or false" in refusal("start_avatar_video", {**VIDEO, "captions": value})
    assert "must be a number" in refusal("start_avatar_video", {**VIDEO, "max_credits": {"min": 5}})


def test_yes_and_no_are_read_in_the_languages_of_users() -> None:
    for yes in ("ja", "Oui", "sí", "Sim", "да", "是", "はい", "네", "हाँ", "checked"):
        assert read("start_avatar_video", {**VIDEO, "captions": yes})["captions"] is True
    for no in ("nein", "Non", "não", "нет", "否", "いいえ", "아니요", "नहीं"):
        assert read("start_avatar_video", {**VIDEO, "captions": no}) == VIDEO
    # Yes in Romanian, but it and there in others.
    assert "must be true or false" in refusal("start_avatar_video", {**VIDEO, "captions": "da"})


@pytest.mark.parametrize(
    ("tool", "name", "words", "meant"),
    [
        ("start_avatar_video", "shape", ("vertikal", "竖屏", "縦長"), "portrait"),
        ("start_avatar_video", "shape", ("正方形", "スクエア"), "square"),
        ("list_jobs", "state", ("En curso", "进行中", "処理中"), ["running"]),
        ("list_jobs", "state", ("完成", "完了"), ["succeeded"]),
        ("list_jobs", "state", ("失败", "失敗"), ["failed"]),
        ("add_watermark", "position", ("oben links", "Arriba a la izquierda", "en haut à gauche", "左上"), "top_left"),
        ("add_watermark", "position", ("Mitte", "centro", "中央"), "center"),
    ],
)
def test_choices_are_read_in_the_languages_of_users(
    tool: str, name: str, words: tuple[str, ...], meant: object
) -> None:
    for word in words:
        assert read(tool, {**TOOLS[tool].examples[0], name: word})[name] == meant, word


@pytest.mark.parametrize("size", ["1792x1024", "1536x1024", "1024x1024"])
@pytest.mark.parametrize("name", ["shape", "aspect_ratio", "resolution"])
def test_a_size_never_contradicts_itself(name: str, size: str) -> None:
    picture = {"prompt": "a cat", name: size}
    if (name, size) in (("shape", "1024x1024"), ("aspect_ratio", "1024x1024"), ("aspect_ratio", "1792x1024")):
        # The usual model has one resolution, so only the shape is chosen.
        assert read("start_text_to_image", picture).keys() == {"prompt", name}
    else:
        # What is refused is refused for that, or with the choices.
        assert "contradict" not in refusal("start_text_to_image", picture)


def test_a_size_in_pixels_says_the_shape_alone_where_there_is_one_resolution() -> None:
    assert read("start_text_to_image", {"prompt": "a cat", "shape": "1920x1080"})["shape"] == "landscape"
    chosen = read("start_text_to_image", {"prompt": "a cat", "shape": "1024x1024", "model": "nano-banana-pro"})
    assert (chosen["shape"], chosen["resolution"]) == ("square", "1k")
    wrong = refusal("start_text_to_image", {"prompt": "a cat", "shape": "512x512", "model": "nano-banana-pro"})
    assert "shape: 512x512 is not offered; resolution can be 480p" in wrong
    # A resolution that was asked for is not forgotten.
    assert "takes no resolution" in refusal("start_text_to_image", {"prompt": "a cat", "resolution": "1024x1024"})


def test_the_arguments_of_a_tool_to_price_may_stand_beside_its_name() -> None:
    held = read("quote_job", {"tool": "generate_speech", "arguments": SPEECH})
    for beside in (SPEECH, {"args": SPEECH}, {"parameters": json.dumps(SPEECH)}, {**SPEECH, "arguments": "{}"}):
        assert read("quote_job", {"tool": "generate_speech", **beside}) == held, beside
    part = {name: SPEECH[name] for name in list(SPEECH)[:1]}
    assert read("quote_job", {"tool": "generate_speech", "arguments": part, **SPEECH}) == held
    assert read("quote_job", {"tool": "start_voice_clone", "name": "Ada", "seconds": 0}) == {
        "tool": "start_voice_clone",
        "arguments": {"name": "Ada"},
    }
    for wrong, right in (("toolname", "tool"), ("duration", "seconds"), ("secnds", "seconds")):
        told = refusal("quote_job", {**({} if right == "tool" else {"tool": "generate_speech"}), **SPEECH, wrong: "x"})
        assert f"unknown argument {wrong}; did you mean {right}?" in told


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("week", 7),
        ("last week", 7),
        ("2 months", 60),
        ("a day", 1),
        ("the past year", 365),
        ("letzte Woche", 7),
        ("2 weeks ago", 14),
    ],
)
def test_days_are_counted_from_the_names_of_spans(written: str, days: int) -> None:
    assert read("list_spending", {"days": written}) == {"days": days}


@pytest.mark.parametrize("written", ["last", "this week", "fortnight ago", "week 3", "last clip"])
def test_what_is_no_span_of_days_is_refused(written: str) -> None:
    assert "days: must be a whole number" in refusal("list_spending", {"days": written})


def test_zero_in_a_field_that_a_host_had_to_fill_is_its_default() -> None:
    assert read("start_avatar_video", {**VIDEO, "speed": 0, "resolution": 0}) == VIDEO
    assert read("quote_job", {"tool": "generate_speech", "arguments": SPEECH, "seconds": "0"}).keys() == {
        "tool",
        "arguments",
    }
    assert read("start_dubbing", {"source": "a.mp4", "language": "es", "speakers": 0}).keys() == {"source", "language"}
    assert read("list_jobs", {"limit": 0}) == {}
    mark = {"media": "a.mp4", "text": "Example"}
    assert read("add_watermark", {**mark, "size": 0, "scale": 0.0}) == mark
    # A page before the first would be the first again.
    assert "page: must be at least 1" in refusal("list_jobs", {"page": 0})


async def test_a_voice_is_listed_as_another_list_shows_it(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for name in ("Aria (en-US)", "Aria (female, en-US)", "aria (American English)", "Aria en-US", "Aria (British)"):
            listed = await server.ask("list_voices", name=name)
            expected = "en-GB" if "British" in name else "en-US"
            assert "language any" not in listed.text
            assert {row["language"] for row in listed.data["voices"]} <= {expected}
        assert (await server.ask("list_voices", name="Aria (en-US)")).data["total"] == 1
        assert "No voices match (name Aria (deep)" in (await server.ask("list_voices", name="Aria (deep)")).text


@pytest.mark.parametrize(
    ("named", "code"),
    [("british", "en-GB"), ("American", "en-US"), ("Mexican", "es-MX"), ("Welsh", "cy-GB")],
)
async def test_a_language_is_named_by_who_speaks_it(tmp_path: Path, named: str, code: str) -> None:
    async with open_server(tmp_path) as server:
        listed = await server.ask("list_voices", language=named)
        assert {row["language"] for row in listed.data["voices"]} == {code}


async def test_a_token_that_is_refused_is_not_tried_on_every_job(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        made = [await server.ask("start_image_to_video", **{**arguments, "prompt": f"Wave {n}"}) for n in range(3)]
        jobs = [each.data["job_id"] for each in made]
        calls = [f"DELETE /api/v1/userImage2Video/{each.partition(':')[2]}" for each in jobs]

        def refuse(*refused: str) -> None:
            for call in refused:
                server.transport.on(call, only_answered(401, {"code": 401, "msg": "Unauthorized"}))
            server.transport.attempts.clear()

        refuse(*calls)
        assert "did not accept the token" in await server.refuse("delete_job", job_id=jobs)
        assert sum(server.transport.attempts[call] for call in calls) == 1
        refuse(calls[1])
        deleted = await server.ask("delete_job", job_id=jobs)
        assert deleted.data["job_id"] == [jobs[0]]
        assert deleted.data["not_deleted"] == jobs[1:]
        assert f"Not deleted: {jobs[1]}: " in deleted.text
        assert f"Not tried: {jobs[2]}; call delete_job again" in deleted.text
        assert server.transport.attempts[calls[2]] == 0


async def test_a_list_of_jobs_says_that_the_token_is_refused_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = (await server.ask("start_text_to_image", prompt="a boat")).data["job_id"]
        server.transport.on(VIDEOS, only_answered(401, {"code": 401, "msg": "Unauthorized"}))
        listed = await server.ask("list_jobs")
        assert listed.text.count("A2E did not accept the token") == 1
        assert "as last known" in listed.data["notice"]
        assert "avatar_video" in listed.data["unanswered"]
        assert job_id in listed.text
