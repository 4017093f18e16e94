"""The send window's form: what it begins with, what somebody chose in it, and what that means for posting.

Fields of one supplier end in its place in the order: `vendor-0`, `bill-0`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .. import orders
from ..companies.preferences import Preferences, Tax
from ..db.engine import AnyRow
from ..db.states import State
from ..orders import Order
from ..people import Right
from ..posting.drafting import Choices, ForSupplier
from ..posting.naming import record_of
from .page import Page, checked

CREATE = ""  # in a picker: a record of its own is made in QuickBooks
TAX_ITEM = "item:"  # before the name of one of QuickBooks' sales tax items
SETTINGS = "settings"
# The settings that say what QuickBooks will hold of an order, where the form leaves that to the company's defaults.
_PLANNED_WITH = (
    "income_account",
    "cost_account",
    "ar_account",
    "ap_account",
    "deposit_account",
    "discount_account",
    "tax_account",
    "tax",
    "tax_item",
    "item_name",
    "link_bills",
)


@dataclass(frozen=True)
class SupplierForm:
    vendor: str = CREATE  # ListID
    bill: bool = False
    purchase_order: bool = False
    ap_account: str = ""
    cost_account: str = ""


@dataclass(frozen=True)
class SendForm:
    """`tax` is "" for the company's default, a word of Tax, or one of QuickBooks' items behind TAX_ITEM. `again`: what
    has not reached QuickBooks is taken back and planned anew. `find` holds the words searched for, by picker."""

    customer: str = CREATE
    invoice: bool = False
    tax: str = ""
    ar_account: str = ""
    income_account: str = ""
    billable: bool = False
    suppliers: tuple[SupplierForm, ...] = ()
    again: bool = False
    find: Mapping[str, str] | None = None

    def searched(self, picker: str) -> str:
        return (self.find or {}).get(picker, "")

    def choices(self) -> Choices:
        tax_item = self.tax.removeprefix(TAX_ITEM) if self.tax.startswith(TAX_ITEM) else ""
        tax = Tax.QUICKBOOKS if tax_item else Tax(self.tax) if self.tax in tuple(Tax) else None
        return Choices(
            invoice=self.invoice,
            tax=tax,
            tax_item=tax_item,
            billable=self.billable,
            ar_account=self.ar_account,
            income_account=self.income_account,
        )

    def for_order(self, order: Order) -> Choices:
        """-> the choices for this order, whose suppliers the form lists in the same sequence."""
        each = {
            supplier.id: ForSupplier(one.bill, one.purchase_order, one.ap_account, one.cost_account)
            for supplier, one in zip(order.suppliers, self.suppliers, strict=False)
        }
        return replace(self.choices(), by_supplier=each)


def begun(
    order: Order,
    wanted: Preferences,
    rights: frozenset[Right],
    jobs: Mapping[str, AnyRow],
    picked: Mapping[str, str],
    *,
    again: bool,
) -> SendForm:
    """-> what the window begins with: the company's defaults, and what was asked for before. `jobs` are the order's by
    record; `picked` is QuickBooks' record by picker, where one is linked or has the same name."""

    def asked(kind: str, *ids: str) -> bool:
        job = jobs.get(record_of(kind, order.number, *ids))
        return job is not None and job.state != State.CANCELLED

    bills, purchase_orders = Right.BILL in rights, Right.PURCHASE_ORDER in rights
    suppliers = tuple(
        SupplierForm(
            vendor=picked.get(f"vendor-{index}", CREATE),
            bill=bills and (asked("bill", supplier.id) or wanted.send_bills),
            purchase_order=purchase_orders and (asked("purchase_order", supplier.id) or wanted.send_purchase_orders),
        )
        for index, supplier in enumerate(order.suppliers)
    )
    return SendForm(
        customer=picked.get("customer", CREATE),
        invoice=Right.INVOICE in rights,
        billable=wanted.billable,
        suppliers=suppliers,
        again=again,
    )


def read(page: Page, order: Order) -> SendForm:
    """-> the form as it was sent."""
    form = page.form

    def typed(name: str) -> str:
        return form.get(name, "").strip()

    suppliers = tuple(
        SupplierForm(
            vendor=typed(f"vendor-{index}"),
            bill=checked(form, f"bill-{index}"),
            purchase_order=checked(form, f"purchase_order-{index}"),
            ap_account=typed(f"ap_account-{index}"),
            cost_account=typed(f"cost_account-{index}"),
        )
        for index in range(len(order.suppliers))
    )
    return SendForm(
        customer=typed("customer"),
        invoice=checked(form, "invoice"),
        tax=typed("tax"),
        ar_account=typed("ar_account"),
        income_account=typed("income_account"),
        billable=checked(form, "billable"),
        suppliers=suppliers,
        again=checked(form, "again"),
        find={name.removeprefix("find-"): value.strip() for name, value in form.items() if name.startswith("find-")},
    )


def fingerprint(order: Order, wanted: Preferences) -> str:
    """-> what a form remembers of the order and the settings that it was made for, part by part:
    `customer=1f3a... lines=... settings=...`."""
    parts: dict[str, object] = json.loads(orders.content(order))
    parts[SETTINGS] = {name: getattr(wanted, name) for name in _PLANNED_WITH}
    return " ".join(f"{name}={_digest(value)}" for name, value in parts.items())


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def changed(seen: str, order: Order, wanted: Preferences) -> Sequence[str]:
    """-> the parts of the order, and SETTINGS, that differ from those that a form remembers; none for a form that
    remembers none."""
    before = dict(part.partition("=")[::2] for part in seen.split(" ")) if seen else {}
    now = dict(part.partition("=")[::2] for part in fingerprint(order, wanted).split(" "))
    return [name for name, digest in now.items() if before and before.get(name) != digest]
