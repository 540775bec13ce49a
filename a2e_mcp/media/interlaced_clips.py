"""Pictures of older cameras, whose lines show two moments in turns, as whole pictures of one moment each."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.filter import Graph


def progressive(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """The frames, of which those that are interlaced are made whole; from the first of them on one is held back."""
    graph: Graph | None = None
    came: tuple[int, int, str] | None = None
    for frame in frames:
        kind = (frame.width, frame.height, frame.format.name)
        if graph is not None and kind != came:
            yield from _ended(graph)
            graph = None
        if graph is None and frame.interlaced_frame:
            graph, came = _graph(frame), kind
        if graph is None:
            yield frame
        else:
            graph.vpush(frame)
            yield from _ready(graph)
    if graph is not None:
        yield from _ended(graph)


def _graph(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1, av.time_base),
    )
    whole = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(whole)
    whole.link_to(sink)
    graph.configure()
    return graph


def _ended(graph: Graph) -> Iterator[av.VideoFrame]:
    graph.vpush(None)
    yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
