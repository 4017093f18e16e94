"""The whole service in numbers: for those who watch it, and for `qbwc doctor`. What is done is never counted singly."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.engine import Connection

from .companies import companies, connections, passwords
from .engine import AnyRow
from .jobs import CURRENT, ORDERS_FIRST, UNFINISHED, jobs
from .messages import OPEN as OPEN_MESSAGE
from .messages import Fate, Purpose, messages
from .notices import OPEN as OPEN_NOTICE
from .notices import notices
from .sessions import OPEN as OPEN_SESSION
from .sessions import sessions
from .states import CLAIMABLE, State
from .webhooks import DUE, deliveries

_ON_THEIR_WAY = (State.WAITING, State.READY, State.IN_FLIGHT)


class Backlog(NamedTuple):
    """`oldest` is when the oldest document that is on its way was asked for."""

    counts: Mapping[str, int]
    oldest: dt.datetime | None


def backlog(db: Connection, company_id: int | None = None) -> Backlog:
    """-> documents by state, but for those that are posted; the reading of a list counts when it needs a person.

    Served by ix_jobs_unfinished: it costs what is open, whatever the number of jobs that are done.
    """
    documents = or_(jobs.c.priority == ORDERS_FIRST, jobs.c.state == State.ATTENTION)
    found = (
        select(jobs.c.state, func.count().label("number"), func.min(jobs.c.created_at).label("oldest"))
        .where(UNFINISHED, documents)
        .group_by(jobs.c.state)
    )
    if company_id is not None:
        found = found.where(jobs.c.company_id == company_id)
    rows = db.execute(found).all()
    oldest = [row.oldest for row in rows if row.state in _ON_THEIR_WAY]
    return Backlog({row.state: row.number for row in rows}, min(oldest, default=None))


def all_jobs(db: Connection) -> int:
    """-> all jobs that are not superseded, whatever their state: some ten milliseconds a million. Of ix_jobs_recent
    alone."""
    return db.execute(select(func.count()).select_from(jobs).where(CURRENT)).scalar_one()


def calls(db: Connection) -> list[AnyRow]:
    """-> of each company that is not removed: every_minutes, called_at, refused_at and problem of its connection."""
    found = select(companies.c.every_minutes, connections.c.called_at, connections.c.refused_at, connections.c.problem)
    joined = found.select_from(companies.join(connections)).where(companies.c.removed_at.is_(None))
    return list(db.execute(joined).all())


def in_doubt(db: Connection) -> tuple[int, dt.datetime | None]:
    """-> how many messages left and were never answered, and since when the oldest; served by ix_messages_open."""
    found = select(func.count(), func.min(messages.c.sent_at)).where(OPEN_MESSAGE, messages.c.fate == Fate.IN_DOUBT)
    number, oldest = db.execute(found.where(messages.c.purpose == Purpose.POST)).one()
    return number, oldest


def open_sessions(db: Connection) -> int:
    """Served by ix_sessions_open."""
    return db.execute(select(func.count()).select_from(sessions).where(OPEN_SESSION)).scalar_one()


class Due(NamedTuple):
    """`failing` were tried before, in vain; `oldest` is when the oldest that is not settled was made."""

    due: int
    failing: int
    oldest: dt.datetime | None


def deliveries_due(db: Connection, now: dt.datetime) -> Due:
    """-> deliveries to webhooks that are not settled; served by ix_webhook_deliveries_due."""
    found = select(
        func.count().filter(deliveries.c.next_try_at <= now),
        func.count().filter(deliveries.c.last_error.is_not(None)),
        func.min(deliveries.c.made_at),
    ).where(DUE)
    return Due(*db.execute(found).one())


def open_notices(db: Connection) -> dict[str, int]:
    """-> by kind; served by uq_notices_open."""
    found = select(notices.c.kind, func.count()).where(OPEN_NOTICE).group_by(notices.c.kind)
    return {row[0]: row[1] for row in db.execute(found)}


def mail_failing(db: Connection) -> list[AnyRow]:
    """-> mail_error and mail_attempts of the notices that are to be mailed and could not be."""
    found = select(notices.c.mail_error, notices.c.mail_attempts).where(OPEN_NOTICE, notices.c.mail_error.is_not(None))
    return list(db.execute(found.order_by(notices.c.id)).all())


def delivery_errors(db: Connection, limit: int = 3) -> list[AnyRow]:
    """-> last_error and attempts of deliveries that fail, those first that were tried most; served by
    ix_webhook_deliveries_due."""
    found = select(deliveries.c.last_error, deliveries.c.attempts).where(DUE, deliveries.c.last_error.is_not(None))
    return list(db.execute(found.order_by(deliveries.c.attempts.desc()).limit(limit)).all())


def a_sealed_password(db: Connection) -> str | None:
    """-> one that the secret key in force must open; None where there is no company."""
    return db.execute(select(passwords.c.sealed).where(passwords.c.ends_at.is_(None)).limit(1)).scalar_one_or_none()


def newest_entry(db: Connection) -> dt.datetime | None:
    """-> the latest time that this machine ever wrote into the database, as far as the last calls and jobs tell."""
    called = db.execute(select(func.max(connections.c.called_at))).scalar_one()
    last_job = db.execute(select(jobs.c.created_at).order_by(jobs.c.id.desc()).limit(1)).scalar_one_or_none()
    return max((at for at in (called, last_job) if at is not None), default=None)


class Stand(NamedTuple):
    """Of a company's documents that have not left: how many could leave now, rest (until when the first), or stand
    behind another one that needs a person or is in doubt."""

    ready: int
    resting: int
    first_rest_ends: dt.datetime | None
    blocked: int


def standing(db: Connection, company_id: int, now: dt.datetime) -> Stand:
    """Served by ix_jobs_unfinished."""
    free, rests = jobs.c.blocked_by.is_(None), jobs.c.next_try_at > now
    found = select(
        func.count().filter(free, or_(jobs.c.next_try_at.is_(None), jobs.c.next_try_at <= now)),
        func.count().filter(free, rests),
        func.min(jobs.c.next_try_at).filter(free, rests),
        func.count().filter(jobs.c.blocked_by.is_not(None)),
    ).where(jobs.c.company_id == company_id, UNFINISHED, jobs.c.state.in_(CLAIMABLE), jobs.c.priority == ORDERS_FIRST)
    return Stand(*db.execute(found).one())
