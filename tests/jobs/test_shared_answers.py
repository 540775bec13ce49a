"""An answer that is shared by all who ask at the same moment leaves nothing behind."""

from __future__ import annotations

import gc
import weakref

import pytest

from a2e_mcp.errors import NotFound
from a2e_mcp.jobs.shared_answers import SharedAnswers


class _Work:
    """What a call has in its hands while it asks."""


@pytest.mark.parametrize("fails", [True, False])
async def test_nothing_is_kept_of_an_answer_that_is_used_up(fails: bool) -> None:
    answers = SharedAnswers[str, _Work](0.0)
    seen: list[weakref.ref[_Work]] = []

    async def ask() -> _Work:
        work = _Work()
        seen.append(weakref.ref(work))
        if fails:
            raise NotFound("No such job")
        return work

    for key in ("one", "two", "one"):
        if fails:
            with pytest.raises(NotFound, match="No such job"):
                await answers.get(key, ask)
        else:
            await answers.get(key, ask)
    gc.collect()
    # The last answer may stay until the next question.
    assert [work() for work in seen[: len(seen) if fails else -1]] == [None] * (len(seen) if fails else 2)
