"""Every outcome is told to webhooks, in the transaction that makes it; nothing else is."""

from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from qbwc_service.db import job_changes
from qbwc_service.db import jobs as job_table
from qbwc_service.db import webhooks as webhook_table
from qbwc_service.db.jobs import Change
from qbwc_service.db.states import Event, State
from qbwc_service.posting import queue
from tests.bench.trade import update
from tests.faults.world import World
from tests.orders import make_order

from .outside import Receiver
from .world import deliver, deliveries, listen, post_an_order


def jobs_of(world: World, state: str) -> list[Any]:
    with world.engine.connect() as db:
        return list(db.execute(select(job_table.jobs).where(job_table.jobs.c.state == state)).all())


def test_what_quickbooks_saved_is_told_with_its_numbers_and_a_right_signature(
    engine: Engine, receiver: Receiver
) -> None:
    world = World.new(engine, 1)
    listen(world, receiver)
    post_an_order(world)
    while deliver(world):
        pass
    assert all(one.signed_right for one in receiver.got)
    assert {one.removeprefix("document.posted ").split(":")[0] for one in receiver.events} == {
        "customer",
        "item",
        "invoice",
        "method",
        "payment",
        "vendor",
        "bill",
        "purchase_order",
    }
    assert len(receiver.events) == len(set(receiver.events)) == 9
    (invoice,) = (one for one in receiver.got if one.event["record"] == "invoice:1001")
    (held,) = world.books.invoices
    assert invoice.event == {
        "id": invoice.id,
        "event": "document.posted",
        "at": "2026-11-24T12:00:00+00:00",
        "company": world.company.name,
        "order": "1001",
        "job": invoice.event["job"],
        "kind": "Invoice",
        "record": "invoice:1001",
        "name": None,
        "ref_number": "1001",
        "total": "218.50",
        "txn_id": held.txn_id,
        "list_id": None,
        "status_code": 0,
        "explanation": None,
    }
    assert invoice.headers["content-type"] == "application/json"
    assert invoice.headers["host"] == f"localhost:{receiver.port}"


def test_what_needs_a_person_is_told_with_the_reason(world: World, receiver: Receiver) -> None:
    post_an_order(world)
    listen(world, receiver)
    world.books.faults.refuse_next("InvoiceAdd", 3180, "There was an error when saving.")
    post_an_order(world, "1002")
    deliver(world)
    (invoice,) = (one.event for one in receiver.got if one.event["event"] == "document.attention")
    assert (invoice["record"], invoice["status_code"], invoice["txn_id"]) == ("invoice:1002", 3180, None)
    assert "There was an error when saving." in invoice["explanation"]


def test_what_a_person_cancels_is_told_with_what_cannot_be_without_it(engine: Engine, receiver: Receiver) -> None:
    world = World.new(engine, 1)
    post_an_order(world)
    listen(world, receiver)
    world.send(make_order("1002"))
    with engine.begin() as db:
        invoice = job_table.by_records(db, world.company.id, ["invoice:1002"])["invoice:1002"]
        queue.cancel(db, [invoice], world.clock.now)
    deliver(world)
    assert sorted(receiver.events) == ["document.cancelled invoice:1002", "document.cancelled payment:1002:P-1"]


def test_what_a_person_links_and_what_recovery_finds_is_told(world: World, receiver: Receiver) -> None:
    post_an_order(world)
    listen(world, receiver)
    world.send(make_order("1002", customer={"id": "C-99", "name": "Another"}))
    with world.engine.begin() as db:
        queue.link(db, world.company.id, "customer:C-99", "80000001-1", "ABC Company", world.clock.now)
    deliver(world)
    assert receiver.events == ["document.posted customer:C-99"]
    connector = world.connector()
    world.send(make_order("1003"))
    connector.login()
    connector.process(connector.fetch())  # the answer is lost
    update(world)
    deliver(world)
    assert "document.posted invoice:1003" in receiver.events


