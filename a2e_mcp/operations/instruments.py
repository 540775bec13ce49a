"""What a process of a company is measured with: figures for Prometheus, and spans for a collector."""

from __future__ import annotations

from collections.abc import Callable

from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.operation import Operation
from a2e_mcp.operations.span_export import export_spans


def measured_operation(service: str, *, is_web: bool = False, on_open: Callable[[], None] = lambda: None) -> Operation:
    """The operation of a process whose spans are those of this service; measured where prometheus-client is."""
    export_spans(service)
    drain = Drain()
    try:
        from a2e_mcp.operations.prometheus import PrometheusMeasurements
    except ImportError:
        return Operation(drain, is_web=is_web, on_open=on_open)
    return Operation(drain, PrometheusMeasurements(drain), is_web=is_web, on_open=on_open)
