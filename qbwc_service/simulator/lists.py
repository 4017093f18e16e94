"""CustomerAdd, VendorAdd, PaymentMethodAdd and the ItemAdds."""

from __future__ import annotations

import itertools

from .books import Books, reference
from .records import Record
from .references import Features, Locks, find, resolve
from .refusals import Code, Refused, invalid
from .tree import Node, aggregate, leaf

_BLOCKS = {
    "BillAddress": "BillAddressBlock",
    "ShipAddress": "ShipAddressBlock",
    "VendorAddress": "VendorAddressBlock",
}
_NOT_KEPT = frozenset({"OpenBalance", "OpenBalanceDate", "BarCode", "Contacts", "AdditionalNotes"})


def add(books: Books, features: Features, locks: Locks, kind: str, asked: Node) -> Record:
    """-> the new record, saved; raises Refused and saves nothing."""
    name = (asked.value("Name") or "").strip()
    if not name or ":" in name:
        raise Refused(Code.BAD_NAME, f'There was an error when converting the name "{name}" in the field "Name".')
    resolved = resolve(books, features, locks, asked, kind)
    parent = _parent(books, kind, resolved)
    full_name = f"{parent.full_name}:{name}" if parent is not None else name
    if books.holder(kind, full_name) is not None:
        raise Refused(Code.NAME_TAKEN, f'The name "{full_name}" of the list element is already in use.')
    fields = _fields(name, parent, resolved)
    if kind.startswith("Item"):
        fields += _of_item(books, features, kind, resolved)
    elif kind == "Customer":
        fields += _of_customer(books, features, resolved)
    if kind == "Vendor" and resolved.get("IsVendorEligibleFor1099") is None:
        fields.append(leaf("IsVendorEligibleFor1099", "false"))
    return books.list_record(kind, fields, parent)


def blocks(node: Node) -> list[Node]:
    """-> for each address of the element also its block: the lines as they are printed."""
    found = []
    for child in node.children:
        block = _BLOCKS.get(child.name)
        if block is not None and child.children:
            lines = [child.value(f"Addr{number}") for number in range(1, 6)]
            town = " ".join(part for part in (child.value("State"), child.value("PostalCode")) if part)
            lines.append(", ".join(part for part in (child.value("City"), town) if part))
            lines.append(child.value("Country"))
            printed = [line[:41] for line in lines if line][:5]
            found.append(aggregate(block, *(leaf(f"Addr{place}", line) for place, line in enumerate(printed, 1))))
    return found


def _parent(books: Books, kind: str, asked: Node) -> Record | None:
    ref = asked.get("ParentRef")
    if ref is None:
        return None
    parent = find(books, ref, (kind,), kind)
    if parent.full_name.count(":") >= 4:
        raise invalid("A list may have five levels.")
    return parent


def _fields(name: str, parent: Record | None, asked: Node) -> list[Node]:
    level = 0 if parent is None else parent.full_name.count(":") + 1
    fields = [leaf("Name", name), leaf("IsActive", "true"), leaf("Sublevel", str(level))]
    fields.append(leaf("FullName", f"{parent.full_name}:{name}" if parent is not None else name))
    if parent is not None:
        fields.append(reference("ParentRef", parent))
    for child in asked.children:
        if child.name == "IsActive":
            fields[1] = leaf("IsActive", "false" if child.text in ("false", "0") else "true")
        elif child.name == "BarCode":
            fields.append(leaf("BarCodeValue", child.value("BarCodeValue") or ""))
        elif child.name not in _NOT_KEPT and child.name not in ("Name", "ParentRef"):
            fields.append(child)
    return fields + blocks(asked)


def _of_customer(books: Books, features: Features, asked: Node) -> list[Node]:
    """-> what QuickBooks adds by itself."""
    added = [] if asked.get("JobStatus") is not None else [leaf("JobStatus", "None")]
    if features.sales_tax and asked.get("SalesTaxCodeRef") is None:
        added += _taxable(books)
    return added


def _of_item(books: Books, features: Features, kind: str, asked: Node) -> list[Node]:
    """-> what QuickBooks adds by itself. Raises Refused when an account is missing."""
    missing = _missing_account(kind, asked)
    if missing is not None:
        raise Refused(Code.ACCOUNT_MISSING, f"The posting account is missing: {missing}.")
    return _taxable(books) if features.sales_tax and asked.get("SalesTaxCodeRef") is None else []


def _missing_account(kind: str, asked: Node) -> str | None:
    if kind == "ItemDiscount":
        return None if asked.get("AccountRef") is not None else "AccountRef"
    one = asked.get("SalesOrPurchase")
    if one is not None:
        return None if one.get("AccountRef") is not None else "AccountRef"
    both = asked.get("SalesAndPurchase") or Node("SalesAndPurchase")
    return next((name for name in ("IncomeAccountRef", "ExpenseAccountRef") if both.get(name) is None), None)


def _taxable(books: Books) -> list[Node]:
    """-> the company's own code for what is taxed: the first that is."""
    found = (code for code in books.of("SalesTaxCode") if code.value("IsTaxable") == "true")
    return [reference("SalesTaxCodeRef", code) for code in itertools.islice(found, 1)]
