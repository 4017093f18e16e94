"""contract.md 1 and 2: names, arguments and answers, as the Web Connector writes and reads them."""

import hypothesis
import pytest
import zeep
from hypothesis import strategies
from lxml import etree

from qbwc_service.connector.contract import application
from tests.connector.soap import (
    INTUIT,
    PASSWORD,
    TICKET,
    Sessions,
    call,
    element,
    envelope,
    make_application,
    post,
    request,
)
from tests.shared import shared

WSDL = {"w": "http://schemas.xmlsoap.org/wsdl/", "soap": "http://schemas.xmlsoap.org/wsdl/soap/"}
OFFICIAL = [
    "serverVersion",
    "clientVersion",
    "authenticate",
    "sendRequestXML",
    "receiveResponseXML",
    "connectionError",
    "getLastError",
    "closeConnection",
]
INTERACTIVE = ["getInteractiveURL", "interactiveDone", "isInteractiveDone", "interactiveRejected"]


# What reaches the sessions


def test_each_operation_reaches_the_sessions_with_its_arguments_in_place() -> None:
    sessions = Sessions()
    app = make_application(sessions)
    call(app, "clientVersion", strVersion="2.3.0.215")
    call(app, "authenticate", strUserName="someone", strPassword=PASSWORD)
    call(
        app,
        "sendRequestXML",
        ticket="t",
        strHCPResponse="<QBXML/>",
        strCompanyFileName=r"C:\b.qbw",
        qbXMLCountry="US",
        qbXMLMajorVers="13",
        qbXMLMinorVers="0",
    )
    call(app, "receiveResponseXML", ticket="t", response="<QBXML/>", hresult="0x1", message="m")
    call(app, "connectionError", ticket="t", hresult="0x1", message="m")
    call(app, "getLastError", ticket="t")
    call(app, "closeConnection", ticket="t")
    assert sessions.calls == [
        ("client_version", "2.3.0.215", "192.0.2.7"),
        ("authenticate", "someone", PASSWORD, "192.0.2.7"),
        ("send_request", "t", "<QBXML/>", r"C:\b.qbw", "US", 13, 0),
        ("receive_response", "t", "<QBXML/>", "0x1", "m"),
        ("connection_error", "t", "0x1", "m"),
        ("last_error", "t"),
        ("close", "t"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<ticket/><response/><hresult/><message/>",
        "<ticket></ticket>",
        '<ticket xsi:nil="true"/><response xsi:nil="1"/>',
        "<!-- none --><response><?nothing here?></response>",
    ],
)
def test_what_is_absent_empty_or_nil_is_the_empty_text(content: str) -> None:
    sessions = Sessions()
    assert post(make_application(sessions), envelope(element("receiveResponseXML", content))).status == 200
    assert sessions.calls == [("receive_response", "", "", "", "")]


@pytest.mark.parametrize("content", ["", "<qbXMLMajorVers/><qbXMLMinorVers> </qbXMLMinorVers>"])
def test_a_version_that_is_absent_or_empty_is_zero(content: str) -> None:
    sessions = Sessions()
    assert post(make_application(sessions), envelope(element("sendRequestXML", content))).status == 200
    assert sessions.calls == [("send_request", "", "", "", "", 0, 0)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("13", 13), (" 13\n", 13), ("+13", 13), ("-1", -1), ("0013", 13), ("2147483647", 2**31 - 1)],
)
def test_an_int_is_read_as_xml_schema_writes_it(written: str, meant: int) -> None:
    sessions = Sessions()
    call(make_application(sessions), "sendRequestXML", qbXMLMajorVers=written)
    assert sessions.calls == [("send_request", "", "", "", "", meant, 0)]


@pytest.mark.parametrize(
    "written", ["13.0", "1e3", "0x0D", "thirteen", "1 3", "2147483648", "-2147483649", "9" * 5000, "١٣", "--1"]
)
def test_what_is_no_int_is_the_clients_fault(written: str) -> None:
    sessions = Sessions()
    answer = call(make_application(sessions), "sendRequestXML", qbXMLMajorVers=written)
    assert (answer.status, answer.fault_code(), sessions.calls) == (500, "Client", [])
    assert "qbXMLMajorVers" in answer.text


def test_the_sequence_of_the_arguments_does_not_matter() -> None:
    sessions = Sessions()
    call(make_application(sessions), "connectionError", message="m", hresult="h", ticket="t")
    assert sessions.calls == [("connection_error", "t", "h", "m")]


@pytest.mark.parametrize("content", ["", "<strVersion>1</strVersion>", "<ticket>t</ticket>", "<ticket>t</ticket>" * 2])
@pytest.mark.parametrize("name", ["serverVersion", "clientVersion"])
def test_version_calls_take_what_the_wire_and_the_guide_disagree_on(name: str, content: str) -> None:
    assert post(make_application(Sessions()), envelope(element(name, content))).status == 200


