"""Tokens, users and diamonds: kept and counted without effect, since the sandbox takes any token."""

from __future__ import annotations

import secrets

from a2e_mcp.catalogue.administration import AddUser, CreateToken, ExchangeDiamonds, Login
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.store import Record

CREDITS_PER_DIAMOND = 100

_TOKENS = "api_token"
_USERS = "user"
_PURCHASES = "diamond_purchase"


def diamonds(service: Service) -> int:
    """How many diamonds the account has bought."""
    return sum(int(record.body["diamonds"]) for record in service.store.records(_PURCHASES))


async def _log_in(_: Service, __: Login) -> Body:
    return {
        "token": f"sandbox.{secrets.token_hex(8)}.{secrets.token_hex(8)}",
        "sandbox": True,
        "sandbox_note": "The sandbox accepts any account; no password was checked or kept.",
    }


async def _create_token(service: Service, request: CreateToken) -> Body:
    record = service.store.add_record(_TOKENS, {"alias": request.alias}, service.clock.now())
    return {**_token(record), "token": f"sk_sandbox_{secrets.token_urlsafe(18)}"}


async def _tokens(service: Service, _: Nothing) -> list[Body]:
    return [_token(record) for record in service.store.records(_TOKENS)]


async def _delete_token(service: Service, request: ById) -> Body:
    service.store.remove_found(_TOKENS, request.id, "token")
    return {}


def _token(record: Record) -> Body:
    return {
        "_id": record.id,
        "alias": record.body["alias"],
        "createdAt": iso(record.created),
        "sandbox": True,
        "sandbox_note": "The sandbox accepts any token, also deleted ones.",
    }


async def _add_user(service: Service, request: AddUser) -> Body:
    if any(record.body["username"] == request.username for record in service.store.records(_USERS)):
        raise invalid("username", "a user of this name exists")
    record = service.store.add_record(_USERS, {"username": request.username}, service.clock.now())
    return {"_id": record.id, "username": request.username, "createdAt": iso(record.created), "sandbox": True}


async def _exchange(service: Service, request: ExchangeDiamonds) -> Body:
    now = service.clock.now()
    with service.store.transaction():
        service.store.charge(CREDITS_PER_DIAMOND * request.diamonds, "exchange_diamonds", now)
        service.store.add_record(_PURCHASES, {"diamonds": request.diamonds}, now)
    return {"coins": service.store.balance, "diamonds": diamonds(service), "sandbox": True}


BEHAVIOUR = Behaviour(
    answers={
        "obtain_login_token": _log_in,
        "create_api_token": _create_token,
        "list_api_tokens": _tokens,
        "delete_api_token": _delete_token,
        "add_user": _add_user,
        "exchange_diamonds": _exchange,
    }
)
