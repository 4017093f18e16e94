"""What QuickBooks enforces beyond the schema (qbxml/README.md), and what it does not even read."""

from __future__ import annotations

import pytest

from qbwc_service.simulator.company import Company
from qbwc_service.simulator.errors import RequestFailed
from qbwc_service.simulator.tree import leaf

from .asking import (
    DAY,
    HUNDRED_AT_230,
    ask,
    bill,
    code,
    customer,
    discount,
    invoice,
    item,
    line,
    make_company,
    message,
    one,
    order_line,
    payment,
    purchase_order,
    vendor,
)


@pytest.fixture
def company() -> Company:
    return make_company()


def refused_whole(company: Company, qbxml: str) -> str:
    """-> the HRESULT; nothing was done."""
    before = company.to_json()
    with pytest.raises(RequestFailed) as failed:
        company.process(qbxml)
    assert company.to_json() == before
    return failed.value.hresult


# The message as a whole


@pytest.mark.parametrize(
    "qbxml",
    [
        "",
        "nonsense",
        " " + message(customer("X")),
        message(customer("X")).replace('<?qbxml version="13.0"?>', ""),
        message(customer("X")).replace('<?xml version="1.0" encoding="utf-8"?>', ""),
        message(customer("X")).replace("</QBXML>", ""),
        message(customer("X")).replace(' onError="continueOnError"', ""),
        message(customer("X"), onError="neverMind"),
        message(customer("X"), retries="3"),
        message(customer("X")).replace("QBXMLMsgsRq", "QBPOSXMLMsgsRq"),
        message(customer("X")).replace("<QBXML>", '<!DOCTYPE QBXML [<!ENTITY e "x">]><QBXML>'),
        message(customer("X") + "<NonsenseAddRq/>"),
        message(customer("X") + invoice(HUNDRED_AT_230).replace("RefNumber>", "RefNr>")),
        message(customer("X") + invoice(HUNDRED_AT_230, number="123456789012")),
        message(customer("X") + "<AccountQueryRq><AccountType>Cash</AccountType></AccountQueryRq>"),
        message(customer("X") + "<InvoiceAddRq><InvoiceAdd/></InvoiceAddRq>"),
        message(customer("X") + "stray"),
        message("<CustomerAddRq attribute='1'/>"),
        message(customer("x" * 42)),
    ],
)
def test_what_cannot_be_parsed_is_refused_whole(company: Company, qbxml: str) -> None:
    assert refused_whole(company, qbxml) == "0x80040400"


@pytest.mark.parametrize("version", ["17.0", "0.9", "13.5"])
def test_a_version_that_is_unknown_is_refused_whole(company: Company, version: str) -> None:
    assert refused_whole(company, message(customer("X"), version=version)) == "0x80040423"


def test_an_older_quickbooks_knows_no_later_version(company: Company) -> None:
    company.qbxml_version = "12.0"
    assert refused_whole(company, message(customer("X"))) == "0x80040423"
    assert code(one(company, customer("X"), version="12.0")) == 0


def test_characters_of_windows_1252_are_kept_raw_or_as_references_and_others_become_question_marks(
    company: Company,
) -> None:
    assert code(one(company, customer("Café &#8364; &#x142;ódź".replace("ź", "&#378;")))) == 0
    assert company.customers[-1].name == "Café € ?ód?"


def test_a_raw_character_beyond_windows_1252_is_refused_whole(company: Company) -> None:
    assert refused_whole(company, message(customer("Łódź"))) == "0x80040400"


def test_comments_and_blanks_between_elements_do_no_harm(company: Company) -> None:
    assert code(one(company, customer("X").replace("<Name>", "\n<!-- who -->\n  <Name>"))) == 0


# Names


@pytest.mark.parametrize("taken", ["ABC Company", "abc company", "ASI Supplier", "asi SUPPLIER"])
@pytest.mark.parametrize("add", [customer, vendor])
def test_a_name_is_unique_across_customers_and_vendors_whatever_its_case(
    company: Company, taken: str, add: object
) -> None:
    assert callable(add)
    answer = one(company, add(taken))
    assert code(answer) == 3100
    assert len(answer) == 0


def test_employees_and_other_names_share_that_space(company: Company) -> None:
    company.make("Employee", "Ann Lee")
    company.make("OtherName", "The Bank")
    assert [code(one(company, customer(name))) for name in ("Ann Lee", "the bank")] == [3100, 3100]


