"""Each row of contract.md 2.9, and each switch, driven against a service that is not ours."""

import dataclasses
import threading

import pytest

from qbwc_service.simulator import Company, EndlessSession, FollowUp, Interactive, Switches, VersionCall

from .polling import NO_WAIT, SESSION, Naps, connector, customer_add, names
from .soap_service import TICKET, Raw, fault, served

START = ("serverVersion", "clientVersion", "authenticate")
ROUND = ("sendRequestXML", "receiveResponseXML")
END = ("closeConnection",)


@pytest.fixture
def service():
    with served() as started:
        yield started


def with_switches(**changed):
    return dataclasses.replace(NO_WAIT, **changed)


# Before the session


def test_versions_are_told_before_the_password(service):
    outcome = connector(service).poll()
    assert outcome.calls[:3] == START
    assert service.calls[0].arguments == {}
    assert service.calls[1].arguments == {"strVersion": "2.3.0.215"}
    assert service.calls[2].arguments == {"strUserName": "user", "strPassword": "secret"}


@pytest.mark.parametrize(
    ("how", "arguments"),
    [
        (VersionCall.WITH_VERSION, [{"strVersion": "2.3.0.215"}]),
        (VersionCall.WITH_TICKET, [{"ticket": ""}]),
        (VersionCall.NOT_AT_ALL, []),
    ],
)
def test_server_version_is_called_in_every_known_way(service, how, arguments):
    connector(service, switches=with_switches(server_version=how)).poll()
    assert service.arguments("serverVersion") == arguments


@pytest.mark.parametrize("answer", [fault("Server did not recognize SOAPAction"), Raw(b"", "404 Not Found")])
def test_a_service_without_versions_is_polled_all_the_same(service, answer):
    service.says(serverVersion=answer, clientVersion=answer)
    outcome = connector(service).poll()
    assert (outcome.calls, outcome.code) == ((*START, *END), "")


def test_a_strict_connector_stops_at_a_failing_client_version(service):
    service.says(clientVersion=fault("oh"))
    outcome = connector(service, switches=with_switches(missing_client_version_tolerated=False)).poll()
    assert (outcome.calls, outcome.code) == (START[:2], "QBWC1036")


@pytest.mark.parametrize(
    ("answer", "switches", "code"),
    [
        ("W:old", NO_WAIT, ""),
        ("W:old", with_switches(warning_accepted=False), "QBWC1037"),
        ("E:too old", NO_WAIT, "QBWC1037"),
        ("O:3.0", NO_WAIT, "QBWC1037"),
        ("O:3.0", with_switches(okay_goes_on=True), ""),
        ("fine", NO_WAIT, "QBWC1046"),
    ],
)
def test_client_versions_answer_decides_whether_the_update_goes_on(service, answer, switches, code):
    service.says(clientVersion=answer)
    outcome = connector(service, switches=switches).poll()
    assert outcome.code == code
    assert ("authenticate" in outcome.calls) == (code == "")


def test_without_a_password_nothing_is_called(service):
    polling = connector(service)
    polling.password = ""
    assert polling.poll().code == "QBWC1030"
    assert service.calls == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ("none", "No data exchange required", ""),
        ("NVU", "Invalid password for username", "QBWC1040"),
        ("busy", "Application busy", ""),
    ],
)
def test_a_login_without_a_session_ends_the_update(service, answer, status, code):
    service.says(authenticate=["", answer])
    outcome = connector(service).poll()
    assert (outcome.status, outcome.code, outcome.round_trips) == (status, code, 0)
    assert outcome.calls == (START if answer == "busy" else (*START, *END))


def test_whether_a_refused_login_is_closed_is_a_switch(service):
    service.says(authenticate=["", "nvu"])
    assert connector(service, switches=with_switches(close_after_refusal=False)).poll().calls == START
    service.says(authenticate=["", "busy"])
    assert connector(service, switches=with_switches(close_after_busy=True)).poll().calls == (*START, *END)


def test_a_session_with_a_delay_is_no_session(service):
    service.says(authenticate=[TICKET, "", "90", "600"])
    outcome = connector(service).poll()
    assert (outcome.calls, outcome.status) == (START, "Update postponed by application")
    assert (outcome.postponed_seconds, outcome.at_least_every_seconds) == (90, 600)


