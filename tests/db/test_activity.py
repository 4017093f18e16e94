"""Jobs as the activity pages show them: each tab, a page at a time, by its index; on both databases."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from qbwc_service.companies import account
from qbwc_service.db import activity, job_changes, order_views
from qbwc_service.db import jobs as table
from qbwc_service.db import orders as order_table
from qbwc_service.db.activity import Sought, Tab
from qbwc_service.db.engine import reading
from qbwc_service.db.jobs import LISTS_AFTER, Change, NewJob
from qbwc_service.db.states import Event, State, after
from qbwc_service.posting import exchange
from qbwc_service.secrets import Keys

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def company(engine: Engine, name: str = "ABC") -> int:
    with engine.begin() as db:
        return account.add(db, Keys("k" * 40), name, None, 5, NOW)[0].id


def put_order(engine: Engine, owner: int, number: str, customer: str = "ABC Company") -> int:
    with engine.begin() as db:
        new = order_table.NewOrder(number, "C-1", customer, completed_at=NOW, content="{}", checksum="")
        order_table.put(db, owner, [new], NOW)
        return int(order_table.by_number(db, owner, number).id)


def put(engine: Engine, owner: int, *records: str, order: int | None = None, needs: tuple[str, ...] = ()) -> list[int]:
    new = [NewJob(record, "Invoice", "InvoiceAdd", "<x/>", ref_number=record, needs=needs) for record in records]
    with engine.begin() as db:
        return job_changes.put(db, owner, order, new, NOW)


def tell(engine: Engine, job_id: int, happened: Event, **columns: object) -> None:
    with engine.begin() as db:
        row = db.execute(select(table.jobs).where(table.jobs.c.id == job_id)).one()
        change = Change(job_id, happened, after(State(row.state), happened), columns=tuple(columns.items()))
        job_changes.apply(db, [change], NOW)


def refuse(engine: Engine, job_id: int, why: str, code: str = "3140") -> None:
    tell(engine, job_id, Event.CLAIMED)
    tell(engine, job_id, Event.REFUSED, explanation=why, status_code=code)


def listed(engine: Engine, owner: int, tab: Tab, **options: object) -> list[str]:
    with reading(engine) as db:
        return [row.record for row in activity.listed(db, owner, tab, **options)]  # type: ignore[arg-type]


@pytest.fixture
def mixed(engine: Engine) -> Iterator[int]:
    """-> a company with a job in each state, and another company with jobs of its own."""
    other = company(engine, "Other")
    put(engine, other, "foreign")
    owner = company(engine)
    with engine.begin() as db:
        exchange.read_lists_of_new(db, owner, NOW)
    posted, flying, doubtful, bad, gone = put(engine, owner, "posted", "flying", "doubtful", "bad", "gone")
    put(engine, owner, "free")
    put(engine, owner, "stuck", needs=("bad",))
    put(engine, owner, "behind", needs=("free",))
    for job in (posted, flying, doubtful):
        tell(engine, job, Event.CLAIMED)
    tell(engine, posted, Event.SAVED)
    tell(engine, doubtful, Event.LOST)
    refuse(engine, bad, "An account is gone.")
    tell(engine, gone, Event.CANCELLED)
    return owner


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        (Tab.ALL, ["behind", "stuck", "free", "gone", "bad", "doubtful", "flying", "posted"]),
        (Tab.WAITING, ["behind", "stuck", "free"]),
        (Tab.AWAY, ["doubtful", "flying"]),
        (Tab.POSTED, ["posted"]),
        (Tab.ATTENTION, ["bad"]),
        (Tab.CANCELLED, ["gone"]),
    ],
)
def test_a_tab_holds_the_companys_jobs_in_its_states_the_latest_first(
    engine: Engine, mixed: int, tab: Tab, expected: list[str]
) -> None:
    assert listed(engine, mixed, tab) == expected


def test_the_reading_of_lists_has_a_tab_of_its_own(engine: Engine, mixed: int) -> None:
    assert len(listed(engine, mixed, Tab.LISTS)) == 8
    with reading(engine) as db:
        assert {row.priority for row in activity.list_reads(db, mixed)} == {LISTS_AFTER}


@pytest.mark.parametrize("tab", [Tab.ALL, Tab.WAITING])
def test_pages_follow_each_other_without_a_gap(engine: Engine, mixed: int, tab: Tab) -> None:
    whole = listed(engine, mixed, tab)
    found: list[str] = []
    before = None
    with reading(engine) as db:
        while rows := activity.listed(db, mixed, tab, before=before, limit=2):
            found += [row.record for row in rows]
            before = rows[-1].id
    assert found == whole


def test_what_is_open_is_counted(engine: Engine, mixed: int) -> None:
    with reading(engine) as db:
        assert activity.counts(db, mixed) == {Tab.AWAY: 2, Tab.ATTENTION: 1, Tab.WAITING: 3}
        assert activity.counts(db, mixed, most=2)[Tab.WAITING] == 2


def test_what_was_sent_anew_shows_only_the_new_job(engine: Engine) -> None:
    owner = company(engine)
    (old,) = put(engine, owner, "invoice")
    tell(engine, old, Event.CANCELLED)
    with engine.begin() as db:
        job_changes.supersede(db, [old], NOW)
    put(engine, owner, "invoice")
    assert listed(engine, owner, Tab.ALL) == ["invoice"]
    assert listed(engine, owner, Tab.CANCELLED) == []


def test_a_search_finds_an_orders_documents_and_a_number_in_quickbooks(engine: Engine) -> None:
    owner = company(engine)
    put(engine, owner, "i1", "p1", order=put_order(engine, owner, "1001"))
    put(engine, owner, "i2", order=put_order(engine, owner, "1002", "Zeta"))

    def found(words: str, tab: Tab = Tab.ALL) -> list[str]:
        with reading(engine) as db:
            ids = order_views.latest_matching(db, owner, words, 100)
            return [row.record for row in activity.listed(db, owner, tab, sought=Sought(words, ids))]

    assert found("1001") == ["p1", "i1"]
    assert found("100") == ["i2", "p1", "i1"]
    assert found("zet") == ["i2"]
    assert found("p1") == ["p1"]
    assert found("100%") == []
    assert found("100", Tab.ATTENTION) == []


def test_a_search_finds_nothing_of_another_company(engine: Engine) -> None:
    owner, other = company(engine), company(engine, "Other")
    put(engine, other, "i1", order=put_order(engine, other, "1001"))
    with reading(engine) as db:
        assert order_views.latest_matching(db, owner, "1001", 100) == []
        assert activity.listed(db, owner, Tab.ALL, sought=Sought("i1", [])) == []


def test_jobs_with_one_cause_are_a_group(engine: Engine) -> None:
    owner = company(engine)
    ids = put(engine, owner, *"abcde")
    for job in ids[:3]:
        refuse(engine, job, "The account Sales is gone.")
    refuse(engine, ids[3], "The account Sales is gone.", "3120")
    refuse(engine, ids[4], "Something else.")
    with reading(engine) as db:
        (group,) = activity.causes(db, owner)
        assert (group.number, group.like, group.status_code) == (3, ids[2], "3140")
        like = activity.one(db, owner, group.like)
        assert like is not None
        assert activity.of_cause(db, owner, like, ["Invoice"], 100) == ids[:3]
        assert activity.of_cause(db, owner, like, ["Invoice"], 2) == ids[:2]
        assert activity.of_cause(db, owner, like, ["Bill"], 100) == []
        assert activity.kinds_of_cause(db, owner, like) == {"Invoice"}


def test_a_job_is_shown_to_its_own_company_only(engine: Engine) -> None:
    owner, other = company(engine), company(engine, "Other")
    (job,) = put(engine, owner, "invoice")
    with reading(engine) as db:
        assert activity.one(db, other, job) is None
        assert activity.one(db, owner, job) is not None


def test_each_tab_is_found_by_an_index_and_none_by_reading_all_jobs(engine: Engine) -> None:
    """300,000 jobs that are done cost a tab nothing."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what a table holds")
    plans: list[str] = []

    def explain(connection, cursor, statement, parameters, context, many):  # type: ignore[no-untyped-def]
        rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        plans.extend(str(row[-1]) for row in rows)

    event.listen(engine, "before_cursor_execute", explain)
    with reading(engine) as db:
        for tab in (Tab.WAITING, Tab.AWAY, Tab.ATTENTION, Tab.CANCELLED, Tab.LISTS):
            activity.listed(db, 1, tab)
        activity.counts(db, 1)
        activity.causes(db, 1)
        activity.listed(db, 1, Tab.ALL, sought=Sought("1001", [1]))
        order_views.latest_matching(db, 1, "1001", 100)
    event.remove(engine, "before_cursor_execute", explain)
    used = " ".join(plans)
    assert "ix_jobs_recent (company_id=?)" not in used
    assert "SCAN jobs" not in used
    assert "COVERING INDEX ix_orders_search" in used
    for index in ("claimable", "stuck", "away", "trouble", "cancelled", "order_id", "ref_number"):
        assert f"ix_jobs_{index}" in used, index