def test_an_argument_of_another_name_is_refused_by_the_names_that_are_right() -> None:
    sessions = Sessions()
    answer = call(make_application(sessions), "sendRequestXML", ticket="t", strCompanyFilename="x")
    assert (answer.status, answer.fault_code(), sessions.calls) == (500, "Client", [])
    assert "strCompanyFileName" in answer.text


@pytest.mark.parametrize("namespace", ["", "http://example.com/"])
def test_an_argument_of_another_namespace_is_the_clients_fault(namespace: str) -> None:
    sessions = Sessions()
    content = f'<ticket xmlns="{namespace}">t</ticket>'
    answer = post(make_application(sessions), envelope(element("closeConnection", content)))
    assert (answer.status, answer.fault_code(), sessions.calls) == (500, "Client", [])


def test_every_argument_may_declare_its_namespaces_again() -> None:
    sessions = Sessions()
    namespaces = f'xmlns="{INTUIT}"' + "".join(f' xmlns:a{n}="b"' for n in range(9))
    content = "".join(f"<{name} {namespaces}>x</{name}>" for name in ("ticket", "response", "hresult", "message"))
    post(make_application(sessions), envelope(element("receiveResponseXML", content)))
    assert sessions.calls == [("receive_response", "x", "x", "x", "x")]


def test_cdata_comments_and_instructions_do_not_cut_an_argument() -> None:
    sessions = Sessions()
    content = "<ticket>a<!-- b --><![CDATA[<c>&amp;]]><?d e?>&lt;f&#62;\n</ticket>"
    post(make_application(sessions), envelope(element("closeConnection", content)))
    assert sessions.calls == [("close", "a<c>&amp;<f>\n")]


@pytest.mark.parametrize("nil", ["false", "0"])
def test_what_is_said_not_to_be_nil_is_not(nil: str) -> None:
    sessions = Sessions()
    post(make_application(sessions), envelope(element("closeConnection", f'<ticket xsi:nil="{nil}">t</ticket>')))
    assert sessions.calls == [("close", "t")]


def test_an_argument_may_say_the_type_that_it_has() -> None:
    sessions = Sessions()
    content = '<ticket xsi:type="xsd:string">t</ticket><qbXMLMajorVers xsi:type="xsd:int">13</qbXMLMajorVers>'
    post(make_application(sessions), envelope(element("sendRequestXML", content)))
    assert sessions.calls == [("send_request", "t", "", "", "", 13, 0)]


xml_text = strategies.text(strategies.characters(codec="utf-8", min_codepoint=0x20, exclude_characters="\ufffe\uffff"))


@hypothesis.given(xml_text)
@hypothesis.settings(deadline=None)
def test_every_text_arrives_as_it_was_written(text: str) -> None:
    sessions = Sessions()
    call(make_application(sessions), "receiveResponseXML", response=text)
    assert sessions.calls == [("receive_response", "", text, "", "")]


# What the Web Connector reads


