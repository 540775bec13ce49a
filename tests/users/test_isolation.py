"""Two users of one account: each sees their own jobs and spending only, by whatever way they look."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import METHOD_NOT_FOUND, ResourceTemplateReference

from tests.server.test_tasks import Created, Follower, ask
from tests.support.processes import start_http_server
from tests.support.users import Person, add_user, signed_in
from tests.users.test_keys import CONTACT, users_of

UNKNOWN = "You have no job with this id"
SPOKEN = {"script": "A secret of Ada", "voice": "Aria"}


async def refusals(person: Person, job_id: str) -> dict[str, str]:
    """What someone hears who names a job in each way there is."""
    named: dict[str, dict[str, Any]] = {
        "check_status": {"job_id": job_id},
        "wait_for_job": {"job_ids": [job_id], "seconds": 0},
        "download_result": {"job_id": job_id},
        "delete_job": {"job_id": job_id},
        "add_watermark": {"media": job_id, "text": "x"},
        "start_talking_photo": {"image": job_id, "script": "Hello", "voice": "Aria", "consent": "I agreed to it today"},
        "trim_video": {"video": job_id, "end": 1},
    }
    return {tool: await person.refuse(tool, **arguments) for tool, arguments in named.items()}


async def test_jobs_and_spending_of_one_user_do_not_exist_for_another(tmp_path: Path) -> None:
    ada_key, bob_key = add_user(tmp_path, "ada"), add_user(tmp_path, "bob")
    async with (
        start_http_server(tmp_path, **users_of(tmp_path)) as (_, address),
        signed_in(address, ada_key) as ada,
        signed_in(address, bob_key) as bob,
    ):
        spoken = (await ada.ask("generate_speech", **SPOKEN)).data["job_id"]
        video = (await ada.ask("start_text_to_image", prompt="A secret house")).data["job_id"]
        await ada.ask("wait_for_job", job_ids=[spoken, video], until="all")

        assert {row["job_id"] for row in (await ada.ask("list_jobs")).data["jobs"]} == {spoken, video}
        listed = await bob.ask("list_jobs")
        assert (listed.data["jobs"], listed.data["total"]) == ([], 0)
        assert "secret" not in listed.text
        assert (await ada.ask("list_spending")).data["starts"] == 2
        spending = await bob.ask("list_spending")
        assert (spending.data["starts"], spending.data["total"], spending.data["spent_today"]) == (0, 0, 0)
        assert (await bob.ask("get_credits")).data["spent_today"] == 0
        assert (await ada.ask("get_credits")).data["spent_today"] > 0

        family, _, number = video.partition(":")
        missing = f"{family}:{number[:-4]}{'0000' if number[-4:] != '0000' else '1111'}"
        for job_id in (video, spoken):
            heard = await refusals(bob, job_id)
            assert {tool: text for tool, text in heard.items() if UNKNOWN not in text} == {}
        # A job that exists nowhere is answered in the same words.
        assert {tool: text.replace(missing, video) for tool, text in (await refusals(bob, missing)).items()} == (
            await refusals(bob, video)
        )
        for job_id in (number, "A secret house"):
            assert video not in await bob.refuse("check_status", job_id=job_id)
        with pytest.raises(MCPError, match=UNKNOWN):
            await bob.client.read_resource(f"a2e://jobs/{video}")
        reference = ResourceTemplateReference(type="ref/resource", uri="a2e://jobs/{job_id}")
        offered = await bob.client.complete(reference, {"name": "job_id", "value": ""})
        assert offered.completion.values == []
        assert video in (await ada.client.complete(reference, {"name": "job_id", "value": ""})).completion.values


async def test_a_task_of_another_user_is_as_unknown_as_one_that_is_not_there(tmp_path: Path) -> None:
    ada_key, bob_key = add_user(tmp_path, "ada"), add_user(tmp_path, "bob")
    async with (
        start_http_server(tmp_path, **users_of(tmp_path)) as (_, address),
        signed_in(address, ada_key, extensions=[Follower()]) as ada,
        signed_in(address, bob_key, extensions=[Follower()]) as bob,
    ):
        script = "This sentence is long enough to be rendered for a while. " * 8
        video = {"script": script, "voice": "Aria", "avatar": "Ada", "resolution": 1080}
        running = await ada.client.session.call_tool("start_avatar_video", video, allow_claimed=True)
        ended = (await ada.ask("start_text_to_image", prompt="A secret house")).data["job_id"]
        own = (await bob.ask("start_text_to_image", prompt="A house of Bob")).data["job_id"]
        assert isinstance(running, Created)
        task_id = running.model_dump(by_alias=True)["taskId"]
        missing = f"{task_id[:-4]}{'0000' if not task_id.endswith('0000') else '1111'}"

        async def heard(person: Person, method: str, named: str) -> tuple[int, str, object]:
            with pytest.raises(MCPError) as refusal:
                await ask(person.client.session, method, named)
            error = refusal.value.error
            return error.code, error.message.replace(named, "..."), error.data

        for method in ("tasks/get", "tasks/cancel", "tasks/update"):
            assert (await ask(ada.client.session, method, task_id))["resultType"] == "complete"
            unknown = await heard(bob, method, missing)
            assert UNKNOWN in unknown[1]
            # Also beside a job of his own, and when it has ended, in which case its result would come along.
            for named in (task_id, ended, f"{own},{task_id}", f"{ended},{own}"):
                assert await heard(bob, method, named) == unknown, (method, named)
        assert (await heard(bob, "tasks/result", ended))[0] == METHOD_NOT_FOUND
        for job_id in (task_id, ended):
            with pytest.raises(MCPError, match=UNKNOWN):
                await bob.client.read_resource(f"a2e://jobs/{job_id}")
        assert (await ask(bob.client.session, "tasks/get", own))["result"]["structuredContent"]["job_id"] == own
        # What he has asked to cancel goes on.
        assert (await ask(ada.client.session, "tasks/get", task_id))["status"] in ("working", "completed")


async def test_the_same_start_of_two_users_is_two_starts(tmp_path: Path) -> None:
    ada_key, bob_key = add_user(tmp_path, "ada"), add_user(tmp_path, "bob")
    house = {"prompt": "A blue house by the sea"}
    async with (
        start_http_server(tmp_path, **users_of(tmp_path)) as (_, address),
        signed_in(address, ada_key) as ada,
        signed_in(address, bob_key) as bob,
    ):
        before = (await ada.ask("get_credits")).data["credits"]
        first, second = await asyncio.gather(
            ada.ask("start_text_to_image", **house), bob.ask("start_text_to_image", **house)
        )
        assert first.data["job_id"] != second.data["job_id"]
        again = await bob.ask("start_text_to_image", **house)
        assert again.data["job_id"] == second.data["job_id"]
        quoted = await bob.ask("quote_job", tool="start_text_to_image", arguments=house)
        assert second.data["job_id"] in quoted.text
        assert first.data["job_id"] not in quoted.text
        each = (await bob.ask("get_credits")).data
        assert before - each["credits"] == 2 * each["spent_today"] > 0
        # One look at A2E serves both, and each hears of their own end.
        ends = await asyncio.gather(
            *(who.ask("wait_for_job", job_ids=[made.data["job_id"]]) for who, made in ((ada, first), (bob, second)))
        )
        assert [end.data["state"] for end in ends] == ["succeeded", "succeeded"]


async def test_a_ceiling_of_a_user_is_their_own_and_names_whom_to_ask(tmp_path: Path) -> None:
    ada_key = add_user(tmp_path, "ada", "--daily-credits", "20", "--max-credits", "15")
    bob_key, eve_key = add_user(tmp_path, "bob"), add_user(tmp_path, "eve", "--daily-credits", "none")
    changes = users_of(tmp_path, A2E_USER_DAILY_CREDITS="1000", A2E_DAILY_CREDITS="60")
    async with (
        start_http_server(tmp_path, **changes) as (_, address),
        signed_in(address, ada_key) as ada,
        signed_in(address, bob_key) as bob,
        signed_in(address, eve_key) as eve,
    ):
        # A picture is 10 credits in the sandbox's price list.
        price = (await ada.ask("quote_job", tool="start_text_to_image", arguments={"prompt": "x"})).data["credits"]
        fits = int(20 // price)
        for number in range(fits):
            await ada.ask("start_text_to_image", prompt=f"House {number}")
        over = await ada.refuse("start_text_to_image", prompt="One more")
        assert f"{fits * price:g} of your 20 credits in 24 hours are spent. Nothing was charged. Ask {CONTACT}." in over
        long = "This is a long sentence that someone reads. " * 40
        dear = await ada.refuse("start_avatar_video", script=long, voice="Aria", avatar="Ada")
        assert f"over the ceiling of 15 credits. Nothing was charged. Make it smaller, or ask {CONTACT}." in dear
        mine = await ada.ask("get_credits")
        assert (mine.data["daily_ceiling"], mine.data["spent_today"]) == (20, fits * price)
        assert (await bob.ask("get_credits")).data["daily_ceiling"] == 1000
        # The account's own ceiling holds for all of them together.
        left = int((60 - fits * price) // price)
        for number in range(left):
            await bob.ask("start_text_to_image", prompt=f"Barn {number}")
        full = await eve.refuse("start_text_to_image", prompt="Too late")
        assert (
            f"all users of the account together may not spend today any more. Nothing was charged. Ask {CONTACT}."
            in full
        )


async def test_starts_at_the_same_moment_stay_under_a_users_ceiling_and_number_of_jobs(tmp_path: Path) -> None:
    ada_key, bob_key = add_user(tmp_path, "ada", "--daily-credits", "25"), add_user(tmp_path, "bob")
    async with (
        start_http_server(tmp_path, **users_of(tmp_path, A2E_USER_JOBS="3")) as (_, address),
        signed_in(address, ada_key) as ada,
        signed_in(address, bob_key) as bob,
    ):
        price = (await ada.ask("quote_job", tool="start_text_to_image", arguments={"prompt": "x"})).data["credits"]
        made = await asyncio.gather(*(ada.call("start_text_to_image", prompt=f"House {each}") for each in range(8)))
        assert sum(not each.failed for each in made) == min(3, int(25 // price))
        script = "This sentence is long enough to be rendered for a while. " * 2
        many = await asyncio.gather(
            *(
                bob.call("start_avatar_video", script=f"{script} {each}", voice="Aria", avatar="Ada", resolution=1080)
                for each in range(5)
            )
        )
        refused = [each.text for each in many if each.failed]
        assert len(refused) == 2
        assert all("3 jobs under way" in each and f"ask {CONTACT}" in each for each in refused)
        # What has ended since does not count, though no one has looked.
        running = [each.data["job_id"] for each in many if not each.failed]
        await bob.ask("delete_job", job_id=running[0])
        await bob.ask("start_text_to_image", prompt="There is room again")
