"""Jobs as the activity pages show them: by what became of them, the latest first, a page at a time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select, union, union_all
from sqlalchemy.engine import Connection

from .engine import AnyRow, has_carried
from .job_changes import open_dependents
from .jobs import AWAY, BLOCKED, CANCELLED, CLAIMABLE_UNBLOCKED, CURRENT, NUMBERED, ORDERS_FIRST, TROUBLE, history, jobs
from .lists import List
from .messages import answers
from .orders import orders
from .states import CLAIMABLE, FINAL, State


class Tab(StrEnum):
    """What the jobs of a tab have in common."""

    ALL = "all"
    WAITING = "waiting"
    AWAY = "away"  # at QuickBooks, or being looked up there
    POSTED = "posted"
    ATTENTION = "attention"
    CANCELLED = "cancelled"
    LISTS = "lists"  # the reading of QuickBooks' lists


OPEN_STATES = tuple(state for state in State if state not in FINAL)


@dataclass(frozen=True)
class Sought:
    """What is searched for: a transaction of this number, or a document of one of these orders."""

    number: str
    order_ids: Sequence[int]


_SHOWN = (
    *(column for column in jobs.c if column.name != "edit_sequence"),
    orders.c.number.label("order_number"),
    orders.c.customer_name,
)
# Only what is cancelled can be superseded, so CURRENT is said where that may be; said elsewhere, SQLite would take
# ix_jobs_recent, and read all jobs that the company ever had.
_IN_TAB: dict[Tab, ColumnElement[bool]] = {
    Tab.ALL: CURRENT & (jobs.c.priority == ORDERS_FIRST),
    Tab.WAITING: jobs.c.state.in_(CLAIMABLE) & (jobs.c.priority == ORDERS_FIRST),
    Tab.AWAY: AWAY & (jobs.c.priority == ORDERS_FIRST),
    Tab.POSTED: CURRENT & (jobs.c.state == State.POSTED) & (jobs.c.priority == ORDERS_FIRST),
    Tab.ATTENTION: TROUBLE,  # the reading of a list too: a person must act
    Tab.CANCELLED: CANCELLED,
}


def listed(
    db: Connection,
    company_id: int,
    tab: Tab,
    *,
    sought: Sought | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AnyRow]:
    """-> jobs with their order's number and customer, the latest first; `before` is the id of the last row of the page
    before.

    Served by ix_jobs_recent, ix_jobs_trouble, ix_jobs_away, ix_jobs_cancelled, and for what waits by ix_jobs_claimable
    with ix_jobs_stuck; a search by ix_jobs_order_id and ix_jobs_ref_number.
    """
    if tab is Tab.LISTS:
        return list_reads(db, company_id)
    if sought is not None:
        ids = _page(_searched(company_id, tab, sought), before, limit)
    elif tab is Tab.WAITING:
        free = _page(_of(company_id, CLAIMABLE_UNBLOCKED, jobs.c.priority == ORDERS_FIRST), before, limit)
        stuck = _page(_of(company_id, BLOCKED, _IN_TAB[tab]), before, limit)
        both = union_all(select(free.subquery().c.id), select(stuck.subquery().c.id)).subquery()
        ids = select(both.c.id).order_by(both.c.id.desc()).limit(limit)
    else:
        ids = _page(_of(company_id, _IN_TAB[tab]), before, limit)
    return _rows(db, db.execute(ids).scalars().all())


def _of(company_id: int, *conditions: ColumnElement[bool]) -> Select[int]:
    return select(jobs.c.id).where(jobs.c.company_id == company_id, *conditions)


def _page(found: Select[int], before: int | None, limit: int) -> Select[int]:
    found = found.order_by(jobs.c.id.desc()).limit(limit)
    return found if before is None else found.where(jobs.c.id < before)


def _searched(company_id: int, tab: Tab, sought: Sought) -> Select[int]:
    """The ids are found first: else the database walks all jobs from the latest on, and compares."""
    found = union(
        select(jobs.c.id).where(jobs.c.order_id.in_(sought.order_ids)),
        select(jobs.c.id).where(jobs.c.company_id == company_id, jobs.c.ref_number == sought.number, NUMBERED),
    ).subquery()
    return _of(company_id, _IN_TAB[tab], jobs.c.id.in_(select(found.c.id)))


def _rows(db: Connection, ids: Sequence[int]) -> list[AnyRow]:
    found = select(*_SHOWN).outerjoin(orders, orders.c.id == jobs.c.order_id).where(jobs.c.id.in_(ids))
    return list(db.execute(found.order_by(jobs.c.id.desc())).all())


def list_reads(db: Connection, company_id: int) -> list[AnyRow]:
    """The jobs that read QuickBooks' lists, in the sequence of reading; served by uq_jobs_record."""
    ids = _of(company_id, CURRENT, jobs.c.record.in_([f"list:{which}" for which in List]))
    return _rows(db, db.execute(ids).scalars().all())[::-1]


