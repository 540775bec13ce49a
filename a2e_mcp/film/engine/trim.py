"""A part of a clip: its streams are copied where that is exact, else it is made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import av
from av.container import InputContainer
from av.stream import Stream

from a2e_mcp.film.engine.compose import compose
from a2e_mcp.film.engine.source import Source, moving_picture, opened, read_source
from a2e_mcp.film.engine.timeline import laid_out, span_of
from a2e_mcp.film.engine.transcript import transcript_of
from a2e_mcp.film.orders import ComposeOrder, FilmMade, TrimOrder
from a2e_mcp.media.word_tags import ESTIMATED_TAG, WORDS_TAG

_COPIED = ("h264", "hevc", "av1", "mpeg4")
_COPIED_SOUND = ("aac", "mp3", "ac3", "alac")
"""What an MP4 may hold."""


def trim(order: TrimOrder, report: Callable[[float], None]) -> FilmMade:
    """Write a part of a clip to the order's output. Raises FilmRefused."""
    source = read_source(order.clip.path, order.clip.name)
    start, seconds = span_of(order.clip, source)
    plan = _copy_plan(source, start, start + seconds) if source.kind == "video" else None
    if plan is None:
        made = compose(ComposeOrder(output=order.output, clips=(order.clip,), is_finished=False), report)
        note = f"The picture was encoded anew. {made.note}".strip()
        return FilmMade(note=note, seconds=made.seconds, script=made.script)
    said = transcript_of(laid_out((order.clip,), (source,), shape=None, crossfades=False))
    kept = {key: text for key, text in source.tags.items() if key not in (WORDS_TAG, ESTIMATED_TAG)}
    _copy(source, plan, order.output, kept | said.tags)
    seconds = round(plan.end - plan.start, 3)
    return FilmMade(note="The streams were copied without loss.", seconds=seconds, script=said.script)


@dataclass(frozen=True)
class _CopyPlan:
    """From when to when packets are copied, in seconds of the clip."""

    start: float
    end: float


def _copy_plan(source: Source, start: float, end: float) -> _CopyPlan | None:
    """What to copy for a part, where a copy is exact to half a frame; None where it is not."""
    half = float(1 / source.fps / 2)
    with opened(source.path, source.name) as container:
        video = moving_picture(container)
        if video is None or video.codec_context.name not in _COPIED:
            return None
        if any(sound.codec_context.name not in _COPIED_SOUND for sound in container.streams.audio[:1]):
            return None
        shown = _shown(container, video, source.origin)
    begins = [number for number, (moment, is_key) in enumerate(shown) if is_key and abs(moment - start) <= half]
    if not begins:
        return None
    kept = shown[begins[0] :]
    wanted = [moment < end - half for moment, _ in kept]
    # A frame that is shown later may be needed to decode one that is shown earlier.
    count = sum(wanted)
    if not all(wanted[:count]) or any(moment < kept[0][0] for moment, _ in kept):
        return None
    return _CopyPlan(kept[0][0], min(end, max(moment for moment, _ in kept[:count]) + 2 * half))


def _shown(container: InputContainer, video: Stream, origin: float) -> list[tuple[float, bool]]:
    """When each packet of the picture is shown, and whether it is a key frame, in the order of decoding."""
    return [
        (float(packet.pts * packet.time_base) - origin, packet.is_keyframe)
        for packet in container.demux(video)
        if packet.pts is not None and packet.time_base is not None
    ]


def _copy(source: Source, plan: _CopyPlan, output: str, tags: dict[str, str]) -> None:
    with (
        opened(source.path, source.name) as container,
        av.open(output, "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags"}) as made,
    ):
        video = moving_picture(container)
        streams = [video, *container.streams.audio[:1]]
        made.metadata.update(tags)
        copies = {stream.index: made.add_stream_from_template(stream) for stream in streams if stream is not None}
        half = float(1 / source.fps / 2)
        for packet in container.demux(*(stream for stream in streams if stream is not None)):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            moment = float(packet.pts * packet.time_base) - source.origin
            slack = half if video is not None and packet.stream.index == video.index else 0.0
            if not plan.start - slack <= moment < plan.end - slack:
                continue
            shift = round((plan.start + source.origin) / packet.time_base)
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = copies[packet.stream.index]
            made.mux(packet)
