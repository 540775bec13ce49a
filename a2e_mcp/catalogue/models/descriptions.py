"""Models in words: what each can, needs and costs, for the list of models and for the docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from a2e_mcp.catalogue.models.model import Mode, Model, ModeName
from a2e_mcp.catalogue.models.requests import ratios_of, seconds_of, spoken, takes

_MODE_WORDS: Mapping[ModeName, str] = {"first_last": "first and last picture"}


def abilities_of(model: Model, modes: Mapping[ModeName, Mode]) -> dict[str, str]:
    """What a model can in these modes and what it needs, in words by subject, some of them empty."""
    seconds = sorted({each for mode in modes.values() for each in seconds_of(model, mode)})
    ratios = list(dict.fromkeys(ratio for mode in modes.values() for ratio in ratios_of(model, mode)))
    return {
        "seconds": spoken(seconds) if seconds else "",
        "resolutions": ", ".join(model.resolutions),
        "aspect_ratios": ", ".join(ratios),
        "sound": {"off": "if asked for", "on": "unless false", "always": "always", "none": ""}[model.sound],
        "needs": _needs(modes),
        "limits": _limits(model, modes),
        "plan": model.plan,
        "note": model.note,
    }


def price_words(model: Model) -> str:
    """What is published about the price of a model."""
    if not model.prices:
        return "not published; quote_job asks A2E"
    unit = "a second" if model.seconds else "each"
    words = (
        f"{price.credits:g} {unit}{f' in {price.resolution}' if price.resolution else ''}" for price in model.prices
    )
    return f"{', '.join(words)} ({model.prices[0].source})"


def _needs(modes: Mapping[ModeName, Mode]) -> str:
    words = {" and ".join(mode.needs): _MODE_WORDS.get(name, name) for name, mode in modes.items()}
    return "; ".join(f"{needs} ({name})" if len(words) > 1 else needs for needs, name in words.items())


def _limits(model: Model, modes: Mapping[ModeName, Mode]) -> str:
    takes_last = "first_last" in modes or ("image" in modes and takes(model, "image", "end_image"))
    counts = dict(model.most) | {name: count for mode in modes.values() for name, count in mode.most.items()}
    most = [
        f"{count} {name.replace('_', ' ')}"
        for name, count in counts.items()
        if any(takes(model, mode, name) for mode in modes)
    ]
    most += [f"{model.together} references together"] if model.together and "reference" in modes else []
    takes_clips = any(takes(model, name, each) for name in modes for each in ("video", "reference_videos"))
    said = (
        f"at most {', '.join(most)}" if most else "",
        "takes end_image" if takes_last else "",
        *dict.fromkeys(
            each.why
            for each in model.excludes
            if all(any(takes(model, mode, name) for mode in modes) for name in each.together)
        ),
        *_lengths(model, modes),
        *(
            f"{name.replace('_', ' ')} as {spoken(formats)}"
            for name, formats in model.formats.items()
            if any(takes(model, mode, name) for mode in modes)
        ),
        "given clips are billed too" if model.bills_input and takes_clips else "",
    )
    return "; ".join(filter(None, said))


def _lengths(model: Model, modes: Mapping[ModeName, Mode]) -> Iterator[str]:
    """How long given clips and sounds may be."""
    for name in dict.fromkeys((*model.lengths, *model.lengths_together)):
        if not any(takes(model, mode, name) for mode in modes):
            continue
        each, together = model.lengths.get(name), model.lengths_together.get(name)
        words = [f"{each[0]:g} to {each[1]:g} s" if each[0] else f"at most {each[1]:g} s"] if each else []
        words += [f"at most {together:g} s together"] if together else []
        yield f"{name.replace('_', ' ')} of {', '.join(words)}"
    if model.length_with_made is not None and "reference" in modes:
        yield f"with them at most {model.length_with_made:g} s in all"
