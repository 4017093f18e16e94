"""Orders as the order system gave them. Lists of them, with what became of each, are in order_views."""

import datetime as dt
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, select, update
from sqlalchemy.engine import Connection

from . import many
from .engine import AnyRow, Utc, metadata
from .many import one_of

LONGEST_SEARCH = 640  # characters: a number and most of a name; PostgreSQL indexes 2,704 bytes
BigId = BigInteger().with_variant(Integer, "sqlite")

orders = Table(
    "orders",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("number", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("completed_at", Utc, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON: equal orders are equal texts
    Column("checksum", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("search", Text),  # number and customer's name in small letters
    Column("total", Text),  # as the order says; None: taken in before there was this column
    Index("uq_orders_company_id_number", "company_id", "number", unique=True),
    Index("ix_orders_recent", "company_id", "id"),
    Index("ix_orders_search", "company_id", "search"),
    Index("ix_orders_customer_id", "company_id", "customer_id", "id"),
)
NEW = orders.c.sent_at.is_(None)
# With sent_at, though it is the same in all rows: SQLite would else think ix_orders_recent as good.
Index("ix_orders_new", orders.c.company_id, orders.c.sent_at, orders.c.id, sqlite_where=NEW, postgresql_where=NEW)


@dataclass(frozen=True)
class NewOrder:
    number: str
    customer_id: str
    customer_name: str
    completed_at: dt.datetime
    content: str
    checksum: str
    total: str | None = None

    @property
    def search(self) -> str:
        return f"{self.number} {self.customer_name}".lower()[:LONGEST_SEARCH]


_WRITTEN = ("number", "customer_id", "customer_name", "completed_at", "content", "checksum", "total", "search")
_values = operator.attrgetter(*_WRITTEN)


def put(db: Connection, company_id: int, new: Iterable[NewOrder], now: dt.datetime) -> None:
    """Raises IntegrityError when the company has one of such a number."""
    many.put(db, orders, _WRITTEN, map(_values, new), company_id=company_id, created_at=now)


def replace(db: Connection, order_id: int, new: NewOrder) -> None:
    """Another content under the order's number, of which nothing was sent."""
    changed = dict(zip(_WRITTEN, _values(new), strict=True))
    db.execute(update(orders).where(orders.c.id == order_id).values(**changed, sent_at=None))


def by_number(db: Connection, company_id: int, number: str) -> AnyRow | None:
    """Served by uq_orders_company_id_number."""
    return db.execute(select(orders).where(orders.c.company_id == company_id, orders.c.number == number)).one_or_none()


def ids(db: Connection, company_id: int, numbers: Iterable[str]) -> dict[str, int]:
    """-> by number; served by uq_orders_company_id_number."""
    found = select(orders.c.number, orders.c.id).where(
        orders.c.company_id == company_id, one_of(orders.c.number, numbers)
    )
    return {row.number: row.id for row in db.execute(found)}


def contents(db: Connection, company_id: int, order_ids: Sequence[int]) -> dict[int, str]:
    """-> by id, served by the primary key."""
    found = select(orders.c.id, orders.c.content).where(orders.c.id.in_(order_ids), orders.c.company_id == company_id)
    return {row.id: row.content for row in db.execute(found)}


def hold(db: Connection, company_id: int, number: str) -> AnyRow | None:
    """The same, and nobody else changes or sends it before this transaction ends."""
    found = select(orders).where(orders.c.company_id == company_id, orders.c.number == number)
    return db.execute(found.with_for_update(key_share=True)).one_or_none()


def hold_all(db: Connection, company_id: int, numbers: Iterable[str]) -> dict[str, AnyRow]:
    """The same for many: those that the company has, by number."""
    found = select(orders).where(orders.c.company_id == company_id, one_of(orders.c.number, numbers))
    return {row.number: row for row in db.execute(found.with_for_update(key_share=True))}


def mark_sent(db: Connection, order_id: int, now: dt.datetime) -> None:
    db.execute(update(orders).where(orders.c.id == order_id, orders.c.sent_at.is_(None)).values(sent_at=now))
