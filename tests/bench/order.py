"""CPU of the service for an order out of a backlog, fully posted, against the floor (floor.py).

3 lines, a payment, a bill, a purchase order: 4 documents; all records are known. QuickBooks' answers are those of the
simulator, whose work is not counted; the naive program takes the very same ones.
"""

from dataclasses import dataclass, field

from sqlalchemy.engine import Engine

from tests.faults.world import World

from . import floor
from .databases import database, kinds
from .figures import Figure, Stopwatch, side_by_side
from .trade import ALL, Exchange, known_world, order, update


def run(server: str | None = None, *, orders: int = 200, rounds: int = 15) -> list[Figure]:
    figures = []
    for kind, where in kinds(server):
        with database(where) as engine:
            figures += _measure(kind, engine, orders, rounds)
    return figures


def _measure(kind: str, engine: Engine, orders: int, rounds: int) -> list[Figure]:
    books = floor.Books(engine)
    backlog = Backlog(known_world(engine), orders)
    found = side_by_side(rounds, backlog.post, lambda: backlog.post_naively(books))
    books.close()
    return [
        Figure(f"{kind}: an order posted", found.one / orders * 1000, "ms"),
        Figure(f"{kind}: the floor", found.other / orders * 1000, "ms"),
        Figure(f"{kind}: an order / the floor", found.ratio, "", 5),
        Figure(f"{kind}: an order taken in and sent, before", backlog.intake_ms, "ms"),
    ]


@dataclass
class Backlog:
    """Orders that wait, posted by the service; and again, as far as anyone can tell, by the naive program."""

    world: World
    orders: int
    intake_ms: float = 0.0
    exchanges: list[Exchange] = field(default_factory=list)
    _next: int = 1000

    def post(self) -> float:
        """-> CPU seconds of the service, from authenticate to closeConnection."""
        intake, posting = Stopwatch(), Stopwatch()
        for number in range(self._next, self._next + self.orders):
            intake.of("send", self.world.send, order(number), ALL)
        self._next += self.orders
        self.intake_ms = intake.total / self.orders * 1000
        held = len(self.world.books.invoices)
        self.exchanges = update(self.world, posting)
        if len(self.world.books.invoices) != held + self.orders:
            raise RuntimeError("orders were left behind")
        return posting.total

    def post_naively(self, books: floor.Books) -> float:
        sales = floor.sales([str(number) for number in range(self._next - self.orders, self._next)])
        watch = Stopwatch()
        watch.of("post", floor.post, books, sales, [exchange.answer for exchange in self.exchanges])
        return watch.total
