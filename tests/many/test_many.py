"""Several processes of the service at once: nothing is posted twice, nothing is left, nobody stands in another's way.

How much faster more processes are is for `python -m tests.bench many`.
"""

import itertools
import pathlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from qbwc_service import orders
from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine
from qbwc_service.posting import send as sending
from tests.bench.trade import ALL, order
from tests.bench.trade import update as poll
from tests.faults.world import World
from tests.orders import as_text

from .crowd import Tally
from .fleet import Member, complaints, running
from .office import Office, found
from .trading import judge, trade


@contextmanager
def served(url: str, folder: pathlib.Path, processes: int = 2) -> Iterator[tuple[Engine, list[Member]]]:
    """On SQLite the processes make the tables, all of them at once; PostgreSQL has them before."""
    engine = open_engine(url)
    try:
        if engine.dialect.name == "postgresql":
            schema.migrate(engine)
        with running(folder, url, processes) as members:
            yield engine, members
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    """-> a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.sqlite3'}"
    return str(request.getfixturevalue("postgres_url"))


def test_two_processes_and_thirty_connectors_post_each_order_once(url, tmp_path):
    tally = Tally()
    with served(url, tmp_path) as (engine, members):
        offices = found(engine, count=18, contested=6)
        assert sum(office.connectors for office in offices) == 30
        commands = threading.Thread(target=command, args=(members, offices[:6:3], tally))
        commands.start()
        day = trade(offices, [member.port for member in members], tally, [1, 21], pause=0.3)
        commands.join()
        assert (day.orders, tally.wrong) == (18 * 2, [])
        trade(offices, [member.port for member in members], tally, [22], pause=0.3)  # and all that commands sent
        assert (tally.wrong, judge(engine, offices), complaints(members)) == ([], [], [])
        assert tally.counts["updates ended by another connector"] > 0
        if engine.dialect.name == "postgresql":
            assert deadlocks(engine) == 0


def command(members: Sequence[Member], offices: Sequence[Office], tally: Tally) -> None:
    for member, office, number in zip(itertools.cycle(members), offices, (100, 101), strict=False):
        done = member.qbwc.run("order", "add", office.name, "-", "--send", stdin=as_text(order(number)))
        office.sent[str(number)] = 0.0
        if done.returncode:
            tally.blame(f"{office.name}: {done.stdout}{done.stderr}")


def deadlocks(engine: Engine) -> int:
    """-> as PostgreSQL counts them."""
    with engine.connect() as db:
        return int(
            db.execute(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).scalar_one()
        )


def test_what_is_sent_while_that_which_it_needs_is_settled_does_not_wait_for_ever(engine):
    """Neither transaction sees what the other one writes: so one of them must wait."""
    world = World.new(engine, 1)
    poll(world)  # QuickBooks' lists
    world.send(order(1), ALL)
    first = world.connector()
    assert first.login()
    first.process(first.fetch())  # and its answer is lost: the customer, the items and the rest are in doubt
    second = world.connector()
    assert second.login()
    found_there = second.process(second.fetch())
    (read,) = orders.read(as_text(order(21)))  # of the same customer
    with engine.begin() as db:
        sending.store(db, world.company, read, world.clock.now)
        sending.send(db, world.company, read.number, ALL, world.clock.now)
        settling = threading.Thread(target=second.bring, args=(found_there,))
        settling.start()
        settling.join(1)
    settling.join()
    second.close()
    poll(world)
    assert {invoice.ref_number for invoice in world.books.invoices} == {"1", "21"}
    assert len(world.books.invoices) == 2
    assert len(world.books.bills) == 2