def counts(db: Connection, company_id: int, most: int = 1000) -> Mapping[Tab, int]:
    """-> how many jobs are in the tabs where something is open; counting stops at `most`. Served as `listed`."""
    conditions = {
        Tab.AWAY: (_IN_TAB[Tab.AWAY],),
        Tab.ATTENTION: (TROUBLE,),
    }
    found = {tab: _count(db, _of(company_id, *wanted), most) for tab, wanted in conditions.items()}
    free = _count(db, _of(company_id, CLAIMABLE_UNBLOCKED, jobs.c.priority == ORDERS_FIRST), most)
    stuck = _count(db, _of(company_id, BLOCKED, _IN_TAB[Tab.WAITING]), most)
    return {**found, Tab.WAITING: min(most, free + stuck)}


def _count(db: Connection, ids: Select[int], most: int) -> int:
    return db.execute(select(func.count()).select_from(ids.limit(most).subquery())).scalar_one()


def causes(db: Connection, company_id: int, limit: int = 20) -> list[AnyRow]:
    """What several jobs that need a person have in common -> status_code, explanation, number of jobs, `like` (the id
    of one); the most frequent first. Served by ix_jobs_trouble."""
    number = func.count().label("number")
    found = (
        select(jobs.c.status_code, jobs.c.explanation, number, func.max(jobs.c.id).label("like"))
        .where(jobs.c.company_id == company_id, TROUBLE, jobs.c.explanation.is_not(None))
        .group_by(jobs.c.status_code, jobs.c.explanation)
        .having(func.count() > 1)
        .order_by(number.desc(), func.max(jobs.c.id).desc())
        .limit(limit)
    )
    return list(db.execute(found).all())


def of_cause(db: Connection, company_id: int, job: AnyRow, kinds: Sequence[str], limit: int) -> list[int]:
    """-> the ids of jobs of these kinds that need a person for the same cause; the oldest first."""
    code = jobs.c.status_code.is_(None) if job.status_code is None else jobs.c.status_code == job.status_code
    found = _of(company_id, TROUBLE, code, jobs.c.explanation == job.explanation, jobs.c.kind.in_(kinds))
    return list(db.execute(found.order_by(jobs.c.id).limit(limit)).scalars())


def kinds_of_cause(db: Connection, company_id: int, job: AnyRow) -> set[str]:
    """-> the kinds of all that need a person for the same cause as this job."""
    code = jobs.c.status_code.is_(None) if job.status_code is None else jobs.c.status_code == job.status_code
    found = select(jobs.c.kind).distinct().where(jobs.c.company_id == company_id, TROUBLE, code)
    return set(db.execute(found.where(jobs.c.explanation == job.explanation)).scalars())


def one(db: Connection, company_id: int, job_id: int) -> AnyRow | None:
    """-> a job of the company, whatever became of it, with its order's number and customer."""
    return db.execute(
        select(jobs, orders.c.number.label("order_number"), orders.c.customer_name)
        .outerjoin(orders, orders.c.id == jobs.c.order_id)
        .where(jobs.c.id == job_id, jobs.c.company_id == company_id)
    ).one_or_none()


def history_of(db: Connection, job_id: int, limit: int = 200) -> list[AnyRow]:
    """-> the latest steps of a job, the oldest of them first; served by ix_job_history_job_id."""
    found = select(history).where(history.c.job_id == job_id).order_by(history.c.id.desc()).limit(limit)
    return list(db.execute(found).all())[::-1]


def goes_with(db: Connection, job: AnyRow, list_kinds: frozenset[str]) -> list[AnyRow]:
    """-> what of the same order is cancelled together with this job, as `posting.queue.cancel` has it."""
    if job.kind in list_kinds:
        return []
    return [row for row in open_dependents(db, job.id) if row.order_id == job.order_id]


def answers_at(db: Connection, company_id: int, times: Sequence[dt.datetime]) -> list[AnyRow]:
    """-> the answers that came at these moments: those that decided something. Served by ix_answers_company_id."""
    found = select(answers).where(answers.c.company_id == company_id, answers.c.received_at.in_(times))
    rows = db.execute(found.order_by(answers.c.id)).all()
    has_carried(db, *(row.response for row in rows))
    return list(rows)
