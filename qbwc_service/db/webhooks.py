"""Webhooks: addresses that are told of outcomes, and what was delivered to them."""

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .companies import companies
from .engine import AnyRow, Utc, metadata
from .jobs import ORDERS_FIRST, jobs
from .many import one_given
from .orders import BigId, orders
from .states import State

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # sealed; it signs what is delivered
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("removed_at", Utc),
)

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(36), nullable=False),  # the same at each attempt
    Column("event", String(32), nullable=False),  # such as document.posted
    Column("body", Text, nullable=False),  # the JSON that is sent and signed
    Column("made_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Utc),  # None: delivered, or given up
    Column("delivered_at", Utc),
    Column("last_try_at", Utc),
    Column("last_status", Integer),  # HTTP's
    Column("last_error", Text),
    Index("ix_webhook_deliveries_webhook_id", "webhook_id", "id"),
)
DUE = deliveries.c.next_try_at.is_not(None)
Index("ix_webhook_deliveries_due", deliveries.c.next_try_at, sqlite_where=DUE, postgresql_where=DUE)


def put(db: Connection, company_id: int, *, url: str, secret: str, made_by: str, now: dt.datetime) -> int:
    new: int = db.execute(
        insert(webhooks)
        .values(company_id=company_id, url=url, secret=secret, made_at=now, made_by=made_by)
        .returning(webhooks.c.id)
    ).scalar_one()
    return new


def of_company(db: Connection, company_id: int) -> list[AnyRow]:
    """Those in force; served by ix_webhooks_company_id."""
    mine = select(webhooks).where(webhooks.c.company_id == company_id, webhooks.c.removed_at.is_(None))
    return list(db.execute(mine.order_by(webhooks.c.id)).all())


def remove(db: Connection, company_id: int, webhook_id: int, now: dt.datetime) -> str | None:
    """-> the address that is told nothing any more; None when the company has none such."""
    url = db.execute(
        update(webhooks)
        .where(webhooks.c.company_id == company_id, webhooks.c.id == webhook_id, webhooks.c.removed_at.is_(None))
        .values(removed_at=now)
        .returning(webhooks.c.url)
    ).scalar_one_or_none()
    if url is not None:
        db.execute(update(deliveries).where(deliveries.c.webhook_id == webhook_id, DUE).values(next_try_at=None))
    return url


EVENTS = {
    State.POSTED: "document.posted",
    State.ATTENTION: "document.attention",
    State.CANCELLED: "document.cancelled",
}
"""The states that are told of. The reading of a list is none of a receiver's business, whatever its state."""

_IN_FORCE = select(webhooks.c.id, webhooks.c.company_id).where(webhooks.c.removed_at.is_(None))
_ANY_IN_FORCE = _IN_FORCE.limit(1)
_THESE = one_given(jobs.c.id, "jobs")
_LISTENING = _IN_FORCE.where(webhooks.c.company_id.in_(select(jobs.c.company_id).where(_THESE))).order_by(webhooks.c.id)
_TOLD = (
    select(jobs, companies.c.name.label("company"), orders.c.number.label("order_number"))
    .join(companies, companies.c.id == jobs.c.company_id)
    .outerjoin(orders, orders.c.id == jobs.c.order_id)
    .where(_THESE, jobs.c.priority == ORDERS_FIRST)
    .order_by(jobs.c.id)
)


def tell(db: Connection, job_ids: list[int], now: dt.datetime) -> None:
    """These jobs have come to a state of EVENTS: each webhook in force of their company is to hear of it.

    Told in the transaction of the change, so that nothing is told that was rolled back, and nothing is lost. Where
    nobody has a webhook, it is one look.
    """
    if not job_ids or db.execute(_ANY_IN_FORCE).first() is None:
        return
    these = {"jobs": job_ids}
    listening: dict[int, list[int]] = {}
    for hook in db.execute(_LISTENING, these):
        listening.setdefault(hook.company_id, []).append(hook.id)
    if not listening:
        return
    rows = []
    for job in db.execute(_TOLD, these):
        event_id, event = str(uuid.uuid4()), EVENTS[State(job.state)]
        body = _body(job, event_id, event, now)
        rows += [
            {
                "webhook_id": webhook_id,
                "event_id": event_id,
                "event": event,
                "body": body,
                "made_at": now,
                "next_try_at": now,
            }
            for webhook_id in listening.get(job.company_id, ())
        ]
    put_deliveries(db, rows)


