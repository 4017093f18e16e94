"""Jobs as people look at them: of an order, in lists, one with its history."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow
from .jobs import CURRENT, NUMBERED, ORDERS_FIRST, history, jobs, needs
from .orders import orders
from .states import State


def of_order(db: Connection, company_id: int, order_id: int) -> list[AnyRow]:
    """An order's jobs and the list records that they need, whoever asked first; in the sequence of posting."""
    own = select(jobs.c.id).where(jobs.c.order_id == order_id, CURRENT)
    shared = select(needs.c.needs_id).where(needs.c.job_id.in_(own))
    return list(
        db.execute(
            select(jobs)
            .where(jobs.c.company_id == company_id, CURRENT, or_(jobs.c.id.in_(own), jobs.c.id.in_(shared)))
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
        .where(jobs.c.company_id == company_id, jobs.c.ref_number.in_(numbers), NUMBERED)
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


def last_event(db: Connection, job_id: int) -> str | None:
    """-> the name of the event that brought the job where it is."""
    return db.execute(
        select(history.c.event).where(history.c.job_id == job_id).order_by(history.c.id.desc()).limit(1)
    ).scalar_one_or_none()
