"""Tools that finish a film on this computer: join, caption, trim. They cost nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import CORNERS, Name, Spellings
from a2e_mcp.catalogue.declaration.tool import Inputs, MediaIn, OrNone, optional
from a2e_mcp.errors import FileRefused, InputError
from a2e_mcp.files.progress import QUICK_SECONDS
from a2e_mcp.film.cuts import ClipPart, read_clip, read_moment_or_rest, time_shown
from a2e_mcp.film.service import FilmPlan, FilmSource
from a2e_mcp.film.subtitles import LARGEST, SUFFIXES, WESTERN, encoding_of, is_subtitle_name, read_subtitles
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM, is_id, is_meant_as_job_id
from a2e_mcp.ledger.store import EntryFilter, TooManyJobs
from a2e_mcp.lookup.job_names import find_job_id
from a2e_mcp.server.answers.answer import Answer, AnswerSentences
from a2e_mcp.server.answers.jobs import job_answer
from a2e_mcp.server.result_links import with_kept_results
from a2e_mcp.server.tool_call import Call, ServerTool
from a2e_mcp.text import one_line

_MOST_CLIPS = 40
_PICTURED = MediaIn(("video", "image"), stays_here=True)
_MOVING = MediaIn(("video",), stays_here=True)
_HEARD = MediaIn(("audio", "video"), stays_here=True)
_STILL = MediaIn(("image",), stays_here=True)
_AUTO = ("auto", "automatic", "true", "yes", "on", "own", "script")
_NO_CAPTIONS = ("none", "off", "no", "false")
_LONGEST_TEXT = 60_000
_SAVED_LOOKED_AT = 500
_SHAPES = Spellings(
    {
        **dict.fromkeys(("landscape", "horizontal", "wide", "widescreen", "youtube"), "16:9"),
        **dict.fromkeys(("portrait", "vertical", "upright", "tiktok", "reel", "reels", "shorts", "story"), "9:16"),
        **dict.fromkeys(("square", "quadratic"), "1:1"),
        **dict.fromkeys(("feed", "instagram"), "4:5"),
    }
)
_FITS = Spellings(
    {
        **dict.fromkeys(("contain", "letterboxed", "bars", "pad"), "letterbox"),
        **dict.fromkeys(("cover", "filled", "crop", "zoom"), "fill"),
    }
)
_TRANSITIONS = Spellings(
    {
        **dict.fromkeys(("cuts", "none", "hard"), "cut"),
        **dict.fromkeys(("fade", "crossfades", "dissolve", "blend"), "crossfade"),
    }
)
_STYLES = Spellings(
    {
        **dict.fromkeys(("plain", "default", "outlined", "simple"), "outline"),
        **dict.fromkeys(("boxed", "background", "bar"), "box"),
        **dict.fromkeys(("karaoke", "word", "words", "highlighted", "bold"), "highlight"),
    }
)

CaptionStyle = Annotated[Literal["outline", "box", "highlight"], _STYLES]


class ComposeInputs(Inputs):
    """What `compose_video` takes."""

    clips: Annotated[list[str], Field(min_length=1, max_length=_MOST_CLIPS)] = Field(
        description="In order: file, URL or job_id, then a part or length: 'a.mp4 0:02-0:09', 'b.png 4s'"
    )
    transition: Annotated[Literal["cut", "crossfade"], _TRANSITIONS] = Field(default="cut", description="Between clips")
    shape: OrNone[Annotated[Literal["16:9", "9:16", "1:1", "4:5"], _SHAPES]] = optional("The first clip's by default")
    fit: Annotated[Literal["letterbox", "fill"], _FITS] = Field(default="letterbox", description="Clips of other shape")
    music: OrNone[Annotated[str, _HEARD]] = optional("Music under the speech: file, URL or job_id")
    music_volume: Annotated[int, Field(ge=0, le=100)] = Field(default=30, description="Percent of the speech")
    captions: OrNone[str] = optional("auto (the jobs' own scripts), an .srt file, or the spoken text")
    caption_style: CaptionStyle = Field(default="outline", description="Look")
    logo: OrNone[Annotated[str, _STILL]] = optional("Picture in a corner")
    logo_position: Annotated[Literal["top_left", "top_right", "bottom_left", "bottom_right"], CORNERS] = Field(
        default="top_right", description="Corner"
    )
    title: OrNone[Annotated[str, Field(max_length=200)]] = optional("Text of a title card before the film")
    name: OrNone[Name] = optional("File name")


class CaptionInputs(Inputs):
    """What `add_captions` takes."""

    video: Annotated[str, _MOVING] = Field(description="File, URL or job_id")
    captions: str = Field(default="auto", description="auto (the job's script), an .srt file, or the spoken text")
    style: CaptionStyle = Field(default="outline", description="Look")
    name: OrNone[Name] = optional("File name")


class TrimInputs(Inputs):
    """What `trim_video` takes."""

    video: Annotated[str, _MOVING] = Field(description="File, URL or job_id")
    start: OrNone[str] = optional("Where it begins, for example 0:02.5")
    end: OrNone[str] = optional("Where it ends: 1:10, or -0:02 from its end")
    name: OrNone[Name] = optional("File name")


async def _compose(call: Call[ComposeInputs]) -> Answer:
    inputs = call.inputs
    parts = [read_clip(text) for text in inputs.clips]
    sources: dict[str, FilmSource] = {}
    for number, part in enumerate(parts):
        sources[str(number)] = await _source(call, "clips", part.file, _PICTURED, part)
    note = ""
    order: dict[str, Any] = {
        "kind": "compose",
        "output": "film.mp4",
        "clips": [_clip(str(number), part, sources[str(number)]) for number, part in enumerate(parts)],
        "transition": inputs.transition,
        "shape": inputs.shape,
        "fit": inputs.fit,
        "title": (inputs.title or "").strip() or None,
    }
    if inputs.music is not None:
        sources["music"] = await _source(call, "music", inputs.music, _HEARD)
        order["music"] = {"path": "music", "name": sources["music"].name, "volume": inputs.music_volume}
    if inputs.logo is not None:
        sources["logo"] = await _source(call, "logo", inputs.logo, _STILL)
        order["logo"] = {"path": "logo", "name": sources["logo"].name, "corner": inputs.logo_position}
    if inputs.captions is not None and inputs.captions.strip().casefold() not in _NO_CAPTIONS:
        order["captions"], note = await _captions(call, inputs.captions, inputs.caption_style, sources)
    await _check_letters(call, order, sources)
    made_from = {"clips": ", ".join(inputs.clips), "music": inputs.music, "title": inputs.title}
    made_from = {key: text for key, text in made_from.items() if text}
    return await _begin(call, FilmPlan("compose_video", _title(inputs.name or "Film"), order, sources, made_from, note))


async def _caption(call: Call[CaptionInputs]) -> Answer:
    inputs = call.inputs
    if inputs.captions.strip().casefold() in _NO_CAPTIONS:
        raise InputError(
            "captions: without captions the video stays as it is", hint="Give auto, a text or an .srt file"
        )
    part = read_clip(inputs.video)
    sources = {"0": await _source(call, "video", part.file, _MOVING, part)}
    captions, note = await _captions(call, inputs.captions, inputs.style, sources)
    order: dict[str, Any] = {
        "kind": "compose",
        "output": "film.mp4",
        "clips": [_clip("0", part, sources["0"])],
        "captions": captions,
        "is_finished": False,
    }
    await _check_letters(call, order, sources)
    name = inputs.name or f"{_stem(sources['0'])} captioned"
    return await _begin(call, FilmPlan("add_captions", _title(name), order, sources, {"video": inputs.video}, note))


async def _trim(call: Call[TrimInputs]) -> Answer:
    inputs = call.inputs
    part = read_clip(inputs.video)
    start = part.start if inputs.start is None else read_moment_or_rest(inputs.start, "start")
    end = part.end if inputs.end is None else read_moment_or_rest(inputs.end, "end")
    if not start and end is None:
        raise InputError("Nothing would be cut: start and end are missing", hint="Give start, end, or both")
    # Where one counts from the end, only the clip's length tells.
    if end is not None and end <= start and (start < 0) == (end < 0):
        raise InputError("end is not after start")
    part = replace(part, start=start, end=end)
    sources = {"0": await _source(call, "video", part.file, _MOVING, part)}
    order = {"kind": "trim", "output": "film.mp4", "clip": _clip("0", part, sources["0"])}
    name = inputs.name or f"{_stem(sources['0'])} trimmed"
    return await _begin(call, FilmPlan("trim_video", _title(name), order, sources, {"video": inputs.video}))


async def _source(
    call: Call[Any], argument: str, text: str, wanted: MediaIn, part: ClipPart | None = None
) -> FilmSource:
    """The file that an input names, and what is said in it where this computer knows. Raises A2EError."""
    services = call.services
    media = await services.resolver.media(argument, text, wanted)
    is_job = is_meant_as_job_id(text) or is_id(text)
    job_id = str(await find_job_id(text, services.ledger, sandbox=services.sandbox)) if is_job else None
    script = None if job_id is None else await _script(call, job_id)
    if isinstance(media, str):
        name = job_id or one_line(unquote(PurePath(urlsplit(media).path).name) or media, 60)
        return FilmSource(name, job_id or media, url=media, script=script)
    _check_length(media.path.name, media.seconds, part)
    script = script if script is not None else await _script_of_file(call, str(media.path), media.sha256)
    return FilmSource(one_line(media.path.name, 60), media.sha256, path=str(media.path), script=script)


async def _script(call: Call[Any], job_id: str) -> str | None:
    """What is said in a job's result, as far as the ledger knows."""
    ledger = call.services.ledger
    entry = await ledger.by_job_id(job_id)
    start = None if entry is None else await ledger.stored_start(entry.id)
    if start is None:
        return None
    if entry is not None and start.kind == "film":
        known = next((file.script for file in entry.details.files), None)
        return _script_of_film(start.resolved) if known is None else known
    said = start.inputs.get("translated_script") or start.inputs.get("script")
    return said if isinstance(said, str) else None


