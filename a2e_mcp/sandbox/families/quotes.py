"""What a start would cost: the start is planned, media and all, and its price told without doing it."""

from __future__ import annotations

from functools import cache
from typing import Any

from a2e_mcp import catalogue
from a2e_mcp.catalogue.account import QuoteRequest, UploadRequest
from a2e_mcp.catalogue.capability import Capability
from a2e_mcp.catalogue.streaming import OpenRoom
from a2e_mcp.catalogue.voices import SpeechRequest
from a2e_mcp.sandbox.errors import Refusal, UnusableMedia, invalid
from a2e_mcp.sandbox.families import STARTS, voices
from a2e_mcp.sandbox.families.service import Body, Service
from a2e_mcp.sandbox.http.requests import validated
from a2e_mcp.sandbox.live.rooms import CREDITS_PER_SECOND

_UPLOAD = 0
"""A2E charges API tokens for uploads but does not publish how much."""


async def quote(service: Service, request: QuoteRequest) -> Body:
    """The price of a start.

    When its media cannot be used yet but the price is known without them, the answer says that the request was not
    validated. Raises Refusal.
    """
    path = request.endpoint.partition("?")[0].rstrip("/")
    priced = _priced_by_path().get(path)
    if priced is None:
        raise invalid("endpoint", "the sandbox knows no price for this call")
    coins, is_validated = await _price(service, priced.name, validated(priced, request.requestBody))
    return {"coins": coins, "generationRequestValidated": is_validated, "endpoint": path, "sandbox": True}


async def _price(service: Service, name: str, wanted: Any) -> tuple[int, bool]:
    if isinstance(wanted, UploadRequest):
        return _UPLOAD, True
    if isinstance(wanted, SpeechRequest):
        spoken, price = await voices.speak(service, wanted)
        voices.discard(service, spoken)
        return price, True
    if isinstance(wanted, OpenRoom):
        return CREDITS_PER_SECOND * wanted.expire_seconds, True
    try:
        return (await STARTS[name].plan(service, wanted)).price, True
    except Refusal as refusal:
        alone = STARTS[name].price_alone(wanted)
        if alone is None or not (isinstance(refusal, UnusableMedia) or _lacks_speech(refusal)):
            raise
        return alone, False


def _lacks_speech(refusal: Refusal) -> bool:
    return any(error["field"] == "audioSrc" for error in refusal.errors)


@cache
def _priced_by_path() -> dict[str, Capability[Any, Any]]:
    return {
        endpoint.path: capability
        for capability in catalogue.capabilities()
        if capability.name in STARTS or capability.request in (SpeechRequest, UploadRequest, OpenRoom)
        for endpoint in capability.endpoints
    }
