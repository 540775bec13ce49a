"""A2E's envelope around every answer: its data, or the matching error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Evidence
from a2e_mcp.client.body import json_or_none
from a2e_mcp.errors import (
    AnswerLost,
    Charged,
    ContentStopped,
    NotEnoughCredits,
    NotFound,
    Refused,
    ServiceError,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from a2e_mcp.text import clean_line

_TIMED_OUT = frozenset({408, 499})
"""Something between here and A2E stopped waiting; A2E may still have done the work."""
_FROM_BETWEEN = frozenset({401, 403, 407, 451, 511})
"""What firewalls, proxies and captive portals answer; from A2E itself these come as JSON."""
_CERTAIN = frozenset({401, 403, 404, 429})
"""With these nothing was begun, whatever the words are."""
_PAGES_FROM_BETWEEN = frozenset({400, 405, 411, 413, 414, 417, 418, 421, 425, 431})
"""With these a page comes from a gateway; a page with 404 may also be A2E's, for a call that it no longer has."""
_OWN_FIELDS = frozenset({"code", "success", "data", "msg", "message", "error", "errors", "trace_id"})
_ENVELOPE_FIELDS = frozenset({"msg", "success", "trace_id"})
"""Of each of A2E's envelopes one field is always there, and is in no refusal of a gateway that was seen."""
_MOST_KEPT = 4096
_LONGEST_SAID = 200
_OUT_OF_CREDITS = re.compile(
    r"(insufficient|not enough|lack|run out)[^.]*(coin|credit|balance|diamond)"
    r"|(coin|credit|balance)s?[^.]*(insufficient|not enough)",
    re.IGNORECASE,
)
_BROKE = re.compile(
    r"\b(time(d)?[ -]?out|internal (server )?error|bad gateway|service unavailable|deadline exceeded|econn\w+"
    r"|connection reset|socket hang up)\b",
    re.IGNORECASE,
)
"""What says that something broke or took too long, and not that A2E does not want to."""
_CONTENT = re.compile(
    r"\bcontent\b.{0,30}\b(detected|check|polic|violat|moderat|unsafe)|\bn[sf]{2}w\b|sensitive|inappropriate",
    re.IGNORECASE,
)
"""What A2E says, without a published form, when it finds content that it does not make."""
_IDS = frozenset({"_id", "id", "task_id", "rows", "list"})
_ABOUT_TOKEN = re.compile(r"token|auth|api.?key|log.?in|permission|forbidden", re.IGNORECASE)
_MODERATION = {"1003": "A minor was detected; this is final", "1004": "A minor is suspected"}


def open_envelope(capability: Capability[Any, Any], status: int, body: bytes, retry: str = "") -> object:
    """The `data` of an answer, from either published envelope (code 0, or success true).

    `retry` says when A2E wants to be asked again. Raises ServiceError.
    """
    answer = json_or_none(body)
    if not isinstance(answer, dict) or not _is_a2es(status, answer):
        raise _not_from_a2e(capability, status, body, retry)
    code, success = answer.get("code"), answer.get("success")
    if code in (0, "0") or (status < 300 and success is True and code in (None, 200, "200")):
        if capability.effect is Effect.SPENDS and _is_stopped_by_content(answer):
            raise ContentStopped(
                "A2E's content check stopped this, so no job was made",
                hint="Change the prompt or the pictures; a job of another model may pass",
                charged=None,
                trace_id=_trace_id(answer),
                status=status,
            )
        return answer.get("data")
    is_refusal = success is False or (success is None and code not in (None, 200, "200"))
    if (
        status >= 500
        or status in _TIMED_OUT
        or 300 <= status < 400
        or (status < 300 and not is_refusal)
        or (capability.effect is Effect.SPENDS and _has_broken(status, code, _message(answer)))
    ):
        # A crash may follow the charge; only an answer that says no is a refusal.
        which = f"HTTP {status}" if status >= 300 or code is None else f"code {clean_line(str(code))[:20]}"
        problem = f"A2E failed with {which}: {_message(answer) or 'no reason given'}"
        raise lost(capability, problem, status, body, _trace_id(answer), hint=retry)
    raise _refusal(capability, status, answer, retry)


def _is_a2es(status: int, answer: Mapping[str, Any]) -> bool:
    """Whether an answer has the form of A2E's envelopes; proxies and gateways refuse in JSON as well."""
    # A gateway that wants a login of its own answers 407.
    own = _ENVELOPE_FIELDS if status in _FROM_BETWEEN - {401} else _OWN_FIELDS
    return status < 400 or bool(own & answer.keys())


def _is_stopped_by_content(answer: Mapping[str, Any]) -> bool:
    """Whether an answer that calls itself a success names no job and speaks of the content check instead."""
    data = answer.get("data")
    if not (data is None or data in ("", []) or (isinstance(data, dict) and not _IDS & data.keys())):
        return False
    words = f"{_message(answer)} {_message(data) if isinstance(data, dict) else ''}"
    return _CONTENT.search(words) is not None


def _has_broken(status: int, code: object, message: str) -> bool:
    """Whether a failure is one of A2E's own work; its codes are often HTTP's, under whatever status they come."""
    number = int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else 0
    if {status, number} & _CERTAIN or _OUT_OF_CREDITS.search(message):
        return False
    return 500 <= number < 600 or number in _TIMED_OUT or _BROKE.search(message) is not None