def _script_of_film(plan: Mapping[str, Any]) -> str | None:
    """What is said in a film that is not made yet, whose clips are all known and whole."""
    clips = plan["order"].get("clips", ())
    scripts = [clip.get("script") for clip in clips if not clip.get("start") and clip.get("end") is None]
    return " ".join(scripts) if len(scripts) == len(clips) and clips and all(scripts) else None


async def _script_of_file(call: Call[Any], path: str, sha256: str) -> str | None:
    """What is said in a file that was saved or made here, wherever it lies now."""
    ledger = call.services.ledger
    for family in (DOWNLOAD, FILM):
        for entry in await ledger.recent(EntryFilter(family=family), most=_SAVED_LOOKED_AT):
            source = entry.details.source or (entry.own_job_id if family == FILM else None)
            if source and any(path == file.path or sha256 == file.sha256 for file in entry.details.files):
                return await _script(call, source)
    return None


def _check_length(name: str, seconds: float | None, part: ClipPart | None) -> None:
    """Refuse a part that lies past the end, where the length is known before the film is begun."""
    past = None if part is None else max(part.start, part.end or 0.0)
    if seconds is not None and past is not None and past > seconds + 1:
        raise InputError(f"{one_line(name, 60)} is {time_shown(seconds)} long, so it has nothing at {time_shown(past)}")


