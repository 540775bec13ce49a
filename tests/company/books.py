"""What came of a company's run: A2E's books and requests next to what was wanted, seen and written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import psycopg

from a2e_mcp import catalogue
from a2e_mcp.jobs.job import poll_seconds
from tests.company.job_ends import Hint
from tests.company.report import ListRequests, Wake
from tests.company.stage import CLIP, PICTURE, SPEECH, Company
from tests.support.served_sandbox import credits_charged

_MOST_OFF = 0.05
"""The ledger may be so much above what A2E charged, and never below: the balance cannot tell charges apart that
overlap, and what was lost counts as charged."""
_TICK = 0.8
"""Which share of a tick is one at least: a server looks at nine tenths of it, and requests wait for their turn."""
_ON_THE_WAY_SECONDS = 1.0
"""A hint may come while the look before it is on its way."""


async def compare(company: Company) -> None:
    """Fill in the report, and note what must not be."""
    report, proxy, figures = company.report, company.proxy, company.figures
    report.users, report.jobs = len(company.users), len(company.jobs)
    report.charged = credits_charged(company.sandbox)
    report.uploads, report.calls, report.broken = figures.uploads, figures.calls, figures.broken
    report.longest, report.requests = figures.longest, proxy.requests
    report.reads = Counter(read.path for read in proxy.reads)
    report.problems += figures.problems
    _compare_ledger(company)
    _compare_wishes(company)
    report.wakes = _wakes(company)
    report.lists = [_list_requests(company, family) for family in ("image_to_video", "text_to_image")]
    report.problems += [
        f"{each.name}: recovered after {each.seconds:.1f} s"
        for each in report.recoveries
        if each.seconds > company.plan.recovery_seconds
    ]
    report.problems += [
        f"the wait for job {wake.job} was answered {wake.seconds:.1f} s after its end"
        for wake in report.wakes
        if not wake.is_troubled and wake.seconds > company.plan.wake_seconds
    ]
    report.problems += [
        f"{each.family}: A2E was asked for its list {each.too_early} times too early"
        for each in report.lists
        if each.too_early
    ]


def _compare_ledger(company: Company) -> None:
    report = company.report
    with psycopg.connect(company.address) as database:
        report.ledger = float((database.execute("SELECT sum(cost) FROM starts").fetchone() or (0,))[0] or 0)
        report.sums = float((database.execute("SELECT sum(credits) FROM spending").fetchone() or (0,))[0] or 0)
        odd = database.execute(
            "SELECT family, phase, title, cost, charged, expected, steps FROM starts"
            " WHERE cost <> ALL (%s) ORDER BY created",
            ([0, PICTURE, CLIP, SPEECH],),
        ).fetchall()
    report.odd = [str(row)[:500] for row in odd]
    if report.ledger != report.sums or not 0 <= report.off <= _MOST_OFF:
        report.problems.append(
            f"A2E charged {report.charged:g}, the ledger has {report.ledger:g}, its sums {report.sums:g}"
        )


def _compare_wishes(company: Company) -> None:
    report = company.report
    bought = Counter(each.wish for each in company.proxy.accepted)
    for job in company.jobs:
        times = bought.pop(job.number, 0)
        if times != (job.refused is None) and not (job.unknown and times < 2):
            report.problems.append(f"job {job.number} was charged {times} times: {job.last[:200]}")
        report.made += times == 1 and job.done_at is not None
        report.refused += job.refused is not None
        report.unknown += job.unknown
    report.problems += [f"job {number} was charged and not wanted" for number in bought]
    for user in company.users:
        ceiling = sum(job.price for job in user.jobs[:-1])
        paid = sum(job.price for job in user.jobs if job.refused is None)
        if paid > ceiling:
            report.problems.append(f"{user.name} has paid {paid} under a ceiling of {ceiling}")


def _wakes(company: Company) -> list[Wake]:
    """From the end of each job at A2E to the answer of the wait for it, where that had begun before."""
    wakes = []
    for job in company.jobs:
        ended = company.ends.ended.get(job.number)
        if ended is None or job.done_at is None or job.wait_began is None or job.wait_began > ended:
            continue
        is_troubled = any(begin <= job.done_at and ended <= end for begin, end in company.troubled)
        # The end is noticed a moment after it was.
        wakes.append(Wake(job.number, max(0.0, job.done_at - ended), is_troubled))
    return wakes


def _list_requests(company: Company, name: str) -> ListRequests:
    """How often A2E was asked for several jobs of a family at once, and how often before a tick was over."""
    family = catalogue.family(name)
    assert family.batch is not None
    paths = {endpoint.path for endpoint in family.batch.endpoints}
    looks = [read.at for read in company.proxy.reads if read.path in paths]
    hints = [hint for hint in company.ends.hints if hint.family == name and hint.is_taken]
    tick = poll_seconds(family, sandbox=False)
    too_early = sum(
        after - before < _TICK * tick and not _hinted(hints, before, after) for before, after in pairwise(looks)
    )
    return ListRequests(name, len(looks), len(hints), tick, too_early)


def _hinted(hints: Sequence[Hint], before: float, after: float) -> bool:
    return any(before - _ON_THE_WAY_SECONDS < hint.at <= after for hint in hints)
