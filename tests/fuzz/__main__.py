"""`make fuzz`: run a fuzz and, with --write, put its table into docs/reliability.md."""

from __future__ import annotations

import sys

from tests.fuzz.run import fuzz
from tests.support.reliability import PAGE, arguments_of, carry_out


def main() -> int:
    """Run one fuzz; the exit code is 1 when something was not as it must be."""
    parser = arguments_of("make fuzz", __doc__)
    parser.add_argument("--calls", type=int, default=2000)
    given = parser.parse_args()
    return carry_out(
        given,
        lambda folder, say: fuzz(given.calls, folder, seed=given.seed, say=say),
        name="fuzz",
        command=f"make fuzz CALLS={given.calls} SEED={given.seed}",
        page=PAGE,
    )


if __name__ == "__main__":
    sys.exit(main())
