"""What rendering needs besides the package itself: the extra `sandbox`."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

PACKAGES: Mapping[str, str] = {
    "av": "av",
    "cv2": "opencv-python-headless",
    "espeakng_loader": "espeakng-loader",
    "numpy": "numpy",
    "PIL": "pillow",
    "py3langid": "py3langid",
}
"""Module to the package that brings it; an installed distribution names only the packages, and may not be there."""

INSTALL = 'pip install "a2e-mcp[sandbox]"'
"""How they are installed."""


def missing_packages() -> list[str]:
    """The packages that are not installed here."""
    return [package for module, package in PACKAGES.items() if not _is_found(module)]


def _is_found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        # A module that is there only in part.
        return False
