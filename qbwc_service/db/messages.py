"""Messages: the exact bytes that left for QuickBooks, and every answer that came back."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .engine import AnyRow, Utc, among, has_carried, metadata
from .orders import BigId


class Purpose(StrEnum):
    POST = "post"  # Adds, under a message set id
    READ = "read"  # queries for the lists
    LOOK_UP = "look_up"  # queries that settle what is in doubt
    GREET = "greet"  # a HostQuery, where there is nothing else to say


class Fate(StrEnum):
    SENT = "sent"  # left, or may have left; no answer yet
    ANSWERED = "answered"
    IN_DOUBT = "in_doubt"  # a POST without an answer, from a session that is over
    LOST = "lost"  # not a POST, and without an answer: nothing hangs on it


messages = Table(
    "messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="SET NULL"), index=True),  # for a session that is pruned
    Column("purpose", String(8), nullable=False),
    Column("fate", String(8), nullable=False),
    Column("set_id", String(20)),  # newMessageSetID
    Column("body", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("times_sent", Integer, nullable=False, server_default="1"),
    Column("asked", Integer, nullable=False, server_default="0"),  # look-ups answered while it was in doubt
    Column("sent_at", Utc, nullable=False),
    Column("answered_at", Utc),
)
OPEN = among(messages.c.fate, [Fate.SENT, Fate.IN_DOUBT])
Index("ix_messages_open", messages.c.company_id, messages.c.id, sqlite_where=OPEN, postgresql_where=OPEN)

answers = Table(
    "answers",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), index=True),
    Column("message_id", ForeignKey("messages.id", ondelete="CASCADE"), index=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="SET NULL"), index=True),
    Column("received_at", Utc, nullable=False),
    Column("response", Text, nullable=False),
    Column("hresult", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("note", Text),  # why it was not used, when it was not
)


_NEXT_ID = {
    "postgresql": select(func.nextval("messages_id_seq")),
    "sqlite": select(func.coalesce(func.max(messages.c.id), 0) + 1),
}


def next_id(db: Connection) -> int:
    """-> the id that the next message takes, so that its own bytes can carry it; held by the caller's transaction."""
    return int(db.execute(_NEXT_ID[db.dialect.name]).scalar_one())


_PUT = insert(messages)


def put(
    db: Connection,
    *,
    id: int,
    company_id: int,
    session_id: int,
    purpose: Purpose,
    set_id: str | None,
    body: str,
    requests: int,
    now: dt.datetime,
) -> None:
    db.execute(
        _PUT,
        {
            "id": id,
            "company_id": company_id,
            "session_id": session_id,
            "purpose": purpose,
            "fate": Fate.SENT,
            "set_id": set_id,
            "body": body,
            "requests": requests,
            "sent_at": now,
        },
    )
    has_carried(db, body)


# All but the bytes, which are many: those are asked for where they are wanted.
_FACTS = select(*(column for column in messages.c if column.name != "body"))
_UNANSWERED = _FACTS.where(messages.c.company_id == bindparam("company"), OPEN).order_by(messages.c.id)
_BY_ID = _FACTS.where(messages.c.id == bindparam("message"))
_SET_FATE = (
    update(messages)
    .where(messages.c.id == bindparam("message"))
    .values(fate=bindparam("becomes"), answered_at=bindparam("at"))
)


def unanswered(db: Connection, company_id: int) -> list[AnyRow]:
    """Messages that left and have no answer, or are in doubt, without their bytes; oldest first. Served by
    ix_messages_open."""
    return list(db.execute(_UNANSWERED, {"company": company_id}).all())


def by_id(db: Connection, message_id: int) -> AnyRow | None:
    """-> all that is known of a message, but for its bytes."""
    return db.execute(_BY_ID, {"message": message_id}).one_or_none()


def with_body(db: Connection, message_id: int) -> AnyRow | None:
    """-> all that is known of a message; its bytes are "" once they are pruned."""
    row = db.execute(select(messages).where(messages.c.id == message_id)).one_or_none()
    if row is not None:
        has_carried(db, row.body)
    return row


def set_fate(db: Connection, message_id: int, fate: Fate, now: dt.datetime | None = None) -> None:
    db.execute(_SET_FATE, {"message": message_id, "becomes": fate, "at": now})


def resend(db: Connection, message_id: int, session_id: int, now: dt.datetime) -> None:
    """The same bytes leave once more, in another session."""
    db.execute(
        update(messages)
        .where(messages.c.id == message_id)
        .values(fate=Fate.SENT, session_id=session_id, sent_at=now, times_sent=messages.c.times_sent + 1, asked=0)
    )


def count_look_up(db: Connection, message_ids: list[int]) -> None:
    db.execute(update(messages).where(messages.c.id.in_(message_ids)).values(asked=messages.c.asked + 1))


_KEEP = insert(answers).returning(answers.c.id)


def keep_answer(
    db: Connection,
    *,
    company_id: int | None,
    message_id: int | None,
    session_id: int | None,
    response: str,
    hresult: str,
    message: str,
    note: str | None,
    now: dt.datetime,
) -> int:
    new: int = db.execute(
        _KEEP,
        {
            "company_id": company_id,
            "message_id": message_id,
            "session_id": session_id,
            "received_at": now,
            "response": response,
            "hresult": hresult,
            "message": message,
            "note": note,
        },
    ).scalar_one()
    has_carried(db, response, message)
    return new


def note_answer(db: Connection, answer_id: int, note: str) -> None:
    db.execute(update(answers).where(answers.c.id == answer_id).values(note=note))


def answers_to(db: Connection, message_id: int) -> list[AnyRow]:
    """Served by ix_answers_message_id."""
    rows = db.execute(select(answers).where(answers.c.message_id == message_id).order_by(answers.c.id)).all()
    has_carried(db, *(row.response for row in rows))
    return list(rows)
