"""`python -m tests.bench`: every benchmark, or those that are named, in one table.

What takes time is told as a ratio of two things that were run side by side, and is never a reason to fail.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

from . import big, companies, flat, idle, intake, many, order, pages, round_trips, start, sync
from .figures import Figure, table

BENCHMARKS: dict[str, Callable[[str | None], list[Figure]]] = {
    "round_trips": round_trips.run,
    "order": order.run,
    "intake": intake.run,
    "idle": idle.run,
    "big": big.run,
    "sync": sync.run,
    "flat": flat.run,
    "companies": companies.run,
    "many": many.run,
    "pages": pages.run,
    "start": start.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all of them otherwise")
    parser.add_argument("--database", help="URL of a PostgreSQL server to make databases in: measure on it, too")
    parser.add_argument("--large", action="store_true", help="flat: with 1,000,000 jobs instead of 100,000")
    parser.add_argument("--plans", action="store_true", help="flat: print the query plans, too")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    most = 1_000_000 if arguments.large else flat.MANY
    chosen: dict[str, Callable[[str | None], list[Figure]]] = {**BENCHMARKS}
    chosen["flat"] = partial(flat.run, many=most, plans=arguments.plans)
    figures: list[tuple[str, Figure]] = []
    for name in arguments.names or BENCHMARKS:
        begun = time.monotonic()
        figures += [(name, figure) for figure in chosen[name](arguments.database)]
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print(table(figures))
    return 0


if __name__ == "__main__":  # big starts a process of its own, which imports this one
    sys.exit(main())