def _clip(key: str, part: ClipPart, source: FilmSource) -> dict[str, Any]:
    """A clip of the worker's order."""
    return {
        "path": key,
        "name": source.name,
        "start": part.start,
        "end": part.end,
        "seconds": part.seconds,
        "script": source.script,
    }


async def _captions(
    call: Call[Any], text: str, style: str, sources: Mapping[str, FilmSource]
) -> tuple[dict[str, Any], str]:
    """The captions of the worker's order, and what is to be said of their file. Raises A2EError."""
    note = ""
    captions: dict[str, Any] = {"style": style, "subtitles": "film.srt"}
    if is_subtitle_name(text):
        file = await call.services.files.read_text(text, SUFFIXES, most=LARGEST)
        cues = read_subtitles(file.content, one_line(file.name, 60))
        if file.is_preferred:
            note = f"The captions are from {file.path}, not from the result of that name."
        if encoding_of(file.content) == WESTERN:
            guess = f"{one_line(file.name, 60)} is not in UTF-8 and was read as Western European (Windows-1252)."
            note = f"{note} {guess}".strip()
        captions["cues"] = [{"start": cue.start, "end": cue.end, "text": cue.text} for cue in cues]
    elif text.strip().casefold() not in _AUTO:
        if len(text) > _LONGEST_TEXT:
            raise InputError(f"captions: the text is longer than {_LONGEST_TEXT} characters")
        captions["text"] = text
    elif not call.services.sandbox and all(source.script is None for source in sources.values()):
        raise InputError(
            "captions: what is said in these clips is not known",
            hint="auto takes jobs started here with a script; else give the spoken text, or an .srt file",
        )
    return captions, note


