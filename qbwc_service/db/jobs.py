"""The job table: one row a document (or a list to be read), what it needs, and its history.

The indexes on what is open are partial, so that claiming costs the same whether a thousand or a million jobs are done.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow, Utc, among, metadata, other_than
from .many import one_found, one_given, one_of
from .orders import BigId
from .states import CLAIMABLE, Event, State

ORDERS_FIRST, LISTS_AFTER = 0, 10  # priorities

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE")),  # the order that asked first
    Column("record", Text, nullable=False),  # what it is, unique in the company: invoice:1001, customer:C-17
    Column("kind", String(24), nullable=False),
    Column("state", String(10), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("name", Text),  # of a list record
    Column("ref_number", Text),  # of a transaction
    Column("marker", Text),  # of ours, in a transaction's memo
    Column("total", Text),
    Column("request", String(32), nullable=False),  # InvoiceAdd
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Utc),
    Column("together", Integer),  # at most so many in its message, after a message failed as a whole
    Column("blocked_by", BigId),  # the job that stands in the way, itself or through others
    Column("message_id", BigId),  # the last message that carried it
    Column("status_code", Text),
    Column("explanation", Text),
    Column("list_id", String(36)),
    Column("txn_id", String(36)),
    Column("edit_sequence", String(16)),
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    # A cancelled document that was asked for anew: the row stays for its history.
    Column("superseded_at", Utc),
    Index("ix_jobs_order_id", "order_id"),
)
CURRENT = jobs.c.superseded_at.is_(None)
Index(
    "uq_jobs_record",
    jobs.c.company_id,
    jobs.c.record,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)
NUMBERED = and_(jobs.c.ref_number.is_not(None), CURRENT)
Index(
    "ix_jobs_ref_number",
    jobs.c.company_id,
    jobs.c.ref_number,
    sqlite_where=NUMBERED,
    postgresql_where=NUMBERED,
)
CLAIMABLE_UNBLOCKED = and_(among(jobs.c.state, CLAIMABLE), jobs.c.blocked_by.is_(None))
AWAY = among(jobs.c.state, [State.IN_FLIGHT, State.IN_DOUBT])
TROUBLE = among(jobs.c.state, [State.ATTENTION])
UNFINISHED = and_(other_than(jobs.c.state, State.POSTED), CURRENT)
BLOCKED = jobs.c.blocked_by.is_not(None)
CANCELLED = and_(among(jobs.c.state, [State.CANCELLED]), CURRENT)
Index(
    "ix_jobs_claimable",
    jobs.c.company_id,
    jobs.c.priority,
    jobs.c.id,
    sqlite_where=CLAIMABLE_UNBLOCKED,
    postgresql_where=CLAIMABLE_UNBLOCKED,
)
Index("ix_jobs_away", jobs.c.company_id, jobs.c.message_id, sqlite_where=AWAY, postgresql_where=AWAY)
Index("ix_jobs_trouble", jobs.c.company_id, jobs.c.id, sqlite_where=TROUBLE, postgresql_where=TROUBLE)
# What keeps an order from being posted; and a company's jobs, the latest first.
Index("ix_jobs_unfinished", jobs.c.company_id, jobs.c.order_id, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED)
Index("ix_jobs_recent", jobs.c.company_id, jobs.c.id, sqlite_where=CURRENT, postgresql_where=CURRENT)
Index("ix_jobs_blocked", jobs.c.blocked_by, sqlite_where=BLOCKED, postgresql_where=BLOCKED)
# What waits behind something that a person must mend, and what was cancelled: both are rare, and cost little.
Index("ix_jobs_stuck", jobs.c.company_id, jobs.c.id, sqlite_where=BLOCKED, postgresql_where=BLOCKED)
Index("ix_jobs_cancelled", jobs.c.company_id, jobs.c.id, sqlite_where=CANCELLED, postgresql_where=CANCELLED)


def CLAIMABLE_NOW(at: Any) -> Any:
    """-> the condition of a job that may leave at a time."""
    return and_(CLAIMABLE_UNBLOCKED, or_(jobs.c.next_try_at.is_(None), jobs.c.next_try_at <= at))


drafts = Table(
    "job_drafts",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("content", Text, nullable=False),  # final since the Send
)
"""What jobs are to say, apart from their rows: those change with each step, and a row is written anew as a whole."""

needs = Table(
    "job_needs",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("needs_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_job_needs_needs_id", "needs_id"),
)

history = Table(
    "job_history",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("event", String(16), nullable=False),  # the name of an Event
    Column("state", String(10), nullable=False),  # afterwards
    Column("message_id", BigId),
    Column("note", Text),
)


@dataclass(frozen=True)
class NewJob:
    """A job to be; `needs` are records of the same company."""

    record: str
    kind: str
    request: str
    content: str
    name: str | None = None
    ref_number: str | None = None
    marker: str | None = None
    total: str | None = None
    needs: tuple[str, ...] = ()
    priority: int = ORDERS_FIRST


class Change(NamedTuple):
    """What becomes of one job: the event, and the columns that change with it."""

    job_id: int
    event: Event
    state: State
    note: str | None = None
    message_id: int | None = None
    columns: tuple[tuple[str, Any], ...] = ()


def by_records(db: Connection, company_id: int, records: Iterable[str]) -> dict[str, AnyRow]:
    """The jobs of these records that are not superseded; served by uq_jobs_record."""
    wanted = list(records)
    if not wanted:
        return {}
    found = select(jobs).where(jobs.c.company_id == company_id, one_of(jobs.c.record, wanted), CURRENT)
    return {row.record: row for row in db.execute(found)}


class Claimed(NamedTuple):
    """A job that a message is to carry. (A row of SQLAlchemy's tells a column ten times slower than a tuple.)"""

    id: int
    record: str
    kind: str
    request: str
    name: Any  # a text, of a list record
    together: int | None
    content: str


def _claim(dialect: str) -> Any:
    """The claim, served by ix_jobs_claimable: the first jobs of a company that may leave together, in sequence.

    A job's needs have smaller ids than itself, and it is blocked or rests whenever one of them does; so every need of
    a claimed job is posted already or claimed before it.
    """
    chosen = (
        select(jobs.c.id)
        .where(
            jobs.c.company_id == bindparam("company"),
            jobs.c.priority == bindparam("first_priority"),
            CLAIMABLE_NOW(bindparam("at", type_=Utc)),
        )
        .order_by(jobs.c.id)
        .limit(bindparam("most", type_=Integer))
    )
    if dialect == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    return (
        update(jobs)
        .where(jobs.c.id.in_(chosen))
        .values(
            state=State.IN_FLIGHT,
            message_id=bindparam("message"),
            attempts=jobs.c.attempts + 1,
            next_try_at=None,
            status_code=None,
            explanation=None,
            changed_at=bindparam("at", type_=Utc),
        )
        .returning(*(jobs.c[name] for name in Claimed._fields if name != "content"))
    )


_CLAIM = {dialect: _claim(dialect) for dialect in ("sqlite", "postgresql")}


def claim(
    db: Connection, company_id: int, *, priority: int, message_id: int, limit: int, now: dt.datetime
) -> list[Claimed]:
    """-> the jobs that this message is to carry, in the sequence in which they must stand; they are in flight now."""
    rows: Sequence[AnyRow] = db.execute(
        _CLAIM[db.dialect.name],
        {"company": company_id, "first_priority": priority, "at": now, "most": limit, "message": message_id},
    ).all()
    said = contents(db, [row[0] for row in rows])
    return sorted(Claimed._make((*row, said[row[0]])) for row in rows)


_CONTENTS = select(drafts.c.job_id, drafts.c.content).where(one_given(drafts.c.job_id, "jobs"))


def contents(db: Connection, job_ids: Iterable[int]) -> dict[int, str]:
    """-> of each of these jobs what it says; "" of one that reads a list. Served by the primary key."""
    return {row[0]: row[1] for row in db.execute(_CONTENTS, {"jobs": list(job_ids)}).all()}


_NEXT_UP = (
    select(jobs.c.id, jobs.c.together)
    .where(
        jobs.c.company_id == bindparam("company"),
        jobs.c.priority == bindparam("first_priority"),
        CLAIMABLE_NOW(bindparam("at", type_=Utc)),
    )
    .order_by(jobs.c.id)
    .limit(1)
)


def next_up(db: Connection, company_id: int, priority: int, now: dt.datetime) -> AnyRow | None:
    """-> id and `together` of the job that a claim would take first, if there is any."""
    return db.execute(_NEXT_UP, {"company": company_id, "first_priority": priority, "at": now}).one_or_none()


def anything_to_send(db: Connection, company_id: int, now: dt.datetime) -> bool:
    """Whether a session would have work; served by ix_jobs_claimable and ix_jobs_away."""
    return (
        next_up(db, company_id, ORDERS_FIRST, now) is not None
        or next_up(db, company_id, LISTS_AFTER, now) is not None
        or is_anything_away(db, company_id)
    )


MOST_COUNTED = 2000
_OPEN_COUNT = select(func.count()).select_from(
    select(jobs.c.id)
    .where(jobs.c.company_id == bindparam("company"), CLAIMABLE_NOW(bindparam("at", type_=Utc)))
    .limit(MOST_COUNTED)
    .subquery()
)


def open_count(db: Connection, company_id: int, now: dt.datetime) -> int:
    """How many jobs a session that goes on now could still bring to an end; counting stops at MOST_COUNTED."""
    return db.execute(_OPEN_COUNT, {"company": company_id, "at": now}).scalar_one()


class Judged(NamedTuple):
    """What a job is judged by when QuickBooks said something of it."""

    id: int
    order_id: int | None
    record: str
    kind: str
    request: str
    state: str
    name: Any  # a text, of a list record
    ref_number: str | None
    marker: str | None
    total: str | None
    attempts: int
    together: int | None
    message_id: int | None
    status_code: str | None
    explanation: str | None
    list_id: str | None
    txn_id: str | None
    blocked_by: int | None


_JUDGED = tuple(jobs.c[name] for name in Judged._fields)

_AWAY = select(*_JUDGED).where(jobs.c.company_id == bindparam("company"), AWAY).order_by(jobs.c.id)
_AWAY_WITH = _AWAY.where(jobs.c.message_id == bindparam("message"))
_ANY_AWAY, _ANY_AWAY_WITH = (
    every.with_only_columns(jobs.c.id).order_by(None).limit(1) for every in (_AWAY, _AWAY_WITH)
)


def away(db: Connection, company_id: int, message_id: int | None = None, state: State | None = None) -> list[Judged]:
    """Jobs in flight or in doubt, of one message or of all; served by ix_jobs_away."""
    chosen = _AWAY if message_id is None else _AWAY_WITH
    found = map(Judged._make, db.execute(chosen, {"company": company_id, "message": message_id}).all())
    return [job for job in found if state is None or job.state == state]


def is_anything_away(db: Connection, company_id: int, message_id: int | None = None) -> bool:
    """Whether away() would find a job."""
    chosen = _ANY_AWAY if message_id is None else _ANY_AWAY_WITH
    return db.execute(chosen, {"company": company_id, "message": message_id}).first() is not None


def carried(db: Connection, company_id: int, ids: Iterable[int]) -> list[Judged]:
    """Jobs by id, whatever their state; in sequence."""
    mine = select(*_JUDGED).where(jobs.c.company_id == company_id, one_of(jobs.c.id, ids))
    return sorted(map(Judged._make, db.execute(mine)))


def needed_by(db: Connection, job_ids: Iterable[int]) -> dict[int, list[AnyRow]]:
    """-> of each job that needs others: those."""
    pairs = db.execute(select(needs.c.job_id, needs.c.needs_id).where(one_of(needs.c.job_id, job_ids))).all()
    chosen = select(*_JUDGED, jobs.c.next_try_at).where(one_of(jobs.c.id, {needed for _, needed in pairs}))
    known = {job.id: job for job in db.execute(chosen)} if pairs else {}
    found: dict[int, list[AnyRow]] = {}
    for job_id, needed in pairs:
        found.setdefault(job_id, []).append(known[needed])
    return found


@dataclass(frozen=True)
class Needs:
    """What jobs refer to: those that are posted, and of each job those that are not."""

    posted: Sequence[AnyRow]
    open: Mapping[int, Sequence[AnyRow]]


_NEEDED = (jobs.c.id, jobs.c.record, jobs.c.kind, jobs.c.state, jobs.c.list_id, jobs.c.txn_id)


_THEIRS = one_given(needs.c.job_id, "jobs")
_POSTED_NEEDS = select(*_NEEDED).where(
    one_found(jobs.c.id, select(needs.c.needs_id).where(_THEIRS)), among(jobs.c.state, [State.POSTED])
)
_OPEN_NEEDS = (
    select(needs.c.job_id, *_NEEDED)
    .join(jobs, jobs.c.id == needs.c.needs_id)
    .where(_THEIRS, jobs.c.state != State.POSTED)
)


def needs_of(db: Connection, job_ids: Sequence[int]) -> Needs:
    """-> id, record, kind, state, list_id and txn_id of each. Served by the primary keys."""
    theirs = {"jobs": list(job_ids)}
    found: dict[int, list[AnyRow]] = {}
    for need in db.execute(_OPEN_NEEDS, theirs).all():
        found.setdefault(need.job_id, []).append(need)
    return Needs(db.execute(_POSTED_NEEDS, theirs).all(), found)


def hold(db: Connection, job_ids: Sequence[int]) -> list[AnyRow]:
    """-> jobs that nobody else changes before this transaction ends.

    Their companies' rows are locked first, as by whatever changes a queue (companies.lock): two that want the same
    wait for each other there, and not crosswise.
    """
    theirs = select(jobs.c.company_id).where(one_of(jobs.c.id, job_ids))
    owners = select(companies.c.id).where(companies.c.id.in_(theirs)).order_by(companies.c.id)
    db.execute(owners.with_for_update(key_share=True))
    found = select(jobs).where(one_of(jobs.c.id, job_ids)).order_by(jobs.c.id)
    return list(db.execute(found.with_for_update(key_share=True)).all())
