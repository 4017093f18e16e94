"""Orders in lists: each under the state that its own page shows, found by the indexes that are there for it."""

import datetime as dt
import random

import pytest
from sqlalchemy import event, insert, update

from qbwc_service.companies import account
from qbwc_service.db import job_views, order_views, schema
from qbwc_service.db import orders as table
from qbwc_service.db.engine import open_engine
from qbwc_service.db.jobs import jobs, needs
from qbwc_service.db.states import OrderState, State
from qbwc_service.posting import queue
from qbwc_service.posting import send as sending
from qbwc_service.secrets import Keys

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def put_company(db, name="ABC"):
    return account.add(db, Keys("k" * 40), name, None, 5, NOW)[0].id


def put_order(db, owner, number, customer="ABC Company", *, sent=False):
    new = table.NewOrder(number, "C-1", customer, completed_at=NOW, content="{}", checksum="")
    table.put(db, owner, [new], NOW)
    order_id = table.by_number(db, owner, number).id
    if sent:
        table.mark_sent(db, order_id, NOW)
    return order_id


def put_job(db, owner, order_id, record, state, *needed, name=None, superseded=False):
    values = {"priority": 0, "kind": "Invoice", "request": "InvoiceAdd", "created_at": NOW}
    job_id = db.execute(
        insert(jobs)
        .values(
            company_id=owner,
            order_id=order_id,
            record=record,
            state=state,
            name=name,
            changed_at=NOW,
            superseded_at=NOW if superseded else None,
            **values,
        )
        .returning(jobs.c.id)
    ).scalar_one()
    if needed:
        db.execute(insert(needs), [{"job_id": job_id, "needs_id": need} for need in needed])
    return job_id


def numbers(db, owner, **wanted):
    return [row.number for row in order_views.listed(db, owner, **wanted)]


def test_the_latest_order_comes_first_and_pages_follow_each_other(engine):
    with engine.begin() as db:
        owner, other = put_company(db), put_company(db, "Other")
        for number in range(7):
            put_order(db, owner, str(number))
            put_order(db, other, str(number))
        first = order_views.listed(db, owner, limit=3)
        second = order_views.listed(db, owner, limit=3, before=first[-1].id)
        assert [row.number for row in (*first, *second)] == ["6", "5", "4", "3", "2", "1"]
        assert numbers(db, owner, limit=3, before=second[-1].id) == ["0"]


def test_a_search_finds_the_beginning_of_a_number_and_any_part_of_a_name(engine):
    wanted = {
        "10": ["1002", "1001", "77"],
        "002": [],
        "abc": ["1001"],
        "ABC C": ["1001"],
        "ompañ": ["1002"],
        "OMPAÑ": ["1002"],
        "100%": ["77"],
        "_": [],
        "/": ["77"],
    }
    with engine.begin() as db:
        owner = put_company(db)
        put_order(db, owner, "77", "100% Wool / Linen")
        put_order(db, owner, "1001", "ABC Company")
        put_order(db, owner, "1002", "Compañía")
        assert {search: numbers(db, owner, search=search) for search in wanted} == wanted


def test_an_order_waits_for_a_record_that_another_order_asked_for(engine):
    with engine.begin() as db:
        owner = put_company(db)
        one, two = put_order(db, owner, "1", sent=True), put_order(db, owner, "2", sent=True)
        customer = put_job(db, owner, one, "customer:C-1", State.POSTED, name="ABC Company")
        put_job(db, owner, one, "invoice:1", State.POSTED, customer)
        put_job(db, owner, two, "invoice:2", State.POSTED, customer)
        assert numbers(db, owner, state=OrderState.POSTED) == ["2", "1"]
        for state, word in ((State.READY, OrderState.WAITING), (State.ATTENTION, OrderState.ATTENTION)):
            db.execute(update(jobs).where(jobs.c.id == customer).values(state=state))
            assert numbers(db, owner, state=word) == ["2", "1"]
            assert numbers(db, owner, state=OrderState.POSTED) == []


def test_the_list_of_a_state_holds_just_the_orders_that_are_in_it(engine):
    draw = random.Random(5)
    with engine.begin() as db:
        owners = [put_company(db, name) for name in ("One", "Two")]
        truth = {owner: make_some(db, draw, owner) for owner in owners}
        for owner in owners:
            ids = {row.id: row.number for row in order_views.listed(db, owner, limit=1000)}
            told = sending.states_of(db, owner, list(ids))
            assert {ids[order_id]: state for order_id, state in told.items()} == truth[owner]
            for state in OrderState:
                expected = [number for number in ids.values() if truth[owner][number] == state]
                assert numbers(db, owner, state=state, limit=1000) == expected
                assert numbers(db, owner, state=state, limit=1000, search="1") == [
                    number for number in expected if number.startswith("1")
                ]
        assert sending.states_of(db, owners[0], list(ids)) == {}, "another company's"


def make_some(db, draw, owner):
    """-> the state of each order that is made, as its own page has it."""
    states = [State.POSTED] * 6 + list(State)
    records: list[int] = []
    ids = {}
    for number in range(120):
        sent = draw.random() < 0.85
        order_id = ids[str(number)] = put_order(db, owner, str(number), sent=sent)
        if sent or draw.random() < 0.5:  # replaced, after a record of it had left
            for kind in range(draw.randint(0, 2)):
                record = f"item:{number}.{kind}"
                records.append(put_job(db, owner, order_id, record, draw.choice(states), name=record))
        if draw.random() < 0.2:
            put_job(db, owner, order_id, f"invoice:{number}", State.CANCELLED, *records[-2:], superseded=True)
        if sent:
            for kind in ("invoice", "bill")[: draw.randint(1, 2)]:
                needed = draw.sample(records, min(len(records), draw.randint(0, 3)))
                put_job(db, owner, order_id, f"{kind}:{number}", draw.choice(states), *needed)
    found = {}
    for number, order_id in ids.items():
        row = table.by_number(db, owner, number)
        documents = job_views.of_order(db, owner, order_id)
        found[number] = queue.order_state(row.sent_at is not None, [job.state for job in documents])
    assert set(found.values()) == set(OrderState)
    return found


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    opened = open_engine(f"sqlite:///{tmp_path_factory.mktemp('orders') / 'orders.sqlite3'}")
    schema.migrate(opened)
    yield opened
    opened.dispose()


def test_no_list_reads_all_that_was_ever_posted(sqlite):
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(str(row[-1]) for row in rows)

    with sqlite.begin() as db:
        owner = put_company(db)
        order_id = put_order(db, owner, "1", sent=True)
    event.listen(sqlite, "before_cursor_execute", explain)
    try:
        with sqlite.connect() as db:
            for state in (None, *OrderState):
                for search in ("", "abc"):
                    for before in (None, 7):
                        order_views.listed(db, owner, search=search, state=state, before=before)
            sending.states_of(db, owner, [order_id])
            job_views.of_order(db, owner, order_id)
    finally:
        event.remove(sqlite, "before_cursor_execute", explain)
    read_whole = [plan for plan in plans if plan.startswith("SCAN") and "VIRTUAL TABLE" not in plan]  # ids as JSON
    assert read_whole + [plan for plan in plans if "ix_jobs_recent" in plan] == []
    for index in ("ix_orders_new", "ix_orders_recent", "ix_orders_search", "ix_jobs_unfinished", "ix_jobs_trouble"):
        assert any(index in plan for plan in plans), index
    assert not any("ix_orders_search" in plan and "COVERING" not in plan for plan in plans)
