"""The job table: a claim takes what may leave, once, after what it needs; whatever happened before."""

import datetime as dt
import random
import threading
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from qbwc_service.companies import account
from qbwc_service.db import job_changes, schema
from qbwc_service.db import jobs as table
from qbwc_service.db.engine import open_engine
from qbwc_service.db.jobs import Change, NewJob
from qbwc_service.db.states import BLOCKING, CLAIMABLE, NEXT, Event, Forbidden, State, after
from qbwc_service.secrets import Keys

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def company(engine, name="ABC"):
    with engine.begin() as db:
        return account.add(db, Keys("k" * 40), name, None, 5, NOW)[0].id


def job(record, *needs):
    return NewJob(record, "Invoice", "InvoiceAdd", f"<{record}/>", needs=needs)


def put(engine, owner, *jobs):
    with engine.begin() as db:
        return job_changes.put(db, owner, None, jobs, NOW)


def claim(engine, owner, limit=100, message=1, now=NOW):
    with engine.begin() as db:
        return [row.record for row in table.claim(db, owner, priority=0, message_id=message, limit=limit, now=now)]


def tell(engine, job_id, event, **columns):
    with engine.begin() as db:
        row = db.execute(select(table.jobs).where(table.jobs.c.id == job_id)).one()
        change = Change(job_id, event, after(State(row.state), event), columns=tuple(columns.items()))
        job_changes.apply(db, [change], NOW)


def test_a_job_is_claimed_with_what_it_needs_in_sequence(engine):
    owner = company(engine)
    put(engine, owner, job("customer"), job("item"), job("invoice", "customer", "item"), job("payment", "invoice"))
    assert claim(engine, owner) == ["customer", "item", "invoice", "payment"]
    assert claim(engine, owner) == []


def test_a_limit_cuts_the_sequence_and_the_rest_follows(engine):
    owner = company(engine)
    put(engine, owner, *[job(f"j{n}") for n in range(5)])
    assert [claim(engine, owner, 2) for _ in range(4)] == [["j0", "j1"], ["j2", "j3"], ["j4"], []]


def test_what_needs_a_job_that_stands_in_attention_waits_for_it(engine):
    owner = company(engine)
    first, second, _ = put(engine, owner, job("a"), job("b", "a"), job("c", "b"))
    claim(engine, owner, 1)
    tell(engine, first, Event.REFUSED)
    assert claim(engine, owner) == []
    tell(engine, first, Event.RETRIED)
    assert claim(engine, owner) == ["a", "b", "c"]
    assert second


def test_what_needs_two_blocked_jobs_waits_for_both(engine):
    owner = company(engine)
    one, two, _ = put(engine, owner, job("a"), job("b"), job("c", "a", "b"))
    claim(engine, owner, 2)
    tell(engine, one, Event.REFUSED)
    tell(engine, two, Event.LOST)
    tell(engine, one, Event.SAVED)
    assert claim(engine, owner) == []
    tell(engine, two, Event.ADOPTED)
    assert claim(engine, owner) == ["c"]


def test_what_needs_a_resting_job_rests_as_long(engine):
    owner = company(engine)
    first, _ = put(engine, owner, job("a"), job("b", "a"))
    claim(engine, owner, 1)
    tell(engine, first, Event.PASSING, next_try_at=NOW + dt.timedelta(seconds=30))
    assert claim(engine, owner) == []
    put(engine, owner, job("late", "a"))
    assert claim(engine, owner, now=NOW + dt.timedelta(seconds=29)) == []
    assert claim(engine, owner, now=NOW + dt.timedelta(seconds=30)) == ["a", "b", "late"]


def test_a_job_that_comes_later_is_blocked_by_what_stands_already(engine):
    owner = company(engine)
    (first,) = put(engine, owner, job("a"))
    claim(engine, owner)
    tell(engine, first, Event.REFUSED)
    put(engine, owner, job("b", "a"), job("c", "b"))
    assert claim(engine, owner) == []


def test_companies_do_not_see_each_other(engine):
    one, two = company(engine, "One"), company(engine, "Two")
    put(engine, one, job("a"))
    put(engine, two, job("a"))
    assert claim(engine, one) == ["a"]
    assert claim(engine, one) == []
    assert claim(engine, two) == ["a"]


def test_every_change_of_state_is_in_the_history(engine):
    owner = company(engine)
    first, second = put(engine, owner, job("a"), job("b", "a"))
    claim(engine, owner, 1)
    tell(engine, first, Event.LOST)
    tell(engine, first, Event.ADOPTED)
    with engine.connect() as db:
        from qbwc_service.db import job_views

        assert [(row.event, row.state) for row in job_views.history_of(db, first)] == [
            ("ASKED", "ready"),
            ("LOST", "in_doubt"),
            ("ADOPTED", "posted"),
        ]
        assert [(row.event, row.state) for row in job_views.history_of(db, second)] == [
            ("ASKED", "waiting"),
            ("FREED", "ready"),
        ]


