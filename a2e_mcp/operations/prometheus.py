"""The measurements of a server, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from a2e_mcp import __version__
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.measurements import Measurements, Outcome

OPEN_PHASES = ("intended", "sent", "unknown")
_CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 45)
_REQUEST_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40)


class PrometheusMeasurements(Measurements):
    """Counts since the start of this process; several processes are added up where they are read."""

    def __init__(self, drain: Drain) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge("a2e_mcp_info", "The version that runs", ("version",), registry=registry).labels(__version__).set(1)
        Gauge("a2e_mcp_draining", "1 while the server is about to end", registry=registry).set_function(
            lambda: float(drain.has_begun)
        )
        self._ready = Gauge("a2e_mcp_ready", "1 while /readyz answers 200", registry=registry)
        self._calls = Counter("a2e_mcp_tool_calls", "Tool calls answered", ("tool", "outcome"), registry=registry)
        self._call_seconds = Histogram(
            "a2e_mcp_tool_call_seconds", "Seconds of a tool call", ("tool",), registry=registry, buckets=_CALL_SECONDS
        )
        self._requests = Counter("a2e_mcp_a2e_requests", "Requests to A2E", ("call", "status"), registry=registry)
        self._request_seconds = Histogram(
            "a2e_mcp_a2e_request_seconds",
            "Seconds of a request to A2E",
            ("call",),
            registry=registry,
            buckets=_REQUEST_SECONDS,
        )

        self._starts = Gauge("a2e_mcp_starts", "Starts of 24 hours that are not settled", ("phase",), registry=registry)
        self._oldest_intended = Gauge(
            "a2e_mcp_oldest_intended_seconds", "How long the oldest start waits to be sent", registry=registry
        )
        self._oldest_sent = Gauge(
            "a2e_mcp_oldest_sent_seconds", "How long the oldest start waits for its answer", registry=registry
        )

    def tool_called(self, tool: str, outcome: Outcome, seconds: float) -> None:
        """Note a tool call that has been answered."""
        self._calls.labels(tool, outcome).inc()
        self._call_seconds.labels(tool).observe(seconds)

    def request_sent(self, call: str, status: int | None, seconds: float) -> None:
        """Note a request to A2E and its HTTP status; None without an answer."""
        self._requests.labels(call, "none" if status is None else str(status)).inc()
        self._request_seconds.labels(call).observe(seconds)

    def starts_open(self, open_starts: Mapping[str, Sequence[float]]) -> None:
        """Note for how many seconds each start has been in a phase that it must leave."""
        for phase in OPEN_PHASES:
            self._starts.labels(phase).set(len(open_starts.get(phase, ())))
        self._oldest_intended.set(max(open_starts.get("intended", ()), default=0.0))
        self._oldest_sent.set(max(open_starts.get("sent", ()), default=0.0))

    def readiness(self, *, is_ready: bool) -> None:
        """Note whether a call could be answered, or a start carried out, just now."""
        self._ready.set(is_ready)

    def page(self) -> tuple[bytes, str]:
        """All figures as Prometheus reads them, and the content type of that."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