def test_a_transaction_that_was_saved_twice_is_told(world: World, receiver: Receiver) -> None:
    post_an_order(world)
    listen(world, receiver)
    with world.engine.begin() as db:
        job = job_table.by_records(db, world.company.id, ["invoice:1001"])["invoice:1001"]
        doubled = Change(job.id, Event.DOUBLED, State.ATTENTION, columns=(("explanation", "saved twice"),))
        job_changes.apply(db, [doubled], world.clock.now)
    deliver(world)
    (told,) = receiver.got
    assert (told.event["event"], told.event["explanation"]) == ("document.attention", "saved twice")


def test_a_new_order_that_replaces_one_tells_what_is_dropped(engine: Engine, receiver: Receiver) -> None:
    world = World.new(engine, 1)
    listen(world, receiver)
    world.send(make_order("1001"))
    mine = [job for job in jobs_of(world, "waiting") if job.kind not in queue.LIST_KINDS]
    with engine.begin() as db:
        queue.cancel(db, mine, world.clock.now)
    while deliver(world):
        pass
    cancelled = set(receiver.events)
    assert "document.cancelled invoice:1001" in cancelled
    assert "document.cancelled customer:C-17" not in cancelled
    world.send(make_order("1001", customer={"id": "C-18", "name": "Another"}))
    while deliver(world):
        pass
    assert "document.cancelled customer:C-17" in receiver.events
    assert len(receiver.events) == len(set(receiver.events))


def test_the_reading_of_lists_is_told_to_nobody(world: World, receiver: Receiver) -> None:
    listen(world, receiver)
    update(world)
    assert jobs_of(world, "posted") != []
    assert deliveries(world) == []


def test_what_is_rolled_back_is_not_told(world: World, receiver: Receiver) -> None:
    listen(world, receiver)
    world.send(make_order("1001"))
    with world.engine.connect() as db:
        jobs = job_table.by_records(db, world.company.id, ["invoice:1001"])
        queue.cancel(db, list(jobs.values()), world.clock.now)
        db.rollback()
    assert deliveries(world) == []


def test_each_webhook_of_the_company_hears_of_it_and_no_other_one(world: World, receiver: Receiver) -> None:
    other = World.new(world.engine, 2)
    removed = listen(world, receiver)
    with world.engine.begin() as db:
        webhook_table.remove(db, world.company.id, removed, world.clock.now)
    first, second, _ = listen(world, receiver), listen(world, receiver), listen(other, receiver)
    world.send(make_order("1001"))
    with world.engine.begin() as db:
        jobs = job_table.by_records(db, world.company.id, ["payment:1001:P-1"])
        queue.cancel(db, list(jobs.values()), world.clock.now)
    told = deliveries(world)
    assert [row.webhook_id for row in told] == [second, first]
    assert len({row.event_id for row in told}) == 1
    assert deliveries(other) == []


def test_jobs_of_two_companies_that_change_at_once_are_told_to_each_its_own(engine: Engine, receiver: Receiver) -> None:
    world, other = World.new(engine, 1), World.new(engine, 2)
    for one in (world, other):
        listen(one, receiver)
        one.send(make_order("1001"))
    with engine.begin() as db:
        jobs = [
            job_table.by_records(db, one.company.id, ["payment:1001:P-1"])["payment:1001:P-1"] for one in (world, other)
        ]
        queue.cancel(db, jobs, world.clock.now)
    assert len(deliveries(world)) == len(deliveries(other)) == 1
    assert world.company.name in deliveries(world)[0].body
    assert other.company.name in deliveries(other)[0].body


def test_without_a_webhook_a_message_costs_one_look_more(world: World) -> None:
    post_an_order(world)
    for number in range(1002, 1022):
        world.send(make_order(str(number)))
    looks: list[str] = []

    def see(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "webhook" in statement:
            looks.append(statement)

    event.listen(world.engine, "before_cursor_execute", see)
    update(world)
    event.remove(world.engine, "before_cursor_execute", see)
    assert len(world.books.invoices) == 21
    assert len(looks) == 1
