"""Two servers on one database behind a balancer: a user notices neither that there are two, nor anyone else."""

from __future__ import annotations

import asyncio
from itertools import cycle
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitRequestParams, ElicitResult

from tests.support.processes import run, start_http_server, start_program
from tests.support.users import Person, signed_in


class Balancer(httpx2.AsyncBaseTransport):
    """Sends each request to the next server."""

    def __init__(self, *addresses: str) -> None:
        self._ports = cycle([httpx2.URL(address).port for address in addresses])
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.mark.parametrize("agrees", [True, False])
async def test_a_question_of_one_server_is_answered_to_another(
    tmp_path: Path, database_address: str, agrees: bool
) -> None:
    where = {"A2E_DATABASE": database_address}
    key = run("users", "add", "ada", folder=tmp_path, **where).stdout.strip()
    asked: list[str] = []

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={}) if agrees else ElicitResult(action="decline")

    async with (
        start_http_server(tmp_path, **where, A2E_CONFIRM_ABOVE="0") as (_, one),
        start_http_server(tmp_path, **where, A2E_CONFIRM_ABOVE="0") as (_, two),
        httpx2.AsyncClient(
            transport=Balancer(one, two), headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=30
        ) as http,
        Client(streamable_http_client(one, http_client=http), elicitation_callback=answer) as client,
        signed_in(two, key) as elsewhere,
    ):
        made = await Person(client).call("start_text_to_image", prompt="A blue house")
        assert len(asked) == 1
        assert made.failed is not agrees, made.text
        assert (await elsewhere.ask("list_spending")).data["starts"] == int(agrees)


async def test_ceilings_and_visibility_of_users_hold_over_two_servers_and_a_worker(
    tmp_path: Path, database_address: str
) -> None:
    where = {"A2E_DATABASE": database_address}
    ada_key = run("users", "add", "ada", "--daily-credits", "20", folder=tmp_path, **where).stdout.strip()
    bob_key = run("users", "add", "bob", folder=tmp_path, **where).stdout.strip()
    async with (
        start_program("worker", "--sandbox", folder=tmp_path, **where),
        start_http_server(tmp_path, **where) as (_, one),
        start_http_server(tmp_path, **where) as (_, two),
        signed_in(one, ada_key) as ada,
        signed_in(two, ada_key) as elsewhere,
        signed_in(two, bob_key) as bob,
    ):
        starts = [(ada, elsewhere)[each % 2].call("start_text_to_image", prompt=f"House {each}") for each in range(8)]
        made = await asyncio.gather(*starts)
        (begun,) = [each for each in made if not each.failed]
        assert all("15 of your 20 credits in 24 hours are spent" in each.text for each in made if each.failed)
        job_id = begun.data["job_id"]
        assert (await elsewhere.ask("wait_for_job", job_ids=[job_id])).data["state"] == "succeeded"
        assert (await elsewhere.ask("list_spending")).data["spent_today"] == 15
        assert "You have no job with this id" in await bob.refuse("check_status", job_id=job_id)
        assert (await bob.ask("list_jobs")).data["jobs"] == []
        assert (await bob.ask("list_spending")).data["starts"] == 0
