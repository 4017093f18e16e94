"""Taking orders in, and sending them: what commands, pages and programs do alike."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum

from sqlalchemy.engine import Connection

from .. import orders
from ..companies import preferences
from ..companies.preferences import Preferences
from ..db import companies as company_table
from ..db import job_changes, job_views, order_views
from ..db import jobs as job_table
from ..db import lists as list_table
from ..db import orders as table
from ..db import parties as party_table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.lists import List
from ..db.orders import NewOrder
from ..db.parties import Side
from ..db.states import OrderState, State
from ..orders import Order
from ..people import ALL_RIGHTS, NotAllowed, Right
from ..wording import say
from . import accounts, queue, restored
from .kinds import KINDS, Kind
from .naming import customer_record, vendor_record
from .plan import Choices, Note, Obstacle, Plan, plan
from .queue import LIST_KINDS

HELD_ALREADY = say("QuickBooks has it already: it is used")
INACTIVE = say("QuickBooks holds an inactive record of this name: make it active there, or link another one")


class UnknownOrder(Exception):
    def __init__(self, company: str, number: str) -> None:
        super().__init__(f"{company} has no order {number}")


class Removed(UnknownOrder):
    """The company was removed after somebody began to send or hand over an order of it."""

    def __init__(self, company: str) -> None:
        Exception.__init__(self, f"{company} was removed meanwhile: its orders are neither taken nor sent")


class UnknownRecord(Exception):
    """A record that QuickBooks' list, as it was last read, does not hold."""

    def __init__(self, which: List, wanted: str) -> None:
        super().__init__(f"QuickBooks' list, as last read, holds no {which} {wanted}")


class StillNeeded(Exception):
    """A link that cannot be taken away, and why."""

    def __init__(self, record: str, why: str) -> None:
        super().__init__(f"the link of {record} cannot be taken away: {why}")


class OrderSent(Exception):
    """Another content under the number of an order of which something was sent already."""

    def __init__(self, number: str, differences: Sequence[str]) -> None:
        self.number = number
        self.differences = tuple(differences)
        super().__init__(
            f"order {number} was sent already and cannot be changed; what differs: {'; '.join(differences)}"
        )


class Refused(Exception):
    """An order that cannot be sent as it stands; each obstacle says how to mend it."""

    def __init__(self, number: str, obstacles: Sequence[Obstacle]) -> None:
        self.number = number
        self.obstacles = tuple(obstacles)
        super().__init__(f"order {number} cannot be sent: " + "; ".join(map(str, obstacles)))


class Stored(StrEnum):
    """What became of an order that was handed over."""

    NEW = "new"
    SAME = "same"  # it was there, and is what it was
    REPLACED = "replaced"


ADDED: dict[Stored, str | None] = {Stored.NEW: None, Stored.REPLACED: "it replaces another"}
"""What the audit trail tells of, with its detail."""


def store(db: Connection, company: Company, order: Order, now: dt.datetime) -> Stored:
    """Stores an order. The same one again changes nothing; another one under its number replaces it as long as
    nothing of it was sent, or all that was is cancelled and never left. Raises OrderSent after that."""
    return store_all(db, company, [order], now)[0]


def store_all(db: Connection, company: Company, given: Sequence[Order], now: dt.datetime) -> list[Stored]:
    """The same for many orders, each with a number of its own; -> what became of each, in their sequence."""
    company = held(db, company)
    known = table.hold_all(db, company.id, [order.number for order in given])
    stored, new = [], []
    for order in given:
        row, written = known.get(order.number), _written(order)
        if row is None:
            new.append(written)
            stored.append(Stored.NEW)
        elif row.checksum == written.checksum or orders.stored(row.content) == order:
            stored.append(Stored.SAME)
        else:
            _replace(db, company, order, row, written, now)
            stored.append(Stored.REPLACED)
    table.put(db, company.id, new, now)
    changed = [order for order, what in zip(given, stored, strict=True) if what is not Stored.SAME]
    party_table.put(db, company.id, [party for order in changed for party in _parties(order)])
    return stored


def _written(order: Order) -> NewOrder:
    text = orders.content(order)
    return NewOrder(
        order.number,
        order.customer.id,
        order.customer.name,
        order.completed_at,
        text,
        orders.checksum(text),
        str(order.total),
    )


