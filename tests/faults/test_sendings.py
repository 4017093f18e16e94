"""A message that left more than once: an answer tells of one of its sendings, and QuickBooks is asked about all."""

import pytest
from sqlalchemy import select

from qbwc_service.db.jobs import jobs
from qbwc_service.posting.plan import Choices
from tests.faults.world import World, fresh
from tests.orders import make_order


@pytest.fixture
def world(tmp_path):
    engine = fresh(f"sqlite:///{tmp_path / 'sendings.sqlite3'}")
    made = World.new(engine, 1)
    with made.gone():
        yield made
    engine.dispose()


@pytest.fixture
def connector(world):
    """One that has read the lists already."""
    made = world.connector()
    world.send(make_order("1000"))
    run(made)
    return made


def run(connector):
    """An update without faults."""
    if not connector.login():
        return
    while message := connector.fetch():
        if connector.bring(connector.process(message)) in (100, -1):
            break
    connector.close()


def left_unanswered(connector, *, carried_out):
    """A session that breaks off behind a message of Adds; -> its ticket, and QuickBooks' answer if it gave one."""
    assert connector.login()
    while "Add" not in (message := connector.fetch()):
        connector.bring(connector.process(message))
    return message, connector.ticket, connector.process(message) if carried_out else None


def job(world, record):
    with world.engine.connect() as db:
        return db.execute(select(jobs).where(jobs.c.record == record)).one()


def test_a_late_refusal_of_the_first_sending_is_not_taken_for_the_second(world, connector):
    world.books.message_sets.capacity = 0
    world.send(make_order("1001", payments=None), Choices())
    world.books.faults.refuse_next("InvoiceAdd", 3176)
    first, ticket, refusal = left_unanswered(connector, carried_out=True)
    second, _, saved = left_unanswered(connector, carried_out=True)
    assert second == first
    assert saved[0].count("<InvoiceRet>") == 1
    world.service.call("receive_response", ticket, *refusal)
    world.clock.advance(4000)
    run(connector)
    run(connector)
    assert [txn.ref_number for txn in world.books.invoices] == ["1000", "1001"]
    assert job(world, "invoice:1001").state == "posted"


def test_what_two_sendings_made_stands_before_a_person_with_both_numbers(world, connector):
    """Held up on its way, looked up in vain, sent again and half carried out before QuickBooks died, and then there
    after all: no sender can keep that from happening; but it must not stay unseen."""
    world.books.message_sets.capacity = 0
    world.send(make_order("1001"))
    held_up, ticket, _ = left_unanswered(connector, carried_out=False)
    left_unanswered(connector, carried_out=True)
    late = connector.process(held_up)
    world.service.call("receive_response", ticket, *late)
    run(connector)
    made = [txn.txn_id for txn in world.books.invoices if txn.ref_number == "1001"]
    assert len(made) == 2
    told = job(world, "invoice:1001")
    assert told.state == "attention"
    assert all(txn_id in told.explanation for txn_id in made)


def test_what_was_saved_under_a_second_sending_is_looked_up_once_and_adopted(world, connector):
    world.send(make_order("1001"))
    left_unanswered(connector, carried_out=False)
    run(connector)
    assert [txn.ref_number for txn in world.books.invoices] == ["1000", "1001"]
    told = job(world, "invoice:1001")
    assert (told.state, told.txn_id) == ("posted", world.books.invoices[-1].txn_id)
