"""The folders of the user who runs the server: the defaults of settings that name folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from a2e_mcp.errors import SettingsError


def videos() -> Path:
    """Where results are saved. Raises SettingsError when this user has no home folder."""
    import platformdirs

    return _at_home("A2E_OUTPUT_DIR", platformdirs.user_videos_path) / "A2E"


def data() -> Path:
    """Where the ledger is. Raises SettingsError when this user has no home folder."""
    import platformdirs

    return _at_home("A2E_DATA_DIR", lambda: platformdirs.user_data_path("a2e-mcp", appauthor=False))


def media() -> tuple[Path, ...]:
    """The folders that people keep files in; none without a home folder."""
    import platformdirs as dirs

    try:
        Path.home()
    except RuntimeError:
        # A user without a home folder has none of these either.
        return ()
    return (
        dirs.user_desktop_path(),
        dirs.user_documents_path(),
        dirs.user_downloads_path(),
        dirs.user_music_path(),
        dirs.user_pictures_path(),
        dirs.user_videos_path(),
    )


def _at_home(variable: str, find: Callable[[], Path]) -> Path:
    try:
        folder = find()
    except RuntimeError:
        folder = Path()
    if not folder.is_absolute():
        raise SettingsError(
            f"This user has no home folder, so {variable} has no default", hint=f"Set HOME or {variable}"
        )
    return folder
