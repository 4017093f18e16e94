"""What can be ordered to go wrong within QuickBooks."""

from __future__ import annotations

import pytest

from qbwc_service.simulator.book_faults import SERVER_DIED
from qbwc_service.simulator.company import Company
from qbwc_service.simulator.errors import RequestFailed

from .asking import HUNDRED_AT_230, ask, code, invoice, make_company, message, one, payment

SET = message(
    invoice(HUNDRED_AT_230, number="1") + invoice(HUNDRED_AT_230, number="2") + payment("10.00"), newMessageSetID="A1"
)


@pytest.fixture
def company() -> Company:
    return make_company()


def fails(company: Company, with_hresult: str) -> None:
    with pytest.raises(RequestFailed) as failed:
        company.process(SET)
    assert failed.value.hresult == with_hresult
    assert failed.value.message


def test_a_refusal_is_for_its_kind_alone_and_is_used_up(company: Company) -> None:
    company.faults.refuse_next("InvoiceAdd", 3175)
    company.faults.refuse_next("InvoiceAdd", 3180, "The list is locked by another user.")
    assert code(one(company, payment("10.00"))) == 0
    refused = [one(company, invoice(HUNDRED_AT_230)) for _ in range(3)]
    assert [code(answer) for answer in refused] == [3175, 3180, 0]
    assert refused[1].get("statusMessage") == "The list is locked by another user."
    assert [answer.get("statusSeverity") for answer in refused] == ["Error", "Error", "Info"]
    assert len(company.invoices) == 1


def test_a_refusal_may_be_for_several_times(company: Company) -> None:
    company.faults.refuse_next("CustomerQuery", 3176, times=2)
    assert [code(one(company, "<CustomerQueryRq/>")) for _ in range(3)] == [3176, 3176, 0]


def test_an_hresult_comes_before_anything_is_done(company: Company) -> None:
    company.faults.hresult_next("0x80040402", times=2)
    fails(company, "0x80040402")
    fails(company, "0x80040402")
    assert company.invoices == []
    company.process(SET)
    assert len(company.invoices) == 2


def test_killed_before_it_began_nothing_is_there(company: Company) -> None:
    company.faults.kill_before()
    fails(company, SERVER_DIED)
    assert (company.invoices, company.message_sets.kept) == ([], {})


@pytest.mark.parametrize(("after", "invoices", "payments"), [(0, 0, 0), (1, 1, 0), (2, 2, 0), (3, 2, 1)])
def test_killed_on_the_way_what_was_done_stays_and_no_set_is_remembered(
    company: Company, after: int, invoices: int, payments: int
) -> None:
    company.faults.kill_after(after)
    fails(company, SERVER_DIED)
    assert (len(company.invoices), len(company.payments)) == (invoices, payments)
    assert company.message_sets.kept == {}


def test_killed_after_the_commit_the_set_is_remembered(company: Company) -> None:
    company.faults.kill_after_commit()
    fails(company, SERVER_DIED)
    assert len(company.invoices) == 2
    company.process(SET)
    assert len(company.invoices) == 2


def test_a_set_that_could_not_be_stored_is_9005(company: Company) -> None:
    company.faults.fail_to_store()
    answer = ask(company, invoice(HUNDRED_AT_230), newMessageSetID="B1")
    assert answer.get("messageSetStatusCode") == "9005"
    assert len(company.invoices) == 1
    assert company.message_sets.kept.get("qbwc", {}) == {}


def test_a_session_that_cannot_be_begun(company: Company) -> None:
    company.faults.begin_fails("0x80040408")
    with pytest.raises(RequestFailed) as failed:
        company.begin_session("")
    assert failed.value.hresult == "0x80040408"
    company.begin_session("")


def test_another_file_than_the_open_one_cannot_be_opened(company: Company) -> None:
    company.begin_session(company.file_name.upper().replace("\\", "/"))
    with pytest.raises(RequestFailed) as failed:
        company.begin_session(r"C:\Books\another.qbw")
    assert failed.value.hresult == "0x8004040A"


def test_faults_are_not_used_up_by_the_queries_of_a_sessions_start(company: Company) -> None:
    company.faults.refuse_next("CompanyQuery", 3260)
    company.faults.kill_after(0)
    assert "3260" not in company.host_xml()
    fails(company, SERVER_DIED)


def test_a_held_record_cannot_be_referred_to_until_it_is_released(company: Company) -> None:
    company.hold(company.customers[0])
    refused = one(company, invoice(HUNDRED_AT_230))
    assert code(refused) == 3176
    assert "ABC Company" in refused.get("statusMessage", "")
    company.release(company.customers[0])
    assert code(one(company, invoice(HUNDRED_AT_230))) == 0


def test_a_held_invoice_cannot_be_paid(company: Company) -> None:
    one(company, invoice(HUNDRED_AT_230))
    company.hold(company.invoices[0])
    assert code(one(company, payment("10.00", (company.invoices[0].txn_id, "10.00")))) == 3176
    assert company.payments == []
