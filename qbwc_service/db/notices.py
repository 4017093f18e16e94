"""Notices: what admins must hear of, told once as long as it lasts."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from .engine import AnyRow, Utc, metadata


class Kind(StrEnum):
    SILENT = "silent"  # the connector should have called and did not
    REFUSED = "refused"  # it calls with a wrong password
    PROBLEM = "problem"  # of the whole company: another company file
    FAILURES = "failures"  # documents need a person
    PASSWORD = "password"  # noqa: S105  the old one ends soon


notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("text", Text, nullable=False),  # JSON: the facts that its words are made of, in each reader's language
    Column("raised_at", Utc, nullable=False),
    Column("mailed_at", Utc),
    Column("mail_error", Text),
    Column("next_mail_at", Utc),  # None: nothing to be mailed any more
    Column("mail_attempts", Integer, nullable=False, server_default="0"),
    Column("told", Text),  # the text as it was mailed last
    Column("ended_at", Utc),
    Index("ix_notices_company_id", "company_id", "kind"),
)
OPEN = notices.c.ended_at.is_(None)
MAIL_DUE = notices.c.next_mail_at.is_not(None)
Index("uq_notices_open", notices.c.company_id, notices.c.kind, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_notices_mail_due", notices.c.next_mail_at, sqlite_where=MAIL_DUE, postgresql_where=MAIL_DUE)


def open_of(db: Connection, company_id: int) -> list[AnyRow]:
    """Served by uq_notices_open."""
    return list(
        db.execute(select(notices).where(notices.c.company_id == company_id, OPEN).order_by(notices.c.id)).all()
    )


def open_of_companies(db: Connection, company_ids: Sequence[int]) -> list[AnyRow]:
    """Of the companies on a page, in one statement; served by uq_notices_open."""
    found = select(notices).where(notices.c.company_id.in_(company_ids), OPEN).order_by(notices.c.id)
    return list(db.execute(found).all())


def all_open(db: Connection) -> list[AnyRow]:
    return list(db.execute(select(notices).where(OPEN).order_by(notices.c.company_id, notices.c.id)).all())


def last_mailed(db: Connection, company_id: int, kind: Kind) -> dt.datetime | None:
    """-> when a notice of this kind was mailed last; served by ix_notices_company_id."""
    mine = notices.c.company_id == company_id, notices.c.kind == kind
    last: dt.datetime | None = db.execute(select(func.max(notices.c.mailed_at)).where(*mine)).scalar_one()
    return last


def raise_one(db: Connection, company_id: int, kind: Kind, text: str, now: dt.datetime, mail_at: dt.datetime) -> bool:
    """-> whether it is new: one that lasts is not raised again, whoever else looks at the same moment."""
    try:
        with db.begin_nested():
            db.execute(
                insert(notices).values(company_id=company_id, kind=kind, text=text, raised_at=now, next_mail_at=mail_at)
            )
    except IntegrityError:
        return False
    return True


def retell(db: Connection, notice_id: int, text: str) -> None:
    """What lasts may change its words: five documents became seven."""
    db.execute(update(notices).where(notices.c.id == notice_id).values(text=text))


def mail_again(db: Connection, notice_id: int, at: dt.datetime) -> None:
    """There is news since it was mailed."""
    due = update(notices).where(notices.c.id == notice_id, OPEN, notices.c.next_mail_at.is_(None))
    db.execute(due.values(next_mail_at=at))


def end(db: Connection, notice_id: int, now: dt.datetime) -> None:
    """What is over is not mailed any more."""
    db.execute(update(notices).where(notices.c.id == notice_id, OPEN).values(ended_at=now, next_mail_at=None))


def is_mail_due(db: Connection, now: dt.datetime) -> bool:
    """Whether a claim would find any; served by ix_notices_mail_due."""
    return db.execute(select(notices.c.id).where(MAIL_DUE, notices.c.next_mail_at <= now).limit(1)).first() is not None


def claim_mail(db: Connection, now: dt.datetime, again_at: dt.datetime, limit: int = 200) -> list[AnyRow]:
    """-> notices that are this caller's to mail; should it die, they are due again at `again_at`."""
    chosen = (
        select(notices.c.id)
        .where(MAIL_DUE, notices.c.next_mail_at <= now)
        .order_by(notices.c.next_mail_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(
        db.execute(
            update(notices)
            .where(notices.c.id.in_(chosen))
            .values(next_mail_at=again_at, mail_attempts=notices.c.mail_attempts + 1)
            .returning(notices)
        ).all()
    )


def note_mailed(db: Connection, notice_id: int, *, told: str, at: dt.datetime, error: str | None) -> None:
    """It was mailed, with the text `told`. `error`: what went wrong with some of those whom it was for."""
    db.execute(
        update(notices)
        .where(notices.c.id == notice_id)
        .values(mailed_at=at, told=told, next_mail_at=None, mail_attempts=0, mail_error=error)
    )


def note_not_mailed(db: Connection, notice_id: int, *, next_mail_at: dt.datetime, error: str) -> None:
    """What is over by now is not tried again."""
    failed = update(notices).where(notices.c.id == notice_id, OPEN)
    db.execute(failed.values(next_mail_at=next_mail_at, mail_error=error))


def drop_old(db: Connection, before: dt.datetime) -> None:
    """What was over by then is forgotten."""
    db.execute(delete(notices).where(notices.c.ended_at < before))
