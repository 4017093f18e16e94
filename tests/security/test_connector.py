"""Passwords and tickets at the connector's door (security.md 4.3, tests 28 to 31, 33, 35 and 50)."""

import random
from collections.abc import Callable

import pytest
from lxml import etree

from qbwc_service.connector.contract import QBWebConnectorSvc
from tests.fuzz import nasty
from tests.fuzz.service import COLUMNS, REMOTE, Line, Rows, Scene, Service
from tests.orders import make_order

ELSEWHERE = "198.51.100.9"
WITH_TICKET: dict[str, dict[str, str]] = {
    "sendRequestXML": {
        "strHCPResponse": "",
        "strCompanyFileName": "",
        "qbXMLCountry": "US",
        "qbXMLMajorVers": "16",
        "qbXMLMinorVers": "0",
    },
    "receiveResponseXML": {"response": "", "hresult": "", "message": ""},
    "connectionError": {"hresult": "0x80040408", "message": "x"},
    "getLastError": {},
    "closeConnection": {},
}
INTERACTIVE = ("getInteractiveURL", "interactiveRejected", "interactiveDone", "isInteractiveDone")
OVER = {
    "sendRequestXML": "",
    "receiveResponseXML": "-1",
    "connectionError": "done",
    "closeConnection": "OK",
}


@pytest.fixture(scope="module")
def posting(service: Service) -> Scene:
    """An order of the company is at QuickBooks, and one of another company is at its own."""
    return service.scenes()["posting"]


@pytest.fixture
def scene(service: Service, posting: Scene) -> Scene:
    service.restore(posting.database)
    return posting


def log_in(service: Service, scene: Scene, password: str, remote: str = REMOTE, user: str | None = None) -> str:
    """-> the answer's second text: nvu, none or a file."""
    body = service.plain("authenticate", strUserName=user or scene.username, strPassword=password)
    reply = service.post(body, REMOTE_ADDR=remote)
    assert reply.status == 200
    return (reply.result or "")[38:]


@pytest.mark.parametrize("remote", [ELSEWHERE, REMOTE], ids=["from another address", "from the same address"])
def test_after_a_thousand_wrong_passwords_the_right_one_is_taken_at_once(service, scene, remote):
    for number in range(1000):
        assert log_in(service, scene, f"wrong {number}") == "nvu"
    assert log_in(service, scene, scene.password, remote) == ""


def test_of_wrong_passwords_an_address_makes_us_note_only_so_many(service, scene):
    written = service.raw.total_changes
    for number in range(50):
        log_in(service, scene, f"wrong {number}", "203.0.113.5")
    assert service.raw.total_changes - written == 10


def test_a_user_name_that_nobody_has_is_answered_and_costs_as_a_wrong_password(service, scene):
    answers, costs = [], []
    for user in (scene.username, "qbwc-000000000000", "", "é" * 1000):
        written = service.raw.total_changes
        body = service.plain("authenticate", strUserName=user, strPassword="wrong")
        reply = service.post(body, REMOTE_ADDR="203.0.113.6")
        ticket = (reply.result or "")[:38]
        answers.append((reply.status, reply.content_type, reply.body.replace(ticket.encode(), b"")))
        costs.append(service.raw.total_changes - written)
    assert len(set(answers)) == 1
    assert costs == [1, 1, 1, 1]


def guessed(service: Service, scene: Scene) -> str:
    return "{00000000-0000-0000-0000-000000000000}"


def nearly_right(service: Service, scene: Scene) -> str:
    return scene.ticket[:-2] + ("1}" if scene.ticket[-2] == "0" else "0}")


def empty(service: Service, scene: Scene) -> str:
    return ""


def closed(service: Service, scene: Scene) -> str:
    service.ask("closeConnection", ticket=scene.ticket)
    return scene.ticket


def replaced(service: Service, scene: Scene) -> str:
    log_in(service, scene, scene.password)
    return scene.ticket


def expired(service: Service, scene: Scene) -> str:
    service.raw.execute("UPDATE sessions SET seen_at = datetime(seen_at, '-61 minutes')")
    return scene.ticket


def too_long(service: Service, scene: Scene) -> str:
    service.raw.execute("UPDATE sessions SET opened_at = datetime(opened_at, '-481 minutes')")
    return scene.ticket