async def _check_letters(call: Call[Any], order: Mapping[str, Any], sources: Mapping[str, FilmSource]) -> None:
    """Refuse, before anything is begun, what no font on this computer has letters for."""
    captions = order.get("captions") or {}
    texts = [order.get("title") or "", captions.get("text") or ""]
    texts += [cue["text"] for cue in captions.get("cues", ())]
    if captions and not captions.get("text") and not captions.get("cues"):
        texts += [source.script or "" for source in sources.values()]
    if all(text.isascii() for text in texts):
        return
    missing = await call.services.films.missing_scripts("".join(dict.fromkeys("".join(texts))))
    if missing:
        raise InputError(
            f"No font on this computer has {' and '.join(missing)} letters, so they cannot be drawn",
            hint="Install a font for that script (Noto Sans has one for each), then try again",
        )


def _title(name: str) -> str:
    """A film's title, which its file is named by, without an ending of its own."""
    return PurePath(name).stem if PurePath(name).suffix.lower() in (".mp4", ".mov", ".mkv", ".webm") else name


async def _begin(call: Call[Any], plan: FilmPlan) -> Answer:
    """Begin a film, wait a moment for it, and answer with its job."""
    ceilings, within = call.services.ceilings, min(QUICK_SECONDS, call.within / 2)
    try:
        begun = await call.services.films.start(
            plan, limits=ceilings.film_limits, within=within, progress=call.progress
        )
    except TooManyJobs as many:
        raise ceilings.too_many_jobs(many.count, 1) from None
    if begun.job.state == "failed":
        raise FileRefused(begun.job.error or "The film could not be made", charged=None)
    notice = ""
    if begun.repeated:
        made = begun.job.made_at
        at = "" if made is None else f" at {datetime.fromtimestamp(made, UTC):%Y-%m-%d %H:%M} UTC"
        notice = f"The same film was started{at} as {begun.job.job_id}; delete_job forgets it."
    (job,) = await with_kept_results(call, [begun.job], QUICK_SECONDS)
    return job_answer(job, message=AnswerSentences(notice=notice))


def _stem(source: FilmSource) -> str:
    """The beginning of a result's name."""
    return PurePath(source.name).stem if source.path is not None or ":" not in source.name else "Video"


TOOLS = (
    ServerTool(
        name="compose_video",
        title="Compose a video",
        about="Join clips, pictures and job results into one film, with music, captions, logo and title. Free.",
        inputs=ComposeInputs,
        examples=(
            {"clips": ["intro.mp4 0:02-0:09", "avatar_video:000000006720d1f0a1b2c3d4"], "transition": "crossfade"},
            {"clips": ["photo.png 4s", "talk.mp4"], "music": "song.mp3", "captions": "talk.srt", "shape": "9:16"},
        ),
        effect=Effect.WRITES,
        toolset="film",
        run=_compose,
        answers="job",
        page="job",
    ),
    ServerTool(
        name="add_captions",
        title="Add captions",
        about="Draw captions into a video, timed to the speech, and save them as .srt beside it. Free.",
        inputs=CaptionInputs,
        examples=({"video": "avatar_video:000000006720d1f0a1b2c3d4", "style": "box"},),
        effect=Effect.WRITES,
        toolset="film",
        run=_caption,
        answers="job",
        page="job",
    ),
    ServerTool(
        name="trim_video",
        title="Trim a video",
        about="Cut the beginning or the end off a video, without loss where possible. Free.",
        inputs=TrimInputs,
        examples=({"video": "talk.mp4", "start": "0:02", "end": "0:09"},),
        effect=Effect.WRITES,
        toolset="film",
        run=_trim,
        answers="job",
        page="job",
    ),
)
