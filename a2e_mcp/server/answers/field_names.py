"""A2E refuses fields by its own names; a caller can only change the inputs of a tool."""

from __future__ import annotations

import re
from collections.abc import Mapping


def rename_fields(message: str, fields: Mapping[str, str]) -> str:
    """A message of A2E's with the tool's inputs instead of A2E's fields, as the tool declares them."""
    return re.sub(r"\w+", lambda word: fields.get(word[0], word[0]), message)
