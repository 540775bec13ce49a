"""The traces of starts: one span each, in the trace of the call that asked for it, whichever process carries it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanKind, StatusCode, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from a2e_mcp import __version__
from a2e_mcp.ledger.entry import LedgerEntry

_FIELD = "traceparent"
# What else callers send along, such as baggage, may name people, and is not kept.
_propagator = TraceContextTextMapPropagator()
_tracer = get_tracer("a2e_mcp", __version__)


def current_traceparent() -> str | None:
    """Where this call is in its caller's trace; None when there is none."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_FIELD)


@contextmanager
def in_trace_of(traceparent: str | None) -> Iterator[None]:
    """What is done inside the block is in that trace."""
    if traceparent is None:
        yield
        return
    token = attach(_propagator.extract({_FIELD: traceparent}))
    try:
        yield
    finally:
        detach(token)


@contextmanager
def span_of(entry: LedgerEntry) -> Iterator[None]:
    """The span of carrying a start out; a failure is named by its kind only."""
    with _tracer.start_as_current_span(
        f"start {entry.family}",
        kind=SpanKind.INTERNAL,
        attributes={"a2e.start_id": entry.id},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as problem:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(problem).__name__)
            raise
