"""PurchaseOrderAdd and BillAdd; a bill takes over what its purchase orders still have open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .lists import blocks
from .posting import Posting, missing
from .records import ZERO, Record, cents, money, plain, total_of
from .references import check_id
from .refusals import Code, Refused, invalid
from .totals import Priced, number, price, rate_text
from .tree import Node, leaf

_COSTS = (("SalesAndPurchase", "PurchaseCost"), ("SalesOrPurchase", "Price"), ("PurchaseCost",))
_DESCRIPTIONS = (("SalesAndPurchase", "PurchaseDesc"), ("SalesOrPurchase", "Desc"), ("PurchaseDesc",), ("ItemDesc",))
_COMPUTED = frozenset({"Quantity", "Rate", "Cost", "Amount", "OverrideItemAccountRef", "LinkToTxn", "DataExt"})


def add_purchase_order(posting: Posting, asked: Node) -> Record:
    """-> the purchase order, saved; raises Refused and saves nothing."""
    if not posting.features.purchase_orders:
        raise Refused(Code.FEATURE_OFF, "Purchase orders are turned off in this company file.")
    if asked.get("VendorRef") is None:
        raise invalid("A purchase order needs a vendor.")
    day = posting.dated(asked)
    lines: list[Node] = []
    amounts: list[Decimal] = []
    for line in asked.all("PurchaseOrderLineAdd"):
        priced = _price(posting, line, "Rate")
        amounts.append(priced.in_sum)
        lines.append(_order_line(posting, line, priced))
    fields = [child for child in asked.children if child.name not in ("PurchaseOrderLineAdd", "TxnDate")]
    fields += [leaf("TxnDate", day.isoformat()), *blocks(asked), leaf("IsManuallyClosed", "false")]
    fields += missing(
        asked,
        leaf("RefNumber", asked.value("RefNumber") or posting.books.next_number("PurchaseOrder")),
        leaf("DueDate", posting.due(day, asked, asked.get("TermsRef"))),
        leaf("ExpectedDate", day.isoformat()),
        leaf("IsToBePrinted", "false"),
        leaf("IsToBeEmailed", "false"),
    )
    return posting.books.transaction("PurchaseOrder", [*fields, *lines], total_of(amounts))


def _order_line(posting: Posting, asked: Node, priced: Priced) -> Node:
    kept = [child for child in asked.children if child.name not in _COMPUTED]
    added = [*priced.nodes("Rate"), *_description(posting, asked), leaf("IsManuallyClosed", "false")]
    if asked.get("ItemRef") is not None:
        added += _received(ZERO, priced.quantity or ZERO)
    return Node("PurchaseOrderLineRet", children=(*kept, *added))


def _received(received: Decimal, ordered: Decimal) -> list[Node]:
    return [
        leaf("ReceivedQuantity", plain(received)),
        leaf("UnbilledQuantity", plain(ordered - received)),
        leaf("IsBilled", "true" if received >= ordered and received > 0 else "false"),
    ]


def add_bill(posting: Posting, asked: Node) -> tuple[Record, Refused | None]:
    """-> the bill, saved, and the warning when a purchase order could not be linked.

    Raises Refused and saves nothing.
    """
    day = posting.dated(asked)
    vendor = posting.record(asked.get("VendorRef"))
    if vendor is None:
        raise invalid("A bill needs a vendor.")
    orders = [_order(posting, vendor, link.text) for link in asked.all("LinkToTxnID")]
    takes, lines = _linked_lines(orders)
    more, amounts = _asked_lines(posting, vendor, asked, takes)
    lines += more
    closed = [order for order in orders if not _open_lines(order)]
    if not lines:
        if closed:
            raise _cannot_link(closed)
        raise invalid("A bill needs a line.")
    total = total_of([*amounts, *(Decimal(line.value("Amount") or 0) for line in lines if line not in more)])
    if total < 0:
        raise invalid("The total of a bill cannot be negative.")
    kept = ("LinkToTxnID", "ExpenseLineAdd", "ItemLineAdd", "TxnDate")
    fields = [child for child in asked.children if child.name not in kept]
    terms = asked.get("TermsRef") or next((node for node in vendor.fields if node.name == "TermsRef"), None)
    fields += [leaf("TxnDate", day.isoformat())]
    fields += missing(
        asked,
        posting.account(asked, "APAccountRef", "AccountsPayable"),
        terms,
        leaf("DueDate", posting.due(day, asked, terms)),
    )
    bill = posting.books.transaction("Bill", [*fields, *lines], total)
    _receive(posting, bill, takes)
    return bill, _cannot_link(closed) if closed else None


def _order(posting: Posting, vendor: Record, id_: str) -> Record:
    check_id(id_)
    order = posting.books.get(id_)
    if order is None or order.kind != "PurchaseOrder":
        raise Refused(Code.OBJECT_NOT_FOUND, f'Object "{id_}" specified in the request cannot be found.')
    posting.locks.check(order)
    if order.entity_id != vendor.id:
        raise invalid(f"Purchase order {order.ref_number} is of another vendor than the bill.")
    return order


def _cannot_link(orders: list[Record]) -> Refused:
    numbers = ", ".join(order.ref_number or order.id for order in orders)
    return Refused(Code.NOT_LINKED, f"The transaction could not be linked to {numbers}: it is already closed.")


def _open_lines(order: Record) -> list[Node]:
    return [node for node in order.fields if node.name == "PurchaseOrderLineRet" and _open(node) > 0]


def _open(line: Node) -> Decimal:
    return number(line, "UnbilledQuantity") or ZERO


# What a bill takes of purchase orders: by the order's id and its line's, how many.
_Takes = dict[tuple[str, str], Decimal]


def _linked_lines(orders: list[Record]) -> tuple[_Takes, list[Node]]:
    """-> all that the orders have open, as lines of the bill."""
    takes: _Takes = {}
    lines = []
    for order in orders:
        for line in _open_lines(order):
            key = (order.id, line.value("TxnLineID") or "")
            if key not in takes:
                takes[key] = _open(line)
                lines.append(_taken_over(line, _open(line)))
    return takes, lines


def _taken_over(line: Node, quantity: Decimal) -> Node:
    rate, amount = number(line, "Rate") or ZERO, number(line, "Amount") or ZERO
    if quantity != number(line, "Quantity"):
        amount = cents(quantity * rate)
    kept = [child for child in line.children if child.name in ("ItemRef", "Desc", "CustomerRef", "ClassRef")]
    told = [leaf("Quantity", plain(quantity)), leaf("Cost", rate_text(rate)), leaf("Amount", money(amount))]
    return Node("ItemLineRet", children=(*kept, *told))


def _asked_lines(posting: Posting, vendor: Record, asked: Node, takes: _Takes) -> tuple[list[Node], list[Decimal]]:
    lines: list[Node] = []
    amounts: list[Decimal] = []
    for line in asked.children:
        if line.name == "ExpenseLineAdd":
            if line.get("AccountRef") is None and line.get("Amount") is not None:
                raise Refused(Code.ACCOUNT_MISSING, "An expense line with an amount needs an account.")
            kept = tuple(child for child in line.children if child.name != "DataExt")
            lines.append(Node("ExpenseLineRet", children=kept))
            amounts.append(number(line, "Amount") or ZERO)
        elif line.name == "ItemLineAdd":
            made = _item_line(posting, vendor, line, takes)
            lines.append(made)
            amounts.append(number(made, "Amount") or ZERO)
    return lines, amounts


def _item_line(posting: Posting, vendor: Record, line: Node, takes: _Takes) -> Node:
    link = line.get("LinkToTxn")
    if link is not None:
        return _line_of_order(posting, vendor, line, link, takes)
    priced = _price(posting, line, "Cost")
    kept = [child for child in line.children if child.name not in _COMPUTED]
    return Node("ItemLineRet", children=(*kept, *priced.nodes("Cost"), *_description(posting, line)))


def _line_of_order(posting: Posting, vendor: Record, line: Node, link: Node, takes: _Takes) -> Node:
    if line.get("ItemRef") is not None:
        raise Refused(Code.ELEMENTS_CONFLICT, "A line with LinkToTxn takes its item from the purchase order.")
    order = _order(posting, vendor, link.value("TxnID") or "")
    line_id = link.value("TxnLineID") or ""
    ordered = next((node for node in order.fields if node.value("TxnLineID") == line_id), None)
    if ordered is None:
        raise Refused(Code.OBJECT_NOT_FOUND, f'The line "{line_id}" specified in the request cannot be found.')
    left = _open(ordered) - takes.get((order.id, line_id), ZERO)
    quantity = number(line, "Quantity")
    quantity = left if quantity is None else quantity
    if quantity <= 0 or quantity > left:
        raise invalid(f"Of line {line_id} of purchase order {order.ref_number}, {plain(left)} can be billed.")
    takes[order.id, line_id] = takes.get((order.id, line_id), ZERO) + quantity
    taken = _taken_over(ordered, quantity)
    if number(line, "Cost") is None and number(line, "Amount") is None:
        return taken
    stated = replace(line, children=(*line.all("Cost"), *line.all("Amount"), leaf("Quantity", plain(quantity))))
    kept = tuple(child for child in taken.children if child.name not in _COMPUTED)
    return replace(taken, children=(*kept, *price(stated, "Cost", number(ordered, "Rate")).nodes("Cost")))


def _price(posting: Posting, line: Node, rate_element: str) -> Priced:
    item = posting.record(line.get("ItemRef"))
    if item is None:
        if any(line.get(name) is not None for name in ("Quantity", rate_element, "Amount")):
            raise invalid("A line with an amount needs an item.")
        return Priced(None, None, None, None)
    if item.kind in ("ItemSalesTax", "ItemDiscount", "ItemSubtotal"):
        raise invalid(f'"{item.full_name}" cannot be purchased.')
    cost = next((Decimal(found) for path in _COSTS if (found := item.value(*path)) is not None), None)
    return price(line, rate_element, cost)


def _description(posting: Posting, line: Node) -> list[Node]:
    item = posting.record(line.get("ItemRef"))
    if item is None or line.get("Desc") is not None:
        return []
    text = next((found for path in _DESCRIPTIONS if (found := item.value(*path)) is not None), None)
    return [leaf("Desc", text)] if text is not None else []


def _receive(posting: Posting, bill: Record, takes: _Takes) -> None:
    """Save with the orders what of them is received, and the links of both."""
    for order_id in dict.fromkeys(order_id for order_id, _ in takes):
        order = posting.books.get(order_id)
        if order is None:
            continue
        fields = tuple(_less(node, takes.get((order_id, node.value("TxnLineID") or ""), ZERO)) for node in order.fields)
        order = posting.books.change(order, fields=fields)
        quantity = total_of(taken for (taken_of, _), taken in takes.items() if taken_of == order_id)
        order = posting.books.link(order, bill, quantity, by_quantity=True)
        bill = posting.books.link(bill, order, quantity, by_quantity=True)


def _less(line: Node, taken: Decimal) -> Node:
    if line.name != "PurchaseOrderLineRet" or not taken:
        return line
    ordered = number(line, "Quantity") or ZERO
    received = (number(line, "ReceivedQuantity") or ZERO) + taken
    others = [
        child for child in line.children if child.name not in ("ReceivedQuantity", "UnbilledQuantity", "IsBilled")
    ]
    return replace(line, children=(*others, *_received(received, ordered)))


def is_fully_received(order: Record) -> bool:
    lines = [node for node in order.fields if node.name == "PurchaseOrderLineRet" and number(node, "Quantity")]
    return bool(lines) and all(_open(node) <= 0 for node in lines)
