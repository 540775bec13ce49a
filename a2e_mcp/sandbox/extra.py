"""What rendering needs besides the package itself: the extra `sandbox`; and live rooms the extra `sandbox-live`."""

from __future__ import annotations

from collections.abc import Mapping

from a2e_mcp.installation import Installation, is_installed

PACKAGES: Mapping[str, str] = {
    "av": "av",
    "babel": "babel",
    "budoux": "budoux",
    "cv2": "opencv-python-headless",
    "espeakng_loader": "espeakng-loader",
    "lindera": "lindera-python-ipadic",
    "msgspec": "msgspec",
    "numpy": "numpy",
    "PIL": "pillow",
    "py3langid": "py3langid",
}
"""Module to the package that brings it; an installed distribution names only the packages, and may not be there."""

RENDERING = "sandbox"
"""The extra that brings them."""

LIVE_ROOMS = "sandbox-live"
"""The extra that brings what a live room needs, all of the above included."""


def install_advice(extra: str = RENDERING) -> str:
    """What to do, in this installation, to have an extra."""
    return Installation.current().advice(extra)


def missing_packages() -> list[str]:
    """The packages that are not installed here."""
    return [package for module, package in PACKAGES.items() if not is_installed(module)]


def has_webrtc() -> bool:
    """Whether what a live room is streamed with is installed here."""
    return is_installed("aiortc")
