"""How the server introduces itself: in full to who connects, by its names in every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp.types import Icon

from a2e_mcp import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a2e_mcp.settings import Settings

INSTRUCTIONS = """\
A2E makes avatar videos, speech, clips from pictures and face swaps. Jobs take minutes: a start_ tool returns a \
job_id at once; then call wait_for_job until the job has succeeded, and show the user the result link.
For an avatar video: list_voices with the language of the script, list_avatars, then start_avatar_video.
Avatars, voices and backgrounds may be given by name; jobs need their job_id. Files are URLs, or paths in an allowed \
folder on this computer.
Starts cost credits: quote_job shows the price, max_credits sets a limit. Never start the same job twice: if an answer \
is missing, look in list_jobs first.
A2E has no setting for emotion, tone, gestures, pauses or pronunciation, and reads no SSML: speed is all; spell an odd \
name as it sounds.
compose_video joins finished videos with music and captions, add_captions and trim_video change one: all free.
Ask the user before using a person's face or voice, and write who agreed into consent."""

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