def _replace(db: Connection, company: Company, order: Order, row: AnyRow, written: NewOrder, now: dt.datetime) -> None:
    if not _may_replace(job_views.of_order(db, company.id, row.id), row.id):
        raise OrderSent(order.number, orders.differences(orders.stored(row.content), order))
    job_changes.drop_unsent_records(db, row.id, LIST_KINDS, now)
    table.replace(db, row.id, written)


def held(db: Connection, company: Company) -> Company:
    """-> the company as it is now; see companies.lock. Raises Removed."""
    now = company_table.lock(db, company.id)
    if now is None:
        raise Removed(company.name)
    return now


def _parties(order: Order) -> list[tuple[str, Side, str, str]]:
    """-> the order's customer and suppliers, with the records that they are linked by."""
    customer = order.customer
    return [
        (customer_record(customer.id), Side.CUSTOMER, customer.id, customer.name),
        *((vendor_record(supplier.id), Side.SUPPLIER, supplier.id, supplier.name) for supplier in order.suppliers),
    ]


def _may_replace(jobs: Sequence[AnyRow], order_id: int) -> bool:
    """List records do not count: a customer that QuickBooks holds already is no part of the order's content."""
    own = [job for job in jobs if job.order_id == order_id and job.kind not in LIST_KINDS]
    return all(job.state == State.CANCELLED and job.attempts == 0 for job in own)


def defaults(company: Company) -> Choices:
    """-> what is sent of an order when nobody says otherwise: the invoice, and what the company's settings tick."""
    wanted = preferences.load(company.settings)
    return Choices(invoice=True, bill=wanted.send_bills, purchase_order=wanted.send_purchase_orders)


def asked_for(choices: Choices) -> frozenset[Right]:
    """-> the rights that one needs to send this."""
    each = choices.by_supplier.values()
    asked = {
        Right.INVOICE: choices.invoice,
        Right.BILL: choices.bill or any(supplier.bill for supplier in each),
        Right.PURCHASE_ORDER: choices.purchase_order or any(supplier.purchase_order for supplier in each),
    }
    return frozenset(right for right, yes in asked.items() if yes)


def preview(db: Connection, company: Company, number: str, choices: Choices) -> Plan:
    """-> what QuickBooks will hold of an order when it is sent with these choices. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    return _plan(db, company, orders.stored(row.content), choices, preferences.load(company.settings))


def send(
    db: Connection,
    company: Company,
    number: str,
    choices: Choices,
    now: dt.datetime,
    rights: frozenset[Right] = ALL_RIGHTS,
) -> int:
    """Asks for the documents of an order; -> how many were not asked for before. Sending twice is one sending.

    `rights` are those of whoever sends. Raises UnknownOrder, Removed, people.NotAllowed, and Refused with all that
    stands in the way.
    """
    if lacking := asked_for(choices) - rights:
        raise NotAllowed(lacking)
    company = held(db, company)
    row = table.hold(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    planned = _plan(db, company, orders.stored(row.content), choices, preferences.load(company.settings))
    if planned.obstacles:
        raise Refused(number, planned.obstacles)
    ask_first = restored.must_ask(company, row.completed_at, now)
    return queue.enqueue(db, company.id, row.id, planned, now, ask_first=ask_first)


def _plan(db: Connection, company: Company, order: Order, choices: Choices, wanted: Preferences) -> Plan:
    records = [customer_record(order.customer.id), *(vendor_record(supplier.id) for supplier in order.suppliers)]
    linked = list_table.links_of(db, company.id, records)
    ours = job_table.by_records(db, company.id, linked)
    # What a job of ours created is shown with each order that needs it; what a person linked was never ours to create.
    foreign = [record for record in linked if record not in ours]
    asked = job_table.by_records(db, company.id, records)
    names = {record: job.name for record, job in asked.items() if job.name and job.state != State.CANCELLED}
    names |= {record: linked[record].name for record in foreign}
    planned = plan(order, choices, wanted, company.file_id, foreign, names)
    used = {key: value for key, value in asdict(choices.over(wanted)).items() if isinstance(value, str)}
    wrong = [Obstacle(key, fault) for key, fault in accounts.faults(db, company.id, used)]
    for position, supplier in enumerate(order.suppliers):
        of_one = {key: value for key, value in asdict(choices.of(supplier.id)).items() if isinstance(value, str)}
        path = f"suppliers[{position}]"
        wrong += [Obstacle(f"{path}.{key}", fault) for key, fault in accounts.faults(db, company.id, of_one)]
    return replace(
        planned,
        obstacles=(*planned.obstacles, *wrong, *_taken_numbers(db, company, planned)),
        notes=(*planned.notes, *_known_already(db, company, planned)),
    )


def _known_already(db: Connection, company: Company, planned: Plan) -> list[Note]:
    """-> of the records to be created, those that QuickBooks' lists, as last read, hold already under their name."""
    jobs = job_table.by_records(db, company.id, (document.record for document in planned.documents))
    notes = []
    for which, kinds in itertools.groupby(sorted(KINDS.items(), key=lambda item: str(item[1].list)), _list_of):
        if which is None:
            continue
        names = {kind for kind, _ in kinds}
        new = [d for d in planned.documents if d.kind in names and d.record not in jobs and d.name]
        held = list_table.by_keys(db, company.id, which, (d.name or "" for d in new))
        for document in new:
            record = held.get((document.name or "").lower())
            if record is not None:
                rule = HELD_ALREADY if record.is_active else INACTIVE
                notes.append(Note(document.record, document.name or "", record.name, rule))
    return notes