@pytest.mark.parametrize("operation", WITH_TICKET)
@pytest.mark.parametrize("spoil", [guessed, nearly_right, empty, closed, replaced, expired, too_long])
def test_a_ticket_that_is_not_good_opens_nothing(
    service: Service, scene: Scene, operation: str, spoil: Callable[[Service, Scene], str]
) -> None:
    ticket = spoil(service, scene)
    before = service.rows()
    result = service.ask(operation, ticket=ticket, **WITH_TICKET[operation])
    if operation == "getLastError":
        assert result.startswith("This session is over.")
    else:
        assert result == OVER[operation]
    # A ticket of ours that is over may still end what it began, and bring what QuickBooks said; nothing leaves for it.
    told = {"answers"}
    if spoil in (expired, too_long):
        told |= {"sessions", "connections", "jobs", "job_history", "messages"}
    after = service.rows()
    assert without(after, told) == without(before, told)
    assert len(after["messages"]) == len(before["messages"])
    assert posted(after) == posted(before)


@pytest.mark.parametrize("operation", INTERACTIVE)
def test_what_would_be_interactive_is_answered_with_nothing_and_does_nothing(service, scene, operation):
    before = service.rows()
    for ticket in (scene.ticket, "", guessed(service, scene)):
        assert service.ask(operation, wcTicket=ticket) == ""
    assert service.rows() == before


def test_every_call_that_takes_a_ticket_is_tried_here():
    taking = {
        name
        for name, method in QBWebConnectorSvc.public_methods.items()
        if any("ticket" in argument.lower() for argument in method.in_message.get_flat_type_info(method.in_message))
    }
    assert taking == {*WITH_TICKET, *INTERACTIVE}


def test_a_ticket_moves_nothing_of_another_company_whatever_its_answer_names(service, scene):
    message, job = in_flight(service, scene.other_id)[0]
    before = of(service.rows(), scene.other_id)
    answer = (
        f'<QBXML><QBXMLMsgsRs><InvoiceAddRs requestID="{message}-{job}" statusCode="0" statusSeverity="Info" '
        'statusMessage=""><InvoiceRet><TxnID>stolen</TxnID></InvoiceRet></InvoiceAddRs></QBXMLMsgsRs></QBXML>'
    )
    service.ask("receiveResponseXML", ticket=scene.ticket, response=answer, hresult="", message="")
    assert of(service.rows(), scene.other_id) == before
    for operation, arguments in WITH_TICKET.items():
        service.ask(operation, ticket=scene.ticket, **arguments)
        assert of(service.rows(), scene.other_id) == before


def test_a_password_opens_its_own_company_alone(service, scene):
    with service.engine.connect() as db:
        (other,) = db.exec_driver_sql(f"SELECT username FROM companies WHERE id = {scene.other_id}").one()
    assert log_in(service, scene, scene.password, user=other) == "nvu"


@pytest.mark.parametrize("subset", ["", nasty.bomb(random.Random(1)), '[<!ENTITY x SYSTEM "file:///etc/passwd">]'])
def test_a_document_type_within_quickbooks_answer_is_nobodys_answer(service, scene, subset):
    answer = f"<!DOCTYPE QBXML {subset}>" + scene.answer.partition("\n")[2]
    assert service.ask("receiveResponseXML", ticket=scene.ticket, response=answer, hresult="", message="") == "-1"
    assert posted(service.rows()) == posted(scene.rows)
    assert in_flight(service, scene.company_id) == []


def without(rows: Rows, tables: set[str]) -> Rows:
    return {name: content for name, content in rows.items() if name not in tables}


def posted(rows: Rows) -> int:
    return sum("posted" in row for row in rows["jobs"])


def of(rows: Rows, company_id: int) -> dict[str, list[object]]:
    """-> what is a company's own."""
    return {
        name: [row for row in content if row[COLUMNS[name].index("company_id")] == company_id]
        for name, content in rows.items()
        if "company_id" in COLUMNS[name]
    }


def in_flight(service: Service, company_id: int) -> list[tuple[int, int]]:
    """-> message and job."""
    found = service.raw.execute(
        "SELECT message_id, id FROM jobs WHERE company_id = ? AND state = 'in_flight'", (company_id,)
    )
    return [(message, job) for message, job in found]


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x0b", "\x1f", "\x7f", "\x85", "\ufffe", "\uffff", "\u2028"])
def test_a_control_character_in_an_order_reaches_quickbooks_as_valid_xml(service, character):
    """Or is dropped on the way: what leaves is XML that any parser reads, and the rest of the text stands in it."""
    service.restore(service.empty)
    line = Line(service, "ABC")
    line.update()
    named = f"be{character}fore"
    line.order(
        "1001",
        customer={"id": f"C-{named}", "name": f"{named} Ltd"},
        memo=named,
        lines=[{**make_order()["lines"][0], "description": named}],
    )
    assert line.begin()
    root = etree.fromstring(line.message.encode())
    texts = [node.text or "" for node in root.iter() if "fore" in (node.text or "")]
    assert len(texts) >= 2
    assert all(letter == "\n" or ord(letter) >= 32 for text in texts for letter in text)
    line.update()
    assert posted(service.rows()) >= 1
