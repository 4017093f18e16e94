"""What is old and settled, a piece at a time: found by id, since ids grow with time, and so never read beyond it.

Never touched: whatever is open, in doubt or with a person, orders, jobs, links, numbers; and of each company the last
message, from whose id the next one's is counted on SQLite (a message set id must never come again).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.engine import Connection

from .audit import trail
from .engine import AnyRow
from .jobs import TROUBLE, UNFINISHED, history, jobs
from .messages import Fate, Purpose, answers, messages
from .sessions import sessions
from .states import FINAL, State


@dataclass(frozen=True)
class Piece:
    """Rows that were looked at, up to `last`; `more` says whether older ones than the time are left behind them."""

    last: int
    more: bool
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """What is pruned under one name. `rows` have id, at and droppable; `drop` forgets rows by id; `kept` are ids that
    stay whatever their age, looked up once."""

    name: str
    rows: Callable[[dt.datetime], Select[int, dt.datetime, bool]]
    id: ColumnElement[int]
    drop: Callable[[Connection, tuple[int, ...]], None]
    kept: Callable[[Connection], frozenset[int]] = lambda db: frozenset()


def piece(
    db: Connection, kind: Kind, after: int, before: dt.datetime, limit: int, kept: frozenset[int] = frozenset()
) -> Piece:
    """-> the next rows of a kind behind the id `after` that are older than `before`, and which of them may go."""
    rows: list[AnyRow] = list(db.execute(kind.rows(before).where(kind.id > after).order_by(kind.id).limit(limit)).all())
    old = [row for row in rows if row.at < before]
    ids = tuple(row.id for row in old if row.droppable and row.id not in kept)
    return Piece(old[-1].id if old else after, len(old) == limit, ids)


def _deleted(table: Table) -> Callable[[Connection, tuple[int, ...]], None]:
    def drop(db: Connection, ids: tuple[int, ...]) -> None:
        db.execute(delete(table).where(table.c.id.in_(ids)))

    return drop


def _blank(db: Connection, ids: tuple[int, ...]) -> None:
    db.execute(update(messages).where(messages.c.id.in_(ids)).values(body=""))


def _history(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    settled = and_(jobs.c.state.in_(FINAL), jobs.c.changed_at < before)
    return select(history.c.id, history.c.at, settled.label("droppable")).join(jobs, jobs.c.id == history.c.job_id)


# Messages that a job which is not settled was sent with: by them it is decided what may be sent again.
_NEEDED = select(jobs.c.message_id).where(UNFINISHED, jobs.c.state != State.CANCELLED, jobs.c.message_id.is_not(None))
_OVER = messages.c.fate.in_([Fate.ANSWERED, Fate.LOST])


def _answers(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    # What a person has to decide about was told by an answer of that very moment (activity.answers_at).
    evidence = exists().where(
        TROUBLE, jobs.c.company_id == answers.c.company_id, jobs.c.changed_at == answers.c.received_at
    )
    over = or_(answers.c.message_id.is_(None), and_(_OVER, answers.c.message_id.not_in(_NEEDED)))
    return select(answers.c.id, answers.c.received_at.label("at"), and_(over, ~evidence).label("droppable")).outerjoin(
        messages, messages.c.id == answers.c.message_id
    )


def _bodies(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    may = and_(_OVER, messages.c.id.not_in(_NEEDED)).label("droppable")
    posts = and_(messages.c.purpose == Purpose.POST, messages.c.body != "")
    return select(messages.c.id, messages.c.sent_at.label("at"), may).where(posts)


def _queries(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    may = and_(_OVER, messages.c.id.not_in(_NEEDED)).label("droppable")
    return select(messages.c.id, messages.c.sent_at.label("at"), may).where(messages.c.purpose != Purpose.POST)


def _sessions(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    over = and_(sessions.c.closed_at.is_not(None), sessions.c.closed_at < before)
    return select(sessions.c.id, sessions.c.opened_at.label("at"), over.label("droppable"))


def _trail(before: dt.datetime) -> Select[int, dt.datetime, bool]:
    return select(trail.c.id, trail.c.at, trail.c.id.is_not(None).label("droppable"))


def last_messages(db: Connection) -> frozenset[int]:
    """-> the id of each company's last message. Reads all messages' ids."""
    return frozenset(db.execute(select(func.max(messages.c.id)).group_by(messages.c.company_id)).scalars())


KINDS = (
    Kind("history", _history, history.c.id, _deleted(history)),
    Kind("answers", _answers, answers.c.id, _deleted(answers)),
    Kind("message bodies", _bodies, messages.c.id, _blank),
    Kind("queries", _queries, messages.c.id, _deleted(messages), last_messages),
    Kind("sessions", _sessions, sessions.c.id, _deleted(sessions)),
    Kind("audit trail", _trail, trail.c.id, _deleted(trail)),
)
