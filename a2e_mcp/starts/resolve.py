"""What a tool's inputs name becomes what A2E takes: avatars, voices, backgrounds and files are found and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from a2e_mcp.catalogue.backgrounds import rgb
from a2e_mcp.catalogue.declaration.tool import (
    AvatarChoice,
    AvatarRef,
    BackgroundChoice,
    BackgroundRef,
    Inputs,
    LanguageRef,
    MediaIn,
    SandboxOnly,
    SpeechStep,
    VoiceChoice,
    VoiceRef,
    item_name,
)
from a2e_mcp.errors import InputError
from a2e_mcp.files.local import Files, LocalFile
from a2e_mcp.files.result_store import path_of
from a2e_mcp.files.urls import is_url
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.codec import from_stored
from a2e_mcp.ledger.entry import StoredStart
from a2e_mcp.ledger.job_ids import FILM, is_id, is_meant_as_job_id, makes_files
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.lookup.directory import Directory
from a2e_mcp.lookup.job_names import find_job_id

_PICTURE = MediaIn(("image",))
_A2E_LINKS_SECONDS = 2.5 * 86_400
"""A2E's own links to results die after about three days."""
_MADE_FROM = (
    "script",
    "prompt",
    "voice",
    "avatar",
    "background",
    "image",
    "video",
    "audio",
    "face",
    "head",
    "actor",
    "target",
    "source",
    "media",
    "product",
    "clips",
    "music",
)
"""The inputs that tell how a job was made, in the order in which they are shown."""


@dataclass(slots=True)
class ResolvedInputs:
    """What the marked inputs of one call turned out to be, by field name.

    `files` are still on this computer; `pictures` are background pictures that A2E has to store first; `seconds` are
    the lengths of sounds at an address, as far as they could be counted.
    """

    avatars: dict[str, AvatarChoice] = field(default_factory=dict)
    voices: dict[str, VoiceChoice] = field(default_factory=dict)
    backgrounds: dict[str, BackgroundChoice] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    files: dict[str, LocalFile] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def lengths(self) -> Mapping[str, float]:
        """Seconds of the files and addresses whose length is known."""
        files = {name: file.seconds for name, file in self.files.items() if file.seconds is not None}
        return {**files, **self.seconds}


class Resolver:
    """Finds what inputs name. Raises InputError or FileRefused for what cannot be found; nothing is sent or charged."""

    def __init__(self, directory: Directory, files: Files, jobs: Jobs, ledger: Ledger, *, sandbox: bool) -> None:
        self._directory = directory
        self._files = files
        self._jobs = jobs
        self._ledger = ledger
        self._sandbox = sandbox

    async def resolve(self, inputs: Inputs, speech: SpeechStep | None) -> ResolvedInputs:
        """Find everything that the inputs name."""
        found = ResolvedInputs()
        for name, info in type(inputs).model_fields.items():
            for given, value in named_values(name, getattr(inputs, name)):
                for marker in markers_of(info):
                    await self._one(found, given, value, marker)
        if speech is not None and getattr(inputs, speech.script) is not None and speech.voice not in found.voices:
            raise InputError(
                "voice is missing: say who speaks the script",
                hint="Call list_voices with the script's language to choose one",
            )
        return found

    async def _one(self, found: ResolvedInputs, name: str, value: str, marker: object) -> None:
        match marker:
            case AvatarRef():
                found.avatars[name] = await self._directory.avatar(value)
            case VoiceRef():
                found.voices[name] = await self._directory.voice(value)
            case LanguageRef():
                found.languages[name] = await self._directory.language_code(value, region=marker.region)
            case BackgroundRef():
                await self._background(found, name, value)
            case MediaIn():
                await self._media(found, name, value, marker)
            case SandboxOnly() if not self._sandbox:
                raise InputError(f"{name} works only in sandbox mode; this server is in live mode", hint="Leave it out")

    async def _background(self, found: ResolvedInputs, name: str, value: str) -> None:
        color = rgb(value)
        if color is not None:
            found.backgrounds[name] = BackgroundChoice(color=color)
        elif is_meant_as_job_id(value) or is_url(value) or "/" in value or "\\" in value or "." in value:
            await self._media(found, name, value, _PICTURE)
            found.pictures.add(name)
        else:
            found.backgrounds[name] = await self._directory.stored_background(value)

    async def _media(self, found: ResolvedInputs, name: str, value: str, wanted: MediaIn) -> None:
        media = await self.media(name, value, wanted)
        if isinstance(media, str):
            found.addresses[name] = media
            has_length = "audio" in wanted.kinds or {wanted.shortest, wanted.longest} != {None} or wanted.timed
            seconds = await self._files.length_at(media, wanted) if has_length else None
            if seconds is not None:
                found.seconds[name] = seconds
        else:
            found.files[name] = media

    async def media(self, name: str, value: str, wanted: MediaIn) -> str | LocalFile:
        """The address, or the file on this computer, that an input names; a job id stands for the job's first file."""
        if not value.strip():
            raise InputError(f"{name}: nothing was given", hint="Give a file, a URL or a job_id")
        if is_meant_as_job_id(value) or is_id(value):
            job = await self._jobs.check(await find_job_id(value, self._ledger, sandbox=self._sandbox))
            if not makes_files(job.family):
                raise InputError(f"{name}: that job makes no file", hint="Give a file, or the job_id of a job with one")
            if not job.results:
                raise InputError(f"{name}: that job is {job.state} and has no file yet", hint="Wait for it first")
            if job.family == FILM and job.files and await anyio.Path(job.files[0]["path"]).exists():
                # It is on this computer only.
                return await self._files.open_local(str(job.files[0]["path"]), wanted, is_ours=True)
            link = self._link_for_a2e(job)
            kept = path_of(link)
            return link if kept is None else await self._files.open_local(str(kept), wanted, is_ours=True)
        if is_url(value):
            return await self._files.check_url(value, wanted)
        return await self._files.open_local(value, wanted)

    def _link_for_a2e(self, job: Job) -> str:
        """A link that A2E can read: its own while it lives, since a store may be in a network that A2E is not in."""
        is_young = job.made_at is not None and self._ledger.now() - job.made_at < _A2E_LINKS_SECONDS
        return job.at_a2e[0] if job.at_a2e and is_young else job.results[0]