def test_two_claims_at_once_never_share_a_job(engine):
    owner = company(engine)
    put(engine, owner, *[job(f"j{n}") for n in range(200)])
    got: list[list[str]] = []
    failures: list[Exception] = []

    def take(message):
        try:
            got.extend(claim(engine, owner, 10, message) for _ in range(10))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=take, args=(message,)) for message in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    taken = [record for part in got for record in part]
    assert sorted(taken) == sorted(f"j{n}" for n in range(200))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    opened = open_engine(f"sqlite:///{tmp_path_factory.mktemp('jobs') / 'jobs.sqlite3'}")
    schema.migrate(opened)
    yield opened
    opened.dispose()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_a_claimed_job_never_precedes_what_it_needs(sqlite, seed):
    draw = random.Random(seed)
    with sqlite.begin() as db:
        owner = account.add(db, Keys("k" * 40), f"Company {uuid.uuid4()}", None, 5, NOW)[0].id
    graph: dict[str, tuple[str, ...]] = {}
    clock = NOW
    for step in range(30):
        if draw.random() < 0.3:
            for _ in range(draw.randint(1, 4)):
                name = f"j{len(graph)}"
                graph[name] = tuple(draw.sample(sorted(graph), min(len(graph), draw.randint(0, 3))))
                put(sqlite, owner, job(name, *graph[name]))
        if draw.random() < 0.5:
            taken = claim(sqlite, owner, draw.randint(1, 6), step, clock)
            check_order(sqlite, owner, graph, taken)
        event_somewhere(sqlite, owner, draw, clock)
        clock += dt.timedelta(seconds=draw.choice([0, 10, 100]))
    with sqlite.connect() as db:
        rows = {row.record: row for row in db.execute(select(table.jobs).where(table.jobs.c.company_id == owner))}
    for record, row in rows.items():
        blocked = any(is_blocked(rows, graph, need) for need in graph[record])
        if row.state in CLAIMABLE:
            assert blocked == (row.blocked_by is not None), record


def is_blocked(rows, graph, record):
    return rows[record].state in BLOCKING or (
        rows[record].state in CLAIMABLE and any(is_blocked(rows, graph, need) for need in graph[record])
    )


def check_order(engine, owner, graph, taken):
    with engine.connect() as db:
        states = {
            row.record: row.state for row in db.execute(select(table.jobs).where(table.jobs.c.company_id == owner))
        }
    before = set()
    for record in taken:
        for need in graph[record]:
            # A need in flight in another message cannot be: of a company only one message is under way. Here it can,
            # and the exchange puts such a job back.
            assert need in before or states[need] in (State.POSTED, State.IN_FLIGHT), (record, need, states[need])
        before.add(record)


def event_somewhere(engine, owner, draw, clock):
    with engine.connect() as db:
        rows = db.execute(select(table.jobs).where(table.jobs.c.company_id == owner)).all()
    movable = [row for row in rows if row.state in (State.IN_FLIGHT, State.IN_DOUBT, State.ATTENTION)]
    if not movable:
        return
    row = draw.choice(movable)
    event = draw.choice(
        [
            e
            for e in NEXT[State(row.state)]
            if e in (Event.SAVED, Event.REFUSED, Event.PASSING, Event.LOST, Event.ADOPTED, Event.RETRIED)
        ]
    )
    columns = {"next_try_at": clock + dt.timedelta(seconds=30)} if event is Event.PASSING else {"next_try_at": None}
    tell(engine, row.id, event, **columns)


def test_what_no_state_allows_is_refused():
    for state in State:
        for event in Event:
            if event not in NEXT[state]:
                with pytest.raises(Forbidden):
                    after(state, event)


def test_every_state_can_be_left_but_the_final_ones_and_every_state_can_be_reached():
    reached = {State.WAITING, State.READY} | {state for steps in NEXT.values() for state in steps.values()}
    assert reached == set(State)
    assert all(NEXT[state] for state in State)


def test_what_is_open_is_found_by_its_index_and_not_by_reading_the_table(sqlite):
    """A poll costs the same with a thousand and a million jobs that are done."""
    from sqlalchemy import event

    from qbwc_service.db import messages, polls

    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.extend(str(row[-1]) for row in rows)

    event.listen(sqlite, "before_cursor_execute", explain)
    try:
        with sqlite.connect() as db:
            polls.login(db, "nobody", "0" * 64, "nothing to send", None, NOW)
            table.next_up(db, 1, 0, NOW)
            table.away(db, 1)
            table.open_count(db, 1, NOW)
            messages.unanswered(db, 1)
    finally:
        event.remove(sqlite, "before_cursor_execute", explain)
    assert [plan for plan in plans if plan.startswith("SCAN") and "some" not in plan and "anon" not in plan] == []
    assert sum("ix_jobs_claimable" in plan for plan in plans) >= 3
