"""Several processes of the service on one PostgreSQL: what they post in a second, against one of them alone.

Hundreds of connectors poll, some of them disturbing each other at the same company, while clerks send orders through
the API; each call goes to any of the processes. QuickBooks' side is light, but it runs on the same cores, and so does
PostgreSQL: when these are full, more processes bring no more. On SQLite two processes are compared with one.
"""

import os
import pathlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from sqlalchemy import text
from sqlalchemy.engine import Engine

from tests import postgres
from tests.many import fleet
from tests.many.crowd import Tally
from tests.many.fleet import Member
from tests.many.office import Office, found
from tests.many.trading import Day, judge, trade

from .databases import database
from .figures import Figure


def run(
    server: str | None = None,
    *,
    counts: Sequence[int] = (1, 2, 4, 8),
    companies: int = 200,
    contested: int = 20,
    orders: int = 3,
    rounds: int = 3,
) -> list[Figure]:
    """On the PostgreSQL of this URL, else on one of our own; and on SQLite."""
    figures = _measure(
        "SQLite", None, [count for count in counts if count <= 2], companies // 4, contested // 4, orders, 1
    )
    with _postgres(server) as found_server:
        if found_server is not None:
            figures += _measure("PostgreSQL", found_server, counts, companies, contested, orders, rounds)
    return figures


@contextmanager
def _postgres(server: str | None) -> Iterator[str | None]:
    programs = postgres.binaries()
    if server is not None or programs is None:
        yield server
        return
    with postgres.running(programs) as cluster:
        yield cluster.url


@dataclass(frozen=True)
class _Spent:
    """A day, and what it cost: the service's CPU seconds for an order, and how many cores were busy with anything."""

    day: Day
    cpu: float
    cores: float


def _measure(
    kind: str, server: str | None, counts: Sequence[int], companies: int, contested: int, orders: int, rounds: int
) -> list[Figure]:
    tally, spent = Tally(), defaultdict[int, list[_Spent]](list)
    with ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qbwc-bench-")))
        engine = stack.enter_context(database(server))
        url = engine.url.render_as_string(hide_password=False)
        members = stack.enter_context(fleet.running(folder, url, max(counts)))
        offices = found(engine, companies, contested)
        trade(offices, [member.port for member in members], tally, range(1, 21, 10))  # at first their records are made
        number = 101
        for _ in range(rounds):
            for count in counts:
                spent[count].append(_day(offices, members[:count], tally, range(number, number + orders)))
                number += orders
        wrong = [*tally.wrong, *judge(engine, offices), *fleet.complaints(members)]
        deadlocks = _deadlocks(engine)
    for fault in wrong[:20]:
        print(f"{kind}: {fault}")
    return [
        *_told(kind, counts, spent),
        Figure(f"{kind}: updates that another connector ended", tally.counts["updates ended by another connector"], ""),
        Figure(f"{kind}: orders lost, doubled or late, failures, deadlocks", len(wrong) + deadlocks, "", 0),
    ]


def _day(offices: Sequence[Office], members: Sequence[Member], tally: Tally, numbers: Sequence[int]) -> _Spent:
    cpu, (busy, idle) = sum(member.cpu_seconds() for member in members), fleet.machine()
    day = trade(offices, [member.port for member in members], tally, numbers)
    cpu = sum(member.cpu_seconds() for member in members) - cpu
    busy_now, idle_now = fleet.machine()
    share = (busy_now - busy) / (busy_now - busy + idle_now - idle)
    return _Spent(day, cpu / day.orders, share * (os.cpu_count() or 1))


def _told(kind: str, counts: Sequence[int], spent: dict[int, list[_Spent]]) -> list[Figure]:
    figures = []
    for count in counts:
        name = f"{kind}, {count} process" + ("es" if count > 1 else "")
        pairs = list(zip(spent[count], spent[counts[0]], strict=True))
        figures += [
            Figure(f"{name}: orders posted a second", median(one.day.orders_a_second for one, _ in pairs), ""),
            Figure(f"{name}: CPU of the service for an order", median(one.cpu for one, _ in pairs) * 1000, "ms"),
            Figure(f"{name}: cores busy, of {os.cpu_count()}", median(one.cores for one, _ in pairs), ""),
            Figure(f"{name}: longest wait / median", median(one.day.longest_to_usual for one, _ in pairs), ""),
        ]
        if count != counts[0]:
            faster = median(one.day.orders_a_second / alone.day.orders_a_second for one, alone in pairs)
            figures.append(Figure(f"{name}: orders a second / with {counts[0]}", faster, ""))
    return figures


def _deadlocks(engine: Engine) -> int:
    """-> as PostgreSQL counts them; SQLite has none."""
    if engine.dialect.name != "postgresql":
        return 0
    with engine.connect() as db:
        told = db.execute(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
        return int(told.scalar_one())
