"""Users with keys of a file: who is let in, what they are shown, and what everyone else is told."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import httpx2
import pytest
from mcp.shared.exceptions import MCPError

from a2e_mcp.server import tool_index
from a2e_mcp.users.keys import digest_of
from tests.support.doctor_runs import DoctorRun
from tests.support.media import png
from tests.support.processes import run, start_http_server, start_program
from tests.support.server import ERAS
from tests.support.users import add_user, asked_with, change_users, keys_file, signed_in

CONTACT = "Grace, grace@example.com"


def users_of(folder: Path, **changes: str) -> dict[str, str]:
    return {"A2E_KEYS_FILE": str(keys_file(folder)), "A2E_ADMIN_CONTACT": CONTACT, **changes}


async def test_a_key_lets_its_user_in_and_all_else_is_refused_with_whom_to_ask(tmp_path: Path) -> None:
    ada, bob = add_user(tmp_path, "ada"), add_user(tmp_path, "bob", "--expires-days", "0.00000001")
    assert ada.startswith("a2eu_")
    assert ada not in keys_file(tmp_path).read_text()
    async with start_http_server(tmp_path, **users_of(tmp_path)) as (_, address):
        for era in ERAS:
            async with signed_in(address, ada, era=era) as person:
                assert (await person.ask("get_credits")).data["credits"] > 0
        for credential, words in (
            (None, "A key is needed: send it as the header Authorization: Bearer a2eu_..."),
            ("sk_somebodys_token", "Invalid key: keys of this server begin with a2eu_"),
            ("a2eu_" + "x" * 43, "This key is not known here."),
            (ada[:-1], "This key is not known here."),
            (bob, "This key has expired."),
            ("${A2E_KEY}", "The header Authorization holds a placeholder. Put your key there."),
        ):
            answer = await asked_with(address, credential)
            assert answer.status_code == 401, credential
            message = answer.json()["error"]["message"]
            assert words in message
            assert message.endswith(f"Ask {CONTACT}.")
            assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token", error_description="')
            # Without a provider no client should look for one.
            assert "resource_metadata" not in answer.headers["www-authenticate"]
        # As people copy it.
        for copied in (f'"{ada}"', f"Bearer {ada}", f"  {ada}"):
            assert (await asked_with(address, copied)).status_code not in (401, 403)
        # Who sends a token of A2E believes that they pay themselves.
        own = await asked_with(address, ada, **{"x-a2e-key": "sk_of_ada"})
        assert own.status_code == 403
        told = "This server uses its own A2E account and takes no other. Remove the header X-A2E-Key. "
        assert own.json()["error"]["message"] == f"{told}Ask {CONTACT}."
        assert "is revoked" in change_users(tmp_path, "revoke", "ada")
        gone = await asked_with(address, ada)
        assert (gone.status_code, gone.json()["error"]["message"]) == (
            401,
            f"The access of ada was revoked. Ask {CONTACT}.",
        )
        # Every path of toolsets is behind the same gate, before anything is said about toolsets.
        assert (await asked_with(f"{address}/no-such-toolset", None)).status_code == 401


async def test_a_scope_narrows_the_tools_that_are_shown_and_called(tmp_path: Path) -> None:
    keys = {scope: add_user(tmp_path, scope, "--scope", scope) for scope in ("read", "spend", "admin")}
    shown: dict[str, set[str]] = {}
    async with start_http_server(tmp_path, **users_of(tmp_path, A2E_TOOLSETS="all")) as (_, address):
        for scope, key in keys.items():
            async with signed_in(address, key) as person:
                shown[scope] = await person.tools()
        async with signed_in(address, keys["read"]) as reader:
            spoken = await reader.refuse("generate_speech", script="Hello", voice="Aria")
        async with signed_in(address, keys["spend"]) as spender:
            deleted = await spender.refuse("delete_avatar", avatar="Ada")
    everything = set(tool_index.names())
    assert shown["read"] == {name for name in everything if tool_index.effect_of(name) == "reads"} - {"list_api_tokens"}
    assert shown["admin"] == everything
    kept = {"delete_avatar", "delete_voice", "delete_background", "delete_face_image", "rename_voice"}
    assert shown["spend"] == everything - kept - set(tool_index.toolsets()["admin"])
    assert spoken == (
        f"generate_speech needs the scope a2e:spend, and read has a2e:read. Nothing was charged. Ask {CONTACT}."
    )
    # What everyone uses is deleted by those who answer for it.
    assert "delete_avatar needs the scope a2e:admin" in deleted


async def test_a_key_that_is_revoked_during_a_wait_ends_the_wait(tmp_path: Path) -> None:
    key = add_user(tmp_path, "ada")
    async with (
        start_http_server(tmp_path, **users_of(tmp_path)) as (_, address),
        signed_in(address, key) as person,
    ):
        script = "This sentence is long enough to be rendered for a while. " * 8
        job = await person.ask("start_avatar_video", script=script, voice="Aria", avatar="Ada", resolution=1080)
        began = time.monotonic()
        waiting = asyncio.create_task(person.call("wait_for_job", job_ids=[job.data["job_id"]], seconds=40))
        await asyncio.sleep(0.3)
        change_users(tmp_path, "revoke", "ada", "--key", change_users(tmp_path, "list").split("key ")[1][:8])
        answer = await waiting
        assert answer.failed
        assert answer.text == f"This key was revoked. Ask {CONTACT}."
        assert time.monotonic() - began < 20
        # The start itself belongs to the server.
        again = add_user(tmp_path, "ada")
        async with signed_in(address, again) as back:
            assert (await back.ask("check_status", job_id=job.data["job_id"])).data["job_id"] == job.data["job_id"]


async def test_upload_addresses_end_with_their_user_who_can_be_restored(tmp_path: Path) -> None:
    key, picture = add_user(tmp_path, "ada"), png(tmp_path).read_bytes()
    changes = users_of(tmp_path, A2E_PUBLIC_URL="https://a2e.example.com")
    async with start_http_server(tmp_path, **changes) as (_, address), httpx2.AsyncClient(trust_env=False) as http:
        async with signed_in(address, key) as person:
            offered: str = (await person.ask("upload_file", path="sea.png")).data["upload_address"]
        here = f"{address.removesuffix('/mcp')}/up/{offered.rpartition('/')[2]}"
        assert (await http.get(here)).status_code == 200
        change_users(tmp_path, "revoke", "ada")
        for answer in (await http.get(here), await http.put(here, content=picture)):
            assert answer.status_code == 410
            assert "The access of ada was revoked, so this address takes no file." in answer.text
            assert f"Ask {CONTACT}." in answer.text
        assert "Run a2e-mcp users restore ada first" in change_users(tmp_path, "add", "ada")
        assert "ada is a user again. Old keys stay revoked" in change_users(tmp_path, "restore", "ada")
        assert "The access of ada is not revoked." in change_users(tmp_path, "restore", "ada")
        assert (await asked_with(address, key)).json()["error"]["message"] == f"This key was revoked. Ask {CONTACT}."
        # An old key in other hands may be why.
        assert (await http.put(here, content=picture)).status_code == 410
        assert (await asked_with(address, add_user(tmp_path, "ada"))).status_code not in (401, 403)


async def test_upload_addresses_end_with_the_key_that_they_were_made_with(tmp_path: Path) -> None:
    old, new = add_user(tmp_path, "ada"), add_user(tmp_path, "ada")
    picture = png(tmp_path).read_bytes()
    changes = users_of(tmp_path, A2E_PUBLIC_URL="https://a2e.example.com")
    async with start_http_server(tmp_path, **changes) as (_, address), httpx2.AsyncClient(trust_env=False) as http:
        pages = []
        for key in (old, new):
            async with signed_in(address, key) as person:
                offered: str = (await person.ask("upload_file", path="sea.png")).data["upload_address"]
            pages.append(f"{address.removesuffix('/mcp')}/up/{offered.rpartition('/')[2]}")
        change_users(tmp_path, "revoke", "ada", "--key", digest_of(old)[:8])
        for answer in (await http.get(pages[0]), await http.put(pages[0], content=picture)):
            assert answer.status_code == 410
            told = "The key with which ada asked for it is no longer valid, so this address takes no file."
            assert f"{told} Nothing was charged. Ask {CONTACT}." in answer.text
        assert (await http.put(pages[1], content=picture)).status_code == 201


async def test_a_user_without_a_ceiling_has_none_where_the_others_have_one(tmp_path: Path) -> None:
    keys = {name: add_user(tmp_path, name) for name in ("ada", "bob")}
    told = change_users(tmp_path, "limits", "ada", "--daily-credits", "none")
    assert told == "ada: a2e:spend, no ceiling in 24 hours, no ceiling for one start.\n"
    assert "ada  a2e:spend  no ceiling a day\n" in change_users(tmp_path, "list")
    changes = users_of(tmp_path, A2E_USER_DAILY_CREDITS="14")
    async with start_http_server(tmp_path, **changes) as (_, address):
        async with signed_in(address, keys["ada"]) as ada:
            assert (await ada.ask("list_spending")).data["ceilings"] == {}
            await ada.ask("start_text_to_image", prompt="A blue house")
        async with signed_in(address, keys["bob"]) as bob:
            assert "your 14 credits in 24 hours" in await bob.refuse("start_text_to_image", prompt="A blue house")
        told = change_users(tmp_path, "limits", "ada", "--daily-credits", "default")
        assert told.startswith("ada: a2e:spend, the ceiling of A2E_USER_DAILY_CREDITS, if set, in 24 hours")
        async with signed_in(address, keys["ada"]) as ada:
            own = await ada.ask("list_spending")
            assert own.data["ceilings"] == {"per_day": 14}
            assert "1 start of yours" in own.text


async def test_two_keys_in_one_request_are_refused(tmp_path: Path) -> None:
    ada, bob = add_user(tmp_path, "ada"), add_user(tmp_path, "bob")
    async with start_http_server(tmp_path, **users_of(tmp_path)) as (_, address), httpx2.AsyncClient() as http:
        both = [("authorization", f"Bearer {key}") for key in (ada, bob)]
        answer = await http.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=both)
    told = f"The header Authorization was sent more than once. Send it once. Ask {CONTACT}."
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, told)


async def test_what_takes_the_servers_own_settings_is_for_who_runs_it(tmp_path: Path) -> None:
    key = add_user(tmp_path, "ada")
    changes = users_of(tmp_path, A2E_SANDBOX="0")
    async with start_program("serve", "--http", "127.0.0.1:0", folder=tmp_path, **changes) as server:
        assert server.process.stderr is not None
        address = (await server.process.stderr.readline()).decode().split(" at ")[1].split(" ")[0]
        async with signed_in(address, key) as person:
            told = f"This server has no A2E token yet. Nothing was charged. Ask {CONTACT}."
            assert await person.refuse("get_credits") == told
            with pytest.raises(MCPError, match=f"Ask {CONTACT}"):
                await person.client.read_resource("a2e://avatars")


async def test_too_many_requests_of_one_user_leave_the_others_alone(tmp_path: Path) -> None:
    ada, bob = add_user(tmp_path, "ada"), add_user(tmp_path, "bob")
    async with start_http_server(tmp_path, **users_of(tmp_path, A2E_USER_CALLS="3")) as (_, address):
        for _ in range(3):
            assert (await asked_with(address, ada)).status_code != 429
        busy = await asked_with(address, ada)
        # One of three in a minute comes back after 20 s.
        seconds = busy.headers["retry-after"]
        assert (busy.status_code, 0 < int(seconds) <= 20) == (429, True)
        told = f"Too many requests in a minute. Nothing was charged. Try again in {seconds} s. Ask {CONTACT}."
        assert busy.json()["error"]["message"] == told
        assert (await asked_with(address, bob)).status_code != 429


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "does not exist. Make it with a2e-mcp users add NAME."),
        ("users = 7", "is not valid"),
        ("[users.ada", "is not valid"),
        ('[users.ada]\nscopes = ["root"]', "ada has none of the scopes"),
        ('[users.ada]\nscopes = ["a2e:read"]\ndaily_credits = -1', "daily_credits must be a number of credits"),
        ('[users.ada]\nscopes = ["a2e:read"]\nrevoked = "yes"', "revoked must be a date and time"),
        ('[users.ada]\nscopes = ["a2e:read"]\n[[users.ada.keys]]\nhash = "a2eu_x"', "a key's hash begins with sha256:"),
        ('[users."Ada Lovelace"]\nscopes = ["a2e:read"]', "is an invalid user name"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_at_the_start(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        keys_file(tmp_path).write_text(text)
        keys_file(tmp_path).chmod(0o600)
    done = run("--sandbox", "--http", "127.0.0.1:0", folder=tmp_path, **users_of(tmp_path))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert words in done.stderr


async def test_the_doctor_counts_users_and_says_why_their_file_cannot_be_used(tmp_path: Path) -> None:
    add_user(tmp_path, "ada")
    add_user(tmp_path, "ada")
    add_user(tmp_path, "bob")
    change_users(tmp_path, "revoke", "bob")
    doctor = DoctorRun(tmp_path)
    await doctor.run({"A2E_SANDBOX": "1", **users_of(tmp_path)})
    assert any("1 user with 2 keys may use the server over HTTP" in line for line in doctor.lines)
    keys_file(tmp_path).write_text("[users.")
    again = DoctorRun(tmp_path)
    await again.run({"A2E_SANDBOX": "1", **users_of(tmp_path)})
    assert any("is not valid" in line for line in again.lines)


@pytest.mark.skipif(os.name == "nt", reason="the system has no such permissions")
def test_a_file_that_others_can_change_is_not_believed(tmp_path: Path) -> None:
    add_user(tmp_path, "ada")
    assert keys_file(tmp_path).stat().st_mode & 0o777 == 0o600
    keys_file(tmp_path).chmod(0o666)
    done = run("--sandbox", "--http", "127.0.0.1:0", folder=tmp_path, **users_of(tmp_path))
    assert done.returncode == 1
    assert "can be changed by others, who could add a key. Run chmod 600" in done.stderr


async def test_a_file_that_breaks_later_lets_no_one_in_until_it_is_right_again(tmp_path: Path) -> None:
    key = add_user(tmp_path, "ada")
    async with start_http_server(tmp_path, **users_of(tmp_path)) as (_, address):
        good = keys_file(tmp_path).read_text()
        keys_file(tmp_path).write_text("[users.")
        away = await asked_with(address, key)
        assert away.status_code == 503
        told = "The list of users cannot be read at the moment. Nothing was charged. Try again in a minute. "
        assert away.json()["error"]["message"] == f"{told}Ask {CONTACT}."
        keys_file(tmp_path).write_text(good)
        assert (await asked_with(address, key)).status_code != 503


@pytest.mark.parametrize(
    ("address", "changes", "words"),
    [
        ("0.0.0.0:0", {}, "Set A2E_PUBLIC_URL, such as https://a2e.example.com"),
        ("[::]:0", {}, "Set A2E_PUBLIC_URL"),
        ("example.com:80", {}, "0.0.0.0:8000 for all of its addresses"),
        ("127.0.0.1:0", {"A2E_HTTP_SECRET": "a-long-secret-of-one-person"}, "A2E_HTTP_SECRET is for one person"),
        ("127.0.0.1:0", {"A2E_OIDC_ISSUER": "https://login.example.com"}, "A2E_OIDC_ISSUER needs A2E_PUBLIC_URL"),
    ],
)
def test_a_server_for_others_that_is_not_set_up_whole_does_not_start(
    tmp_path: Path, address: str, changes: dict[str, str], words: str
) -> None:
    add_user(tmp_path, "ada")
    done = run("--sandbox", "--http", address, folder=tmp_path, **users_of(tmp_path, **changes))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert words in done.stderr


def test_a_public_name_without_users_is_refused_even_behind_a_proxy(tmp_path: Path) -> None:
    done = run("--sandbox", "--http", "127.0.0.1:0", folder=tmp_path, A2E_PUBLIC_URL="https://a2e.example.com")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "Give users keys (docs/company.md) or set A2E_HTTP_SECRET, or remove A2E_PUBLIC_URL" in done.stderr


async def test_beyond_this_computer_it_answers_to_its_public_name_only(tmp_path: Path) -> None:
    key = add_user(tmp_path, "ada")
    changes = users_of(tmp_path, A2E_PUBLIC_URL="https://a2e.example.com")
    async with start_http_server(tmp_path, "0.0.0.0:0", **changes) as (_, printed):
        address = printed.replace("0.0.0.0", "127.0.0.1")
        async with signed_in(address, key) as person:
            # A live room's page opens on the server's computer, where nobody sits: it would be paid for nothing.
            assert not await person.tools() & set(tool_index.toolsets()["streaming"])
            told = await person.refuse("start_streaming", avatar="Ada", seconds=60)
            assert told.startswith("start_streaming is for live rooms, whose pages open on the server's own computer")
        for host, origin, status in (
            ("a2e.example.com", "https://a2e.example.com", 200),
            ("a2e.example.com:443", None, 200),
            ("evil.example.com", None, 421),
            ("a2e.example.com", "https://evil.example.com", 403),
        ):
            headers = {"host": host, **({} if origin is None else {"origin": origin})}
            answer = await asked_with(address, key, **headers)
            assert answer.status_code == status, host


async def test_one_person_can_ask_their_own_clients_for_a_secret(tmp_path: Path) -> None:
    secret = "a-long-secret-of-one-person"
    async with start_http_server(tmp_path, A2E_HTTP_SECRET=secret) as (_, address):
        async with signed_in(address, secret) as person:
            assert (await person.ask("get_credits")).data["sandbox"]
        for credential, words in ((None, "A secret is needed"), ("another-long-secret", "is wrong")):
            answer = await asked_with(address, credential)
            assert answer.status_code == 401
            assert words in answer.json()["error"]["message"]
            assert secret not in answer.text
