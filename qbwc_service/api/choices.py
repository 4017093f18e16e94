"""What is to be sent of an order, and with which accounts: the body of preview and send."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from ..companies.preferences import Tax
from ..db.lists import List
from ..posting import send as sending
from ..posting.naming import vendor_record
from ..posting.plan import Choices, ForSupplier
from . import problems
from .bodies import Fields
from .call import Call
from .problems import Fault


@dataclass(frozen=True)
class Wanted:
    """Choices, and the records of QuickBooks' to link the order's customer and suppliers to first: each by ListID or
    full name; None leaves the customer as it is."""

    choices: Choices
    customer: str | None
    vendors: tuple[tuple[str, str], ...]

    @property
    def links(self) -> bool:
        """Whether anything is to be linked."""
        return self.customer is not None or bool(self.vendors)


def read(body: Any, usual: Choices) -> Wanted:
    """-> what a body asks for; what it does not say is as in `usual`, the company's own way. Raises Problem, 422."""
    fields = Fields(body)
    invoice, bill, purchase_order = (fields.flag(name) for name in ("invoice", "bill", "purchase_order"))
    choices = Choices(
        invoice=usual.invoice if invoice is None else invoice,
        bill=usual.bill if bill is None else bill,
        purchase_order=usual.purchase_order if purchase_order is None else purchase_order,
        suppliers=fields.texts("suppliers"),
        by_supplier={key: _for_supplier(fields, key, value) for key, value in fields.by_key("by_supplier")},
        tax=fields.one_of("tax", Tax),
        tax_item=fields.text("tax_item") or "",
        billable=fields.flag("billable"),
        ar_account=fields.text("ar_account") or "",
        income_account=fields.text("income_account") or "",
        ap_account=fields.text("ap_account") or "",
        cost_account=fields.text("cost_account") or "",
    )
    customer = fields.text("customer")
    vendors = tuple((key, fields.as_text(f"vendors.{key}", value)) for key, value in fields.by_key("vendors"))
    fields.close()
    return Wanted(choices, customer, vendors)


def _for_supplier(fields: Fields, key: str, value: Any) -> ForSupplier:
    of_one = fields.inner(f"by_supplier.{key}", value)
    found = ForSupplier(
        bill=of_one.flag("bill") or False,
        purchase_order=of_one.flag("purchase_order") or False,
        ap_account=of_one.text("ap_account") or "",
        cost_account=of_one.text("cost_account") or "",
    )
    of_one.nothing_else()
    return found


def link(call: Call, db: Connection, number: str, wanted: Wanted) -> None:
    """Links the order's customer and suppliers as it was wished; the audit trail tells of each.

    Raises UnknownOrder, NotNow, and Problem, 422, for records that QuickBooks' lists do not hold.
    """
    pairs = [(f"vendors.{key}", vendor_record(key), List.VENDOR, key, name) for key, name in wanted.vendors]
    if wanted.customer is not None:
        record = sending.customer_of(db, call.company, number)
        pairs.insert(0, ("customer", record, List.CUSTOMER, number, wanted.customer))
    faults = []
    for path, record, which, about, name in pairs:
        try:
            found = sending.link(db, call.company, record, which, name, call.now)
            call.note(db, f"{which}.linked", about, found)
        except sending.UnknownRecord as error:
            faults.append(Fault(path, str(error)))
    if faults:
        raise problems.faulty(faults)
