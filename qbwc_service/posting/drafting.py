"""A plan in the making: documents, and what is to be told of them. Sales and purchases draft on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from qbxml.documents import (
    Address,
    CustomerAdd,
    ItemDiscountAdd,
    ItemNonInventoryAdd,
    ItemOtherChargeAdd,
    SalesAndPurchase,
    SalesOrPurchase,
)
from qbxml.drafts import Draft, draft
from qbxml.fields import Document as QbDocument
from qbxml.fields import DocumentFaults, FullName, Slot
from qbxml.text import Fitted, fit

from .. import orders
from ..companies.preferences import ItemName, Preferences, Tax
from ..orders import Order
from ..wording import joined, say
from .naming import ITEM_NAME, MEMO, NAME, customer_record, free_name, item_record, short_name, short_number

# Slots that are filled when the message leaves, beside the records of the company's jobs.
INCOME, COST = "account:income", "account:cost"
EXEMPT, TAXED = "tax_code:exempt", "tax_code:taxed"
DISCOUNT_ITEM, TAX_ITEM = "Discount", "Total Sales Tax"

# What qbxml.text does to a text that QuickBooks cannot hold, in words.
FITTING = {"replaced": say("replaced"), "removed": say("removed"), "shortened": say("shortened")}


@dataclass(frozen=True)
class ForSupplier:
    """What the clerk ticks for one supplier. An account that is "" is the one chosen for all."""

    bill: bool = False
    purchase_order: bool = False
    ap_account: str = ""
    cost_account: str = ""


@dataclass(frozen=True)
class Choices:
    """What the clerk ticks in the send window; what is None or "" is as the company's preferences have it.

    Accounts are QuickBooks' full names; `suppliers` are ids, none meaning all of the order's. `by_supplier`, by id, is
    what differs for one of them: `bill` and `purchase_order` are for the others.
    """

    invoice: bool = True
    bill: bool = False
    purchase_order: bool = False
    tax: Tax | None = None
    tax_item: str = ""
    billable: bool | None = None
    ar_account: str = ""
    income_account: str = ""
    ap_account: str = ""
    cost_account: str = ""
    suppliers: tuple[str, ...] = ()
    by_supplier: Mapping[str, ForSupplier] = field(default_factory=dict)

    def of(self, supplier_id: str) -> ForSupplier:
        """-> what is ticked for a supplier of the order."""
        if supplier_id in self.by_supplier:
            return self.by_supplier[supplier_id]
        chosen = not self.suppliers or supplier_id in self.suppliers
        return ForSupplier(chosen and self.bill, chosen and self.purchase_order)

    def over(self, usual: Preferences) -> Preferences:
        """-> the company's preferences with these choices in their place."""
        chosen = {
            name: value
            for name in ("tax", "tax_item", "billable", "ar_account", "income_account", "ap_account", "cost_account")
            if (value := getattr(self, name)) not in (None, "")
        }
        return replace(usual, **chosen)


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
        return f"{self.path}: {self.message}" if self.path else self.message


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


