"""Message sets: the table of contract.md 6.2, what a status check returns (6.3), and how many are kept (6.4)."""

from __future__ import annotations

import pytest
from lxml import etree

from qbwc_service.simulator.company import Company
from qbwc_service.simulator.errors import RequestFailed

from .asking import HUNDRED_AT_230, ask, code, invoice, make_company, message, payment

BODY = invoice(HUNDRED_AT_230) + payment("10.00")


@pytest.fixture
def company() -> Company:
    return make_company()


def status(answer: etree._Element) -> str | None:
    return answer.get("messageSetStatusCode")


def test_without_recovery_attributes_nothing_is_told_of_the_set_and_the_same_bytes_post_twice(company: Company) -> None:
    for _ in range(2):
        answer = ask(company, BODY)
        assert status(answer) is None
        assert answer.get("newMessageSetID") is None
    assert len(company.invoices) == 2


def test_the_same_set_again_is_not_done_again_and_tells_what_it_made(company: Company) -> None:
    first = ask(company, BODY, newMessageSetID="A1")
    again = ask(company, BODY, newMessageSetID="A1")
    assert [status(first), status(again)] == ["0", "0"]
    assert again.get("newMessageSetID") == "A1"
    assert [one.ref_number for one in company.invoices] == ["1001"]
    assert again.findtext("InvoiceAddRs/ErrorRecovery/TxnID") == first.findtext("InvoiceAddRs/InvoiceRet/TxnID")
    assert again.findtext("InvoiceAddRs/ErrorRecovery/TxnNumber") == first.findtext("InvoiceAddRs/InvoiceRet/TxnNumber")
    assert again.find("InvoiceAddRs/InvoiceRet") is None
    assert again.find("InvoiceAddRs").get("requestID") == "i1001"  # type: ignore[union-attr]
    assert len(company.payments) == 1


def test_below_version_11_a_repeated_set_tells_statuses_alone(company: Company) -> None:
    ask(company, BODY, version="10.0", newMessageSetID="A1")
    again = ask(company, BODY, version="10.0", newMessageSetID="A1")
    assert [code(one) for one in again] == [0, 0]
    assert again.find(".//ErrorRecovery") is None


def test_another_content_under_the_same_id_is_9001_and_nothing_is_done(company: Company) -> None:
    ask(company, BODY, newMessageSetID="A1")
    answer = ask(company, BODY + " ", newMessageSetID="A1")
    assert status(answer) == "9001"
    assert len(answer) == 0
    assert len(company.invoices) == 1


def test_a_status_check_tells_and_keeps(company: Company) -> None:
    ask(company, BODY, newMessageSetID="A1")
    for _ in range(2):
        answer = ask(company, newMessageSetID="A1", oldMessageSetID="A1")
        assert status(answer) == "0"
        assert answer.find("InvoiceAddRs/ErrorRecovery/TxnID") is not None


def test_a_status_check_of_what_is_not_stored_is_9002_and_leaves_the_id_free(company: Company) -> None:
    assert status(ask(company, newMessageSetID="A1", oldMessageSetID="A1")) == "9002"
    assert status(ask(company, BODY, newMessageSetID="A1")) == "0"
    assert len(company.invoices) == 1


def test_a_probe_that_is_saved_makes_the_real_set_fail(company: Company) -> None:
    company.message_sets.probe_saves = True
    assert status(ask(company, newMessageSetID="A1", oldMessageSetID="A1")) == "0"
    assert status(ask(company, BODY, newMessageSetID="A1")) == "9001"
    assert company.invoices == []


def test_the_old_id_alone_clears(company: Company) -> None:
    ask(company, BODY, newMessageSetID="A1")
    assert status(ask(company, oldMessageSetID="A1")) == "0"
    assert status(ask(company, oldMessageSetID="A1")) == "600"
    assert status(ask(company, newMessageSetID="A1", oldMessageSetID="A1")) == "9002"


def test_a_new_set_may_clear_the_one_before_it(company: Company) -> None:
    ask(company, BODY, newMessageSetID="A1")
    assert status(ask(company, invoice(HUNDRED_AT_230, number="2"), newMessageSetID="B1", oldMessageSetID="A1")) == "0"
    assert status(ask(company, newMessageSetID="A1", oldMessageSetID="A1")) == "9002"
    assert status(ask(company, newMessageSetID="B1", oldMessageSetID="B1")) == "0"


