"""`python -m tests.ops.scrape [--jobs N] [--database URL]`: what /metrics costs with many jobs done, against few."""

import argparse
import time
from statistics import median

from qbwc_service.metrics import TOTAL_KEPT_SECONDS, Metrics
from tests.bench import past
from tests.bench.databases import database, kinds
from tests.bench.trade import ALL, known_world, order, update


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--companies", type=int, default=1_000)
    parser.add_argument("--database", help="URL of a PostgreSQL server to measure on too")
    given = parser.parse_args()
    for kind, where in kinds(given.database):
        for jobs, companies in ((1_000, 1), (given.jobs, given.companies)):
            with database(where) as engine:
                world = known_world(engine)
                world.send(order(999), ALL)
                update(world)
                past.add_jobs(engine, jobs)
                past.add_companies(engine, companies)
                for number in range(50):
                    world.send(order(5000 + number), ALL)
                whole, again = _cost(engine, world.clock)
                print(
                    f"{kind}: {jobs:,} jobs, {companies:,} companies: {again * 1000:.1f} ms a scrape, "
                    f"{whole * 1000:.1f} ms once a minute"
                )


def _cost(engine, clock) -> tuple[float, float]:
    """-> seconds of a scrape that counts all jobs, and of the others in between."""
    at = 0.0
    metrics = Metrics(engine, clock, lambda: at)
    whole, again = [], []
    for _ in range(7):
        for spent, wait in ((whole, TOTAL_KEPT_SECONDS), (again, 6.0), (again, 6.0)):
            at += wait
            began = time.perf_counter()
            metrics.text()
            spent.append(time.perf_counter() - began)
    return median(whole), median(again)


if __name__ == "__main__":
    main()
