"""What is set right in a database that came back from a backup. Each reads a table once: nobody else uses it then."""

import datetime as dt

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.engine import Connection

from . import web_sessions
from .companies import companies, connections
from .engine import AnyRow
from .jobs import ORDERS_FIRST, jobs
from .lists import reads
from .messages import OPEN as OPEN_MESSAGE
from .messages import Fate, Purpose, messages
from .sessions import OPEN as OPEN_SESSION
from .sessions import sessions
from .states import State

_EPOCH = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def note(db: Connection, now: dt.datetime) -> list[int]:
    """-> the ids of all companies, the removed ones too, each of which knows of the restoring now."""
    return sorted(db.execute(update(companies).values(restored_at=now).returning(companies.c.id)).scalars())


def end_sessions(db: Connection, ending: str, now: dt.datetime) -> None:
    """The connectors' sessions are over, and who was signed in at the pages signs in again: whoever was signed out or
    disabled since the backup is not let in by it."""
    db.execute(update(sessions).where(OPEN_SESSION).values(closed_at=now, ending=ending))
    db.execute(update(reads).values(iterator_id=None, session_id=None))
    db.execute(delete(web_sessions.web_sessions))
    db.execute(delete(web_sessions.links))


def read_lists_again(db: Connection) -> None:
    db.execute(update(connections).values(lists_due_at=None))


def ask_before_sending_again(db: Connection) -> None:
    """What was asked for before the backup is no evidence any more."""
    db.execute(update(messages).where(OPEN_MESSAGE).values(asked=0))


def skip_message_ids(db: Connection, company_ids: list[int], now: dt.datetime) -> None:
    """No message may bear the id of one that left after the backup: QuickBooks would answer for that one.

    Ids go on behind the milliseconds since 2025, of which no service has used as many.
    """
    first = int((now - _EPOCH).total_seconds() * 1000)
    last = db.execute(select(func.coalesce(func.max(messages.c.id), 0))).scalar_one()
    first = max(first, last + 1)
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT setval('messages_id_seq', :first)"), {"first": first})
        return
    # SQLite counts on from the largest id that is there: one for each company, since any of them may be erased.
    rows = [
        {
            "id": first + position,
            "company_id": company_id,
            "purpose": Purpose.GREET,
            "fate": Fate.LOST,
            "body": "",
            "requests": 0,
            "sent_at": now,
        }
        for position, company_id in enumerate(company_ids)
    ]
    if rows:
        db.execute(insert(messages), rows)


def unsettled(db: Connection, company_id: int) -> list[AnyRow]:
    """-> id and state of a company's documents that had not left by the backup, or needed a person."""
    states = [State.WAITING, State.READY, State.ATTENTION]
    found = select(jobs.c.id, jobs.c.state).where(
        jobs.c.company_id == company_id,
        jobs.c.priority == ORDERS_FIRST,
        jobs.c.state.in_(states),
        jobs.c.superseded_at.is_(None),
    )
    return list(db.execute(found.order_by(jobs.c.id)).all())