def raw(name: str, result: str) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soap11env:Envelope xmlns:soap11env="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:tns="{INTUIT}"><soap11env:Body><tns:{name}Response><tns:{name}Result>{result}</tns:{name}Result>'
        f"</tns:{name}Response></soap11env:Body></soap11env:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("serverVersion", "1.2.3"),
        ("clientVersion", ""),
        ("authenticate", f"<tns:string>{TICKET}</tns:string><tns:string></tns:string>"),
        (
            "sendRequestXML",
            '&lt;?xml version="1.0" encoding="utf-8"?&gt;&lt;QBXML&gt;a &amp;amp; b&lt;/QBXML&gt;',
        ),
        ("receiveResponseXML", "42"),
        ("connectionError", "done"),
        ("getLastError", "NoOp"),
        ("closeConnection", "OK"),
        *((name, "") for name in INTERACTIVE),
    ],
)
def test_the_bytes_of_each_answer(name: str, result: str) -> None:
    answer = call(make_application(Sessions()), name)
    assert answer.body == raw(name, result)
    assert answer.status == 200
    assert answer.headers == {
        "Content-Type": "text/xml; charset=utf-8",
        "Content-Length": str(len(answer.body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def test_no_message_is_an_empty_element() -> None:
    answer = call(make_application(Sessions(message="")), "sendRequestXML")
    assert answer.body == raw("sendRequestXML", "")


def test_a_login_may_answer_four_texts() -> None:
    answer = call(make_application(Sessions(login=("", "none", "60", "300"))), "authenticate")
    assert [text.text or "" for text in answer.result()] == ["", "none", "60", "300"]


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_dropped_and_the_rest_arrives(character: str) -> None:
    answer = call(make_application(Sessions(error=f"before{character}after")), "getLastError")
    assert (answer.status, answer.result().text) == (200, "beforeafter")


@pytest.mark.parametrize("text", ["\r\n\t", "é €", "\U0001f600", "]]>", "&amp;<>\"'", "\x7f\x85\u2028"])
def test_what_xml_can_hold_arrives(text: str) -> None:
    answer = call(make_application(Sessions(error=f"before{text}after")), "getLastError")
    assert answer.result().text == f"before{text}after"


@hypothesis.given(strategies.text(strategies.characters()))
@hypothesis.settings(deadline=None)
def test_no_text_makes_an_answer_that_is_not_xml(text: str) -> None:
    answer = call(make_application(Sessions(message=text)), "sendRequestXML")
    assert answer.status == 200
    assert answer.result().tag == f"{{{INTUIT}}}sendRequestXMLResult"


# The WSDL


@pytest.fixture(scope="module")
def wsdl() -> bytes:
    return request(make_application(Sessions()), QUERY_STRING="wsdl").body


def test_every_operation_has_intuits_soap_action_and_message_names(wsdl: bytes) -> None:
    root = etree.fromstring(wsdl)
    for name in OFFICIAL + INTERACTIVE:
        (action,) = root.xpath(f"//w:binding/w:operation[@name='{name}']/soap:operation/@soapAction", namespaces=WSDL)
        assert action == f"{INTUIT}{name}"
        for message, wrapper in ((f"{name}SoapIn", name), (f"{name}SoapOut", f"{name}Response")):
            (part,) = root.xpath(f"/w:definitions/w:message[@name='{message}']/w:part", namespaces=WSDL)
            assert dict(part.attrib) == {"name": "parameters", "element": f"tns:{wrapper}"}


def test_the_eight_operations_are_intuits(wsdl: bytes) -> None:
    ours, theirs = signatures(wsdl), signatures(shared("spyne/QBWebConnectorSvc.wsdl").read_bytes())
    assert sorted(theirs) == sorted(OFFICIAL)
    assert {name: ours[name] for name in OFFICIAL} == theirs


def test_the_elements_of_the_eight_operations_are_intuits(wsdl: bytes) -> None:
    ours, theirs = elements(wsdl), elements(shared("spyne/QBWebConnectorSvc.wsdl").read_bytes())
    assert {name: ours[name] for name in theirs} == theirs


def test_service_port_and_binding_are_named_as_intuits(wsdl: bytes) -> None:
    def names(document: bytes) -> list[object]:
        root = etree.fromstring(document)
        paths = ["w:service/@name", "w:service/w:port/@name", "w:binding/@name", "w:portType/@name", "@targetNamespace"]
        paths += ["w:binding/soap:binding/@style", "w:binding/soap:binding/@transport"]
        return [root.xpath(path, namespaces=WSDL) for path in paths]

    assert names(wsdl) == names(shared("spyne/QBWebConnectorSvc.wsdl").read_bytes())


@pytest.mark.parametrize("public_url", ["https://books.example.com", "https://books.example.com/"])
def test_the_wsdl_names_the_public_address_whoever_asks(public_url: str) -> None:
    app = application(Sessions(), public_url)
    for host in ("evil.example", "localhost:8000"):
        root = etree.fromstring(request(app, QUERY_STRING="wsdl", HTTP_HOST=host, SERVER_NAME=host).body)
        assert root.xpath("//soap:address/@location", namespaces=WSDL) == ["https://books.example.com/qbwc"]


def test_two_applications_keep_their_sessions_and_addresses_apart() -> None:
    first, second = Sessions(server_version="1"), Sessions(server_version="2")
    one, two = make_application(first), make_application(second)
    assert call(one, "serverVersion").result().text == "1"
    assert call(two, "serverVersion").result().text == "2"
    call(one, "closeConnection", ticket="t")
    assert (first.calls, second.calls) == ([("close", "t")], [])


def signatures(document: bytes) -> dict[str, tuple[str, str, str, str]]:
    """Operation -> soapAction, style, input and output, as zeep tells them."""
    client = zeep.Client(_Bytes(document))  # type: ignore[no-untyped-call]
    (binding,) = client.wsdl.bindings.values()
    return {
        name: (operation.soapaction, operation.style, operation.input.signature(), operation.output.signature())
        for name, operation in binding._operations.items()
    }


def elements(document: bytes) -> dict[str, list[tuple[str, str, str, str, str]]]:
    """Global element (or complex type) -> the elements within: name, type, occurrence, nillable."""
    root = etree.fromstring(document)
    schema = "{http://www.w3.org/2001/XMLSchema}"
    types = {node.get("name"): node for node in root.iter(f"{schema}complexType") if node.get("name")}
    found = {}
    for node in [*root.iterfind(f".//{schema}schema/{schema}element"), *types.values()]:
        holder = types.get((node.get("type") or "").rpartition(":")[2], node)
        found[node.get("name", "")] = [
            (
                child.get("name", ""),
                (child.get("type") or "").rpartition(":")[2],
                child.get("minOccurs", "1"),
                child.get("maxOccurs", "1"),
                child.get("nillable", "false"),
            )
            for child in holder.iterfind(f".//{schema}sequence/{schema}element")
        ]
    return found


class _Bytes:
    """A WSDL that is not in a file: zeep reads what has `read`."""

    def __init__(self, document: bytes) -> None:
        self._document = document

    def read(self) -> bytes:
        return self._document
