"""Users who bring an A2E key of their own: what they start is paid with it, wherever it is carried out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from a2e_mcp.errors import OwnKeyGone, SettingsError
from a2e_mcp.ledger.accounts import account_of
from tests.support.looks import Looks
from tests.support.media import png
from tests.support.own_accounts import (
    COMPANY,
    CONTACT,
    SEAL_KEY,
    Accounts,
    open_accounts,
    open_company,
    open_company_worker,
    own_key,
)
from tests.support.postgresql import ScratchServer
from tests.support.token_watch import TOKEN

PUBLIC = "https://a2e.example.com"
PICTURE = {"prompt": "A house of my own"}
ADA, BOB = own_key("ada"), own_key("bob")


@pytest.fixture(params=["file", "database"])
def database(request: pytest.FixtureRequest) -> str | None:
    """The database that users and their A2E keys stand in; None for files."""
    found: str | None = request.getfixturevalue("database_address") if request.param == "database" else None
    return found


async def test_each_pays_with_the_account_of_their_own_key(
    tmp_path: Path, database: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    # No key is in the log or the trace, which are looked through after each test.
    caplog.set_level("DEBUG")
    trace = tmp_path / "trace.jsonl"
    async with (
        open_accounts(tmp_path, "ada", "bob") as accounts,
        open_company(tmp_path, accounts, ["ada", "bob", "eve"], database=database, trace=trace) as company,
        company.person("ada", ADA) as ada,
        company.person("bob", BOB) as bob,
        company.person("eve") as eve,
    ):
        before = {name: (await who.ask("get_credits")).data["credits"] for name, who in (("ada", ada), ("eve", eve))}
        mine = (await ada.ask("start_text_to_image", **PICTURE)).data["job_id"]
        his = (await bob.ask("start_text_to_image", **PICTURE)).data["job_id"]
        hers = (await eve.ask("start_text_to_image", **PICTURE)).data["job_id"]
        assert len({mine, his, hers}) == 3
        for person, job_id in ((ada, mine), (bob, his), (eve, hers)):
            assert (await person.ask("wait_for_job", job_ids=[job_id])).data["state"] == "succeeded"
            listed = (await person.ask("list_jobs")).data["jobs"]
            assert [row["job_id"] for row in listed] == [job_id]
            spent = await person.ask("list_spending")
            assert (spent.data["starts"], spent.data["total"]) == (1, 15)
            assert (await person.ask("start_text_to_image", **PICTURE)).data["job_id"] == job_id
        assert (await ada.ask("get_credits")).data["credits"] == before["ada"] - 15
        assert (await eve.ask("get_credits")).data["credits"] == before["eve"] - 15
        assert {name: started(accounts, name) for name in ("ada", "bob", COMPANY)} == {"ada": 1, "bob": 1, COMPANY: 1}
        for other, job_id in ((bob, mine), (eve, mine), (ada, his)):
            assert "You have no job with this id" in await other.refuse("check_status", job_id=job_id)


def started(accounts: Accounts, name: str) -> int:
    """How many pictures an account was asked for."""
    return sum(count for (who, call), count in accounts.seen.items() if who == name and call.endswith("/start"))


async def test_each_account_has_the_ceiling_of_the_settings_to_itself(tmp_path: Path, database: str | None) -> None:
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company(tmp_path, accounts, ["ada", "eve"], database=database, daily_credits=20.0) as company,
        company.person("ada", ADA) as ada,
        company.person("ada") as for_work,
        company.person("eve") as eve,
    ):
        full = "which all users of the account together may not spend today any more. Nothing was charged."
        await ada.ask("start_text_to_image", **PICTURE)
        assert f"{full} Ask {CONTACT}." in await ada.refuse("start_text_to_image", prompt="Another house")
        # What she starts for the company is the company's, and a start of its own.
        await for_work.ask("start_text_to_image", **PICTURE)
        assert full in await eve.refuse("start_text_to_image", **PICTURE)
        assert (started(accounts, "ada"), started(accounts, COMPANY)) == (1, 1)
        assert [(await who.ask("list_spending")).data["total"] for who in (ada, for_work, eve)] == [15, 15, 0]


async def test_a_key_that_a2e_refuses_is_refused_in_one_sentence_and_asked_about_once(tmp_path: Path) -> None:
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company(tmp_path, accounts, ["ada", "bob"]) as company,
    ):
        wrong = own_key("nobody")
        for who in ("ada", "bob", "ada"):
            status, told = await company.refused(who, wrong)
            assert status == 400
            assert told == (
                "A2E did not accept the key in X-A2E-Key. Nothing was charged. Copy it again from video.a2e.ai >"
                f" Account > API Token, or remove the header to use the account of this server. Ask {CONTACT}."
            )
        assert accounts.count("") == 1
        for sent, words in (
            ("", "holds no key. Put your A2E key there"),
            ("${A2E_KEY}", "holds a placeholder. Put your A2E key there"),
            ("sk two words", "is invalid: the token has spaces"),
        ):
            status, told = await company.refused("ada", sent)
            assert (status, words in told) == (400, True), told
        assert accounts.count("") == 1
        # As people copy it; and the servers' own is no other account.
        assert (await company.refused("ada", f"Bearer {ADA}")) == (200, "")
        async with company.person("bob", TOKEN) as bob:
            job = await bob.ask("start_text_to_image", **PICTURE)
        async with company.person("bob") as bob:
            assert (await bob.ask("check_status", job_id=job.data["job_id"])).data["job_id"] == job.data["job_id"]
        keys = (await company.server.services()).account_ledger.own_keys
        assert [(key.user, key.account) for key in await keys.all()] == [("ada", account_of(ADA))]
    # Also where the servers' account is named after a token that was replaced.
    async with (
        open_accounts(tmp_path) as accounts,
        open_company(tmp_path, accounts, ["bob"], account="0123456789abcdef") as company,
        company.person("bob", TOKEN) as bob,
    ):
        job = await bob.ask("start_text_to_image", **PICTURE)
        async with company.person("bob") as usual:
            assert (await usual.ask("check_status", job_id=job.data["job_id"])).data["job_id"] == job.data["job_id"]


async def test_servers_without_a_token_serve_those_who_bring_a_key(tmp_path: Path, database: str | None) -> None:
    store = (tmp_path / "store").as_uri()
    changes: dict[str, Any] = {"sandbox": False, "public_url": PUBLIC, "store": store}
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company(tmp_path, accounts, ["ada", "eve"], database=database, **changes) as company,
        company.person("ada", ADA) as ada,
        company.person("eve") as eve,
    ):
        accounts.is_live = True
        assert (await company.http.get("/readyz")).status_code == 200
        assert "start_text_to_image" in await eve.tools()
        wanted = (
            "This server has no A2E account of its own: let your client send your A2E key (video.a2e.ai > Account >"
            f" API Token) as the header X-A2E-Key. Nothing was charged. Ask {CONTACT}."
        )
        for name, arguments in (("start_text_to_image", PICTURE), ("list_jobs", {}), ("get_credits", {})):
            assert await eve.refuse(name, **arguments) == wanted
        assert await company.refused("eve", own_key("nobody")) == (
            400,
            "A2E did not accept the key in X-A2E-Key. Nothing was charged. Copy it again from video.a2e.ai > Account >"
            f" API Token. Ask {CONTACT}.",
        )
        job = (await ada.ask("start_text_to_image", **PICTURE)).data["job_id"]
        assert (await ada.ask("wait_for_job", job_ids=[job])).data["state"] == "succeeded"
        assert (started(accounts, "ada"), accounts.count(COMPANY)) == (1, 0)
        for path in ("/results/forged/file.png", "/webhooks/" + "0" * 24, "/up/" + "a" * 32):
            assert (await company.http.get(path)).status_code in (404, 405, 503)


async def test_a_worker_without_a_token_carries_on_what_users_pay(tmp_path: Path, database_address: str) -> None:
    (tmp_path / "worker").mkdir()
    changes: dict[str, Any] = {"sandbox": False, "call_seconds": 2}
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company_worker(tmp_path / "worker", accounts, database_address, **changes) as worker,
        open_company(tmp_path, accounts, ["ada"], database=database_address, **changes) as company,
        company.person("ada", ADA) as ada,
    ):
        accounts.is_live = True
        waiting = (await ada.ask("start_text_to_image", **PICTURE)).data["job_id"]
        await worker.carry_out(waiting.partition(":")[2])
        assert (await ada.ask("check_status", job_id=waiting)).data["state"] in ("queued", "running", "succeeded")
        assert (started(accounts, "ada"), accounts.count(COMPANY)) == (1, 0)


async def test_a_key_that_cannot_be_checked_or_kept_lets_no_one_in(tmp_path: Path) -> None:
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company(tmp_path, accounts, ["ada"]) as company,
    ):
        accounts.is_away = True
        status, told = await company.refused("ada", ADA)
        assert status == 503
        assert told.startswith("The key in X-A2E-Key could not be checked (a2e.sandbox.localhost cannot be reached")
        assert told.endswith(f"Try again in a minute. Ask {CONTACT}.")
        accounts.is_away = False
        assert await company.refused("ada", ADA) == (200, "")


async def test_what_has_no_key_with_it_still_finds_the_account(tmp_path: Path, database: str | None) -> None:
    picture = png(tmp_path).read_bytes()
    store = (tmp_path / "store").as_uri()
    async with (
        open_accounts(tmp_path, "ada", policy="polls:2") as accounts,
        open_company(tmp_path, accounts, ["ada"], database=database, public_url=PUBLIC, store=store) as company,
        company.person("ada", ADA) as ada,
    ):
        offered = await ada.ask("upload_file", path="sea.png")
        address: str = offered.data["upload_address"]
        assert address.startswith(f"{PUBLIC}/own/{account_of(ADA)}/up/")
        path = address.removeprefix(PUBLIC)
        page = await company.http.get(path)
        assert "sea.png" in page.text
        assert (await company.http.get(f"{path.rpartition('/')[0]}/page.js")).status_code == 200
        sent = await company.http.put(path, content=picture)
        assert (sent.status_code, offered.data["job_id"] in sent.text) == (201, True)
        # On the paths of the servers' own account it is no address.
        assert (
            await company.http.put(path.removeprefix(f"/own/{account_of(ADA)}"), content=picture)
        ).status_code == 410
        stranger = await company.http.get(path.replace(account_of(ADA), "0" * 16))
        assert (stranger.status_code, "was removed from this server" in stranger.text) == (404, True)

        accounts.seen.clear()
        clip = await ada.ask("start_image_to_video", image=offered.data["job_id"], prompt="The waves move")
        hook = accounts.webhooks[-1]
        assert hook[0].startswith(f"{PUBLIC}/own/{account_of(ADA)}/webhooks/")
        headers = {"x-a2e-webhook-token": hook[1]}
        assert (await company.http.post(hook[0].removeprefix(PUBLIC), headers=headers)).status_code == 204
        plain = hook[0].removeprefix(f"{PUBLIC}/own/{account_of(ADA)}")
        assert (await company.http.post(plain, headers=headers)).status_code == 404
        done = await ada.ask("wait_for_job", job_ids=[clip.data["job_id"]])
        (kept,) = done.data["results"]
        assert kept.startswith(f"{PUBLIC}/own/{account_of(ADA)}/results/")
        assert (await company.http.get(kept.removeprefix(PUBLIC))).headers["content-type"] == "video/mp4"
        assert accounts.count("") == 0
        assert started(accounts, COMPANY) == 0
        # No path of an account leads past the gate.
        assert (await company.http.post(f"/own/{account_of(ADA)}/mcp", json={})).status_code == 404


async def test_results_that_no_one_looks_at_are_kept_for_every_account(tmp_path: Path, database: str | None) -> None:
    looks, folder = Looks(), tmp_path / "store"
    (tmp_path / "worker").mkdir()
    async with open_accounts(tmp_path, "ada", policy="immediate") as accounts:
        async with (
            open_company(
                tmp_path, accounts, ["ada", "eve"], database=database, store=folder.as_uri(), timing=looks.timing
            ) as company,
            company.person("ada", ADA) as ada,
            company.person("eve") as eve,
        ):
            await ada.ask("start_text_to_image", **PICTURE)
            await eve.ask("start_text_to_image", **PICTURE)
            if database is None:
                await looks.look()
        if database is not None:
            # The servers are gone.
            looks = Looks()
            async with open_company_worker(
                tmp_path / "worker", accounts, database, looks.timing, store=folder.as_uri()
            ):
                await looks.look()
    kept = {each.parent.parent.name for each in folder.rglob("*.png")}
    assert kept == {account_of(ADA), account_of(TOKEN)}


async def test_a_worker_carries_a_start_on_with_the_users_key_when_the_servers_are_gone(
    tmp_path: Path, database_address: str
) -> None:
    (tmp_path / "worker").mkdir()
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company_worker(tmp_path / "worker", accounts, database_address) as worker,
    ):
        async with (
            open_company(tmp_path, accounts, ["ada"], database=database_address, call_seconds=2) as company,
            company.person("ada", ADA) as ada,
        ):
            waiting = await ada.ask("start_text_to_image", **PICTURE)
            entry_id = waiting.data["job_id"].partition(":")[2]
            assert started(accounts, "ada") == 0
        await worker.carry_out(entry_id)
        assert (started(accounts, "ada"), started(accounts, COMPANY)) == (1, 0)
        async with (
            open_company(tmp_path, accounts, ["ada"], database=database_address) as company,
            company.person("ada", ADA) as ada,
        ):
            done = await ada.ask("start_text_to_image", **PICTURE)
            assert done.data["job_id"].startswith("text_to_image:00000000")
            assert started(accounts, "ada") == 1
        assert holding(database_address, TOKEN[-12:]) == []
        assert "own_keys" in holding(database_address, account_of(ADA))


async def test_a_start_whose_key_was_removed_or_is_refused_says_whom_to_ask(
    tmp_path: Path, database_address: str
) -> None:
    (tmp_path / "worker").mkdir()
    async with (
        open_accounts(tmp_path, "ada", "bob") as accounts,
        open_company_worker(tmp_path / "worker", accounts, database_address) as worker,
        open_company(tmp_path, accounts, ["ada", "bob", "eve"], database=database_address, call_seconds=2) as company,
        company.person("ada", ADA) as ada,
        company.person("bob", BOB) as bob,
        company.person("eve") as eve,
    ):
        hers = (await eve.ask("start_text_to_image", **PICTURE)).data["job_id"]
        mine = (await ada.ask("start_text_to_image", **PICTURE)).data["job_id"]
        his = (await bob.ask("start_text_to_image", **PICTURE)).data["job_id"]
        async with open_company_worker(tmp_path / "worker", accounts, database_address, own_keys="off") as another:
            with pytest.raises(SettingsError, match="needs a worker with A2E_OWN_KEYS=allow"):
                await another.carry_out(mine.partition(":")[2])
        assert await worker.ledger.own_keys.forget("ada") == 1
        await worker.carry_out(mine.partition(":")[2])
        accounts.revoked.add("bob")
        await worker.carry_out(his.partition(":")[2])
        told = await ada.ask("check_status", job_id=mine)
        assert told.data["state"] == "failed"
        assert (
            "The A2E key that this needs was removed from this server. Nothing was charged."
            f" Ask {CONTACT}; a call with the header X-A2E-Key brings it again." in told.text
        )
        renewal = (
            "A2E did not accept the token. Nothing was charged. It is the key that your client sends as X-A2E-Key."
            f" Copy it again from video.a2e.ai > Account > API Token into your client, or ask {CONTACT}."
        )
        assert renewal in (await bob.ask("check_status", job_id=his)).text
        accounts.revoked.add(COMPANY)
        await worker.carry_out(hers.partition(":")[2])
        # The servers' own token is not hers to replace.
        assert (
            f"A2E did not accept the token. Nothing was charged. Ask {CONTACT}."
            in (await eve.ask("check_status", job_id=hers)).text
        )
        assert await bob.refuse("get_credits") == renewal.replace(" Nothing was charged.", "")
        assert (started(accounts, "ada"), started(accounts, COMPANY)) == (0, 0)
        async with open_company(tmp_path, accounts, ["ada"], database=database_address) as another:
            assert await another.refused("ada", ADA) == (200, "")
        assert [key.user for key in await worker.ledger.own_keys.all()] == ["ada", "bob"]


async def test_a_new_secret_seals_what_is_brought_again_and_a_lost_one_costs_a_call(
    tmp_path: Path, database: str | None
) -> None:
    new = SecretStr("another-secret-that-keys-are-sealed-with-1")
    async with open_accounts(tmp_path, "ada") as accounts:
        async with open_company(tmp_path, accounts, ["ada"], database=database) as company:
            await company.refused("ada", ADA)
            (old,) = await (await company.server.services()).account_ledger.own_keys.all()
        both = (new, SecretStr(SEAL_KEY))
        async with open_company(tmp_path, accounts, ["ada"], database=database, seal_keys=both) as company:
            assert company.server.own_accounts is not None
            services = await company.server.own_accounts.services(old.account)
            assert services.connection.token.get_secret_value() == ADA
            await company.refused("ada", ADA)
            (sealed_anew,) = await services.account_ledger.own_keys.all()
            assert sealed_anew.sealed != old.sealed
        async with open_company(tmp_path, accounts, ["ada"], database=database, seal_keys=(new,)) as company:
            assert company.server.own_accounts is not None
            await company.server.own_accounts.services(old.account)
        third = (SecretStr("a-third-secret-that-keys-are-sealed-with"),)
        async with open_company(tmp_path, accounts, ["ada"], database=database, seal_keys=third) as company:
            assert company.server.own_accounts is not None
            with pytest.raises(SettingsError, match="sealed with a secret that A2E_SEAL_KEYS does not have"):
                await company.server.own_accounts.services(old.account)
            await company.refused("ada", ADA)
            await company.server.own_accounts.services(old.account)


async def test_an_account_that_no_one_uses_is_let_go_of_and_opened_again(tmp_path: Path) -> None:
    async with (
        open_accounts(tmp_path, "ada") as accounts,
        open_company(tmp_path, accounts, ["ada"]) as company,
        company.person("ada", ADA) as ada,
    ):
        own = company.server.own_accounts
        assert own is not None
        await ada.ask("get_credits")
        first = await own.services(account_of(ADA))
        await own.let_go_of_idle()
        assert await own.services(account_of(ADA)) is first
        await (await company.server.services()).account_ledger.own_keys.forget("ada")
        await own.let_go_of_idle()
        with pytest.raises(OwnKeyGone):
            await own.services(account_of(ADA))


async def test_a_user_has_no_more_films_under_way_than_jobs(tmp_path: Path, database: str | None) -> None:
    changes: dict[str, Any] = {"public_url": PUBLIC, "store": (tmp_path / "store").as_uri(), "user_jobs": 2.0}
    async with (
        open_accounts(tmp_path, policy="immediate") as accounts,
        open_company(tmp_path, accounts, ["ada", "eve"], database=database, **changes) as company,
        company.person("ada") as ada,
        company.person("eve") as eve,
    ):
        picture = (await eve.ask("start_text_to_image", **PICTURE)).data["job_id"]
        clips = [[f"{picture} {seconds}s"] for seconds in range(2, 7)]
        begun = await asyncio.gather(*(eve.call("compose_video", clips=each) for each in clips))
        refused = [each.text for each in begun if each.failed]
        assert len(refused) == 3
        for text in refused:
            assert "over the 2 that each user may have at a time." in text
            assert text.endswith(f"Wait for one with wait_for_job, or ask {CONTACT}.")
        # One user's films are no one else's concern.
        hers = (await ada.ask("start_text_to_image", **PICTURE)).data["job_id"]
        await ada.ask("compose_video", clips=[f"{hers} 1s"])


@pytest.mark.long
async def test_a_start_says_that_nothing_was_charged_while_the_database_is_away(
    tmp_path: Path, postgresql_server: ScratchServer
) -> None:
    # Its tables are made in a loop of their own.
    database = await asyncio.to_thread(postgresql_server.database)
    async with (
        open_accounts(tmp_path) as accounts,
        open_company(tmp_path, accounts, ["eve"], database=database, in_file=True) as company,
        company.person("eve") as eve,
    ):
        await eve.ask("get_credits")
        postgresql_server.kill()
        try:
            told = await eve.refuse("start_text_to_image", **PICTURE)
        finally:
            postgresql_server.start()
        assert told == (
            "The database of A2E_DATABASE cannot be reached (no answer). Nothing was charged. Try again in a minute,"
            f" or ask {CONTACT}."
        )
        await eve.ask("start_text_to_image", **PICTURE)
        assert started(accounts, COMPANY) == 1


def holding(address: str, text: str) -> list[str]:
    """The tables of a database in which a text stands."""
    with psycopg.connect(address) as connection:
        tables = connection.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [
            name
            for (name,) in tables.fetchall()
            if connection.execute(
                sql.SQL("SELECT 1 FROM {} AS row WHERE strpos(row::text, %s) > 0 LIMIT 1").format(sql.Identifier(name)),
                (text,),
            ).fetchone()
        ]
