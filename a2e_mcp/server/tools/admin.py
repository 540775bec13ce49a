"""Tools for administrators, off unless asked for: users, diamonds, tokens, the public pool."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.administration import (
    ADD_USER,
    CREATE_TOKEN,
    DELETE_TOKEN,
    EXCHANGE_DIAMONDS,
    LIST_TOKENS,
    AddUser,
    ApiToken,
    CreateToken,
    ExchangeDiamonds,
)
from a2e_mcp.catalogue.avatar_videos import PUBLIC_POOL, PublicPool
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.spellings import Name, Several
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs
from a2e_mcp.ledger.job_ids import DIAMONDS, is_id
from a2e_mcp.lookup.names import Candidate, exactly_one
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.jobs import started_answer
from a2e_mcp.server.answers.lists import ListPage
from a2e_mcp.server.deletion import delete_each
from a2e_mcp.server.tool_call import Call, NoInputs, ServerTool
from a2e_mcp.starts.service import Purchase, Quoted
from a2e_mcp.text import counted, rows_unread


class AddUserInputs(Inputs):
    """What `add_user` takes."""

    username: Annotated[Name, Field(min_length=1, max_length=100)] = Field(description="Login name of the new user")


class PoolInputs(Inputs):
    """What `set_auto_public_pool` takes."""

    on: bool = Field(description="Whether jobs may overflow into the public pool")


class DiamondsInputs(Inputs):
    """What `exchange_diamonds` takes."""

    diamonds: Annotated[int, Field(ge=1, le=10_000)] = Field(description="Number of diamonds, 100 credits each")


class CreateTokenInputs(Inputs):
    """What `create_api_token` takes."""

    alias: Annotated[Name, Field(min_length=1, max_length=100)] = Field(description="Label of the token")


class DeleteTokenInputs(Inputs):
    """What `delete_api_token` takes."""

    token_id: Several = Field(description="Id or alias; several with commas")


async def _add_user(call: Call[AddUserInputs]) -> Answer:
    await call.services.client.call(ADD_USER, AddUser(username=call.inputs.username))
    return _said(call, f"Added the user {call.inputs.username}.", {"username": call.inputs.username})


async def _exchange(call: Call[DiamondsInputs]) -> Answer:
    bought = _diamonds(call.inputs)
    return started_answer(await call.services.starts.buy(bought, call.options, call.deadline))


async def _price_of_diamonds(call: Call[DiamondsInputs]) -> Quoted:
    return await call.services.starts.quote_purchase(_diamonds(call.inputs))


def _diamonds(inputs: DiamondsInputs) -> Purchase[ExchangeDiamonds]:
    count = inputs.diamonds
    bought = counted(count, "diamond")
    return Purchase(
        family=DIAMONDS,
        title=bought,
        capability=EXCHANGE_DIAMONDS,
        request=ExchangeDiamonds(diamonds=count),
        estimate=Estimate(count, "item", 100, "A2E docs: 100 credits a diamond"),
        note=f"Bought {bought}; diamonds cannot be exchanged back.",
    )


async def _set_pool(call: Call[PoolInputs]) -> Answer:
    state = await call.services.client.call(PUBLIC_POOL, PublicPool(isAutoToPublicPool=call.inputs.on))
    on = call.inputs.on if state.isAutoToPublicPool is None else state.isAutoToPublicPool
    return _said(call, f"Overflow into the public pool is {'on' if on else 'off'}.", {"on": on})


async def _list_tokens(call: Call[NoInputs]) -> Answer:
    listed = await call.services.client.call(LIST_TOKENS, Nothing())
    tokens = listed.rows
    lines = [f"{each.alias or 'token'} = {each.id}" for each in tokens[:20]]
    rows = {"tokens": [_row(each) for each in tokens[:20]], "total": len(tokens)}
    return call.page(ListPage(f"{counted(len(tokens), 'token')}.", lines, rows, rows_unread(listed.skipped)))


async def _create_token(call: Call[CreateTokenInputs]) -> Answer:
    made = await call.services.client.call(CREATE_TOKEN, CreateToken(alias=call.inputs.alias))
    # The secret is not put into a chat; the web page shows it to its owner.
    message = "Created a token. It is not shown here: copy it from video.a2e.ai > Account > API Token."
    return _said(call, message, _row(made))


async def _delete_token(call: Call[DeleteTokenInputs]) -> Answer:
    tokens = await call.services.client.call(LIST_TOKENS, Nothing())
    known = [Candidate(each.id, each.alias or each.id, each.id) for each in tokens.rows if each.id is not None]
    hint = "Call list_api_tokens to find one"
    wanted = {
        named.lower()
        if is_id(named)
        else exactly_one(named, known, "API token", hint=hint, unread=tokens.skipped): named
        for named in call.inputs.token_id
    }
    return await delete_each(call, DELETE_TOKEN, wanted, kind="token", argument="token_id")


def _said(call: Call[Any], message: str, structured: dict[str, Any]) -> Answer:
    return call.answer(message, structured)


def _row(token: ApiToken) -> dict[str, Any]:
    known = {"id": token.id, "alias": token.alias, "created_at": token.created}
    return {name: value for name, value in known.items() if value is not None}


TOOLS = (
    ServerTool(
        name="add_user",
        title="Add a user",
        about="Add a user to the account.",
        inputs=AddUserInputs,
        examples=({"username": "zoe"},),
        effect=Effect.WRITES,
        toolset="admin",
        run=_add_user,
    ),
    ServerTool(
        name="exchange_diamonds",
        title="Buy diamonds",
        about="Buy diamonds with credits, 100 each. This cannot be undone; ask the user first.",
        inputs=DiamondsInputs,
        examples=({"diamonds": 2},),
        effect=Effect.SPENDS,
        toolset="admin",
        run=_exchange,
        price=_price_of_diamonds,
        answers="job",
    ),
    ServerTool(
        name="set_auto_public_pool",
        title="Use the public pool",
        about="Allow or stop the overflow of dedicated-line jobs into the public pool.",
        inputs=PoolInputs,
        examples=({"on": True},),
        effect=Effect.WRITES,
        toolset="admin",
        run=_set_pool,
    ),
    ServerTool(
        name="list_api_tokens",
        title="List API tokens",
        about="List the account's API tokens, without their secrets.",
        inputs=NoInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="admin",
        run=_list_tokens,
        answers="tokens",
        row={"id": str, "alias": str, "created_at": str},
    ),
    ServerTool(
        name="create_api_token",
        title="Create an API token",
        about="Create an API token. The secret is not shown in the chat.",
        inputs=CreateTokenInputs,
        examples=({"alias": "Studio"},),
        effect=Effect.WRITES,
        toolset="admin",
        run=_create_token,
    ),
    ServerTool(
        name="delete_api_token",
        title="Delete an API token",
        about="Delete an API token permanently. Ask the user first.",
        inputs=DeleteTokenInputs,
        examples=({"token_id": "000000006720d1f0a1b2c3d4"},),
        effect=Effect.DELETES,
        toolset="admin",
        run=_delete_token,
    ),
)
