"""`python -m tests.soak --minutes 30`: mixed traffic with failures, and whether memory and descriptors stay level."""

import argparse
import pathlib
import sys
import tempfile
import time

from tests import postgres

from .running import Report, soak

MOST_GROWTH = {"memory, MB": 0.05, "descriptors": 0.25, "threads": 0.25}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--clients", type=int, default=4, help="companies, each with a connector and an order system")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, else on SQLite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qbwc-soak-") as folder:
        path, seconds = pathlib.Path(folder), arguments.minutes * 60
        if not arguments.postgresql:
            return _tell(soak(path, seconds, arguments.seed, clients=arguments.clients, tell=_say))
        programs = postgres.binaries()
        if programs is None:
            parser.error("there is no PostgreSQL on this machine")
        with postgres.running(programs) as cluster:
            return _tell(soak(path, seconds, arguments.seed, cluster.url, arguments.clients, _say))


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(report: Report) -> int:
    print(f"{report.orders} orders: {report.posted} documents posted, {report.attention} with a person")
    print(
        f"{report.deliveries} webhooks delivered; "
        + ", ".join(f"{n} {what}" for what, n in sorted(report.counts.items()))
    )
    level = True
    for trend in report.trends:
        is_level = trend.is_level(MOST_GROWTH[trend.name])
        level = level and is_level
        print(f"{trend}: {'level' if is_level else 'GROWING'}")
    print(f"{len(report.wrong)} faults", *report.wrong[:50], sep="\n    ")
    return 0 if level and not report.wrong else 1


sys.exit(main())
