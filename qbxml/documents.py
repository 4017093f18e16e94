"""The documents that we write into QuickBooks, each field on one line in the sequence that QuickBooks insists on.

Source: reference.md, section ...AddRq of each class. Left out are fields that no edition of QuickBooks Desktop has,
card data (they have no business in an order poster), item groups, stock on sites and by serial number, and credits
(SetCredit). All classes take their fields by keyword.
"""

import typing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from .fields import (
    Amount,
    Bool,
    Choice,
    Date,
    Document,
    Float,
    Group,
    Guid,
    Many,
    Name,
    OneOf,
    Percent,
    Price,
    Quantity,
    Ref,
    RefTo,
    Slot,
    Str,
    TxnID,
    TxnLink,
    Version,
)
from .queries import PAYMENT_METHOD_TYPES
from .queries import AccountQuery as AccountQuery
from .queries import BillQuery as BillQuery
from .queries import CompanyQuery as CompanyQuery
from .queries import CustomerQuery as CustomerQuery
from .queries import EntityFilter as EntityFilter
from .queries import HostQuery as HostQuery
from .queries import InvoiceQuery as InvoiceQuery
from .queries import ItemQuery as ItemQuery
from .queries import ItemSalesTaxQuery as ItemSalesTaxQuery
from .queries import ModifiedDateRangeFilter as ModifiedDateRangeFilter
from .queries import NameFilter as NameFilter
from .queries import NameRangeFilter as NameRangeFilter
from .queries import PaymentMethodQuery as PaymentMethodQuery
from .queries import PurchaseOrderQuery as PurchaseOrderQuery
from .queries import ReceivePaymentQuery as ReceivePaymentQuery
from .queries import RefNumberFilter as RefNumberFilter
from .queries import RefNumberRangeFilter as RefNumberRangeFilter
from .queries import SalesTaxCodeQuery as SalesTaxCodeQuery
from .queries import TermsQuery as TermsQuery
from .queries import TxnDateRangeFilter as TxnDateRangeFilter
from .queries import VendorQuery as VendorQuery

BILLABLE = ("Billable", "NotBillable", "HasBeenBilled")
COUNTRIES = ("Australia", "Canada", "UK", "US")


