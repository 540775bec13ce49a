"""What a run of a company has shown, as figures and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_LOOKS = ("/{id}", "/batchDetail", "/allRecords")
_PRICES = ("/quote", "/remainingCoins")


@dataclass(frozen=True, slots=True)
class Recovery:
    """Until the last start that was under way at a death, or was asked for before its end, had its answer."""

    name: str
    under_way: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Wake:
    """From the end of a job at A2E to the answer of its wait; `is_troubled` when something was dead meanwhile."""

    job: int
    seconds: float
    is_troubled: bool


@dataclass(frozen=True, slots=True)
class ListRequests:
    """Requests for several jobs of a family at once, A2E's hints, and requests that no tick and no hint allows."""

    family: str
    requests: int
    hints: int
    tick: float
    too_early: int


@dataclass
class CompanyReport:
    """The figures of one run; `problems` are what must not be. Times are seconds, amounts credits."""

    users: int = 0
    jobs: int = 0
    made: int = 0
    refused: int = 0
    unknown: int = 0
    uploads: int = 0
    calls: int = 0
    broken: int = 0
    requests: int = 0
    reads: Mapping[str, int] = field(default_factory=dict)
    charged: float = 0.0
    ledger: float = 0.0
    sums: float = 0.0
    longest: float = 0.0
    recoveries: list[Recovery] = field(default_factory=list)
    odd: Sequence[str] = ()
    """Entries that are booked with another amount than A2E takes for such a job."""
    wakes: Sequence[Wake] = ()
    lists: Sequence[ListRequests] = ()
    busy_seconds: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def off(self) -> float:
        """How far the ledger is above what A2E charged, as a share."""
        return (self.ledger - self.charged) / self.charged if self.charged else 0.0

    def lines(self) -> list[str]:
        """The table for the docs."""
        rows = [
            ("Users, each with a key and a ceiling", f"{self.users:,}"),
            ("Jobs wanted", f"{self.jobs:,}"),
            ("Made and charged once", f"{self.made:,}"),
            ("Refused because of a user's ceiling", f"{self.refused:,}"),
            ("Speech whose answer was lost, which only its user may have made again", str(self.unknown)),
            ("Files sent to one-time addresses", f"{self.uploads:,}"),
            ("Tool calls", f"{self.calls:,}"),
            ("Calls that lost their server, and were made again", f"{self.broken:,}"),
            ("Longest call", f"{self.longest:.1f} s"),
            ("Requests to A2E; of these looks at jobs and lists, prices and balances", self._requests()),
            ("Credits charged by A2E", f"{self.charged:,.0f}"),
            (
                "Credits in the ledger; in its hourly sums",
                f"{self.ledger:,.0f} ({100 * self.off:.1f} % above); {self.sums:,.0f}",
            ),
            (
                "From the end of a job at A2E to the answer of its wait: half within; 95 % within; all within",
                _spread([wake.seconds for wake in self.wakes if not wake.is_troubled]),
            ),
            (
                "The same where a server, a worker or the database was dead meanwhile",
                _spread([wake.seconds for wake in self.wakes if wake.is_troubled]),
            ),
            *(
                (
                    f"List requests for {each.family}, ticks of {each.tick:g} s in the run, A2E's hints; too early",
                    f"{each.requests:,}, {self.busy_seconds / each.tick:,.0f}, {each.hints:,}; {each.too_early}",
                )
                for each in self.lists
            ),
            *(
                (f"Recovered after: {each.name} ({each.under_way} starts under way)", f"{each.seconds:.1f} s")
                for each in self.recoveries
            ),
            ("Starts a second, on average", f"{self.jobs / self.busy_seconds:.1f}"),
            ("Problems", str(len(self.problems))),
            ("The whole run", f"{self.seconds:.0f} s"),
        ]
        return ["| What | Figure |", "| --- | ---: |", *(f"| {name} | {figure} |" for name, figure in rows)]

    def _requests(self) -> str:
        looks = sum(count for path, count in self.reads.items() if path.endswith(_LOOKS))
        prices = sum(count for path, count in self.reads.items() if path.endswith(_PRICES))
        return f"{self.requests:,}; {looks:,}, {prices:,}"


def _spread(seconds: Sequence[float]) -> str:
    """How many there are, and how long half, nearly all, and all of them took at most."""
    found = sorted(seconds)
    if not found:
        return "none waited"
    half, most = found[len(found) // 2], found[int(len(found) * 0.95)]
    return f"{half:.1f} s; {most:.1f} s; {found[-1]:.1f} s ({len(found)} waits)"
