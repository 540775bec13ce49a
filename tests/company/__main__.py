"""`make company`: run a company under load and, with --write, put its table into docs/operations.md."""

from __future__ import annotations

import sys
from functools import partial

from tests.company.run import CompanyPlan, run_company
from tests.support.paths import CHECKOUT
from tests.support.reliability import arguments_of, carry_out


def main() -> int:
    """Run one company; the exit code is 1 when something was not as it must be."""
    parser = arguments_of("make company", __doc__)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1000)
    given = parser.parse_args()
    plan = CompanyPlan(given.users, given.jobs, given.seed)
    command = f"make company USERS={plan.users} JOBS={plan.jobs} SEED={plan.seed}"
    page = CHECKOUT / "docs" / "operations.md"
    return carry_out(given, partial(run_company, plan), name="company", command=command, page=page)


if __name__ == "__main__":
    sys.exit(main())
