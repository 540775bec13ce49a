"""A job family whose models are rows: where its calls are, and the fields of its start, as data.

Fields that only webhooks and A2E's own waiting times are for are left out, and so is `minor_suspected_skip`: only a
person may decide that, in A2E's own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue.declaration.body_fields import BodyField, request_model
from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, JobFamily, Recovery
from a2e_mcp.catalogue.declaration.crud import USUAL, CallPaths, standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, StartedJobs
from a2e_mcp.catalogue.models.index import models_of_family

CLIP = ("result_url",)
PICTURES = ("image_urls", "result_image_url", "result_url")
"""The fields that results are in, of clips and of pictures."""
_UNKNOWN_DELETE = "A2E does not say whether this stops a running job or refunds it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily(JobFamily):
    """A job family whose start is declared as data."""

    fields: Mapping[str, BodyField]


def model_family(
    name: str,
    root: str,
    call: str,
    about: str,
    fields: Mapping[str, BodyField],
    *,
    paths: CallPaths = USUAL,
    results: tuple[str, ...] = CLIP,
    typical_seconds: float = 300,
    reply: Evidence = Evidence.INFERRED,
    batch: bool = True,
    always: Mapping[str, Any] | None = None,
    recovery: Recovery = "by_name",
    delete_note: str = _UNKNOWN_DELETE,
    webhook: bool = True,
) -> ModelFamily:
    """A family with the calls that most have, under `/api/v1/` and its root; `call` is its word in their names."""
    path = f"/api/v1/{root}"
    calls = standard_calls(
        call, f"{call}s", path, paths=paths, what=about, detail=reply, listing=Evidence.INFERRED, batch=batch
    )
    return ModelFamily(
        name=name,
        about=about,
        start=model_start(name, path, call, about, fields, reply=reply, always=always, webhook=webhook),
        detail=calls.detail,
        listing=calls.listing,
        batch=calls.batch,
        remove=calls.remove,
        states=COMMON_STATES,
        results=results,
        polled="batch" if batch else "each",
        recovery=recovery,
        typical_seconds=typical_seconds,
        delete_note=delete_note,
        listed_when_used=True,
        fields=fields,
    )


def model_start(
    name: str,
    path: str,
    call: str,
    about: str,
    fields: Mapping[str, BodyField],
    *,
    reply: Evidence = Evidence.INFERRED,
    always: Mapping[str, Any] | None = None,
    webhook: bool = True,
) -> Capability[Any, Any]:
    def choices_of(field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(row.fixed[field]) for row in models_of_family(name) if field in row.fixed))

    return Capability(
        name=f"start_{call}",
        endpoint=Endpoint("POST", f"{path}/start"),
        request=request_model(f"Start{''.join(word.title() for word in name.split('_'))}", fields, choices_of),
        reply=StartedJobs,
        effect=Effect.SPENDS,
        evidence=Evidence.DOCUMENTED,
        reply_evidence=reply,
        about=f"Make {about}.",
        always=always or {},
        webhook=webhook,
    )
