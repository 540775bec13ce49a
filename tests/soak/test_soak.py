"""A short soak; `make soak` is a long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.run import SoakPlan, soak
from tests.support.systems import LINUX

QUICK = SoakPlan(
    starts=10,
    kills=1,
    seed=7,
    rates=(0.05, 0.15),
    call_seconds=6.0,
    trouble_seconds=3.0,
    late_seconds=1.0,
    pause_seconds=0.3,
    lock_seconds=(0.5,),
    most_off=1.0,
    spare_seconds=40.0,
    settle_seconds=60.0,
    silence_seconds=0.0,
    user_seconds=0.0,
    jump=300.0,
    daily_share=None,
)


# Two servers, one of them started twice, take too long for every day.
@pytest.mark.long
@LINUX
async def test_what_is_wanted_is_charged_once_over_a_bad_line_and_through_a_kill(tmp_path: Path) -> None:
    report = await soak(QUICK, tmp_path)
    assert report.problems == []
    assert report.kills == 1
    assert report.faults
