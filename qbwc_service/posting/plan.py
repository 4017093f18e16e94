"""What QuickBooks will hold of an order: a pure function, whose result is previewed and posted alike (design.md 1)."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from qbxml.documents import (
    Address,
    AppliedTo,
    BillAdd,
    BillItemLine,
    CustomerAdd,
    InvoiceAdd,
    InvoiceLine,
    ItemDiscountAdd,
    ItemNonInventoryAdd,
    ItemOtherChargeAdd,
    PaymentMethodAdd,
    PurchaseOrderAdd,
    PurchaseOrderLine,
    ReceivePaymentAdd,
    SalesAndPurchase,
    SalesOrPurchase,
    VendorAdd,
)
from qbxml.fields import Document as QbDocument
from qbxml.fields import DocumentFaults, FullName, Slot
from qbxml.message import Draft, draft
from qbxml.text import Fitted, fit, fit_name

from .. import orders
from ..companies.preferences import ItemName, Preferences, Tax
from ..orders import Order, Supplier, cents

# Slots that are filled when the message leaves, beside the records of the company's jobs.
INCOME, COST, EXEMPT = "account:income", "account:cost", "tax_code:exempt"
DISCOUNT_ITEM, TAX_ITEM = "Discount", "Total Sales Tax"

NAME, ITEM_NAME, REF_NUMBER, BILL_NUMBER, PAYMENT_NUMBER, MEMO = 41, 31, 11, 20, 20, 4095


@dataclass(frozen=True)
class Choices:
    """What the clerk ticks in the send window; the company's preferences give what is not said."""

    invoice: bool = True
    bill: bool = False
    purchase_order: bool = False


@dataclass(frozen=True)
class Note:
    """Something that will look different in QuickBooks than in the order: the preview shows it."""

    path: str
    before: str
    after: str
    rule: str


@dataclass(frozen=True)
class Obstacle:
    """Something that stands in the way of sending, and how to mend it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True)
class DocumentLine:
    item: str
    quantity: Decimal | None
    description: str
    rate: Decimal | None
    amount: Decimal


@dataclass(frozen=True)
class Document:
    """One thing that QuickBooks will hold. `record` names it in this company for ever; `needs` are other records."""

    kind: str
    record: str
    draft: Draft
    needs: tuple[str, ...] = ()
    name: str | None = None
    ref_number: str | None = None
    marker: str | None = None
    entity: str = ""
    lines: tuple[DocumentLine, ...] = ()
    total: Decimal | None = None
    applied: Decimal | None = None
    balance: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    """The documents in the sequence in which QuickBooks must get them, and what to tell about them.

    With obstacles there may be documents missing: it is for showing only.
    """

    documents: tuple[Document, ...]
    notes: tuple[Note, ...]
    obstacles: tuple[Obstacle, ...]


def plan(order: Order, choices: Choices, preferences: Preferences, file_id: str, linked: Iterable[str] = ()) -> Plan:
    """-> what QuickBooks will hold of the order.

    `file_id` is the company's: markers are made from it, so that they are the same for ever and nobody else's.
    `linked` are records that QuickBooks is known to hold: they are not created.
    """
    return _Planner(order, choices, preferences, file_id, frozenset(linked)).plan()


def marker(file_id: str, record: str) -> str:
    """-> what stands in a transaction's memo, by which it is known again: 16 letters, 80 bits."""
    digest = hashlib.sha256(f"{file_id}\0{record}".encode()).digest()
    return f"[qb:{base64.b32encode(digest[:10]).decode()}]"


def customer_record(customer_id: str) -> str:
    return f"customer:{customer_id}"


def vendor_record(supplier_id: str) -> str:
    return f"vendor:{supplier_id}"


def short_number(number: str, most: int) -> str:
    """-> the number itself where it fits, else its end behind four characters made from all of it.

    So two long numbers get different ones, but for one chance in a million, and people still know them by their end.
    """
    fitted = fit(number, most, cut=False)
    if fitted.text == number and len(number) <= most:
        return number
    digest = base64.b32encode(hashlib.sha256(number.encode()).digest()).decode()[:4]
    return f"{digest}-{fitted.text[-(most - 5) :].strip()}"


