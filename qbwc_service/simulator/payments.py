"""ReceivePaymentAdd: what comes in, and which invoices it pays."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .books import reference
from .posting import Posting, missing
from .records import ZERO, Record, money, total_of
from .references import check_id
from .refusals import Code, Refused, invalid
from .totals import number
from .tree import Node, aggregate, leaf


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
    fields += missing(asked, receivable, undeposited)
    fields += [_told(application) for application in applications]
    payment = books.transaction("ReceivePayment", fields, total, used)
    for application in applications:
        invoice = books.get(application.invoice.id) or application.invoice  # as it is by now, if it is named twice
        paid = books.change(invoice, applied=invoice.applied + application.settled)
        books.link(paid, payment, -application.settled)
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
