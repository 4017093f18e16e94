"""What every document has in common, for any content: one suite over all of them."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from qbxml.documents import (
    Address,
    AppliedTo,
    BillAdd,
    BillExpenseLine,
    BillItemLine,
    CustomerAdd,
    CustomerQuery,
    InvoiceAdd,
    InvoiceLine,
    InvoiceQuery,
    ItemNonInventoryAdd,
    PurchaseOrderAdd,
    ReceivePaymentAdd,
    SalesAndPurchase,
    SalesOrPurchase,
    VendorAdd,
)
from qbxml.drafts import draft
from qbxml.fields import (
    MIN_VERSION,
    DocumentFaults,
    Field,
    FullName,
    ListID,
    Many,
    RefTo,
    Slot,
    Str,
    TxnID,
    Version,
    declared,
    field_of,
    max_length,
    since,
)
from qbxml.message import render

from .checking import assert_valid
from .making import (
    ADDS,
    ALL,
    GUID,
    as_sent,
    choices_of,
    documents_of,
    filling_of,
    has_mixed_slots,
    make,
    make_with,
    paths,
    read_back,
    request_of,
)

V13 = Version(13)
any_document = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
every_kind = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)


@every_kind
@any_document
@given(content=st.data())
def test_any_document_is_valid_and_reads_back_as_it_was(kind: type, content: st.DataObject) -> None:
    document = content.draw(documents_of(kind))
    assume(not has_mixed_slots(document))
    filling = filling_of(document)
    message = render(document, V13, "1", filling)
    assert_valid(message)
    assert read_back(kind, message) == as_sent(document, filling)


@every_kind
@any_document
@given(content=st.data(), order=st.randoms(use_true_random=False))
def test_the_sequence_of_elements_is_quickbooks_own_however_the_fields_are_given(
    kind: type, content: st.DataObject, order: random.Random
) -> None:
    document = content.draw(documents_of(kind))
    names = [line.name for line in declared(kind)]
    order.shuffle(names)
    again = kind(**{name: getattr(document, name) for name in names})
    assert draft(again) == draft(document)


@every_kind
@any_document
@given(content=st.data(), major=st.integers(8, 16))
def test_no_element_is_newer_than_the_version_of_its_message(kind: type, content: st.DataObject, major: int) -> None:
    document = content.draw(documents_of(kind))
    assume(not has_mixed_slots(document))
    message = render(document, Version(major), "1", filling_of(document))
    request = request_of(message)
    elements = [*request[0], *request[1:]] if kind in ADDS else list(request)
    assert f'<?qbxml version="{major}.0"?>'.encode() in message
    assert _newer(kind, elements, Version(major)) == []
    if major < 13:
        assert_valid(message)


def _newer(kind: type, elements: list[etree._Element], version: Version) -> list[str]:
    newer = []
    for line in declared(kind):
        for element in elements:
            if element.tag == line.field.tag:
                if (since(line.field) or MIN_VERSION) > version:
                    newer.append(line.field.tag)
                if line.inner is not None:
                    newer += _newer(line.inner, list(element), version)
    return newer


@pytest.mark.parametrize("version", [Version(8), Version(9), Version(11), Version(12), Version(13)], ids=str)
def test_a_field_appears_from_the_version_that_knows_it(version: Version) -> None:
    customer = CustomerAdd(name="ABC", job_title="Buyer", cc="b@abc.example", external_guid=GUID)
    message = render(customer, version, "1")
    assert_valid(message)
    assert (b"<JobTitle>" in message) == (version >= Version(12))
    assert b"<ExternalGUID>" in message


# Lengths --------------------------------------------------------------------------------------------------------------


def lengths() -> list[Any]:
    found: dict[str, Any] = {}
    for kind in ALL:
        for path, field in paths(kind):
            limit = field.max_length if isinstance(field, Str) else getattr(field, "full_name_length", None)
            if limit is not None:
                name = f"{kind.__name__}.{'.'.join(path)}"
                found[name] = pytest.param(kind, path, field, limit, id=name)
    return list(found.values())


@pytest.mark.parametrize(("kind", "path", "field", "limit"), lengths())
def test_a_text_may_be_as_long_as_quickbooks_allows_and_no_longer(
    kind: type, path: tuple[str, ...], field: Field, limit: int
) -> None:
    many = isinstance(_last_field(kind, path), Many)

    def with_length(length: int) -> Any:
        value: Any = FullName("ä" * length) if isinstance(field, RefTo) else "ä" * length
        return make_with(kind, path, (value,) if many else value)

    assert_valid(render(with_length(limit), V13, "1"))
    with pytest.raises(DocumentFaults) as caught:
        draft(with_length(limit + 1))
    (fault,) = caught.value.faults
    assert fault.document == kind.__name__
    assert fault.field.split("[")[0].split("/")[-1].startswith(field.tag) or fault.field.endswith(field.tag) or many
    assert fault.rule == f"at most {limit} characters"


def _last_field(kind: type, path: tuple[str, ...]) -> Field:
    for name in path[:-1]:
        inner = next(line.inner for line in declared(kind) if line.name == name)
        assert inner is not None
        kind = inner
    return field_of(kind, path[-1])


def test_lengths_are_read_where_they_are_declared() -> None:
    assert max_length(InvoiceAdd, "ref_number") == 11
    assert max_length(BillAdd, "ref_number") == 20
    with pytest.raises(TypeError, match="no length"):
        max_length(InvoiceAdd, "customer")


# Faults ---------------------------------------------------------------------------------------------------------------


def faults_of(document: Any) -> list[str]:
    with pytest.raises(DocumentFaults) as caught:
        draft(document)
    assert str(caught.value) == "\n".join(str(fault) for fault in caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


def test_all_faults_come_at_once_each_with_its_path_value_and_rule() -> None:
    wrong: Any = InvoiceAdd(
        customer=FullName(""),
        ref_number="123456789012",
        txn_date="2026-11-20",  # type: ignore[arg-type]
        bill_address=Address(city="Łódź", postal_code="1" * 14),
        po_number="a\x00b",
        is_pending=1,  # type: ignore[arg-type]
        memo="x\ud800",
        external_guid="12345678",
        lines=(
            InvoiceLine(desc="fine"),
            InvoiceLine(quantity=1.5, rate=True, amount=1, rate_percent=2, service_date=None),  # type: ignore[arg-type]
        ),
    )
    assert faults_of(wrong) == [
        'InvoiceAdd.CustomerRef "": is required',
        'InvoiceAdd.TxnDate "2026-11-20": must be a date',
        'InvoiceAdd.RefNumber "123456789012": at most 11 characters',
        "InvoiceAdd.BillAddress/City \"Łódź\": holds 'Ł' (U+0141), which QuickBooks cannot keep",
        'InvoiceAdd.BillAddress/PostalCode "11111111111111": at most 13 characters',
        "InvoiceAdd.IsPending 1: must be true or false",
        'InvoiceAdd.PONumber "a\\u0000b": holds the control character U+0000',
        'InvoiceAdd.Memo "x\\ud800": holds half a character, U+D800',
        'InvoiceAdd.ExternalGUID "12345678": must be a GUID in braces',
        "InvoiceAdd.InvoiceLineAdd[2]/Quantity float: must be a decimal number",
        "InvoiceAdd.InvoiceLineAdd[2]/Rate True: must be a decimal number",
        "InvoiceAdd.InvoiceLineAdd[2]/RatePercent 2: may not stand beside Rate",
    ]


def test_what_is_required_may_be_neither_absent_nor_empty_nor_optional() -> None:
    assert faults_of(CustomerAdd(name="")) == ['CustomerAdd.Name "": is required']
    assert faults_of(CustomerAdd(name="  ")) == ['CustomerAdd.Name "  ": is required']
    assert faults_of(VendorAdd(name=None)) == ["VendorAdd.Name (nothing): is required"]  # type: ignore[arg-type]
    assert faults_of(InvoiceAdd(customer=Slot("c", optional=True))) == [
        "InvoiceAdd.CustomerRef Slot: is required, so its slot may not be optional"
    ]
    assert faults_of(make(InvoiceQuery, ref_numbers=("1", ""))) == ['InvoiceQuery.RefNumber[2] "": is required']


def test_a_purchase_order_needs_a_line() -> None:
    assert faults_of(PurchaseOrderAdd(vendor=ListID("1-1"), lines=())) == [
        "PurchaseOrderAdd.PurchaseOrderLineAdd tuple: at least one is required"
    ]


def test_an_empty_text_and_an_address_without_content_are_left_out() -> None:
    text = draft(CustomerAdd(name="ABC", phone="", bill_address=Address(city=""))).text
    assert text == "<CustomerAdd><Name>ABC</Name></CustomerAdd>"


def test_zero_and_false_are_no_absence() -> None:
    text = draft(InvoiceAdd(customer=ListID("1-1"), is_pending=False, lines=(InvoiceLine(rate=0, amount=0),))).text  # type: ignore[arg-type]
    assert "<IsPending>false</IsPending>" in text
    assert "<Rate>0</Rate><Amount>0.00</Amount>" in text


def test_a_colon_in_a_name_would_mean_a_level_below() -> None:
    assert faults_of(CustomerAdd(name="ABC:Job")) == ['CustomerAdd.Name "ABC:Job": may not contain a colon']
    assert_valid(render(InvoiceAdd(customer=FullName("ABC:Job")), V13, "1"))


def test_fields_that_exclude_each_other_are_told_apart() -> None:
    both = ItemNonInventoryAdd(name="Mug", sales_or_purchase=SalesOrPurchase(), sales_and_purchase=SalesAndPurchase())
    assert faults_of(both) == [
        "ItemNonInventoryAdd.SalesAndPurchase SalesAndPurchase: may not stand beside SalesOrPurchase"
    ]
    assert faults_of(ItemNonInventoryAdd(name="Mug")) == [
        "ItemNonInventoryAdd.SalesOrPurchase (nothing): one of SalesOrPurchase or SalesAndPurchase is required"
    ]
    assert faults_of(CustomerQuery(list_ids=("1-1",), max_returned=5)) == [
        "CustomerQuery.MaxReturned 5: may not stand beside ListID"
    ]
    assert_valid(render(ItemNonInventoryAdd(name="Mug", sales_or_purchase=SalesOrPurchase()), V13, "1"))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        (CustomerQuery(iterator="Start"), "CustomerQuery.MaxReturned (nothing): is required with an iterator"),
        (
            InvoiceQuery(iterator="Continue", max_returned=5),
            "InvoiceQuery.iteratorID (nothing): is required with iterator Continue",
        ),
        (
            CustomerQuery(iterator_id="{x}", max_returned=5),
            'CustomerQuery.iteratorID "{x}": only to continue or stop an iterator',
        ),
        (
            CustomerQuery(iterator="Begin", max_returned=5),
            'CustomerQuery.iterator "Begin": must be one of Start, Continue, Stop',
        ),
        (CustomerQuery(max_returned=0), "CustomerQuery.MaxReturned 0: at least 1 and below 2147483648"),
        (
            CustomerQuery(active_status="Active"),
            'CustomerQuery.ActiveStatus "Active": must be one of ActiveOnly, InactiveOnly, All',
        ),
    ],
    ids=str,
)
def test_a_query_that_quickbooks_would_refuse_is_not_asked(query: Any, fault: str) -> None:
    assert faults_of(query) == [fault]


def test_a_value_of_another_class_is_refused_where_it_stands() -> None:
    wrong: Any = BillAdd(vendor=TxnID("1-2"), item_lines=(BillExpenseLine(),), expense_lines=[])  # type: ignore[arg-type]
    assert faults_of(wrong) == [
        'BillAdd.VendorRef "1-2": must be a ListID or a FullName',
        "BillAdd.ExpenseLineAdd list: must be a tuple",
        "BillAdd.ItemLineAdd[1] BillExpenseLine: must be of type BillItemLine",
    ]


def test_an_answer_may_be_asked_to_tell_less() -> None:
    message = render(InvoiceAdd(customer=ListID("1-1"), include_ret_elements=("TxnID",)), V13, "1")
    assert_valid(message)
    assert b"</InvoiceAdd><IncludeRetElement>TxnID</IncludeRetElement></InvoiceAddRq>" in message


def test_a_payment_may_name_what_it_pays_or_leave_it_to_quickbooks() -> None:
    told = ReceivePaymentAdd(customer=ListID("1-1"), applied_to=(AppliedTo(txn=TxnID("1-2")),))
    left = ReceivePaymentAdd(customer=ListID("1-1"), is_auto_apply=False)
    for payment in (told, left):
        assert_valid(render(payment, V13, "1"))
    assert faults_of(ReceivePaymentAdd(customer=ListID("1-1"))) == [
        "ReceivePaymentAdd.IsAutoApply (nothing): one of IsAutoApply or AppliedToTxnAdd is required"
    ]


@pytest.mark.parametrize("kind", ADDS, ids=lambda kind: kind.__name__)
def test_no_required_field_of_an_add_is_newer_than_the_oldest_version_we_write(kind: type) -> None:
    for line in declared(kind):
        if line.required or any(choice.required and (line.name,) in choice.branches for choice in choices_of(kind)):
            assert since(line.field) is None


def test_a_bill_line_holds_its_sequence() -> None:
    line = BillItemLine(cost=2, quantity=3, item=Slot("item:Mug"), customer=Slot("c", optional=True))  # type: ignore[arg-type]
    assert draft(BillAdd(vendor=Slot("v"), item_lines=(line,))).text == (
        "<BillAdd><VendorRef><?ref v?></VendorRef><ItemLineAdd><ItemRef><?ref item:Mug?></ItemRef>"
        "<Quantity>3</Quantity><Cost>2</Cost>"
        "<?opt c?><CustomerRef><?ref c?></CustomerRef><?end?></ItemLineAdd></BillAdd>"
    )
