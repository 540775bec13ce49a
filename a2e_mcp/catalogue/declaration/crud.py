"""The calls that most families of A2E share: detail, list, batch and delete under one path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Method, Request
from a2e_mcp.catalogue.declaration.records import (
    ById,
    ByIds,
    ByPlainId,
    JobRecord,
    Nothing,
    NumberedPage,
    Opaque,
    PageRequest,
    Rows,
)


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


@dataclass(frozen=True, slots=True)
class CallPaths:
    """Where list, detail and delete are under the path of a family, and how a page and a record are named there."""

    listing: str = "allRecords"
    detail: str = "{_id}"
    remove: str = "{_id}"
    page: type[Request] = PageRequest
    by_id: type[Request] = ById


USUAL = CallPaths()
DETAIL_APART = CallPaths("list", "detail/{id}", "{id}", NumberedPage, ByPlainId)
DETAIL_APART_UNPAGED = CallPaths("list", "detail/{id}", "{id}", Nothing, ByPlainId)
ALL_APART = CallPaths("allRecords", "detail/{id}", "delete/{id}", by_id=ByPlainId)
PLAIN_ID = CallPaths(detail="{id}", remove="{id}", by_id=ByPlainId)


def standard_calls(
    singular: str,
    plural: str,
    root: str,
    *,
    paths: CallPaths = USUAL,
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
            endpoint=Endpoint("GET", f"{root}/{paths.detail}"),
            older=older("GET", paths.detail),
            request=paths.by_id,
            reply=JobRecord,
            effect=Effect.READS,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=detail,
            about=f"Get the state of {what}.",
            menu=MenuEntry(menu.group, menu.detail) if menu else None,
        ),
        listing=Capability(
            name=f"list_{plural}",
            endpoint=Endpoint("GET", f"{root}/{paths.listing}"),
            older=older("GET", paths.listing),
            request=paths.page,
            reply=Rows[JobRecord],
            effect=Effect.READS,
            evidence=Evidence.DOCUMENTED,
            reply_evidence=listing,
            about=f"List every {what.partition(' ')[2]}, newest first.",
            menu=MenuEntry(menu.group, menu.listing) if menu else None,
        ),
        remove=Capability(
            name=f"delete_{singular}",
            endpoint=Endpoint("DELETE", f"{root}/{paths.remove}"),
            older=older("DELETE", paths.remove),
            request=paths.by_id,
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
