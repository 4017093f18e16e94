"""What is old and settled is forgotten; what is open, and what keeps orders from being doubled, never."""

import datetime as dt
import threading

import pytest
from sqlalchemy import func, select, text

from qbwc_service.db import audit, job_views, lists, pruning, tables
from qbwc_service.db import jobs as job_table
from qbwc_service.db.messages import answers, messages
from qbwc_service.keeping import prune
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from tests.faults.judge import judge
from tests.faults.world import World
from tests.ops.kept import held
from tests.orders import make_order
from tests.posting.test_quickbooks import poll

YEAR = 366 * 86400


@pytest.fixture
def world(engine):
    made = World.new(engine, 1)
    with made.gone():
        yield made


def prune_all(world, **options):
    return prune.prune(world.engine, world.clock.now - dt.timedelta(days=300), sleep=lambda _: None, **options)


def kept_texts(world):
    """-> how many posting messages have their bytes still, and how many answers there are."""
    with world.engine.connect() as db:
        bodies = select(func.count()).where(messages.c.purpose == "post", messages.c.body != "")
        return db.execute(bodies).scalar_one(), db.execute(select(func.count()).select_from(answers)).scalar_one()


def whole(world, *, but=()):
    """-> all rows of the tables that pruning must leave alone."""
    left = {"orders", "jobs", "job_needs", "links", "list_records", "list_reads", "companies", "connections", "parties"}
    with world.engine.connect() as db:
        return {
            name: sorted(map(repr, db.execute(select(tables.metadata.tables[name])).all()))
            for name in sorted(left - set(but))
        }


def test_old_and_settled_texts_go_and_all_else_stays(world):
    poll(world)
    world.send(make_order("1"))
    poll(world)
    with world.engine.begin() as db:
        audit.put(db, now=world.clock.now, who="a", act="order.sent", about="1", company_id=world.company.id)
    world.clock.advance(YEAR)
    world.send(make_order("2"))
    poll(world)
    with world.engine.begin() as db:
        audit.put(db, now=world.clock.now, who="a", act="order.sent", about="2", company_id=world.company.id)
    before, texts = whole(world), kept_texts(world)
    would = prune_all(world, dry_run=True)
    assert whole(world) == before
    assert kept_texts(world) == texts
    assert prune_all(world) == would
    assert all(would[name] > 0 for name in ("history", "answers", "message bodies", "queries", "sessions"))
    assert would["audit trail"] == 1
    assert set(prune_all(world).values()) == {0}
    assert whole(world) == before
    assert kept_texts(world) < texts
    with world.engine.connect() as db:
        new = job_table.by_records(db, world.company.id, ["invoice:2"])["invoice:2"]
        assert job_views.history_of(db, new.id)
        assert [row.about for row in audit.listed(db)] == ["2"]


def test_after_a_pruning_nothing_is_posted_twice(world):
    poll(world)
    world.send(make_order("1"))
    poll(world)
    stands = held(world.books)
    world.clock.advance(2 * YEAR)
    prune_all(world)
    world.send(make_order("1"))  # handed over again
    world.send(make_order("2"))
    poll(world)
    assert held(world.books) >= stands
    assert set(held(world.books).values()) == {1}
    assert len(world.books.customers) == 1
    assert judge(world).faults == []
    with world.engine.connect() as db:
        assert lists.links_of(db, world.company.id, ["customer:C-17"])


def test_message_ids_go_on_where_they_were_though_all_is_pruned(world):
    poll(world)
    world.send(make_order("1"))
    poll(world)
    world.clock.advance(2 * YEAR)
    (known,) = map(set, world.books.message_sets.kept.values())
    prune_all(world)
    world.send(make_order("2"))
    poll(world)
    with world.engine.connect() as db:
        used = set(db.execute(select(messages.c.set_id).where(messages.c.set_id.is_not(None))).scalars())
    assert len(used) == len(known) + 1
    assert used > known


def test_what_is_in_doubt_keeps_its_bytes_however_old(world):
    poll(world)
    world.send(make_order("1"))
    connector = world.connector()
    connector.login()
    connector.process(connector.fetch())  # the answer never comes
    world.clock.advance(2 * YEAR)
    world.connector().login()
    before = whole(world)
    prune_all(world)
    assert whole(world) == before
    assert kept_texts(world)[0] == 1
    poll(world)
    poll(world)
    assert set(held(world.books).values()) == {1}
    assert judge(world).faults == []


def test_what_a_person_must_decide_keeps_its_history_and_its_evidence(world):
    poll(world)
    world.books.faults.refuse_next("InvoiceAdd", 3140, "no such account")
    world.send(make_order("1"))
    poll(world)
    world.clock.advance(2 * YEAR)
    with world.engine.connect() as db:
        invoice = job_table.by_records(db, world.company.id, ["invoice:1"])["invoice:1"]
        before = job_views.history_of(db, invoice.id)
    prune_all(world)
    assert kept_texts(world)[1] >= 1
    with world.engine.begin() as db:
        assert job_views.history_of(db, invoice.id) == before
        queue.retry(db, job_table.hold(db, [invoice.id]), world.clock.now)
    poll(world)
    with world.engine.connect() as db:
        assert sending.state_of(db, world.company, "1")[0] == "posted"


def test_it_goes_in_pieces_beside_a_service_that_writes(world, monkeypatch):
    monkeypatch.setattr(prune, "AT_ONCE", 7)
    poll(world)
    for number in range(6):
        world.send(make_order(str(number)))
    poll(world)
    world.clock.advance(2 * YEAR)
    pauses = []
    stop, failures = threading.Event(), []

    def write():
        number = 100
        while not stop.is_set():
            try:
                world.send(make_order(str(number)))
            except Exception as error:
                failures.append(error)
                return
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        gone = prune.prune(world.engine, world.clock.now - dt.timedelta(days=300), sleep=pauses.append)
    finally:
        stop.set()
        writer.join()
    assert failures == []
    assert gone["history"] > 14
    assert len(pauses) > 2
    poll(world)
    assert set(held(world.books).values()) == {1}


def test_each_piece_is_found_by_an_index(world):
    if world.engine.dialect.name != "sqlite":
        return
    world.send(make_order("1"))
    with world.engine.connect() as db:
        for kind in pruning.KINDS:
            statement = kind.rows(world.clock.now).where(kind.id > 0).order_by(kind.id).limit(10)
            compiled = statement.compile(world.engine, compile_kwargs={"literal_binds": True})
            plan = [row[3] for row in db.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
            assert plan[0].startswith("SEARCH"), (kind.name, plan)
            assert not [step for step in plan if "TEMP B-TREE FOR ORDER" in step], (kind.name, plan)


def test_the_command_tells_what_went(alone):
    told = alone.qbwc.data("prune", "--keep-days", "30", "--dry-run")
    assert set(told["gone"]) == {kind.name for kind in pruning.KINDS}
    assert told["dry_run"] is True
    assert "audit trail" in alone.qbwc.ok("prune")
    assert alone.qbwc.run("prune", "--keep-days", "3").returncode == 2
