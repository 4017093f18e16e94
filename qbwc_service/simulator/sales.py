"""InvoiceAdd and ReceivePaymentAdd."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from .books import Books, reference
from .lists import blocks
from .records import ZERO, Record, cents, money, total_of
from .references import Features, Locks, check_id
from .refusals import Code, Refused, invalid
from .totals import Priced, above, discount, number, price, subtotal, tax
from .tree import Node, aggregate, leaf

_NOT_KEPT = frozenset({"LinkToTxnID", "SetCredit", "InvoiceLineAdd", "InvoiceLineGroupAdd"})
_COMPUTED = frozenset({"Quantity", "Rate", "RatePercent", "Amount", "OverrideItemAccountRef", "LinkToTxn", "DataExt"})
_PRICES = (("SalesOrPurchase", "Price"), ("SalesAndPurchase", "SalesPrice"), ("SalesPrice",))
_DESCRIPTIONS = (("SalesOrPurchase", "Desc"), ("SalesAndPurchase", "SalesDesc"), ("SalesDesc",), ("ItemDesc",))


@dataclass(frozen=True)
class Posting:
    """What every transaction asks the company about."""

    books: Books
    features: Features
    locks: Locks
    today: date

    def dated(self, asked: Node) -> date:
        """-> the transaction's date; raises Refused if the books are closed then (3171)."""
        day = date.fromisoformat(asked.value("TxnDate") or self.today.isoformat())
        closed = self.features.closing_date
        if closed is not None and day <= date.fromisoformat(closed):
            raise Refused(Code.PERIOD_CLOSED, f"The date {day} lies in a closed period (books closed up to {closed}).")
        return day

    def account(self, asked: Node, element: str, kind: str) -> Node:
        """-> the account that was asked for, else the first of that type."""
        named = asked.get(element)
        if named is not None:
            return named
        for account in self.books.of("Account"):
            if account.is_active and account.value("AccountType") == kind:
                return reference(element, account)
        raise Refused(Code.ACCOUNT_MISSING, f"There is no account of type {kind}.")

    def due(self, day: date, asked: Node, terms: Node | None) -> str:
        given = asked.value("DueDate")
        if given is not None:
            return given
        found = self.books.get(terms.value("ListID") or "") if terms is not None else None
        days = found.value("StdDueDays") if found is not None else None
        return (day + timedelta(days=int(days or 0))).isoformat()

    def record(self, ref: Node | None) -> Record | None:
        """-> what a resolved reference names."""
        return self.books.get(ref.value("ListID") or "") if ref is not None else None


