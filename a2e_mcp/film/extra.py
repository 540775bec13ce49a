"""What a film needs besides the package itself: the extra `film`, which the extra `sandbox` includes."""

from __future__ import annotations

from a2e_mcp.errors import ExtraMissing
from a2e_mcp.installation import Installation, is_installed

EXTRA = "film"
"""The extra that brings them."""

_MODULES = ("av", "budoux", "msgspec", "numpy", "PIL")


def check_extra() -> None:
    """Raises ExtraMissing with the line that installs what is missing in this installation."""
    missing = [module for module in _MODULES if not is_installed(module)]
    if missing:
        raise ExtraMissing(f"Films need the extra {EXTRA}", hint=Installation.current().advice(EXTRA))
