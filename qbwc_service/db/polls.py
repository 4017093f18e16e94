"""What a poll needs to know at its authenticate: one statement, since it comes every minute from every company."""

import datetime as dt
from dataclasses import dataclass, fields

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.engine import Connection

from .companies import Company, companies, connections, passwords
from .engine import Utc
from .jobs import AWAY, CLAIMABLE_NOW, jobs
from .messages import OPEN as OPEN_MESSAGE
from .messages import messages
from .sessions import OPEN as OPEN_SESSION
from .sessions import sessions

_COLUMNS = tuple(companies.c[field.name] for field in fields(Company))
_NOW = bindparam("now", type_=Utc)
_mine = jobs.c.company_id == companies.c.id

# Served by uq_companies_username, ix_passwords_company_id and the partial indexes on what is open: ix_sessions_open,
# ix_messages_open, ix_jobs_claimable, ix_jobs_away. None of them grows with what is done.
LOGIN = (
    select(
        *_COLUMNS,
        passwords.c.mac,
        connections.c.lists_due_at,
        connections.c.called_at,
        connections.c.usual_seconds,
        connections.c.connector_version,
        exists().where(sessions.c.company_id == companies.c.id, OPEN_SESSION).label("in_session"),
        exists().where(messages.c.company_id == companies.c.id, OPEN_MESSAGE).label("unanswered"),
        or_(
            exists().where(_mine, CLAIMABLE_NOW(_NOW), jobs.c.priority >= 0),
            exists().where(_mine, AWAY),
        ).label("has_work"),
    )
    .select_from(companies.join(connections).outerjoin(passwords))
    .where(companies.c.username == bindparam("username"), companies.c.removed_at.is_(None))
    .where(or_(passwords.c.ends_at.is_(None), passwords.c.ends_at > _NOW))
)


@dataclass(frozen=True)
class Login:
    """A company, the hashes of the passwords that open it now, and what stands open of it."""

    company: Company
    macs: tuple[str, ...]
    lists_due_at: dt.datetime | None
    called_at: dt.datetime | None
    usual_seconds: int | None
    connector_version: str | None
    left_open: bool  # a session, or a message without an answer
    has_work: bool


def login(db: Connection, username: str, now: dt.datetime) -> Login | None:
    """-> None for a user name that is nobody's, or whose company is removed."""
    rows = db.execute(LOGIN, {"username": username, "now": now}).all()
    if not rows:
        return None
    first = rows[0]
    return Login(
        Company(*first[: len(_COLUMNS)]),
        tuple(row.mac for row in rows if row.mac is not None),
        first.lists_due_at,
        first.called_at,
        first.usual_seconds,
        first.connector_version,
        bool(first.in_session or first.unanswered),
        bool(first.has_work),
    )
