"""Taking orders in, and sending them: what commands, pages and programs do alike."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.engine import Connection

from .. import orders
from ..companies import preferences
from ..companies.preferences import Preferences
from ..db import companies as company_table
from ..db import job_changes, job_views
from ..db import jobs as job_table
from ..db import lists as list_table
from ..db import orders as table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.lists import List
from ..db.states import State
from ..orders import Order
from . import accounts, queue
from .kinds import KINDS, Kind
from .naming import customer_record, vendor_record
from .plan import Choices, Note, Obstacle, Plan, plan
from .queue import LIST_KINDS

INACTIVE = "QuickBooks holds an inactive record of this name: make it active there, or link another one"


class UnknownOrder(Exception):
    def __init__(self, company: str, number: str) -> None:
        super().__init__(f"{company} has no order {number}")


class UnknownRecord(Exception):
    """A record that QuickBooks' list, as it was last read, does not hold."""

    def __init__(self, which: List, wanted: str) -> None:
        super().__init__(f"QuickBooks' list, as last read, holds no {which} {wanted}")


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


def store(db: Connection, company: Company, order: Order, now: dt.datetime) -> None:
    """Stores an order. The same one again changes nothing; another one under its number replaces it as long as
    nothing of it was sent, or all that was is cancelled and never left. Raises OrderSent after that."""
    text = orders.content(order)
    company_table.lock(db, company.id)
    row = table.hold(db, company.id, order.number)
    facts: dict[str, Any] = {
        "customer_id": order.customer.id,
        "customer_name": order.customer.name,
        "completed_at": order.completed_at,
        "content": text,
        "checksum": orders.checksum(text),
    }
    if row is None:
        table.put(db, company.id, number=order.number, now=now, **facts)
        return
    if row.checksum == facts["checksum"]:
        return
    known = orders.stored(row.content)
    if known == order:
        return
    if not _may_replace(job_views.of_order(db, company.id, row.id), row.id):
        raise OrderSent(order.number, orders.differences(known, order))
    job_changes.drop_unsent_records(db, row.id, LIST_KINDS, now)
    table.replace(db, row.id, **facts)


def _may_replace(jobs: Sequence[AnyRow], order_id: int) -> bool:
    """List records do not count: a customer that QuickBooks holds already is no part of the order's content."""
    own = [job for job in jobs if job.order_id == order_id and job.kind not in LIST_KINDS]
    return all(job.state == State.CANCELLED and job.attempts == 0 for job in own)


def defaults(company: Company) -> Choices:
    """-> what is sent of an order when nobody says otherwise: the invoice, and what the company's settings tick."""
    wanted = preferences.load(company.settings)
    return Choices(invoice=True, bill=wanted.send_bills, purchase_order=wanted.send_purchase_orders)


def preview(db: Connection, company: Company, number: str, choices: Choices) -> Plan:
    """-> what QuickBooks will hold of an order when it is sent with these choices. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    return _plan(db, company, orders.stored(row.content), choices, preferences.load(company.settings))


def send(db: Connection, company: Company, number: str, choices: Choices, now: dt.datetime) -> int:
    """Asks for the documents of an order; -> how many were not asked for before. Sending twice is one sending.

    Raises UnknownOrder, and Refused with all that stands in the way.
    """
    company_table.lock(db, company.id)
    row = table.hold(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    planned = _plan(db, company, orders.stored(row.content), choices, preferences.load(company.settings))
    if planned.obstacles:
        raise Refused(number, planned.obstacles)
    _refuse_taken_numbers(db, company, number, planned)
    return queue.enqueue(db, company.id, row.id, planned, now)


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
    return replace(
        planned,
        obstacles=(*planned.obstacles, *wrong),
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
                rule = "QuickBooks has it already: it is used" if record.is_active else INACTIVE
                notes.append(Note(document.record, document.name or "", record.name, rule))
    return notes


def _list_of(item: tuple[str, Kind]) -> List | None:
    return item[1].list


def _refuse_taken_numbers(db: Connection, company: Company, number: str, planned: Plan) -> None:
    """Never two invoices or purchase orders of ours with one number, and so never one found instead of another."""
    twice = Counter((d.kind, d.ref_number) for d in planned.documents if d.kind in ("Invoice", "PurchaseOrder"))
    if repeated := [number for (_, number), count in twice.items() if count > 1]:
        raise Refused(number, [Obstacle("suppliers", f"two purchase orders would have number {n}") for n in repeated])
    numbers = {(document.kind, document.ref_number): document for document in planned.documents}
    wanted = [(kind, ref_number) for kind, ref_number in numbers if kind in ("Invoice", "PurchaseOrder") and ref_number]
    taken = [
        Obstacle(
            "number",
            f"{job.kind} number {job.ref_number} is taken by order {job.order_number}; give this order another number",
        )
        for job in job_views.with_numbers(db, company.id, wanted)
        if job.record != numbers[job.kind, job.ref_number].record
    ]
    if taken:
        raise Refused(number, taken)


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
    found = list_table.by_list_id(db, company.id, which, wanted)
    found = found or list_table.by_keys(db, company.id, which, [wanted]).get(wanted.lower())
    if found is None:
        raise UnknownRecord(which, wanted)
    queue.link(db, company.id, record, found.list_id, found.name, now)
    return str(found.name)


def state_of(db: Connection, company: Company, number: str) -> tuple[str, list[AnyRow]]:
    """-> an order's state and its documents. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    documents = job_views.of_order(db, company.id, row.id)
    return queue.order_state(row.sent_at is not None, [job.state for job in documents]), documents
