"""What can be ordered to go wrong between a Web Connector and a service, seen from both ends."""

import dataclasses

import pytest

from qbwc_service.simulator import Company, FollowUp

from .polling import NO_WAIT, SESSION, Naps, connector, customer_add, names
from .soap_service import TICKET, served


@pytest.fixture
def service():
    with served() as started:
        yield started.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"))


@pytest.fixture
def polling(service):
    return connector(service)


def test_a_lost_answer_is_executed_and_never_delivered(service, polling):
    polling.faults.lose_next_answer()
    outcome = polling.poll()
    assert outcome.code == "QBWC1042"
    assert outcome.exchanges[0].percent is None
    assert names(polling.company) == ["Ann"]
    assert "receiveResponseXML" not in service.operations


def test_a_fault_is_used_up_by_the_call_it_was_ordered_for(service, polling):
    polling.faults.lose_next_answer()
    polling.poll()
    service.says(sendRequestXML=customer_add("Bob"))
    assert polling.poll().code == ""
    assert service.operations.count("receiveResponseXML") == 1


def test_the_nth_answer_can_be_lost(service, polling):
    service.says(
        sendRequestXML=(customer_add("Ann"), customer_add("Bob"), customer_add("Cid")), receiveResponseXML=(50, 75, 100)
    )
    polling.faults.lose_next_answer(nth=2)
    assert polling.poll().round_trips == 2
    assert service.operations.count("receiveResponseXML") == 1


def test_a_call_may_arrive_though_its_answer_does_not(service, polling):
    polling.faults.drop_after("sendRequestXML")
    outcome = polling.poll()
    assert outcome.code == "QBWC1041"
    assert "sendRequestXML" in service.operations
    assert names(polling.company) == []


def test_a_call_may_be_lost_before_it_arrives(service, polling):
    polling.faults.drop_before("sendRequestXML")
    assert polling.poll().code == "QBWC1041"
    assert "sendRequestXML" not in service.operations


@pytest.mark.parametrize("arrives", [True, False])
def test_a_pc_that_is_switched_off_calls_no_more(service, arrives):
    switches = dataclasses.replace(NO_WAIT, after_failed_call=FollowUp.LAST_ERROR_AND_CLOSE)
    polling = connector(service, switches=switches)
    order = polling.faults.switch_off_after if arrives else polling.faults.switch_off_before
    order("receiveResponseXML")
    outcome = polling.poll()
    assert outcome.status == "Switched off"
    assert service.operations[-1] == ("receiveResponseXML" if arrives else "sendRequestXML")


def test_a_proxy_may_answer_in_the_services_place(service, polling):
    polling.faults.answer_status("authenticate", 503)
    assert polling.poll().code == "QBWC1012"
    assert "authenticate" not in service.operations


def test_an_answer_may_be_delivered_twice(service, polling):
    service.says(receiveResponseXML=(40, 100))
    polling.faults.deliver_twice()
    outcome = polling.poll()
    first, second = service.arguments("receiveResponseXML")
    assert first == second
    assert outcome.exchanges[0].percent == 100


@pytest.mark.parametrize("before", ["authenticate", "sendRequestXML", "closeConnection"])
def test_an_answer_may_arrive_late_under_its_old_ticket(service, polling, before):
    polling.faults.deliver_late(before=before)
    assert polling.poll().code == "QBWC1042"
    assert "receiveResponseXML" not in service.operations
    service.says(authenticate=["ticket-2", ""], sendRequestXML=customer_add("Bob"))
    already = len(service.calls)
    assert polling.poll().code == ""
    answers = {call["ticket"]: call["response"] for call in service.arguments("receiveResponseXML")}
    assert set(answers) == {TICKET, "ticket-2"}
    assert "Ann" in answers[TICKET]
    late = next(at for at, call in enumerate(service.calls) if call.arguments.get("response") == answers[TICKET])
    assert late >= already
    assert service.operations[late + 1] == before


def test_something_else_may_happen_before_a_call(service, polling):
    seen = []
    polling.faults.before("closeConnection", lambda: seen.append(service.operations[-1]))
    polling.poll()
    assert seen == ["receiveResponseXML"]


def test_two_connectors_may_poll_at_once(service, polling):
    other = connector(service, Company.new(name="The other PC's"))
    polling.faults.before("receiveResponseXML", other.poll)
    polling.poll()
    assert service.operations.count("authenticate") == 2
    assert names(other.company) == names(polling.company) == ["Ann"]


def test_another_file_that_is_open_is_a_connection_error(service, polling):
    polling.faults.another_file_open()
    assert polling.poll().code == "QBWC1013"
    assert service.arguments("connectionError")[0]["hresult"] == "0x8004040A"
    assert polling.poll().code == ""


@pytest.mark.parametrize(("executed", "held"), [(True, ["Ann"]), (False, [])])
def test_an_hresult_hides_whether_quickbooks_did_it(service, polling, executed, held):
    polling.faults.hresult_next(executed=executed)
    polling.poll()
    (delivered,) = service.arguments("receiveResponseXML")
    assert (delivered["response"], delivered["hresult"]) == ("", "0x800706BA")
    assert names(polling.company) == held


def test_after_quickbooks_died_its_session_is_invalid(service, polling):
    service.says(sendRequestXML=(customer_add("Ann"), customer_add("Bob")), receiveResponseXML=(50, 100))
    polling.faults.hresult_next(executed=True)
    polling.poll()
    assert [call["hresult"] for call in service.arguments("receiveResponseXML")] == ["0x800706BA", "0x8004040D"]
    assert names(polling.company) == ["Ann"]


def test_a_dialog_in_quickbooks_is_an_hresult(service, polling):
    polling.faults.modal_dialog()
    polling.poll()
    assert service.arguments("receiveResponseXML")[0]["hresult"] == "0x80040414"


@pytest.mark.parametrize("answer", ["", "x" * 11_000_000, "<QBXML>café € \r\n\u2603</QBXML>"])
def test_an_answer_can_be_replaced(service, polling, answer):
    polling.faults.replace_next_answer(answer)
    polling.poll()
    assert names(polling.company) == ["Ann"]
    if len(answer) < 1000:
        assert service.arguments("receiveResponseXML")[0]["response"] == answer


def test_quickbooks_may_be_slow(service):
    naps = Naps()
    polling = connector(service, sleep=naps)
    polling.faults.slow_answer(90)
    polling.poll()
    polling.poll()
    assert naps == [90]


def test_another_company_may_be_open(service, polling):
    other = Company.new(name="Another Company")
    polling.faults.open_company(other)
    polling.poll()
    assert "Another Company" in service.arguments("sendRequestXML")[0]["strHCPResponse"]
    assert (names(other), names(polling.company)) == (["Ann"], [])


def test_a_wrong_password_is_sent_as_often_as_ordered(service, polling):
    polling.faults.wrong_password(times=2)
    for _ in range(3):
        polling.poll()
    sent = [call["strPassword"] == "secret" for call in service.arguments("authenticate")]
    assert sent == [False, False, True]


def test_the_first_call_from_now_is_number_one(polling):
    with pytest.raises(ValueError, match="number 1"):
        polling.faults.drop_before("authenticate", nth=0)
