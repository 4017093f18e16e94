"""Taking orders in, and sending them: what commands, pages and programs do alike."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from .. import orders
from ..companies import preferences
from ..companies.preferences import Preferences
from ..db import job_views
from ..db import jobs as job_table
from ..db import lists as list_table
from ..db import orders as table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.states import State
from ..orders import Order
from . import queue
from .naming import customer_record, vendor_record
from .plan import Choices, Obstacle, Plan, plan
from .queue import LIST_KINDS


class UnknownOrder(Exception):
    def __init__(self, company: str, number: str) -> None:
        super().__init__(f"{company} has no order {number}")


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
    return plan(order, choices, wanted, company.file_id, (record for record in linked if record not in ours))


def _refuse_taken_numbers(db: Connection, company: Company, number: str, planned: Plan) -> None:
    """Never two invoices or purchase orders of ours with one number, and so never one found instead of another."""
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


def state_of(db: Connection, company: Company, number: str) -> tuple[str, list[AnyRow]]:
    """-> an order's state and its documents. Raises UnknownOrder."""
    row = table.by_number(db, company.id, number)
    if row is None:
        raise UnknownOrder(company.name, number)
    documents = job_views.of_order(db, company.id, row.id)
    return queue.order_state(row.sent_at is not None, [job.state for job in documents]), documents
