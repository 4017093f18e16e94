"""The requests that this QuickBooks understands, as grammar.py reads them (reference.md, without what the US lacks).

A message that is not here is refused as unknown, also where a real QuickBooks would know it.
"""

from .grammar import Grammar, tables

ADDRESS = (
    "Addr1:s41 Addr2:s41 Addr3:s41 Addr4:s41@2 Addr5:s41@6 City:s31 State:s21 PostalCode:s13 Country:s31 Note:s41@6"
)
PERSON = "CompanyName:s41 Salutation:s15 FirstName:s25 MiddleName:s5 LastName:s25 JobTitle:s41@12"
REACHED_BY = """Phone:s21 AltPhone:s21 Fax:s21 Email:s1023 Cc:s1023@12 Contact:s41 AltContact:s41
    AdditionalContactRef:{ContactDetail}*8@12 Contacts:{Contact}*@12"""
PRICE_AND_ACCOUNT = "( SalesOrPurchase:{SalesOrPurchase}! | SalesAndPurchase:{SalesAndPurchase}! ) ExternalGUID:g@8"
METHODS = "(AmericanExpress|Cash|Check|DebitCard|Discover|ECheck|GiftCard|MasterCard|Other|OtherCreditCard|Visa)"
SERIAL = "( SerialNumber:s4095@11 | LotNumber:s40@11 )?"
SITE = "InventorySiteRef:r31@10 InventorySiteLocationRef:r31@12"

PARTS = (
    ("Address", ADDRESS),
    (
        "ShipToAddress",
        """Name:s41! Addr1:s41 Addr2:s41 Addr3:s41 Addr4:s41 Addr5:s41 City:s31 State:s21 PostalCode:s13 Country:s31
        Note:s41 DefaultShipTo:b""",
    ),
    ("ContactDetail", "ContactName:s40! ContactValue:s255!"),
    (
        "Contact",
        "Salutation:s15 FirstName:s25! MiddleName:s5 LastName:s25 JobTitle:s41 AdditionalContactRef:{ContactDetail}*5",
    ),
    ("AdditionalNotes", "Note:s4095!"),
    (
        "CreditCardInfo",
        """CreditCardNumber:s25 ExpirationMonth:i ExpirationYear:i NameOnCard:s41 CreditCardAddress:s41
        CreditCardPostalCode:s41""",
    ),
    ("BarCode", "BarCodeValue:s50 AssignEvenIfUsed:b AllowOverride:b"),
    ("SalesOrPurchase", "Desc:s4095 ( Price:p! | PricePercent:%! )? AccountRef:r159"),
    (
        "SalesAndPurchase",
        """SalesDesc:s4095 SalesPrice:p IncomeAccountRef:r159 PurchaseDesc:s4095 PurchaseCost:p ExpenseAccountRef:r159
        PrefVendorRef:r41""",
    ),
    ("SetCredit", "CreditTxnID:m! AppliedAmount:a! Override:b"),
    ("LinkToTxn", "TxnID:id! TxnLineID:id!"),
    ("DataExt", "OwnerID:g! DataExtName:s31! DataExtValue:s!"),
)