def test_all_sets_of_one_application_can_be_cleared(company: Company) -> None:
    for number in "123":
        body = message(invoice(HUNDRED_AT_230, number=number), newMessageSetID=f"A{number}")
        company.process(body, app_name="another" if number == "3" else "qbwc")
    assert status(ask(company, oldMessageSetID="ClearAllMessageSets")) == "0"
    assert {app: list(kept) for app, kept in company.message_sets.kept.items()} == {"another": ["A3"]}


def test_applications_do_not_see_each_others_sets(company: Company) -> None:
    body = message(BODY, newMessageSetID="A1")
    company.process(body, app_name="one")
    company.process(body, app_name="two")
    assert len(company.invoices) == 2


@pytest.mark.parametrize("attribute", ["newMessageSetID", "oldMessageSetID"])
def test_an_id_of_more_than_23_characters_is_9004(company: Company, attribute: str) -> None:
    assert status(ask(company, BODY, **{attribute: "x" * 24})) == "9004"
    assert company.invoices == []
    assert status(ask(company, BODY, newMessageSetID="x" * 23)) == "0"


def test_a_file_that_can_store_none_says_9005_after_it_has_posted(company: Company) -> None:
    company.message_sets.capacity = 0
    for expected in (1, 2):
        answer = ask(company, BODY, newMessageSetID="A1")
        assert status(answer) == "9005"
        assert answer.find("InvoiceAddRs/InvoiceRet") is not None
        assert len(company.invoices) == expected


def test_only_so_many_are_kept_as_the_capacity_says(company: Company) -> None:
    company.message_sets.capacity = 2
    for number in "123":
        ask(company, invoice(HUNDRED_AT_230, number=number), newMessageSetID=f"A{number}")
    found = {id_: status(ask(company, newMessageSetID=id_, oldMessageSetID=id_)) for id_ in ("A1", "A2", "A3")}
    assert found == {"A1": "9002", "A2": "0", "A3": "0"}


def test_refusals_are_remembered_too(company: Company) -> None:
    body = invoice(HUNDRED_AT_230, who="Nobody") + payment("10.00")
    first = ask(company, body, newMessageSetID="A1")
    again = ask(company, body, newMessageSetID="A1")
    assert [code(one) for one in first] == [code(one) for one in again] == [3140, 0]
    assert again[0].get("statusMessage") == first[0].get("statusMessage")
    assert again[0].find("ErrorRecovery") is None


def test_stop_on_error_leaves_what_was_done_and_does_not_do_the_rest(company: Company) -> None:
    body = invoice(HUNDRED_AT_230) + invoice(HUNDRED_AT_230, who="Nobody") + payment("10.00")
    answer = ask(company, body, onError="stopOnError")
    assert [code(one) for one in answer] == [0, 3140, 3231]
    assert (len(company.invoices), len(company.payments)) == (1, 0)


def test_continue_on_error_does_the_rest(company: Company) -> None:
    body = invoice(HUNDRED_AT_230, who="Nobody") + payment("10.00")
    assert [code(one) for one in ask(company, body, onError="continueOnError")] == [3140, 0]
    assert len(company.payments) == 1


def test_rollback_on_error_is_not_supported_and_nothing_is_done(company: Company) -> None:
    with pytest.raises(RequestFailed) as failed:
        company.process(message(BODY, onError="rollbackOnError"))
    assert failed.value.hresult == "0x80040413"
    assert company.invoices == []


def test_response_data_include_none_tells_statuses_alone(company: Company) -> None:
    answer = ask(company, BODY, responseData="includeNone")
    assert [code(one) for one in answer] == [0, 0]
    assert [len(one) for one in answer] == [0, 0]
    assert len(company.invoices) == 1


def test_a_warning_does_not_stop_a_set(company: Company) -> None:
    body = "<CustomerQueryRq><FullName>Nobody</FullName></CustomerQueryRq>" + payment("10.00")
    assert [code(one) for one in ask(company, body, onError="stopOnError")] == [500, 0]
