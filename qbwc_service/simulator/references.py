"""What a request refers to: it must be there, be active and be of a fitting kind (qbxml/README.md)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .books import ENTITIES, ITEMS, Books, reference
from .records import Record
from .refusals import Code, Refused, invalid, invalid_reference
from .tree import Node

# Elements that are not here refer to lists that this company has none of, so that no reference there is good.
KINDS: dict[str, tuple[str, ...]] = {
    "CustomerRef": ("Customer",),
    "VendorRef": ("Vendor",),
    "PrefVendorRef": ("Vendor",),
    "ShipToEntityRef": ENTITIES,
    "ItemRef": ITEMS,
    "TermsRef": ("StandardTerms",),
    "SalesTaxCodeRef": ("SalesTaxCode",),
    "CustomerSalesTaxCodeRef": ("SalesTaxCode",),
    "ItemSalesTaxRef": ("ItemSalesTax",),
    "PaymentMethodRef": ("PaymentMethod",),
    "PreferredPaymentMethodRef": ("PaymentMethod",),
    "ClassRef": ("Class",),
    "SalesRepRef": ("SalesRep",),
    "ShipMethodRef": ("ShipMethod",),
    "CustomerTypeRef": ("CustomerType",),
    "VendorTypeRef": ("VendorType",),
    "JobTypeRef": ("JobType",),
    "CustomerMsgRef": ("CustomerMsg",),
    "TemplateRef": ("Template",),
    "PriceLevelRef": ("PriceLevel",),
    "CurrencyRef": ("Currency",),
    "InventorySiteRef": ("InventorySite",),
    "InventorySiteLocationRef": ("InventorySite",),
    "UnitOfMeasureSetRef": ("UnitOfMeasureSet",),
    "BillingRateRef": ("BillingRate",),
    "ItemGroupRef": ("ItemGroup",),
}
_POSTING = frozenset(
    {
        "Income",
        "OtherIncome",
        "Expense",
        "OtherExpense",
        "CostOfGoodsSold",
        "OtherCurrentAsset",
        "OtherCurrentLiability",
        "OtherAsset",
        "FixedAsset",
        "LongTermLiability",
        "Equity",
    }
)
ACCOUNTS: dict[str, frozenset[str]] = {
    "ARAccountRef": frozenset({"AccountsReceivable"}),
    "APAccountRef": frozenset({"AccountsPayable"}),
    "IncomeAccountRef": frozenset({"Income", "OtherIncome"}),
    "ExpenseAccountRef": frozenset({"Expense", "OtherExpense", "CostOfGoodsSold"}),
    "DepositToAccountRef": frozenset({"Bank", "OtherCurrentAsset"}),
    "DiscountAccountRef": _POSTING,
    "OverrideItemAccountRef": _POSTING,
    "PrefillAccountRef": _POSTING,
    "AccountRef": _POSTING,
}
SALES_TAX = frozenset({"SalesTaxCodeRef", "CustomerSalesTaxCodeRef", "ItemSalesTaxRef"})
CURRENCY = frozenset({"CurrencyRef", "ExchangeRate"})


@dataclass
class Features:
    """What the user switched on, and the day the books are closed up to (ISO, None when they are not)."""

    sales_tax: bool = True
    purchase_orders: bool = True
    multi_currency: bool = False
    multi_user: bool = False
    closing_date: str | None = None


@dataclass
class Locks:
    """Ids of records that a window or another user holds."""

    held: set[str] = field(default_factory=set)

    def check(self, record: Record, code: Code = Code.RELATED_LOCKED) -> None:
        if record.id in self.held:
            raise Refused(code, f'"{record.full_name or record.ref_number}" is in use by another user or window.')


def resolve(books: Books, features: Features, locks: Locks, node: Node, where: str) -> Node:
    """-> the element with each reference told as ListID and FullName.

    Raises Refused: a record that is not there or inactive, of the wrong type or locked, or a feature that is off.
    """
    children: list[Node] = []
    for child in node.children:
        _check_feature(features, child.name)
        if child.name == "ParentRef":
            children.append(child)  # of what list depends on what is added
        elif child.name in KINDS or child.name in ACCOUNTS:
            record = find(books, child, KINDS.get(child.name, ("Account",)), where)
            _check_account(child.name, record)
            locks.check(record)
            children.append(reference(child.name, record))
        else:
            children.append(resolve(books, features, locks, child, where))
    return replace(node, children=tuple(children))


def find(books: Books, ref: Node, kinds: tuple[str, ...], where: str) -> Record:
    """-> the active record that a reference names; the ListID counts if both are given."""
    list_id, full_name = ref.value("ListID"), ref.value("FullName")
    if list_id is not None:
        check_id(list_id)
        record = books.get(list_id)
    else:
        record = books.named(full_name or "", kinds)
    if record is None or record.kind not in kinds or not record.is_active:
        raise invalid_reference(ref.name.removesuffix("Ref"), list_id or full_name or "", where)
    return record


def check_id(id_: str) -> None:
    """Raises Refused for what is no TxnID or ListID at all."""
    first, dash, second = id_.partition("-")
    try:
        int(first, 16)
        int(second)
    except ValueError:
        dash = ""
    if not dash:
        raise Refused(Code.BAD_ID, f'The given object ID "{id_}" in the field is invalid.')


def _check_account(element: str, account: Record) -> None:
    allowed = ACCOUNTS.get(element)
    if allowed is not None and account.value("AccountType") not in allowed:
        raise invalid(f'The account "{account.full_name}" of {element} is of the wrong type.')


def _check_feature(features: Features, element: str) -> None:
    if element in SALES_TAX and not features.sales_tax:
        raise Refused(Code.FEATURE_OFF, f"{element}: sales tax is turned off in this company file.")
    if element in CURRENCY and not features.multi_currency:
        raise Refused(Code.FEATURE_OFF, f"{element}: multiple currencies are turned off in this company file.")
