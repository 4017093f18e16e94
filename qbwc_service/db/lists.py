"""The mirror of QuickBooks' lists, how far each was read, and the links from our records to QuickBooks' ones."""

import datetime as dt
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from . import many
from .engine import AnyRow, Utc, metadata
from .many import one_given
from .orders import BigId


class List(StrEnum):
    ACCOUNT = "account"
    PAYMENT_METHOD = "payment_method"
    TERMS = "terms"
    TAX_CODE = "tax_code"
    SALES_TAX_ITEM = "sales_tax_item"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"


# What the lists are called by commands and in the API's addresses.
WORDS = {
    "accounts": List.ACCOUNT,
    "customers": List.CUSTOMER,
    "vendors": List.VENDOR,
    "items": List.ITEM,
    "terms": List.TERMS,
    "tax-codes": List.TAX_CODE,
    "sales-tax-items": List.SALES_TAX_ITEM,
    "payment-methods": List.PAYMENT_METHOD,
}

records = Table(
    "list_records",
    metadata,
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True),
    Column("list", String(16), primary_key=True),
    Column("list_id", String(36), primary_key=True),
    Column("name", Text, nullable=False),  # QuickBooks' FullName where there is one
    Column("key", Text, nullable=False),  # the name in small letters
    Column("is_active", Boolean, nullable=False),
    Column("type", String(32), nullable=False),  # account type, kind of item, Taxable or NonTaxable; else ""
    Column("position", Integer, nullable=False),  # as QuickBooks lists them
    Index("ix_list_records_key", "company_id", "list", "key"),
)

reads = Table(
    "list_reads",
    metadata,
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True),
    Column("list", String(16), primary_key=True),
    Column("read_at", Utc),  # the last complete reading
    Column("watermark", Text),  # QuickBooks' time of the newest change in it
    Column("newest", Text),  # the same, in the reading under way
    Column("iterator_id", Text),
    Column("session_id", BigId),  # in which the iterator lives: it dies with it
    Column("seen", Integer, nullable=False, server_default="0"),
)

links = Table(
    "links",
    metadata,
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True),
    Column("record", Text, primary_key=True),  # customer:C-17
    Column("list_id", String(36), nullable=False),
    Column("name", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
)


class ListRecord(NamedTuple):
    """A record as QuickBooks lists it; `type` as the column has it, `position` from 0."""

    list_id: str
    name: str
    is_active: bool
    type: str
    position: int


def put_records(db: Connection, company_id: int, which: List, listed: Iterable[ListRecord]) -> None:
    """A record that is known takes the new name; of two with one ListID, the last is kept."""
    unique = {
        list_id: (list_id, name, name.lower(), is_active, type_, position)
        for list_id, name, is_active, type_, position in listed
    }
    keys, names = ("company_id", "list", "list_id"), ("list_id", "name", "key", "is_active", "type", "position")
    many.put_over(db, records, keys, names, unique.values(), company_id=company_id, list=which)


_OF_LIST = select(records).where(
    records.c.company_id == bindparam("company"), records.c.list == bindparam("which", type_=String)
)
_FIRST_OF_TYPE = (
    _OF_LIST.where(records.c.type == bindparam("kind"), records.c.is_active.is_(True))
    .order_by(records.c.position)
    .limit(1)
)


def first_of_type(db: Connection, company_id: int, which: List, type_: str) -> AnyRow | None:
    """-> the first active record of a type, as QuickBooks lists them."""
    return db.execute(_FIRST_OF_TYPE, {"company": company_id, "which": which, "kind": type_}).one_or_none()


_BY_KEYS = _OF_LIST.where(one_given(records.c.key, "wanted")).order_by(records.c.is_active.desc())


def by_keys(db: Connection, company_id: int, which: List, names: Iterable[str]) -> dict[str, AnyRow]:
    """-> records by the name in small letters, an active one before an inactive one; served by ix_list_records_key."""
    wanted = {name.lower() for name in names}
    found: dict[str, AnyRow] = {}
    if wanted:
        for row in db.execute(_BY_KEYS, {"company": company_id, "which": which, "wanted": list(wanted)}):
            found.setdefault(row.key, row)
    return found