LISTS = (
    (
        "CustomerAdd",
        f"""Name:s41! IsActive:b ClassRef:r159@12 ParentRef:r {PERSON} BillAddress:{{Address}} ShipAddress:{{Address}}
        ShipToAddress:{{ShipToAddress}}*50@12 {REACHED_BY} CustomerTypeRef:r159 TermsRef:r31 SalesRepRef:r5
        OpenBalance:a OpenBalanceDate:d SalesTaxCodeRef:r3 ItemSalesTaxRef:r31 ResaleNumber:s15 AccountNumber:s99
        CreditLimit:a PreferredPaymentMethodRef:r31@3 CreditCardInfo:{{CreditCardInfo}}@3
        JobStatus:(Awarded|Closed|InProgress|None|NotAwarded|Pending) JobStartDate:d JobProjectedEndDate:d JobEndDate:d
        JobDesc:s99 JobTypeRef:r159 Notes:s4095@3 AdditionalNotes:{{AdditionalNotes}}*@12
        PreferredDeliveryMethod:(None|Email|Fax|Mail)@12 PriceLevelRef:r31@4 ExternalGUID:g@8 CurrencyRef:r64@8""",
    ),
    (
        "VendorAdd",
        f"""Name:s41! IsActive:b ClassRef:r159@12 {PERSON} VendorAddress:{{Address}} ShipAddress:{{Address}}@11
        {REACHED_BY} NameOnCheck:s41 AccountNumber:s99 Notes:s4095@3 AdditionalNotes:{{AdditionalNotes}}*@12
        VendorTypeRef:r159 TermsRef:r31 CreditLimit:a VendorTaxIdent:s15 IsVendorEligibleFor1099:b OpenBalance:a
        OpenBalanceDate:d BillingRateRef:r31@6 ExternalGUID:g@8 PrefillAccountRef:r159*3@8 CurrencyRef:r64@8""",
    ),
    (
        "ItemNonInventoryAdd",
        f"""Name:s31! BarCode:{{BarCode}}@12 IsActive:b ParentRef:r ClassRef:r159@12 ManufacturerPartNumber:s31@7
        UnitOfMeasureSetRef:r31@7 SalesTaxCodeRef:r3 {PRICE_AND_ACCOUNT}""",
    ),
    (
        "ItemServiceAdd",
        f"""Name:s31! BarCode:{{BarCode}}@12 IsActive:b ClassRef:r159@12 ParentRef:r UnitOfMeasureSetRef:r31@7
        SalesTaxCodeRef:r3 {PRICE_AND_ACCOUNT}""",
    ),
    (
        "ItemOtherChargeAdd",
        f"""Name:s31! BarCode:{{BarCode}}@12 IsActive:b ClassRef:r159@12 ParentRef:r SalesTaxCodeRef:r3
        {PRICE_AND_ACCOUNT}""",
    ),
    (
        "ItemDiscountAdd",
        """Name:s31! BarCode:{BarCode}@12 IsActive:b ClassRef:r159@12 ParentRef:r ItemDesc:s4095 SalesTaxCodeRef:r3
        ( DiscountRate:p! | DiscountRatePercent:%! )? AccountRef:r159 ExternalGUID:g@8""",
    ),
    ("PaymentMethodAdd", f"Name:s31! IsActive:b PaymentMethodType:{METHODS}@7"),
)

