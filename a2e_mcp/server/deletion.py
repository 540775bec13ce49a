"""Deleting records that were named: all are known before the first is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a2e_mcp.catalogue.capability import Capability
from a2e_mcp.catalogue.records import ById
from a2e_mcp.errors import A2EError
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.tool_call import Call
from a2e_mcp.text import one_line


async def delete_each(
    call: Call[Any], capability: Capability[ById, Any], wanted: Mapping[str, str], *, kind: str, argument: str
) -> Answer:
    """Delete records, given as names by id, one after the other.

    Raises A2EError, which names what was deleted before.
    """
    deleted: list[str] = []
    for record_id, name in wanted.items():
        try:
            await call.services.client.call(capability, ById(id=record_id))
        except A2EError as problem:
            if not deleted:
                raise
            done = f"Deleted {', '.join(deleted)}, but not {one_line(name)}: {problem.message}"
            raise A2EError(done, charged=None, hint=problem.hint) from None
        deleted.append(one_line(name))
    several = "s" if len(deleted) > 1 else ""
    refund = " A2E does not mention a refund." if kind in ("avatar", "voice") else ""
    structured: dict[str, Any] = {argument: next(iter(wanted)), "deleted": True}
    if several:
        structured[argument] = list(wanted)
    return call.answer(f"Deleted the {kind}{several} {', '.join(deleted)} permanently.{refund}", structured)