def test_an_item_may_be_called_as_a_customer_but_not_as_another_item(company: Company) -> None:
    assert code(one(company, item("ABC Company", 1, 1))) == 0
    assert code(one(company, item("Discount", 1, 1))) == 3100
    assert code(one(company, item("State tax", 1, 1))) == 3100


def test_a_colon_is_not_allowed_in_a_name(company: Company) -> None:
    assert [code(one(company, add)) for add in (customer("A:B"), vendor("A:B"), item("A:B", 1, 1))] == [3090] * 3


def test_a_job_is_named_below_its_customer_and_may_be_called_as_another(company: Company) -> None:
    answer = one(company, customer("ABC Company", "<ParentRef><FullName>abc company</FullName></ParentRef>"))
    assert answer.findtext("CustomerRet/FullName") == "ABC Company:ABC Company"
    assert answer.findtext("CustomerRet/Sublevel") == "1"
    nowhere = customer("Job", "<ParentRef><FullName>Nobody</FullName></ParentRef>")
    assert code(one(company, nowhere)) == 3140


def test_a_payment_method_is_added_once(company: Company) -> None:
    add = (
        "<PaymentMethodAddRq><PaymentMethodAdd><Name>PayPal</Name><PaymentMethodType>Other</PaymentMethodType>"
        "</PaymentMethodAdd></PaymentMethodAddRq>"
    )
    assert [code(one(company, add)) for _ in range(2)] == [0, 3100]


# References


@pytest.mark.parametrize(
    "head",
    [
        "<ClassRef><FullName>Retail</FullName></ClassRef>",
        "<ARAccountRef><FullName>Receivables</FullName></ARAccountRef>",
        "<TemplateRef><FullName>Fancy</FullName></TemplateRef>",
        "<ARAccountRef><ListID>80000FFF-1700000000</ListID></ARAccountRef>",
        "<ARAccountRef/>",
    ],
)
def test_a_reference_to_what_is_not_there_is_refused(company: Company, head: str) -> None:
    assert code(one(company, invoice(HUNDRED_AT_230, head=head))) == 3140
    assert company.invoices == []


def test_a_list_id_of_no_form_is_refused_as_such(company: Company) -> None:
    head = "<ARAccountRef><ListID>twelve</ListID></ARAccountRef>"
    assert code(one(company, invoice(HUNDRED_AT_230, head=head))) == 3000


def test_a_reference_to_what_is_inactive_is_refused(company: Company) -> None:
    company.set_active(company.items[0], active=False)
    assert code(one(company, invoice(HUNDRED_AT_230))) == 3140


def test_a_reference_by_list_id_outlives_a_new_name(company: Company) -> None:
    list_id = company.customers[0].list_id
    company.rename(company.customers[0], "ABC Promotions Ltd")
    assert code(one(company, invoice(HUNDRED_AT_230))) == 3140
    by_id = invoice(HUNDRED_AT_230).replace("<FullName>ABC Company</FullName>", f"<ListID>{list_id}</ListID>")
    assert one(company, by_id).findtext("InvoiceRet/CustomerRef/FullName") == "ABC Promotions Ltd"


def test_a_customer_is_no_vendor(company: Company) -> None:
    assert code(one(company, purchase_order(order_line("A7102", ""), who="ABC Company"))) == 3140


@pytest.mark.parametrize(
    "body",
    [
        invoice(HUNDRED_AT_230, head="<ARAccountRef><FullName>Sales</FullName></ARAccountRef>"),
        invoice(HUNDRED_AT_230, head="<ARAccountRef><FullName>Accounts Payable</FullName></ARAccountRef>"),
        bill(
            "<ExpenseLineAdd><AccountRef><FullName>Rent Expense</FullName></AccountRef><Amount>1.00</Amount>"
            "</ExpenseLineAdd>",
            head="<APAccountRef><FullName>Accounts Receivable</FullName></APAccountRef>",
        ),
        item("B", 1, 1, income="Checking"),
        item("B", 1, 1, income="Cost of Goods Sold"),
        item("B", 1, 1, expense="Sales"),
        payment("1.00").replace(
            "<IsAutoApply>", "<DepositToAccountRef><FullName>Sales</FullName></DepositToAccountRef><IsAutoApply>"
        ),
    ],
)
def test_an_account_of_the_wrong_type_is_refused(company: Company, body: str) -> None:
    answer = one(company, body)
    assert code(answer) == 3210
    assert "wrong type" in answer.get("statusMessage", "")


def test_an_item_needs_its_accounts(company: Company) -> None:
    without = item("B", 1, 1).replace(
        "<ExpenseAccountRef><FullName>Cost of Goods Sold</FullName></ExpenseAccountRef>", ""
    )
    assert code(one(company, without)) == 3270


