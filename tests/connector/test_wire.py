"""Over real HTTP, behind waitress: what .NET sends, and what clients that we did not write make of our WSDL."""

import contextlib
import http.client
import socket
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import zeep
from lxml import etree

from qbwc_service.connector.contract import application
from tests.connector.soap import (
    AUTHENTICATE,
    INTUIT,
    PASSWORD,
    SOAP,
    TICKET,
    Sessions,
    envelope,
    login,
    operation,
    serving,
)
from tests.shared import shared

with warnings.catch_warnings():
    # suds imports what newer Pythons have renamed.
    warnings.simplefilter("ignore", DeprecationWarning)
    import suds.client

MESSAGE = '<?xml version="1.0" encoding="utf-8"?><QBXML>M\u00fcller &amp; Co</QBXML>'
ANSWER = "<QBXML>M\u00fcller\n</QBXML>"  # without "&amp;", which suds takes for an "&" that it has escaped already


class Served:
    def __init__(self, sessions: Sessions, address: tuple[str, int]) -> None:
        self.sessions = sessions
        self.address = address
        self.url = f"http://{address[0]}:{address[1]}"


@pytest.fixture
def served() -> Iterator[Served]:
    sessions = Sessions(message=MESSAGE)
    app = Later()
    with serving(app) as address:
        served = Served(sessions, address)
        app.app = application(sessions, served.url)
        yield served


class Later:
    """An application that needs to know its address, which is known once it is served."""

    app: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


Caller = Callable[..., Any]


def zeep_with_intuits_wsdl(served: Served) -> Caller:
    client = zeep.Client(str(shared("spyne/QBWebConnectorSvc.wsdl")), transport=transport())  # type: ignore[no-untyped-call]
    service = client.create_service(f"{{{INTUIT}}}QBWebConnectorSvcSoap", f"{served.url}/qbwc")  # type: ignore[no-untyped-call]
    return lambda name, **arguments: service[name](**arguments)


def zeep_with_our_wsdl(served: Served) -> Caller:
    client = zeep.Client(f"{served.url}/qbwc?wsdl", transport=transport())  # type: ignore[no-untyped-call]
    return lambda name, **arguments: client.service[name](**arguments)


def suds_with_our_wsdl(served: Served) -> Caller:
    client = suds.client.Client(f"{served.url}/qbwc?wsdl", cache=None)

    def call(name: str, **arguments: Any) -> Any:
        result = getattr(client.service, name)(**arguments)
        return [str(text or "") for text in result.string] if name == "authenticate" else result

    return call


def transport() -> zeep.Transport:
    session = requests.Session()
    session.trust_env = False  # no proxy between a test and its own machine
    return zeep.Transport(session=session)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("client", [zeep_with_intuits_wsdl, zeep_with_our_wsdl, suds_with_our_wsdl])
def test_a_foreign_client_makes_the_eight_calls(served: Served, client: Callable[[Served], Caller]) -> None:
    call = client(served)
    assert call("serverVersion", strVersion="x") == "1.2.3"
    assert (call("clientVersion", strVersion="2.3.0.215") or "") == ""
    assert [text or "" for text in call("authenticate", **AUTHENTICATE)] == [TICKET, ""]
    assert (
        call(
            "sendRequestXML",
            ticket=TICKET,
            strHCPResponse="",
            strCompanyFileName="C:\\b.qbw",
            qbXMLCountry="US",
            qbXMLMajorVers=13,
            qbXMLMinorVers=0,
        )
        == MESSAGE
    )
    assert call("receiveResponseXML", ticket=TICKET, response=ANSWER, hresult="", message="") == 42
    assert call("connectionError", ticket=TICKET, hresult="0x80040400", message="m") == "done"
    assert call("getLastError", ticket=TICKET) == "NoOp"
    assert call("closeConnection", ticket=TICKET) == "OK"
    assert served.sessions.calls == [
        ("client_version", "2.3.0.215", "127.0.0.1"),
        ("authenticate", "someone", PASSWORD, "127.0.0.1"),
        ("send_request", TICKET, "", "C:\\b.qbw", "US", 13, 0),
        ("receive_response", TICKET, ANSWER, "", ""),
        ("connection_error", TICKET, "0x80040400", "m"),
        ("last_error", TICKET),
        ("close", TICKET),
    ]


