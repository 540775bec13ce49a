"""Spans sent to a collector, where OpenTelemetry's own variables name one."""

from __future__ import annotations

import logging
import os

from a2e_mcp import __version__

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SERVICE_NAME = "OTEL_SERVICE_NAME"
_log = logging.getLogger(__name__)


def export_spans(service: str) -> bool:
    """Send spans by OTLP over HTTP when a collector is named and the extra `telemetry` is installed.

    They are those of this service, unless OpenTelemetry's own variable names another.
    """
    if not any(os.environ.get(name, "").strip() for name in _ENDPOINTS):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("Traces are not sent: install a2e-mcp[telemetry], or unset %s", " and ".join(_ENDPOINTS))
        return False
    from opentelemetry.trace import set_tracer_provider

    name = {} if os.environ.get(_SERVICE_NAME, "").strip() else {"service.name": service}
    provider = TracerProvider(
        resource=Resource.create({**name, "service.version": __version__}),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
    return True
