"""The messages between the sandbox and its render worker, one JSON line each."""

from __future__ import annotations

import pytest

from a2e_mcp.sandbox.protocol import (
    Done,
    Failed,
    InvalidRequest,
    Outcome,
    Progress,
    Ready,
    Reply,
    decode_reply,
    decode_request,
    encode_reply,
)

REPLIES: list[Reply] = [
    Ready(),
    Progress(id="a", progress=0.25),
    Done(id="a", outcome=Outcome(note="made", media_kind="video", seconds=1.5, has_audio=True)),
    Failed(id="a", code="no_face", message="No face."),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_a_reply_is_read_as_it_was_written(reply: Reply) -> None:
    assert decode_reply(encode_reply(reply)) == reply


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"order": {}}', '{"id": "a", "order": {}, "more": 1}'])
def test_a_line_that_is_not_a_request_is_refused(line: str) -> None:
    with pytest.raises(InvalidRequest):
        decode_request(line)