def add_invoice(posting: Posting, asked: Node) -> Record:
    """-> the invoice, saved; raises Refused and saves nothing. References are resolved."""
    day = posting.dated(asked)
    customer = posting.record(asked.get("CustomerRef"))
    if customer is None:
        raise invalid("An invoice needs a customer.")
    _refuse_links(posting, asked)
    terms = asked.get("TermsRef") or _own(customer, "TermsRef")
    lines, priced = _lines(posting, customer, asked)
    total_before_tax = total_of(line.in_sum for line in priced)
    fields = [child for child in asked.children if child.name not in _NOT_KEPT and child.name != "TxnDate"]
    fields += [leaf("TxnDate", day.isoformat()), *blocks(asked)]
    fields += _missing(
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
    added: list[Node] = [leaf("TxnLineID", "-1"), *priced.nodes("Rate")]
    if item is not None:
        if asked.get("Desc") is None:
            text = next((found for path in _DESCRIPTIONS if (found := item.value(*path)) is not None), None)
            added += [leaf("Desc", text)] if text is not None else []
        if asked.get("SalesTaxCodeRef") is None and posting.features.sales_tax and item.kind != "ItemSubtotal":
            code = _own(item, "SalesTaxCodeRef") if _is_taxable(posting, _customer_code(customer, None)) else None
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
    item_ref = asked.get("ItemSalesTaxRef") or _own(customer, "ItemSalesTaxRef") or _default_tax(posting)
    item = posting.record(item_ref)
    percent = Decimal((item.value("TaxRate") if item is not None else None) or 0)
    base = total_of(
        one.in_sum
        for node, one in zip(lines, priced, strict=True)
        if one.in_sum and _is_taxable(posting, node.get("SalesTaxCodeRef"))
    )
    amount = tax(base, percent) if _is_taxable(posting, code) else ZERO
    told = [leaf("SalesTaxPercentage", f"{percent:.2f}"), leaf("SalesTaxTotal", money(amount))]
    return amount, told + _missing(asked, item_ref, code)


def _customer_code(customer: Record, element: str | None) -> Node | None:
    code = _own(customer, "SalesTaxCodeRef")
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


def _own(record: Record, element: str) -> Node | None:
    return next((node for node in record.fields if node.name == element), None)


def _default(item: Record, paths: tuple[tuple[str, ...], ...]) -> Decimal | None:
    return next((Decimal(found) for path in paths if (found := item.value(*path)) is not None), None)


def _missing(asked: Node, *defaults: Node | None) -> list[Node]:
    """-> those that were not asked for."""
    return [node for node in defaults if node is not None and asked.get(node.name) is None]


@dataclass(frozen=True)
class _Application:
    """What of a payment goes to an invoice."""

    invoice: Record
    amount: Decimal
    discount: Decimal
    discount_account: Node | None

    @property
    def settled(self) -> Decimal:
        return self.amount + self.discount


def add_payment(posting: Posting, asked: Node) -> Record:
    """-> the payment, saved, and the invoices paid; raises Refused and saves nothing."""
    books = posting.books
    day = posting.dated(asked)
    receivable = posting.account(asked, "ARAccountRef", "AccountsReceivable")
    total, applications = _applications(posting, asked, receivable)
    used = total_of(application.amount for application in applications)
    if used > total:
        raise invalid(f"The amount applied, {used}, is more than the payment of {total}.")
    undeposited = _undeposited(posting)
    fields = [child for child in asked.children if child.name not in ("AppliedToTxnAdd", "IsAutoApply", "TxnDate")]
    fields = [child for child in fields if child.name != "TotalAmount"]
    fields += [leaf("TxnDate", day.isoformat()), leaf("TotalAmount", money(total)), leaf("UnusedCredits", "0.00")]
    fields += _missing(asked, receivable, undeposited)
    fields += [_told(application) for application in applications]
    payment = books.transaction("ReceivePayment", fields, total, used)
    for application in applications:
        paid = books.link(application.invoice, payment, -application.settled)
        books.change(paid, applied=paid.applied + application.settled)
        payment = books.link(payment, application.invoice, application.amount)
    return payment


def _applications(posting: Posting, asked: Node, receivable: Node) -> tuple[Decimal, list[_Application]]:
    stated = number(asked, "TotalAmount")
    if stated is not None and stated < 0:
        raise invalid("A payment cannot be negative.")
    auto = asked.value("IsAutoApply")
    if auto is not None:
        total = stated if stated is not None else ZERO
        return total, _oldest_first(posting, asked, total) if auto in ("true", "1") else []
    applications = [_application(posting, asked, one, receivable) for one in asked.all("AppliedToTxnAdd")]
    _check_balances(applications)
    total = stated if stated is not None else total_of(one.amount for one in applications)
    return total, applications


def _application(posting: Posting, payment: Node, asked: Node, receivable: Node) -> _Application:
    id_ = asked.value("TxnID") or ""
    check_id(id_)
    invoice = posting.books.get(id_)
    if invoice is None or invoice.kind != "Invoice":
        raise Refused(Code.OBJECT_NOT_FOUND, f'Object "{id_}" specified in the request cannot be found.')
    posting.locks.check(invoice)
    if asked.get("SetCredit") is not None:
        raise Refused(Code.OBJECT_NOT_FOUND, "The credit specified in the request cannot be found.")
    if not _same_customer(posting, payment, invoice):
        raise invalid(f"Invoice {invoice.ref_number} is of another customer than the payment.")
    if invoice.value("ARAccountRef", "ListID") != receivable.value("ListID"):
        raise invalid(f"Invoice {invoice.ref_number} is on another receivables account than the payment.")
    amount = number(asked, "PaymentAmount") or ZERO
    reduction = number(asked, "DiscountAmount") or ZERO
    account = asked.get("DiscountAccountRef")
    if reduction and account is None:
        raise Refused(Code.ACCOUNT_MISSING, "A discount needs a DiscountAccountRef.")
    if amount < 0 or reduction < 0 or amount + reduction == 0:
        raise invalid("What is applied to an invoice must be more than zero.")
    return _Application(invoice, amount, reduction, account)


def _same_customer(posting: Posting, payment: Node, invoice: Record) -> bool:
    """Whether the invoice is of the customer who pays, or of one of its jobs."""
    payer = posting.record(payment.get("CustomerRef"))
    billed = invoice.entity or ""
    return payer is not None and (billed == payer.full_name or billed.startswith(f"{payer.full_name}:"))


def _check_balances(applications: list[_Application]) -> None:
    """A payment applied to an invoice is not more than its balance (qbxml/README.md), also when named twice."""
    left: dict[str, Decimal] = {}
    for one in applications:
        balance = left.get(one.invoice.id, one.invoice.balance)
        if one.settled > balance:
            raise invalid(
                f"The amount applied, {one.settled}, is more than the balance of invoice "
                f"{one.invoice.ref_number}, {balance}."
            )
        left[one.invoice.id] = balance - one.settled


def _oldest_first(posting: Posting, asked: Node, total: Decimal) -> list[_Application]:
    customer_id = asked.value("CustomerRef", "ListID")
    open_ones = [one for one in posting.books.of("Invoice") if one.entity_id == customer_id and not one.is_paid]
    found: list[_Application] = []
    left = total
    for invoice in sorted(open_ones, key=lambda one: one.date):
        amount = min(left, invoice.balance)
        if amount > 0:
            found.append(_Application(invoice, amount, ZERO, None))
            left -= amount
    return found


def _undeposited(posting: Posting) -> Node | None:
    found = posting.books.named("Undeposited Funds", ("Account",))
    return reference("DepositToAccountRef", found) if found is not None else None


def _told(application: _Application) -> Node:
    invoice = application.invoice
    reduced = leaf("DiscountAmount", money(application.discount)) if application.discount else None
    return aggregate(
        "AppliedToTxnRet",
        leaf("TxnID", invoice.id),
        leaf("TxnType", invoice.kind),
        leaf("TxnDate", invoice.value("TxnDate") or ""),
        leaf("RefNumber", invoice.ref_number) if invoice.ref_number is not None else None,
        leaf("BalanceRemaining", money(invoice.balance - application.settled)),
        leaf("Amount", money(application.amount)),
        reduced,
        application.discount_account if reduced is not None else None,
    )
