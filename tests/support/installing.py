"""How packages are installed here: by pip, or by uv, whose environments have no pip."""

from __future__ import annotations

import re


def says_to_install(package: str, text: str) -> bool:
    """Whether a text holds the command that installs a package, as the tool of this environment takes it."""
    return re.search(rf"""pip install (?:--python \S+ )?["']?{re.escape(package)}(?!\w)""", text) is not None
