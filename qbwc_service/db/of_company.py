"""All that is known of one company, over all tables: to be taken along, or to be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, or_, select, text
from sqlalchemy.engine import Connection

from .audit import trail
from .companies import companies, connections, passwords
from .engine import AnyRow
from .jobs import drafts, history, jobs, needs
from .lists import links, reads, records
from .messages import answers, messages
from .notices import notices
from .orders import orders
from .parties import parties
from .people import members, teams, users, viewers
from .sessions import sessions
from .tokens import tokens
from .web_sessions import links as one_time_links
from .web_sessions import web_sessions
from .webhooks import deliveries, webhooks


@dataclass(frozen=True)
class Part:
    """A table, or what of it is a company's: by its own column, or by that of the row it hangs on. `hidden` columns
    are secrets, or what they are recognised by: they are never given out."""

    table: Table
    hidden: tuple[str, ...] = ()
    through: tuple[Column[Any], Table] | None = None

    def of(self, company_id: int) -> ColumnElement[bool]:
        if self.through is not None:
            column, parent = self.through
            return column.in_(select(parent.c.id).where(parent.c.company_id == company_id))
        column = self.table.c.id if self.table is companies else self.table.c.company_id
        return column == company_id


PARTS = (
    Part(companies),
    Part(connections),
    Part(passwords, ("mac", "sealed")),
    Part(viewers),
    Part(orders),
    Part(jobs),
    Part(drafts, through=(drafts.c.job_id, jobs)),
    Part(needs, through=(needs.c.job_id, jobs)),
    Part(history, through=(history.c.job_id, jobs)),
    Part(sessions, ("ticket_mac",)),
    Part(messages),
    Part(answers),
    Part(reads),
    Part(records),
    Part(links),
    Part(parties),
    Part(notices),
    Part(tokens, ("token_mac",)),
    Part(webhooks, ("secret",)),
    Part(deliveries, through=(deliveries.c.webhook_id, webhooks)),
    Part(trail),
)
# Whose data is people's, and no company's.
OF_PEOPLE = (users, teams, members, web_sessions, one_time_links)


def find(db: Connection, given: str) -> AnyRow | None:
    """-> id, name and removed_at of a company by its name or id, a removed one too."""
    found = select(companies.c.id, companies.c.name, companies.c.removed_at)
    row = db.execute(found.where(companies.c.name_key == given.casefold())).one_or_none()
    if row is None and given.isdecimal() and len(given) < 10:
        row = db.execute(found.where(companies.c.id == int(given))).one_or_none()
    return row


def hold_still(db: Connection) -> None:
    """What this transaction reads is all of one moment; on SQLite it is so anyway. To be called first in it."""
    if db.dialect.name == "postgresql":
        db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def rows(db: Connection, part: Part, company_id: int) -> Iterator[dict[str, Any]]:
    """-> the company's rows of a table without what is hidden, some at a time, in the sequence of their keys."""
    shown = [column for column in part.table.c if column.name not in part.hidden]
    found = select(*shown).where(part.of(company_id)).order_by(*part.table.primary_key)
    for row in db.execute(found.execution_options(yield_per=500)):
        yield dict(row._mapping)


def forget_some(db: Connection, company_id: int, limit: int = 500) -> int:
    """Forgets a piece of what there is most of; -> how many rows. 0: nothing of these is left."""
    job_ids = list(db.execute(select(jobs.c.id).where(jobs.c.company_id == company_id).limit(limit)).scalars())
    if job_ids:
        db.execute(delete(history).where(history.c.job_id.in_(job_ids)))
        db.execute(delete(needs).where(or_(needs.c.job_id.in_(job_ids), needs.c.needs_id.in_(job_ids))))
        return db.execute(delete(jobs).where(jobs.c.id.in_(job_ids))).rowcount
    delivered = select(deliveries.c.id).where(Part(deliveries, (), (deliveries.c.webhook_id, webhooks)).of(company_id))
    for table, ids in (
        (deliveries, delivered),
        (orders, select(orders.c.id).where(orders.c.company_id == company_id)),
        (trail, select(trail.c.id).where(trail.c.company_id == company_id)),
        (answers, select(answers.c.id).where(answers.c.company_id == company_id)),
        (messages, select(messages.c.id).where(messages.c.company_id == company_id)),
        (sessions, select(sessions.c.id).where(sessions.c.company_id == company_id)),
    ):
        found = list(db.execute(ids.limit(limit)).scalars())
        if found:
            return db.execute(delete(table).where(table.c.id.in_(found))).rowcount
    return 0


def forget_rest(db: Connection, company_id: int, name: str) -> None:
    """The company itself, with all that hangs on it, and what tells of it in the audit trail of no company."""
    db.execute(delete(companies).where(companies.c.id == company_id))
    told = (trail.c.about == name) & trail.c.act.startswith("company.")
    db.execute(delete(trail).where(trail.c.company_id.is_(None), told))
