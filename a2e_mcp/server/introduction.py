"""How the server introduces itself: in full to who connects, by its names in every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp.types import Icon

from a2e_mcp import __version__
from a2e_mcp.server.tool_prefix import prefixed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from a2e_mcp.settings import Settings

_WAY = """\
A2E makes avatar videos, speech, clips from pictures and face swaps. Jobs take minutes: a start_ tool returns a \
job_id at once; then call wait_for_job until the job has succeeded, and show the user the result link.
For an avatar video: list_voices with the language of the script, list_avatars, then start_avatar_video.
Avatars, voices and backgrounds may be given by name; jobs need their job_id. """
_FILES_HERE = """\
Files are URLs, or paths in an allowed folder on this computer.
"""
_FILES_ELSEWHERE = """\
Files are URLs; the user sends others to the address that upload_file gives, and its job_id stands for the file.
"""
_MONEY = """\
Starts cost credits: quote_job shows the price, max_credits sets a limit. Never start the same job twice: if an answer \
is missing, look in list_jobs first.
A2E has no setting for emotion, tone, gestures, pauses or pronunciation, and reads no SSML: speed is all; spell an odd \
name as it sounds.
"""
_FILMS = """\
compose_video joins finished videos with music and captions, add_captions and trim_video change one: all free.
"""
_CONSENT = "Ask the user before using a person's face or voice, and write who agreed into consent."

WEBSITE = "https://github.com/a2e-mcp/a2e-mcp"
ICON = Icon(
    src="https://raw.githubusercontent.com/a2e-mcp/a2e-mcp/main/docs/pictures/icon.svg",
    mime_type="image/svg+xml",
    sizes=["any"],
)
DESCRIPTION = "Avatar videos, speech, clips and face swaps with A2E."


def names(settings: Settings) -> Mapping[str, str]:
    """What it is called: name, title and version."""
    title = "A2E avatar videos" + (" (sandbox)" if settings.mode == "sandbox" else "")
    return {"name": "a2e-mcp", "title": title, "version": __version__}


def instructions(shown: Collection[str], prefix: str, *, is_remote: bool) -> str:
    """The instructions of a server that shows these tools; with `is_remote` its users' files are elsewhere."""
    files = _FILES_ELSEWHERE if is_remote else _FILES_HERE
    films = _FILMS if "compose_video" in shown else ""
    return prefixed(f"{_WAY}{files}{_MONEY}{films}{_CONSENT}", prefix)
