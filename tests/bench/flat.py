"""What claiming, settling, enqueuing and an idle poll cost with many jobs and companies, against few.

On SQLite by the CPU of this process, in which the database runs; on PostgreSQL, which runs elsewhere, by the clock.
"""

import gc
import time
from collections.abc import Callable
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
from .trade import ALL, known_world, order, update

GROWTH = 1.2
FEW, MANY = 1_000, 100_000
OPERATIONS = {
    "authenticate": "an idle poll",
    "send_request": "claim (sendRequestXML)",
    "receive_response": "settle (receiveResponseXML)",
    "enqueue": "enqueue",
    "send": "an order taken in and sent",
}


def run(
    server: str | None = None, *, few: int = FEW, many: int = MANY, companies: int = 10_000, rounds: int = 15
) -> list[Figure]:
    figures = []
    for kind, where in kinds(server):
        clock = time.process_time if where is None else time.perf_counter
        with database(where) as small, database(where) as large:
            one, other = _Shop.opened(small, few, 0, clock), _Shop.opened(large, many, companies, clock)
            for _ in range(rounds):
                for shop in (one, other):
                    gc.collect()
                    shop.trade()
        for operation, name in OPERATIONS.items():
            before, after = median(one.watch.spent[operation]), median(other.watch.spent[operation])
            figures.append(Figure(f"{kind}: {name}, {few:,} jobs", before * 1000, "ms"))
            figures.append(Figure(f"{kind}: {name}, {many:,} / {few:,}", after / before, "", GROWTH))
    return figures


@dataclass
class _Shop:
    """A company with a past, that goes on trading."""

    world: World
    watch: Stopwatch
    number: int = 1000

    @classmethod
    def opened(cls, engine: Engine, jobs: int, companies: int, clock: Callable[[], float]) -> "_Shop":
        world = known_world(engine)
        world.send(order(999), ALL)
        update(world)
        past.add_jobs(engine, jobs)
        past.add_companies(engine, companies)
        return cls(world, Stopwatch(clock))

    def trade(self, orders_each: int = 10, polls: int = 10) -> None:
        """Idle polls, orders that come in, and an update that posts them."""
        login = self.world.credentials.username, self.world.credentials.password, "127.0.0.1"
        for _ in range(polls):
            if self.watch.of("authenticate", self.world.service.sessions.authenticate, *login)[1] != "none":
                raise RuntimeError("not an idle poll")
        for _ in range(orders_each):
            self.watch.of("send", self.world.send, order(self.number), ALL)
            self._enqueue(self.number + 1)
            self.number += 2
        posting = Stopwatch(self.watch.clock)
        update(self.world, posting)
        for operation in ("send_request", "receive_response"):
            self.watch.spent[operation] += posting.spent[operation]

    def _enqueue(self, number: int) -> None:
        """An order whose plan is made already; its jobs are asked for in a transaction of their own."""
        world, now = self.world, self.world.clock.now
        (read,) = orders.read(as_text(order(number)))
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