def _body(job: AnyRow, event_id: str, event: str, now: dt.datetime) -> str:
    """-> the JSON of an event; what does not apply is null."""
    code = job.status_code
    facts = {
        "id": event_id,
        "event": event,
        "at": now.isoformat(),
        "company": job.company,
        "order": job.order_number,
        "job": job.id,
        "kind": job.kind,
        "record": job.record,
        "name": job.name,
        "ref_number": job.ref_number,
        "total": job.total,
        "txn_id": job.txn_id,
        "list_id": job.list_id,
        "status_code": int(code) if code is not None and code.lstrip("-").isdecimal() else code,
        "explanation": job.explanation,
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def put_deliveries(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """`rows`: webhook_id, event_id, event, body, made_at, next_try_at."""
    if rows:
        db.execute(insert(deliveries), list(rows))


def is_due(db: Connection, now: dt.datetime) -> bool:
    """Whether a claim would find any; served by ix_webhook_deliveries_due."""
    return db.execute(select(deliveries.c.id).where(DUE, deliveries.c.next_try_at <= now).limit(1)).first() is not None


def claim_due(db: Connection, now: dt.datetime, again_at: dt.datetime, limit: int = 20) -> list[AnyRow]:
    """-> deliveries that are this caller's to make; should it die, they are due again at `again_at`.

    Served by ix_webhook_deliveries_due.
    """
    chosen = (
        select(deliveries.c.id)
        .where(DUE, deliveries.c.next_try_at <= now)
        .order_by(deliveries.c.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = db.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(chosen))
        .values(next_try_at=again_at, attempts=deliveries.c.attempts + 1, last_try_at=now)
        .returning(deliveries)
    ).all()
    return sorted(claimed, key=lambda row: int(row.id))


def address_of(db: Connection, webhook_id: int) -> AnyRow | None:
    """-> url, secret (sealed) and company_id; None when it was removed."""
    in_force = select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.removed_at.is_(None))
    return db.execute(in_force).one_or_none()


def put_back(db: Connection, delivery_ids: Sequence[int], now: dt.datetime) -> None:
    """Claimed, but not tried: due as before, without the attempt."""
    db.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(delivery_ids), DUE)
        .values(next_try_at=now, attempts=deliveries.c.attempts - 1)
    )


def rest(db: Connection, webhook_id: int, until: dt.datetime) -> None:
    """The address does not answer: what else is due there waits so long, and keeps nobody else waiting.

    Served by ix_webhook_deliveries_due.
    """
    db.execute(
        update(deliveries)
        .where(DUE, deliveries.c.next_try_at < until, deliveries.c.webhook_id == webhook_id)
        .values(next_try_at=until)
    )


def drop_old(db: Connection, before: dt.datetime, limit: int = 5000) -> int:
    """Deliveries of that age that are settled are forgotten, the oldest first; -> how many. Reads no more than it
    drops: ids grow with time."""
    oldest = select(deliveries.c.id, deliveries.c.made_at).order_by(deliveries.c.id).limit(limit).subquery()
    old = select(oldest.c.id).where(oldest.c.made_at < before)
    return db.execute(delete(deliveries).where(deliveries.c.id.in_(old), ~DUE)).rowcount


def note_outcome(
    db: Connection,
    delivery_id: int,
    *,
    delivered_at: dt.datetime | None,
    next_try_at: dt.datetime | None,
    status: int | None,
    error: str | None,
) -> None:
    db.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(delivered_at=delivered_at, next_try_at=next_try_at, last_status=status, last_error=error)
    )


def deliveries_of(db: Connection, company_id: int, *, before: int | None = None, limit: int = 50) -> list[AnyRow]:
    """With their webhook's url; the latest first."""
    found = (
        select(deliveries, webhooks.c.url)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        .where(webhooks.c.company_id == company_id)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        found = found.where(deliveries.c.id < before)
    return list(db.execute(found).all())


def again(db: Connection, company_id: int, delivery_id: int, now: dt.datetime) -> bool:
    """A person wants it delivered once more; -> whether the company has such a delivery to an address in force."""
    mine = select(webhooks.c.id).where(webhooks.c.company_id == company_id, webhooks.c.removed_at.is_(None))
    done = db.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.webhook_id.in_(mine))
        .values(next_try_at=now, delivered_at=None, attempts=0)
        .returning(deliveries.c.id)
    )
    return done.first() is not None
