"""Flat arguments and a model's row become what A2E takes, or a sentence that says what the model can instead.

Arguments go by our own words: prompt, negative_prompt, image, end_image, reference_images, reference_videos,
reference_audios, video, audio, seconds, resolution, aspect_ratio, sound, count, seed, and those of the tools that have
one model. Addresses stand where files were given. No function here knows a model by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from a2e_mcp.catalogue.models.model import Into, Mode, Model, ModeName, PublishedPrice, Target, Values, modes_of

_USUAL_SECONDS = 5
_USUAL_RESOLUTIONS = ("720p", "768p", "1k")
_USUAL_SHAPES: Mapping[bool, tuple[str, ...]] = {True: ("auto", "1:1"), False: ("16:9",)}
_LISTS = ("reference_images", "reference_videos", "reference_audios")
_CHOSEN = ("seconds", "resolution", "aspect_ratio")
_MOST_NAMED = 5
_PICTURES = ("image", "end_image", "reference_images")
_FORMATS = {
    *("jpg", "png", "webp", "gif", "bmp", "tiff", "heic", "avif"),
    *("mp4", "mov", "webm", "mkv", "avi", "mpeg", "wmv", "flv"),
    *("mp3", "wav", "ogg", "flac", "m4a", "aac", "aiff", "wma"),
}
_SAME_FORMATS = {"jpeg": "jpg", "tif": "tiff", "qt": "mov", "m4v": "mp4", "oga": "ogg", "opus": "ogg", "wave": "wav"}


def mode_of(tool: str, model: Model, given: Mapping[str, Any], action: ModeName | None = None) -> ModeName:
    """Which of its modes a call uses, as follows from what is given; `action` names one of a tool that has several."""
    modes = modes_of(tool)
    if action is not None:
        return action
    if "first_last" in modes and given.get("end_image") and "first_last" in model.modes:
        return "first_last"
    return modes[0]


def objections(
    tool: str, model: Model, mode_name: ModeName, given: Mapping[str, Any], others: Sequence[Model]
) -> Iterator[str]:
    """Why a model cannot do what is asked, each as a sentence with what it can; `others` are the tool's models."""
    mode = model.modes.get(mode_name)
    if mode is None:
        able = [other.id for other in others if mode_name in other.modes]
        yield f"{model.id} cannot {mode_name} clips; {_named(able)} can"
        return
    for name in given:
        if objection := _not_taken(model, mode_name, name, given[name], others):
            yield objection
    for need in mode.needs:
        if not any(given.get(name) for name in need.split(" or ")):
            yield f"{need} is missing: {model.id} needs {'one of them' if ' or ' in need else 'it'}"
    values = with_choices(model, mode_name, given)
    yield from _wrong_choices(model, mode_name, given, values)
    yield from _too_many(model, mode, given)
    if model.seeds and given.get("seed") is not None and not model.seeds[0] <= given["seed"] <= model.seeds[1]:
        yield f"seed must be {model.seeds[0]} to {model.seeds[1]} for {model.id}"
    if given.get("audio") and given.get("sound") is False and takes(model, mode_name, "audio"):
        yield f"audio and sound false contradict each other; {model.id} uses audio only in a clip with sound"
    yield from (f"{model.id}: {why}" for why in exclusions(model, values))


def exclusions(model: Model, values: Mapping[str, Any]) -> Sequence[str]:
    """Why these values do not go together, each reason once."""
    return list(dict.fromkeys(each.why for each in model.excludes if _holds(each.together, values)))


def length_objections(model: Model, lengths: Mapping[str, float], made: int | None = None) -> Iterator[str]:
    """Why given clips or sounds are too short or too long, by the names of the arguments, with a number in lists.

    `made` is how many seconds are to be made.
    """
    for name, (shortest, longest) in model.lengths.items():
        for given, seconds in _lengths_of(name, lengths).items():
            if not shortest <= round(seconds, 1) <= longest:
                allowed = f"{shortest:g} to {longest:g}" if shortest else f"at most {longest:g}"
                yield f"{given} lasts {seconds:.3g} s; {model.id} takes {allowed} s"
    for name, most in model.lengths_together.items():
        together = round(sum(_lengths_of(name, lengths).values()), 1)
        if together > most:
            yield f"{name} last {together:g} s together; {model.id} takes at most {most:g} s"
    clips = round(sum(_lengths_of("reference_videos", lengths).values()), 1)
    if model.length_with_made is not None and clips and made and clips + made > model.length_with_made:
        yield (
            f"reference_videos of {clips:g} s and a clip of {made} s are too long together; with them {model.id} makes"
            f" at most {int(model.length_with_made - clips)} s"
        )


