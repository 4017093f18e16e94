"""`qbwc order`: add, send, show."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from sqlalchemy.engine import Connection

from .. import orders, people
from ..companies.preferences import Tax
from ..db import audit
from ..db import people as people_table
from ..db.companies import Company
from ..db.engine import reading
from ..db.lists import List
from ..orders import Order
from ..people import ALL_RIGHTS, NotAllowed, Right
from ..posting import queue
from ..posting import send as sending
from ..posting.naming import vendor_record
from ..posting.plan import Choices, Plan
from ..posting.plan_facts import plan_facts
from ..posting.send import ADDED
from .common import NOT_FOUND, Failure, as_json, code_of, company_of, now, opened, print_json, print_table, writing


@dataclass(frozen=True)
class _Actor:
    """In whose name a command acts, as the audit trail has it, and what they may send."""

    who: str
    rights: frozenset[Right]


_by = click.option("--by", metavar="EMAIL", help="In the name of this user, with what they may send.")


@click.group()
def order() -> None:
    """Orders, as the order system hands them over."""


@order.command("add")
@click.argument("company")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--send", "send_", is_flag=True, help="Send them too, with the company's defaults.")
@_by
@as_json
def add(company: str, file: str, send_: bool, by: str | None, json_: bool) -> None:
    """Add orders from FILE (- for standard input): one, a JSON array, or JSON Lines. All are stored or none.

    \b
    Example: qbwc order add "ABC Company" order.json --send
    """
    text = _read(file)
    with writing() as db:
        known = company_of(db, company)
        actor = _actor(db, known, by)
        try:
            taken = orders.read(text)
            _store(db, known, taken, actor)
            if send_:
                for one in taken:
                    _send(db, known, one.number, sending.defaults(known), actor)
        except orders.OrderFaults as error:
            what = "the order is" if len(error.faults) == 1 else f"{len(error.faults)} faults, nothing is"
            lines = "\n  ".join(map(str, error.faults))
            raise Failure(
                f"{what} refused:\n  {lines}" if len(error.faults) == 1 else f"{what} stored:\n  {lines}"
            ) from None
        except (sending.OrderSent, sending.Refused, sending.Removed, NotAllowed) as error:
            raise Failure(str(error)) from None
        known_states = sending.states_by_number(db, known, [one.number for one in taken])
        states = [{"number": one.number, "state": known_states[one.number]} for one in taken]
    if json_:
        print_json({"orders": states})
        return
    for row in states:
        click.echo(f"Order {row['number']}: {row['state']}")


def _actor(db: Connection, known: Company, email: str | None) -> _Actor:
    """-> the user of an address; without one the operator, who may send everything. Exit 3 when there is none such."""
    if email is None:
        return _Actor("command", ALL_RIGHTS)
    user = people_table.by_email(db, email)
    if user is None or user.disabled_at is not None:
        raise Failure(f"there is no user {email}", NOT_FOUND)
    return _Actor(user.email, people.rights_of(db, user, known))


def _store(db: Connection, known: Company, taken: Sequence[Order], actor: _Actor) -> None:
    stored = sending.store_all(db, known, taken, now())
    told = [(one.number, ADDED[what]) for one, what in zip(taken, stored, strict=True) if what in ADDED]
    audit.put_all(db, told, now=now(), who=actor.who, act="order.added", company_id=known.id)


def _send(db: Connection, known: Company, number: str, choices: Choices, actor: _Actor) -> int:
    """-> how many documents were not asked for before. Raises what send.send() raises."""
    added = sending.send(db, known, number, choices, now(), actor.rights)
    if added:
        detail = f"{added} documents"
        audit.put(db, now=now(), who=actor.who, act="order.sent", about=number, company_id=known.id, detail=detail)
    return added


def _read(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read()
        with open(file, "rb") as opened_file:
            return opened_file.read()
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None


@order.command("send")
@click.argument("company")
@click.argument("number")
@click.option("--invoice/--no-invoice", default=None, help="Send the invoice with its payments.  [default: yes]")
@click.option("--bill", is_flag=True, default=None, help="Send a bill for each supplier.")
@click.option("--purchase-order", is_flag=True, default=None, help="Send a purchase order for each supplier.")
@click.option("--supplier", "suppliers", multiple=True, help="Only this supplier's, by its id; may be repeated.")
@click.option("--customer", help="QuickBooks' customer to link ours to first, by full name or ListID.")
@click.option("--vendor", "vendors", multiple=True, metavar="ID=NAME", help="QuickBooks' vendor for a supplier.")
@click.option("--tax", type=click.Choice([tax.value for tax in Tax]), help="What becomes of the order's tax.")
@click.option("--tax-item", default="", help="QuickBooks' sales tax item, with --tax quickbooks.")
@click.option("--billable/--not-billable", default=None, help="Bill the suppliers' lines to the customer.")
@click.option("--ar-account", default="", help="Accounts receivable, by QuickBooks' full name.")
@click.option("--income-account", default="", help="Income account of items to be created.")
@click.option("--ap-account", default="", help="Accounts payable.")
@click.option("--cost-account", default="", help="Cost account of items to be created.")
@click.option("--dry-run", is_flag=True, help="Only show what QuickBooks would hold.")
@_by
@as_json
def send(
    company: str,
    number: str,
    invoice: bool | None,
    bill: bool | None,
    purchase_order: bool | None,
    suppliers: tuple[str, ...],
    customer: str | None,
    vendors: tuple[str, ...],
    tax: str | None,
    tax_item: str,
    billable: bool | None,
    ar_account: str,
    income_account: str,
    ap_account: str,
    cost_account: str,
    dry_run: bool,
    by: str | None,
    json_: bool,
) -> None:
    """Send an order to QuickBooks. Sending it twice is one sending; only what was not asked for yet is added.

    \b
    Example: qbwc order send "ABC Company" 1001 --bill --purchase-order
    """
    with writing() as db:
        known = company_of(db, company)
        actor = _actor(db, known, by)
        usual = sending.defaults(known)
        choices = Choices(
            usual.invoice if invoice is None else invoice,
            bool(bill) or usual.bill,
            bool(purchase_order) or usual.purchase_order,
            Tax(tax) if tax else None,
            tax_item,
            billable,
            ar_account,
            income_account,
            ap_account,
            cost_account,
            suppliers,
        )
        try:
            _link(db, known, number, customer, vendors, actor)
            if dry_run:
                planned = sending.preview(db, known, number, choices)
                db.rollback()  # a link that was asked for is tried, not made
                _show_plan(planned, json_)
                return
            added = _send(db, known, number, choices, actor)
            state, _ = sending.state_of(db, known, number)
        except (sending.UnknownOrder, sending.UnknownRecord) as error:
            raise Failure(str(error), NOT_FOUND) from None
        except (queue.NotNow, NotAllowed) as error:
            raise Failure(str(error)) from None
        except sending.Refused as error:
            lines = "\n  ".join(map(str, error.obstacles))
            raise Failure(f"order {number} cannot be sent:\n  {lines}") from None
    if json_:
        print_json({"number": number, "state": state, "added": added})
    elif added:
        click.echo(f"Order {number}: {added} documents go to QuickBooks at the next poll.")
    else:
        click.echo(f"Order {number} was sent already ({state}); nothing is added.")


def _link(
    db: Connection, known: Company, number: str, customer: str | None, vendors: tuple[str, ...], actor: _Actor
) -> None:
    """Links the order's customer and suppliers to the records of QuickBooks' that were chosen."""
    wanted = [(supplier, name) for supplier, _, name in (vendor.partition("=") for vendor in vendors)]
    if any(not name for _, name in wanted):
        raise click.UsageError("write each vendor as ID=NAME")
    pairs = [(vendor_record(supplier), List.VENDOR, supplier, name) for supplier, name in wanted]
    if customer is not None:
        pairs.insert(0, (sending.customer_of(db, known, number), List.CUSTOMER, number, customer))
    for record, which, about, name in pairs:
        found = sending.link(db, known, record, which, name, now())
        act = f"{which}.linked"
        audit.put(db, now=now(), who=actor.who, act=act, about=about, company_id=known.id, detail=found)


def _show_plan(plan: Plan, json_: bool) -> None:
    if json_:
        print_json(plan_facts(plan))
    else:
        for document in plan.documents:
            title = " ".join(part for part in (document.kind, document.ref_number or document.name) if part)
            click.echo(f"{title}" + (f" for {document.entity}" if document.lines or document.total is not None else ""))
            for line in document.lines:
                count = (
                    "" if line.quantity is None else f"{line.quantity} x {line.rate if line.rate is not None else ''}"
                )
                click.echo(f"    {line.item:<31}  {count:>16}  {line.amount:>12.2f}  {line.description}")
            if document.total is not None:
                paid = "" if document.applied is None else f", applied {document.applied:.2f}"
                rest = "" if document.balance is None else f", balance {document.balance:.2f}"
                click.echo(f"    total {document.total:.2f}{paid}{rest}")
        for note in plan.notes:
            click.echo(f"Note: {note.path}: {note.before!r} becomes {note.after!r}: {note.rule}")
        for obstacle in plan.obstacles:
            click.echo(f"In the way: {obstacle}")
    if plan.obstacles:
        raise click.exceptions.Exit(1)


@order.command("show")
@click.argument("company")
@click.argument("number")
@as_json
def show(company: str, number: str, json_: bool) -> None:
    """Show what became of an order, document by document."""
    with opened() as (engine, _), reading(engine) as db:
        try:
            state, documents = sending.state_of(db, company_of(db, company), number)
        except sending.UnknownOrder as error:
            raise Failure(str(error), NOT_FOUND) from None
    rows = [
        {
            "kind": job.kind,
            "state": job.state,
            "ref_number": job.ref_number or (None if json_ else job.name),
            "txn_id": job.txn_id,
            "list_id": job.list_id,
            "status_code": code_of(job.status_code),
            "explanation": job.explanation or (f"waits for job {job.blocked_by}" if job.blocked_by else None),
        }
        for job in documents
    ]
    if json_:
        print_json({"number": number, "state": state, "documents": rows})
        return
    click.echo(f"Order {number}: {state}")
    print_table(rows, "Nothing of it was sent yet: `qbwc order send`.")
