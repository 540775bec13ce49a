"""The names of arguments: those that hosts add, and those that people and models use for ours."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from a2e_mcp.server.arguments.wrappings import object_in

ADDED_BY_HOSTS = frozenset(
    {
        # n8n
        "toolCallId",
        "sessionId",
        "action",
        "chatInput",
        "tool",
        "root",
        # Gemini CLI and Antigravity
        "wait_for_previous",
        "waitForPreviousTools",
        "toolAction",
        "toolSummary",
        # LangChain
        "callbacks",
        "config",
        "run_manager",
        "runtime",
        "tool_call_id",
        # Microsoft agent-framework and Semantic Kernel
        "chat_options",
        "conversation_id",
        "kernel",
        "thread",
        # CrewAI, OpenHands, Cline, Letta, SiYuan
        "security_context",
        "security_risk",
        "task_progress",
        "request_heartbeat",
        "inner_thoughts",
        # Pi; and Cursor, where a tool takes nothing
        "sessionKey",
        "random_string",
        # MCP's own, put into the arguments
        "progressToken",
    }
)
"""What hosts are known to add to the arguments of every call: exactly these names, and those of `_is_hosts_own`."""
_VALUES_OF_HOSTS: Mapping[str, frozenset[str]] = {"action": frozenset({"sendMessage", "loadPreviousSession"})}
"""What stands in a host's own argument where a tool has one of the same name; n8n's chat sends these."""

_WRAPPERS = frozenset(
    {
        *("arguments", "args", "kwargs", "input", "inputs", "parameters", "params", "properties"),
        *("tool_input", "toolInput", "tool_args", "toolArgs", "tool_arguments"),
        *("data", "payload", "body", "request", "requestBody", "json"),
    }
)

# What people call our arguments, in lower case and without underscores; the first that a tool takes is meant.
_SYNONYM_ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aspectratio aspect ratio orientation format dimensions videosize imagesize framesize", ("shape",)),
    ("quality definition videoquality pixels", ("resolution", "size")),
    ("size width height", ("resolution", "shape", "size")),
    ("subtitles subtitle subs caption captionsenabled closedcaptions cc burnsubtitles", ("captions",)),
    ("voiceid voicename ttsid speaker speakerid narrator uservoiceid voiceactor", ("voice",)),
    ("avatarid avatarname anchor anchorid presenter character actor host templateid", ("avatar",)),
    (
        "text message msg content speechtext words dialogue dialog narration inputtext ttstext transcript say"
        " textinput speech prompt line",
        ("script", "text", "question", "translated_script", "prompt", "search"),
    ),
    ("scripttext translation translatedtext translatedscript", ("translated_script", "script", "text")),
    ("query q keyword keywords filter searchterm find", ("search", "name", "question", "prompt")),
    ("description instructions motionprompt imageprompt idea", ("prompt", "context", "about")),
    ("negative avoid exclude exclusions", ("negative_prompt",)),
    ("audiourl audiofile audiopath audioid sound soundfile voiceover voiceurl speechurl", ("audio", "sample")),
    ("sampleurl recording voicesample samplefile", ("sample", "audio")),
    (
        "imageurl imagepath imagefile img imgurl picture pictureurl photo photourl portrait startimage firstframe"
        " firstimage initimage inputimage sourceimage",
        ("image", "person", "face", "reference", "media", "source", "path"),
    ),
    ("faceimage faceurl facephoto sourceface", ("face", "image")),
    ("lastframe lastimage endframe tailimage finalimage", ("end_image",)),
    ("referenceimage ref imagereference styleimage", ("reference", "image")),
    (
        "videourl videopath videofile clip footage movie mediaurl sourceurl sourcevideo inputvideo",
        ("video", "media", "source", "target", "url"),
    ),
    ("targeturl targetvideo targetimage destination", ("target", "video")),
    ("file filepath filename fileurl input inputfile attachment media source", ("path", "media", "source", "url")),
    ("link uri address href", ("url", "path", "media", "source")),
    ("productimage producturl item", ("product",)),
    ("personimage modelimage modelphoto human humanimage", ("person",)),
    ("clothes clothing outfit dress cloth clothimage garmentimage shirt", ("garment",)),
    ("bg backdrop scene backgroundurl backgroundimage backgroundcolor backgroundid", ("background",)),
    ("greenscreen bgcolor", ("background_color", "background")),
    ("duration length durationseconds lengthseconds time videotime secs videolength expire", ("seconds",)),
    ("timeout maxwait waitseconds waittime maxseconds", ("seconds",)),
    ("rate speechrate speakingrate pace tempo velocity", ("speed",)),
    ("lang locale languagecode targetlanguage targetlang tolanguage voicelanguage", ("language",)),
    ("sourcelanguage sourcelang fromlanguage originallanguage inputlanguage", ("spoken_language",)),
    ("n num number quantity numberofimages batchsize samples variations amount copies howmany", ("count",)),
    ("numspeakers numberofspeakers speakercount", ("speakers",)),
    (
        "budget maxcost creditlimit credits limitcredits maxprice maxspend ceiling maximumcredits",
        ("max_credits", "seconds"),
    ),
    ("repeat redo rerun regenerate allowduplicate forcenew", ("again",)),
    ("permission permissions consentstatement authorization release agreement approved consentgiven", ("consent",)),
    ("forcelanguage ignorelanguage skiplanguagecheck", ("language_ok",)),
    ("id job jobid task taskid jobhandle identifier videoid requestid", ("job_id", "job_ids", "room")),
    ("ids jobs tasks taskids handles videoids", ("job_ids", "job_id")),
    ("id background backgroundname", ("background_id",)),
    ("id face faceimage faceimageid", ("face_id",)),
    ("id token apitoken tokenname", ("token_id",)),
    ("roomid channel room session", ("room",)),
    ("limit pagesize perpage rows rowsperpage take first top maxresults size count", ("limit", "page")),
    ("offset cursor pagenumber pagetoken start skip", ("page",)),
    ("status jobstatus", ("state",)),
    ("type kind category jobtype", ("family",)),
    ("filename outputname output saveas label heading videotitle outputfile", ("name", "title")),
    ("name", ("title", "alias", "username")),
    ("title label newname voicename avatarname", ("name", "alias")),
    ("sex", ("gender",)),
    ("owned mine custom source", ("owner",)),
    ("smooth naturalmotion motion betterquality", ("smart_motion",)),
    ("noisereduction removenoise cleanup", ("denoise",)),
    ("removemusic dropbackgroundaudio removebackground", ("drop_background",)),
    ("engine modelversion version modelname modeltype", ("model",)),
    ("corner location place placement", ("position",)),
    ("watermark watermarktext mark", ("text",)),
    ("logo watermarkimage logourl", ("image",)),
    ("fontsize textsize", ("size",)),
    ("angle rotate", ("rotation",)),
    ("left", ("x",)),
    ("top", ("y",)),
    ("facts knowledge faq background qa document", ("context",)),
    ("toolname name function method", ("tool",)),
    ("args params parameters input inputs toolinput kwargs", ("arguments",)),
    ("user email login", ("username",)),
    ("enabled enable value", ("on",)),
    ("period since range dayrange", ("days",)),
)
# What A2E does not offer at all.
_NOT_OFFERED: Mapping[str, str] = {
    **dict.fromkeys(
        ("emotion", "emotions", "style", "tone", "mood", "voicestyle", "speakingstyle", "expression"),
        "A2E has no tone or style: the voice decides; choose another one with list_voices",
    ),
    **dict.fromkeys(
        ("pronunciation", "pronunciations", "phonemes", "lexicon", "ssml"),
        "A2E takes no pronunciation: spell an odd name in the script as it sounds",
    ),
    **dict.fromkeys(("pitch", "volume", "stability", "similarity"), "A2E has no such setting for voices"),
    **dict.fromkeys(
        ("webhook", "webhookurl", "callback", "callbackurl", "notify"),
        "results are not sent: call wait_for_job",
    ),
    **dict.fromkeys(("fps", "framerate", "seed", "bitrate"), "A2E has no such setting"),
}
_ENDINGS = re.compile(r"(?<=.)(?:url|uri|path|file|id|name|text|image|video)$")
_LIKE = 0.65
_MISSPELT = 0.85
"""So alike are a name and its misspelling; names that only begin alike are less."""


def without_host_names(known: Collection[str], arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments of a call without what its host has added, and out of the object that a host put them into."""
    kept: Mapping[str, object] = arguments
    while True:
        kept = {name: value for name, value in kept.items() if not _is_added(name, value, known)}
        if len(kept) != 1:
            return dict(kept)
        [(name, value)] = kept.items()
        inner = object_in(value)
        if name in known or name not in _WRAPPERS or not isinstance(inner, dict):
            return dict(kept)
        kept = {str(each): item for each, item in inner.items()}