def _not_from_a2e(capability: Capability[Any, Any], status: int, body: bytes, retry: str) -> ServiceError:
    """The error for an answer that is not A2E's: a page of something between here and there, or no JSON at all."""
    if status in _FROM_BETWEEN or (status in _PAGES_FROM_BETWEEN and _is_page(body)):
        # Refused on the way: the request has not reached A2E, and the token is not to blame.
        answer = json_or_none(body)
        said = _message(answer) if isinstance(answer, dict) else ""
        return Unreachable(
            f"A2E cannot be reached: something on the way to it refused the request (HTTP {status}"
            f"{f': {said[:_LONGEST_SAID]}' if said else ''})",
            hint="Check the network, VPN and proxy, then retry in a minute",
            status=status,
        )
    if 400 <= status < 500 and status not in _TIMED_OUT:
        return _refusal(capability, status, {}, retry)
    if status < 500:
        what = "a web page came instead of an answer" if _is_page(body) else "the answer was not readable"
        return lost(capability, f"{what} (HTTP {status})", status, body)
    if capability.effect is not Effect.SPENDS:
        return Unreachable(f"A2E cannot be reached (HTTP {status})", hint=retry or "Retry in a minute", status=status)
    return lost(capability, f"A2E cannot be reached (HTTP {status})", status, body, hint=retry)


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"


def _trace_id(answer: Mapping[str, Any]) -> str | None:
    trace_id = answer.get("trace_id")
    return clean_line(trace_id)[:100] if isinstance(trace_id, str) and trace_id else None


def _message(answer: Mapping[str, Any]) -> str:
    for name in ("msg", "message", "error", "errors"):
        if answer.get(name):
            text = answer[name] if isinstance(answer[name], str) else json.dumps(answer[name], ensure_ascii=False)
            return clean_line(text)[:500]
    return ""


def _refusal(capability: Capability[Any, Any], status: int, answer: Mapping[str, Any], retry: str = "") -> ServiceError:
    code = answer.get("code")
    message = _message(answer)
    known: dict[str, Any] = {
        "trace_id": _trace_id(answer),
        "code": code if isinstance(code, int | str) else None,
        "status": status,
    }
    evidence_note = _evidence_note(capability)
    if (
        status == 401
        or code in (401, "401")
        or (_is_forbidden(status, code) and _ABOUT_TOKEN.search(message or "auth"))
    ):
        return Unauthorized("A2E did not accept the token", **known)
    if str(code) in _MODERATION:
        return Refused(f"{_MODERATION[str(code)]} (A2E code {code}: {message})", **known)
    if _OUT_OF_CREDITS.search(message):
        return NotEnoughCredits(
            f"Not enough credits: {message}", hint="Add credits at video.a2e.ai, or make the job smaller", **known
        )
    if status == 404 or code in (404, "404"):
        reason = (
            "No such record at A2E"
            if answer and "id" in capability.request.model_fields
            else "A2E may have retired this call"
        )
        return NotFound(f"{reason} ({capability.name}: {message or 'HTTP 404'})", hint=evidence_note, **known)
    if status == 429 or code in (429, "429"):
        words = f": {message}" if message else ""
        return Refused(f"A2E is busy (HTTP 429){words}", hint=retry or "Retry in a minute", **known)
    number = f"HTTP {status}" if code is None else f"HTTP {status}, code {clean_line(str(code))[:20]}"
    return Refused(f"A2E refused {capability.name}: {message or number}", hint=evidence_note, **known)


def _is_forbidden(status: int, code: object) -> bool:
    return (status == 403 and code in (403, "403", None)) or code in (403, "403")


def _evidence_note(capability: Capability[Any, Any]) -> str:
    return "This call was never confirmed against A2E" if capability.evidence is Evidence.INFERRED else ""


def lost(
    capability: Capability[Any, Any],
    problem: str,
    status: int | None = None,
    body: bytes = b"",
    trace_id: str | None = None,
    *,
    hint: str = "",
    kind: type[AnswerLost] = AnswerLost,
) -> AnswerLost:
    """The error for an answer that is missing or broken; a call that spends may have been charged."""
    spends = capability.effect is Effect.SPENDS
    return kind(
        f"{capability.name}: {problem}",
        charged=Charged.UNKNOWN if spends else Charged.NOTHING,
        hint="" if spends else hint or "Retry in a minute",
        trace_id=trace_id,
        status=status,
        raw=body[:_MOST_KEPT].decode("utf-8", "replace"),
    )


def unreadable(capability: Capability[Any, Any], data: object, problem: ValidationError) -> AnswerLost:
    """The error for an answer whose data the reply model cannot read."""
    fields = ", ".join(sorted({".".join(str(part) for part in each["loc"]) or "answer" for each in problem.errors()}))
    note = " This call was never confirmed against A2E." if capability.reply_evidence is Evidence.INFERRED else ""
    raw = json.dumps(data, ensure_ascii=False, default=str)[:_MOST_KEPT]
    text = f"the answer has an unknown shape ({fields[:200]}).{note}"
    return lost(capability, text, body=raw.encode("utf-8", "replace"), kind=Unreadable)
