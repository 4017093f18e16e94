"""InvoiceAdd: lines priced, taxed and summed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .books import reference
from .lists import blocks
from .posting import Posting, missing, own
from .records import ZERO, Record, cents, money, total_of
from .refusals import Code, Refused, invalid
from .totals import Priced, above, discount, number, price, subtotal, tax
from .tree import Node, leaf

_NOT_KEPT = frozenset({"LinkToTxnID", "SetCredit", "InvoiceLineAdd", "InvoiceLineGroupAdd"})
_COMPUTED = frozenset({"Quantity", "Rate", "RatePercent", "Amount", "OverrideItemAccountRef", "LinkToTxn", "DataExt"})
_PRICES = (("SalesOrPurchase", "Price"), ("SalesAndPurchase", "SalesPrice"), ("SalesPrice",))
_DESCRIPTIONS = (("SalesOrPurchase", "Desc"), ("SalesAndPurchase", "SalesDesc"), ("SalesDesc",), ("ItemDesc",))


def add_invoice(posting: Posting, asked: Node) -> Record:
    """-> the invoice, saved; raises Refused and saves nothing. References are resolved."""
    day = posting.dated(asked)
    customer = posting.record(asked.get("CustomerRef"))
    if customer is None:
        raise invalid("An invoice needs a customer.")
    _refuse_links(posting, asked)
    terms = asked.get("TermsRef") or own(customer, "TermsRef")
    lines, priced = _lines(posting, customer, asked)
    total_before_tax = total_of(line.in_sum for line in priced)
    fields = [child for child in asked.children if child.name not in _NOT_KEPT and child.name != "TxnDate"]
    fields += [leaf("TxnDate", day.isoformat()), *blocks(asked)]
    fields += missing(
        asked,
        posting.account(asked, "ARAccountRef", "AccountsReceivable"),
        leaf("RefNumber", asked.value("RefNumber") or posting.books.next_number("Invoice")),
        terms,
        leaf("DueDate", posting.due(day, asked, terms)),
        leaf("ShipDate", day.isoformat()),
        leaf("IsPending", "false"),
        leaf("IsFinanceCharge", "false"),
        leaf("IsToBePrinted", "false"),
        leaf("IsToBeEmailed", "false"),
    )
    sales_tax, told_of_tax = _sales_tax(posting, customer, asked, lines, priced)
    total = total_before_tax + sales_tax
    if total < 0:
        raise invalid("The total of an invoice cannot be negative.")
    fields += [leaf("Subtotal", money(total_before_tax)), *told_of_tax, *lines]
    return posting.books.transaction("Invoice", fields, total)


def _refuse_links(posting: Posting, asked: Node) -> None:
    """Sales orders, estimates and credits are not kept here, so that none can be found."""
    for child in asked.children:
        if child.name in ("LinkToTxnID", "SetCredit"):
            id_ = child.text or child.value("CreditTxnID") or ""
            raise Refused(Code.OBJECT_NOT_FOUND, f'Object "{id_}" specified in the request cannot be found.')


def _lines(posting: Posting, customer: Record, asked: Node) -> tuple[list[Node], list[Priced]]:
    asked_lines = asked.all("InvoiceLineAdd")
    if not asked_lines:
        raise invalid("An invoice needs a line.")
    nodes: list[Node] = []
    priced: list[Priced] = []
    for line in asked_lines:
        item = posting.record(line.get("ItemRef"))
        if item is not None and item.kind == "ItemSalesTax":
            raise invalid(f'"{item.full_name}" is a sales tax item and cannot stand on a line.')
        one = _price(line, item, priced)
        priced.append(one)
        nodes.append(_line(posting, customer, line, item, one))
    return nodes, priced


def _price(line: Node, item: Record | None, before: list[Priced]) -> Priced:
    if item is None:
        if any(line.get(name) is not None for name in ("Quantity", "Rate", "RatePercent", "Amount")):
            raise invalid("A line with an amount needs an item.")
        return Priced(None, None, None, None)
    if item.kind == "ItemDiscount":
        return discount(line, item, above(before))
    if item.kind == "ItemSubtotal":
        return subtotal(before)
    percent = number(line, "RatePercent")
    if percent is not None:
        amount = number(line, "Amount")
        return Priced(None, None, percent, amount if amount is not None else cents(above(before) * percent / 100))
    return price(line, "Rate", _default(item, _PRICES))


def _line(posting: Posting, customer: Record, asked: Node, item: Record | None, priced: Priced) -> Node:
    kept = [child for child in asked.children if child.name not in _COMPUTED]
    added = priced.nodes("Rate")
    if item is not None:
        if asked.get("Desc") is None:
            text = next((found for path in _DESCRIPTIONS if (found := item.value(*path)) is not None), None)
            added += [leaf("Desc", text)] if text is not None else []
        if asked.get("SalesTaxCodeRef") is None and posting.features.sales_tax and item.kind != "ItemSubtotal":
            code = own(item, "SalesTaxCodeRef") if _is_taxable(posting, _customer_code(customer, None)) else None
            code = code or _non_taxable(posting)
            added += [code] if code is not None else []
    return Node("InvoiceLineRet", children=(*kept, *added))


def _sales_tax(
    posting: Posting, customer: Record, asked: Node, lines: list[Node], priced: list[Priced]
) -> tuple[Decimal, list[Node]]:
    """-> the tax, and what the invoice tells of it."""
    if not posting.features.sales_tax:
        return ZERO, [leaf("SalesTaxTotal", "0.00"), leaf("SalesTaxPercentage", "0.00")]
    code = asked.get("CustomerSalesTaxCodeRef") or _customer_code(customer, "CustomerSalesTaxCodeRef")
    item_ref = asked.get("ItemSalesTaxRef") or own(customer, "ItemSalesTaxRef") or _default_tax(posting)
    item = posting.record(item_ref)
    percent = Decimal((item.value("TaxRate") if item is not None else None) or 0)
    base = total_of(
        one.in_sum
        for node, one in zip(lines, priced, strict=True)
        if one.in_sum and _is_taxable(posting, node.get("SalesTaxCodeRef"))
    )
    amount = tax(base, percent) if _is_taxable(posting, code) else ZERO
    told = [leaf("SalesTaxPercentage", f"{percent:.2f}"), leaf("SalesTaxTotal", money(amount))]
    return amount, told + missing(asked, item_ref, code)


def _customer_code(customer: Record, element: str | None) -> Node | None:
    code = own(customer, "SalesTaxCodeRef")
    return replace(code, name=element) if code is not None and element is not None else code


def _is_taxable(posting: Posting, code: Node | None) -> bool:
    record = posting.record(code)
    return record is not None and record.value("IsTaxable") == "true"


def _non_taxable(posting: Posting) -> Node | None:
    for code in posting.books.of("SalesTaxCode"):
        if code.value("IsTaxable") == "false":
            return reference("SalesTaxCodeRef", code)
    return None


def _default_tax(posting: Posting) -> Node | None:
    """-> the company's own: the first one that is active."""
    for item in posting.books.of("ItemSalesTax"):
        if item.is_active:
            return reference("ItemSalesTaxRef", item)
    return None


def _default(item: Record, paths: tuple[tuple[str, ...], ...]) -> Decimal | None:
    return next((Decimal(found) for path in paths if (found := item.value(*path)) is not None), None)
