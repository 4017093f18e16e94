"""The audit trail: who did what, and when. Rows are only ever added."""

import datetime as dt
import logging
from collections.abc import Sequence

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, insert, select
from sqlalchemy.engine import Connection

from . import many
from .engine import AnyRow, Utc, metadata
from .orders import BigId

log = logging.getLogger(__name__)

trail = Table(
    "audit_trail",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),  # an e-mail address, "command", or "token NAME": stays when the user is gone
    Column("company_id", ForeignKey("companies.id", ondelete="SET NULL")),
    Column("act", String(40), nullable=False),  # a word of ours, such as order.sent
    Column("about", Text, nullable=False),  # what it was done to: a number, a name
    Column("detail", Text),
    Index("ix_audit_trail_company_id", "company_id", "id"),
    Index("ix_audit_trail_at", "company_id", "at"),
)


def put(
    db: Connection,
    *,
    now: dt.datetime,
    who: str,
    act: str,
    about: str,
    company_id: int | None = None,
    detail: str | None = None,
) -> None:
    db.execute(insert(trail).values(at=now, who=who, company_id=company_id, act=act, about=about, detail=detail))
    # Neither who nor what about: somebody may have typed a password where the address should stand.
    log.info("act", extra={"act": act, "company": company_id})


def put_all(
    db: Connection,
    rows: Sequence[tuple[str, str | None]],
    *,
    now: dt.datetime,
    who: str,
    act: str,
    company_id: int | None = None,
) -> None:
    """One act, done to many: `rows` tell to what, and its detail."""
    if rows:
        many.put(db, trail, ("about", "detail"), rows, at=now, who=who, act=act, company_id=company_id)
        log.info("act", extra={"act": act, "company": company_id, "times": len(rows)})


def last_of(db: Connection, company_id: int, acts: Sequence[str]) -> AnyRow | None:
    """-> the latest row of a company with one of these acts; served by ix_audit_trail_company_id."""
    found = select(trail).where(trail.c.company_id == company_id, trail.c.act.in_(acts))
    return db.execute(found.order_by(trail.c.id.desc()).limit(1)).one_or_none()


def listed(
    db: Connection, *, company_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[AnyRow]:
    """The latest first; `before` is the id of the last row of the page before."""
    found = select(trail).order_by(trail.c.id.desc()).limit(limit)
    if company_id is not None:
        found = found.where(trail.c.company_id == company_id)
    if before is not None:
        found = found.where(trail.c.id < before)
    return list(db.execute(found).all())


def acts_at(db: Connection, company_id: int, times: Sequence[dt.datetime]) -> list[AnyRow]:
    """-> what was done in the company at these very moments: what else was written then was their doing. Served by
    ix_audit_trail_at."""
    found = select(trail).where(trail.c.company_id == company_id, trail.c.at.in_(times)).order_by(trail.c.id)
    return list(db.execute(found).all())