SALES = (
    (
        "InvoiceLineAdd",
        f"""ItemRef:r Desc:s4095 Quantity:q UnitOfMeasure:s31@7 ( Rate:p! | RatePercent:%! | PriceLevelRef:r31!@4 )?
        ClassRef:r159 Amount:a OptionForPriceRuleConflict:(Zero|BasePrice)@13 {SITE} {SERIAL} ServiceDate:d
        SalesTaxCodeRef:r3 OverrideItemAccountRef:r159@2 Other1:s29@6 Other2:s29@6 LinkToTxn:{{LinkToTxn}}@6
        DataExt:{{DataExt}}*@5""",
    ),
    ("InvoiceLineGroupAdd", f"ItemGroupRef:r31! Quantity:q UnitOfMeasure:s31@7 {SITE} DataExt:{{DataExt}}*@5"),
    (
        "InvoiceAdd",
        """CustomerRef:r209! ClassRef:r159 ARAccountRef:r159 TemplateRef:r31@3 TxnDate:d RefNumber:s11
        BillAddress:{Address} ShipAddress:{Address} IsPending:b IsFinanceCharge:b@8 PONumber:s25 TermsRef:r31 DueDate:d
        SalesRepRef:r5 FOB:s13 ShipDate:d ShipMethodRef:r15 ItemSalesTaxRef:r31 Memo:s4095 CustomerMsgRef:r101
        IsToBePrinted:b IsToBeEmailed:b@6 CustomerSalesTaxCodeRef:r3 Other:s29@6 ExchangeRate:f@8 ExternalGUID:g@9
        LinkToTxnID:id*@6 SetCredit:{SetCredit}*@10
        ( InvoiceLineAdd:{InvoiceLineAdd}! | InvoiceLineGroupAdd:{InvoiceLineGroupAdd}! )*""",
    ),
    (
        "CardAsked",
        """CreditCardNumber:s25! ExpirationMonth:i! ExpirationYear:i! NameOnCard:s41! CreditCardAddress:s41
        CreditCardPostalCode:s18 CommercialCardCode:s24 TransactionMode:(CardNotPresent|CardPresent)@6
        CreditCardTxnType:(Authorization|Capture|Charge|Refund|VoiceAuthorization)@7""",
    ),
    (
        "CardAnswered",
        """ResultCode:i! ResultMessage:s60! CreditCardTransID:s24! MerchantAccountNumber:s32! AuthorizationCode:s12
        AVSStreet:(Pass|Fail|NotAvailable) AVSZip:(Pass|Fail|NotAvailable)
        CardSecurityCodeMatch:(Pass|Fail|NotAvailable)@6 ReconBatchID:s84 PaymentGroupingCode:i
        PaymentStatus:(Unknown|Completed)! TxnAuthorizationTime:t! TxnAuthorizationStamp:i ClientTransID:s16@6""",
    ),
    ("Card", "CreditCardTxnInputInfo:{CardAsked}! CreditCardTxnResultInfo:{CardAnswered}!"),
    (
        "AppliedToTxnAdd",
        """TxnID:m! PaymentAmount:a SetCredit:{SetCredit}* DiscountAmount:a DiscountAccountRef:r159
        DiscountClassRef:r159@11""",
    ),
    (
        "ReceivePaymentAdd",
        """CustomerRef:r209! ARAccountRef:r159 TxnDate:d RefNumber:s20 TotalAmount:a ExchangeRate:f@8
        PaymentMethodRef:r31 Memo:s4095 DepositToAccountRef:r159 CreditCardTxnInfo:{Card}@4.1 ExternalGUID:g@9
        ( IsAutoApply:b! | AppliedToTxnAdd:{AppliedToTxnAdd}+ )""",
    ),
)

BILLABLE = "BillableStatus:(Billable|NotBillable|HasBeenBilled)@2"
PURCHASES = (
    (
        "ExpenseLineAdd",
        f"""AccountRef:r159 Amount:a Memo:s4095 CustomerRef:r209 ClassRef:r159 {BILLABLE} SalesRepRef:r5@13
        DataExt:{{DataExt}}*@13""",
    ),
    (
        "ItemLineAdd",
        f"""ItemRef:r {SITE} {SERIAL} Desc:s4095 Quantity:q UnitOfMeasure:s31@7 Cost:p Amount:a CustomerRef:r209
        ClassRef:r159 {BILLABLE} OverrideItemAccountRef:r159@2 LinkToTxn:{{LinkToTxn}}@4 SalesRepRef:r5@13
        DataExt:{{DataExt}}*@13""",
    ),
    ("ItemGroupLineAdd", f"ItemGroupRef:r31! Quantity:q UnitOfMeasure:s31@7 {SITE} DataExt:{{DataExt}}*@13"),
    (
        "BillAdd",
        """VendorRef:r41! VendorAddress:{Address}@13 APAccountRef:r159@2 TxnDate:d DueDate:d RefNumber:s20 TermsRef:r31
        Memo:s4095 ExchangeRate:f@8 ExternalGUID:g@9 LinkToTxnID:id*@4 ExpenseLineAdd:{ExpenseLineAdd}*
        ( ItemLineAdd:{ItemLineAdd}! | ItemGroupLineAdd:{ItemGroupLineAdd}! )*""",
    ),
    (
        "PurchaseOrderLineAdd",
        """ItemRef:r ManufacturerPartNumber:s31@7 Desc:s4095 Quantity:q UnitOfMeasure:s31@7 Rate:p ClassRef:r159
        Amount:a InventorySiteLocationRef:r31@12 CustomerRef:r209 ServiceDate:d OverrideItemAccountRef:r159@2
        Other1:s29@6 Other2:s29@6 DataExt:{DataExt}*@5""",
    ),
    (
        "PurchaseOrderLineGroupAdd",
        "ItemGroupRef:r31! Quantity:q UnitOfMeasure:s31@7 InventorySiteLocationRef:r31@12 DataExt:{DataExt}*@5",
    ),
    (
        "PurchaseOrderAdd",
        """VendorRef:r41 ClassRef:r159 ( InventorySiteRef:r31@10 | ShipToEntityRef:r209 )? TemplateRef:r31@3 TxnDate:d
        RefNumber:s11 VendorAddress:{Address} ShipAddress:{Address} TermsRef:r31 DueDate:d ExpectedDate:d
        ShipMethodRef:r15 FOB:s13 Memo:s4095 VendorMsg:s99 IsToBePrinted:b IsToBeEmailed:b@6 Other1:s25@6 Other2:s29@6
        ExchangeRate:f@8 ExternalGUID:g@9
        ( PurchaseOrderLineAdd:{PurchaseOrderLineAdd}! | PurchaseOrderLineGroupAdd:{PurchaseOrderLineGroupAdd}! )+""",
    ),
)