def test_a_record_that_is_gone_cannot_be_referred_to(company: Company) -> None:
    company.delete(company.customers[0])
    assert company.customers == []
    assert code(one(company, invoice(HUNDRED_AT_230))) == 3140
    assert code(one(company, customer("ABC Company"))) == 0


# Amounts


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("<Amount>1.234</Amount>", 3040),
        ("<Rate>1.123456</Rate>", 3045),
        ("<Quantity>1.123456</Quantity>", 3060),
        ("<Quantity>1.12345</Quantity><Rate>1.12345</Rate>", 0),
    ],
)
def test_too_many_decimals_are_refused(company: Company, values: str, expected: int) -> None:
    assert code(one(company, invoice(line("A7102", values)))) == expected


def test_an_invoice_cannot_come_to_less_than_nothing(company: Company) -> None:
    too_much = line("Discount", "<Amount>-230.01</Amount>")
    assert code(one(company, invoice(HUNDRED_AT_230, too_much))) == 3210
    assert code(one(company, invoice(HUNDRED_AT_230, line("Discount", "<Amount>-230.00</Amount>")))) == 0


def test_a_line_with_an_amount_needs_an_item_and_one_without_is_a_remark(company: Company) -> None:
    bare = "<InvoiceLineAdd><Desc>Thank you</Desc></InvoiceLineAdd>"
    assert code(one(company, invoice(bare.replace("</Desc>", "</Desc><Amount>1.00</Amount>")))) == 3210
    answer = one(company, invoice(HUNDRED_AT_230, bare))
    assert answer.findall("InvoiceRet/InvoiceLineRet")[1].findtext("Desc") == "Thank you"


# Payments


