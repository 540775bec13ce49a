"""What the ledger keeps of a start is all that another process needs to carry it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from a2e_mcp.catalogue.administration import EXCHANGE_DIAMONDS, ExchangeDiamonds
from a2e_mcp.catalogue.avatar_videos import START_AVATAR_VIDEO
from a2e_mcp.catalogue.declaration.tool import Estimate, MediaIn
from a2e_mcp.catalogue.voices import SpeechInputs
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.details import DetailChanges
from a2e_mcp.ledger.entry import LedgerEntry, NewEntry
from a2e_mcp.ledger.job_ids import DIAMONDS
from a2e_mcp.ledger.sqlite.ledger import SqliteLedger
from a2e_mcp.ledger.store import Limits
from a2e_mcp.starts.execute import StartExecutor
from a2e_mcp.starts.plan import Started, StartOptions
from a2e_mcp.starts.pricing import Price
from a2e_mcp.starts.purchase import Purchase
from tests.support.faulty_transport import SPEECH, UPLOAD, VIDEO, FaultyTransport, open_test_sandbox
from tests.support.starts import Pipeline, open_pipeline, patient


async def begun(kind: str, pipeline: Pipeline) -> Started:
    """Start something of this kind."""
    options = StartOptions(max_credits=1000)
    match kind:
        case "job":
            inputs = START_AVATAR_VIDEO.inputs.model_validate(
                {"script": "Hello there.", "voice": "Aria (en-US)", "avatar": "Ada", "background": "waves.png"}
            )
            return await pipeline.starts.start(START_AVATAR_VIDEO, inputs, options, patient())
        case "speech":
            return await pipeline.starts.speak(
                SpeechInputs(script="Good morning.", voice="Aria (en-US)"), options, patient()
            )
        case "upload":
            file = await pipeline.context.files.open_local("waves.png", MediaIn(("image",)))
            return await pipeline.starts.upload(file, options, patient())
        case _:
            purchase = Purchase(
                family=DIAMONDS,
                title="2 diamonds",
                capability=EXCHANGE_DIAMONDS,
                request=ExchangeDiamonds(diamonds=2),
                estimate=Estimate(2, "item", 100, "published"),
                note="Bought 2 diamonds.",
                facts={"count": 2},
            )
            return await pipeline.starts.buy(purchase, options, patient())


@pytest.mark.parametrize(
    ("kind", "calls"),
    [("job", (SPEECH, UPLOAD, VIDEO)), ("speech", (SPEECH,)), ("upload", (UPLOAD,)), ("purchase", ())],
)
async def test_a_start_is_carried_out_from_what_the_ledger_keeps_of_it(
    tmp_path: Path, kind: str, calls: tuple[str, ...]
) -> None:
    kept: list[Mapping[str, Any]] = []

    def keeper(_: LedgerEntry, __: Any, facts: Mapping[str, Any]) -> DetailChanges:
        kept.append(facts)
        return {}

    Image.new("RGB", (32, 32), "teal").save(tmp_path / "waves.png")
    async with open_test_sandbox(tmp_path) as sandbox:
        transport = FaultyTransport(sandbox.transport())
        ledger = SqliteLedger(tmp_path / "ledger.sqlite3", account=account_of(sandbox.token), sandbox=True)
        async with open_pipeline(sandbox, ledger, tmp_path, transport, {DIAMONDS: keeper}) as pipeline:
            first = await begun(kind, pipeline)
            (entry,) = await ledger.recent()
            start = await ledger.stored_start(entry.id)
        assert start is not None
        given = {"max_credits": 1000, "again": False, "consent": None, "language_ok": False}
        assert (start.kind, start.options) == (kind, given)

        # Another process, which has this alone. Its day is another one, so that nothing is used again.
        other = SqliteLedger(tmp_path / "other.sqlite3", account=account_of(sandbox.token), sandbox=True)
        async with open_pipeline(sandbox, other, tmp_path, transport) as pipeline:
            executor = StartExecutor(pipeline.context, {DIAMONDS: keeper}, 10)
            item = executor.item(start, entry.title)
            price = Price(await item.price())
            new = NewEntry(entry.family, entry.title, entry.fingerprint, expected=price.least, start=start)
            intent = (await other.insert_or_get_existing(new, passed=None, limits=Limits())).entry
            second = await executor.started(await executor.execute(intent, item, price), price)
        assert second.charged == first.charged
        assert [job.state for job in second.jobs] == [job.state for job in first.jobs]
        assert {call: transport.attempts[call] for call in calls} == dict.fromkeys(calls, 2)
        assert kept == ([{"count": 2}] * 2 if kind == "purchase" else [])