MATCH = "MatchCriterion:(StartsWith|Contains|EndsWith)!"
SOME = "( ListID:id+@2 | FullName:s+ | ListIDWithChildren:id! | FullNameWithChildren:s! )"
ACCOUNT_TYPES = """(AccountsPayable|AccountsReceivable|Bank|CostOfGoodsSold|CreditCard|Equity|Expense|FixedAsset|Income|
LongTermLiability|NonPosting|OtherAsset|OtherCurrentAsset|OtherCurrentLiability|OtherExpense|OtherIncome)"""
MACROS = "|".join(
    ["All", "Today", "Yesterday"]
    + [f"This{span}{to}" for span in ("Week", "Month", "CalendarYear", "FiscalYear") for to in ("", "ToDate")]
    + [f"Last{span}{to}" for span in ("Week", "Month", "CalendarYear", "FiscalYear") for to in ("", "ToDate")]
    + [
        f"{which}{kind}Quarter{to}"
        for which in ("This", "Last")
        for kind in ("Calendar", "Fiscal")
        for to in ("", "ToDate")
    ]
    + ["NextWeek", "NextFourWeeks", "NextMonth", "NextCalendarQuarter", "NextCalendarYear"]
    + ["NextFiscalQuarter", "NextFiscalYear"]
)
FILTERS = (
    ("NameFilter", f"{MATCH} Name:s!"),
    ("NameRangeFilter", "FromName:s ToName:s"),
    ("TotalBalanceFilter", "Operator:(LessThan|LessThanEqual|Equal|GreaterThan|GreaterThanEqual)! Amount:a!"),
    ("CurrencyFilter", "( ListID:id+ | FullName:s64+ )"),
    ("Some", SOME),
    ("ModifiedDateRangeFilter", "FromModifiedDate:t ToModifiedDate:t"),
    ("TxnDateRangeFilter", f"( FromTxnDate:d ToTxnDate:d | DateMacro:({MACROS})! )"),
    ("RefNumberFilter", f"{MATCH} RefNumber:s!"),
    ("RefNumberRangeFilter", "FromRefNumber:s ToRefNumber:s"),
    ("IncludeListMetaData", "IncludeMaxCapacity:b!"),
)
BALANCE = "TotalBalanceFilter:{TotalBalanceFilter} CurrencyFilter:{CurrencyFilter}@8 ClassFilter:{Some}@12"
RET = "IncludeRetElement:s50*@4"
OWNED = f"{RET} OwnerID:g*@2"


def _list_query(more: str, end: str) -> str:
    return f"""( ListID:id+ | FullName:s+ | MaxReturned:i ActiveStatus:(ActiveOnly|InactiveOnly|All) FromModifiedDate:t
        ToModifiedDate:t ( NameFilter:{{NameFilter}}! | NameRangeFilter:{{NameRangeFilter}}! )? {more} )? {end}"""


def _transaction_query(more: str, end: str) -> str:
    return f"""( TxnID:id+ | RefNumber:s+ | RefNumberCaseSensitive:s+@4 | MaxReturned:i
        ( ModifiedDateRangeFilter:{{ModifiedDateRangeFilter}}! | TxnDateRangeFilter:{{TxnDateRangeFilter}}! )?
        EntityFilter:{{Some}} AccountFilter:{{Some}}
        ( RefNumberFilter:{{RefNumberFilter}}! | RefNumberRangeFilter:{{RefNumberRangeFilter}}! )?
        CurrencyFilter:{{CurrencyFilter}}@8 {more} )? IncludeLineItems:b {end} {OWNED}"""