def test_a_payment_is_not_more_than_the_balance(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    txn_id = company.invoices[0].txn_id
    assert code(one(company, payment("230.01", (txn_id, "230.01")))) == 3210
    assert code(one(company, payment("230.01", (txn_id, "100.00"), (txn_id, "130.01")))) == 3210
    assert company.payments == []
    assert company.invoices[0].applied == 0
    assert code(one(company, payment("230.00", (txn_id, "100.00"), (txn_id, "130.00")))) == 0
    assert company.invoices[0].is_paid
    assert code(one(company, payment("0.01", (txn_id, "0.01")))) == 3210


def test_no_more_is_applied_than_was_paid(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    assert code(one(company, payment("50.00", (company.invoices[0].txn_id, "50.01")))) == 3210


def test_an_invoice_is_paid_by_its_own_customer_or_the_parent_of_its_job(company: Company) -> None:
    one(company, customer("Other"))
    one(company, customer("Job", "<ParentRef><FullName>ABC Company</FullName></ParentRef>"))
    one(company, invoice(HUNDRED_AT_230, who="ABC Company:Job"))
    txn_id = company.invoices[0].txn_id
    assert code(one(company, payment("1.00", (txn_id, "1.00"), who="Other"))) == 3210
    assert code(one(company, payment("1.00", (txn_id, "1.00")))) == 0


def test_a_payment_of_what_is_no_invoice_is_refused(company: Company) -> None:
    assert code(one(company, payment("1.00", ("7FFF-1700000000", "1.00")))) == 3120
    assert code(one(company, payment("1.00", ("nonsense", "1.00")))) == 3000


# Periods and features


def test_a_date_in_a_closed_period_is_refused(company: Company) -> None:
    company.features.closing_date = "2026-02-28"
    dated = [
        one(company, invoice(HUNDRED_AT_230, head=f"<TxnDate>{day}</TxnDate>")) for day in ("2026-02-28", "2026-03-01")
    ]
    assert [code(answer) for answer in dated] == [3171, 0]
    company.features.closing_date = DAY.date().isoformat()
    assert code(one(company, payment("1.00"))) == 3171


def test_purchase_orders_may_be_off(company: Company) -> None:
    company.features.purchase_orders = False
    assert code(one(company, purchase_order(order_line("A7102", "")))) == 3250
    assert code(one(company, "<PurchaseOrderQueryRq/>")) == 3250


def test_sales_tax_may_be_off(company: Company) -> None:
    company.features.sales_tax = False
    answers = ask(company, "<SalesTaxCodeQueryRq/><ItemSalesTaxQueryRq/>")
    assert [code(answer) for answer in answers] == [3250, 3250]
    taxed = "<SalesTaxCodeRef><FullName>Tax</FullName></SalesTaxCodeRef>"
    assert code(one(company, invoice(line("A7102", f"<Quantity>1</Quantity>{taxed}")))) == 3250
    plain = one(company, invoice(HUNDRED_AT_230))
    assert plain.findtext("InvoiceRet/SalesTaxTotal") == "0.00"
    assert plain.find("InvoiceRet/InvoiceLineRet/SalesTaxCodeRef") is None


def test_other_currencies_are_off(company: Company) -> None:
    foreign = customer("Foreign", "<CurrencyRef><FullName>Euro</FullName></CurrencyRef>")
    assert code(one(company, foreign)) == 3250


# Macros


def test_an_invoice_and_its_payment_go_in_one_message(company: Company) -> None:
    answers = ask(company, invoice(HUNDRED_AT_230, macro="TxnID:a") + payment("100.00", ("TxnID:a", "100.00")))
    assert [code(answer) for answer in answers] == [0, 0]
    assert str(company.invoices[0].balance) == "130.00"


def test_a_macro_is_unknown_when_its_invoice_was_refused_and_in_the_next_message(company: Company) -> None:
    paying = payment("100.00", ("TxnID:a", "100.00"))
    answers = ask(company, invoice(HUNDRED_AT_230, who="Nobody", macro="TxnID:a") + paying)
    assert code(answers[0]) == 3140
    assert 9100 <= code(answers[1]) < 9200
    ask(company, invoice(HUNDRED_AT_230, macro="TxnID:a"))
    assert 9100 <= code(one(company, paying)) < 9200
    assert company.payments == []


def test_a_macro_is_defined_once_and_says_what_it_stands_for(company: Company) -> None:
    twice = ask(company, invoice(HUNDRED_AT_230, macro="TxnID:a") + invoice(HUNDRED_AT_230, macro="TxnID:a"))
    assert [code(answer) // 100 for answer in twice] == [0, 91]
    assert code(one(company, invoice(HUNDRED_AT_230, macro="a"))) // 100 == 91
    assert len(company.invoices) == 1


# Requests


def test_a_request_id_comes_back_and_has_at_most_50_characters(company: Company) -> None:
    answer = one(company, f'<CustomerQueryRq requestID="{"x" * 50}"/>')
    assert answer.get("requestID") == "x" * 50
    assert code(one(company, f'<CustomerQueryRq requestID="{"x" * 51}"/>')) == 1060


def test_numbers_may_be_used_twice_and_are_given_where_none_is(company: Company) -> None:
    ask(company, invoice(HUNDRED_AT_230, number="41") * 2)
    answer = one(company, invoice(HUNDRED_AT_230).replace("<RefNumber>1001</RefNumber>", ""))
    assert [one.ref_number for one in company.invoices] == ["41", "41", "42"]
    assert answer.findtext("InvoiceRet/RefNumber") == "42"


def test_an_answer_may_be_cut_to_named_elements(company: Company) -> None:
    cut = invoice(HUNDRED_AT_230).replace(
        "</InvoiceAdd>",
        "</InvoiceAdd><IncludeRetElement>TxnID</IncludeRetElement><IncludeRetElement>RefNumber</IncludeRetElement>",
    )
    (ret,) = one(company, cut)
    assert [str(child.tag) for child in ret] == ["TxnID", "RefNumber"]


def test_an_older_message_is_told_no_later_elements(company: Company) -> None:
    guid = "<ExternalGUID>{01234567-89ab-cdef-0123-456789abcdef}</ExternalGUID>"
    one(company, customer("X", guid))
    asked = "<CustomerQueryRq><FullName>X</FullName></CustomerQueryRq>"
    found = [one(company, asked, version=version).find("CustomerRet/ExternalGUID") for version in ("7.0", "8.0")]
    assert [element is not None for element in found] == [False, True]


def test_a_user_cannot_take_a_name_either(company: Company) -> None:
    made = company.make("Account", "Petty Cash", leaf("AccountType", "Bank"))
    assert made.is_active
    with pytest.raises(Exception, match="3100"):
        company.make("Account", "petty cash")


def test_a_discount_item_may_hold_a_percentage(company: Company) -> None:
    company.delete(next(one for one in company.items if one.name == "Discount"))
    percent = "<DiscountRatePercent>5</DiscountRatePercent>"
    assert code(one(company, discount(percent))) == 0
    one(company, invoice(HUNDRED_AT_230, line("Discount", "")))
    assert [str(found.amount) for found in company.invoices[0].lines] == ["230.00", "-11.50"]
