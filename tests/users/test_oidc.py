"""Sign-in with OpenID Connect: which tokens count, who they stand for, and what others are told."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from a2e_mcp.errors import AccessDenied
from a2e_mcp.users.authenticator import Authenticator
from a2e_mcp.users.keys_file import KeysFile
from a2e_mcp.users.oidc import OidcTokens
from tests.support.identity_provider import AUDIENCE, IdentityProvider, open_provider
from tests.support.processes import start_http_server
from tests.support.server import ERAS
from tests.support.users import add_user, asked_with, change_users, keys_file, signed_in
from tests.users.test_keys import CONTACT

ISSUER = "https://login.example.com"


class Clock:
    """A clock that is moved."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def tokens_of(provider: IdentityProvider, clock: Clock | None = None, issuer: str = ISSUER) -> OidcTokens:
    transport = httpx2.ASGITransport(app=provider.app())
    return OidcTokens(issuer, AUDIENCE, transport=transport, clock=clock or Clock())


async def refused(tokens: OidcTokens, token: str) -> tuple[int, str]:
    with pytest.raises(AccessDenied) as problem:
        await Authenticator(None, tokens).caller(token)
    return problem.value.status, str(problem.value)


async def test_a_token_stands_for_its_subject_with_its_scope() -> None:
    provider = IdentityProvider(ISSUER)
    tokens = tokens_of(provider)
    for token, scope in (
        (provider.token(), "a2e:spend"),
        (provider.token(scope="a2e:read profile"), "a2e:read"),
        (provider.token(scope=None, scp=["a2e:admin", "a2e:read"]), "a2e:admin"),
        (provider.token(scope=None, scp="a2e:spend"), "a2e:spend"),
        (provider.token(aud=["other", AUDIENCE]), "a2e:spend"),
        (provider.ec_token(), "a2e:spend"),
    ):
        caller = await Authenticator(None, tokens, per_day=70).caller(token)
        assert caller is not None
        assert (caller.name, caller.scope, caller.per_day) == ("ada", scope, 70)
        assert caller.user.startswith("sub:")
    assert provider.asked == 1
    other = await Authenticator(None, tokens).caller(provider.token(sub="subject-of-bob", preferred_username="ada"))
    assert other is not None
    assert caller is not None
    # A name can be taken by anyone; the subject cannot.
    assert other.user != caller.user


async def test_a_token_that_does_not_count_is_refused_with_the_reason() -> None:
    provider = IdentityProvider(ISSUER)
    tokens = tokens_of(provider)
    now = int(time.time())
    for token, status, words in (
        (provider.token(exp=now - 3600), 401, "The token has expired. Sign in again."),
        (provider.token(aud="https://other.example.com/mcp"), 401, f"for a server other than {AUDIENCE}"),
        (provider.token(iss="https://evil.example.com"), 401, f"by a provider other than {ISSUER}"),
        (provider.token(scope="openid profile"), 403, "The token has none of the scopes of this server (a2e:read"),
        (provider.token(exp=None), 401, "The token's signature or content is not valid"),
        (provider.token(aud=None), 401, "The token's signature or content is not valid"),
        (provider.token(sub=None), 401, "The token's signature or content is not valid"),
        (provider.token(nbf=now + 3600), 401, "The token's signature or content is not valid"),
        (provider.token_of_stranger(), 401, "The token's signature or content is not valid"),
        (provider.token_by_secret(), 401, "not signed with a private key of the provider"),
        (provider.unsigned_token(), 401, "not signed with a private key of the provider"),
        ("eyJhbGciOiJSUzI1NiJ9.e30", 401, "neither a key of this server nor a token of its provider"),
        ("sk_someones", 401, "neither a key of this server nor a token of its provider"),
        ("e" * 50_000, 401, "neither a key of this server nor a token of its provider"),
    ):
        told = await refused(tokens, token)
        assert told[0] == status, told
        assert words in told[1]


async def test_unknown_keys_make_it_ask_the_provider_at_most_twice_a_minute() -> None:
    provider, clock = IdentityProvider(ISSUER), Clock()
    tokens = tokens_of(provider, clock)
    assert (await tokens.identity(provider.token())).subject == "subject-of-ada"
    provider.kid = "second"
    clock.seconds += 31
    assert (await tokens.identity(provider.token())).subject == "subject-of-ada"
    assert provider.asked == 2
    for _ in range(20):
        unknown = IdentityProvider(ISSUER, kid="never published")
        assert "a key that the provider does not publish" in (await refused(tokens, unknown.token()))[1]
    assert provider.asked == 2
    clock.seconds += 31
    await refused(tokens, unknown.token())
    assert provider.asked == 3


