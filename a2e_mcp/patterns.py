"""Regular expressions that cost nothing until they are used."""

from __future__ import annotations

import re
from functools import cached_property


class Pattern:
    """A regular expression that is compiled at its first use: a person waits for the start of the program."""

    def __init__(self, text: str, flags: int = 0) -> None:
        self.text = text
        self._flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression, ready to search."""
        return re.compile(self.text, self._flags)
