"""A message that left more than once: an answer tells of one of its sendings, and QuickBooks is asked about all."""

import pytest
from sqlalchemy import select

from qbwc_service.db.jobs import jobs
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
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


def test_what_quickbooks_holds_twice_is_cancelled_and_sent_again_and_yet_not_there_thrice(world, connector):
    """Whoever cancels instead of retrying has nothing looked up; so that is done before another sending."""
    world.books.message_sets.capacity = 0
    world.send(make_order("1001"))
    held_up, ticket, _ = left_unanswered(connector, carried_out=False)
    left_unanswered(connector, carried_out=True)
    world.service.call("receive_response", ticket, *connector.process(held_up))
    run(connector)
    for choices in (Choices(), Choices(invoice=False, bill=True), Choices()):  # also when it was left out in between
        with world.engine.begin() as db:
            stuck = db.execute(select(jobs).where(jobs.c.record == "invoice:1001", jobs.c.state == "attention")).all()
            queue.cancel(db, stuck, world.clock.now)
        with world.engine.begin() as db:
            sending.send(db, world.company, "1001", choices, world.clock.now)
    world.clock.advance(4000)
    run(connector)
    assert len([txn for txn in world.books.invoices if txn.ref_number == "1001"]) == 2
    with world.engine.connect() as db:
        current = db.execute(select(jobs).where(jobs.c.record == "invoice:1001", jobs.c.superseded_at.is_(None))).one()
    assert (current.state, current.attempts) == ("attention", 0)


def test_an_invoice_that_is_recognised_with_another_total_says_so(world, connector):
    world.send(make_order("1001", payments=None), Choices())
    left_unanswered(connector, carried_out=True)
    (invoice,) = [txn for txn in world.books.invoices if txn.ref_number == "1001"]
    with world.engine.begin() as db:
        db.execute(jobs.update().where(jobs.c.record == "invoice:1001").values(total="250.00"))
    run(connector)
    told = job(world, "invoice:1001")
    assert (told.state, told.txn_id) == ("posted", invoice.txn_id)
    assert "with the total 218.50, and the order comes to 250.00" in told.explanation
