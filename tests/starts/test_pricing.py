"""Prices by themselves."""

from __future__ import annotations

from pathlib import Path

import httpx2

from a2e_mcp.catalogue.declaration.tool import Estimate
from a2e_mcp.client.client import A2EClient
from a2e_mcp.ledger.details import Measured
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.starts.pricing import Price, Spending, StepPrice
from tests.support.ledger import intend


def costs(*amounts: float | None) -> Price:
    return Price([StepPrice(f"step {number}", amount, "test") for number, amount in enumerate(amounts)])


def never(request: httpx2.Request) -> httpx2.Response:
    """An A2E that must not be asked."""
    raise AssertionError(request.url)


def test_the_price_of_a_start_is_the_sum_of_its_steps_when_all_are_known() -> None:
    assert (costs(1, 2.5).total, costs(1, 2.5).least) == (3.5, 3.5)
    assert (costs(1, None).total, costs(1, None).least) == (None, 1)
    assert list(costs(1, None).unknown) == ["step 1"]
    assert (
        str(costs(1, None))
        == "at least 1 credit (the price of step 1 is unknown): step 0 1 (test), step 1 unknown (test)"
    )


async def test_what_was_usual_is_the_median_and_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    async with (
        open_ledger(tmp_path / "ledger.sqlite3", account="a", sandbox=True) as ledger,
        A2EClient("token", transport=httpx2.MockTransport(never)) as client,
    ):
        for credits, units in ((2, 1), (40, 10), (900, 1), (None, 1), (5, 0)):
            entry = await intend(ledger)
            await ledger.merge_details(entry.id, measured={"speech": Measured(credits, units)})
        asked = Spending(client, ledger)
        price = await asked.price("speech", None, None, Estimate(10, "second", 1.0, "published"))
        assert (price.credits, price.source) == (40, "estimated from your earlier jobs")
        other = await asked.price("upload", None, None, Estimate(10, "item", 1.0, "published"))
        assert (other.credits, other.source) == (10, "estimate; published")
        unknown = await asked.price("upload", None, None, Estimate(10, "item", None, "not published"))
        assert (unknown.credits, unknown.source) == (None, "not published")
