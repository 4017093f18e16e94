"""What a poll is at its authenticate: one statement that reads and notes, since it comes every minute from every
company."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Text, and_, bindparam, case, cast, exists, extract, func, or_, select, update
from sqlalchemy.engine import Connection

from .companies import companies, connections, passwords
from .engine import Utc
from .jobs import AWAY, CLAIMABLE_NOW, jobs
from .messages import OPEN as OPEN_MESSAGE
from .messages import messages
from .sessions import OPEN as OPEN_SESSION
from .sessions import sessions

_NOW = bindparam("now", type_=Utc)
_USERNAME, _MAC, _SAID, _VERSION = (bindparam(name, type_=Text) for name in ("username", "mac", "said", "version"))
_mine = jobs.c.company_id == companies.c.id
# What is compared is a hash under a key that nobody else has: how long it takes tells nothing of the password.
_PASSWORD = and_(
    passwords.c.company_id == companies.c.id,
    passwords.c.mac == _MAC,
    or_(passwords.c.ends_at.is_(None), passwords.c.ends_at > _NOW),
)

# Served by uq_companies_username, ix_passwords_company_id and the partial indexes on what is open: ix_sessions_open,
# ix_messages_open, ix_jobs_claimable, ix_jobs_away. None of them grows with what is done.
LOGIN = (
    select(
        companies.c.id,
        companies.c.company_file,
        companies.c.settings,
        connections.c.lists_due_at,
        exists().where(_PASSWORD).label("is_right"),
        or_(
            exists().where(sessions.c.company_id == companies.c.id, OPEN_SESSION),
            exists().where(messages.c.company_id == companies.c.id, OPEN_MESSAGE),
        ).label("left_open"),
        or_(
            exists().where(_mine, CLAIMABLE_NOW(_NOW), jobs.c.priority >= 0),
            exists().where(_mine, AWAY),
        ).label("has_work"),
    )
    .select_from(companies.join(connections))
    .where(companies.c.username == _USERNAME, companies.c.removed_at.is_(None))
)


def _noted(seconds: Any) -> Any:
    """-> the statement that notes a poll. `usual_seconds`, which is how many lie between two polls as observed, moves
    with each new one by a quarter, so that an update that a person asked for in between hardly matters."""
    usual = connections.c.usual_seconds
    return update(connections).values(
        called_at=_NOW,
        answer=_SAID,
        usual_seconds=case(
            (or_(connections.c.called_at.is_(None), ~seconds.between(20, 86400)), usual),
            else_=func.round(func.coalesce(usual + (seconds - usual) / 4, seconds)),
        ),
        connector_version=func.coalesce(_VERSION, connections.c.connector_version),
    )


def _in_one() -> Any:
    """-> both for PostgreSQL."""
    found = LOGIN.cte("found")
    seconds = cast(extract("epoch", cast(_NOW, Utc) - connections.c.called_at), Float)
    noted = _noted(seconds).where(connections.c.company_id == found.c.id, found.c.is_right).cte("noted")
    return select(found).add_cte(noted)


_AND_NOTED = _in_one()
_NOTED = _noted((func.julianday(_NOW) - func.julianday(connections.c.called_at)) * 86400).where(
    connections.c.company_id == bindparam("company")
)


@dataclass(frozen=True)
class Login:
    """A company whose user name was given, and what stands open of it."""

    company_id: int
    company_file: str | None
    settings: str
    lists_due_at: dt.datetime | None
    is_right: bool  # the password
    left_open: bool  # a session, or a message without an answer
    has_work: bool


def login(db: Connection, username: str, mac: str, said: str, version: str | None, now: dt.datetime) -> Login | None:
    """-> None for a user name that is nobody's, or whose company is removed.

    A call with the right password, of which `mac` is the hash, is noted, with what is said to it and the version of
    the Web Connector, where it is known.
    """
    given = {"username": username, "mac": mac, "now": now, "said": said, "version": version}
    if db.dialect.name == "postgresql":
        row = db.execute(_AND_NOTED, given).one_or_none()
        return None if row is None else Login(*row)
    row = db.execute(LOGIN, given).one_or_none()
    if row is None:
        return None
    if row.is_right:
        db.execute(_NOTED, {**given, "company": row.id})
    return Login(*row)