async def test_a_provider_that_is_away_is_said_and_what_is_known_of_it_still_counts() -> None:
    provider, clock = IdentityProvider(ISSUER, is_away=True), Clock()
    tokens = tokens_of(provider, clock)
    for _ in range(2):
        told = await refused(tokens, provider.token())
        assert told[0] == 503
        assert f"The provider {ISSUER} gives no keys" in told[1]
    provider.is_away = False
    clock.seconds += 31
    assert (await tokens.identity(provider.token())).name == "ada"
    provider.is_away = True
    clock.seconds += 2 * 3600
    assert (await tokens.identity(provider.token())).name == "ada"


async def test_a_provider_is_found_however_it_spells_itself() -> None:
    with_slash = IdentityProvider(f"{ISSUER}/")
    assert (await tokens_of(with_slash).identity(with_slash.token())).issuer == f"{ISSUER}/"
    by_rfc8414 = IdentityProvider(ISSUER, at_rfc8414=True)
    assert (await tokens_of(by_rfc8414).identity(by_rfc8414.token())).name == "ada"
    # One that says it is another is not believed.
    impostor = IdentityProvider("https://other.example.com")
    assert (await refused(tokens_of(impostor, issuer=ISSUER), impostor.token()))[0] == 503
    # Of the keys only those count that can sign for it.
    odd = IdentityProvider(
        ISSUER, extra_keys=[{"kty": "oct", "k": "eHh4", "kid": "shared"}, {"kty": "RSA", "use": "enc"}]
    )
    assert (await tokens_of(odd).identity(odd.token())).name == "ada"


async def test_a_subject_on_the_list_is_that_user_and_is_revoked_like_one(tmp_path: Path) -> None:
    add_user(tmp_path, "ada", "--subject", "subject-of-ada", "--daily-credits", "40", "--scope", "read")
    provider = IdentityProvider(ISSUER)
    people = Authenticator(KeysFile(keys_file(tmp_path)), tokens_of(provider), per_day=9)
    caller = await people.caller(provider.token())
    assert caller is not None
    assert (caller.user, caller.scope, caller.per_day) == ("ada", "a2e:spend", 40)
    assert await people.objection(caller) is None
    change_users(tmp_path, "revoke", "ada")
    assert "was revoked" in str(await people.objection(caller))
    with pytest.raises(AccessDenied, match="The access of ada was revoked"):
        await people.caller(provider.token())


async def test_over_http_clients_learn_where_to_sign_in_and_keys_work_beside_it(tmp_path: Path) -> None:
    key = add_user(tmp_path, "bob")
    async with open_provider() as provider:
        changes = {
            "A2E_OIDC_ISSUER": provider.issuer,
            "A2E_PUBLIC_URL": AUDIENCE.removesuffix("/mcp"),
            "A2E_KEYS_FILE": str(keys_file(tmp_path)),
            "A2E_ADMIN_CONTACT": CONTACT,
        }
        async with start_http_server(tmp_path, **changes) as (_, address):
            for era in ERAS:
                async with signed_in(address, provider.token(scope="a2e:read"), era=era) as ada:
                    assert "start_avatar_video" not in await ada.tools()
                    assert (await ada.ask("list_spending")).data["starts"] == 0
            async with signed_in(address, key) as bob:
                assert "start_avatar_video" in await bob.tools()
            metadata = f"{AUDIENCE.removesuffix('/mcp')}/.well-known/oauth-protected-resource/mcp"
            strange = await asked_with(address, None)
            assert f'resource_metadata="{metadata}"' in strange.headers["www-authenticate"]
            poor = await asked_with(address, provider.token(scope="openid"))
            assert (poor.status_code, 'error="insufficient_scope"' in poor.headers["www-authenticate"]) == (403, True)
            assert poor.json()["error"]["message"].endswith(f"Ask {CONTACT}.")
            async with httpx2.AsyncClient(trust_env=False) as http:
                path = "/.well-known/oauth-protected-resource/mcp"
                told = (await http.get(address.replace("/mcp", path))).json()
    assert told["resource"] == AUDIENCE
    # Clients compare it letter by letter.
    assert told["authorization_servers"] == [provider.issuer]
    assert told["scopes_supported"] == ["a2e:read", "a2e:spend", "a2e:admin"]
