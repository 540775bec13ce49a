"""What a soak has shown: the sandbox's books next to the ledger, as figures and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.soak.wishes import Wish
from tests.support.fault_proxy import Accepted


@dataclass
class SoakReport:
    """The figures of one run; `problems` are what must not be."""

    starts: int = 0
    refused: int = 0
    paid_again: int = 0
    calls: int = 0
    requests: int = 0
    kills: int = 0
    unanswered: int = 0
    longest_answer: float = 0.0
    call_seconds: float = 0.0
    charged: float = 0.0
    ledger: float = 0.0
    daily: float | None = None
    seconds: float = 0.0
    faults: Mapping[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def off(self) -> float:
        """How far the ledger is from the sandbox's books, as a share."""
        return abs(self.ledger - self.charged) / self.charged if self.charged else 0.0

    def lines(self) -> list[str]:
        """The table for the docs."""
        rows = [
            ("Starts wanted", f"{self.starts:,}"),
            ("Refused because of a limit", f"{self.refused:,}"),
            ("Speech made again on the user's word, since A2E lists none", str(self.paid_again)),
            ("Tool calls that it took", f"{self.calls:,}"),
            ("Requests to A2E", f"{self.requests:,}"),
            ("Servers killed with `kill -9`", str(self.kills)),
            ("Faults", f"{sum(self.faults.values()):,}"),
            ("Calls unanswered because their server was killed", f"{self.unanswered:,}"),
            ("Longest time to an answer", f"{self.longest_answer:.1f} s (limit {self.call_seconds:g} s)"),
            ("Credits charged by A2E", f"{self.charged:,.0f}"),
            ("Credits in the ledger", f"{self.ledger:,.0f} ({100 * self.off:.2f} % off)"),
            ("Problems", str(len(self.problems))),
        ]
        table = ["| What | Figure |", "| --- | ---: |", *(f"| {name} | {figure} |" for name, figure in rows), ""]
        kinds = ["| Fault | Times |", "| --- | ---: |"]
        kinds += [f"| {name} | {times:,} |" for name, times in sorted(self.faults.items())]
        return table + kinds


def compare(report: SoakReport, wishes: Sequence[Wish], accepted: Sequence[Accepted], *, most_off: float) -> None:
    """Note every wish that was charged for other than once, and every ceiling that was exceeded."""
    bought: dict[int, Counter[str]] = {}
    cost: Counter[int] = Counter()
    for each in accepted:
        if each.wish is None:
            report.problems.append(f"a {each.what} was charged that no wish asked for")
            continue
        bought.setdefault(each.wish, Counter())[each.what] += 1
        cost[each.wish] += round(each.credits)
    for wish in wishes:
        found, name = bought.get(wish.number, Counter[str]()), f"wish {wish.number} ({wish.tool})"
        for step, times in found.items():
            # A2E has no list in which lost speech could be found, so only the user can say that it is paid again.
            if times > 1 + (wish.agreed if step == "speech" else 0):
                report.problems.append(f"{name}: {step} was charged {times} times")
        report.paid_again += max(0, found["speech"] - 1)
        if wish.max_credits is not None and cost[wish.number] > wish.max_credits * (1 + wish.agreed):
            report.problems.append(f"{name}: {cost[wish.number]} credits charged under {wish.max_credits:g}")
        missing = [step for step in wish.steps if not found[step]]
        if wish.job_id is not None and missing:
            report.problems.append(f"{name} has {wish.job_id}, but {' and '.join(missing)} was never made")
        elif wish.refused is not None and found[wish.steps[-1]] and not wish.agreed:
            report.problems.append(f"{name} was refused and made all the same: {wish.refused[:200]}")
        elif not wish.is_settled:
            report.problems.append(f"{name} was never settled: {wish.last[:300]}")
    if report.daily is not None and report.charged > report.daily:
        report.problems.append(f"{report.charged:g} credits were charged under a daily ceiling of {report.daily:g}")
    if report.off > most_off:
        report.problems.append(f"the ledger has {report.ledger:g} credits, A2E charged {report.charged:g}")
