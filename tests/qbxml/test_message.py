"""Filling drafts and putting them into messages."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from qbxml.documents import (
    AppliedTo,
    BillAdd,
    BillItemLine,
    CustomerAdd,
    CustomerQuery,
    HostQuery,
    InvoiceAdd,
    InvoiceLine,
    InvoiceQuery,
    LinkToTxn,
    PurchaseOrderAdd,
    PurchaseOrderLine,
    ReceivePaymentAdd,
    VendorAdd,
)
from qbxml.drafts import Draft, draft
from qbxml.fields import FieldFault, FullName, ListID, Slot, TxnID, Version
from qbxml.message import Macro, Request, SlotMisfit, SlotOpen, compose, render

from .checking import assert_valid

V13 = Version(13)
INVOICE = InvoiceAdd(
    customer=Slot("customer:C-17"),
    ref_number="1001",
    lines=(
        InvoiceLine(
            item=Slot("item:A7102"),
            quantity=Decimal(100),
            rate=Decimal("2.30"),
            sales_tax_code=Slot("tax:Tax", optional=True),
        ),
    ),
)
PAYMENT = ReceivePaymentAdd(
    customer=Slot("customer:C-17"),
    total_amount=Decimal(100),
    applied_to=(AppliedTo(txn=Slot("invoice:1001"), payment_amount=Decimal(100)),),
)
FILLED: dict[str, Any] = {"customer:C-17": ListID("80000001-1"), "item:A7102": FullName("A7102"), "tax:Tax": None}


def inside(message: bytes) -> str:
    """What stands within the message set."""
    text = message.decode("ascii")
    return text[text.index(">", text.index("<QBXMLMsgsRq")) + 1 : text.index("</QBXMLMsgsRq>")]


def test_a_message_begins_as_quickbooks_wants_it_and_is_ascii() -> None:
    message = render(VendorAdd(name="Café “Zoé” & Söhne €"), V13, "7")
    assert message == (
        b'<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>'
        b'<QBXMLMsgsRq onError="continueOnError"><VendorAddRq requestID="7"><VendorAdd>'
        b"<Name>Caf&#233; &#8220;Zo&#233;&#8221; &amp; S&#246;hne &#8364;</Name>"
        b"</VendorAdd></VendorAddRq></QBXMLMsgsRq></QBXML>"
    )
    assert_valid(message)


def test_a_draft_tells_what_it_leaves_open() -> None:
    assert draft(INVOICE).slots == {"customer:C-17", "item:A7102", "tax:Tax"}
    assert draft(PAYMENT).slots == {"customer:C-17", "invoice:1001"}
    assert draft(HostQuery()).slots == frozenset()


def test_a_draft_can_be_stored_as_strings_and_rebuilt() -> None:
    for document in (INVOICE, CustomerQuery(iterator="Start", max_returned=5)):
        made = draft(document)
        assert Draft(str(made.request), str(made.text), str(made.attributes)) == made


def test_open_places_are_filled_when_the_message_is_composed() -> None:
    message = render(INVOICE, V13, "1", FILLED | {"tax:Tax": ListID("80000009-1")})
    assert_valid(message)
    assert "<CustomerRef><ListID>80000001-1</ListID></CustomerRef>" in inside(message)
    assert "<ItemRef><FullName>A7102</FullName></ItemRef>" in inside(message)
    assert "<SalesTaxCodeRef><ListID>80000009-1</ListID></SalesTaxCodeRef>" in inside(message)


def test_an_optional_reference_that_stands_for_nothing_is_left_out_with_its_element() -> None:
    message = render(INVOICE, V13, "1", FILLED)
    assert_valid(message)
    assert "SalesTaxCodeRef" not in inside(message)
    assert "<?" not in inside(message)


def test_what_an_older_version_leaves_out_need_not_be_known() -> None:
    document = CustomerAdd(name="ABC", class_=Slot("class:X"), price_level=Slot("level", optional=True))
    message = render(document, Version(11), "1", {"level": None})
    assert inside(message) == '<CustomerAddRq requestID="1"><CustomerAdd><Name>ABC</Name></CustomerAdd></CustomerAddRq>'
    with pytest.raises(SlotOpen):
        render(document, Version(12), "1", {"level": None})


def test_blocks_may_stand_in_each_other() -> None:
    document = CustomerAdd(name="ABC", class_=Slot("class:X", optional=True))
    assert "<?since 12.0?><?opt class:X?>" in draft(document).text
    for version, class_, expected in [
        (Version(12), ListID("1-1"), True),
        (Version(12), None, False),
        (Version(11), ListID("1-1"), False),
        (Version(11), None, False),
    ]:
        message = render(document, version, "1", {"class:X": class_})
        assert_valid(message)
        assert ("ClassRef" in inside(message)) == expected
        assert inside(message).endswith("</CustomerAdd></CustomerAddRq>")


def test_a_place_left_open_is_an_error_that_names_it() -> None:
    with pytest.raises(SlotOpen, match="InvoiceAdd: nothing is known for 'item:A7102'") as caught:
        render(INVOICE, V13, "1", {"customer:C-17": ListID("1-1")})
    assert (caught.value.request, caught.value.key) == ("InvoiceAdd", "item:A7102")
    assert isinstance(caught.value, KeyError)
    with pytest.raises(SlotOpen):
        render(INVOICE, V13, "1", {key: value for key, value in FILLED.items() if key != "tax:Tax"})


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("customer:C-17", None, "the element is required"),
        ("customer:C-17", TxnID("1-2"), "must be a ListID or FullName"),
        ("customer:C-17", Macro("I1"), "must be a ListID or FullName"),
        ("customer:C-17", Slot("other"), "must be a ListID or FullName"),
        ("invoice:1001", ListID("1-2"), "must be a TxnID or Macro"),
    ],
)
def test_a_place_takes_only_what_may_stand_there(key: str, value: Any, rule: str) -> None:
    with pytest.raises(SlotMisfit, match=rule) as caught:
        render(PAYMENT, V13, "1", {"customer:C-17": ListID("1-1"), "invoice:1001": TxnID("1-1"), key: value})
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (FullName("Ż"), "holds 'Ż' (U+017B), which QuickBooks cannot keep"),
        (FullName("x" * 210), "at most 209 characters"),
        (FullName(" "), "is required"),
        (ListID("<1>"), "must be an id of QuickBooks, 1 to 36 characters"),
        (ListID("1" * 37), "must be an id of QuickBooks, 1 to 36 characters"),
    ],
)
def test_what_is_filled_in_is_checked_like_what_is_drafted(value: Any, rule: str) -> None:
    with pytest.raises(FieldFault) as caught:
        render(INVOICE, V13, "1", FILLED | {"customer:C-17": value})
    assert (caught.value.document, caught.value.field, caught.value.rule) == ("InvoiceAdd", "CustomerRef", rule)


def test_a_name_filled_in_is_escaped() -> None:
    message = render(INVOICE, V13, "1", FILLED | {"customer:C-17": FullName('R&D <"é">')})
    assert_valid(message)
    assert "<FullName>R&amp;D &lt;&quot;&#233;&quot;&gt;</FullName>" in inside(message)


@given(key=st.text(min_size=1), text=st.text("<?>&;!-refoptendsince x", max_size=30).filter(str.strip))
def test_neither_key_nor_text_can_forge_an_open_place(key: str, text: str) -> None:
    document = InvoiceAdd(customer=Slot(key), memo=text, lines=(InvoiceLine(desc="<?end?>"),))
    assert draft(document).slots == {key}
    request = etree.fromstring(render(document, V13, "1", {key: FullName("<?ref x?>")}))[0][0]
    assert request.findtext("InvoiceAdd/CustomerRef/FullName") == "<?ref x?>"
    assert request.findtext("InvoiceAdd/Memo") == text
    assert request.findtext("InvoiceAdd/InvoiceLineAdd/Desc") == "<?end?>"


# Macros ---------------------------------------------------------------------------------------------------------------


def test_an_invoice_and_its_payment_may_go_in_one_message() -> None:
    message = compose(
        [Request("1", draft(INVOICE), macro="I1001"), Request("2", draft(PAYMENT))],
        V13,
        FILLED | {"invoice:1001": Macro("I1001")},
    )
    assert_valid(message)
    assert '<InvoiceAdd defMacro="TxnID:I1001"><CustomerRef>' in inside(message)
    assert '<AppliedToTxnAdd><TxnID useMacro="TxnID:I1001"/><PaymentAmount>' in inside(message)


def test_a_payment_for_a_known_invoice_names_its_txn_id() -> None:
    message = render(PAYMENT, V13, "1", FILLED | {"invoice:1001": TxnID("1C2B-1700000000")})
    assert_valid(message)
    assert "<AppliedToTxnAdd><TxnID>1C2B-1700000000</TxnID><PaymentAmount>" in inside(message)


def test_a_macro_must_be_defined_earlier_in_the_same_message() -> None:
    filled = FILLED | {"invoice:1001": Macro("I1001")}
    invoice, payment = Request("1", draft(INVOICE), macro="I1001"), Request("2", draft(PAYMENT))
    for requests in ([payment], [payment, invoice]):
        with pytest.raises(SlotMisfit, match="no earlier request"):
            compose(requests, V13, filled)


@pytest.mark.parametrize("macro", ["", "a b", "TxnID:x", "x" * 41, 'x"'])
def test_a_macro_has_a_plain_name(macro: str) -> None:
    with pytest.raises(ValueError, match="macro"):
        compose([Request("1", draft(INVOICE), macro)], V13, FILLED)


def test_only_documents_define_macros_and_each_name_once() -> None:
    with pytest.raises(ValueError, match="macro 'C' of CustomerAdd"):
        compose([Request("1", draft(CustomerAdd(name="ABC")), "C")], V13, {})
    invoice = draft(INVOICE)
    with pytest.raises(ValueError, match="macro 'I' of InvoiceAdd"):
        compose([Request("1", invoice, "I"), Request("2", invoice, "I")], V13, FILLED)


def test_a_bill_links_to_a_purchase_order_by_its_txn_id_only() -> None:
    bill = BillAdd(
        vendor=ListID("1-1"),
        link_to_txns=(Slot("po", optional=True), TxnID("7-7")),
        item_lines=(BillItemLine(link_to_txn=LinkToTxn(txn=Slot("po2"), txn_line_id=TxnID("3-3"))),),
    )
    message = render(bill, V13, "1", {"po": TxnID("2-2"), "po2": TxnID("2-3")})
    assert_valid(message)
    assert "<LinkToTxnID>2-2</LinkToTxnID><LinkToTxnID>7-7</LinkToTxnID>" in inside(message)
    assert "<LinkToTxn><TxnID>2-3</TxnID><TxnLineID>3-3</TxnLineID></LinkToTxn>" in inside(message)
    without = render(bill, V13, "1", {"po": None, "po2": TxnID("2-3")})
    assert_valid(without)
    assert b"2-2" not in without
    order = PurchaseOrderAdd(vendor=ListID("1-1"), lines=(PurchaseOrderLine(),))
    with pytest.raises(SlotMisfit, match="must be a TxnID"):
        compose(
            [Request("1", draft(order), "P"), Request("2", draft(bill))], V13, {"po": Macro("P"), "po2": Macro("P")}
        )


# Message sets ---------------------------------------------------------------------------------------------------------


def test_a_message_set_is_named_for_recovery() -> None:
    message = compose(
        [Request("1", draft(INVOICE))],
        V13,
        FILLED,
        message_set_id="M0001",
        old_message_set_id="M0000",
        on_error="stopOnError",
    )
    assert_valid(message)
    assert b'<QBXMLMsgsRq onError="stopOnError" newMessageSetID="M0001" oldMessageSetID="M0000">' in message


def test_a_message_without_requests_clears_a_message_set() -> None:
    for name in ("M0001", "ClearAllMessageSets"):
        message = compose([], V13, {}, old_message_set_id=name)
        assert_valid(message)
        assert f'oldMessageSetID="{name}"'.encode() in message


@pytest.mark.parametrize("name", ["", "x" * 21, "a-b", "Ä1", "a b", '"', "a\n"])
def test_a_message_set_has_a_name_that_quickbooks_takes(name: str) -> None:
    compose([], V13, {}, message_set_id="x" * 20, old_message_set_id="A1")
    with pytest.raises(ValueError, match="newMessageSetID"):
        compose([], V13, {}, message_set_id=name)
    with pytest.raises(ValueError, match="oldMessageSetID"):
        compose([], V13, {}, old_message_set_id=name)


def test_roll_back_is_not_for_quickbooks() -> None:
    with pytest.raises(ValueError, match="rollbackOnError"):
        compose([], V13, {}, on_error="rollbackOnError")


@pytest.mark.parametrize("version", [Version(7), Version(7, 9), Version(16, 1), Version(20)], ids=str)
def test_a_version_that_we_do_not_know_is_refused(version: Version) -> None:
    with pytest.raises(ValueError, match=str(version)):
        compose([], version, {})


@pytest.mark.parametrize("ids", [[""], ["x" * 51], ["1", "1"]])
def test_each_request_has_an_id_of_its_own(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="request id"):
        compose([Request(number, draft(HostQuery())) for number in ids], V13, {})


def test_a_request_id_comes_back_as_it_was() -> None:
    message = render(HostQuery(), V13, '<"é">')
    assert_valid(message)
    assert etree.fromstring(message)[0][0].get("requestID") == '<"é">'


def test_an_iterator_stands_in_the_tag_of_its_request() -> None:
    message = render(CustomerQuery(iterator="Continue", iterator_id="{a-1}", max_returned=100), V13, "1")
    assert_valid(message)
    assert inside(message) == (
        '<CustomerQueryRq requestID="1" iterator="Continue" iteratorID="{a-1}"><MaxReturned>100</MaxReturned>'
        "</CustomerQueryRq>"
    )


def test_many_queries_ask_in_one_message() -> None:
    requests = [Request(str(n), draft(InvoiceQuery(ref_numbers=(str(n),), include_line_items=False))) for n in range(9)]
    message = compose(requests, V13, {})
    assert_valid(message)
    assert [request.get("requestID") for request in etree.fromstring(message)[0]] == [str(n) for n in range(9)]


def test_the_same_drafts_and_filling_give_the_same_bytes() -> None:
    # A message in doubt is sent again byte by byte (contract.md 6.6, 6: another checksum is refused).
    requests = [Request("1", draft(INVOICE), "I"), Request("2", draft(PAYMENT))]
    filled = FILLED | {"invoice:1001": Macro("I")}
    again = [Request("1", draft(INVOICE), "I"), Request("2", draft(PAYMENT))]
    assert compose(requests, V13, filled) == compose(again, V13, dict(reversed(filled.items())))
