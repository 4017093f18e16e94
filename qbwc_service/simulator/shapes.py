"""What QuickBooks tells of a record: its elements in their sequence, and since which qbXML version (reference.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .grammar import Version
from .tree import Node

LISTED = "ListID TimeCreated TimeModified EditSequence Name"
TRANSACTION = "TxnID TimeCreated TimeModified EditSequence TxnNumber"
PERSON = "CompanyName Salutation FirstName MiddleName LastName JobTitle@12"
REACHED_BY = "Phone AltPhone Fax Email Cc@12 Contact AltContact AdditionalContactRef@12 ContactsRet@12"
PRICED = "SalesTaxCodeRef SalesOrPurchase SalesAndPurchase"
END = "ExternalGUID@8 DataExtRet@2"
LINE_END = "Other1@6 Other2@6 DataExtRet@2"
SITE = "InventorySiteRef@10 InventorySiteLocationRef@12 SerialNumber@11 LotNumber@11"
UNIT = "UnitOfMeasure@7 OverrideUOMSetRef@7"
CURRENCY = "CurrencyRef@8 ExchangeRate@8"

_RETS = {
    "Account": f"""{LISTED} FullName IsActive ParentRef Sublevel AccountType SpecialAccountType@2.1 AccountNumber
        BankNumber@2 Desc Balance TotalBalance CashFlowClassification@2.1 CurrencyRef@8 DataExtRet@2""",
    "Customer": f"""{LISTED} FullName IsActive ClassRef@12 ParentRef Sublevel {PERSON} BillAddress BillAddressBlock@6
        ShipAddress ShipAddressBlock@6 ShipToAddress@12 {REACHED_BY} CustomerTypeRef TermsRef SalesRepRef Balance
        TotalBalance SalesTaxCodeRef ItemSalesTaxRef ResaleNumber AccountNumber CreditLimit PreferredPaymentMethodRef@3
        CreditCardInfo@3 JobStatus JobStartDate JobProjectedEndDate JobEndDate JobDesc JobTypeRef Notes
        AdditionalNotesRet@12 PreferredDeliveryMethod@12 PriceLevelRef@4 ExternalGUID@8 CurrencyRef@8 DataExtRet@2""",
    "Vendor": f"""{LISTED} IsActive ClassRef@12 {PERSON} VendorAddress VendorAddressBlock@6 ShipAddress@11 {REACHED_BY}
        NameOnCheck AccountNumber Notes AdditionalNotesRet@12 VendorTypeRef TermsRef CreditLimit VendorTaxIdent
        IsVendorEligibleFor1099 Balance BillingRateRef@6 ExternalGUID@8 PrefillAccountRef@8 CurrencyRef@8
        DataExtRet@2""",
    "ItemService": f"""{LISTED} FullName BarCodeValue@12 IsActive ClassRef@12 ParentRef Sublevel UnitOfMeasureSetRef@7
        {PRICED} {END}""",
    "ItemNonInventory": f"""{LISTED} FullName BarCodeValue@12 IsActive ClassRef@12 ParentRef Sublevel
        ManufacturerPartNumber@7 UnitOfMeasureSetRef@7 {PRICED} {END}""",
    "ItemOtherCharge": f"""{LISTED} FullName BarCodeValue@12 IsActive ClassRef@12 ParentRef Sublevel {PRICED}
        SpecialItemType@6 {END}""",
    "ItemInventory": f"""{LISTED} FullName BarCodeValue@12 IsActive ClassRef@12 ParentRef Sublevel
        ManufacturerPartNumber@7 UnitOfMeasureSetRef@7 SalesTaxCodeRef SalesDesc SalesPrice IncomeAccountRef
        PurchaseDesc PurchaseCost COGSAccountRef PrefVendorRef AssetAccountRef ReorderPoint QuantityOnHand AverageCost
        QuantityOnOrder QuantityOnSalesOrder@2 {END}""",
    "ItemDiscount": f"""{LISTED} FullName BarCodeValue@12 IsActive ClassRef@12 ParentRef Sublevel ItemDesc
        SalesTaxCodeRef DiscountRate DiscountRatePercent AccountRef {END}""",
    "ItemSubtotal": f"{LISTED} BarCodeValue@12 IsActive ItemDesc SpecialItemType@6 {END}",
    "ItemSalesTax": f"{LISTED} BarCodeValue@12 IsActive ClassRef@12 ItemDesc TaxRate TaxVendorRef {END}",
    "SalesTaxCode": f"{LISTED} IsActive IsTaxable Desc",
    "StandardTerms": f"{LISTED} IsActive StdDueDays StdDiscountDays DiscountPct",
    "PaymentMethod": f"{LISTED} IsActive PaymentMethodType@7",
    "Invoice": f"""{TRANSACTION} CustomerRef ClassRef ARAccountRef TemplateRef@3 TxnDate RefNumber BillAddress
        BillAddressBlock@6 ShipAddress ShipAddressBlock@6 IsPending IsFinanceCharge PONumber TermsRef DueDate
        SalesRepRef FOB ShipDate ShipMethodRef Subtotal ItemSalesTaxRef SalesTaxPercentage SalesTaxTotal AppliedAmount
        BalanceRemaining {CURRENCY} Memo IsPaid@2 CustomerMsgRef IsToBePrinted IsToBeEmailed@6 CustomerSalesTaxCodeRef
        Other@6 ExternalGUID@9 LinkedTxn@1.1 InvoiceLineRet DataExtRet@2""",
    "ReceivePayment": f"""{TRANSACTION} CustomerRef ARAccountRef TxnDate RefNumber TotalAmount {CURRENCY}
        PaymentMethodRef Memo DepositToAccountRef CreditCardTxnInfo@4.1 UnusedPayment UnusedCredits ExternalGUID@9
        AppliedToTxnRet DataExtRet@2""",
    "Bill": f"""{TRANSACTION} VendorRef VendorAddress@13 APAccountRef@2 TxnDate DueDate AmountDue {CURRENCY} RefNumber
        TermsRef Memo IsPaid@2 ExternalGUID@9 LinkedTxn@2 ExpenseLineRet ItemLineRet OpenAmount DataExtRet@2""",
    "PurchaseOrder": f"""{TRANSACTION} VendorRef ClassRef InventorySiteRef@10 ShipToEntityRef TemplateRef@3 TxnDate
        RefNumber VendorAddress VendorAddressBlock@6 ShipAddress ShipAddressBlock@6 TermsRef DueDate ExpectedDate
        ShipMethodRef FOB TotalAmount {CURRENCY} IsManuallyClosed@2.1 IsFullyReceived@2.1 Memo VendorMsg IsToBePrinted
        IsToBeEmailed@6 Other1@6 Other2@6 ExternalGUID@9 LinkedTxn@3 PurchaseOrderLineRet DataExtRet@2""",
}
_LINES = {
    "InvoiceLineRet": f"""TxnLineID ItemRef Desc Quantity {UNIT} Rate RatePercent ClassRef Amount {SITE} ServiceDate
        SalesTaxCodeRef {LINE_END}""",
    "ExpenseLineRet": """TxnLineID AccountRef Amount Memo CustomerRef ClassRef BillableStatus@2 SalesRepRef@13
        DataExtRet@13""",
    "ItemLineRet": f"""TxnLineID ItemRef {SITE} Desc Quantity {UNIT} Cost Amount CustomerRef ClassRef BillableStatus@2
        SalesRepRef@13 DataExtRet@13""",
    "PurchaseOrderLineRet": f"""TxnLineID ItemRef ManufacturerPartNumber@7 Desc Quantity {UNIT} Rate ClassRef Amount
        InventorySiteLocationRef@12 CustomerRef ServiceDate ReceivedQuantity@1.1 UnbilledQuantity@11 IsBilled@11
        IsManuallyClosed@2.1 {LINE_END}""",
    "AppliedToTxnRet": """TxnID TxnType TxnDate RefNumber BalanceRemaining Amount DiscountAmount DiscountAccountRef
        DiscountClassRef@11""",
}


def _read(table: str) -> dict[str, tuple[int, Version]]:
    """-> each element with its place and the version that it came with."""
    places: dict[str, tuple[int, Version]] = {}
    for place, word in enumerate(table.split()):
        name, _, since = word.partition("@")
        major, _, minor = since.partition(".")
        places[name] = (place, (int(major or 0), int(minor or 0)))
    return places


_SHAPES = {f"{kind}Ret": _read(table) for kind, table in _RETS.items()} | {
    line: _read(table) for line, table in _LINES.items()
}


def arrange(name: str, children: Iterable[Node], version: Version) -> Node:
    """-> the answer's element `name` (InvoiceRet, InvoiceLineRet ...) with those children that it has in `version`."""
    shape = _SHAPES[name]
    known = [child for child in children if child.name in shape and shape[child.name][1] <= version]
    arranged = [arrange(child.name, child.children, version) if child.name in _LINES else child for child in known]
    # Python's sort keeps the sequence of equals: of the lines, and of everything that may be repeated.
    return Node(name, children=tuple(sorted(arranged, key=lambda child: shape[child.name][0])))


def only(node: Node, elements: frozenset[str]) -> Node:
    """-> the element with none but those children (IncludeRetElement); with all when there are none to choose."""
    if not elements:
        return node
    return replace(node, children=tuple(child for child in node.children if child.name in elements))