def by_list_id(db: Connection, company_id: int, which: List, list_id: str) -> AnyRow | None:
    return db.execute(
        select(records).where(records.c.company_id == company_id, records.c.list == which, records.c.list_id == list_id)
    ).one_or_none()


def listed(
    db: Connection,
    company_id: int,
    which: List,
    search: str = "",
    limit: int | None = None,
    *,
    after: tuple[str, str] | None = None,
) -> list[AnyRow]:
    """-> records by name; `after` is key and ListID of the last row of the page before. Served by
    ix_list_records_key."""
    found = select(records).where(records.c.company_id == company_id, records.c.list == which)
    if search:
        found = found.where(records.c.key.contains(search.lower(), autoescape=True))
    if after is not None:
        key, list_id = after
        found = found.where(
            records.c.key >= key, (records.c.key > key) | ((records.c.key == key) & (records.c.list_id > list_id))
        )
    found = found.order_by(records.c.key, records.c.list_id)
    return list(db.execute(found.limit(limit) if limit else found).all())


def matching(db: Connection, company_id: int, which: List, text: str, limit: int = 20) -> list[AnyRow]:
    """-> active records to choose from, of whose names `text` is a part, in any case: first those that begin with it.

    Reads the names of the whole list, some milliseconds for 20,000; served by ix_list_records_key.
    """
    key, small = records.c.key, text.lower()
    found = select(records).where(
        records.c.company_id == company_id, records.c.list == which, records.c.is_active.is_(True)
    )
    if small:
        found = found.where(key.contains(small, autoescape=True))
        found = found.order_by(key.startswith(small, autoescape=True).desc())
    return list(db.execute(found.order_by(key).limit(limit)).all())


def by_list_ids(db: Connection, company_id: int, which: List, list_ids: Sequence[str]) -> dict[str, AnyRow]:
    """-> records by ListID, for a page of them in one statement."""
    rows = db.execute(
        select(records).where(
            records.c.company_id == company_id, records.c.list == which, records.c.list_id.in_(list_ids)
        )
    )
    return {row.list_id: row for row in rows}


def counts(db: Connection, company_id: int) -> dict[str, int]:
    """-> how many records of each list are mirrored; served by the primary key."""
    found = select(records.c.list, func.count()).where(records.c.company_id == company_id).group_by(records.c.list)
    return {row[0]: row[1] for row in db.execute(found)}


def forget(db: Connection, company_id: int, which: List) -> None:
    """Before a list is read whole: what is no longer in QuickBooks shall not stay."""
    db.execute(delete(records).where(records.c.company_id == company_id, records.c.list == which))


_READS = select(reads).where(reads.c.company_id == bindparam("company"))


def read_of(db: Connection, company_id: int) -> dict[str, AnyRow]:
    """-> how far each list was read."""
    return {row.list: row for row in db.execute(_READS, {"company": company_id})}


def put_reads(db: Connection, company_id: int) -> None:
    """A new company's lists: none is read."""
    db.execute(insert(reads), [{"company_id": company_id, "list": which} for which in List])


def note_read(db: Connection, company_id: int, which: str, **facts: Any) -> None:
    db.execute(update(reads).where(reads.c.company_id == company_id, reads.c.list == which).values(**facts))


_LINKS = select(links).where(links.c.company_id == bindparam("company"), one_given(links.c.record, "wanted"))


def links_of(db: Connection, company_id: int, wanted: Iterable[str]) -> dict[str, AnyRow]:
    """-> links by our record."""
    names = list(wanted)
    if not names:
        return {}
    return {row.record: row for row in db.execute(_LINKS, {"company": company_id, "wanted": names})}


def drop_link(db: Connection, company_id: int, record: str) -> None:
    db.execute(delete(links).where(links.c.company_id == company_id, links.c.record == record))


def put_links(db: Connection, company_id: int, rows: Iterable[tuple[str, str, str]], now: dt.datetime) -> None:
    """`rows`: our record, ListID, name in QuickBooks."""
    latest = {record: (record, list_id, name) for record, list_id, name in rows}
    keys, names = ("company_id", "record"), ("record", "list_id", "name")
    many.put_over(db, links, keys, names, latest.values(), company_id=company_id, made_at=now)