def short_name(name: str, most: int, key: str) -> Fitted:
    """-> a name that fits; where it had to be cut, four characters of `key` keep it from being another's."""
    fitted = fit_name(name, None)
    if len(fitted.text) <= most:
        return fitted
    digest = base64.b32encode(hashlib.sha256(f"{key}\0{name}".encode()).digest()).decode()[:4]
    cut = fit_name(name, most - 5)
    return replace(cut, text=f"{cut.text} {digest}")


@dataclass
class _Planner:
    order: Order
    choices: Choices
    preferences: Preferences
    file_id: str
    linked: frozenset[str]
    documents: dict[str, Document] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def plan(self) -> Plan:
        if self.choices.invoice:
            self._invoice()
        suppliers = self.order.suppliers if self.choices.bill or self.choices.purchase_order else ()
        for position, supplier in enumerate(suppliers):
            self._supplier(position, supplier)
        if not self.documents and not self.obstacles:
            self.obstacles.append(Obstacle("", "nothing to send: tick an invoice, a bill or a purchase order"))
        return Plan(tuple(self.documents.values()), tuple(dict.fromkeys(self.notes)), tuple(self.obstacles))

    # --- the customer's side -------------------------------------------------------------------------------------

    def _invoice(self) -> None:
        order, record = self.order, f"invoice:{self.order.number}"
        customer = self._customer()
        items, lines, shown = self._invoice_lines()
        total = sum((line.amount for line in shown), Decimal(0))
        if total < 0:
            self.obstacles.append(
                Obstacle("discount", f"the invoice would come to {total}; QuickBooks takes no invoice below zero")
            )
            return
        applied = min(total, sum((payment.amount for payment in order.payments), Decimal(0)))
        mark = marker(self.file_id, record)
        number = self._number("number", order.number, REF_NUMBER)
        document = self._draft(
            "number",
            lambda: InvoiceAdd(
                customer=Slot(customer),
                ar_account=self._account(self.preferences.ar_account),
                txn_date=order.completed_at.date(),
                ref_number=number,
                bill_address=self._address("customer.billing_address", order.customer.billing_address),
                ship_address=self._address("customer.shipping_address", order.customer.shipping_address),
                po_number=self._text("purchase_order", order.purchase_order, 25),
                memo=self._memo(order.memo, mark),
                lines=tuple(lines),
            ),
        )
        if document is not None:
            self._add(
                Document(
                    "Invoice",
                    record,
                    document,
                    (customer, *items),
                    ref_number=number,
                    marker=mark,
                    entity=self._name_of(customer, order.customer.name),
                    lines=tuple(shown),
                    total=total,
                    applied=applied,
                    balance=total - applied,
                )
            )
        self._payments(customer, record, total)

    def _customer(self) -> str:
        customer = self.order.customer
        record = customer_record(customer.id)
        if record in self.linked:
            return record
        name = self._name("customer.name", customer.name, NAME, customer.id)
        contact = self._draft(
            "customer",
            lambda: CustomerAdd(
                name=name,
                company_name=self._text("customer.name", customer.name, 41, silent=True),
                bill_address=self._address("customer.billing_address", customer.billing_address),
                ship_address=self._address("customer.shipping_address", customer.shipping_address),
                phone=self._text("customer.phone", customer.phone, 21),
                email=self._text("customer.email", customer.email, 1023),
            ),
        )
        if contact is not None:
            self._add(Document("Customer", record, contact, name=name, entity=name))
        return record

    def _invoice_lines(self) -> tuple[list[str], list[InvoiceLine], list[DocumentLine]]:
        items: list[str] = []
        lines: list[InvoiceLine] = []
        shown: list[DocumentLine] = []
        for position, line in enumerate(self.order.lines):
            path = f"lines[{position}]"
            record, name = self._product(path, line)
            description = self._description(path, line)
            items.append(record)
            lines.append(
                InvoiceLine(
                    item=Slot(record),
                    desc=description,
                    quantity=line.quantity,
                    rate=line.rate,
                    sales_tax_code=self._tax_code(),
                )
            )
            shown.append(DocumentLine(name, line.quantity, description or "", line.rate, line.amount))
        for path, name, amount, kind in self._other_lines(shown):
            record, item = self._service(path, name, kind)
            items.append(record)
            lines.append(InvoiceLine(item=Slot(record), amount=amount, sales_tax_code=self._tax_code()))
            shown.append(DocumentLine(item, None, "", amount if amount < 0 else None, amount))
        return items, lines, shown

    def _other_lines(self, products: list[DocumentLine]) -> Iterable[tuple[str, str, Decimal, str]]:
        order = self.order
        subtotal = sum((line.amount for line in products), Decimal(0))
        for position, charge in enumerate(order.charges):
            yield f"charges[{position}].name", charge.name, charge.amount, "ItemOtherCharge"
        if order.discount is not None:
            amount = order.discount.amount
            if amount is None:
                amount = cents(subtotal * (order.discount.percent or Decimal(0)) / 100)
            if amount:
                yield "discount", DISCOUNT_ITEM, -cents(amount), "ItemDiscount"
        tax = order.tax.amount if order.tax is not None else Decimal(0)
        if self.preferences.tax is Tax.ITEM_ALWAYS or (self.preferences.tax is Tax.ITEM and tax):
            yield "tax", TAX_ITEM, cents(tax), "ItemOtherCharge"

    def _tax_code(self) -> Slot | None:
        """Where the tax is a line of its own, QuickBooks must not add another: lines bear its untaxed code, if any."""
        return None if self.preferences.tax is Tax.QUICKBOOKS else Slot(EXEMPT, optional=True)

    def _payments(self, customer: str, invoice: str, total: Decimal) -> None:
        open_balance = total
        for position, payment in enumerate(self.order.payments):
            path = f"payments[{position}]"
            record = f"payment:{self.order.number}:{payment.id}"
            mark = marker(self.file_id, record)
            applied = min(open_balance, payment.amount)
            open_balance -= applied
            if applied < payment.amount:
                rest = f"{payment.amount - applied} of it stays as a credit of the customer's"
                self.notes.append(Note(f"{path}.amount", str(payment.amount), str(applied), rest))
            number = self._number(f"{path}.reference", payment.reference or self.order.number, PAYMENT_NUMBER)
            method = self._method(f"{path}.method", payment.method)
            document = self._draft(
                path,
                lambda payment=payment, applied=applied, number=number, method=method, mark=mark: ReceivePaymentAdd(  # type: ignore[misc]
                    customer=Slot(customer),
                    ar_account=self._account(self.preferences.ar_account),
                    txn_date=payment.date,
                    ref_number=number,
                    total_amount=payment.amount,
                    payment_method=Slot(method) if method else None,
                    memo=self._memo(f"Order {self.order.number}", mark),
                    deposit_to_account=self._account(self.preferences.deposit_account),
                    is_auto_apply=None if applied else False,
                    applied_to=(AppliedTo(txn=Slot(invoice), payment_amount=applied),) if applied else (),
                ),
            )
            if document is not None:
                self._add(
                    Document(
                        "ReceivePayment",
                        record,
                        document,
                        tuple(need for need in (customer, method, invoice) if need),
                        ref_number=number,
                        marker=mark,
                        entity=self._name_of(customer, self.order.customer.name),
                        total=payment.amount,
                        applied=applied,
                        balance=payment.amount - applied,
                    )
                )

    def _method(self, path: str, method: str | None) -> str | None:
        if method is None:
            return None
        name = self._name(path, method, 31, method)
        record = f"method:{name.casefold()}"
        document = self._draft(path, lambda: PaymentMethodAdd(name=name))
        if document is not None and record not in self.linked:
            self._add(Document("PaymentMethod", record, document, name=name))
        return record

    # --- items ---------------------------------------------------------------------------------------------------

    def _product(self, path: str, line: orders.Line) -> tuple[str, str]:
        by_name = self.preferences.item_name is ItemName.NAME
        wanted = (line.product_name if by_name else line.product_number) or line.product_number or line.product_name
        assert wanted is not None  # orders.Line has one of them
        told = "product_name" if wanted == line.product_name else "product_number"
        name = self._name(f"{path}.{told}", wanted, ITEM_NAME, wanted)
        description = self._description(path, line)
        sides = SalesAndPurchase(
            sales_desc=description,
            sales_price=line.rate if line.rate >= 0 else None,
            income_account=self._account(self.preferences.income_account, INCOME),
            purchase_desc=description,
            purchase_cost=line.cost if line.cost is not None and line.cost >= 0 else None,
            expense_account=self._account(self.preferences.cost_account, COST),
        )
        return self._item(
            path, name, "ItemNonInventory", lambda: ItemNonInventoryAdd(name=name, sales_and_purchase=sides)
        )

    def _service(self, path: str, wanted: str, kind: str) -> tuple[str, str]:
        name = self._name(path, wanted, ITEM_NAME, wanted)
        account = self.preferences.income_account
        if kind == "ItemDiscount":
            account = self.preferences.discount_account or account
            discount = ItemDiscountAdd(name=name, account=self._account(account, INCOME))
            return self._item(path, name, kind, lambda: discount)
        if wanted == TAX_ITEM:
            account = self.preferences.tax_account or account
        sides = SalesOrPurchase(account=self._account(account, INCOME))
        return self._item(path, name, kind, lambda: ItemOtherChargeAdd(name=name, sales_or_purchase=sides))

    def _item(self, path: str, name: str, kind: str, make: Callable[[], QbDocument]) -> tuple[str, str]:
        record = f"item:{name.casefold()}"
        if record not in self.linked and record not in self.documents:
            document = self._draft(path, make)
            if document is not None:
                self._add(Document(kind, record, document, name=name))
        return record, name

    # --- the suppliers' side ---------------------------------------------------------------------------------------

    def _supplier(self, position: int, supplier: Supplier) -> None:
        lines = [(index, line) for index, line in enumerate(self.order.lines) if line.supplier_id == supplier.id]
        if not lines:
            rule = "no line of the order is this supplier's: nothing is sent to it"
            self.notes.append(Note(f"suppliers[{position}]", supplier.name, "", rule))
            return
        vendor = self._vendor(position, supplier)
        purchase = self._purchase_order(position, supplier, vendor, lines) if self.choices.purchase_order else None
        if self.choices.bill:
            self._bill(position, supplier, vendor, lines, purchase)

    def _vendor(self, position: int, supplier: Supplier) -> str:
        record = vendor_record(supplier.id)
        if record in self.linked or record in self.documents:
            return record
        path = f"suppliers[{position}].name"
        name = self._name(path, supplier.name, NAME, supplier.id)
        document = self._draft(
            path,
            lambda: VendorAdd(name=name, company_name=self._text(path, supplier.name, 41, silent=True)),
        )
        if document is not None:
            self._add(Document("Vendor", record, document, name=name, entity=name))
        return record

    def _billable(self) -> str | None:
        return self._customer() if self.preferences.billable else None

    def _purchase_order(
        self, position: int, supplier: Supplier, vendor: str, lines: list[tuple[int, orders.Line]]
    ) -> str:
        record = f"purchase_order:{self.order.number}:{supplier.id}"
        mark = marker(self.file_id, record)
        wanted = supplier.purchase_order_number or f"{self.order.number}-{position + 1}"
        number = self._number(f"suppliers[{position}].purchase_order_number", wanted, REF_NUMBER)
        customer = self._billable()
        needs, written, shown = [vendor], [], []
        for index, line in lines:
            item, name = self._product(f"lines[{index}]", line)
            description = self._description(f"lines[{index}]", line)
            needs.append(item)
            written.append(
                PurchaseOrderLine(
                    item=Slot(item),
                    desc=description,
                    quantity=line.quantity,
                    rate=line.cost,
                    customer=Slot(customer) if customer else None,
                )
            )
            amount = cents(line.quantity * (line.cost or Decimal(0)))
            shown.append(DocumentLine(name, line.quantity, description or "", line.cost, amount))
        if customer:
            needs.append(customer)
        document = self._draft(
            f"suppliers[{position}]",
            lambda: PurchaseOrderAdd(
                vendor=Slot(vendor),
                txn_date=self.order.completed_at.date(),
                ref_number=number,
                memo=self._memo(f"Order {self.order.number}", mark),
                lines=tuple(written),
            ),
        )
        if document is not None:
            total = sum((line.amount for line in shown), Decimal(0))
            entity = self._name_of(vendor, supplier.name)
            self._add(
                Document(
                    "PurchaseOrder", record, document, tuple(needs), None, number, mark, entity, tuple(shown), total
                )
            )
        return record

    def _bill(
        self,
        position: int,
        supplier: Supplier,
        vendor: str,
        lines: list[tuple[int, orders.Line]],
        purchase_order: str | None,
    ) -> None:
        record = f"bill:{self.order.number}:{supplier.id}"
        mark = marker(self.file_id, record)
        wanted = supplier.bill_number or f"{self.order.number}-{position + 1}"
        number = self._number(f"suppliers[{position}].bill_number", wanted, BILL_NUMBER)
        customer = self._billable()
        link = purchase_order if self.preferences.link_bills else None
        needs, written, shown = [vendor], [], []
        for index, line in lines:
            if line.cost is None:
                self.obstacles.append(Obstacle(f"lines[{index}].cost", "is missing, and a bill needs it"))
                continue
            item, name = self._product(f"lines[{index}]", line)
            description = self._description(f"lines[{index}]", line)
            needs.append(item)
            written.append(
                BillItemLine(
                    item=Slot(item),
                    desc=description,
                    quantity=line.quantity,
                    cost=line.cost,
                    customer=Slot(customer) if customer else None,
                    billable_status="Billable" if customer else None,
                )
            )
            amount = cents(line.quantity * line.cost)
            shown.append(DocumentLine(name, line.quantity, description or "", line.cost, amount))
        total = sum((line.amount for line in shown), Decimal(0))
        if total < 0:
            self.obstacles.append(
                Obstacle(f"suppliers[{position}]", f"the bill would come to {total}; QuickBooks takes none below zero")
            )
        if customer:
            needs.append(customer)
        if link:
            needs.append(link)
        document = self._draft(
            f"suppliers[{position}]",
            lambda: BillAdd(
                vendor=Slot(vendor),
                ap_account=self._account(self.preferences.ap_account),
                txn_date=self.order.completed_at.date(),
                ref_number=number,
                memo=self._memo(f"Order {self.order.number}", mark),
                link_to_txns=(Slot(link),) if link else (),
                # A linked purchase order brings its lines itself; written again they would stand there twice.
                item_lines=() if link else tuple(written),
            ),
        )
        if document is not None:
            entity = self._name_of(vendor, supplier.name)
            self._add(Document("Bill", record, document, tuple(needs), None, number, mark, entity, tuple(shown), total))

    # --- small things ------------------------------------------------------------------------------------------------

    def _add(self, document: Document) -> None:
        needs = tuple(need for need in dict.fromkeys(document.needs) if need not in self.linked)
        self.documents.setdefault(document.record, replace(document, needs=needs))

    def _name_of(self, record: str, otherwise: str) -> str:
        document = self.documents.get(record)
        return (document.name if document else None) or otherwise

    def _account(self, name: str, otherwise: str | None = None) -> FullName | Slot | None:
        if name:
            return FullName(name)
        return Slot(otherwise) if otherwise else None

    def _draft(self, path: str, make: Callable[[], QbDocument]) -> Draft | None:
        try:
            return draft(make())
        except DocumentFaults as error:
            self.obstacles += [Obstacle(path, str(fault)) for fault in error.faults]
            return None

    def _told(self, path: str, before: str, fitted: Fitted, silent: bool = False) -> str:
        if not silent and fitted.text != before:
            rules = "; ".join(dict.fromkeys(str(change.kind) for change in fitted.changes)) or "changed"
            self.notes.append(Note(path, before, fitted.text, rules))
        return fitted.text

    def _text(self, path: str, text: str | None, most: int, *, silent: bool = False) -> str | None:
        return None if not text else self._told(path, text, fit(text, most), silent) or None

    def _description(self, path: str, line: orders.Line) -> str | None:
        text = line.description or line.product_name
        return None if not text else self._told(f"{path}.description", text, fit(text, 4095, multiline=True)) or None

    def _name(self, path: str, name: str, most: int, key: str) -> str:
        text = self._told(path, name, short_name(name, most, key))
        if not text:
            self.obstacles.append(Obstacle(path, f"nothing of {name!r} can stand as a name in QuickBooks"))
        return text

    def _number(self, path: str, number: str, most: int) -> str:
        short = short_number(number, most)
        if short != number:
            rule = f"QuickBooks holds {most} characters: its end, behind four letters made from the whole number"
            self.notes.append(Note(path, number, short, rule))
        return short

    def _memo(self, memo: str | None, mark: str) -> str:
        text = self._text("memo", memo, MEMO - len(mark) - 1)
        return f"{text} {mark}" if text else mark

    def _address(self, path: str, address: orders.Address | None) -> Address | None:
        if address is None:
            return None
        lines = {
            f"addr{index + 1}": self._text(f"{path}.lines[{index}]", line, 41)
            for index, line in enumerate(address.lines)
        }
        found = Address(
            **lines,
            city=self._text(f"{path}.city", address.city, 31),
            state=self._text(f"{path}.state", address.state, 21),
            postal_code=self._text(f"{path}.postal_code", address.postal_code, 13),
            country=self._text(f"{path}.country", address.country, 31),
        )
        return None if found == Address() else found
