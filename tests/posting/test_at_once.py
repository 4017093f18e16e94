"""Two at once: what one does while the other is under way; on both databases, which wait differently."""

import json
import threading
import time

import pytest

from qbwc_service import orders
from qbwc_service.companies import preferences
from qbwc_service.db import companies, job_changes
from qbwc_service.db import jobs as job_table
from qbwc_service.db.jobs import Change
from qbwc_service.db.lists import List
from qbwc_service.db.states import Event, State
from qbwc_service.posting import queue, removal
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices
from tests.faults.world import World
from tests.orders import make_order
from tests.posting.test_quickbooks import job, poll


@pytest.fixture
def world(engine):
    made = World.new(engine, 1)
    with made.gone():
        yield made


def store(world, number="1001"):
    (read,) = orders.read(json.dumps(make_order(number)))
    with world.engine.begin() as db:
        return sending.store(db, world.company, read, world.clock.now)


def meanwhile(world, first, second):
    """`first` is done, and committed only when `second`, in another thread, waits for it; -> what became of it."""
    outcome = []

    def run():
        try:
            with world.engine.begin() as db:
                outcome.append(second(db))
        except Exception as error:
            outcome.append(error)

    other = threading.Thread(target=run)
    with world.engine.begin() as db:
        first(db)
        other.start()
        time.sleep(0.3)
        assert outcome == []
    other.join(timeout=30)
    return outcome[0]


def test_what_is_sent_while_the_company_is_removed_is_not_queued_for_ever(world):
    store(world)
    became = meanwhile(
        world,
        lambda db: removal.remove(db, world.company, world.clock.now),
        lambda db: sending.send(db, world.company, "1001", Choices(), world.clock.now),
    )
    assert isinstance(became, sending.Removed)
    with world.engine.connect() as db:
        assert db.execute(job_table.jobs.select().where(job_table.jobs.c.order_id.is_not(None))).all() == []
    with pytest.raises(sending.Removed):
        store(world, "1002")


def test_the_settings_that_hold_when_it_is_sent_are_those_it_is_sent_with(world):
    store(world)
    wanted = preferences.dump(preferences.Preferences(tax=preferences.Tax.ITEM_ALWAYS))
    added = meanwhile(
        world,
        lambda db: (companies.lock(db, world.company.id), companies.save_settings(db, world.company.id, wanted)),
        lambda db: sending.send(db, world.company, "1001", Choices(), world.clock.now),
    )
    assert added > 0
    assert job(world, "item:total sales tax").state == "ready"


def test_a_customer_that_a_poll_is_taking_is_not_linked_to_another(world):
    world.books.make("Customer", "Another Inc")
    poll(world)
    world.send(make_order("1001"), Choices())
    customer = job(world, "customer:C-17")

    def take(db):
        job_table.hold(db, [customer.id])
        job_changes.apply(db, [Change(customer.id, Event.CLAIMED, State.IN_FLIGHT)], world.clock.now)

    became = meanwhile(
        world,
        take,
        lambda db: sending.link(db, world.company, "customer:C-17", List.CUSTOMER, "Another Inc", world.clock.now),
    )
    assert isinstance(became, queue.NotNow)
    assert job(world, "customer:C-17").state == "in_flight"


def test_an_order_that_six_send_at_the_same_moment_is_sent_once(world):
    store(world)
    ready, added = threading.Barrier(6), []

    def send():
        ready.wait(timeout=30)
        with world.engine.begin() as db:
            number = sending.send(db, world.company, "1001", Choices(bill=True, purchase_order=True), world.clock.now)
        added.append(number)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(added)[:5] == [0] * 5
    with world.engine.connect() as db:
        mine = db.execute(job_table.jobs.select().where(job_table.jobs.c.order_id.is_not(None))).all()
    assert len(mine) == max(added) == len({one.record for one in mine})
    poll(world)
    assert len(world.books.invoices) == 1
