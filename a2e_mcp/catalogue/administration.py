"""Tokens, users and diamonds: calls of A2E's older menus that few people need.

Source: A2E docs menu "Get Tokens" and "Miscellaneous". Paths marked inferred were never seen in use.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import ById, Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.values import Text


class Login(Request):
    """Account and password, in fields that A2E does not publish. For the client only: no tool asks for a password."""

    email: str | None = Field(default=None, max_length=200)
    password: str | None = Field(default=None, max_length=200)


class LoginToken(Reply):
    """What a login gives."""

    token: Text = None


class CreateToken(Request):
    """A label for the new token."""

    alias: str = Field(min_length=1, max_length=100)


class ApiToken(Reply):
    """A token's record; `token` is the secret and comes only once, when it is made."""

    id: Text = Field(default=None, validation_alias="_id")
    alias: Text = None
    token: Text = None
    created: Text = Field(default=None, validation_alias="createdAt")


class AddUser(Request):
    """A new user's login name, the only field that is known."""

    username: str = Field(min_length=1, max_length=100)


class ExchangeDiamonds(Request):
    """How many diamonds to buy, 100 credits each; this cannot be undone."""

    diamonds: int = Field(ge=1, le=10_000)


LOG_IN = Capability(
    name="obtain_login_token",
    endpoint=Endpoint("POST", "/api/login/account"),
    request=Login,
    reply=LoginToken,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Log in with a password (old).",
    menu=MenuEntry("Get Tokens", "Obtain Login Token (old)"),
)

CREATE_TOKEN = Capability(
    name="create_api_token",
    endpoint=Endpoint("POST", "/api/v1/token/generate"),
    request=CreateToken,
    reply=ApiToken,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="Make an API token (old).",
    menu=MenuEntry("Get Tokens", "Get API token (old)", tool="create_api_token"),
)

LIST_TOKENS = Capability(
    name="list_api_tokens",
    endpoint=Endpoint("GET", "/api/v1/token/list"),
    request=Nothing,
    reply=Rows[ApiToken],
    effect=Effect.READS,
    evidence=Evidence.INFERRED,
    reply_evidence=Evidence.INFERRED,
    about="List API tokens (old).",
    menu=MenuEntry("Get Tokens", "List api tokens (old)", tool="list_api_tokens"),
)

DELETE_TOKEN = Capability(
    name="delete_api_token",
    endpoint=Endpoint("POST", "/api/v1/token/delete"),
    request=ById,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.INFERRED,
    reply_evidence=Evidence.INFERRED,
    about="Delete an API token (old).",
    menu=MenuEntry("Get Tokens", "Delete API token (old)", tool="delete_api_token"),
)

ADD_USER = Capability(
    name="add_user",
    endpoint=Endpoint("POST", "/api/v1/user/add"),
    request=AddUser,
    reply=Opaque,
    effect=Effect.WRITES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Add a user to the account.",
    menu=MenuEntry("Miscellaneous", "Add a User", tool="add_user"),
)

EXCHANGE_DIAMONDS = Capability(
    name="exchange_diamonds",
    endpoint=Endpoint("POST", "/api/v1/user/exchangeDiamonds"),
    request=ExchangeDiamonds,
    reply=Opaque,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Buy diamonds with credits.",
    menu=MenuEntry("Miscellaneous", "Exchange Diamonds (old)", tool="exchange_diamonds"),
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LOG_IN,
    CREATE_TOKEN,
    LIST_TOKENS,
    DELETE_TOKEN,
    ADD_USER,
    EXCHANGE_DIAMONDS,
)
