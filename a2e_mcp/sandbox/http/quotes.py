"""What a start would cost: the start is planned, media and all, and its price answered without doing it."""

from __future__ import annotations

from functools import cache
from typing import Any

from a2e_mcp import catalogue
from a2e_mcp.catalogue.account import QuoteRequest
from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.sandbox.behaviour.behaviour import Answer, Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import Refusal, UnusableMedia, invalid
from a2e_mcp.sandbox.http.requests import validated


def quotes_of(behaviour: Behaviour) -> Answer:
    """Answers with the price of a start.

    When its media cannot be used yet but the price is known without them, the answer says that the request was not
    validated.
    """

    @cache
    def priced() -> dict[str, Capability[Any, Any]]:
        return {
            endpoint.path: capability
            for capability in catalogue.capabilities()
            if capability.name in behaviour.starts or capability.name in behaviour.prices
            for endpoint in capability.endpoints
        }

    async def quote(service: Service, request: QuoteRequest) -> Body:
        path = request.endpoint.partition("?")[0].rstrip("/")
        capability = priced().get(path)
        if capability is None:
            raise invalid("endpoint", "no price is known for this call")
        wanted = validated(capability, request.requestBody)
        coins, is_validated = await _price(service, behaviour, capability.name, wanted)
        return {"coins": coins, "generationRequestValidated": is_validated, "endpoint": path, "sandbox": True}

    return quote


async def _price(service: Service, behaviour: Behaviour, name: str, wanted: Any) -> tuple[int, bool]:
    if name in behaviour.prices:
        return await behaviour.prices[name](service, wanted), True
    start = behaviour.starts[name]
    try:
        return (await start.plan(service, wanted)).price, True
    except Refusal as refusal:
        alone = start.price_alone(wanted)
        if alone is None or not (isinstance(refusal, UnusableMedia) or _lacks_speech(refusal)):
            raise
        return alone, False


def _lacks_speech(refusal: Refusal) -> bool:
    return any(error["field"] == "audioSrc" for error in refusal.errors)