def named_values(name: str, value: object) -> Iterator[tuple[str, str]]:
    """The texts of one input by the names that they go by: its own, or one for each item of a list."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        yield from ((item_name(name, number), each) for number, each in enumerate(value, 1) if isinstance(each, str))


def resolved_to_data(resolved: ResolvedInputs) -> Mapping[str, Any]:
    """What inputs turned out to be, as data."""
    data = asdict(resolved)
    data["pictures"] = sorted(resolved.pictures)
    data["files"] = {name: local_file_to_data(file) for name, file in resolved.files.items()}
    return {name: part for name, part in data.items() if part}


def resolved_from_data(data: Mapping[str, Any]) -> ResolvedInputs:
    """What inputs turned out to be, as it was written down."""
    return ResolvedInputs(
        avatars={name: from_stored(AvatarChoice, row) for name, row in data.get("avatars", {}).items()},
        voices={name: from_stored(VoiceChoice, row) for name, row in data.get("voices", {}).items()},
        backgrounds={name: from_stored(BackgroundChoice, row) for name, row in data.get("backgrounds", {}).items()},
        languages=dict(data.get("languages", {})),
        addresses=dict(data.get("addresses", {})),
        files={name: local_file_from_data(row) for name, row in data.get("files", {}).items()},
        pictures=set(data.get("pictures", ())),
        seconds=dict(data.get("seconds", {})),
    )


def chosen_names(resolved: ResolvedInputs) -> Mapping[str, str]:
    """Which avatars and voices were found, by field name."""
    avatars = {name: each.name for name, each in resolved.avatars.items()}
    voices = {name: _voice_name(each.name, each.language) for name, each in resolved.voices.items()}
    return {**avatars, **voices}


def made_from(start: StoredStart) -> Mapping[str, str]:
    """What a start was made from, as far as a person would ask: the words, who speaks them, and the sources."""
    inputs, found = start.inputs, start.resolved
    voices = found.get("voices") or {"voice": found["voice"]} if "voice" in found or "voices" in found else {}
    names = {name: row["name"] for name, row in found.get("avatars", {}).items()}
    names |= {name: _voice_name(row["name"], row["language"]) for name, row in voices.items()}
    return {name: str(names.get(name, inputs[name])) for name in _MADE_FROM if inputs.get(name) is not None}


def _voice_name(name: str, language: str) -> str:
    return f"{name} ({language})" if language and not name.endswith(")") else name


def local_file_to_data(file: LocalFile) -> Mapping[str, Any]:
    """A checked file as data."""
    return {**asdict(file), "path": str(file.path), "identity": file.identity and list(file.identity)}


def local_file_from_data(data: Mapping[str, Any]) -> LocalFile:
    """A checked file as it was written down."""
    identity = data["identity"]
    own = {"path": Path(data["path"]), "identity": None if identity is None else tuple(identity)}
    return from_stored(LocalFile, {**data, **own})


def markers_of(info: Any) -> list[object]:
    """The markers of a field; in `Annotated[str, marker] | None` pydantic keeps them inside the annotation."""
    found = list(info.metadata)
    waiting = [info.annotation]
    while waiting:
        annotation = waiting.pop()
        found += getattr(annotation, "__metadata__", ())
        waiting += getattr(annotation, "__args__", ())
    return found


def own_avatar_id(resolved: ResolvedInputs) -> str:
    """The id of the own avatar that is worked on; A2E keeps it when its training continues. Raises InputError."""
    own_id = next((avatar.twin_id for avatar in resolved.avatars.values()), None)
    if own_id is None:
        raise InputError("That is one of A2E's own avatars; only your own can be used here", hint="Call list_avatars")
    return own_id
