"""`python -m tests.fuzz --count 100000 --seed 1`: that many SOAP bodies, and as many answers of QuickBooks."""

import argparse
import sys
import time

from .running import Report, run

_TOLD_OF = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kind", choices=("bodies", "answers"), action="append", help="one of the two alone")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    arguments = parser.parse_args()
    found = 0
    for kind in arguments.kind or ("bodies", "answers"):
        began, report = time.monotonic(), Report()
        for first in range(arguments.first, arguments.first + arguments.count, _TOLD_OF):
            numbers = range(first, min(first + _TOLD_OF, arguments.first + arguments.count))
            report.add(run(kind, arguments.seed, numbers, _tell))
            _tell(f"{kind} {numbers.start} to {numbers.stop - 1}: {time.process_time():.0f} s of CPU so far")
        print(
            f"{report.cases} {kind} of seed {arguments.seed} in {time.monotonic() - began:.0f} s: "
            f"{len(report.found)} faults found; slowest {report.slowest_seconds * 1000:.0f} ms of CPU, at most "
            f"{report.most_memory / 2**20:.0f} MB more memory; answered {dict(report.outcomes.most_common())}"
        )
        found += len(report.found)
    return 1 if found else 0


def _tell(fault: str) -> None:
    print(fault, flush=True)


sys.exit(main())
