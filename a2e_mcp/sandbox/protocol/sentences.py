"""Texts cut into sentences, in scripts with and without spaces."""

import re

# After a full stop a new sentence needs a space, and something that can begin it; the wide stops of Chinese and
# Japanese need neither.
_STOP = re.compile(r"""(?<=[.!?…])["'”’»)\]]*\s+(?![a-z,;])|(?<=[。！？])[”’」』）]*\s*|\s*\n\s*""")
_SHORTEST_BYTES = 10
_LONGEST = 300


def sentences_of(text: str) -> list[str]:
    """The sentences with the spaces after them, so that joined they are the text again.

    "Mr. " and the like stay with what follows; what continues without a stop is cut between words.
    """
    found: list[str] = []
    start = 0
    for stop in _STOP.finditer(text):
        if len(text[start : stop.end()].encode("utf-8", "replace")) >= _SHORTEST_BYTES:
            found.extend(_short_pieces(text[start : stop.end()]))
            start = stop.end()
    found.extend(_short_pieces(text[start:]))
    return found


def _short_pieces(text: str) -> list[str]:
    pieces = []
    start = 0
    while len(text) - start > _LONGEST:
        space = text.rfind(" ", start, start + _LONGEST)
        end = space + 1 if space > start else start + _LONGEST
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]] if start < len(text) else pieces
