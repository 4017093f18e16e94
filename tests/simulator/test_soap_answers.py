"""What a .NET client takes for an answer, and what not (contract.md 1.4)."""

import pytest

from qbwc_service.simulator import ContractBroken

from .polling import SESSION, connector, customer_add
from .soap_service import INTUIT, SOAP, TICKET, Raw, envelope, served

GOOD = envelope(
    f'<authenticateResponse xmlns="{INTUIT}"><authenticateResult><string>{TICKET}</string><string>none</string>'
    "</authenticateResult></authenticateResponse>"
)


@pytest.fixture
def service():
    with served() as started:
        yield started


def with_prefixes(body):
    body = body.replace(b"soap:", b"SOAP-ENV:").replace(b"xmlns:soap", b"xmlns:SOAP-ENV")
    for name in (b"authenticateResponse", b"authenticateResult", b"string"):
        body = body.replace(b"<" + name, b"<ns1:" + name).replace(b"</" + name, b"</ns1:" + name)
    return body.replace(b"xmlns=", b"xmlns:ns1=")


@pytest.mark.parametrize(
    "answer",
    [
        Raw(GOOD),
        Raw(GOOD, content_type='text/xml; charset="UTF-8"'),
        Raw(GOOD, content_type="TEXT/XML"),
        Raw(with_prefixes(GOOD)),
        Raw(GOOD.replace(b"><", b">\r\n  <")),
        Raw(GOOD.replace(b"none", b"<![CDATA[none]]>")),
        Raw(GOOD.replace(b"none", b"no<!-- way -->ne")),
        Raw(GOOD.split(b"?>", 1)[1]),
        Raw(GOOD.replace(b"<soap:Body>", b"<soap:Header /><soap:Body>")),
    ],
)
def test_the_same_answer_in_many_shapes_is_taken(service, answer):
    service.says(authenticate=answer)
    assert connector(service).poll().status == "No data exchange required"


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (Raw(b""), "empty"),
        (Raw(GOOD, content_type="application/soap+xml"), "content type"),
        (Raw(GOOD, content_type="text/html"), "content type"),
        (Raw(GOOD, headers=(("Content-Encoding", "gzip"),)), "compressed"),
        (Raw(b" " + GOOD), "before the XML"),
        (Raw(b"\xef\xbb\xbf" + GOOD), "before the XML"),
        (Raw(b"Warning: line 3\n" + GOOD), "before the XML"),
        (Raw(GOOD, content_type="text/xml; charset=utf-99"), "charset"),
        (Raw(GOOD.replace(b"none", b"caf\xe9")), "well-formed"),
        (Raw(GOOD[:-20]), "well-formed"),
        (Raw(GOOD.replace(b"?>", b"?><!DOCTYPE x>", 1)), "DOCTYPE"),
        (Raw(GOOD.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope")), "SOAP 1.1"),
        (Raw(envelope("")), "Body is empty"),
        (Raw(envelope("").replace(b"Body", b"Bodies")), "no Body"),
        (Raw(GOOD.replace(INTUIT.encode(), INTUIT[:-1].encode())), "authenticateResponse"),
        (Raw(GOOD.replace(b"authenticateResponse", b"authenticateReply")), "authenticateResponse"),
        (Raw(GOOD.replace(b"authenticateResult>", b"return>")), "authenticateResult"),
        (Raw(GOOD.replace(b"<string>none</string>", b"")), "1 <string>"),
        (Raw(GOOD.replace(b"string>", b"str>")), "<string> is due"),
        ([TICKET, "", "", "", ""], "5 <string>"),
        ([TICKET, "", "soon"], "seconds"),
        (None, "authenticateResult"),
    ],
)
def test_an_answer_that_dotnet_would_not_take_breaks_the_contract(service, answer, rule):
    service.says(authenticate=answer)
    with pytest.raises(ContractBroken, match=rule) as broken:
        connector(service).poll()
    assert broken.value.operation == "authenticate"


@pytest.mark.parametrize("answer", ["50.0", "", "fifty", "0x64", "99999999999", None])
def test_the_percentage_is_an_int_or_breaks_the_contract(service, answer):
    service.says(authenticate=SESSION, sendRequestXML=customer_add("Ann"), receiveResponseXML=answer)
    with pytest.raises(ContractBroken, match="receiveResponseXML"):
        connector(service).poll()


def test_a_message_is_text_and_not_elements(service):
    answer = f'<sendRequestXMLResponse xmlns="{INTUIT}"><sendRequestXMLResult><QBXML /></sendRequestXMLResult>'
    service.says(authenticate=SESSION, sendRequestXML=Raw(envelope(answer + "</sendRequestXMLResponse>")))
    with pytest.raises(ContractBroken, match="text is due"):
        connector(service).poll()


def test_null_in_place_of_text_breaks_the_contract(service):
    nil = 'xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    answer = f'<closeConnectionResponse xmlns="{INTUIT}"><closeConnectionResult {nil} /></closeConnectionResponse>'
    service.says(closeConnection=Raw(envelope(answer)))
    with pytest.raises(ContractBroken, match="nil"):
        connector(service).poll()


def test_a_broken_answer_leaves_no_session_open_in_quickbooks(service):
    service.says(authenticate=SESSION, sendRequestXML=None)
    polling = connector(service)
    ended = []
    polling.company.end_session = ended.append
    with pytest.raises(ContractBroken):
        polling.poll()
    assert len(ended) == 1
