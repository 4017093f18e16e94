"""What the Web Connector writes, against Intuit's WSDL and against HTTP as the standard library serves it."""

import http.server
import threading
import time
from contextlib import contextmanager

import pytest
from lxml import etree

from qbwc_service.simulator import Company, Switches, VersionCall, WebConnector
from tests.shared import shared

from .polling import NO_WAIT, SESSION, Naps, connector, customer_add
from .soap_service import INTUIT, SOAP, envelope, served

OFFICIAL = (
    "serverVersion",
    "clientVersion",
    "authenticate",
    "sendRequestXML",
    "receiveResponseXML",
    "connectionError",
    "getLastError",
    "closeConnection",
)


def test_every_request_is_valid_by_intuits_wsdl():
    wsdl = etree.parse(str(shared("spyne/QBWebConnectorSvc.wsdl")))
    (schema,) = wsdl.iter("{http://www.w3.org/2001/XMLSchema}schema")
    valid = etree.XMLSchema(etree.fromstring(etree.tostring(schema)))
    with served() as service:
        service.says(
            authenticate=SESSION, sendRequestXML=customer_add("Ann"), receiveResponseXML=-1, connectionError=""
        )
        polling = connector(service)
        polling.faults.begin_fails("0x80040408")
        polling.poll()
    assert set(service.operations) == set(OFFICIAL)
    for call in service.calls:
        (operation,) = etree.fromstring(call.body).find(f"{{{SOAP}}}Body")
        valid.assertValid(etree.fromstring(etree.tostring(operation)))


def test_a_call_without_arguments_is_byte_for_byte_that_of_the_trace():
    with served() as service:
        connector(service).poll()
    assert service.calls[0].body == (
        b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        b'<soap:Body><serverVersion xmlns="http://developer.intuit.com/" /></soap:Body></soap:Envelope>'
    )


@contextmanager
def web_server(handler):
    """-> the address of a server that keeps its connections, as HTTP/1.1 does."""
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/qbwc"
        finally:
            server.shutdown()
            thread.join()


def handler_of(log, *, hangs_up=False, expectation=100):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_expect_100(self):
            log.append(("expected", self.client_address))
            if expectation == 100:
                return super().handle_expect_100()
            self.send_error(expectation)
            return False

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (element,) = etree.fromstring(body).find(f"{{{SOAP}}}Body")
            operation = etree.QName(element).localname
            log.append((operation, self.client_address))
            strings = "<string>t</string><string>none</string>" if operation == "authenticate" else ""
            answer = envelope(
                f'<{operation}Response xmlns="{INTUIT}"><{operation}Result>{strings}</{operation}Result>'
                f"</{operation}Response>"
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = hangs_up

        def log_message(self, *_):
            pass

    return Handler


def poll(url, switches):
    return WebConnector(url, "u", "p", Company.new(), switches=switches, sleep=Naps()).poll()


def test_one_connection_serves_a_whole_update():
    log = []
    with web_server(handler_of(log)) as url:
        outcome = poll(url, NO_WAIT)
    assert [operation for operation, _ in log] == list(outcome.calls)
    assert len({address for _, address in log}) == 1


def test_a_service_that_hangs_up_after_each_answer_is_called_again():
    log = []
    with web_server(handler_of(log, hangs_up=True)) as url:
        polling = WebConnector(url, "u", "p", Company.new(), switches=NO_WAIT)
        for operation in ("clientVersion", "authenticate", "closeConnection"):
            polling.faults.before(operation, lambda: time.sleep(0.05))  # so that we hear of it
        outcome = polling.poll()
    assert (len(outcome.calls), outcome.code) == (4, "")
    assert len({address for _, address in log}) == 4


def test_the_body_waits_for_a_100_continue():
    log = []
    with web_server(handler_of(log)) as url:
        outcome = poll(url, Switches())
    assert [operation for operation, _ in log[::2]] == ["expected"] * 4
    assert [operation for operation, _ in log[1::2]] == list(outcome.calls)
    assert outcome.code == ""


def test_a_refusal_in_place_of_100_continue_is_a_failed_call():
    log = []
    with web_server(handler_of(log, expectation=417)) as url:
        outcome = poll(url, Switches(server_version=VersionCall.NOT_AT_ALL))
    assert (outcome.calls, outcome.code) == (("clientVersion", "authenticate"), "QBWC1012")
    assert {operation for operation, _ in log} == {"expected"}


def test_an_address_that_is_not_of_the_web_is_refused():
    with pytest.raises(ValueError, match="ftp"):
        poll("ftp://localhost/qbwc", Switches())
