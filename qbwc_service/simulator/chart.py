"""What a new company file holds: accounts, terms, payment methods, sales tax."""

from __future__ import annotations

from .books import Books
from .tree import Node, leaf

# Name, type, number and what QuickBooks itself uses it for ("" for nothing).
CHART = (
    ("Checking", "Bank", "1000", ""),
    ("Savings", "Bank", "1010", ""),
    ("Accounts Receivable", "AccountsReceivable", "1200", "AccountsReceivable"),
    ("Undeposited Funds", "OtherCurrentAsset", "1499", "UndepositedFunds"),
    ("Inventory Asset", "OtherCurrentAsset", "1500", "InventoryAssets"),
    ("Furniture and Equipment", "FixedAsset", "1600", ""),
    ("Accounts Payable", "AccountsPayable", "2000", "AccountsPayable"),
    ("Credit Card", "CreditCard", "2100", ""),
    ("Sales Tax Payable", "OtherCurrentLiability", "2200", "SalesTaxPayable"),
    ("Customer Deposits", "OtherCurrentLiability", "2300", ""),
    ("Opening Balance Equity", "Equity", "3000", "OpeningBalanceEquity"),
    ("Retained Earnings", "Equity", "3900", "RetainedEarnings"),
    ("Sales", "Income", "4000", ""),
    ("Shipping Income", "Income", "4100", ""),
    ("Sales Discounts", "Income", "4900", ""),
    ("Cost of Goods Sold", "CostOfGoodsSold", "5000", "CostOfGoodsSold"),
    ("Freight Costs", "CostOfGoodsSold", "5100", ""),
    ("Bank Service Charges", "Expense", "6000", ""),
    ("Advertising", "Expense", "6100", ""),
    ("Office Supplies", "Expense", "6200", ""),
    ("Rent Expense", "Expense", "6300", ""),
    ("Interest Income", "OtherIncome", "7000", ""),
    ("Purchase Orders", "NonPosting", "90100", "PurchaseOrders"),
)
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
PAYMENT_METHODS = (
    ("Cash", "Cash"),
    ("Check", "Check"),
    ("American Express", "AmericanExpress"),
    ("Discover", "Discover"),
    ("MasterCard", "MasterCard"),
    ("Visa", "Visa"),
    ("E-Check", "ECheck"),
)
TAX_CODES = (("Tax", "true", "Taxable Sales"), ("Non", "false", "Non-Taxable Sales"))
# The first is the company's own: QuickBooks taxes with it when an invoice names none.
SALES_TAXES = (
    ("Out of State", "0.0", "Out-of-state sale, exempt from sales tax"),
    ("State Tax", "8.0", "State sales tax"),
)

Account = tuple[str, str, str, str]


def fill(books: Books, accounts: tuple[Account, ...]) -> None:
    """Write into empty books what a new company file has."""
    for name, kind, number, special in accounts:
        fields = [leaf("AccountType", kind), leaf("AccountNumber", number)]
        if special:
            fields.append(leaf("SpecialAccountType", special))
        make(books, "Account", name, fields)
    for name, days in TERMS:
        make(books, "StandardTerms", name, [leaf("StdDueDays", str(days)), leaf("StdDiscountDays", "0")])
    for name, kind in PAYMENT_METHODS:
        make(books, "PaymentMethod", name, [leaf("PaymentMethodType", kind)])
    for name, taxable, text in TAX_CODES:
        make(books, "SalesTaxCode", name, [leaf("IsTaxable", taxable), leaf("Desc", text)])
    for name, rate, text in SALES_TAXES:
        make(books, "ItemSalesTax", name, [leaf("ItemDesc", text), leaf("TaxRate", rate)])


def make(books: Books, kind: str, name: str, fields: list[Node]) -> None:
    level = str(name.count(":"))
    common = [leaf("Name", name), leaf("FullName", name), leaf("IsActive", "true"), leaf("Sublevel", level)]
    books.list_record(kind, [*common, *fields])
