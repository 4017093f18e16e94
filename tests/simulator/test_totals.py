"""What documents come to, to the cent; and that the books agree with themselves whatever is posted."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbwc_service.simulator.company import Company
from qbwc_service.simulator.queries import balances
from qbwc_service.simulator.records import Record
from qbwc_service.simulator.tree import leaf

from .asking import (
    HUNDRED_AT_230,
    ask,
    bill,
    code,
    customer,
    invoice,
    line,
    make_company,
    one,
    order_line,
    payment,
    purchase_order,
)

CENT = Decimal("0.01")


@pytest.fixture
def company() -> Company:
    return make_company()


def amounts(record: Record) -> list[str]:
    return [str(found.amount) for found in record.lines]


def test_the_manuals_own_example_comes_out_to_the_cent(company: Company) -> None:
    ask(company, invoice(HUNDRED_AT_230, line("Discount", "<Amount>-11.50</Amount>"), macro="TxnID:a"))
    one(company, payment("100.00", (company.invoices[0].txn_id, "100.00")))
    found, paid = company.transactions()
    assert [found[name] for name in ("total", "applied", "balance")] == ["218.50", "100.00", "118.50"]
    assert found["lines"] == [
        {"item": "A7102", "quantity": "100", "description": "A7102 sold", "rate": "2.30", "amount": "230.00"},
        {"item": "Discount", "quantity": None, "description": None, "rate": "-11.50", "amount": "-11.50"},
    ]
    assert (paid["kind"], paid["entity"], paid["total"], paid["balance"]) == (
        "ReceivePayment",
        "ABC Company",
        "100.00",
        "0.00",
    )


@pytest.mark.parametrize(
    ("values", "amount", "rate"),
    [
        ("<Quantity>3</Quantity><Rate>0.335</Rate>", "1.01", "0.335"),  # 1.005, half up
        ("<Quantity>-3</Quantity><Rate>-0.335</Rate>", "1.01", "0.335"),
        ("<Quantity>250</Quantity><Rate>0.31125</Rate>", "77.81", "0.31125"),
        ("<Quantity>3</Quantity><Amount>10.00</Amount>", "10.00", "3.33333"),
        ("<Amount>10.00</Amount>", "10.00", "10.00"),
        ("<Quantity>4</Quantity><Rate>9</Rate><Amount>10.00</Amount>", "10.00", "2.50"),
        ("<Quantity>2</Quantity>", "4.60", "2.30"),  # the item's own price
        ("<Rate>7</Rate>", "7.00", "7.00"),
    ],
)
def test_amount_and_rate_follow_from_each_other(company: Company, values: str, amount: str, rate: str) -> None:
    told = one(company, invoice(line("A7102", values))).find("InvoiceRet/InvoiceLineRet")
    assert told is not None
    assert told.findtext("Amount") == amount
    assert told.findtext("Rate", "").lstrip("-") == rate


def test_a_free_item_is_a_line_of_nothing(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230, line("A7102", "<Quantity>1</Quantity><Rate>0</Rate>")))
    assert amounts(company.invoices[0]) == ["230.00", "0.00"]


def test_a_discount_is_of_the_line_above_and_after_a_subtotal_of_that(company: Company) -> None:
    company.make("ItemSubtotal", "Subtotal")
    five_percent = line("Discount", "<RatePercent>-5</RatePercent>")
    one(
        company,
        invoice(HUNDRED_AT_230, line("SETUP", "<Rate>55</Rate>"), five_percent, line("Subtotal", ""), five_percent),
    )
    assert amounts(company.invoices[0]) == ["230.00", "55.00", "-2.75", "282.25", "-14.11"]
    assert str(company.invoices[0].total) == "268.14"


def test_a_second_subtotal_begins_after_the_first(company: Company) -> None:
    company.make("ItemSubtotal", "Subtotal")
    setup = line("SETUP", "<Rate>55</Rate>")
    one(company, invoice(HUNDRED_AT_230, line("Subtotal", ""), setup, line("Subtotal", "")))
    assert amounts(company.invoices[0]) == ["230.00", "230.00", "55.00", "55.00"]
    assert str(company.invoices[0].total) == "285.00"


def test_a_discount_has_no_quantity(company: Company) -> None:
    assert code(one(company, invoice(HUNDRED_AT_230, line("Discount", "<Quantity>1</Quantity>")))) == 3210


STATE_TAX = "<ItemSalesTaxRef><FullName>State Tax</FullName></ItemSalesTaxRef>"
NON = "<SalesTaxCodeRef><FullName>Non</FullName></SalesTaxCodeRef>"


def taxed(*lines: str) -> str:
    return invoice(*lines).replace("<InvoiceLineAdd>", f"{STATE_TAX}<InvoiceLineAdd>", 1)


def test_tax_is_of_the_taxable_lines_and_their_discounts(company: Company) -> None:
    setup = line("SETUP", f"<Amount>55.00</Amount>{NON}")
    told = one(company, taxed(HUNDRED_AT_230, line("Discount", "<Amount>-11.50</Amount>"), setup)).find("InvoiceRet")
    assert told is not None
    assert told.findtext("Subtotal") == "273.50"
    assert told.findtext("SalesTaxPercentage") == "8.00"
    assert told.findtext("SalesTaxTotal") == "17.48"  # 8 % of 218.50
    assert told.findtext("BalanceRemaining") == "290.98"


def test_a_customer_without_tax_pays_none(company: Company) -> None:
    one(company, customer("Charity", NON))
    told = one(company, taxed(HUNDRED_AT_230).replace("ABC Company", "Charity")).find("InvoiceRet")
    assert told is not None
    assert told.findtext("SalesTaxTotal") == "0.00"
    assert told.findtext("CustomerSalesTaxCodeRef/FullName") == "Non"
    assert told.findtext("InvoiceLineRet/SalesTaxCodeRef/FullName") == "Non"


def test_the_companys_own_tax_applies_where_none_is_named(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230, number="1"))
    company.set_active(next(company.books.of("ItemSalesTax")), active=False)
    one(company, invoice(HUNDRED_AT_230, number="2"))
    assert [str(found.total) for found in company.invoices] == ["230.00", "248.40"]


def test_a_discount_granted_with_a_payment_settles_the_rest(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    granted = (
        "<DiscountAmount>5.00</DiscountAmount><DiscountAccountRef><FullName>Sales Discounts</FullName>"
        "</DiscountAccountRef></AppliedToTxnAdd>"
    )
    body = payment("225.00", (company.invoices[0].txn_id, "225.00")).replace("</AppliedToTxnAdd>", granted)
    told = one(company, body).find("ReceivePaymentRet/AppliedToTxnRet")
    assert told is not None
    assert (told.findtext("DiscountAmount"), told.findtext("BalanceRemaining")) == ("5.00", "0.00")
    assert company.invoices[0].is_paid
    assert str(company.payments[0].balance) == "0.00"


def test_auto_apply_pays_the_oldest_first(company: Company) -> None:
    for number, day in (("1", "2026-02-20"), ("2", "2026-02-10"), ("3", "2026-02-15")):
        one(company, invoice(HUNDRED_AT_230, number=number, head=f"<TxnDate>{day}</TxnDate>"))
    one(company, payment("300.00", auto="true"))
    assert {one.ref_number: str(one.balance) for one in company.invoices} == {"1": "230.00", "2": "0.00", "3": "160.00"}
    told = one(company, payment("500.00", auto="true"))
    assert told.findtext("ReceivePaymentRet/UnusedPayment") == "110.00"


def test_a_payment_not_applied_is_unused(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    told = one(company, payment("100.00"))
    assert told.findtext("ReceivePaymentRet/UnusedPayment") == "100.00"
    assert company.invoices[0].applied == 0


def test_invoice_and_payment_tell_of_each_other(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    one(company, payment("100.00", (company.invoices[0].txn_id, "100.00")))
    asked = "<IncludeLineItems>true</IncludeLineItems>"
    told = one(company, f"<InvoiceQueryRq>{asked}<IncludeLinkedTxns>true</IncludeLinkedTxns></InvoiceQueryRq>")[0]
    assert told.findtext("LinkedTxn/TxnID") == company.payments[0].txn_id
    assert (told.findtext("LinkedTxn/Amount"), told.findtext("AppliedAmount")) == ("-100.00", "-100.00")
    paid = one(company, f"<ReceivePaymentQueryRq>{asked}</ReceivePaymentQueryRq>")[0]
    assert paid.findtext("AppliedToTxnRet/TxnID") == company.invoices[0].txn_id
    assert paid.findtext("AppliedToTxnRet/Amount") == "100.00"


# Purchases


def test_a_bill_takes_over_its_purchase_order(company: Company) -> None:
    one(company, purchase_order(order_line("A7102", "<Quantity>12</Quantity>"), order_line("SETUP", "<Rate>20</Rate>")))
    link = f"<LinkToTxnID>{company.purchase_orders[0].txn_id}</LinkToTxnID>"
    told = one(company, bill(link)).find("BillRet")
    assert told is not None
    assert told.findtext("AmountDue") == "13.80"
    assert told.findtext("ItemLineRet/Quantity") == "12"
    assert company.purchase_orders[0].links[0].txn_id == company.bills[0].txn_id
    assert company.bills[0].links[0].txn_id == company.purchase_orders[0].txn_id
    order = one(company, "<PurchaseOrderQueryRq><IncludeLineItems>true</IncludeLineItems></PurchaseOrderQueryRq>")[0]
    assert order.findtext("PurchaseOrderLineRet/ReceivedQuantity") == "12"
    assert order.findtext("PurchaseOrderLineRet/IsBilled") == "true"
    assert order.findtext("IsFullyReceived") == "true"


def test_a_closed_purchase_order_is_not_billed_again(company: Company) -> None:
    one(company, purchase_order(order_line("A7102", "<Quantity>12</Quantity>")))
    link = f"<LinkToTxnID>{company.purchase_orders[0].txn_id}</LinkToTxnID>"
    expense = (
        "<ExpenseLineAdd><AccountRef><FullName>Freight Costs</FullName></AccountRef><Amount>5.00</Amount>"
        "</ExpenseLineAdd>"
    )
    answers = [one(company, bill(link)), one(company, bill(link)), one(company, bill(link + expense))]
    assert [code(answer) for answer in answers] == [0, 570, 570]
    assert [answer.findtext("BillRet/AmountDue") for answer in answers] == ["13.80", None, "5.00"]


def test_single_lines_of_a_purchase_order_may_be_billed_in_part(company: Company) -> None:
    one(company, purchase_order(order_line("A7102", "<Quantity>12</Quantity>")))
    order = company.purchase_orders[0]
    line_id = order.value("PurchaseOrderLineRet", "TxnLineID")
    link = f"<LinkToTxn><TxnID>{order.txn_id}</TxnID><TxnLineID>{line_id}</TxnLineID></LinkToTxn>"

    def take(quantity: int) -> str:
        return bill(f"<ItemLineAdd><Quantity>{quantity}</Quantity>{link}</ItemLineAdd>")

    assert [code(one(company, take(quantity))) for quantity in (5, 8, 7, 1)] == [0, 3210, 0, 3210]
    assert [str(one.total) for one in company.bills] == ["5.75", "8.05"]


def test_a_bill_cannot_take_the_purchase_order_of_another_vendor(company: Company) -> None:
    one(company, "<VendorAddRq><VendorAdd><Name>Other</Name></VendorAdd></VendorAddRq>")
    one(company, purchase_order(order_line("A7102", "<Quantity>12</Quantity>")))
    link = f"<LinkToTxnID>{company.purchase_orders[0].txn_id}</LinkToTxnID>"
    assert code(one(company, bill(link, who="Other"))) == 3210
    assert code(one(company, bill("<LinkToTxnID>7FFF-1700000000</LinkToTxnID>"))) == 3120


def test_the_terms_say_when_it_is_due(company: Company) -> None:
    terms = "<TermsRef><FullName>Net 30</FullName></TermsRef>"
    body = bill(
        "<ItemLineAdd><ItemRef><FullName>A7102</FullName></ItemRef></ItemLineAdd>",
        head=f"<TxnDate>2026-03-02</TxnDate>{terms}",
    )
    assert one(company, body).findtext("BillRet/DueDate") == "2026-04-01"
    one(company, customer("Slow", terms))
    told = one(company, invoice(HUNDRED_AT_230, who="Slow", head="<TxnDate>2026-03-02</TxnDate>"))
    assert told.findtext("InvoiceRet/DueDate") == "2026-04-01"
    assert told.findtext("InvoiceRet/TermsRef/FullName") == "Net 30"


# The books as a whole

rates = st.decimals("0", "9999.99999", places=5)
quantities = st.decimals("0.00001", "9999", places=5)
written_lines = st.lists(st.tuples(quantities, rates), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    documents=st.lists(written_lines, min_size=1, max_size=4),
    parts=st.lists(st.integers(0, 100), min_size=4, max_size=4),
)
def test_invoices_payments_and_balances_agree(documents: list[list[tuple[Decimal, Decimal]]], parts: list[int]) -> None:
    company = make_company()
    for number, lines in enumerate(documents):
        written = (line("A7102", f"<Quantity>{quantity:f}</Quantity><Rate>{rate:f}</Rate>") for quantity, rate in lines)
        assert code(one(company, invoice(*written, number=str(number)))) == 0
    for lines, found in zip(documents, company.invoices, strict=True):
        expected = sum((q * r).quantize(CENT, ROUND_HALF_UP) for q, r in lines)
        assert found.total == expected == sum(one.amount or 0 for one in found.lines)
    for share, found in zip(parts, list(company.invoices), strict=False):
        paid = (found.total * share / 100).quantize(CENT)
        if paid:
            assert code(one(company, payment(f"{paid:f}", (found.txn_id, f"{paid:f}")))) == 0
    one(company, payment("77.77"))
    invoiced = sum(one.total for one in company.invoices)
    received = sum(one.total for one in company.payments)
    applied = sum(one.applied for one in company.payments)
    assert sum(one.applied for one in company.invoices) == applied
    assert received - applied == Decimal("77.77")
    assert balances(company.books).own[company.customers[0].list_id] == invoiced - received
    assert all(0 <= one.balance <= one.total for one in company.invoices)
    assert Company.from_json(company.to_json()).transactions() == company.transactions()


@settings(max_examples=60, deadline=None)
@given(ordered=st.integers(1, 1000), taken=st.lists(st.integers(1, 400), max_size=6), cost=rates)
def test_no_more_is_ever_billed_than_was_ordered(ordered: int, taken: list[int], cost: Decimal) -> None:
    company = make_company()
    one(company, purchase_order(order_line("A7102", f"<Quantity>{ordered}</Quantity><Rate>{cost:f}</Rate>")))
    order = company.purchase_orders[0]
    line_id = order.value("PurchaseOrderLineRet", "TxnLineID")
    link = f"<LinkToTxn><TxnID>{order.txn_id}</TxnID><TxnLineID>{line_id}</TxnLineID></LinkToTxn>"
    left = ordered
    for quantity in taken:
        answer = one(company, bill(f"<ItemLineAdd><Quantity>{quantity}</Quantity>{link}</ItemLineAdd>"))
        assert code(answer) == (0 if quantity <= left else 3210)
        left -= quantity if quantity <= left else 0
    last = code(one(company, bill(f"<LinkToTxnID>{order.txn_id}</LinkToTxnID>")))
    assert last == (0 if left else 570)
    assert sum(Decimal(found.quantity or 0) for one in company.bills for found in one.lines) == ordered


def test_an_inventory_item_sells_at_its_price(company: Company) -> None:
    company.make("ItemInventory", "Mug", leaf("SalesPrice", "4.00"), leaf("SalesDesc", "A mug"))
    one(company, invoice(line("Mug", "<Quantity>3</Quantity>")))
    assert amounts(company.invoices[0]) == ["12.00"]
