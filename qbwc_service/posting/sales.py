"""The customer's side of an order: customer, invoice, payments (product.md M9 to M13)."""

from collections.abc import Iterable
from decimal import Decimal

from qbxml.documents import AppliedTo, InvoiceAdd, InvoiceLine, PaymentMethodAdd, ReceivePaymentAdd
from qbxml.fields import FullName, Slot

from ..companies.preferences import Tax
from ..orders import cents
from ..wording import say
from .drafting import DISCOUNT_ITEM, EXEMPT, TAX_ITEM, TAXED, Document, DocumentLine, Drafting, Note, Obstacle
from .naming import PAYMENT_NUMBER, REF_NUMBER, marker, record_of


def sell(on: Drafting) -> None:
    """Plans the invoice and its payments, with the records that they need."""
    order, record = on.order, record_of("invoice", on.order.number)
    customer = on.customer()
    items, lines, shown = _invoice_lines(on)
    total = sum((line.amount for line in shown), Decimal(0))
    if total < 0:
        message = say("the invoice would come to %(total)s; QuickBooks takes no invoice below zero", total=total)
        on.obstacles.append(Obstacle("discount", message))
        return
    reckoned = on.preferences.tax is Tax.QUICKBOOKS
    if reckoned and order.tax is not None:
        total += order.tax.amount  # what QuickBooks is expected to add
    applied = min(total, sum((payment.amount for payment in order.payments), Decimal(0)))
    mark = marker(on.file_id, record)
    number = on.number("number", order.number, REF_NUMBER)
    document = on.draft(
        "number",
        lambda: InvoiceAdd(
            customer=Slot(customer),
            ar_account=on.account(on.preferences.ar_account),
            txn_date=order.completed_at.date(),
            ref_number=number,
            bill_address=on.address("customer.billing_address", order.customer.billing_address),
            ship_address=on.address("customer.shipping_address", order.customer.shipping_address),
            po_number=on.text("purchase_order", order.purchase_order, 25),
            item_sales_tax=FullName(on.preferences.tax_item) if reckoned and on.preferences.tax_item else None,
            memo=on.memo(order.memo, mark),
            lines=tuple(lines),
        ),
    )
    if document is not None:
        on.add(
            Document(
                "Invoice",
                record,
                document,
                (customer, *items),
                ref_number=number,
                marker=mark,
                entity=on.name_of(customer, order.customer.name),
                lines=tuple(shown),
                total=total,
                applied=applied,
                balance=total - applied,
            )
        )
    _payments(on, customer, record, total)


def _invoice_lines(on: Drafting) -> tuple[list[str], list[InvoiceLine], list[DocumentLine]]:
    items: list[str] = []
    lines: list[InvoiceLine] = []
    shown: list[DocumentLine] = []
    for position, line in enumerate(on.order.lines):
        path = f"lines[{position}]"
        record, name = on.product(path, line)
        description = on.description(path, line)
        items.append(record)
        lines.append(
            InvoiceLine(
                item=Slot(record),
                desc=description,
                quantity=line.quantity,
                rate=line.rate,
                sales_tax_code=_tax_code(on, line.taxable),
            )
        )
        shown.append(DocumentLine(name, line.quantity, description or "", line.rate, line.amount))
    for path, name, amount, kind, taxable in _other_lines(on):
        record, item = on.service(path, name, kind)
        items.append(record)
        lines.append(InvoiceLine(item=Slot(record), amount=amount, sales_tax_code=_tax_code(on, taxable)))
        shown.append(DocumentLine(item, None, "", amount if amount < 0 else None, amount))
    return items, lines, shown


def _other_lines(on: Drafting) -> Iterable[tuple[str, str, Decimal, str, bool]]:
    """-> path, name, amount, kind of item and whether it is taxed, of what is no product."""
    order = on.order
    for position, charge in enumerate(order.charges):
        yield f"charges[{position}].name", charge.name, charge.amount, "ItemOtherCharge", charge.taxable
    if order.off:
        yield "discount", DISCOUNT_ITEM, -order.off, "ItemDiscount", any(line.taxable for line in order.lines)
    tax = order.tax.amount if order.tax is not None else Decimal(0)
    if on.preferences.tax is Tax.ITEM_ALWAYS or (on.preferences.tax is Tax.ITEM and tax):
        yield "tax", TAX_ITEM, cents(tax), "ItemOtherCharge", False


def _tax_code(on: Drafting, taxable: bool) -> Slot:
    """QuickBooks' taxed or untaxed code, where it has one; the code of its first such, by whatever name.

    Where the tax is a line of its own, QuickBooks must not add another: no line is taxed then.
    """
    return Slot(TAXED if taxable and on.preferences.tax is Tax.QUICKBOOKS else EXEMPT, optional=True)


def _payments(on: Drafting, customer: str, invoice: str, total: Decimal) -> None:
    open_balance = total
    for position, payment in enumerate(on.order.payments):
        path = f"payments[{position}]"
        record = record_of("payment", on.order.number, payment.id)
        mark = marker(on.file_id, record)
        applied = min(open_balance, payment.amount)
        open_balance -= applied
        if applied < payment.amount:
            rest = say("%(rest)s of it stays as a credit of the customer's", rest=payment.amount - applied)
            on.notes.append(Note(f"{path}.amount", str(payment.amount), str(applied), rest))
        number = on.number(f"{path}.reference", payment.reference or on.order.number, PAYMENT_NUMBER)
        method = _method(on, f"{path}.method", payment.method)
        document = on.draft(
            path,
            lambda payment=payment, applied=applied, number=number, method=method, mark=mark: ReceivePaymentAdd(  # type: ignore[misc]
                customer=Slot(customer),
                ar_account=on.account(on.preferences.ar_account),
                txn_date=payment.date,
                ref_number=number,
                total_amount=payment.amount,
                payment_method=Slot(method) if method else None,
                memo=on.memo(f"Order {on.order.number}", mark),
                deposit_to_account=on.account(on.preferences.deposit_account),
                is_auto_apply=None if applied else False,
                applied_to=(AppliedTo(txn=Slot(invoice), payment_amount=applied),) if applied else (),
            ),
        )
        if document is not None:
            on.add(
                Document(
                    "ReceivePayment",
                    record,
                    document,
                    tuple(need for need in (customer, method, invoice) if need),
                    ref_number=number,
                    marker=mark,
                    entity=on.name_of(customer, on.order.customer.name),
                    total=payment.amount,
                    applied=applied,
                    balance=payment.amount - applied,
                )
            )


def _method(on: Drafting, path: str, method: str | None) -> str | None:
    if method is None:
        return None
    name = on.name(path, method, 31, method)
    record = record_of("method", name.lower())
    document = on.draft(path, lambda: PaymentMethodAdd(name=name))
    if document is not None and record not in on.linked:
        on.add(Document("PaymentMethod", record, document, name=name))
    return record
