"""Queries: by key, by filter, in parts; what is told, and what is said of what is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree

from qbwc_service.simulator.company import Company

from .asking import (
    DAY,
    HUNDRED_AT_230,
    Clock,
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
    texts,
    vendor,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Company:
    """-> one with invoices 1001, 1002, A-7 and a-7, each a day after the one before."""
    made = make_company(clock)
    for number in ("1001", "1002", "A-7", "a-7"):
        clock.move(days=1)
        one(made, invoice(HUNDRED_AT_230, number=number))
    return made


def numbers(answer: etree._Element) -> list[str]:
    return texts(answer, "InvoiceRet/RefNumber")


def found(company: Company, filters: str) -> list[str]:
    return numbers(one(company, f"<InvoiceQueryRq>{filters}</InvoiceQueryRq>"))


def test_a_ref_number_is_found_whatever_its_case_unless_case_is_asked_for(company: Company) -> None:
    assert found(company, "<RefNumber>a-7</RefNumber>") == ["A-7", "a-7"]
    assert found(company, "<RefNumberCaseSensitive>a-7</RefNumberCaseSensitive>") == ["a-7"]


def test_several_numbers_may_be_asked_for(company: Company) -> None:
    assert found(company, "<RefNumber>1002</RefNumber><RefNumber>1001</RefNumber>") == ["1002", "1001"]


def test_no_match_is_1_and_some_missing_is_500(company: Company) -> None:
    def said(filters: str, query: str = "InvoiceQuery") -> tuple[int, str | None, int]:
        answer = one(company, f"<{query}Rq>{filters}</{query}Rq>")
        return code(answer), answer.get("statusSeverity"), len(answer)

    assert said("<RefNumber>9999</RefNumber>") == (1, "Info", 0)
    assert said("<RefNumber>9999</RefNumber><RefNumber>1001</RefNumber>") == (500, "Warn", 1)
    assert said("<TxnID>7FFF-1700000000</TxnID>") == (500, "Warn", 0)
    assert said("<FullName>ABC Company</FullName><FullName>Nobody</FullName>", "CustomerQuery") == (500, "Warn", 1)
    assert said("<FullName>Nobody</FullName>", "CustomerQuery") == (500, "Warn", 0)
    assert said(
        "<NameFilter><MatchCriterion>StartsWith</MatchCriterion><Name>Z</Name></NameFilter>", "CustomerQuery"
    ) == (
        1,
        "Info",
        0,
    )
    assert said("", "BillQuery") == (1, "Info", 0)


def test_filters_of_numbers_and_dates(company: Company) -> None:
    match = "<RefNumberFilter><MatchCriterion>{}</MatchCriterion><RefNumber>{}</RefNumber></RefNumberFilter>"
    assert found(company, match.format("StartsWith", "A")) == ["A-7", "a-7"]
    assert found(company, match.format("EndsWith", "2")) == ["1002"]
    assert found(company, match.format("Contains", "00")) == ["1001", "1002"]
    span = "<RefNumberRangeFilter><FromRefNumber>{}</FromRefNumber><ToRefNumber>{}</ToRefNumber></RefNumberRangeFilter>"
    assert found(company, span.format("999", "1001")) == ["1001"]
    dates = "<TxnDateRangeFilter><FromTxnDate>{}</FromTxnDate><ToTxnDate>{}</ToTxnDate></TxnDateRangeFilter>"
    assert found(company, dates.format("2026-03-04", "2026-03-05")) == ["1002", "A-7"]
    macro = "<TxnDateRangeFilter><DateMacro>{}</DateMacro></TxnDateRangeFilter>"
    assert found(company, macro.format("Today")) == ["a-7"]
    assert found(company, macro.format("Yesterday")) == ["A-7"]
    assert found(company, macro.format("ThisMonth")) == ["1001", "1002", "A-7", "a-7"]
    assert found(company, macro.format("LastMonth")) == []


def test_what_was_changed_since_is_found(company: Company, clock: Clock) -> None:
    since = "<ModifiedDateRangeFilter><FromModifiedDate>{}</FromModifiedDate></ModifiedDateRangeFilter>"
    assert found(company, since.format((DAY + timedelta(days=4)).isoformat())) == ["a-7"]
    assert found(company, since.format((DAY + timedelta(days=4, seconds=1)).isoformat())) == []
    clock.move(days=1)
    one(company, payment("10.00", (company.invoices[0].txn_id, "10.00")))
    assert found(company, since.format((DAY + timedelta(days=4, seconds=1)).isoformat())) == ["1001"]
    until = "<ModifiedDateRangeFilter><ToModifiedDate>2026-03-04</ToModifiedDate></ModifiedDateRangeFilter>"
    assert found(company, until) == ["1002"]
    customers = one(
        company,
        "<CustomerQueryRq><ActiveStatus>All</ActiveStatus><FromModifiedDate>2026-03-03</FromModifiedDate></CustomerQueryRq>",
    )
    assert code(customers) == 1


def test_invoices_of_a_customer_with_and_without_jobs(company: Company) -> None:
    one(company, customer("Job", "<ParentRef><FullName>ABC Company</FullName></ParentRef>"))
    one(company, customer("Other"))
    one(company, invoice(HUNDRED_AT_230, number="J", who="ABC Company:Job"))
    one(company, invoice(HUNDRED_AT_230, number="O", who="Other"))
    own = "<EntityFilter><FullName>ABC Company</FullName></EntityFilter>"
    with_jobs = "<EntityFilter><FullNameWithChildren>abc company</FullNameWithChildren></EntityFilter>"
    assert found(company, own) == ["1001", "1002", "A-7", "a-7"]
    assert found(company, with_jobs) == ["1001", "1002", "A-7", "a-7", "J"]
    assert found(company, f"<EntityFilter><ListID>{company.customers[-1].list_id}</ListID></EntityFilter>") == ["O"]
    nobody = one(company, "<InvoiceQueryRq><EntityFilter><FullName>Nobody</FullName></EntityFilter></InvoiceQueryRq>")
    assert code(nobody) == 3120


def test_paid_and_unpaid(company: Company) -> None:
    one(company, payment("230.00", (company.invoices[1].txn_id, "230.00")))
    assert found(company, "<PaidStatus>PaidOnly</PaidStatus>") == ["1002"]
    assert found(company, "<PaidStatus>NotPaidOnly</PaidStatus>") == ["1001", "A-7", "a-7"]
    assert len(found(company, "<PaidStatus>All</PaidStatus>")) == 4


def test_lines_and_links_are_told_when_asked_for(company: Company) -> None:
    one(company, payment("230.00", (company.invoices[0].txn_id, "230.00")))
    by_number = "<RefNumber>1001</RefNumber>"
    bare = one(company, f"<InvoiceQueryRq>{by_number}</InvoiceQueryRq>")[0]
    assert (bare.find("InvoiceLineRet"), bare.find("LinkedTxn")) == (None, None)
    lines = one(company, f"<InvoiceQueryRq>{by_number}<IncludeLineItems>1</IncludeLineItems></InvoiceQueryRq>")[0]
    assert lines.find("InvoiceLineRet") is not None
    assert lines.find("LinkedTxn") is None
    links = one(company, f"<InvoiceQueryRq>{by_number}<IncludeLinkedTxns>true</IncludeLinkedTxns></InvoiceQueryRq>")[0]
    assert links.find("LinkedTxn") is not None


def test_only_so_many_are_told(company: Company) -> None:
    assert found(company, "<MaxReturned>2</MaxReturned>") == ["1001", "1002"]


def test_how_many_there_are_is_told_on_demand(company: Company) -> None:
    counted = one(company, '<InvoiceQueryRq metaData="MetaDataAndResponseData"/>')
    assert (counted.get("retCount"), len(counted)) == ("4", 4)
    only = one(company, '<InvoiceQueryRq metaData="MetaDataOnly"/>')
    assert (only.get("retCount"), len(only)) == ("4", 0)
    assert one(company, "<InvoiceQueryRq/>").get("retCount") is None


def iterate(company: Company, how: str, most: int = 3, session: str = "s1") -> etree._Element:
    return one(company, f"<InvoiceQueryRq {how}><MaxReturned>{most}</MaxReturned></InvoiceQueryRq>", session=session)


def test_an_iterator_goes_through_all_once(company: Company) -> None:
    first = iterate(company, 'iterator="Start"')
    assert (numbers(first), first.get("iteratorRemainingCount")) == (["1001", "1002", "A-7"], "1")
    going_on = f'iterator="Continue" iteratorID="{first.get("iteratorID")}"'
    second = iterate(company, going_on)
    assert (numbers(second), second.get("iteratorRemainingCount")) == (["a-7"], "0")
    assert code(iterate(company, going_on)) == 3391


def test_an_iterator_dies_with_its_session(company: Company) -> None:
    first = iterate(company, 'iterator="Start"')
    going_on = f'iterator="Continue" iteratorID="{first.get("iteratorID")}"'
    assert code(iterate(company, going_on, session="s2")) == 3391
    company.end_session("s2")
    company.end_session("s1")
    assert code(iterate(company, going_on)) == 3391


def test_an_iterator_needs_to_know_how_many_at_once(company: Company) -> None:
    assert code(one(company, '<InvoiceQueryRq iterator="Start"/>')) == 3153


def test_an_iterator_shows_what_was_there_when_it_began(company: Company) -> None:
    first = iterate(company, 'iterator="Start"')
    company.delete(company.invoices[-1])
    one(company, invoice(HUNDRED_AT_230, number="late"))
    second = iterate(company, f'iterator="Continue" iteratorID="{first.get("iteratorID")}"')
    assert numbers(second) == []


def test_inactive_records_are_told_when_asked_for(company: Company) -> None:
    one(company, customer("Old"))
    company.set_active(company.customers[-1], active=False)

    def names(filters: str) -> list[str]:
        return texts(one(company, f"<CustomerQueryRq>{filters}</CustomerQueryRq>"), "CustomerRet/Name")

    assert names("") == ["ABC Company"]
    assert names("<ActiveStatus>InactiveOnly</ActiveStatus>") == ["Old"]
    assert names("<ActiveStatus>All</ActiveStatus>") == ["ABC Company", "Old"]
    assert names("<FullName>old</FullName>") == ["Old"]


def test_list_records_by_parts_of_their_names(company: Company) -> None:
    ask(company, "".join(map(customer, ("Alpha", "Beta", "Alphabet"))))

    def names(filters: str) -> list[str]:
        return texts(one(company, f"<CustomerQueryRq>{filters}</CustomerQueryRq>"), "CustomerRet/Name")

    match = "<NameFilter><MatchCriterion>{}</MatchCriterion><Name>{}</Name></NameFilter>"
    assert names(match.format("StartsWith", "alpha")) == ["Alpha", "Alphabet"]
    assert names(match.format("EndsWith", "BET")) == ["Alphabet"]
    assert names(match.format("Contains", "ta")) == ["Beta"]
    assert names("<NameRangeFilter><FromName>alphab</FromName><ToName>beta</ToName></NameRangeFilter>") == [
        "Beta",
        "Alphabet",
    ]


def test_customers_by_what_they_owe_with_their_jobs(company: Company) -> None:
    one(company, customer("Job", "<ParentRef><FullName>ABC Company</FullName></ParentRef>"))
    one(company, invoice(HUNDRED_AT_230, number="J", who="ABC Company:Job"))
    one(company, payment("30.00"))
    rets = one(company, "<CustomerQueryRq/>")
    told = {one.findtext("FullName"): (one.findtext("Balance"), one.findtext("TotalBalance")) for one in rets}
    assert told == {"ABC Company": ("890.00", "1120.00"), "ABC Company:Job": ("230.00", "230.00")}
    owing = "<TotalBalanceFilter><Operator>GreaterThan</Operator><Amount>500.00</Amount></TotalBalanceFilter>"
    assert texts(one(company, f"<CustomerQueryRq>{owing}</CustomerQueryRq>"), "CustomerRet/Name") == ["ABC Company"]


def test_accounts_by_type(company: Company) -> None:
    answer = one(company, "<AccountQueryRq><AccountType>Income</AccountType></AccountQueryRq>")
    assert texts(answer, "AccountRet/Name") == ["Sales", "Shipping Income", "Sales Discounts"]


def test_items_of_all_kinds_or_of_one(company: Company) -> None:
    every = one(company, "<ItemQueryRq/>")
    assert {str(ret.tag) for ret in every} == {"ItemNonInventoryRet", "ItemDiscountRet", "ItemSalesTaxRet"}
    assert [str(ret.tag) for ret in one(company, "<ItemDiscountQueryRq/>")] == ["ItemDiscountRet"]


def test_terms_methods_and_tax_codes(company: Company) -> None:
    answers = ask(company, "<TermsQueryRq/><StandardTermsQueryRq/><PaymentMethodQueryRq/><SalesTaxCodeQueryRq/>")
    assert [len(answer) for answer in answers] == [4, 4, 7, 2]
    assert texts(answers[3], "SalesTaxCodeRet/Name") == ["Tax", "Non"]
    cards = one(company, "<PaymentMethodQueryRq><PaymentMethodType>Visa</PaymentMethodType></PaymentMethodQueryRq>")
    assert texts(cards, "PaymentMethodRet/Name") == ["Visa"]


def test_bills_and_purchase_orders_by_number_and_vendor(company: Company) -> None:
    one(company, vendor("Other"))
    one(company, purchase_order(order_line("A7102", "<Quantity>1</Quantity>"), number="po-9"))
    lines = "<ItemLineAdd><ItemRef><FullName>A7102</FullName></ItemRef></ItemLineAdd>"
    one(company, bill(lines, head="<RefNumber>INV-77</RefNumber>"))
    one(company, bill(lines, who="Other", head="<RefNumber>INV-77</RefNumber>"))
    orders = one(company, "<PurchaseOrderQueryRq><RefNumber>PO-9</RefNumber></PurchaseOrderQueryRq>")
    assert texts(orders, "PurchaseOrderRet/RefNumber") == ["po-9"]
    assert len(one(company, "<BillQueryRq><RefNumber>inv-77</RefNumber></BillQueryRq>")) == 2
    of_other = one(company, "<BillQueryRq><EntityFilter><FullName>Other</FullName></EntityFilter></BillQueryRq>")
    assert texts(of_other, "BillRet/VendorRef/FullName") == ["Other"]


def test_a_query_may_be_cut_to_named_elements(company: Company) -> None:
    body = (
        "<InvoiceQueryRq><RefNumber>1001</RefNumber><IncludeLineItems>true</IncludeLineItems>"
        "<IncludeRetElement>TxnID</IncludeRetElement><IncludeRetElement>InvoiceLineRet</IncludeRetElement></InvoiceQueryRq>"
    )
    assert [str(child.tag) for child in one(company, body)[0]] == ["TxnID", "InvoiceLineRet"]


def test_payments_by_account_and_customer(company: Company) -> None:
    one(company, payment("5.00"))
    to_checking = "<DepositToAccountRef><FullName>Checking</FullName></DepositToAccountRef><IsAutoApply>"
    one(company, payment("7.00").replace("<IsAutoApply>", to_checking))
    query = (
        "<ReceivePaymentQueryRq><AccountFilter><FullName>Checking</FullName></AccountFilter></ReceivePaymentQueryRq>"
    )
    assert texts(one(company, query), "ReceivePaymentRet/TotalAmount") == ["7.00"]


def test_every_kind_of_document_answers_by_the_schema(company: Company) -> None:
    address = "<BillAddress><Addr1>1 High St</Addr1><City>Springfield</City><State>IL</State></BillAddress>"
    one(company, customer("Full", address + "<Phone>555</Phone><Email>a@b.c</Email>"))
    full = line("A7102", "<Quantity>1</Quantity>")
    one(company, invoice(full, who="Full").replace("</RefNumber>", f"</RefNumber>{address}"))
    told = one(company, "<InvoiceQueryRq><RefNumber>1001</RefNumber></InvoiceQueryRq>")[1]
    assert texts(told, "BillAddressBlock/*") == ["1 High St", "Springfield, IL"]