@dataclass
class Drafting:
    """What is planned so far for one order."""

    order: Order
    choices: Choices
    preferences: Preferences
    file_id: str
    linked: frozenset[str]
    names: Mapping[str, str] = field(default_factory=dict)  # of records that were asked for already
    documents: dict[str, Document] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    def customer(self) -> str:
        """-> the record of the order's customer, which is planned unless QuickBooks holds it."""
        customer = self.order.customer
        record = customer_record(customer.id)
        if record in self.linked:
            return record
        name = self.name("customer.name", customer.name, NAME, customer.id)
        contact = self.draft(
            "customer",
            lambda: CustomerAdd(
                name=name,
                company_name=self.text("customer.name", customer.name, 41, silent=True),
                bill_address=self.address("customer.billing_address", customer.billing_address),
                ship_address=self.address("customer.shipping_address", customer.shipping_address),
                phone=self.text("customer.phone", customer.phone, 21),
                email=self.text("customer.email", customer.email, 1023),
            ),
        )
        if contact is not None:
            self.add(Document("Customer", record, contact, name=name, entity=name))
        return record

    def product(self, path: str, line: orders.Line) -> tuple[str, str]:
        """-> record and name of the item that a line sells; `path` is the line's."""
        by_name = self.preferences.item_name is ItemName.NAME
        wanted = (line.product_name if by_name else line.product_number) or line.product_number or line.product_name
        assert wanted is not None  # orders.Line has one of them
        told = "product_name" if wanted == line.product_name else "product_number"
        if wanted.strip().lower() in (DISCOUNT_ITEM.lower(), TAX_ITEM.lower()):
            rule = say("the name is that of an item of ours, for a line of another kind")
            self.notes.append(Note(f"{path}.{told}", wanted, free_name(wanted.strip(), "Item"), rule))
            wanted = free_name(wanted.strip(), "Item")
        name = self.name(f"{path}.{told}", wanted, ITEM_NAME, wanted)
        description = self.description(path, line)
        sides = SalesAndPurchase(
            sales_desc=description,
            sales_price=line.rate if line.rate >= 0 else None,
            income_account=self.account(self.preferences.income_account, INCOME),
            purchase_desc=description,
            purchase_cost=line.cost if line.cost is not None and line.cost >= 0 else None,
            expense_account=self.account(self._cost_account(line), COST),
        )
        return self._item(
            path, name, "ItemNonInventory", lambda: ItemNonInventoryAdd(name=name, sales_and_purchase=sides)
        )

    def _cost_account(self, line: orders.Line) -> str:
        chosen = self.choices.of(line.supplier_id).cost_account if line.supplier_id is not None else ""
        return chosen or self.preferences.cost_account

    def service(self, path: str, wanted: str, kind: str) -> tuple[str, str]:
        """-> record and name of the item behind a line that sells nothing: a charge, a discount, tax."""
        name = self.name(path, wanted, ITEM_NAME, wanted)
        account = self.preferences.income_account
        if kind == "ItemDiscount":
            account = self.preferences.discount_account or account
            discount = ItemDiscountAdd(name=name, account=self.account(account, INCOME))
            return self._item(path, name, kind, lambda: discount)
        if wanted == TAX_ITEM:
            account = self.preferences.tax_account or account
        sides = SalesOrPurchase(account=self.account(account, INCOME))
        return self._item(path, name, kind, lambda: ItemOtherChargeAdd(name=name, sales_or_purchase=sides))

    def _item(self, path: str, name: str, kind: str, make: Callable[[], QbDocument]) -> tuple[str, str]:
        record = item_record(name)
        if record not in self.linked and record not in self.documents:
            document = self.draft(path, make)
            if document is not None:
                self.add(Document(kind, record, document, name=name))
        return record, name

    def add(self, document: Document) -> None:
        """A document that is planned already is planned once."""
        needs = tuple(need for need in dict.fromkeys(document.needs) if need not in self.linked)
        self.documents.setdefault(document.record, replace(document, needs=needs))

    def name_of(self, record: str, otherwise: str) -> str:
        """-> how a record is called in QuickBooks, when this plan creates it."""
        document = self.documents.get(record)
        return self.names.get(record) or (document.name if document else None) or otherwise

    def account(self, name: str, otherwise: str | None = None) -> FullName | Slot | None:
        """-> the account of a full name; without one the slot `otherwise`, or QuickBooks' own choice."""
        if name:
            return FullName(name)
        return Slot(otherwise) if otherwise else None

    def draft(self, path: str, make: Callable[[], QbDocument]) -> Draft | None:
        """-> the document, written; None when it holds what QuickBooks would refuse, which is an obstacle then."""
        try:
            return draft(make())
        except DocumentFaults as error:
            self.obstacles += [Obstacle(path, str(fault)) for fault in error.faults]
            return None

    def _told(self, path: str, before: str, fitted: Fitted, silent: bool = False) -> str:
        if not silent and fitted.text != before:
            kinds = dict.fromkeys(change.kind for change in fitted.changes)
            rules = joined("; ", [FITTING[kind] for kind in kinds]) if kinds else say("changed")
            self.notes.append(Note(path, before, fitted.text, rules))
        return fitted.text

    def text(self, path: str, text: str | None, most: int, *, silent: bool = False) -> str | None:
        """-> the text as QuickBooks can hold it; what is changed is noted unless `silent`."""
        return None if not text else self._told(path, text, fit(text, most), silent) or None

    def description(self, path: str, line: orders.Line) -> str | None:
        """-> what a line says; line ends stay."""
        text = line.description or line.product_name
        return None if not text else self._told(f"{path}.description", text, fit(text, 4095, multiline=True)) or None

    def name(self, path: str, name: str, most: int, key: str) -> str:
        """-> a name that fits and is nobody else's."""
        text = self._told(path, name, short_name(name, most, key))
        if not text:
            message = say("nothing of %(name)s can stand as a name in QuickBooks", name=repr(name))
            self.obstacles.append(Obstacle(path, message))
        return text

    def number(self, path: str, number: str, most: int) -> str:
        """-> a number that fits."""
        short = short_number(number, most)
        if short != number:
            rule = say(
                "QuickBooks holds %(most)s characters: its end, behind four letters made from the whole number",
                most=most,
            )
            self.notes.append(Note(path, number, short, rule))
        return short

    def memo(self, memo: str | None, mark: str) -> str:
        """-> the memo with our marker at its end."""
        text = self.text("memo", memo, MEMO - len(mark) - 1)
        return f"{text} {mark}" if text else mark

    def address(self, path: str, address: orders.Address | None) -> Address | None:
        """-> the address; None for an empty one."""
        if address is None:
            return None
        lines = {
            f"addr{index + 1}": self.text(f"{path}.lines[{index}]", line, 41)
            for index, line in enumerate(address.lines)
        }
        found = Address(
            **lines,
            city=self.text(f"{path}.city", address.city, 31),
            state=self.text(f"{path}.state", address.state, 21),
            postal_code=self.text(f"{path}.postal_code", address.postal_code, 13),
            country=self.text(f"{path}.country", address.country, 31),
        )
        return None if found == Address() else found
