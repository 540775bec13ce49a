"""The calls that most families of A2E share: detail, list, batch and delete under one path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Method
from a2e_mcp.catalogue.records import ById, ByIds, JobRecord, Opaque, PageRequest, Rows


@dataclass(frozen=True, slots=True)
class StandardCalls:
    """Detail, list, batch and delete of one family."""

    detail: Capability[Any, Any]
    listing: Capability[Any, Any]
    remove: Capability[Any, Any]
    batch: Capability[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class FamilyMenu:
    """How A2E's own menu spells these calls: the group, and the entries of list, detail and delete."""

    group: str
    listing: str
    detail: str
    remove: str


def standard_calls(
    singular: str,
    plural: str,
    root: str,
    *,
    what: str,
    detail: Evidence = Evidence.OBSERVED,
    listing: Evidence = Evidence.INFERRED,
    batch: bool = True,
    menu: FamilyMenu | None = None,
    older_root: str | None = None,
) -> StandardCalls:
    """The four calls of a family under `root`; `detail` and `listing` are the evidence for their answers.

    A family whose start has an `older_root` has it for all of its calls.
    """

    def older(method: Method, rest: str) -> Endpoint | None:
        return None if older_root is None else Endpoint(method, f"{older_root}/{rest}")

    return StandardCalls(
        detail=Capability(
            name=f"get_{singular}",
            endpoint=Endpoint("GET", f"{root}/{{_id}}"),
            older=older("GET", "{_id}"),
            request=ById,
            reply=JobRecord,
            effect=Effect.READS,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=detail,
            about=f"Get the state of {what}.",
            menu=MenuEntry(menu.group, menu.detail) if menu else None,
        ),
        listing=Capability(
            name=f"list_{plural}",
            endpoint=Endpoint("GET", f"{root}/allRecords"),
            older=older("GET", "allRecords"),
            request=PageRequest,
            reply=Rows[JobRecord],
            effect=Effect.READS,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=listing,
            about=f"List every {what.partition(' ')[2]}, newest first.",
            menu=MenuEntry(menu.group, menu.listing) if menu else None,
        ),
        remove=Capability(
            name=f"delete_{singular}",
            endpoint=Endpoint("DELETE", f"{root}/{{_id}}"),
            older=older("DELETE", "{_id}"),
            request=ById,
            reply=Opaque,
            effect=Effect.DELETES,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=Evidence.INFERRED,
            about=f"Delete {what}.",
            menu=MenuEntry(menu.group, menu.remove) if menu else None,
        ),
        batch=Capability(
            name=f"batch_get_{plural}",
            endpoint=Endpoint("POST", f"{root}/batchDetail"),
            older=older("POST", "batchDetail"),
            request=ByIds,
            reply=Rows[JobRecord],
            effect=Effect.READS,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=Evidence.INFERRED,
            about=f"Get the states of several jobs like {what}.",
        )
        if batch
        else None,
    )
