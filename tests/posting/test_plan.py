"""What is planned of an order: to the cent, in characters that QuickBooks holds, with all that stands in the way."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbwc_service import orders
from qbwc_service.companies.preferences import ItemName, Preferences, Tax
from qbwc_service.posting.plan import Choices, plan
from qbxml.fields import FullName, ListID, TxnID, Version
from qbxml.message import Macro, Request, compose
from tests.orders import as_text, make_order
from tests.shared import oracle

FILE_ID = "{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}"
V13 = Version(13)
ALL = Choices(invoice=True, bill=True, purchase_order=True)


def planned(order, choices=ALL, linked=(), **preferences):
    (read,) = orders.read(json.dumps(order))
    return plan(read, choices, Preferences(**preferences), FILE_ID, linked)


def kinds(found):
    return [document.kind for document in found.documents]


def the(found, kind):
    (document,) = [document for document in found.documents if document.kind == kind]
    return document


def as_message(found, version=V13):
    """-> the plan as one message for a QuickBooks that knows nothing yet."""
    fill = {"account:income": ListID("80000001-1"), "account:cost": ListID("80000002-1"), "tax_code:exempt": None}
    requests = []
    for number, document in enumerate(found.documents):
        macro = f"J{number}" if document.kind == "Invoice" else None
        requests.append(Request(str(number), document.draft, macro))
        fill[document.record] = FullName(document.name) if document.name else Macro(macro) if macro else TxnID("1-2")
    return compose(requests, version, fill)


def test_the_manuals_order_comes_out_to_the_cent():
    found = planned(make_order())
    assert kinds(found) == [
        "Customer",
        "ItemNonInventory",
        "ItemDiscount",
        "Invoice",
        "PaymentMethod",
        "ReceivePayment",
        "Vendor",
        "PurchaseOrder",
        "Bill",
    ]
    invoice = the(found, "Invoice")
    assert [(line.item, line.amount) for line in invoice.lines] == [
        ("A7102", Decimal("230.00")),
        ("Discount", Decimal("-11.50")),
    ]
    assert (invoice.total, invoice.applied, invoice.balance) == (
        Decimal("218.50"),
        Decimal("100.00"),
        Decimal("118.50"),
    )
    assert the(found, "Bill").total == the(found, "PurchaseOrder").total == Decimal("115.00")
    assert found.obstacles == ()


def test_what_a_document_needs_comes_before_it():
    found = planned(make_order())
    seen = set()
    for document in found.documents:
        assert set(document.needs) <= seen, document
        seen.add(document.record)


def test_the_company_default_is_the_invoice_alone():
    assert not {"Bill", "PurchaseOrder", "Vendor"} & set(kinds(planned(make_order(), Choices())))


def test_numbers_are_the_orders_wherever_they_fit():
    found = planned(
        make_order(
            "12345678901",
            suppliers=[
                {"id": "S-3", "name": "A", "bill_number": "INV-" + "9" * 16, "purchase_order_number": "12345678901"}
            ],
        )
    )
    assert the(found, "Invoice").ref_number == "12345678901"
    assert the(found, "Bill").ref_number == "INV-" + "9" * 16
    assert the(found, "PurchaseOrder").ref_number == "12345678901"


def test_a_number_too_long_keeps_its_end_is_told_and_is_not_anothers():
    one, other = planned(make_order("ORDER-2026-000001")), planned(make_order("ORDER-2025-000001"))
    numbers = {the(found, "Invoice").ref_number for found in (one, other)}
    assert len(numbers) == 2
    assert all(len(number) <= 11 and number.endswith("000001") for number in numbers)
    assert any(note.path == "number" and note.after in numbers for note in one.notes)


def test_a_discount_in_percent_is_reckoned_on_the_lines():
    found = planned(make_order(discount={"percent": "7.5"}))
    assert the(found, "Invoice").lines[-1].amount == Decimal("-17.25")


def test_charges_and_tax_are_lines_of_their_own():
    found = planned(make_order(charges=[{"name": "Shipping", "amount": "18.00"}], tax={"amount": "15.05"}))
    invoice = the(found, "Invoice")
    assert [line.item for line in invoice.lines] == ["A7102", "Shipping", "Discount", "Total Sales Tax"]
    assert invoice.total == Decimal("230.00") + 18 - Decimal("11.50") + Decimal("15.05")


@pytest.mark.parametrize(
    ("tax", "amount", "there"),
    [
        (Tax.ITEM, "0.00", False),
        (Tax.ITEM, "1.00", True),
        (Tax.ITEM_ALWAYS, "0.00", True),
        (Tax.QUICKBOOKS, "1.00", False),
    ],
)
def test_the_tax_line_stands_there_when_the_setting_asks_for_it(tax, amount, there):
    found = planned(make_order(tax={"amount": amount}), Choices(), tax=tax)
    assert ("Total Sales Tax" in [line.item for line in the(found, "Invoice").lines]) == there


def test_payments_fill_the_invoice_in_sequence_and_the_rest_stays_as_credit():
    payments = [
        {"id": "1", "date": "2026-11-20", "amount": "200.00"},
        {"id": "2", "date": "2026-11-21", "amount": "30.00"},
        {"id": "3", "date": "2026-11-22", "amount": "5.00"},
    ]
    found = planned(make_order(payments=payments), Choices())
    paid = [document for document in found.documents if document.kind == "ReceivePayment"]
    assert [(p.total, p.applied, p.balance) for p in paid] == [
        (Decimal("200.00"), Decimal("200.00"), Decimal("0.00")),
        (Decimal("30.00"), Decimal("18.50"), Decimal("11.50")),
        (Decimal("5.00"), Decimal("0.00"), Decimal("5.00")),
    ]
    assert the(found, "Invoice").balance == 0
    assert [note.path for note in found.notes if "credit" in note.rule] == ["payments[1].amount", "payments[2].amount"]


def test_an_invoice_below_zero_is_refused():
    found = planned(make_order(discount={"amount": "230.01"}))
    assert "below zero" in str(found.obstacles[0])


def test_a_bill_needs_costs_and_says_which_line_has_none():
    lines = [{"product_number": "A", "quantity": "1", "rate": "1", "supplier_id": "S-3"}]
    found = planned(make_order(lines=lines, discount=None, payments=[]), Choices(bill=True))
    assert [obstacle.path for obstacle in found.obstacles] == ["lines[0].cost"]


def test_a_supplier_without_lines_gets_nothing_and_it_is_said():
    suppliers = [{"id": "S-3", "name": "A"}, {"id": "S-4", "name": "B"}]
    found = planned(make_order(suppliers=suppliers))
    assert [document.name for document in found.documents if document.kind == "Vendor"] == ["A"]
    assert any(note.before == "B" for note in found.notes)


def test_items_are_named_by_number_or_by_name_as_the_company_sets_it():
    lines = [{"product_number": "A7102", "product_name": "Almond mug", "quantity": "1", "rate": "1"}]
    order = make_order(lines=lines, discount=None, payments=[], suppliers=[])
    assert the(planned(order, Choices()), "ItemNonInventory").name == "A7102"
    assert the(planned(order, Choices(), item_name=ItemName.NAME), "ItemNonInventory").name == "Almond mug"


def test_one_item_serves_all_lines_that_name_it_whatever_its_case():
    lines = [{"product_number": n, "quantity": "1", "rate": "1"} for n in ("mug", "MUG", "Mug")]
    found = planned(make_order(lines=lines, discount=None, payments=[], suppliers=[]), Choices())
    assert kinds(found).count("ItemNonInventory") == 1


def test_names_too_long_are_cut_told_and_stay_apart():
    long = "The Very Long Company Name of Somewhere Incorporated"
    names = set()
    for customer_id in ("1", "2"):
        found = planned(make_order(customer={"id": customer_id, "name": long}), Choices())
        name = the(found, "Customer").name
        assert len(name) <= 41
        assert any(note.path == "customer.name" and note.after == name for note in found.notes)
        names.add(name)
    assert len(names) == 2


def test_letters_that_quickbooks_cannot_hold_are_replaced_and_told():
    found = planned(make_order(customer={"id": "C", "name": "Łódź"}), Choices())
    assert the(found, "Customer").name == "Lódz"
    assert any(note.before == "Łódź" and note.after == "Lódz" for note in found.notes)


def test_linked_records_are_not_created():
    found = planned(make_order(), linked=["customer:C-17", "vendor:S-3"])
    assert not {"Customer", "Vendor"} & set(kinds(found))
    assert not {"customer:C-17", "vendor:S-3"} & {need for document in found.documents for need in document.needs}


def test_billable_lines_name_the_customer():
    found = planned(make_order(), billable=True)
    assert "customer:C-17" in the(found, "Bill").needs
    assert b"<BillableStatus>Billable</BillableStatus>" in as_message(found)


def test_a_linked_bill_brings_no_lines_of_its_own():
    found = planned(make_order(), link_bills=True)
    assert "<ItemLineAdd>" not in the(found, "Bill").draft.text
    assert "LinkToTxnID" in as_message(found).decode()


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80).filter(
    str.strip
)
money = st.decimals(0, 9_999_999, places=2).map(str)
rates = st.decimals(0, 99_999, places=5).map(str)


@st.composite
def any_order(draw):
    suppliers = draw(st.lists(texts, max_size=2, unique=True))
    lines = [
        {
            "product_number": draw(texts),
            "description": draw(texts),
            "quantity": draw(rates),
            "rate": draw(rates),
            "cost": draw(rates),
        }
        | ({"supplier_id": draw(st.sampled_from(suppliers))} if suppliers else {})
        for _ in range(draw(st.integers(1, 3)))
    ]
    return {
        "number": draw(texts),
        "completed_at": "2026-11-20T15:04:00-05:00",
        "memo": draw(texts),
        "customer": {
            "id": draw(texts),
            "name": draw(texts),
            "billing_address": {"lines": draw(st.lists(texts, max_size=5))},
        },
        "lines": lines,
        "charges": [{"name": draw(texts), "amount": draw(money)}],
        "discount": {"percent": draw(st.decimals(0, 100, places=2).map(str))},
        "tax": {"amount": draw(money)},
        "payments": [
            {"id": "1", "date": "2026-11-20", "amount": "5.00", "method": draw(texts), "reference": draw(texts)}
        ],
        "suppliers": [{"id": supplier, "name": draw(texts)} for supplier in suppliers],
    }


@settings(max_examples=60, deadline=None)
@given(any_order(), st.sampled_from([8, 10, 13]))
def test_whatever_an_order_holds_quickbooks_can_hold_it_or_it_is_said_why_not(order, version):
    found = planned(order)
    if found.obstacles:
        assert all(obstacle.message for obstacle in found.obstacles)
        return
    message = as_message(found, Version(version))
    message.decode("ascii")
    assert oracle().validate(message.replace(f'version="{version}.0"'.encode(), b'version="13.0"')) == []
    invoice = the(found, "Invoice")
    assert invoice.total == sum(line.amount for line in invoice.lines)
    assert invoice.balance == invoice.total - invoice.applied >= 0


def test_the_plan_of_an_order_is_always_the_same():
    assert planned(make_order()) == planned(make_order())
    assert as_text(make_order()) == as_text(make_order())
