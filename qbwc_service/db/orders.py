"""Orders as the order system gave them. Lists of them, with what became of each, are in order_views."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, insert, select, update
from sqlalchemy.engine import Connection

from .engine import AnyRow, Utc, metadata

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


def put(
    db: Connection,
    company_id: int,
    *,
    number: str,
    customer_id: str,
    customer_name: str,
    completed_at: dt.datetime,
    content: str,
    checksum: str,
    total: str | None = None,
    now: dt.datetime,
) -> int:
    """-> the new order's id. Raises IntegrityError when the company has one of that number."""
    new: int = db.execute(
        insert(orders)
        .values(
            company_id=company_id,
            number=number,
            customer_id=customer_id,
            customer_name=customer_name,
            completed_at=completed_at,
            content=content,
            checksum=checksum,
            total=total,
            created_at=now,
            search=f"{number} {customer_name}".lower(),
        )
        .returning(orders.c.id)
    ).scalar_one()
    return new


def replace(
    db: Connection,
    order_id: int,
    *,
    number: str,
    customer_id: str,
    customer_name: str,
    completed_at: dt.datetime,
    content: str,
    checksum: str,
    total: str | None = None,
) -> None:
    db.execute(
        update(orders)
        .where(orders.c.id == order_id)
        .values(
            customer_id=customer_id,
            customer_name=customer_name,
            completed_at=completed_at,
            content=content,
            checksum=checksum,
            total=total,
            sent_at=None,
            search=f"{number} {customer_name}".lower(),
        )
    )


def by_number(db: Connection, company_id: int, number: str) -> AnyRow | None:
    """Served by uq_orders_company_id_number."""
    return db.execute(select(orders).where(orders.c.company_id == company_id, orders.c.number == number)).one_or_none()


def contents(db: Connection, company_id: int, order_ids: Sequence[int]) -> dict[int, str]:
    """-> by id, served by the primary key."""
    found = select(orders.c.id, orders.c.content).where(orders.c.id.in_(order_ids), orders.c.company_id == company_id)
    return {row.id: row.content for row in db.execute(found)}


def hold(db: Connection, company_id: int, number: str) -> AnyRow | None:
    """The same, and nobody else changes or sends it before this transaction ends."""
    return db.execute(
        select(orders).where(orders.c.company_id == company_id, orders.c.number == number).with_for_update()
    ).one_or_none()


def mark_sent(db: Connection, order_id: int, now: dt.datetime) -> None:
    db.execute(update(orders).where(orders.c.id == order_id, orders.c.sent_at.is_(None)).values(sent_at=now))
