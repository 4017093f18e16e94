"""Jobs as people look at them: of an order, in lists, one with its history."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, or_, select, union
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow
from .jobs import CURRENT, NUMBERED, ORDERS_FIRST, TROUBLE, UNFINISHED, history, jobs, needs
from .orders import orders
from .states import State


def of_order(db: Connection, company_id: int, order_id: int) -> list[AnyRow]:
    """An order's jobs and the list records that they need, whoever asked first; in the sequence of posting.

    Served by ix_jobs_order_id and the primary keys. The company is not named in the statement: SQLite would take
    ix_jobs_recent then, and read all jobs that the company ever had.
    """
    own = select(jobs.c.id).where(jobs.c.order_id == order_id, CURRENT)
    shared = select(needs.c.needs_id).where(needs.c.job_id.in_(own))
    rows = db.execute(select(jobs).where(jobs.c.id.in_(union(own, shared)), CURRENT).order_by(jobs.c.id))
    return [row for row in rows if row.company_id == company_id]


def with_numbers(db: Connection, company_id: int, wanted: Sequence[tuple[str, str]]) -> list[AnyRow]:
    """-> jobs of these kinds and numbers, with their order's number; served by ix_jobs_ref_number."""
    if not wanted:
        return []
    numbers = sorted({number for _, number in wanted})
    rows = db.execute(
        select(jobs.c.kind, jobs.c.ref_number, jobs.c.record, orders.c.number.label("order_number"))
        .join(orders, orders.c.id == jobs.c.order_id)
        .where(jobs.c.company_id == company_id, jobs.c.ref_number.in_(numbers), NUMBERED)
        .where(jobs.c.state != State.CANCELLED)
    ).all()
    return [row for row in rows if (row.kind, row.ref_number) in set(wanted)]


def doubtful_before(db: Connection, order_id: int, events: Collection[str]) -> set[str]:
    """-> records of an order that were cancelled after one of these events, whether asked for anew since or not;
    served by ix_jobs_order_id and ix_job_history_job_id."""
    found = (
        select(jobs.c.record)
        .join(history, history.c.job_id == jobs.c.id)
        .where(jobs.c.order_id == order_id, jobs.c.state == State.CANCELLED, history.c.event.in_(events))
    )
    return set(db.execute(found).scalars())


def listed(
    db: Connection, *, company_id: int | None, state: str | None, limit: int | None, lists: bool
) -> list[AnyRow]:
    """Jobs with the names of their company and order, oldest first."""
    found = (
        select(jobs, companies.c.name.label("company"), orders.c.number.label("order_number"))
        .join(companies, companies.c.id == jobs.c.company_id)
        .outerjoin(orders, orders.c.id == jobs.c.order_id)
        .where(companies.c.removed_at.is_(None), CURRENT)
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


def history_of(db: Connection, job_id: int) -> list[AnyRow]:
    """Served by ix_job_history_job_id."""
    return list(db.execute(select(history).where(history.c.job_id == job_id).order_by(history.c.id)).all())


def counts(db: Connection, company_id: int | None = None) -> Mapping[str, int]:
    """-> how many documents are in each state that has any; lists to be read count when they need a person."""
    orders_only = or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION)
    found = select(jobs.c.state, func.count()).where(CURRENT, orders_only).group_by(jobs.c.state)
    if company_id is not None:
        found = found.where(jobs.c.company_id == company_id)
    return {row[0]: row[1] for row in db.execute(found)}


def open_counts(db: Connection, company_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """-> by company, how many documents are in each state but posted and cancelled that has any; served by
    ix_jobs_unfinished, whatever the number of those that are done. Lists to be read count when they need a person."""
    orders_only = or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION)
    rows = db.execute(
        select(jobs.c.company_id, jobs.c.state, func.count())
        .where(jobs.c.company_id.in_(company_ids), UNFINISHED, jobs.c.state != State.CANCELLED, orders_only)
        .group_by(jobs.c.company_id, jobs.c.state)
    )
    found: dict[int, dict[str, int]] = {company_id: {} for company_id in company_ids}
    for company_id, state, number in rows:
        found[company_id][state] = number
    return found


def troubles(db: Connection) -> dict[int, tuple[int, dt.datetime]]:
    """-> by company, how many jobs need a person, and since when the last of them does; served by ix_jobs_trouble."""
    found = select(jobs.c.company_id, func.count(), func.max(jobs.c.changed_at)).where(TROUBLE)
    return {row[0]: (row[1], row[2]) for row in db.execute(found.group_by(jobs.c.company_id))}


def cancellable(db: Connection, company_id: int) -> list[int]:
    """-> the ids of the documents that have not left; served by ix_jobs_unfinished."""
    states = [State.WAITING, State.READY, State.ATTENTION]
    found = select(jobs.c.id).where(
        jobs.c.company_id == company_id, UNFINISHED, jobs.c.state.in_(states), jobs.c.priority == ORDERS_FIRST
    )
    # Sorted here: with an ORDER BY SQLite would read all jobs that the company ever had, in their sequence.
    return sorted(db.execute(found).scalars())


def first_posted(db: Connection, company_id: int) -> str | None:
    """-> the number of the first order of which QuickBooks holds a document; served by ix_jobs_recent."""
    return db.execute(
        select(orders.c.number)
        .join(jobs, jobs.c.order_id == orders.c.id)
        .where(jobs.c.company_id == company_id, CURRENT, jobs.c.state == State.POSTED, jobs.c.ref_number.is_not(None))
        .order_by(jobs.c.id)
        .limit(1)
    ).scalar_one_or_none()


def on_their_way(db: Connection, company_id: int, customer_id: str) -> bool:
    """Whether a document of an order of this customer's is still to reach QuickBooks; served by ix_orders_customer_id
    and ix_jobs_order_id."""
    theirs = select(orders.c.id).where(orders.c.company_id == company_id, orders.c.customer_id == customer_id)
    open_ = select(jobs.c.id).where(jobs.c.order_id.in_(theirs), UNFINISHED, jobs.c.state != State.CANCELLED)
    return db.execute(open_.limit(1)).first() is not None


def of_company(
    db: Connection, company_id: int, *, state: State | None = None, before: int | None = None, limit: int = 50
) -> list[AnyRow]:
    """-> a company's documents with their order's number, the latest first; `before` is the id of the last row of the
    page before. The reading of a list is among them when it needs a person.

    Served by ix_jobs_recent; those in a state that is not final by ix_jobs_trouble or ix_jobs_unfinished.
    """
    found = (
        select(jobs, orders.c.number.label("order_number"))
        .outerjoin(orders, orders.c.id == jobs.c.order_id)
        .where(jobs.c.company_id == company_id, CURRENT)
        .where(or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION))
        .order_by(jobs.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(jobs.c.id < before)
    if state is State.POSTED:
        found = found.where(jobs.c.state == state)
    elif state is not None:
        few = TROUBLE if state is State.ATTENTION else UNFINISHED
        chosen = select(jobs.c.id).where(jobs.c.company_id == company_id, few, jobs.c.state == state)
        found = found.where(jobs.c.id.in_(chosen.correlate(None)))
    return list(db.execute(found).all())


def last_event(db: Connection, job_id: int) -> str | None:
    """-> the name of the event that brought the job where it is."""
    return db.execute(
        select(history.c.event).where(history.c.job_id == job_id).order_by(history.c.id.desc()).limit(1)
    ).scalar_one_or_none()