def format_objections(model: Model, addresses: Mapping[str, str]) -> Iterator[str]:
    """Why files at these addresses cannot be used, as far as an address ends with its format."""
    for given, address in addresses.items():
        allowed = model.formats.get(given.partition("[")[0], ())
        ending = PurePosixPath(urlsplit(address).path).suffix.lower().removeprefix(".")
        found = _SAME_FORMATS.get(ending, ending)
        if allowed and found in _FORMATS and found not in allowed:
            yield f"{given} is {found}; {model.id} takes {spoken(allowed)}"


def _lengths_of(name: str, lengths: Mapping[str, float]) -> Mapping[str, float]:
    return {given: seconds for given, seconds in lengths.items() if given.partition("[")[0] == name}


def with_choices(model: Model, mode_name: ModeName, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with our choice of length, size and shape where none is given."""
    mode = model.modes[mode_name]
    values = {name: value for name, value in given.items() if value is not None}
    seconds, shapes = seconds_of(model, mode), ratios_of(model, mode)
    if seconds:
        values.setdefault("seconds", _USUAL_SECONDS if _USUAL_SECONDS in seconds else seconds[0])
    if model.resolutions:
        usual = (each for each in _USUAL_RESOLUTIONS if each in model.resolutions)
        values.setdefault("resolution", next(usual, next(iter(model.resolutions))))
    if shapes and "aspect_ratio" not in values:
        has_picture = any(values.get(name) for name in (*_PICTURES, *_LISTS, "video"))
        # A clip of a picture has its shape, unless the model would choose another.
        wanted = ("auto",) if mode_name in ("image", "first_last") else _USUAL_SHAPES[has_picture]
        wanted = ("1:1",) if mode_name == "draw" and not has_picture else wanted
        wanted = ("auto", "16:9") if mode_name == "reference" else wanted
        if found := next((each for each in wanted if each in shapes), None):
            values["aspect_ratio"] = found
    if model.sound in ("off", "on"):
        # A sound that is given is meant to be heard.
        values.setdefault("sound", model.sound == "on" or bool(values.get("audio")))
    return values


def body_of(model: Model, mode_name: ModeName, given: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the start that makes what is asked for; what the model cannot was refused before."""
    mode = model.modes[mode_name]
    values = with_choices(model, mode_name, given)
    body: dict[str, Any] = {}
    for path, value in {**model.send, **model.fixed, **mode.fixed}.items():
        _put(body, path, value)
    if model.resolutions:
        _put_all(body, model.resolutions[values["resolution"]])
    shapes = ratios_of(model, mode, values.get("resolution"))
    if shapes and "aspect_ratio" in values:
        _put_all(body, shapes[values["aspect_ratio"]])
    for name, target in fields_of(model, mode).items():
        value = values.get(name)
        if value is not None:
            _put_value(body, target, model.seconds_as(value) if name == "seconds" else value)
    return body


def fields_of(model: Model, mode: Mode) -> dict[str, Target]:
    """Where the arguments of a mode go."""
    return {name: target for name, target in {**model.fields, **mode.fields}.items() if name not in mode.drops}


def seconds_of(model: Model, mode: Mode) -> tuple[int, ...]:
    """The lengths that can be made, in seconds; none where the length cannot be chosen."""
    if "seconds" in mode.drops:
        return ()
    return model.seconds if mode.seconds is None else mode.seconds


def ratios_of(model: Model, mode: Mode, resolution: str | None = None) -> Values:
    """The shapes that can be made, at a resolution where they depend on it."""
    if "aspect_ratio" in mode.drops:
        return {}
    if mode.ratios is not None:
        return mode.ratios
    return model.ratios_at.get(resolution or "", model.ratios)


def price_of(model: Model, resolution: str | None) -> PublishedPrice | None:
    """What a second or a picture is said to cost at a resolution; None where nothing is published."""
    return next((price for price in model.prices if price.resolution in (None, resolution)), None)


def takes(model: Model, mode_name: ModeName, name: str) -> bool:
    """Whether an argument can be given in a mode."""
    mode = model.modes[mode_name]
    if name == "seconds":
        return bool(seconds_of(model, mode))
    if name == "resolution":
        return bool(model.resolutions)
    if name == "aspect_ratio":
        return bool(ratios_of(model, mode))
    if name == "sound":
        return model.sound in ("off", "on", "always")
    return name in fields_of(model, mode)


def spoken(values: Iterable[object]) -> str:
    """Choices in words: `5, 10 or 15`, and whole numbers in a row as `3 to 15`."""
    found = list(values)
    numbers = [each for each in found if isinstance(each, int)]
    if len(found) > 3 and len(numbers) == len(found) and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    words = [str(each) for each in found]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


# ---------------------------------------------------------------------- objections


def _not_taken(model: Model, mode_name: ModeName, name: str, value: object, others: Sequence[Model]) -> str:
    """Why an argument cannot be given to this model, and which models take it; empty when it can."""
    if value in (None, [], ""):
        return ""
    if name == "sound":
        return _sound_objection(model, mode_name, wanted=value is True, others=others)
    if takes(model, mode_name, name) or (name == "count" and value == 1):
        return ""
    able = [other.id for other in others if mode_name in other.modes and takes(other, mode_name, name)]
    if name == "end_image":
        able = [other.id for other in others if _takes_last(other)]
    return f"{model.id} takes no {name}{f'; {_named(able)} can use it' if able else ''}"


def _sound_objection(model: Model, mode_name: ModeName, *, wanted: bool, others: Sequence[Model]) -> str:
    if wanted and model.sound == "none":
        able = [other.id for other in others if mode_name in other.modes and other.sound != "none"]
        return f"{model.id} makes no sound{f'; {_named(able)} can' if able else ''}"
    if not wanted and model.sound == "always":
        able = [other.id for other in others if mode_name in other.modes and other.sound != "always"]
        return f"{model.id} always makes sound{f'; {_named(able)} can be silent' if able else ''}"
    return ""


def _takes_last(model: Model) -> bool:
    return "first_last" in model.modes or ("image" in model.modes and takes(model, "image", "end_image"))


def _wrong_choices(
    model: Model, mode_name: ModeName, given: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[str]:
    mode = model.modes[mode_name]
    allowed: Mapping[str, Iterable[object]] = {
        "seconds": seconds_of(model, mode),
        "resolution": model.resolutions,
        "aspect_ratio": ratios_of(model, mode, values.get("resolution")),
    }
    for name in _CHOSEN:
        choices = list(allowed[name])
        if given.get(name) is not None and choices and given[name] not in choices:
            yield f"{name} {given[name]} is not possible with {model.id}; it takes {spoken(choices)}"


def _too_many(model: Model, mode: Mode, given: Mapping[str, Any]) -> Iterator[str]:
    most = {**model.most, **mode.most}
    for name in _LISTS:
        count = len(given.get(name) or ()) + (name == "reference_images" and _edits(model, given))
        if name in most and count > most[name]:
            yield f"{model.id} takes at most {most[name]} {'pictures' if _edits(model, given) else name}, not {count}"
    if "count" in most and (given.get("count") or 1) > most["count"]:
        yield f"{model.id} makes at most {most['count']} at once"
    together = sum(len(given.get(name) or ()) for name in _LISTS)
    if model.together is not None and together > model.together:
        yield f"{model.id} takes at most {model.together} references together, not {together}"


def _edits(model: Model, given: Mapping[str, Any]) -> bool:
    """Whether the picture that is given stands in one list with the references."""
    fields = model.fields
    return bool(given.get("image")) and "image" in fields and fields.get("image") == fields.get("reference_images")


def _holds(together: Mapping[str, object], values: Mapping[str, Any]) -> bool:
    return all(
        bool(values.get(name)) is value if isinstance(value, bool) else values.get(name) == value
        for name, value in together.items()
    )


def _named(models: Sequence[str]) -> str:
    """Models by their ids, the first few of many."""
    if len(models) > _MOST_NAMED:
        return f"{', '.join(models[:_MOST_NAMED])} and others"
    return models[0] if len(models) == 1 else f"{', '.join(models[:-1])} and {models[-1]}" if models else "no model"


# ---------------------------------------------------------------------- the body


def _put_value(body: dict[str, Any], target: Target, value: Any) -> None:
    if not isinstance(target, Into):
        _put(body, target, value)
        return
    there = _inside(body, target.field)
    found = there.setdefault(target.field.rpartition(".")[2], [])
    for address in value if isinstance(value, list) else [value]:
        found.append(address if target.kind is None else {"type": target.kind, "url": address})


def _put_all(body: dict[str, Any], values: Mapping[str, Any]) -> None:
    for path, value in values.items():
        _put(body, path, value)


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    _inside(body, path)[path.rpartition(".")[2]] = value


def _inside(body: dict[str, Any], path: str) -> dict[str, Any]:
    """The object that the last word of a path is a field of."""
    for name in path.split(".")[:-1]:
        body = body.setdefault(name, {})
    return body