PAID = "PaidStatus:(All|PaidOnly|NotPaidOnly)"
# Which requests there are with an iterator is in the attributes, below.
QUERIES = {
    "HostQuery": f"IncludeListMetaData:{{IncludeListMetaData}}@6 {RET}",
    "CompanyQuery": OWNED,
    "PreferencesQuery": RET,
    "AccountQuery": _list_query(
        f"AccountType:{''.join(ACCOUNT_TYPES.split())}* CurrencyFilter:{{CurrencyFilter}}@8", OWNED
    ),
    "CustomerQuery": _list_query(BALANCE, OWNED),
    "VendorQuery": _list_query(BALANCE, OWNED),
    "ItemQuery": _list_query("", OWNED),
    "ItemSalesTaxQuery": _list_query("ClassFilter:{Some}@12", OWNED),
    "ItemNonInventoryQuery": _list_query("ClassFilter:{Some}@12", OWNED),
    "ItemServiceQuery": _list_query("ClassFilter:{Some}@12", OWNED),
    "ItemOtherChargeQuery": _list_query("ClassFilter:{Some}@12", OWNED),
    "ItemDiscountQuery": _list_query("ClassFilter:{Some}@12", OWNED),
    "TermsQuery": _list_query("", RET),
    "StandardTermsQuery": _list_query("", RET),
    "SalesTaxCodeQuery": _list_query("", RET),
    "PaymentMethodQuery": _list_query(f"PaymentMethodType:{METHODS}*@7", RET),
    "InvoiceQuery": _transaction_query(PAID, "IncludeLinkedTxns:b@1.1"),
    "ReceivePaymentQuery": _transaction_query("", ""),
    "BillQuery": _transaction_query(PAID, "IncludeLinkedTxns:b@2"),
    "PurchaseOrderQuery": _transaction_query("", "IncludeLinkedTxns:b@3"),
}
ADDS = (
    "Customer",
    "Vendor",
    "ItemNonInventory",
    "ItemService",
    "ItemOtherCharge",
    "ItemDiscount",
    "PaymentMethod",
    "Invoice",
    "ReceivePayment",
    "Bill",
    "PurchaseOrder",
)
WITHOUT_ITERATOR = {
    "HostQuery",
    "CompanyQuery",
    "PreferencesQuery",
    "AccountQuery",
    "TermsQuery",
    "StandardTermsQuery",
    "SalesTaxCodeQuery",
    "PaymentMethodQuery",
}
WITHOUT_METADATA = {"HostQuery", "CompanyQuery", "PreferencesQuery"}


def _attributes() -> dict[str, frozenset[str]]:
    found = {f"{kind}AddRq": {"requestID"} for kind in ADDS}
    for query in QUERIES:
        found[f"{query}Rq"] = {"requestID"}
        if query not in WITHOUT_METADATA:
            found[f"{query}Rq"].add("metaData")
        if query not in WITHOUT_ITERATOR:
            found[f"{query}Rq"] |= {"iterator", "iteratorID"}
    for element in ("InvoiceAdd", "InvoiceLineAdd", "ReceivePaymentAdd", "BillAdd", "ExpenseLineAdd"):
        found[element] = {"defMacro"}
    for element in ("PurchaseOrderAdd", "PurchaseOrderLineAdd"):
        found[element] = {"defMacro"}
    return {name: frozenset(attributes) for name, attributes in found.items()}


REQUESTS = Grammar(
    tables=tables(
        [
            *PARTS,
            *LISTS,
            *SALES,
            *PURCHASES,
            *FILTERS,
            *((f"{kind}AddRq", f"{kind}Add:{{{kind}Add}}! {RET}") for kind in ADDS),
            *((f"{query}Rq", table) for query, table in QUERIES.items()),
        ]
    ),
    attributes=_attributes(),
)
