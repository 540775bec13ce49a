"""Prices and ceilings by themselves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from a2e_mcp.catalogue.tool import Estimate
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import InputError, MoneyRefused
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.pricing import Ceilings, Price, Spending, StepPrice, ceilings


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite3", account="a", sandbox=True) as opened:
        yield opened


def spending(ledger: Ledger, limits: Ceilings) -> Spending:
    """Spending in front of an A2E that must not be asked."""

    def never(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    return Spending(A2EClient("token", transport=httpx2.MockTransport(never)), ledger, limits)


def costs(*amounts: float | None) -> Price:
    return Price([StepPrice(f"step {number}", amount, "test") for number, amount in enumerate(amounts)])


def test_the_price_of_a_start_is_the_sum_of_its_steps_when_all_are_known() -> None:
    assert (costs(1, 2.5).total, costs(1, 2.5).least) == (3.5, 3.5)
    assert (costs(1, None).total, costs(1, None).least) == (None, 1)
    assert list(costs(1, None).unknown) == ["step 1"]
    assert str(costs(1, None)) == "1 credits and an unknown rest: step 0 1 (test), step 1 unknown (test)"


def test_real_credits_have_a_daily_ceiling_unless_set_and_play_money_has_none() -> None:
    assert ceilings(sandbox=False, per_start=None, per_day=None, allow_unpriced=False).per_day == 500
    assert ceilings(sandbox=False, per_start=None, per_day=9000, allow_unpriced=False).per_day == 9000
    assert ceilings(sandbox=False, per_start=None, per_day=0, allow_unpriced=False).per_day == 0
    assert ceilings(sandbox=True, per_start=None, per_day=None, allow_unpriced=False).per_day is None


@pytest.mark.parametrize(("given", "setting"), [(9.99, None), (None, 9.99), (9.99, 100), (100, 9.99)])
def test_a_start_over_the_lower_of_two_ceilings_is_refused(
    ledger: Ledger, given: float | None, setting: float | None
) -> None:
    checked = spending(ledger, Ceilings(setting, None))
    with pytest.raises(MoneyRefused, match=r"over the ceiling of 9\.99"):
        checked.check(costs(5, 5), given)
    checked.check(costs(5, 4.99), given)


def test_what_is_known_of_a_price_is_held_under_the_ceiling_even_where_the_rest_is_allowed(ledger: Ledger) -> None:
    checked = spending(ledger, Ceilings(10, None, allow_unpriced=True))
    checked.check(costs(10, None), None)
    with pytest.raises(MoneyRefused, match="over the ceiling"):
        checked.check(costs(11, None), None)


@pytest.mark.parametrize("amount", [-1.0, math.nan, math.inf, -math.inf])
def test_a_ceiling_that_is_no_amount_is_an_input_error(ledger: Ledger, amount: float) -> None:
    with pytest.raises(InputError, match="max_credits"):
        spending(ledger, Ceilings(None, None)).check(costs(1), amount)


def test_the_daily_ceiling_is_for_a_day_and_for_one_account(tmp_path: Path) -> None:
    time = [1_000_000.0]
    path = tmp_path / "ledger.sqlite3"
    with (
        Ledger(path, account="a", sandbox=False, now=lambda: time[0]) as mine,
        Ledger(path, account="b", sandbox=False, now=lambda: time[0]) as other,
    ):
        entry, _ = mine.insert_or_get_recent(
            family="speech", title="", fingerprint="f", consent=None, expected=80, units=1, window=None
        )
        mine.update(entry.id, phase="started", charged=90.0)
        limits = Ceilings(None, 100)
        with pytest.raises(MoneyRefused, match="90 of the 100"):
            spending(mine, limits).check(costs(11), None)
        spending(mine, limits).check(costs(10), None)
        spending(other, limits).check(costs(100), None)
        time[0] += 86_401
        spending(mine, limits).check(costs(100), None)


async def test_what_was_usual_is_the_median_and_leaves_out_what_was_not_measured(ledger: Ledger) -> None:
    def measured(credits: float | None, units: float) -> None:
        entry, _ = ledger.insert_or_get_recent(
            family="speech", title="", fingerprint="f", consent=None, expected=None, units=None, window=None
        )
        ledger.remember(entry.id, measured={"speech": {"credits": credits, "units": units}})

    for credits, units in ((2, 1), (40, 10), (900, 1), (None, 1), (5, 0)):
        measured(credits, units)
    checked = spending(ledger, Ceilings(None, None))
    price = await checked.price("speech", None, None, Estimate(10, "second", 1.0, "published"))
    assert (price.credits, price.source) == (40, "what this account usually paid a second")
    other = await checked.price("upload", None, None, Estimate(10, "item", 1.0, "published"))
    assert (other.credits, other.source) == (10, "estimate; published")
    unknown = await checked.price("upload", None, None, Estimate(10, "item", None, "nobody says"))
    assert (unknown.credits, unknown.source) == (None, "nobody says")
