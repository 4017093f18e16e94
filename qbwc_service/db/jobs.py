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
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow, Utc, metadata
from .orders import BigId, orders
from .states import BLOCKING, CLAIMABLE, Event, State

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
    Column("content", Text, nullable=False),  # its draft, final since the Send
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
_CURRENT = jobs.c.superseded_at.is_(None)
Index(
    "uq_jobs_record",
    jobs.c.company_id,
    jobs.c.record,
    unique=True,
    sqlite_where=_CURRENT,
    postgresql_where=_CURRENT,
)
_NUMBERED = and_(jobs.c.ref_number.is_not(None), _CURRENT)
Index(
    "ix_jobs_ref_number",
    jobs.c.company_id,
    jobs.c.ref_number,
    sqlite_where=_NUMBERED,
    postgresql_where=_NUMBERED,
)
_CLAIMABLE = and_(jobs.c.state.in_(CLAIMABLE), jobs.c.blocked_by.is_(None))
_AWAY = jobs.c.state.in_([State.IN_FLIGHT, State.IN_DOUBT])
_TROUBLE = jobs.c.state.in_([State.ATTENTION])
_BLOCKED = jobs.c.blocked_by.is_not(None)
Index(
    "ix_jobs_claimable",
    jobs.c.company_id,
    jobs.c.priority,
    jobs.c.id,
    sqlite_where=_CLAIMABLE,
    postgresql_where=_CLAIMABLE,
)
Index("ix_jobs_away", jobs.c.company_id, jobs.c.message_id, sqlite_where=_AWAY, postgresql_where=_AWAY)
Index("ix_jobs_trouble", jobs.c.company_id, jobs.c.id, sqlite_where=_TROUBLE, postgresql_where=_TROUBLE)
Index("ix_jobs_blocked", jobs.c.blocked_by, sqlite_where=_BLOCKED, postgresql_where=_BLOCKED)

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


@dataclass(frozen=True)
class Change:
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
    found: dict[str, AnyRow] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        rows = db.execute(select(jobs).where(jobs.c.company_id == company_id, jobs.c.record.in_(part), _CURRENT))
        found.update((row.record, row) for row in rows)
    return found


class _Needed(NamedTuple):
    id: int
    state: str
    blocked_by: int | None
    next_try_at: dt.datetime | None


def put(db: Connection, company_id: int, order_id: int | None, new: Sequence[NewJob], now: dt.datetime) -> list[int]:
    """Stores jobs whose needs are stored already, or come before them in `new`; -> their ids, in sequence."""
    known = {
        record: _Needed(row.id, row.state, row.blocked_by, row.next_try_at)
        for record, row in by_records(db, company_id, {record for job in new for record in job.needs}).items()
    }
    ids: list[int] = []
    past: list[tuple[int, str, str, int | None, str | None]] = []
    for job in new:
        needed = [known[record] for record in job.needs]
        stand = _standing(needed)
        job_id = db.execute(
            insert(jobs)
            .values(
                company_id=company_id,
                order_id=order_id,
                record=job.record,
                kind=job.kind,
                priority=job.priority,
                name=job.name,
                ref_number=job.ref_number,
                marker=job.marker,
                total=job.total,
                request=job.request,
                content=job.content,
                created_at=now,
                changed_at=now,
                **stand,
            )
            .returning(jobs.c.id)
        ).scalar_one()
        known[job.record] = _Needed(job_id, stand["state"], stand["blocked_by"], stand["next_try_at"])
        ids.append(job_id)
        past.append((job_id, Event.ASKED.name, stand["state"], None, None))
    links = [
        {"job_id": job_id, "needs_id": known[record].id}
        for job_id, job in zip(ids, new, strict=True)
        for record in dict.fromkeys(job.needs)
    ]
    if links:
        db.execute(insert(needs), links)
    write_history(db, past, now)
    return ids


def _standing(needed: Sequence[_Needed]) -> dict[str, Any]:
    """-> state, blocker and rest of a job that needs these."""
    return {
        "state": State.READY if all(need.state == State.POSTED for need in needed) else State.WAITING,
        "blocked_by": _blocker(needed),
        "next_try_at": max((need.next_try_at for need in needed if need.next_try_at is not None), default=None),
    }


def _blocker(needed: Iterable[_Needed]) -> int | None:
    for need in needed:
        if need.state in BLOCKING:
            return need.id
        if need.blocked_by is not None:
            return need.blocked_by
    return None


def write_history(
    db: Connection, rows: Sequence[tuple[int, str, str, int | None, str | None]], now: dt.datetime
) -> None:
    """`rows`: job, name of the event, state afterwards, message, note."""
    if rows:
        db.execute(
            insert(history),
            [
                {"job_id": job, "at": now, "event": event, "state": state, "message_id": message, "note": note}
                for job, event, state, message, note in rows
            ],
        )