def _is_added(name: str, value: object, known: Collection[str]) -> bool:
    if name in known:
        return isinstance(value, str) and value in _VALUES_OF_HOSTS.get(name, ())
    return name in ADDED_BY_HOSTS or _is_hosts_own(name, known)


def _is_hosts_own(name: str, known: Collection[str]) -> bool:
    """Whether a host has marked a name as its own, as in `_session_key`; `_max_credits` may be meant for us."""
    return name.startswith("_") and _plain(name) not in map(_plain, known)


def in_singular_or_plural(known: Collection[str], arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments with `job_id` for `job_ids` and the other way round, where a tool takes only the other."""
    renamed = {}
    for name, value in arguments.items():
        other = name.removesuffix("s") if name.endswith("s") else f"{name}s"
        is_other = name not in known and other in known and other not in arguments
        renamed[other if is_other and name != other else name] = value
    return renamed


def with_others_held(holder: str, known: Collection[str], arguments: Mapping[str, object]) -> dict[str, object]:
    """The arguments with those of another tool, which stand beside the argument that holds them, inside of it.

    They stay where they are when it holds others by these names, or when one is meant for this tool itself.
    """
    others = {name: value for name, value in arguments.items() if name not in known}
    left = [name for name in known if name not in arguments]
    if len(others) == 1 and others.keys() <= _WRAPPERS and isinstance(inner := object_in(*others.values()), dict):
        others = inner
    held = object_in(arguments.get(holder) or {})
    if not isinstance(held, dict) or any(held[name] != others[name] for name in others.keys() & held.keys()):
        return dict(arguments)
    if any(_called(_plain(name), left, {}) or _is_misspelt(name, known) for name in others):
        return dict(arguments)
    return {**{name: value for name, value in arguments.items() if name in known}, holder: {**held, **others}}


def unknown_argument(name: str, known: Sequence[str], fields: Mapping[str, str]) -> str:
    """Why an argument is refused, with the name that is probably meant; `fields` are A2E's own names for ours."""
    shown = "".join(character for character in name if character.isalnum() or character in "_-")[:40]
    plain = _plain(name)
    if plain in _NOT_OFFERED:
        return f"unknown argument {shown}; {_NOT_OFFERED[plain]}"
    near = _meant(plain, known, {_plain(theirs): ours for theirs, ours in fields.items()})
    if near is not None:
        return f"unknown argument {shown}; did you mean {near}?"
    inner = "; what the other tool takes goes into arguments" if "arguments" in known else ""
    return f"unknown argument {shown}; it takes {', '.join(known) or 'none'}{inner}"


def _meant(name: str, known: Sequence[str], fields: Mapping[str, str]) -> str | None:
    found = _called(name, known, fields)
    spelt = {_plain(each): each for each in known}
    if found is None and (alike := difflib.get_close_matches(name, spelt, n=1, cutoff=_LIKE)):
        found = spelt[alike[0]]
    return found


def _called(name: str, known: Sequence[str], fields: Mapping[str, str]) -> str | None:
    """What is certainly called so: by its own name, A2E's, or a word for it."""
    spelt = {_plain(each): each for each in known}
    if name in spelt:
        return spelt[name]
    candidates = [fields[name]] if name in fields else []
    for synonym in (name, _ENDINGS.sub("", name), name.removesuffix("s")):
        candidates += [spelt[synonym]] if synonym in spelt else []
        candidates += [each for spellings, ours in _SYNONYM_ROWS if synonym in spellings.split() for each in ours]
    return next((each for each in candidates if each in known), None)


def _is_misspelt(name: str, known: Collection[str]) -> bool:
    return bool(difflib.get_close_matches(_plain(name), map(_plain, known), n=1, cutoff=_MISSPELT))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:60]).lower()