def test_without_auto_run_a_delay_counts_for_nothing(service):
    service.says(authenticate=[TICKET, "", "90", ""])
    outcome = connector(service, switches=with_switches(auto_run=False)).poll()
    assert (outcome.postponed_seconds, outcome.calls[3]) == (None, "sendRequestXML")


def test_a_least_interval_does_not_hinder_the_session(service):
    service.says(authenticate=[TICKET, "", "", "300"], sendRequestXML=customer_add("Ann"))
    outcome = connector(service).poll()
    assert (outcome.round_trips, outcome.at_least_every_seconds, outcome.postponed_seconds) == (1, 300, None)


# QuickBooks


def test_the_first_request_alone_tells_about_the_company(service):
    company = Company.new(name="Ann's Shop")
    service.says(
        authenticate=SESSION, sendRequestXML=(customer_add("Ann"), customer_add("Bob")), receiveResponseXML=(50, 100)
    )
    outcome = connector(service, company).poll()
    first, second = service.arguments("sendRequestXML")
    assert "<HostQueryRs" in first["strHCPResponse"]
    assert "Ann&#39;s Shop" in first["strHCPResponse"] or "Ann's Shop" in first["strHCPResponse"]
    assert second["strHCPResponse"] == ""
    assert (first["qbXMLMajorVers"], first["qbXMLMinorVers"], first["qbXMLCountry"]) == ("16", "0", "US")
    assert first["strCompanyFileName"] == company.file_name
    assert outcome.calls == (*START, *ROUND, *ROUND, *END)
    assert names(company) == ["Ann", "Bob"]


def test_quickbooks_answer_is_delivered_as_it_is(service):
    service.says(authenticate=SESSION, sendRequestXML=customer_add("Fran&#231;ois &amp; S&#246;hne"))
    outcome = connector(service).poll()
    (delivered,) = service.arguments("receiveResponseXML")
    assert delivered["response"] == outcome.exchanges[0].response
    assert "CustomerRet" in delivered["response"]
    assert (delivered["ticket"], delivered["hresult"], delivered["message"]) == (TICKET, "", "")


def test_a_message_that_quickbooks_cannot_read_comes_back_as_an_hresult(service):
    service.says(authenticate=SESSION, sendRequestXML="<this is no qbXML")
    connector(service).poll()
    (delivered,) = service.arguments("receiveResponseXML")
    assert (delivered["response"], delivered["hresult"]) == ("", "0x80040400")
    assert delivered["message"] != ""


def test_quickbooks_that_cannot_be_opened_is_told_until_the_service_is_done(service):
    service.says(authenticate=SESSION, connectionError=("", "done"))
    polling = connector(service)
    polling.faults.begin_fails("0x80040408", times=2)
    outcome = polling.poll()
    assert outcome.calls == (*START, "connectionError", "connectionError", *END)
    assert outcome.code == "QBWC1013"
    assert service.arguments("connectionError")[0]["hresult"] == "0x80040408"


def test_another_path_after_a_connection_error_may_open_quickbooks(service):
    company = Company.new()
    service.says(authenticate=SESSION, connectionError=company.file_name, sendRequestXML=customer_add("Ann"))
    polling = connector(service, company)
    polling.faults.another_file_open()
    outcome = polling.poll()
    assert (outcome.code, outcome.round_trips, outcome.status) == ("", 1, "OK")
    assert names(company) == ["Ann"]


@pytest.mark.parametrize("follow_up", list(FollowUp))
def test_what_follows_done_is_a_switch(service, follow_up):
    service.says(authenticate=SESSION)
    polling = connector(service, switches=with_switches(after_done=follow_up))
    polling.faults.begin_fails("0x80040408")
    assert polling.poll().calls == (*START, "connectionError", *follow_up.value)


def test_a_path_that_is_not_the_open_company_does_not_open(service):
    service.says(authenticate=[TICKET, "C:\\elsewhere\\other.qbw"])
    outcome = connector(service).poll()
    assert service.arguments("connectionError")[0]["hresult"] == "0x8004040A"
    assert outcome.code == "QBWC1013"


