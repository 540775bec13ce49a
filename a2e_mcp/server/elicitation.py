"""Asking the user through the host, where it declares that it can (elicitation).

Until 2025-11-25 the server asks in the middle of a call, which waits. From 2026-07-28 on the call ends with the
question, and the host makes it again with the answer.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import anyio
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import ValidationError

from a2e_mcp.errors import MoneyRefused
from a2e_mcp.starts.progress import Confirm
from a2e_mcp.text import clean

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context

_BY_RETRY = "2026-07-28"
_KEY = "confirm"
_NO_FIELDS: dict[str, Any] = {"type": "object", "properties": {}}
"""To accept or to decline is the whole answer."""


class InputNeeded(Exception):
    """Ends a call with a question; the host makes the call again with the answer."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__("the user is asked")
        self.result = result


def confirmation(context: Context[Any, Any] | None, *, seconds: float) -> Confirm | None:
    """How the user of this call can be asked; None where the host declares no forms. A person has `seconds`."""
    if context is None or not _takes_forms(context):
        return None
    if context.protocol_version is not None and context.protocol_version >= _BY_RETRY:
        return _by_retry(context)
    return _in_the_call(context, seconds) if context.session.can_send_request else None


def _takes_forms(context: Context[Any, Any]) -> bool:
    capabilities = context.client_capabilities
    elicitation = None if capabilities is None else capabilities.elicitation
    # Before there were modes, a bare declaration meant forms.
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _by_retry(context: Context[Any, Any]) -> Confirm:
    async def confirm(question: str) -> float:
        # The state is sealed by the SDK: an answer counts for the question that it was given to, price included.
        state = hashlib.sha256(question.encode()).hexdigest()[:32]
        answer = (context.input_responses or {}).get(_KEY)
        if answer is None or context.request_state != state:
            asked = ElicitRequest(params=_form(question))
            raise InputNeeded(InputRequiredResult(input_requests={_KEY: asked}, request_state=state))
        _require_agreement(answer)
        return 0.0

    return confirm


def _in_the_call(context: Context[Any, Any], seconds: float) -> Confirm:
    async def confirm(question: str) -> float:
        began = time.monotonic()
        await context.report_progress(0.0, 1.0, "Waiting for the user's confirmation")
        try:
            answer = await _answered(context, question, seconds)
        except TimeoutError:
            raise MoneyRefused(
                f"The user did not answer within {seconds:g} s",
                hint="Ask the user in the chat, then call again; with A2E_ELICITATION=off the host does not ask",
            ) from None
        except (MCPError, ValidationError) as problem:
            raise MoneyRefused(
                f"The host could not ask the user ({_reason(problem)})",
                hint="The user can set A2E_ELICITATION=off if this host shows no forms",
            ) from None
        _require_agreement(answer)
        return time.monotonic() - began

    return confirm


async def _answered(context: Context[Any, Any], question: str, seconds: float) -> ElicitResult:
    form = _form(question)
    with anyio.fail_after(seconds):
        answer: ElicitResult = await context.session.elicit_form(
            form.message, form.requested_schema, context.request_id
        )
    return answer


def _form(question: str) -> ElicitRequestFormParams:
    return ElicitRequestFormParams(message=clean(question), requested_schema=_NO_FIELDS)


def _require_agreement(answer: object) -> None:
    if isinstance(answer, ElicitResult) and answer.action == "accept":
        return
    raise MoneyRefused(
        "The user did not agree to this start",
        hint="Ask the user what to change; do not start it again unasked",
    )


def _reason(problem: Exception) -> str:
    return problem.error.message if isinstance(problem, MCPError) else "its answer is not readable"
