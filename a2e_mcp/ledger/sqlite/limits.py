"""Whether a new entry stays under its limits, in a SQLite ledger; within the transaction that writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from a2e_mcp.ledger.codec import from_row
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.sqlite import statements
from a2e_mcp.ledger.sqlite.start_index import StartIndex
from a2e_mcp.ledger.store import LIMIT_SECONDS, Limits, OverLimit, TooManyJobs, UnpricedUnderWay, living_beats


def check_limits(
    database: sqlite3.Connection,
    index: StartIndex,
    whose: Mapping[str, str],
    *,
    now: float,
    new: NewEntry,
    limits: Limits,
) -> None:
    """Raises OverLimit, TooManyJobs or UnpricedUnderWay when an entry may not be written."""
    values = {**whose, **living_beats(now), "user": new.user, "since": now - LIMIT_SECONDS}
    if limits.per_day is not None:
        spent = index.spent_since(now - LIMIT_SECONDS)
        if spent + limits.least > limits.per_day:
            raise OverLimit(spent)
    if limits.user_per_day is not None:
        (spent,) = database.execute(statements.SPENT_BY_USER, values).fetchone()
        if spent + limits.least > limits.user_per_day:
            raise OverLimit(spent, of_user=True)
    if limits.user_jobs is not None:
        values |= {"uncounted": json.dumps(list(limits.uncounted))}
        (count,) = database.execute(statements.OPEN_JOBS, values).fetchone()
        if count + limits.jobs > limits.user_jobs:
            raise TooManyJobs(count)
    if limits.only_unpriced:
        under_way = [from_row(row) for row in database.execute(statements.UNDER_WAY, values)]
        other = next((each for each in under_way if None in each.details.priced.values()), None)
        if other is not None:
            raise UnpricedUnderWay(other)
