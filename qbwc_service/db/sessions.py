"""The connector's sessions: one open at a time a company, found by the hash of its ticket."""

import datetime as dt
import functools
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Update,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow, Utc, metadata
from .orders import BigId

sessions = Table(
    "sessions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("ticket_mac", String(64), nullable=False, unique=True),
    Column("opened_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Column("ending", Text),  # how it ended, in words
    Column("last_error", Text),
    Column("qbxml_version", String(8)),  # None until the company file is known to be the right one
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("jobs_done", Integer, nullable=False, server_default="0"),
    Column("percent", Integer, nullable=False, server_default="0"),  # what receiveResponseXML answered last
)
OPEN = sessions.c.closed_at.is_(None)
Index("ix_sessions_open", sessions.c.company_id, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def put(db: Connection, company_id: int, ticket_mac: str, now: dt.datetime) -> int:
    new: int = db.execute(
        insert(sessions)
        .values(company_id=company_id, ticket_mac=ticket_mac, opened_at=now, seen_at=now)
        .returning(sessions.c.id)
    ).scalar_one()
    return new


BY_TICKET = select(sessions).where(sessions.c.ticket_mac == bindparam("mac"))
_OF_TICKET = select(sessions.c.company_id).where(sessions.c.ticket_mac == bindparam("mac"))
# Not a join: PostgreSQL may take one by walking through all companies.
THEIR_COMPANY = (
    select(companies.c.id).where(companies.c.id == _OF_TICKET.scalar_subquery()).with_for_update(key_share=True)
)


def hold(db: Connection, ticket_mac: str) -> AnyRow | None:
    """-> the session of a ticket, open or not; no other call of the company's connectors goes on before this
    transaction ends, and no order of it is taken in or sent.

    The lock is that of `companies.lock`. Without it calls under an old ticket and a new one would wait for each other
    crosswise; and an order that is sent while what it needs is posted would wait for that for ever, since neither
    transaction sees what the other one writes. (On SQLite writers wait for each other anyway.)
    """
    known = {"mac": ticket_mac}
    if db.dialect.name == "postgresql" and db.execute(THEIR_COMPANY, known).first() is None:
        return None
    return db.execute(BY_TICKET, known).one_or_none()


def look(db: Connection, ticket_mac: str) -> AnyRow | None:
    """-> the session of a ticket, as it stands."""
    return db.execute(BY_TICKET, {"mac": ticket_mac}).one_or_none()


def end_open(db: Connection, company_id: int, ending: str, now: dt.datetime) -> list[int]:
    """Ends what session the company has open; -> its id. Served by ix_sessions_open."""
    ended = db.execute(
        update(sessions)
        .where(sessions.c.company_id == company_id, OPEN)
        .values(closed_at=now, ending=ending)
        .returning(sessions.c.id)
    )
    return list(ended.scalars())


def end(db: Connection, session_id: int, ending: str, now: dt.datetime) -> None:
    db.execute(update(sessions).where(sessions.c.id == session_id, OPEN).values(closed_at=now, ending=ending))


def note(db: Connection, session_id: int, now: dt.datetime, *, more_messages: int = 0, **facts: Any) -> None:
    """The session was heard of at `now`, so many messages more left in it, and these of its columns changed."""
    db.execute(_noted(tuple(facts)), {"session": session_id, "now": now, "more": more_messages, **facts})


@functools.cache
def _noted(names: tuple[str, ...]) -> Update:
    changed: dict[str, Any] = {name: bindparam(name, type_=sessions.c[name].type) for name in names}
    changed |= {"seen_at": bindparam("now"), "messages": sessions.c.messages + bindparam("more")}
    return update(sessions).where(sessions.c.id == bindparam("session")).values(changed)
