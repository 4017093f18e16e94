"""Messages to QuickBooks: the first order of a company with its lists, a later one, and a backlog."""

import math

from qbwc_service.simulator.tree import leaf
from tests.faults.world import World

from .databases import database
from .figures import Figure
from .trade import ALL, order, update


def run(server: str | None = None, *, accounts: int = 40, customers: int = 500, backlog: int = 1000) -> list[Figure]:
    """On SQLite: what is counted here is the same on both. The limit of 40 is for 1,000 orders."""
    with database(None) as engine:
        world = World.new(engine, 1)
        for number in range(accounts - len(world.books.accounts)):
            world.books.make("Account", f"Account {number}", leaf("AccountType", "Expense"))
        for number in range(customers):
            world.books.make("Customer", f"Customer {number}")
        world.send(order(1), ALL)
        first = len(update(world))
        _must_be_posted(world, 1)
        world.send(order(1 + 20), ALL)
        later = len(update(world))
        _must_be_posted(world, 2)
        for number in range(2, 2 + backlog):
            world.send({**order(number), "number": f"B{number}"}, ALL)
        many = len(update(world))
        _must_be_posted(world, 2 + backlog)
    return [
        Figure(f"first order, {accounts} accounts and {customers} customers", first, "messages", 6),
        Figure("a later order", later, "messages", 1),
        Figure(f"{backlog} waiting orders", many, "messages", math.ceil(40 * backlog / 1000)),
    ]


def _must_be_posted(world: World, orders: int) -> None:
    """A count of messages that left documents behind would tell nothing."""
    held = len(world.books.invoices), len(world.books.bills), len(world.books.purchase_orders)
    if held != (orders, orders, orders):
        raise RuntimeError(f"of {orders} orders QuickBooks holds {held} invoices, bills and purchase orders")
