"""What the benchmarks measure with: orders of four documents, and updates in which nothing goes wrong."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Engine

from qbwc_service.posting.plan import Choices
from tests.faults.world import World
from tests.orders import make_order

from .figures import Stopwatch

ALL = Choices(bill=True, purchase_order=True)
CUSTOMERS = 20


def order(number: int) -> dict[str, Any]:
    """-> 3 lines, a payment, one supplier's bill and purchase order: 4 documents, once the records are known."""
    customer = number % CUSTOMERS
    lines = [
        {
            "product_number": f"A71{line:02}",
            "description": "Almond - 11 oz/Stoneware",
            "quantity": str(10 + number % 90),
            "rate": "2.30",
            "supplier_id": "S-3",
            "cost": "1.15",
        }
        for line in range(3)
    ]
    return make_order(
        str(number),
        customer={"id": f"C-{customer}", "name": f"ABC Company {customer}", "email": "ap@abc.example"},
        lines=lines,
        payments=[{"id": "P-1", "date": "2026-11-20", "amount": "20.00", "method": "Check", "reference": str(number)}],
        discount=None,
    )


def known_world(engine: Engine) -> World:
    """-> a company that has read its lists and posted an order of each customer: what follows needs no new record."""
    world = World.new(engine, time.monotonic_ns())
    for number in range(CUSTOMERS):
        world.send(order(number), ALL)
    update(world)
    return world


@dataclass(frozen=True)
class Exchange:
    message: str
    answer: str


def update(world: World, watch: Stopwatch | None = None) -> list[Exchange]:
    """One update of the Web Connector; -> what went to QuickBooks, and its answers.

    `watch` is told what each call cost the service; what QuickBooks does meanwhile is not counted.
    """
    watch = watch or Stopwatch()
    sessions, books = world.service.sessions, world.books
    login = world.credentials.username, world.credentials.password, "127.0.0.1"
    ticket, file = watch.of("authenticate", sessions.authenticate, *login)
    if file == "none":
        return []
    exchanges: list[Exchange] = []
    percent, host = 0, books.host_xml()
    while percent != 100:
        message = watch.of("send_request", sessions.send_request, ticket, host, books.file_name, "US", 16, 0)
        host = ""  # told once a session
        answer = books.process(message, session=ticket)
        exchanges.append(Exchange(message, answer))
        percent = watch.of("receive_response", sessions.receive_response, ticket, answer, "", "")
        if percent < 0:
            raise RuntimeError(f"QuickBooks' answer was not taken: {sessions.last_error(ticket)}")
    watch.of("close", sessions.close, ticket)
    books.end_session(ticket)
    return exchanges
