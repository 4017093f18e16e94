"""Who is signed in at the pages, and the links that let a person in once: invitation, reset, the first admin."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import Connection

from .engine import AnyRow, Utc, metadata
from .people import users

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_mac", String(64), nullable=False, unique=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("proved_at", Utc, nullable=False),  # when the password was typed last
    Column("ends_at", Utc, nullable=False),
    Column("address", Text, nullable=False),  # from where it began
    Column("browser", Text, nullable=False),
)


class Purpose(StrEnum):
    FIRST_ADMIN = "first_admin"
    INVITATION = "invitation"
    RESET = "reset"
    SIGN_IN = "sign_in"  # of the demo: lets its user in without a password


links = Table(
    "one_time_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_mac", String(64), nullable=False, unique=True),
    Column("purpose", String(12), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), index=True),  # None for the first admin
    Column("made_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
)


def put(
    db: Connection, *, token_mac: str, user_id: int, now: dt.datetime, ends_at: dt.datetime, address: str, browser: str
) -> int:
    """-> the new session's id."""
    db.execute(update(users).where(users.c.id == user_id).values(seen_at=now))
    new: int = db.execute(
        insert(web_sessions)
        .values(
            token_mac=token_mac,
            user_id=user_id,
            created_at=now,
            seen_at=now,
            proved_at=now,
            ends_at=ends_at,
            address=address,
            browser=browser,
        )
        .returning(web_sessions.c.id)
    ).scalar_one()
    return new


def by_token(db: Connection, token_mac: str) -> AnyRow | None:
    """Served by uq_web_sessions_token_mac."""
    return db.execute(select(web_sessions).where(web_sessions.c.token_mac == token_mac)).one_or_none()


def of_user(db: Connection, user_id: int, *, now: dt.datetime, seen_after: dt.datetime) -> list[AnyRow]:
    """Those that still open the pages, the latest first. Served by ix_web_sessions_user_id."""
    found = select(web_sessions).where(
        web_sessions.c.user_id == user_id, web_sessions.c.ends_at > now, web_sessions.c.seen_at >= seen_after
    )
    return list(db.execute(found.order_by(web_sessions.c.seen_at.desc(), web_sessions.c.id.desc())).all())


def note_seen(db: Connection, session_id: int, now: dt.datetime) -> None:
    whose = update(web_sessions).where(web_sessions.c.id == session_id).values(seen_at=now)
    user_id = db.execute(whose.returning(web_sessions.c.user_id)).scalar_one_or_none()
    if user_id is not None:
        db.execute(update(users).where(users.c.id == user_id).values(seen_at=now))


def note_proved(db: Connection, session_id: int, now: dt.datetime) -> None:
    db.execute(update(web_sessions).where(web_sessions.c.id == session_id).values(proved_at=now))


def end(db: Connection, session_id: int) -> None:
    db.execute(delete(web_sessions).where(web_sessions.c.id == session_id))


def end_one_of(db: Connection, user_id: int, session_id: int) -> bool:
    """Ends a session of this user; -> whether it was theirs, and there."""
    gone = delete(web_sessions).where(web_sessions.c.id == session_id, web_sessions.c.user_id == user_id)
    return db.execute(gone.returning(web_sessions.c.id)).one_or_none() is not None


def end_of_user(db: Connection, user_id: int, but: int | None = None) -> None:
    """Ends all sessions of a user, `but` one."""
    gone = delete(web_sessions).where(web_sessions.c.user_id == user_id)
    db.execute(gone if but is None else gone.where(web_sessions.c.id != but))


def drop_ended(db: Connection, now: dt.datetime) -> None:
    """Sessions and links whose time is over."""
    db.execute(delete(web_sessions).where(web_sessions.c.ends_at <= now))
    db.execute(delete(links).where(links.c.ends_at <= now))


def put_link(
    db: Connection, *, token_mac: str, purpose: Purpose, user_id: int | None, now: dt.datetime, ends_at: dt.datetime
) -> None:
    """Replaces the links that were made before for the same user (or for the first admin)."""
    drop_links(db, user_id)
    add_link(db, token_mac=token_mac, purpose=purpose, user_id=user_id, now=now, ends_at=ends_at)


def add_link(
    db: Connection, *, token_mac: str, purpose: Purpose, user_id: int | None, now: dt.datetime, ends_at: dt.datetime
) -> None:
    """One more, beside those that were made before."""
    db.execute(
        insert(links).values(token_mac=token_mac, purpose=purpose, user_id=user_id, made_at=now, ends_at=ends_at)
    )


def drop_links(db: Connection, user_id: int | None) -> None:
    """All of a user, or all for the first admin."""
    db.execute(delete(links).where(links.c.user_id.is_(None) if user_id is None else links.c.user_id == user_id))


def last_link(db: Connection, user_id: int, now: dt.datetime) -> AnyRow | None:
    """-> of a user's links that hold still, the newest. Served by ix_one_time_links_user_id."""
    found = select(links).where(links.c.user_id == user_id, links.c.ends_at > now)
    return db.execute(found.order_by(links.c.made_at.desc(), links.c.id.desc()).limit(1)).one_or_none()


def link(db: Connection, token_mac: str, now: dt.datetime) -> AnyRow | None:
    """-> a link that holds still."""
    return db.execute(select(links).where(links.c.token_mac == token_mac, links.c.ends_at > now)).one_or_none()


def use_link(db: Connection, token_mac: str, now: dt.datetime) -> AnyRow | None:
    """-> the link, which is used up now; None when it is not there any more, or its time is over."""
    return db.execute(
        delete(links).where(links.c.token_mac == token_mac, links.c.ends_at > now).returning(links)
    ).one_or_none()