@pytest.mark.parametrize("follow_up", list(FollowUp))
def test_a_company_that_cannot_be_asked_about_itself_ends_the_update(service, follow_up):
    service.says(authenticate=SESSION)
    polling = connector(service, switches=with_switches(after_broken_company=follow_up))
    polling.faults.host_query_fails()
    outcome = polling.poll()
    assert (outcome.calls, outcome.code) == ((*START, *follow_up.value), "QBWC1014")


# The session


@pytest.mark.parametrize("nothing", ["", "NoOp"])
def test_no_request_asks_for_the_reason_and_ends(service, nothing):
    service.says(authenticate=SESSION, sendRequestXML=nothing, getLastError="another company file")
    outcome = connector(service).poll()
    assert outcome.calls == (*START, "sendRequestXML", "getLastError", *END)
    assert (outcome.last_error, outcome.code, outcome.round_trips) == ("another company file", "", 0)


def test_a_blank_reason_is_an_error(service):
    service.says(authenticate=SESSION, getLastError="")
    assert connector(service).poll().code == "QBWC1031"


def test_no_op_may_be_taken_for_a_message(service):
    service.says(authenticate=SESSION, sendRequestXML="NoOp")
    connector(service, switches=with_switches(no_op_is_no_request=False)).poll()
    assert service.arguments("receiveResponseXML")[0]["hresult"] == "0x80040400"


def test_no_op_as_the_reason_holds_the_session_open_for_five_seconds(service):
    service.says(authenticate=SESSION, sendRequestXML=("", "", customer_add("Ann")), getLastError="NoOp")
    naps = Naps()
    outcome = connector(service, sleep=naps).poll()
    assert naps == [5, 5]
    assert outcome.calls == (*START, *(("sendRequestXML", "getLastError") * 2), *ROUND, *END)
    assert [call["strHCPResponse"] for call in service.arguments("sendRequestXML")[1:]] == ["", ""]


def test_a_negative_percentage_ends_the_session_with_its_reason(service):
    service.says(
        authenticate=SESSION, sendRequestXML=customer_add("Ann"), receiveResponseXML=-7, getLastError="the disk is full"
    )
    outcome = connector(service).poll()
    assert outcome.calls == (*START, *ROUND, "getLastError", *END)
    assert (outcome.code, outcome.last_error) == ("QBWC1031", "the disk is full")
    assert outcome.exchanges[0].percent == -7


@pytest.mark.parametrize(("waits", "ends"), [(False, True), (True, False)])
def test_no_op_after_a_negative_percentage_is_a_switch(service, waits, ends):
    service.says(
        authenticate=SESSION,
        sendRequestXML=(customer_add("Ann"), customer_add("Bob")),
        receiveResponseXML=(-1, 100),
        getLastError="NoOp",
    )
    outcome = connector(service, switches=with_switches(no_op_after_refusal_waits=waits)).poll()
    assert (outcome.round_trips == 1) == ends


@pytest.mark.parametrize(
    ("percent", "switches", "goes_on"),
    [
        (1, NO_WAIT, True),
        (99, NO_WAIT, True),
        (100, NO_WAIT, False),
        (0, NO_WAIT, True),
        (0, with_switches(zero_goes_on=False), False),
        (101, NO_WAIT, False),
        (101, with_switches(over_hundred_is_done=False), True),
    ],
)
def test_the_percentage_decides_whether_there_is_another_request(service, percent, switches, goes_on):
    service.says(
        authenticate=SESSION,
        sendRequestXML=(customer_add("Ann"), customer_add("Bob")),
        receiveResponseXML=(percent, 100),
    )
    assert connector(service, switches=switches).poll().round_trips == (2 if goes_on else 1)


def test_the_closing_text_is_the_status(service):
    service.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"), closeConnection="1 customer made")
    assert connector(service).poll().status == "1 customer made"


@pytest.mark.parametrize("first", [True, False])
def test_quickbooks_is_closed_before_or_after_the_service(service, first):
    company = Company.new()
    ended = []
    end = company.end_session
    company.end_session = lambda session: (ended.append(len(service.calls)), end(session))
    service.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"))
    outcome = connector(service, company, switches=with_switches(quickbooks_closed_first=first)).poll()
    assert ended == [len(outcome.calls) - 1 if first else len(outcome.calls)]


