"""One table: what each kind of document is to QuickBooks, and how it is found there again."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qbxml.documents import (
    BillQuery,
    CustomerQuery,
    InvoiceQuery,
    ItemQuery,
    PaymentMethodQuery,
    PurchaseOrderQuery,
    ReceivePaymentQuery,
    VendorQuery,
)
from qbxml.responses import Ret

from ..db.lists import List


@dataclass(frozen=True)
class Kind:
    """`look_up` makes the query that finds a document by its natural key; `list` is the mirror's, of list records."""

    look_up: Callable[[str], Any]
    list: List | None = None

    @functools.cached_property
    def is_list(self) -> bool:
        return self.list is not None


_ITEM = Kind(lambda name: ItemQuery(full_names=(name,)), List.ITEM)

KINDS: dict[str, Kind] = {
    "Customer": Kind(lambda name: CustomerQuery(full_names=(name,)), List.CUSTOMER),
    "Vendor": Kind(lambda name: VendorQuery(full_names=(name,)), List.VENDOR),
    "PaymentMethod": Kind(lambda name: PaymentMethodQuery(full_names=(name,)), List.PAYMENT_METHOD),
    "ItemNonInventory": _ITEM,
    "ItemOtherCharge": _ITEM,
    "ItemDiscount": _ITEM,
    "Invoice": Kind(lambda number: InvoiceQuery(ref_numbers=(number,))),
    "ReceivePayment": Kind(lambda number: ReceivePaymentQuery(ref_numbers=(number,))),
    "Bill": Kind(lambda number: BillQuery(ref_numbers=(number,))),
    "PurchaseOrder": Kind(lambda number: PurchaseOrderQuery(ref_numbers=(number,))),
}

# Kinds of item that can stand on a line with a quantity, of an invoice, a bill or a purchase order.
_USABLE_ITEMS = frozenset({"ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory"})


def stands_on_lines(wanted: str, there: str) -> bool:
    """Whether an item of kind `there` can serve where we would have made one of kind `wanted`."""
    return there in _USABLE_ITEMS or (there == "ItemDiscount" and wanted != "ItemNonInventory")


def look_up(job: Any) -> Any:
    """-> the query for a job's document: by name, or by number."""
    kind = KINDS[job.kind]
    return kind.look_up(job.name if kind.is_list else job.ref_number)


def is_of(job: Any, ret: Ret) -> bool:
    """Whether what QuickBooks showed is this job's document: by name, or by our marker in the memo."""
    if KINDS[job.kind].is_list:
        return (ret.full_name or ret.name or "").lower() == (job.name or "").lower()
    return bool(job.marker) and job.marker in (ret.text("Memo") or "")