@dataclass(frozen=True, kw_only=True, slots=True)
class Add(Document):
    """A document that QuickBooks is asked to keep. `include_ret_elements` narrows what the answer tells."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TxnAdd(Add):
    """An Add that may define a macro, under which later requests of the message know its TxnID."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Lines and parts of an address; QuickBooks prints the lines, then city, state and postal code."""

    addr1: Annotated[str | None, Str("Addr1", 41, cut=True)] = None
    addr2: Annotated[str | None, Str("Addr2", 41, cut=True)] = None
    addr3: Annotated[str | None, Str("Addr3", 41, cut=True)] = None
    addr4: Annotated[str | None, Str("Addr4", 41, cut=True)] = None
    addr5: Annotated[str | None, Str("Addr5", 41, cut=True)] = None
    city: Annotated[str | None, Str("City", 31, cut=True)] = None
    state: Annotated[str | None, Str("State", 21, cut=True)] = None
    postal_code: Annotated[str | None, Str("PostalCode", 13)] = None
    country: Annotated[str | None, Str("Country", 31, cut=True)] = None
    note: Annotated[str | None, Str("Note", 41, cut=True)] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShipToAddress:
    """One of the delivery addresses that a customer record keeps, under a name of its own."""

    name: Annotated[str, Str("Name", 41, cut=True)]
    addr1: Annotated[str | None, Str("Addr1", 41, cut=True)] = None
    addr2: Annotated[str | None, Str("Addr2", 41, cut=True)] = None
    addr3: Annotated[str | None, Str("Addr3", 41, cut=True)] = None
    addr4: Annotated[str | None, Str("Addr4", 41, cut=True)] = None
    addr5: Annotated[str | None, Str("Addr5", 41, cut=True)] = None
    city: Annotated[str | None, Str("City", 31, cut=True)] = None
    state: Annotated[str | None, Str("State", 21, cut=True)] = None
    postal_code: Annotated[str | None, Str("PostalCode", 13)] = None
    country: Annotated[str | None, Str("Country", 31, cut=True)] = None
    note: Annotated[str | None, Str("Note", 41, cut=True)] = None
    is_default: Annotated[bool | None, Bool("DefaultShipTo")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AdditionalContact:
    """A further way to reach someone: its kind ("Alt. Mobile") and the number or address."""

    contact_name: Annotated[str, Str("ContactName", 40)]
    contact_value: Annotated[str, Str("ContactValue", 255)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person at a customer or vendor."""

    salutation: Annotated[str | None, Str("Salutation", 15, cut=True)] = None
    first_name: Annotated[str, Str("FirstName", 25, cut=True)]
    middle_name: Annotated[str | None, Str("MiddleName", 5, cut=True)] = None
    last_name: Annotated[str | None, Str("LastName", 25, cut=True)] = None
    job_title: Annotated[str | None, Str("JobTitle", 41, cut=True)] = None
    additional_contacts: Annotated[tuple[AdditionalContact, ...], Many(Group("AdditionalContactRef"), at_most=5)] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AdditionalNote:
    note: Annotated[str, Str("Note", 4095, cut=True, multiline=True)]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataExt:
    """The value of a custom field; the field itself must be set up in QuickBooks."""

    owner_id: Annotated[str, Guid("OwnerID")]
    name: Annotated[str, Str("DataExtName", 31)]
    value: Annotated[str, Str("DataExtValue")]


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkToTxn:
    """One line of another document, such as the purchase order's line that a bill's line closes."""

    txn: Annotated[TxnID | Slot, TxnLink("TxnID")]
    txn_line_id: Annotated[TxnID | Slot, TxnLink("TxnLineID")]


# Lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerAdd(Add):
    """reference.md, CustomerAddRq. With `parent` it is a job of that customer."""

    name: Annotated[str, Name("Name", 41)]
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    parent: Annotated[Ref | Slot | None, RefTo("ParentRef")] = None
    company_name: Annotated[str | None, Str("CompanyName", 41, cut=True)] = None
    salutation: Annotated[str | None, Str("Salutation", 15, cut=True)] = None
    first_name: Annotated[str | None, Str("FirstName", 25, cut=True)] = None
    middle_name: Annotated[str | None, Str("MiddleName", 5, cut=True)] = None
    last_name: Annotated[str | None, Str("LastName", 25, cut=True)] = None
    job_title: Annotated[str | None, Str("JobTitle", 41, Version(12), cut=True)] = None
    bill_address: Annotated[Address | None, Group("BillAddress")] = None
    ship_address: Annotated[Address | None, Group("ShipAddress")] = None
    ship_to_addresses: Annotated[tuple[ShipToAddress, ...], Many(Group("ShipToAddress", Version(12)), at_most=50)] = ()
    phone: Annotated[str | None, Str("Phone", 21)] = None
    alt_phone: Annotated[str | None, Str("AltPhone", 21)] = None
    fax: Annotated[str | None, Str("Fax", 21)] = None
    email: Annotated[str | None, Str("Email", 1023)] = None
    cc: Annotated[str | None, Str("Cc", 1023, Version(12))] = None
    contact: Annotated[str | None, Str("Contact", 41, cut=True)] = None
    alt_contact: Annotated[str | None, Str("AltContact", 41, cut=True)] = None
    additional_contacts: Annotated[
        tuple[AdditionalContact, ...], Many(Group("AdditionalContactRef", Version(12)), at_most=8)
    ] = ()
    contacts: Annotated[tuple[Contact, ...], Many(Group("Contacts", Version(12)))] = ()
    customer_type: Annotated[Ref | Slot | None, RefTo("CustomerTypeRef", 159)] = None
    terms: Annotated[Ref | Slot | None, RefTo("TermsRef", 31)] = None
    sales_rep: Annotated[Ref | Slot | None, RefTo("SalesRepRef", 5)] = None
    open_balance: Annotated[Decimal | None, Amount("OpenBalance")] = None
    open_balance_date: Annotated[date | None, Date("OpenBalanceDate")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    item_sales_tax: Annotated[Ref | Slot | None, RefTo("ItemSalesTaxRef", 31)] = None
    sales_tax_country: Annotated[str | None, OneOf("SalesTaxCountry", *COUNTRIES)] = None
    resale_number: Annotated[str | None, Str("ResaleNumber", 15)] = None
    account_number: Annotated[str | None, Str("AccountNumber", 99)] = None
    credit_limit: Annotated[Decimal | None, Amount("CreditLimit")] = None
    preferred_payment_method: Annotated[Ref | Slot | None, RefTo("PreferredPaymentMethodRef", 31)] = None
    job_status: Annotated[
        str | None, OneOf("JobStatus", "Awarded", "Closed", "InProgress", "None", "NotAwarded", "Pending")
    ] = None
    job_start_date: Annotated[date | None, Date("JobStartDate")] = None
    job_projected_end_date: Annotated[date | None, Date("JobProjectedEndDate")] = None
    job_end_date: Annotated[date | None, Date("JobEndDate")] = None
    job_desc: Annotated[str | None, Str("JobDesc", 99, cut=True)] = None
    job_type: Annotated[Ref | Slot | None, RefTo("JobTypeRef", 159)] = None
    notes: Annotated[str | None, Str("Notes", 4095, cut=True, multiline=True)] = None
    additional_notes: Annotated[tuple[AdditionalNote, ...], Many(Group("AdditionalNotes", Version(12)))] = ()
    preferred_delivery_method: Annotated[
        str | None, OneOf("PreferredDeliveryMethod", "None", "Email", "Fax", "Mail", since=Version(12))
    ] = None
    price_level: Annotated[Ref | Slot | None, RefTo("PriceLevelRef", 31)] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None
    tax_registration_number: Annotated[str | None, Str("TaxRegistrationNumber", 30)] = None
    currency: Annotated[Ref | Slot | None, RefTo("CurrencyRef", 64)] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorAdd(Add):
    """reference.md, VendorAddRq."""

    name: Annotated[str, Name("Name", 41)]
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    company_name: Annotated[str | None, Str("CompanyName", 41, cut=True)] = None
    salutation: Annotated[str | None, Str("Salutation", 15, cut=True)] = None
    first_name: Annotated[str | None, Str("FirstName", 25, cut=True)] = None
    middle_name: Annotated[str | None, Str("MiddleName", 5, cut=True)] = None
    last_name: Annotated[str | None, Str("LastName", 25, cut=True)] = None
    job_title: Annotated[str | None, Str("JobTitle", 41, Version(12), cut=True)] = None
    vendor_address: Annotated[Address | None, Group("VendorAddress")] = None
    ship_address: Annotated[Address | None, Group("ShipAddress", Version(11))] = None
    phone: Annotated[str | None, Str("Phone", 21)] = None
    alt_phone: Annotated[str | None, Str("AltPhone", 21)] = None
    fax: Annotated[str | None, Str("Fax", 21)] = None
    email: Annotated[str | None, Str("Email", 1023)] = None
    cc: Annotated[str | None, Str("Cc", 1023, Version(12))] = None
    contact: Annotated[str | None, Str("Contact", 41, cut=True)] = None
    alt_contact: Annotated[str | None, Str("AltContact", 41, cut=True)] = None
    additional_contacts: Annotated[
        tuple[AdditionalContact, ...], Many(Group("AdditionalContactRef", Version(12)), at_most=8)
    ] = ()
    contacts: Annotated[tuple[Contact, ...], Many(Group("Contacts", Version(12)))] = ()
    name_on_check: Annotated[str | None, Str("NameOnCheck", 41, cut=True)] = None
    account_number: Annotated[str | None, Str("AccountNumber", 99)] = None
    notes: Annotated[str | None, Str("Notes", 4095, cut=True, multiline=True)] = None
    additional_notes: Annotated[tuple[AdditionalNote, ...], Many(Group("AdditionalNotes", Version(12)))] = ()
    vendor_type: Annotated[Ref | Slot | None, RefTo("VendorTypeRef", 159)] = None
    terms: Annotated[Ref | Slot | None, RefTo("TermsRef", 31)] = None
    credit_limit: Annotated[Decimal | None, Amount("CreditLimit")] = None
    tax_ident: Annotated[str | None, Str("VendorTaxIdent", 15)] = None
    is_eligible_for_1099: Annotated[bool | None, Bool("IsVendorEligibleFor1099")] = None
    open_balance: Annotated[Decimal | None, Amount("OpenBalance")] = None
    open_balance_date: Annotated[date | None, Date("OpenBalanceDate")] = None
    billing_rate: Annotated[Ref | Slot | None, RefTo("BillingRateRef", 31)] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    sales_tax_country: Annotated[str | None, OneOf("SalesTaxCountry", *COUNTRIES)] = None
    tax_registration_number: Annotated[str | None, Str("TaxRegistrationNumber", 30)] = None
    prefill_accounts: Annotated[tuple[Ref | Slot, ...], Many(RefTo("PrefillAccountRef", 159), at_most=3)] = ()
    currency: Annotated[Ref | Slot | None, RefTo("CurrencyRef", 64)] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BarCode:
    value: Annotated[str | None, Str("BarCodeValue", 50)] = None
    assign_even_if_used: Annotated[bool | None, Bool("AssignEvenIfUsed")] = None
    allow_override: Annotated[bool | None, Bool("AllowOverride")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesOrPurchase:
    """An item that is only sold, or only bought: one price and one account."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (Choice("price", "price_percent"),)
    desc: Annotated[str | None, Str("Desc", 4095, cut=True, multiline=True)] = None
    price: Annotated[Decimal | None, Price("Price")] = None
    price_percent: Annotated[Decimal | None, Percent("PricePercent")] = None
    account: Annotated[Ref | Slot | None, RefTo("AccountRef", 159)] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesAndPurchase:
    """An item that is both bought and sold: a price with an income account, a cost with an expense account."""

    sales_desc: Annotated[str | None, Str("SalesDesc", 4095, cut=True, multiline=True)] = None
    sales_price: Annotated[Decimal | None, Price("SalesPrice")] = None
    income_account: Annotated[Ref | Slot | None, RefTo("IncomeAccountRef", 159)] = None
    purchase_desc: Annotated[str | None, Str("PurchaseDesc", 4095, cut=True, multiline=True)] = None
    purchase_cost: Annotated[Decimal | None, Price("PurchaseCost")] = None
    purchase_tax_code: Annotated[Ref | Slot | None, RefTo("PurchaseTaxCodeRef", 3)] = None
    expense_account: Annotated[Ref | Slot | None, RefTo("ExpenseAccountRef", 159)] = None
    pref_vendor: Annotated[Ref | Slot | None, RefTo("PrefVendorRef", 41)] = None


_SOLD_OR_BOTH = (Choice("sales_or_purchase", "sales_and_purchase", required=True),)


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemNonInventoryAdd(Add):
    """reference.md, ItemNonInventoryAddRq."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = _SOLD_OR_BOTH
    name: Annotated[str, Name("Name", 31)]
    bar_code: Annotated[BarCode | None, Group("BarCode", Version(12))] = None
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    parent: Annotated[Ref | Slot | None, RefTo("ParentRef")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    manufacturer_part_number: Annotated[str | None, Str("ManufacturerPartNumber", 31)] = None
    unit_of_measure_set: Annotated[Ref | Slot | None, RefTo("UnitOfMeasureSetRef", 31)] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    sales_or_purchase: Annotated[SalesOrPurchase | None, Group("SalesOrPurchase")] = None
    sales_and_purchase: Annotated[SalesAndPurchase | None, Group("SalesAndPurchase")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemServiceAdd(Add):
    """reference.md, ItemServiceAddRq."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = _SOLD_OR_BOTH
    name: Annotated[str, Name("Name", 31)]
    bar_code: Annotated[BarCode | None, Group("BarCode", Version(12))] = None
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    parent: Annotated[Ref | Slot | None, RefTo("ParentRef")] = None
    unit_of_measure_set: Annotated[Ref | Slot | None, RefTo("UnitOfMeasureSetRef", 31)] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    sales_or_purchase: Annotated[SalesOrPurchase | None, Group("SalesOrPurchase")] = None
    sales_and_purchase: Annotated[SalesAndPurchase | None, Group("SalesAndPurchase")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemOtherChargeAdd(Add):
    """reference.md, ItemOtherChargeAddRq: shipping, set-up and the like."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = _SOLD_OR_BOTH
    name: Annotated[str, Name("Name", 31)]
    bar_code: Annotated[BarCode | None, Group("BarCode", Version(12))] = None
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    parent: Annotated[Ref | Slot | None, RefTo("ParentRef")] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    sales_or_purchase: Annotated[SalesOrPurchase | None, Group("SalesOrPurchase")] = None
    sales_and_purchase: Annotated[SalesAndPurchase | None, Group("SalesAndPurchase")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemDiscountAdd(Add):
    """reference.md, ItemDiscountAddRq."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (Choice("discount_rate", "discount_rate_percent"),)
    name: Annotated[str, Name("Name", 31)]
    bar_code: Annotated[BarCode | None, Group("BarCode", Version(12))] = None
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159, Version(12))] = None
    parent: Annotated[Ref | Slot | None, RefTo("ParentRef")] = None
    desc: Annotated[str | None, Str("ItemDesc", 4095, cut=True, multiline=True)] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    discount_rate: Annotated[Decimal | None, Price("DiscountRate")] = None
    discount_rate_percent: Annotated[Decimal | None, Percent("DiscountRatePercent")] = None
    account: Annotated[Ref | Slot | None, RefTo("AccountRef", 159)] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentMethodAdd(Add):
    """reference.md, PaymentMethodAddRq."""

    name: Annotated[str, Name("Name", 31)]
    is_active: Annotated[bool | None, Bool("IsActive")] = None
    payment_method_type: Annotated[str | None, OneOf("PaymentMethodType", *PAYMENT_METHOD_TYPES)] = None


# Transactions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceLine:
    """reference.md, InvoiceLineAdd. Without `amount` QuickBooks takes quantity x rate, rounded half up."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (Choice("rate", "rate_percent", "price_level"),)
    item: Annotated[Ref | Slot | None, RefTo("ItemRef")] = None
    desc: Annotated[str | None, Str("Desc", 4095, cut=True, multiline=True)] = None
    quantity: Annotated[Decimal | None, Quantity("Quantity")] = None
    unit_of_measure: Annotated[str | None, Str("UnitOfMeasure", 31)] = None
    rate: Annotated[Decimal | None, Price("Rate")] = None
    rate_percent: Annotated[Decimal | None, Percent("RatePercent")] = None
    price_level: Annotated[Ref | Slot | None, RefTo("PriceLevelRef", 31)] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    amount: Annotated[Decimal | None, Amount("Amount")] = None
    price_rule_conflict: Annotated[
        str | None, OneOf("OptionForPriceRuleConflict", "Zero", "BasePrice", since=Version(13))
    ] = None
    service_date: Annotated[date | None, Date("ServiceDate")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    override_item_account: Annotated[Ref | Slot | None, RefTo("OverrideItemAccountRef", 159)] = None
    other1: Annotated[str | None, Str("Other1", 29)] = None
    other2: Annotated[str | None, Str("Other2", 29)] = None
    link_to_txn: Annotated[LinkToTxn | None, Group("LinkToTxn")] = None
    data_exts: Annotated[tuple[DataExt, ...], Many(Group("DataExt"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceAdd(TxnAdd):
    """reference.md, InvoiceAddRq."""

    customer: Annotated[Ref | Slot, RefTo("CustomerRef", 209)]
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    ar_account: Annotated[Ref | Slot | None, RefTo("ARAccountRef", 159)] = None
    template: Annotated[Ref | Slot | None, RefTo("TemplateRef", 31)] = None
    txn_date: Annotated[date | None, Date("TxnDate")] = None
    ref_number: Annotated[str | None, Str("RefNumber", 11)] = None
    bill_address: Annotated[Address | None, Group("BillAddress")] = None
    ship_address: Annotated[Address | None, Group("ShipAddress")] = None
    is_pending: Annotated[bool | None, Bool("IsPending")] = None
    is_finance_charge: Annotated[bool | None, Bool("IsFinanceCharge")] = None
    po_number: Annotated[str | None, Str("PONumber", 25, cut=True)] = None
    terms: Annotated[Ref | Slot | None, RefTo("TermsRef", 31)] = None
    due_date: Annotated[date | None, Date("DueDate")] = None
    sales_rep: Annotated[Ref | Slot | None, RefTo("SalesRepRef", 5)] = None
    fob: Annotated[str | None, Str("FOB", 13, cut=True)] = None
    ship_date: Annotated[date | None, Date("ShipDate")] = None
    ship_method: Annotated[Ref | Slot | None, RefTo("ShipMethodRef", 15)] = None
    item_sales_tax: Annotated[Ref | Slot | None, RefTo("ItemSalesTaxRef", 31)] = None
    memo: Annotated[str | None, Str("Memo", 4095, cut=True)] = None
    customer_msg: Annotated[Ref | Slot | None, RefTo("CustomerMsgRef", 101)] = None
    is_to_be_printed: Annotated[bool | None, Bool("IsToBePrinted")] = None
    is_to_be_emailed: Annotated[bool | None, Bool("IsToBeEmailed")] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    customer_sales_tax_code: Annotated[Ref | Slot | None, RefTo("CustomerSalesTaxCodeRef", 3)] = None
    other: Annotated[str | None, Str("Other", 29)] = None
    exchange_rate: Annotated[Decimal | None, Float("ExchangeRate")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID", Version(9))] = None
    link_to_txns: Annotated[tuple[TxnID | Slot, ...], Many(TxnLink("LinkToTxnID"))] = ()
    lines: Annotated[tuple[InvoiceLine, ...], Many(Group("InvoiceLineAdd"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedTo:
    """reference.md, AppliedToTxnAdd: what of a payment pays which invoice, of the same message if need be (a macro)."""

    txn: Annotated[TxnID | Slot, TxnLink("TxnID", macro=True)]
    payment_amount: Annotated[Decimal | None, Amount("PaymentAmount")] = None
    discount_amount: Annotated[Decimal | None, Amount("DiscountAmount")] = None
    discount_account: Annotated[Ref | Slot | None, RefTo("DiscountAccountRef", 159)] = None
    discount_class: Annotated[Ref | Slot | None, RefTo("DiscountClassRef", 159, Version(11))] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivePaymentAdd(TxnAdd):
    """reference.md, ReceivePaymentAddRq: applied by QuickBooks' own choice (is_auto_apply) or as told (applied_to)."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (Choice("is_auto_apply", "applied_to", required=True),)
    customer: Annotated[Ref | Slot, RefTo("CustomerRef", 209)]
    ar_account: Annotated[Ref | Slot | None, RefTo("ARAccountRef", 159)] = None
    txn_date: Annotated[date | None, Date("TxnDate")] = None
    ref_number: Annotated[str | None, Str("RefNumber", 20)] = None
    total_amount: Annotated[Decimal | None, Amount("TotalAmount")] = None
    exchange_rate: Annotated[Decimal | None, Float("ExchangeRate")] = None
    payment_method: Annotated[Ref | Slot | None, RefTo("PaymentMethodRef", 31)] = None
    memo: Annotated[str | None, Str("Memo", 4095, cut=True)] = None
    deposit_to_account: Annotated[Ref | Slot | None, RefTo("DepositToAccountRef", 159)] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID", Version(9))] = None
    is_auto_apply: Annotated[bool | None, Bool("IsAutoApply")] = None
    applied_to: Annotated[tuple[AppliedTo, ...], Many(Group("AppliedToTxnAdd"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BillExpenseLine:
    """reference.md, BillAddRq, ExpenseLineAdd: a cost that is booked to an account without an item."""

    account: Annotated[Ref | Slot | None, RefTo("AccountRef", 159)] = None
    amount: Annotated[Decimal | None, Amount("Amount")] = None
    memo: Annotated[str | None, Str("Memo", 4095, cut=True)] = None
    customer: Annotated[Ref | Slot | None, RefTo("CustomerRef", 209)] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    billable_status: Annotated[str | None, OneOf("BillableStatus", *BILLABLE)] = None
    sales_rep: Annotated[Ref | Slot | None, RefTo("SalesRepRef", 5, Version(13))] = None
    data_exts: Annotated[tuple[DataExt, ...], Many(Group("DataExt", Version(13)))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BillItemLine:
    """reference.md, BillAddRq, ItemLineAdd."""

    item: Annotated[Ref | Slot | None, RefTo("ItemRef")] = None
    desc: Annotated[str | None, Str("Desc", 4095, cut=True, multiline=True)] = None
    quantity: Annotated[Decimal | None, Quantity("Quantity")] = None
    unit_of_measure: Annotated[str | None, Str("UnitOfMeasure", 31)] = None
    cost: Annotated[Decimal | None, Price("Cost")] = None
    amount: Annotated[Decimal | None, Amount("Amount")] = None
    customer: Annotated[Ref | Slot | None, RefTo("CustomerRef", 209)] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    billable_status: Annotated[str | None, OneOf("BillableStatus", *BILLABLE)] = None
    override_item_account: Annotated[Ref | Slot | None, RefTo("OverrideItemAccountRef", 159)] = None
    link_to_txn: Annotated[LinkToTxn | None, Group("LinkToTxn")] = None
    sales_rep: Annotated[Ref | Slot | None, RefTo("SalesRepRef", 5, Version(13))] = None
    data_exts: Annotated[tuple[DataExt, ...], Many(Group("DataExt", Version(13)))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BillAdd(TxnAdd):
    """reference.md, BillAddRq."""

    vendor: Annotated[Ref | Slot, RefTo("VendorRef", 41)]
    vendor_address: Annotated[Address | None, Group("VendorAddress", Version(13))] = None
    ap_account: Annotated[Ref | Slot | None, RefTo("APAccountRef", 159)] = None
    txn_date: Annotated[date | None, Date("TxnDate")] = None
    due_date: Annotated[date | None, Date("DueDate")] = None
    ref_number: Annotated[str | None, Str("RefNumber", 20)] = None
    terms: Annotated[Ref | Slot | None, RefTo("TermsRef", 31)] = None
    memo: Annotated[str | None, Str("Memo", 4095, cut=True)] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    exchange_rate: Annotated[Decimal | None, Float("ExchangeRate")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID", Version(9))] = None
    link_to_txns: Annotated[tuple[TxnID | Slot, ...], Many(TxnLink("LinkToTxnID"))] = ()
    expense_lines: Annotated[tuple[BillExpenseLine, ...], Many(Group("ExpenseLineAdd"))] = ()
    item_lines: Annotated[tuple[BillItemLine, ...], Many(Group("ItemLineAdd"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseOrderLine:
    """reference.md, PurchaseOrderLineAdd."""

    item: Annotated[Ref | Slot | None, RefTo("ItemRef")] = None
    manufacturer_part_number: Annotated[str | None, Str("ManufacturerPartNumber", 31)] = None
    desc: Annotated[str | None, Str("Desc", 4095, cut=True, multiline=True)] = None
    quantity: Annotated[Decimal | None, Quantity("Quantity")] = None
    unit_of_measure: Annotated[str | None, Str("UnitOfMeasure", 31)] = None
    rate: Annotated[Decimal | None, Price("Rate")] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    amount: Annotated[Decimal | None, Amount("Amount")] = None
    customer: Annotated[Ref | Slot | None, RefTo("CustomerRef", 209)] = None
    service_date: Annotated[date | None, Date("ServiceDate")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    override_item_account: Annotated[Ref | Slot | None, RefTo("OverrideItemAccountRef", 159)] = None
    other1: Annotated[str | None, Str("Other1", 29)] = None
    other2: Annotated[str | None, Str("Other2", 29)] = None
    data_exts: Annotated[tuple[DataExt, ...], Many(Group("DataExt"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseOrderAdd(TxnAdd):
    """reference.md, PurchaseOrderAddRq. `ship_to_entity` is the customer, vendor or employee the goods go to."""

    vendor: Annotated[Ref | Slot | None, RefTo("VendorRef", 41)] = None
    class_: Annotated[Ref | Slot | None, RefTo("ClassRef", 159)] = None
    ship_to_entity: Annotated[Ref | Slot | None, RefTo("ShipToEntityRef", 209)] = None
    template: Annotated[Ref | Slot | None, RefTo("TemplateRef", 31)] = None
    txn_date: Annotated[date | None, Date("TxnDate")] = None
    ref_number: Annotated[str | None, Str("RefNumber", 11)] = None
    vendor_address: Annotated[Address | None, Group("VendorAddress")] = None
    ship_address: Annotated[Address | None, Group("ShipAddress")] = None
    terms: Annotated[Ref | Slot | None, RefTo("TermsRef", 31)] = None
    due_date: Annotated[date | None, Date("DueDate")] = None
    expected_date: Annotated[date | None, Date("ExpectedDate")] = None
    ship_method: Annotated[Ref | Slot | None, RefTo("ShipMethodRef", 15)] = None
    fob: Annotated[str | None, Str("FOB", 13, cut=True)] = None
    memo: Annotated[str | None, Str("Memo", 4095, cut=True)] = None
    vendor_msg: Annotated[str | None, Str("VendorMsg", 99, cut=True)] = None
    is_to_be_printed: Annotated[bool | None, Bool("IsToBePrinted")] = None
    is_to_be_emailed: Annotated[bool | None, Bool("IsToBeEmailed")] = None
    is_tax_included: Annotated[bool | None, Bool("IsTaxIncluded")] = None
    sales_tax_code: Annotated[Ref | Slot | None, RefTo("SalesTaxCodeRef", 3)] = None
    other1: Annotated[str | None, Str("Other1", 25)] = None
    other2: Annotated[str | None, Str("Other2", 29)] = None
    exchange_rate: Annotated[Decimal | None, Float("ExchangeRate")] = None
    external_guid: Annotated[str | None, Guid("ExternalGUID", Version(9))] = None
    lines: Annotated[tuple[PurchaseOrderLine, ...], Many(Group("PurchaseOrderLineAdd"))]


LIST_ADDS: tuple[type[Add], ...] = (
    CustomerAdd,
    VendorAdd,
    ItemNonInventoryAdd,
    ItemServiceAdd,
    ItemOtherChargeAdd,
    ItemDiscountAdd,
    PaymentMethodAdd,
)
TXN_ADDS: tuple[type[TxnAdd], ...] = (InvoiceAdd, ReceivePaymentAdd, BillAdd, PurchaseOrderAdd)
QUERIES: tuple[type[Document], ...] = (
    AccountQuery,
    CustomerQuery,
    VendorQuery,
    ItemQuery,
    TermsQuery,
    SalesTaxCodeQuery,
    ItemSalesTaxQuery,
    PaymentMethodQuery,
    InvoiceQuery,
    ReceivePaymentQuery,
    BillQuery,
    PurchaseOrderQuery,
    CompanyQuery,
    HostQuery,
)