def test_interactive_mode_is_refused_by_an_absent_user(service):
    service.says(authenticate=SESSION, getLastError="Interactive mode")
    outcome = connector(service).poll()
    assert outcome.calls == (*START, "sendRequestXML", "getLastError", "interactiveRejected", *END)
    assert service.arguments("interactiveRejected")[0]["wcTicket"] == TICKET


def test_interactive_mode_goes_on_when_the_user_is_done(service):
    service.says(
        authenticate=SESSION,
        sendRequestXML=("", customer_add("Ann")),
        getLastError="Interactive mode",
        interactiveDone=("", "CONTINUE"),
    )
    switches = with_switches(interactive=Interactive.ACCEPTED, empty_ends_interactive=False)
    naps = Naps()
    outcome = connector(service, switches=switches, sleep=naps).poll()
    asked = ("getInteractiveURL", "interactiveDone", "interactiveDone")
    assert outcome.calls == (*START, "sendRequestXML", "getLastError", *asked, *ROUND, *END)
    assert naps == [60]


# Calls that fail


FAILED = [
    fault("Internal Error"),
    Raw(b"", "502 Bad Gateway"),
    Raw(b"oh", "500 Oh", "text/html"),
    Raw(b"", "302 Found"),
]


@pytest.mark.parametrize("answer", FAILED)
@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("authenticate", "QBWC1012"),
        ("sendRequestXML", "QBWC1041"),
        ("receiveResponseXML", "QBWC1042"),
        ("getLastError", "QBWC1043"),
        ("closeConnection", "QBWC1044"),
        ("connectionError", "QBWC1045"),
    ],
)
def test_a_call_that_fails_has_its_code_and_ends_the_update(service, operation, code, answer):
    service.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"), receiveResponseXML=-1)
    service.says(**{operation: answer})
    polling = connector(service)
    if operation == "connectionError":
        polling.faults.begin_fails("0x80040408")
    outcome = polling.poll()
    assert (outcome.calls[-1], outcome.code) == (operation, code)


@pytest.mark.parametrize("follow_up", list(FollowUp))
def test_what_follows_a_failed_call_is_a_switch(service, follow_up):
    service.says(authenticate=SESSION, sendRequestXML=fault("Internal Error"))
    outcome = connector(service, switches=with_switches(after_failed_call=follow_up)).poll()
    assert outcome.calls == (*START, "sendRequestXML", *follow_up.value)


def test_after_a_failed_login_there_is_nothing_to_close(service):
    service.says(authenticate=fault("Internal Error"))
    switches = with_switches(after_failed_call=FollowUp.LAST_ERROR_AND_CLOSE)
    assert connector(service, switches=switches).poll().calls == START


def test_a_service_that_is_not_there_is_told(service):
    polling = connector(service)
    polling.url = "http://localhost:1/qbwc"
    outcome = polling.poll()
    assert (outcome.calls, outcome.code) == (START[:2], "QBWC1036")


def test_a_service_that_is_too_slow_is_told(service):
    never = threading.Event()
    service.says(authenticate=lambda call: never.wait(5) and None)
    outcome = connector(service, timeout_seconds=0.2).poll()
    never.set()
    assert outcome.code == "QBWC1012"


def test_a_session_without_end_is_noticed(service):
    service.says(authenticate=SESSION, getLastError="NoOp")
    with pytest.raises(EndlessSession, match="30 calls"):
        connector(service, most_calls=30).poll()


# HTTP


def test_headers_are_those_of_a_dotnet_client(service):
    connector(service, switches=Switches()).poll()
    headers = service.calls[2].headers
    assert headers["HTTP_SOAPACTION"] == '"http://developer.intuit.com/authenticate"'
    assert headers["CONTENT_TYPE"] == "text/xml; charset=utf-8"
    assert headers["HTTP_USER_AGENT"].startswith("Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol ")
    assert headers["HTTP_EXPECT"] == "100-continue"
    assert headers["HTTP_CONNECTION"] == "Keep-Alive"
    assert not {"HTTP_COOKIE", "HTTP_ACCEPT_ENCODING"} & set(headers)
