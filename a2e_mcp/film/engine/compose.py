"""A film from clips: joined, faded, framed, captioned, with a logo, a title and music."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from a2e_mcp.film.engine.canvas import Framer, Placing, YuvSprite, blended, copied
from a2e_mcp.film.engine.captions import CaptionGroup, CaptionTrack, undrawn_note
from a2e_mcp.film.engine.frames import frames_of
from a2e_mcp.film.engine.mix import FilmSound
from a2e_mcp.film.engine.notes import (
    LEAST_CUT_OFF,
    FilmNotes,
    damage_notes,
    framing_notes,
    length_note,
    music_note,
    silence_note,
    stillness_note,
)
from a2e_mcp.film.engine.refusal import FilmRefused
from a2e_mcp.film.engine.source import SANDBOX_TAG, Source, read_source
from a2e_mcp.film.engine.timeline import Segment, Timeline, laid_out
from a2e_mcp.film.engine.title_card import title_card
from a2e_mcp.film.engine.transcript import captions_of, transcript_of, write_subtitles
from a2e_mcp.film.engine.writer import writing_film
from a2e_mcp.film.orders import ComposeOrder, FilmClip, FilmMade, Logo
from a2e_mcp.media.damage import Damage
from a2e_mcp.media.picture_levels import in_eight_bits
from a2e_mcp.media.text_pictures import lettered

_SOUND_SHARE = 0.15
"""Of the work, roughly."""
_TITLE_SECONDS = 2.5
_LOGO_WIDTH, _LOGO_HEIGHT, _LOGO_GAP = 0.16, 0.12, 0.03
_SHORTENED = "Cross-fades are shorter where a longer one would have covered a word."

Report = Callable[[float], None]


def compose(order: ComposeOrder, report: Report) -> FilmMade:
    """Make the film at the order's output. Raises FilmRefused, and OSError when it cannot be written."""
    sources = [read_source(clip.path, clip.name) for clip in order.clips]
    music = read_source(order.music.path, order.music.name) if order.music else None
    if music is not None and not music.has_sound:
        raise FilmRefused(f"{music.name} has no sound, so it cannot be the music.")
    if not any(source.kind != "audio" for source in sources):
        raise FilmRefused(f"{sources[0].name} is a sound without a picture: give a video or a picture.")
    folder = Path(order.output).parent
    timeline = laid_out(order.clips, sources, shape=order.shape, crossfades=order.transition == "crossfade")
    if order.title:
        timeline = _with_title(timeline, order, folder)
    sound = FilmSound(timeline, folder, lambda share: report(share * _SOUND_SHARE), evens=order.is_finished)
    with closing(sound):
        return _compose(order, timeline, sound, music, report)


def _compose(
    order: ComposeOrder, timeline: Timeline, sound: FilmSound, music: Source | None, report: Report
) -> FilmMade:
    notes = FilmNotes()
    if music is not None and order.music is not None:
        sound.add_music(music, order.music.volume)
        notes.add(music_note(music, timeline))
    if order.is_finished and not sound.is_silent:
        sound.finish()
    scripts = transcript_of(timeline)
    groups: list[CaptionGroup] = []
    if order.captions is not None:
        groups, note = captions_of(order.captions, timeline, sound, scripts)
        notes.add(note)
    notes.add(*framing_notes(timeline, fills=order.fit == "fill"))
    overlays = _Overlays(order, timeline, groups)
    parts = [segment.source for segment in timeline.segments]
    parts += [music] if music is not None else []
    parts += [read_source(order.logo.path, order.logo.name)] if order.logo else []
    # A film that has a sandbox's part in it, and be it the music or the logo, says so.
    said = next((part.tags for part in parts if part.is_sandbox), {})
    tags = {key: value for key, value in said.items() if key in (SANDBOX_TAG, "comment")} | scripts.tags
    damage = [Damage() for _ in timeline.segments]
    blocks = None if sound.is_silent else sound.blocks()
    with writing_film(order.output, timeline.size, timeline.fps, tags, blocks) as film:
        for number, frame in enumerate(_frames(order, timeline, damage)):
            film.add(overlays.drawn(frame, number))
            report(_SOUND_SHARE + (1 - _SOUND_SHARE) * (number + 1) / timeline.frames)
    if order.captions is not None and order.captions.subtitles and groups:
        write_subtitles(groups, order.captions.subtitles)
    notes.add(undrawn_note("the title is", [order.title or ""]))
    for clip, segment in zip(order.clips, timeline.segments[-len(order.clips) :], strict=True):
        notes.add(length_note(clip, segment, timeline))
    notes.add(_SHORTENED if any(segment.is_shortened for segment in timeline.segments) else "")
    notes.add(stillness_note(timeline), silence_note(timeline) if order.is_finished else "")
    notes.add(*damage_notes(timeline, damage, sound.damage))
    return FilmMade(note=notes.text, seconds=round(timeline.seconds, 3), script=scripts.script)