@pytest.mark.parametrize("client", [zeep_with_our_wsdl, suds_with_our_wsdl])
def test_a_foreign_client_makes_the_interactive_calls(served: Served, client: Callable[[Served], Caller]) -> None:
    call = client(served)
    assert not call("getInteractiveURL", wcTicket=TICKET, sessionID="1")
    assert not call("interactiveRejected", wcTicket=TICKET, reason="no")
    assert not call("interactiveDone", wcTicket=TICKET)
    assert not call("isInteractiveDone", wcTicket=TICKET)
    assert served.sessions.calls == []


def test_a_foreign_client_reads_our_faults(served: Served) -> None:
    served.sessions.fails_with = RuntimeError(PASSWORD)
    with pytest.raises(zeep.exceptions.Fault, match="could not answer") as caught:
        zeep_with_our_wsdl(served)("closeConnection", ticket="t")
    assert caught.value.code == "soap:Server"


def test_the_bodies_that_a_web_connector_was_seen_to_send(served: Served) -> None:
    # contract.md 1.3: QBWC 2.2.0.71; serverVersion has no child there.
    for body in (f'<serverVersion xmlns="{INTUIT}" />', operation("clientVersion", strVersion="2.2.0.71")):
        message = (
            f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
            f"<soap:Body>{body}</soap:Body></soap:Envelope>"
        )
        answer = exchange(served, head(len(message), "Connection: close"), message.encode())
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert served.sessions.calls == [("client_version", "2.2.0.71", "127.0.0.1")]


def test_the_wsdl_ignores_the_host_that_was_asked(served: Served) -> None:
    headers = b"Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
    for _ in range(2):
        answer = exchange(served, b"GET /qbwc?wsdl HTTP/1.1\r\n" + headers)
        assert b"evil" not in answer
        assert f'location="{served.url}/qbwc"'.encode() in answer


def test_the_body_is_asked_for_when_the_client_waits_for_it(served: Served) -> None:
    body = envelope(login())
    with socket.create_connection(served.address, timeout=10) as connection:
        connection.sendall(head(len(body), "Expect: 100-continue", "Connection: close"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(served.sessions.calls) == 1


def test_a_connection_is_kept_for_the_next_call(served: Served) -> None:
    body = envelope(operation("closeConnection", ticket="t"))
    connection = http.client.HTTPConnection(*served.address, timeout=10)
    with contextlib.closing(connection):
        connection.connect()
        used = connection.sock
        for _ in range(2):
            connection.request("POST", "/qbwc", body, {"Content-Type": "text/xml", "Connection": "Keep-Alive"})
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:5]) == (200, b"<?xml")
            assert connection.sock is used
    assert served.sessions.calls == [("close", "t")] * 2


def test_a_client_that_goes_away_in_its_body_makes_no_call(served: Served) -> None:
    body = envelope(login())
    with socket.create_connection(served.address, timeout=10) as connection:
        connection.sendall(head(len(body)) + body[:-20])
        connection.shutdown(socket.SHUT_WR)
        rest(connection)
    assert served.sessions.calls == []


def test_the_answer_over_http_is_plain_and_has_its_length(served: Served) -> None:
    body = envelope(operation("getLastError", ticket="t"))
    answer = exchange(served, head(len(body), "Accept-Encoding: gzip", "Connection: close"), body)
    headers, _, content = answer.partition(b"\r\n\r\n")
    lines = headers.decode().lower().splitlines()
    assert f"content-length: {len(content)}" in lines
    assert "content-type: text/xml; charset=utf-8" in lines
    assert not any(line.startswith(("content-encoding", "transfer-encoding", "set-cookie")) for line in lines)
    assert content.startswith(b"<?xml")
    assert etree.fromstring(content).tag == f"{{{SOAP}}}Envelope"


def head(length: int, *headers: str) -> bytes:
    """The head of a POST as a .NET client writes it (contract.md 1.3)."""
    lines = [
        "POST /qbwc HTTP/1.1",
        "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
        "Content-Type: text/xml; charset=utf-8",
        f'SOAPAction: "{INTUIT}x"',
        "Host: books.example.com",
        f"Content-Length: {length}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(served: Served, *parts: bytes) -> bytes:
    with socket.create_connection(served.address, timeout=10) as connection:
        connection.sendall(b"".join(parts))
        return rest(connection)


def rest(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))