def _claim(dialect: str) -> Any:
    """The claim, served by ix_jobs_claimable: the first jobs of a company that may leave together, in sequence.

    A job's needs have smaller ids than itself, and it is blocked or rests whenever one of them does; so every need of
    a claimed job is posted already or claimed before it.
    """
    chosen = (
        select(jobs.c.id)
        .where(
            jobs.c.company_id == bindparam("company"),
            _CLAIMABLE,
            jobs.c.priority == bindparam("first_priority"),
            or_(jobs.c.next_try_at.is_(None), jobs.c.next_try_at <= bindparam("at", type_=Utc)),
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
        .returning(
            jobs.c.id,
            jobs.c.record,
            jobs.c.kind,
            jobs.c.request,
            jobs.c.content,
            jobs.c.name,
            jobs.c.attempts,
            jobs.c.together,
        )
    )


_CLAIM = {dialect: _claim(dialect) for dialect in ("sqlite", "postgresql")}


def claim(
    db: Connection, company_id: int, *, priority: int, message_id: int, limit: int, now: dt.datetime
) -> list[AnyRow]:
    """-> the jobs that this message is to carry, in the sequence in which they must stand; they are in flight now."""
    claimed = db.execute(
        _CLAIM[db.dialect.name],
        {"company": company_id, "first_priority": priority, "at": now, "most": limit, "message": message_id},
    ).all()
    return sorted(claimed, key=lambda job: int(job.id))


_NEXT_UP = (
    select(jobs.c.id, jobs.c.together)
    .where(
        jobs.c.company_id == bindparam("company"),
        _CLAIMABLE,
        jobs.c.priority == bindparam("first_priority"),
        or_(jobs.c.next_try_at.is_(None), jobs.c.next_try_at <= bindparam("at", type_=Utc)),
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
        or db.execute(select(jobs.c.id).where(jobs.c.company_id == company_id, _AWAY).limit(1)).first() is not None
    )


def open_count(db: Connection, company_id: int, now: dt.datetime, most: int = 2000) -> int:
    """How many jobs a session that goes on now could still bring to an end; counting stops at `most`."""
    some = (
        select(jobs.c.id)
        .where(
            jobs.c.company_id == company_id,
            _CLAIMABLE,
            or_(jobs.c.next_try_at.is_(None), jobs.c.next_try_at <= now),
        )
        .limit(most)
        .subquery()
    )
    return db.execute(select(func.count()).select_from(some)).scalar_one()


def away(db: Connection, company_id: int, message_id: int | None = None, state: State | None = None) -> list[AnyRow]:
    """Jobs in flight or in doubt, of one message or of all; served by ix_jobs_away."""
    found = select(jobs).where(jobs.c.company_id == company_id, _AWAY).order_by(jobs.c.id)
    if message_id is not None:
        found = found.where(jobs.c.message_id == message_id)
    if state is not None:
        found = found.where(jobs.c.state == state)
    return list(db.execute(found).all())


def carried(db: Connection, company_id: int, ids: Iterable[int]) -> list[AnyRow]:
    """Jobs by id, whatever their state."""
    wanted = list(ids)
    found: list[AnyRow] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found += db.execute(select(jobs).where(jobs.c.company_id == company_id, jobs.c.id.in_(part))).all()
    return sorted(found, key=lambda job: int(job.id))


def needed_by(db: Connection, job_ids: Sequence[int]) -> list[AnyRow]:
    """-> job_id and the needed job's id, record, kind, state, name, list_id, txn_id."""
    found: list[AnyRow] = []
    for start in range(0, len(job_ids), 500):
        found += db.execute(
            select(
                needs.c.job_id,
                jobs.c.id,
                jobs.c.record,
                jobs.c.kind,
                jobs.c.state,
                jobs.c.name,
                jobs.c.list_id,
                jobs.c.txn_id,
                jobs.c.next_try_at,
                jobs.c.blocked_by,
            )
            .join(jobs, jobs.c.id == needs.c.needs_id)
            .where(needs.c.job_id.in_(job_ids[start : start + 500]))
        ).all()
    return found


def apply(db: Connection, changes: Sequence[Change], now: dt.datetime) -> None:
    """Writes what became of the jobs and their history, then frees or blocks what needs them."""
    if not changes:
        return
    _write(db, changes, now)
    posted = [change.job_id for change in changes if change.state == State.POSTED]
    stopped = [change.job_id for change in changes if change.state in BLOCKING]
    open_again = [
        change.job_id for change in changes if change.state in CLAIMABLE and change.event not in (Event.READ, Event.DUE)
    ]
    if posted:
        _unblock(db, posted, now)
        _free(db, posted, now)
    if open_again:
        _unblock(db, open_again, now)
        _rest_dependents(db, open_again)
    if stopped:
        _block(db, stopped)


def _write(db: Connection, changes: Sequence[Change], now: dt.datetime) -> None:
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        names = tuple(name for name, _ in change.columns)
        row = {"b_id": change.job_id, "b_state": change.state, "b_at": now}
        row.update((f"b_{name}", value) for name, value in change.columns)
        by_columns.setdefault(names, []).append(row)
    for names, rows in by_columns.items():
        statement = (
            update(jobs)
            .where(jobs.c.id == bindparam("b_id"))
            .values(
                state=bindparam("b_state"),
                changed_at=bindparam("b_at"),
                **{name: bindparam(f"b_{name}") for name in names},
            )
        )
        db.execute(statement, rows)
    write_history(
        db,
        [(change.job_id, change.event.name, change.state, change.message_id, change.note) for change in changes],
        now,
    )


def _free(db: Connection, posted: Sequence[int], now: dt.datetime) -> None:
    """Jobs that waited for these, and now for nothing more, are ready."""
    for start in range(0, len(posted), 500):
        part = posted[start : start + 500]
        waits = select(needs.c.job_id).where(needs.c.needs_id.in_(part))
        other = jobs.alias("other")
        unposted = (
            select(needs.c.job_id)
            .join(other, other.c.id == needs.c.needs_id)
            .where(needs.c.job_id == jobs.c.id, other.c.state != State.POSTED)
        )
        freed = db.execute(
            update(jobs)
            .where(jobs.c.id.in_(waits), jobs.c.state == State.WAITING, ~unposted.exists())
            .values(state=State.READY, changed_at=now)
            .returning(jobs.c.id)
        ).scalars()
        write_history(db, [(job_id, Event.FREED.name, State.READY, None, None) for job_id in freed], now)


def _dependents(db: Connection, job_ids: Sequence[int], states: Sequence[State] = CLAIMABLE) -> list[int]:
    """-> jobs in these states that need one of these, directly or through others; by id, so needs come first."""
    found: set[int] = set()
    front = list(job_ids)
    while front:
        rows = db.execute(
            select(needs.c.job_id)
            .join(jobs, jobs.c.id == needs.c.job_id)
            .where(needs.c.needs_id.in_(front[:500]), jobs.c.state.in_(states))
        ).scalars()
        new = [job_id for job_id in rows if job_id not in found]
        found.update(new)
        front = front[500:] + new
    return sorted(found)


def open_dependents(db: Connection, job_id: int) -> list[AnyRow]:
    """-> the jobs that wait for this one, or for a person, directly or through others."""
    found = _dependents(db, [job_id], (*CLAIMABLE, State.ATTENTION))
    return list(db.execute(select(jobs).where(jobs.c.id.in_(found)).order_by(jobs.c.id)).all())


def _block(db: Connection, stopped: Sequence[int]) -> None:
    for blocker in stopped:
        dependents = _dependents(db, [blocker])
        if dependents:
            db.execute(
                update(jobs)
                .where(jobs.c.id == bindparam("b_id"), jobs.c.blocked_by.is_(None))
                .values(blocked_by=bindparam("b_by")),
                [{"b_id": job_id, "b_by": blocker} for job_id in dependents],
            )


def _unblock(db: Connection, released: Sequence[int], now: dt.datetime) -> None:
    """These stand in nobody's way any more; what they blocked may still be blocked by another."""
    for start in range(0, len(released), 500):
        part = released[start : start + 500]
        loose = sorted(
            db.execute(
                update(jobs).where(jobs.c.blocked_by.in_(part)).values(blocked_by=None).returning(jobs.c.id)
            ).scalars()
        )
        for job_id in loose:
            needed = _needs_of(db, job_id)
            blocker = _blocker(needed)
            if blocker is not None:
                db.execute(update(jobs).where(jobs.c.id == job_id).values(blocked_by=blocker))


def _rest_dependents(db: Connection, job_ids: Sequence[int]) -> None:
    """What needs a job that rests, rests as long: it must not leave before it."""
    for job_id in _dependents(db, job_ids):
        until = _standing(_needs_of(db, job_id))["next_try_at"]
        db.execute(update(jobs).where(jobs.c.id == job_id).values(next_try_at=until))


def _needs_of(db: Connection, job_id: int) -> list[_Needed]:
    return [_Needed(row.id, row.state, row.blocked_by, row.next_try_at) for row in needed_by(db, [job_id])]


def of_order(db: Connection, company_id: int, order_id: int) -> list[AnyRow]:
    """An order's jobs and the list records that they need, whoever asked first; in the sequence of posting."""
    own = select(jobs.c.id).where(jobs.c.order_id == order_id, _CURRENT)
    shared = select(needs.c.needs_id).where(needs.c.job_id.in_(own))
    return list(
        db.execute(
            select(jobs)
            .where(jobs.c.company_id == company_id, _CURRENT, or_(jobs.c.id.in_(own), jobs.c.id.in_(shared)))
            .order_by(jobs.c.id)
        ).all()
    )


def with_numbers(db: Connection, company_id: int, wanted: Sequence[tuple[str, str]]) -> list[AnyRow]:
    """-> jobs of these kinds and numbers, with their order's number; served by ix_jobs_ref_number."""
    if not wanted:
        return []
    numbers = sorted({number for _, number in wanted})
    rows = db.execute(
        select(jobs.c.kind, jobs.c.ref_number, jobs.c.record, orders.c.number.label("order_number"))
        .join(orders, orders.c.id == jobs.c.order_id)
        .where(jobs.c.company_id == company_id, jobs.c.ref_number.in_(numbers), _NUMBERED)
        .where(jobs.c.state != State.CANCELLED)
    ).all()
    return [row for row in rows if (row.kind, row.ref_number) in set(wanted)]


def listed(
    db: Connection, *, company_id: int | None, state: str | None, limit: int | None, lists: bool
) -> list[AnyRow]:
    """Jobs with the names of their company and order, oldest first."""
    found = (
        select(jobs, companies.c.name.label("company"), orders.c.number.label("order_number"))
        .join(companies, companies.c.id == jobs.c.company_id)
        .outerjoin(orders, orders.c.id == jobs.c.order_id)
        .where(companies.c.removed_at.is_(None), _CURRENT)
        .order_by(jobs.c.id)
    )
    if company_id is not None:
        found = found.where(jobs.c.company_id == company_id)
    if state is not None:
        found = found.where(jobs.c.state == state)
    if not lists:  # but for those that need a person
        found = found.where(or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION))
    if limit is not None:
        found = found.limit(limit)
    return list(db.execute(found).all())


def shown(db: Connection, job_id: int) -> AnyRow | None:
    """One job with the names of its company and order."""
    return db.execute(
        select(jobs, companies.c.name.label("company"), orders.c.number.label("order_number"))
        .join(companies, companies.c.id == jobs.c.company_id)
        .outerjoin(orders, orders.c.id == jobs.c.order_id)
        .where(jobs.c.id == job_id)
    ).one_or_none()


def hold(db: Connection, job_ids: Sequence[int]) -> list[AnyRow]:
    return list(db.execute(select(jobs).where(jobs.c.id.in_(job_ids)).order_by(jobs.c.id).with_for_update()).all())


def history_of(db: Connection, job_id: int) -> list[AnyRow]:
    """Served by ix_job_history_job_id."""
    return list(db.execute(select(history).where(history.c.job_id == job_id).order_by(history.c.id)).all())


def put_back(db: Connection, job_ids: Sequence[int]) -> None:
    """Claimed, but not for this message: as they were before, with what blocks them since."""
    for job_id in sorted(job_ids):
        stand = _standing(_needs_of(db, job_id))
        db.execute(update(jobs).where(jobs.c.id == job_id).values(attempts=jobs.c.attempts - 1, **stand))


def counts(db: Connection, company_id: int | None = None) -> Mapping[str, int]:
    """-> how many documents are in each state that has any; lists to be read count when they need a person."""
    orders_only = or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION)
    found = select(jobs.c.state, func.count()).where(_CURRENT, orders_only).group_by(jobs.c.state)
    if company_id is not None:
        found = found.where(jobs.c.company_id == company_id)
    return {row[0]: row[1] for row in db.execute(found)}


def supersede(db: Connection, job_ids: Sequence[int], now: dt.datetime) -> None:
    """These cancelled documents make room for others of the same records."""
    for start in range(0, len(job_ids), 500):
        part = job_ids[start : start + 500]
        db.execute(update(jobs).where(jobs.c.id.in_(part), jobs.c.state == State.CANCELLED).values(superseded_at=now))


def revive(db: Connection, job_id: int, new: NewJob, now: dt.datetime) -> None:
    """A cancelled list record, which needs nothing, is asked for again, as it reads now."""
    db.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state=State.READY,
            content=new.content,
            request=new.request,
            kind=new.kind,
            name=new.name,
            attempts=0,
            next_try_at=None,
            together=None,
            status_code=None,
            explanation=None,
            changed_at=now,
        )
    )
    write_history(db, [(job_id, Event.REVIVED.name, State.READY, None, None)], now)
    _unblock(db, [job_id], now)