def _list_of(item: tuple[str, Kind]) -> List | None:
    return item[1].list


def _taken_numbers(db: Connection, company: Company, planned: Plan) -> list[Obstacle]:
    """Never two invoices or purchase orders of ours with one number, and so never one found instead of another."""
    twice = Counter((d.kind, d.ref_number) for d in planned.documents if d.kind in ("Invoice", "PurchaseOrder"))
    if repeated := [number for (_, number), count in twice.items() if count > 1]:
        faults = [say("two purchase orders would have number %(number)s", number=one) for one in repeated]
        return [Obstacle("suppliers", fault) for fault in faults]
    numbers = {(document.kind, document.ref_number): document for document in planned.documents}
    wanted = [(kind, ref_number) for kind, ref_number in numbers if kind in ("Invoice", "PurchaseOrder") and ref_number]
    return [
        Obstacle(
            "number",
            say(
                "%(kind)s number %(number)s is taken by order %(order)s; give this order another number",
                kind=job.kind,
                number=job.ref_number,
                order=job.order_number,
            ),
        )
        for job in job_views.with_numbers(db, company.id, wanted)
        if job.record != numbers[job.kind, job.ref_number].record
    ]


def customer_of(db: Connection, company: Company, number: str) -> str:
    """-> the record of an order's customer. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    return customer_record(row.customer_id)


def link(db: Connection, company: Company, record: str, which: List, wanted: str, now: dt.datetime) -> str:
    """Links our record to QuickBooks' one of this ListID or full name; -> its name there.

    Raises UnknownRecord, and queue.NotNow while our own is on its way to be created.
    """
    company_table.lock(db, company.id)  # a link brings a job to its end, as an answer does
    found = list_table.by_list_id(db, company.id, which, wanted)
    found = found or list_table.by_keys(db, company.id, which, [wanted]).get(wanted.lower())
    if found is None:
        raise UnknownRecord(which, wanted)
    queue.link(db, company.id, record, found.list_id, found.name, now)
    return str(found.name)


def unlink(db: Connection, company: Company, customer_id: str) -> None:
    """Our customer is no QuickBooks customer any more: the next sending creates one. Raises StillNeeded where this
    service had it created there, or where a document on its way names it."""
    company_table.lock(db, company.id)
    record = customer_record(customer_id)
    job = job_table.by_records(db, company.id, [record]).get(record)
    if job is not None and job.state != State.CANCELLED:
        raise StillNeeded(record, "it was sent from here")
    if job_views.on_their_way(db, company.id, customer_id):
        raise StillNeeded(record, "documents that name it are on their way")
    list_table.drop_link(db, company.id, record)


def state_of(db: Connection, company: Company, number: str) -> tuple[OrderState, list[AnyRow]]:
    """-> an order's state and its documents. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    documents = job_views.of_order(db, company.id, row.id)
    return queue.order_state(row.sent_at is not None, [job.state for job in documents]), documents


def states_by_number(db: Connection, company: Company, numbers: Sequence[str]) -> dict[str, OrderState]:
    """-> what became of each of these orders, however many."""
    ids = table.ids(db, company.id, numbers)
    states = states_of(db, company.id, list(ids.values()))
    return {number: states[order_id] for number, order_id in ids.items()}


def states_of(db: Connection, company_id: int, order_ids: Sequence[int]) -> dict[int, OrderState]:
    """-> what became of each of these orders of the company: for a page of them, in two statements."""
    found = order_views.job_states(db, company_id, order_ids)
    return {order_id: queue.order_state(sent, states) for order_id, (sent, states) in found.items()}
