"""Choosing one of QuickBooks' 20,000 customers or vendors: a search, what it finds, and what is chosen already."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from ..db import jobs as job_table
from ..db import lists as list_table
from ..db.engine import AnyRow
from ..db.lists import List
from ..db.states import State
from ..orders import Order
from ..posting.naming import customer_record, vendor_record
from .page import Page
from .send_form import CREATE

SHOWN = 8


@dataclass(frozen=True)
class Record:
    list_id: str
    name: str


@dataclass(frozen=True)
class Party:
    """One of ours who is to be one of QuickBooks': the field's name, the record, and how the order calls it."""

    field: str
    record: str
    which: List
    name: str


@dataclass(frozen=True)
class Picker:
    """`linked` is the record that ours is linked to, `chosen` the one ticked in the form; `making` is the state of the
    job that creates it. `may_create`: a link, once made, is changed and not undone here."""

    party: Party
    chosen: str
    linked: str
    making: str
    search: str
    offered: tuple[Record, ...]
    more: bool
    lost: bool  # the linked record is inactive, or gone from QuickBooks' list

    @property
    def may_create(self) -> bool:
        return not self.linked


def parties_of(order: Order) -> list[Party]:
    suppliers = [
        Party(f"vendor-{index}", vendor_record(supplier.id), List.VENDOR, supplier.name)
        for index, supplier in enumerate(order.suppliers)
    ]
    customer = order.customer
    return [Party("customer", customer_record(customer.id), List.CUSTOMER, customer.name), *suppliers]


def beginning(db: Connection, page: Page, parties: Sequence[Party]) -> dict[str, str]:
    """-> by field the ListID that a picker begins with: the link, else an active record of the very same name."""
    links = list_table.links_of(db, page.of.id, [party.record for party in parties])
    found = {party.field: links[party.record].list_id for party in parties if party.record in links}
    for which in (List.CUSTOMER, List.VENDOR):
        named = {party.field: party.name for party in parties if party.which is which and party.field not in found}
        same = list_table.by_keys(db, page.of.id, which, named.values()) if named else {}
        for field, name in named.items():
            record = same.get(name.lower())
            if record is not None and record.is_active:
                found[field] = record.list_id
    return found


def pickers(
    db: Connection, page: Page, parties: Sequence[Party], chosen: Mapping[str, str], search: Mapping[str, str]
) -> list[Picker]:
    """-> the pickers as they stand: what is chosen by field, and what was searched for."""
    records = [party.record for party in parties]
    links = list_table.links_of(db, page.of.id, records)
    jobs = job_table.by_records(db, page.of.id, records)
    return [
        _picker(
            db,
            page,
            party,
            chosen.get(party.field, CREATE),
            links.get(party.record),
            jobs.get(party.record),
            search.get(party.field, ""),
        )
        for party in parties
    ]


def _picker(
    db: Connection, page: Page, party: Party, chosen: str, link: AnyRow | None, job: AnyRow | None, search: str
) -> Picker:
    linked = "" if link is None else str(link.list_id)
    chosen = chosen or linked
    kept = dict.fromkeys(list_id for list_id in (linked, chosen) if list_id)
    known = list_table.by_list_ids(db, page.of.id, party.which, list(kept)) if kept else {}
    offered = {list_id: known[list_id].name for list_id in kept if list_id in known}
    if link is not None and linked not in offered:
        offered[linked] = link.name
    found = list_table.matching(db, page.of.id, party.which, search, SHOWN + 1) if search else []
    offered |= {row.list_id: row.name for row in found[:SHOWN]}
    making = "" if job is None or job.state in (State.POSTED, State.CANCELLED) else str(job.state)
    return Picker(
        party=party,
        chosen=chosen,
        linked=linked,
        making=making,
        search=search,
        offered=tuple(Record(list_id, name) for list_id, name in offered.items()),
        more=len(found) > SHOWN,
        lost=link is not None and is_lost(db, page.of.id, party.which, link.made_at, known.get(linked)),
    )


def is_lost(db: Connection, company_id: int, which: List, made_at: dt.datetime, record: AnyRow | None) -> bool:
    """Whether the record that a link leads to is inactive in QuickBooks, or was gone when its list was last read; one
    that was created since the last reading is not in the mirror yet. `record` is what the mirror holds of it."""
    if record is not None:
        return not record.is_active
    read_at: dt.datetime | None = list_table.read_of(db, company_id)[which].read_at
    return read_at is not None and read_at > made_at
