"""What claiming, settling, enqueuing, taking in and an idle poll cost with many jobs or companies, against few of both.

On SQLite by the CPU of this process, in which the database runs; on PostgreSQL, which runs elsewhere, by the clock.
"""

import gc
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from sqlalchemy.engine import Engine

from qbwc_service import orders
from qbwc_service.db import orders as order_table
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from tests.faults.world import World
from tests.orders import as_text

from . import past
from .databases import database, kinds
from .figures import Figure, Stopwatch
from .plans import Plans
from .trade import ALL, known_world, order, update

GROWTH = 1.2
FEW, MANY = 1_000, 100_000
OPERATIONS = {
    "authenticate": "an idle poll",
    "send_request": "claim (sendRequestXML)",
    "receive_response": "settle (receiveResponseXML)",
    "enqueue": "enqueue",
    "store": "an order taken in",
    "send": "an order sent",
}


def run(
    server: str | None = None,
    *,
    few: int = FEW,
    many: int = MANY,
    companies: int = 10_000,
    rounds: int = 15,
    plans: bool = False,
) -> list[Figure]:
    """With `plans` those of the largest shop are printed."""
    figures = []
    sizes = [(few, 0), (many, 0), (few, companies), (many, companies)]
    for kind, where in kinds(server):
        clock = time.process_time if where is None else time.perf_counter
        with ExitStack() as stack:
            shops = [_Shop.opened(stack.enter_context(database(where)), *size, clock) for size in sizes]
            for _ in range(rounds):
                for shop in shops:
                    gc.collect()
                    shop.trade()
            figures += _compared(kind, shops)
            explained = shops[-1].explained()
        growing = explained.growing()
        figures.append(
            Figure(f"{kind}: statements that read a whole table, or a company's whole past", len(growing), "", 0)
        )
        for statement in growing:
            print(f"{kind}, reads too much: {statement}", file=sys.stderr)
        if plans:
            print(f"{kind}, {many:,} jobs, {companies:,} companies\n{explained}\n")
    return figures


def _compared(kind: str, shops: "list[_Shop]") -> list[Figure]:
    figures = []
    for operation, name in OPERATIONS.items():
        base, *others = (median(shop.watch.spent[operation]) for shop in shops)
        figures.append(Figure(f"{kind}: {name}, {shops[0]}", base * 1000, "ms"))
        figures += [
            Figure(f"{kind}: {name}, {shop} / {shops[0]}", cost / base, "", GROWTH)
            for shop, cost in zip(shops[1:], others, strict=True)
        ]
    return figures


@dataclass
class _Shop:
    """A company with a past, that goes on trading."""

    world: World
    watch: Stopwatch
    jobs: int
    companies: int
    number: int = 1000

    @classmethod
    def opened(cls, engine: Engine, jobs: int, companies: int, clock: Callable[[], float]) -> "_Shop":
        world = known_world(engine)
        world.send(order(999), ALL)
        update(world)
        past.add_jobs(engine, jobs)
        past.add_companies(engine, companies)
        return cls(world, Stopwatch(clock), jobs, companies)

    def __str__(self) -> str:
        return f"{self.jobs:,} jobs" + (f" and {self.companies:,} companies" if self.companies else "")

    def trade(self, orders_each: int = 10, polls: int = 10) -> None:
        """Idle polls, orders that come in, and an update that posts them."""
        login = self.world.credentials.username, self.world.credentials.password, "127.0.0.1"
        for _ in range(polls):
            if self.watch.of("authenticate", self.world.service.sessions.authenticate, *login)[1] != "none":
                raise RuntimeError("not an idle poll")
        for _ in range(orders_each):
            read = self._read()
            self.watch.of("store", self._store, read)
            self.watch.of("send", self._send, read.number)
            self._enqueue()
        posting = Stopwatch(self.watch.clock)
        update(self.world, posting)
        for operation in ("send_request", "receive_response"):
            self.watch.spent[operation] += posting.spent[operation]

    def explained(self) -> Plans:
        """-> the plans of all that `trade` does."""
        plans, engine, sessions = Plans(), self.world.engine, self.world.service.sessions
        with plans.of("poll", engine):
            sessions.authenticate(self.world.credentials.username, self.world.credentials.password, "127.0.0.1")
        read = self._read()
        with plans.of("store", engine):
            self._store(read)
        with plans.of("send", engine):
            self._send(read.number)
        for _ in range(20):  # of more at once PostgreSQL may read the whole table, where it does not of one
            self._enqueue()
        with plans.of("update", engine):
            update(self.world)
        return plans

    def _read(self) -> orders.Order:
        (read,) = orders.read(as_text(order(self.number)))
        self.number += 1
        return read

    def _store(self, read: orders.Order) -> None:
        with self.world.engine.begin() as db:
            sending.store(db, self.world.company, read, self.world.clock.now)

    def _send(self, number: str) -> None:
        with self.world.engine.begin() as db:
            sending.send(db, self.world.company, number, ALL, self.world.clock.now)

    def _enqueue(self) -> None:
        """An order whose plan is made already; its jobs are asked for in a transaction of their own."""
        world, now = self.world, self.world.clock.now
        read = self._read()
        with world.engine.begin() as db:
            sending.store(db, world.company, read, now)
            plan = sending.preview(db, world.company, read.number, ALL)
            row = order_table.hold(db, world.company.id, read.number)
        if row is None:
            raise RuntimeError("the order was not stored")

        def enqueue() -> None:
            with world.engine.begin() as db:
                queue.enqueue(db, world.company.id, row.id, plan, now)

        self.watch.of("enqueue", enqueue)