def _frames(order: ComposeOrder, timeline: Timeline, damage: Sequence[Damage]) -> Iterator[av.VideoFrame]:
    """All frames of the film before anything is laid over them; they must not be drawn on."""
    fills = order.fit == "fill"
    tail: Iterator[av.VideoFrame] = iter(())
    for number, segment in enumerate(timeline.segments):
        following = timeline.segments[number + 1] if number + 1 < len(timeline.segments) else None
        kept = segment.frames - (following.fade if following else 0)
        framer = Framer(segment.source.size, timeline.size, fills=fills, turned=segment.source.turned)
        frames = frames_of(segment.source, framer, segment.start, timeline.fps, segment.frames, damage=damage[number])
        for at, own in enumerate(islice(frames, kept)):
            yield blended(next(tail), own, (at + 1) / (segment.fade + 1)) if at < segment.fade else own
        # What is faded over the next segment is decoded beside it.
        tail = frames


class _Overlays:
    """What is laid over the frames: captions, a logo, and the sandbox's word where a frame would lose it."""

    def __init__(self, order: ComposeOrder, timeline: Timeline, groups: Sequence[CaptionGroup]) -> None:
        self._fps = timeline.fps
        style = order.captions.style if order.captions else "outline"
        self._captions = CaptionTrack(groups, timeline.size, style)
        self._logo = _logo(order.logo, timeline.size) if order.logo else None
        self._marked = _segments_without_word(order, timeline)
        self._word = _sandbox_word(timeline.size) if self._marked else None

    def drawn(self, frame: av.VideoFrame, number: int) -> av.VideoFrame:
        """The frame with all that belongs over it; the given one is not changed."""
        caption = self._captions.at(float(number / self._fps))
        is_marked = any(segment.first <= number < segment.end for segment in self._marked)
        if caption is None and self._logo is None and not is_marked:
            return frame
        made = copied(frame)
        if self._logo is not None:
            sprite, left, top = self._logo
            sprite.lay_on(made, left, top)
        if caption is not None:
            caption(made)
        if is_marked and self._word is not None:
            sprite, left, top = self._word
            sprite.lay_on(made, left, top)
        return made


def _segments_without_word(order: ComposeOrder, timeline: Timeline) -> list[Segment]:
    """The sandbox's parts whose word SANDBOX, at the lower right, would lie outside the frame."""
    return [
        segment
        for segment in timeline.segments
        if segment.source.is_sandbox
        and Placing.of(segment.source.size, timeline.size, fills=order.fit == "fill").cut_off > LEAST_CUT_OFF
    ]


def _sandbox_word(size: tuple[int, int]) -> tuple[YuvSprite, int, int]:
    sprite = YuvSprite.of(lettered([["SANDBOX"]], max(10, round(min(size) * 0.034)), "outline"))
    gap = round(0.02 * min(size))
    return sprite, size[0] - sprite.size[0] - gap, size[1] - sprite.size[1] - gap


def _logo(logo: Logo, size: tuple[int, int]) -> tuple[YuvSprite, int, int]:
    """A logo at its place. Raises FilmRefused."""
    try:
        with Image.open(logo.path) as image:
            picture = in_eight_bits(ImageOps.exif_transpose(image), image).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise FilmRefused(f"{logo.name} is no picture, so it cannot be the logo.") from None
    fit = min(_LOGO_WIDTH * size[0] / picture.width, _LOGO_HEIGHT * size[1] / picture.height)
    shown = picture.resize((max(2, round(picture.width * fit)), max(2, round(picture.height * fit))))
    sprite = YuvSprite.of(np.asarray(shown, np.uint8))
    gap = round(_LOGO_GAP * min(size))
    left = gap if logo.corner.endswith("left") else size[0] - sprite.size[0] - gap
    top = gap if logo.corner.startswith("top") else size[1] - sprite.size[1] - gap
    return sprite, left, top


def _with_title(timeline: Timeline, order: ComposeOrder, folder: Path) -> Timeline:
    """The film with a title card before it."""
    path = folder / "title.png"
    title_card(order.title or "", timeline.size).save(path)
    clip = FilmClip(path=str(path), name="the title", seconds=_TITLE_SECONDS)
    source = Source(str(path), "the title", "image", size=timeline.size, own_size=timeline.size)
    sources = [source, *(segment.source for segment in timeline.segments)]
    made = laid_out((clip, *order.clips), sources, shape=None, crossfades=order.transition == "crossfade")
    return replace(made, size=timeline.size, fps=timeline.fps)
