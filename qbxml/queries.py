"""The questions that we put to QuickBooks, in the sequence of reference.md, ...QueryRq.

A query by id, full name or number may not carry filters as well, hence the choices. A list QuickBooks has no match for
is answered with status 1 (contract.md 7.3).
"""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from .fields import (
    Attribute,
    Bool,
    Choice,
    Date,
    DateTime,
    Document,
    Group,
    Guid,
    IDOf,
    Int,
    ListID,
    Many,
    OneOf,
    Str,
    TxnID,
)

MATCHES = ("StartsWith", "Contains", "EndsWith")
ACTIVE = ("ActiveOnly", "InactiveOnly", "All")
PAID = ("All", "PaidOnly", "NotPaidOnly")
META_DATA = ("NoMetaData", "MetaDataOnly", "MetaDataAndResponseData")
ITERATOR = ("Start", "Continue", "Stop")
ACCOUNT_TYPES = (
    "AccountsPayable",
    "AccountsReceivable",
    "Bank",
    "CostOfGoodsSold",
    "CreditCard",
    "Equity",
    "Expense",
    "FixedAsset",
    "Income",
    "LongTermLiability",
    "NonPosting",
    "OtherAsset",
    "OtherCurrentAsset",
    "OtherCurrentLiability",
    "OtherExpense",
    "OtherIncome",
)
PAYMENT_METHOD_TYPES = (
    "AmericanExpress",
    "Cash",
    "Check",
    "DebitCard",
    "Discover",
    "ECheck",
    "GiftCard",
    "MasterCard",
    "Other",
    "OtherCreditCard",
    "Visa",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFilter:
    match_criterion: Annotated[str, OneOf("MatchCriterion", *MATCHES)]
    name: Annotated[str, Str("Name")]


@dataclass(frozen=True, kw_only=True, slots=True)
class NameRangeFilter:
    from_name: Annotated[str | None, Str("FromName")] = None
    to_name: Annotated[str | None, Str("ToName")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefNumberFilter:
    match_criterion: Annotated[str, OneOf("MatchCriterion", *MATCHES)]
    ref_number: Annotated[str, Str("RefNumber")]


@dataclass(frozen=True, kw_only=True, slots=True)
class RefNumberRangeFilter:
    from_ref_number: Annotated[str | None, Str("FromRefNumber")] = None
    to_ref_number: Annotated[str | None, Str("ToRefNumber")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ModifiedDateRangeFilter:
    from_modified: Annotated[datetime | None, DateTime("FromModifiedDate")] = None
    to_modified: Annotated[datetime | None, DateTime("ToModifiedDate")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TxnDateRangeFilter:
    from_date: Annotated[date | None, Date("FromTxnDate")] = None
    to_date: Annotated[date | None, Date("ToTxnDate")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityFilter:
    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice("list_ids", "full_names", "list_id_with_children", "full_name_with_children", required=True),
    )
    list_ids: Annotated[tuple[str | ListID, ...], Many(IDOf("ListID"))] = ()
    full_names: Annotated[tuple[str, ...], Many(Str("FullName"))] = ()
    list_id_with_children: Annotated[str | ListID | None, IDOf("ListIDWithChildren")] = None
    full_name_with_children: Annotated[str | None, Str("FullNameWithChildren")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ListQuery(Document):
    """What all queries of lists have in common."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice(
            "list_ids",
            "full_names",
            ("max_returned", "active_status", "from_modified", "to_modified", "name_filter", "name_range_filter"),
        ),
        Choice("name_filter", "name_range_filter"),
    )
    meta_data: Annotated[str | None, Attribute("metaData", META_DATA)] = None
    list_ids: Annotated[tuple[str | ListID, ...], Many(IDOf("ListID"))] = ()
    full_names: Annotated[tuple[str, ...], Many(Str("FullName"))] = ()
    max_returned: Annotated[int | None, Int("MaxReturned", 1)] = None
    active_status: Annotated[str | None, OneOf("ActiveStatus", *ACTIVE)] = None
    from_modified: Annotated[datetime | None, DateTime("FromModifiedDate")] = None
    to_modified: Annotated[datetime | None, DateTime("ToModifiedDate")] = None
    name_filter: Annotated[NameFilter | None, Group("NameFilter")] = None
    name_range_filter: Annotated[NameRangeFilter | None, Group("NameRangeFilter")] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IteratedListQuery(ListQuery):
    """A list that may be read in portions: iterator "Start" and max_returned, then "Continue" with the id that the
    answer gave; the id dies with the session (field-notes: status 3391)."""

    iterator: Annotated[str | None, Attribute("iterator", ITERATOR)] = None
    iterator_id: Annotated[str | None, Attribute("iteratorID")] = None

    def conflicts(self) -> Iterator[tuple[str, str]]:
        return _iterator_conflicts(self.iterator, self.iterator_id, self.max_returned)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountQuery(ListQuery):
    """reference.md, AccountQueryRq; the one list with types, and without an iterator."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice(
            "list_ids",
            "full_names",
            (
                "max_returned",
                "active_status",
                "from_modified",
                "to_modified",
                "name_filter",
                "name_range_filter",
                "account_types",
            ),
        ),
        Choice("name_filter", "name_range_filter"),
    )
    account_types: Annotated[tuple[str, ...], Many(OneOf("AccountType", *ACCOUNT_TYPES))] = ()
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerQuery(IteratedListQuery):
    """reference.md, CustomerQueryRq."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorQuery(IteratedListQuery):
    """reference.md, VendorQueryRq."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemQuery(IteratedListQuery):
    """reference.md, ItemQueryRq: items of every type, each in a Ret of its own kind."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemSalesTaxQuery(IteratedListQuery):
    """reference.md, ItemSalesTaxQueryRq."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TermsQuery(ListQuery):
    """reference.md, TermsQueryRq: standard and date-driven terms."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesTaxCodeQuery(ListQuery):
    """reference.md, SalesTaxCodeQueryRq."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentMethodQuery(ListQuery):
    """reference.md, PaymentMethodQueryRq."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice(
            "list_ids",
            "full_names",
            (
                "max_returned",
                "active_status",
                "from_modified",
                "to_modified",
                "name_filter",
                "name_range_filter",
                "payment_method_types",
            ),
        ),
        Choice("name_filter", "name_range_filter"),
    )
    payment_method_types: Annotated[tuple[str, ...], Many(OneOf("PaymentMethodType", *PAYMENT_METHOD_TYPES))] = ()
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()


_TXN_FILTERS = (
    "max_returned",
    "modified_date_range_filter",
    "txn_date_range_filter",
    "entity_filter",
    "ref_number_filter",
    "ref_number_range_filter",
)
_ONE_DATE_RANGE = Choice("modified_date_range_filter", "txn_date_range_filter")
_ONE_NUMBER_FILTER = Choice("ref_number_filter", "ref_number_range_filter")


@dataclass(frozen=True, kw_only=True, slots=True)
class TxnQuery(Document):
    """What all queries of documents have in common."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice("txn_ids", "ref_numbers", "ref_numbers_case_sensitive", _TXN_FILTERS),
        _ONE_DATE_RANGE,
        _ONE_NUMBER_FILTER,
    )
    meta_data: Annotated[str | None, Attribute("metaData", META_DATA)] = None
    iterator: Annotated[str | None, Attribute("iterator", ITERATOR)] = None
    iterator_id: Annotated[str | None, Attribute("iteratorID")] = None
    txn_ids: Annotated[tuple[str | TxnID, ...], Many(IDOf("TxnID"))] = ()
    ref_numbers: Annotated[tuple[str, ...], Many(Str("RefNumber"))] = ()
    ref_numbers_case_sensitive: Annotated[tuple[str, ...], Many(Str("RefNumberCaseSensitive"))] = ()
    max_returned: Annotated[int | None, Int("MaxReturned", 1)] = None
    modified_date_range_filter: Annotated[ModifiedDateRangeFilter | None, Group("ModifiedDateRangeFilter")] = None
    txn_date_range_filter: Annotated[TxnDateRangeFilter | None, Group("TxnDateRangeFilter")] = None
    entity_filter: Annotated[EntityFilter | None, Group("EntityFilter")] = None
    ref_number_filter: Annotated[RefNumberFilter | None, Group("RefNumberFilter")] = None
    ref_number_range_filter: Annotated[RefNumberRangeFilter | None, Group("RefNumberRangeFilter")] = None

    def conflicts(self) -> Iterator[tuple[str, str]]:
        return _iterator_conflicts(self.iterator, self.iterator_id, self.max_returned)


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceQuery(TxnQuery):
    """reference.md, InvoiceQueryRq. There is no filter by ExternalGUID (contract.md 6.7)."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice("txn_ids", "ref_numbers", "ref_numbers_case_sensitive", (*_TXN_FILTERS, "paid_status")),
        _ONE_DATE_RANGE,
        _ONE_NUMBER_FILTER,
    )
    paid_status: Annotated[str | None, OneOf("PaidStatus", *PAID)] = None
    include_line_items: Annotated[bool | None, Bool("IncludeLineItems")] = None
    include_linked_txns: Annotated[bool | None, Bool("IncludeLinkedTxns")] = None
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivePaymentQuery(TxnQuery):
    """reference.md, ReceivePaymentQueryRq."""

    include_line_items: Annotated[bool | None, Bool("IncludeLineItems")] = None
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BillQuery(TxnQuery):
    """reference.md, BillQueryRq."""

    CHOICES: typing.ClassVar[tuple[Choice, ...]] = (
        Choice("txn_ids", "ref_numbers", "ref_numbers_case_sensitive", (*_TXN_FILTERS, "paid_status")),
        _ONE_DATE_RANGE,
        _ONE_NUMBER_FILTER,
    )
    paid_status: Annotated[str | None, OneOf("PaidStatus", *PAID)] = None
    include_line_items: Annotated[bool | None, Bool("IncludeLineItems")] = None
    include_linked_txns: Annotated[bool | None, Bool("IncludeLinkedTxns")] = None
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseOrderQuery(TxnQuery):
    """reference.md, PurchaseOrderQueryRq."""

    include_line_items: Annotated[bool | None, Bool("IncludeLineItems")] = None
    include_linked_txns: Annotated[bool | None, Bool("IncludeLinkedTxns")] = None
    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HostQuery(Document):
    """Which QuickBooks this is, and which qbXML it speaks."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanyQuery(Document):
    """Which company file is open; with its owner's id also the stamp that the Web Connector left (contract.md 2.3)."""

    include_ret_elements: Annotated[tuple[str, ...], Many(Str("IncludeRetElement", 50))] = ()
    owner_ids: Annotated[tuple[str, ...], Many(Guid("OwnerID"))] = ()


def _iterator_conflicts(
    iterator: str | None, iterator_id: str | None, max_returned: int | None
) -> Iterator[tuple[str, str]]:
    if iterator in ("Continue", "Stop") and iterator_id is None:
        yield "iterator_id", f"is required with iterator {iterator}"
    if iterator in (None, "Start") and iterator_id is not None:
        yield "iterator_id", "only to continue or stop an iterator"
    if iterator in ("Start", "Continue") and max_returned is None:
        yield "max_returned", "is required with an iterator"
