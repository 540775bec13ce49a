"""`make soak`: run a soak and, with --write, put its table into docs/reliability.md."""

from __future__ import annotations

import sys
from functools import partial

from tests.soak.run import SoakPlan, soak
from tests.support.reliability import PAGE, arguments_of, carry_out


def main() -> int:
    """Run one soak; the exit code is 1 when something was not as it must be."""
    parser = arguments_of("make soak", __doc__)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args()
    plan = SoakPlan(given.starts, given.kills, seed=given.seed)
    command = f"make soak STARTS={plan.starts} KILLS={plan.kills} SEED={plan.seed}"
    return carry_out(given, partial(soak, plan), name="soak", command=command, page=PAGE)


if __name__ == "__main__":
    sys.exit(main())
