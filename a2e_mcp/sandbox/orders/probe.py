"""Probes: what a file is."""

import os

from a2e_mcp.sandbox.protocol import Order, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import Rendering


class ProbeOrder(Order, frozen=True, kw_only=True):
    """Say what a file is, decoding no more of it than that needs."""

    path: str


def render(order: ProbeOrder, rendering: Rendering) -> Outcome:
    """Look into a file."""
    from a2e_mcp.sandbox.renderer.clips.inspection import inspect

    found = inspect(order.path)
    return Outcome(
        note=f"A file of kind {found.kind}, {found.container}.",
        media_kind=found.kind,
        media_type=found.media_type,
        container=found.container,
        seconds=found.seconds,
        width=found.width,
        height=found.height,
        has_audio=found.has_audio,
        bytes=os.path.getsize(order.path),
    )
