"""HostQuery, CompanyQuery and PreferencesQuery: which QuickBooks it is, whose books, and what is switched on."""

from __future__ import annotations

from dataclasses import dataclass

from .books import Books, reference
from .grammar import Version
from .parsing import VERSIONS
from .references import Features
from .tree import Node, aggregate, leaf

PRODUCT = "QuickBooks Enterprise Solutions 33.0 (simulated)"


@dataclass(frozen=True)
class Extension:
    """What an application wrote into the company file: FileID or AppLock, under its owner."""

    owner_id: str
    name: str
    value: str


@dataclass(frozen=True)
class Identity:
    """What a company file says of itself."""

    company_name: str
    country: str
    highest: Version
    extensions: tuple[Extension, ...]


def host_ret(identity: Identity, features: Features) -> Node:
    supported = [version for version in VERSIONS if version <= identity.highest]
    return aggregate(
        "HostRet",
        leaf("ProductName", PRODUCT),
        leaf("MajorVersion", "33"),
        leaf("MinorVersion", "0"),
        leaf("Country", identity.country),
        *(leaf("SupportedQBXMLVersion", f"{major}.{minor}") for major, minor in supported),
        leaf("IsAutomaticLogin", "false"),
        leaf("QBFileMode", "MultiUser" if features.multi_user else "SingleUser"),
    )


def company_ret(identity: Identity, owners: frozenset[str]) -> Node:
    """-> the company with the data extensions of those owners."""
    return aggregate(
        "CompanyRet",
        leaf("IsSampleCompany", "false"),
        leaf("CompanyName", identity.company_name[:59]),
        leaf("LegalCompanyName", identity.company_name[:59]),
        leaf("FirstMonthFiscalYear", "January"),
        leaf("FirstMonthIncomeTaxYear", "January"),
        leaf("TaxForm", "OtherOrNone"),
        *(
            aggregate(
                "DataExtRet",
                leaf("OwnerID", one.owner_id),
                leaf("DataExtName", one.name),
                leaf("DataExtType", "STR255TYPE"),
                leaf("DataExtValue", one.value),
            )
            for one in identity.extensions
            if one.owner_id.lower() in owners
        ),
    )


def preferences_ret(books: Books, features: Features) -> Node:
    closed = features.closing_date
    return aggregate(
        "PreferencesRet",
        aggregate(
            "AccountingPreferences",
            leaf("IsUsingAccountNumbers", "false"),
            leaf("IsRequiringAccounts", "true"),
            leaf("IsUsingClassTracking", _bool(next(books.of("Class"), None) is not None)),
            leaf("IsUsingAuditTrail", "true"),
            leaf("IsAssigningJournalEntryNumbers", "true"),
            leaf("ClosingDate", closed) if closed is not None else None,
        ),
        aggregate("MultiCurrencyPreferences", leaf("IsMultiCurrencyOn", _bool(features.multi_currency))),
        aggregate(
            "PurchasesAndVendorsPreferences",
            # QuickBooks has one switch for both: "Inventory and purchase orders are active".
            leaf("IsUsingInventory", _bool(features.purchase_orders)),
            leaf("DaysBillsAreDue", "10"),
            leaf("IsAutomaticallyUsingDiscounts", "false"),
        ),
        aggregate(
            "SalesAndCustomersPreferences",
            leaf("IsTrackingReimbursedExpensesAsIncome", "false"),
            leaf("IsAutoApplyingPayments", "true"),
        ),
        _sales_tax(books) if features.sales_tax else None,
    )


def _sales_tax(books: Books) -> Node | None:
    """-> what is taxed with when nothing is said, or None where the lists are empty."""
    item = next((item for item in books.of("ItemSalesTax") if item.is_active), None)
    codes = {code.value("IsTaxable"): code for code in reversed(list(books.of("SalesTaxCode")))}
    if item is None or set(codes) != {"true", "false"}:
        return None
    return aggregate(
        "SalesTaxPreferences",
        reference("DefaultItemSalesTaxRef", item),
        leaf("PaySalesTax", "Quarterly"),
        reference("DefaultTaxableSalesTaxCodeRef", codes["true"]),
        reference("DefaultNonTaxableSalesTaxCodeRef", codes["false"]),
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
