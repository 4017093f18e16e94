"""The order system's customers and suppliers, as its orders name them: what is linked to QuickBooks' records."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, String, Table, Text, and_, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from .engine import AnyRow, metadata
from .lists import List, links, reads, records


class Side(StrEnum):
    CUSTOMER = "customer"
    SUPPLIER = "supplier"


LIST_OF = {Side.CUSTOMER: List.CUSTOMER, Side.SUPPLIER: List.VENDOR}
LONGEST_KEY = 250  # characters: longer than any name in QuickBooks; PostgreSQL indexes 2,704 bytes, with the record's

parties = Table(
    "parties",
    metadata,
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True),
    Column("record", Text, primary_key=True),  # customer:C-17, vendor:S-3; what links and jobs are found by
    Column("side", String(8), nullable=False),
    Column("id", Text, nullable=False),  # the order system's
    Column("name", Text, nullable=False),  # of the order that came last
    Column("key", Text, nullable=False),  # the name in small letters
    Index("ix_parties_key", "company_id", "side", "key", "record"),
)


class Linked(StrEnum):
    """How a party stands to QuickBooks' list."""

    LINKED = "linked"
    SUGGESTED = "suggested"  # not linked, and an active record there has its name
    UNLINKED = "unlinked"
    BROKEN = "broken"  # linked to a record that QuickBooks holds no more, or holds as inactive


def key_of(name: str) -> str:
    """-> what a name is found and sorted by."""
    return name.lower()[:LONGEST_KEY]


def put(db: Connection, company_id: int, rows: Iterable[tuple[str, Side, str, str]]) -> None:
    """`rows`: record, side, id, name. One that is known takes the new name."""
    values = {
        record: {"company_id": company_id, "record": record, "side": side, "id": id_, "name": name, "key": key_of(name)}
        for record, side, id_, name in rows
    }
    if not values:
        return
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    statement = insert(parties)
    db.execute(
        statement.on_conflict_do_update(
            index_elements=["company_id", "record"],
            set_={"name": statement.excluded.name, "key": statement.excluded.key},
            where=parties.c.name != statement.excluded.name,
        ),
        list(values.values()),
    )


_LINK = and_(links.c.company_id == parties.c.company_id, links.c.record == parties.c.record)


def _suggestion(side: Side) -> object:
    """-> the condition that an active record of QuickBooks' has the party's name; served by ix_list_records_key."""
    return (
        select(records.c.list_id)
        .where(
            records.c.company_id == parties.c.company_id,
            records.c.list == LIST_OF[side],
            records.c.key == parties.c.key,
            records.c.is_active.is_(True),
        )
        .limit(1)
        .scalar_subquery()
    )


def _is_broken(side: Side) -> ColumnElement[bool]:
    """-> the condition that QuickBooks holds the linked record as inactive, or did not hold it when the list was last
    read; one that was created there since is not in the mirror yet. Served by the primary keys."""
    held = exists().where(
        records.c.company_id == links.c.company_id,
        records.c.list == LIST_OF[side],
        records.c.list_id == links.c.list_id,
    )
    read_since = exists().where(
        reads.c.company_id == links.c.company_id, reads.c.list == LIST_OF[side], reads.c.read_at > links.c.made_at
    )
    return held.where(records.c.is_active.is_(False)) | (~held & read_since)


def listed(
    db: Connection,
    company_id: int,
    side: Side,
    *,
    search: str = "",
    linked: Linked | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[AnyRow]:
    """-> record, id, name, key, list_id, linked_name and made_at (of the link), suggested (a ListID or None); by name.

    `search` is a part of the name, in any case, or the id itself. `after` is key and record of the last row of the
    page before. Served by ix_parties_key.
    """
    suggested = _suggestion(side)
    found = (
        select(
            parties.c.record,
            parties.c.id,
            parties.c.name,
            parties.c.key,
            links.c.list_id,
            links.c.name.label("linked_name"),
            links.c.made_at,
            suggested.label("suggested"),  # type: ignore[attr-defined]
        )
        .select_from(parties.outerjoin(links, _LINK))
        .where(parties.c.company_id == company_id, parties.c.side == side)
        .order_by(parties.c.key, parties.c.record)
        .limit(limit)
    )
    if search:
        found = found.where(parties.c.key.contains(search.lower(), autoescape=True) | (parties.c.id == search))
    if after is not None:
        key, record = after
        found = found.where((parties.c.key > key) | ((parties.c.key == key) & (parties.c.record > record)))
    if linked is Linked.LINKED:
        found = found.where(links.c.list_id.is_not(None))
    elif linked is Linked.BROKEN:
        found = found.where(links.c.list_id.is_not(None), _is_broken(side))
    elif linked is not None:
        found = found.where(links.c.list_id.is_(None))
        exists = suggested.is_not(None) if linked is Linked.SUGGESTED else suggested.is_(None)  # type: ignore[attr-defined]
        found = found.where(exists)
    return list(db.execute(found).all())


def count(db: Connection, company_id: int, side: Side) -> int:
    mine = select(func.count()).where(parties.c.company_id == company_id, parties.c.side == side)
    return db.execute(mine).scalar_one()


def by_id(db: Connection, company_id: int, record: str) -> AnyRow | None:
    """-> the party of a record, with list_id, linked_name and made_at of its link."""
    return db.execute(
        select(parties, links.c.list_id, links.c.name.label("linked_name"), links.c.made_at)
        .select_from(parties.outerjoin(links, _LINK))
        .where(parties.c.company_id == company_id, parties.c.record == record)
    ).one_or_none()


def names_of(db: Connection, company_id: int, wanted: Iterable[str]) -> dict[str, str]:
    """-> the names of these records' parties; served by the primary key."""
    found = select(parties.c.record, parties.c.name).where(
        parties.c.company_id == company_id, parties.c.record.in_(list(wanted))
    )
    return {row.record: row.name for row in db.execute(found)}
