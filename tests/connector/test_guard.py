"""security.md 4.3, 1 to 20: nothing that is not a call comes to the sessions or to the log."""

import io
import logging
import time
import tracemalloc
from collections.abc import Callable, Iterator
from wsgiref.validate import validator
from xml.sax.saxutils import escape

import hypothesis
import pytest
from hypothesis import strategies
from lxml import etree

from qbwc_service.connector.envelope import Operation
from qbwc_service.connector.guard import LARGEST_BODY, guard
from tests.connector.hostile import DECLARATION, FLOODS, GOOD, HOSTILE_BODIES
from tests.connector.soap import (
    AUTHENTICATE,
    PASSWORD,
    SOAP,
    TICKET,
    Answer,
    Sessions,
    call,
    element,
    envelope,
    login,
    make_application,
    operation,
    post,
    request,
)


class Watched:
    """An application, and all that it told to anyone."""

    def __init__(self, log: pytest.LogCaptureFixture, streams: pytest.CaptureFixture[str]) -> None:
        self.sessions = Sessions()
        self.app = make_application(self.sessions)
        self._log = log
        self._streams = streams

    def told(self) -> str:
        """Every field of every log record, and what was printed."""
        out, err = self._streams.readouterr()
        return out + err + self._log.text + "".join(str(vars(record)) for record in self._log.records)

    def refuses(self, answer: Answer) -> bool:
        """Nothing was done, and neither the client nor the log learned what the request said, or where we failed."""
        assert self.sessions.calls == []
        for text in (answer.text, self.told()):
            assert "Traceback" not in text
            assert PASSWORD not in text
            assert TICKET not in text
        if answer.status < 500:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.text.count("\n") == 1
        return True


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[Watched]:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="spyne"):
        yield Watched(caplog, capsys)


def test_the_call_that_the_hostile_bodies_are_made_from_is_good(watched: Watched) -> None:
    assert post(watched.app, GOOD).status == 200
    assert watched.sessions.calls == [("authenticate", "someone", PASSWORD, "192.0.2.7")]
    assert PASSWORD not in watched.told()


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in HOSTILE_BODIES.items()])
def test_a_hostile_body_is_refused(watched: Watched, body: bytes) -> None:
    answer = post(watched.app, body)
    assert watched.refuses(answer)
    assert answer.status in (400, 413)


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in HOSTILE_BODIES.items()])
def test_a_hostile_body_is_refused_when_it_comes_in_drips(watched: Watched, body: bytes) -> None:
    assert watched.refuses(post(watched.app, body, **{"wsgi.input": Drips(body)}))


@pytest.mark.parametrize("name", [*FLOODS, "billion laughs", "billion laughs in an attribute", "quadratic blowup"])
def test_a_flood_costs_less_than_50_milliseconds(watched: Watched, name: str) -> None:
    assert least_seconds(lambda: post(watched.app, HOSTILE_BODIES[name])) < 0.05


def test_a_soap_12_envelope_is_a_version_mismatch(watched: Watched) -> None:
    answer = post(watched.app, GOOD.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"))
    assert watched.refuses(answer)
    assert (answer.status, answer.fault_code()) == (500, "VersionMismatch")


@pytest.mark.parametrize("name", ["authenticate2", "Authenticate", "__init__", "authenticateResponse", "a.b"])
def test_an_unknown_operation_is_a_fault_that_dot_net_can_read(watched: Watched, name: str) -> None:
    answer = post(watched.app, envelope(element(name, f"<strPassword>{PASSWORD}</strPassword>")))
    assert watched.refuses(answer)
    assert (answer.status, answer.fault_code()) == (500, "Client")
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    "header",
    [
        "<soap:Header/>",
        '<soap:Header><a soap:mustUnderstand="1" id="a"><b href="#a"/></a></soap:Header>',
        f"<soap:Header>{element('closeConnection', '<ticket>t</ticket>')}</soap:Header>",
    ],
)
def test_a_header_is_ignored(watched: Watched, header: str) -> None:
    assert post(watched.app, envelope(login(), header)).status == 200
    assert [name for name, *_ in watched.sessions.calls] == ["authenticate"]


@pytest.mark.parametrize("action", [None, '"http://developer.intuit.com/closeConnection"', "", "nonsense"])
def test_the_body_and_not_the_soap_action_says_what_is_called(watched: Watched, action: str | None) -> None:
    assert post(watched.app, GOOD, HTTP_SOAPACTION=action).status == 200
    assert [name for name, *_ in watched.sessions.calls] == ["authenticate"]


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf" + GOOD, GOOD.removeprefix(DECLARATION), GOOD.replace(b"utf-8", b"UTF-8", 1)]
)
def test_utf_8_may_be_marked_or_not(watched: Watched, body: bytes) -> None:
    assert post(watched.app, body).status == 200


# Transport


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "text/xml; charset=utf-8", 'TEXT/XML;charset="UTF-8"', "text/xml ; action=x; Charset=utf8"],
)
def test_text_xml_in_utf_8_is_taken(watched: Watched, content_type: str) -> None:
    assert post(watched.app, GOOD, CONTENT_TYPE=content_type).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        ";",
        "text/plain",
        "text/xml-external-parsed-entity",
        "application/xml",
        "application/soap+xml; charset=utf-8",
        "application/x-www-form-urlencoded",
        'multipart/related; type="text/xml"; boundary=a',
        "text/xml; charset=iso-8859-1",
        "text/xml; charset=utf-16",
        "text/xml; charset=nonsense",
        "text/xml; charset=zip",
        "text/xml; charset=",
        "text/xml; charset=utf-8; charset=utf-16",
        "text/xml; charset*=utf-16''x",
        "text/xml, text/plain",
        "text/xml\x00",
        '"' * 5_000,
    ],
)
def test_another_content_type_is_refused_unread(watched: Watched, content_type: str | None) -> None:
    answer = post(watched.app, GOOD, CONTENT_TYPE=content_type, **{"wsgi.input": Unreadable()})
    assert watched.refuses(answer)
    assert answer.status == 415


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (None, 411),
        ("", 411),
        ("abc", 400),
        ("-5", 400),
        ("+5", 400),
        ("5, 5", 400),
        ("5_0", 400),
        ("0x10", 400),
        ("1e3", 400),
        (" 5", 400),
        ("٥", 400),
        ("²", 400),
        (str(LARGEST_BODY + 1), 413),
        ("9" * 5_000, 413),
    ],
)
def test_a_length_that_is_absent_strange_or_too_large_is_refused_unread(
    watched: Watched, length: str | None, status: int
) -> None:
    answer = post(watched.app, GOOD, CONTENT_LENGTH=length, **{"wsgi.input": Unreadable()})
    assert watched.refuses(answer)
    assert answer.status == status


def test_no_bytes_are_no_call(watched: Watched) -> None:
    answer = post(watched.app, b"")
    assert watched.refuses(answer)
    assert answer.status == 400


@pytest.mark.parametrize("missing", [1, 10, 300, len(GOOD)])
def test_a_body_that_is_shorter_than_its_length_is_refused(watched: Watched, missing: int) -> None:
    answer = post(watched.app, GOOD[: len(GOOD) - missing], CONTENT_LENGTH=str(len(GOOD)))
    assert watched.refuses(answer)
    assert answer.status == 400


def test_a_whole_call_within_a_body_that_is_too_short_is_not_made(watched: Watched) -> None:
    answer = post(watched.app, GOOD, CONTENT_LENGTH=str(len(GOOD) + 10))
    assert watched.refuses(answer)
    assert answer.status == 400


def test_a_connection_that_breaks_in_the_body_is_a_refusal(watched: Watched) -> None:
    answer = post(watched.app, GOOD, **{"wsgi.input": Unreadable(ConnectionResetError())})
    assert watched.refuses(answer)
    assert answer.status == 400


def test_what_follows_the_length_is_not_read(watched: Watched) -> None:
    assert post(watched.app, GOOD, **{"wsgi.input": io.BytesIO(GOOD + b"GET / HTTP/1.1")}).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "post"])
def test_other_verbs_are_told_which_are_allowed(watched: Watched, method: str) -> None:
    answer = post(watched.app, GOOD, REQUEST_METHOD=method, **{"wsgi.input": Unreadable()})
    assert watched.refuses(answer)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("query", [None, "", "x=1", "wsdl=1", "wsdl&a", "WSDLx"])
@pytest.mark.parametrize("path", ["", "/", "/x.wsdl"])
def test_a_person_who_opens_the_address_sees_that_it_works(query: str | None, path: str) -> None:
    answer = request(make_application(Sessions()), QUERY_STRING=query, PATH_INFO=path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "it works" in answer.text


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl"])
def test_only_the_query_wsdl_gives_the_wsdl(query: str) -> None:
    answer = request(make_application(Sessions()), QUERY_STRING=query)
    assert etree.fromstring(answer.body).tag == "{http://schemas.xmlsoap.org/wsdl/}definitions"
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize("query", ["", "wsdl"])
def test_head_is_get_without_its_body(query: str) -> None:
    app = make_application(Sessions())
    head, get = (request(app, REQUEST_METHOD=method, QUERY_STRING=query) for method in ("HEAD", "GET"))
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


def test_every_answer_forbids_storing_and_guessing() -> None:
    app = make_application(Sessions())
    for answer in (request(app), post(app, GOOD), post(app, b"x"), request(app, REQUEST_METHOD="PUT"), call(app, "x")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Length"] == str(len(answer.body))


def test_nothing_is_compressed_even_if_it_could_be() -> None:
    answer = post(make_application(Sessions()), GOOD, HTTP_ACCEPT_ENCODING="gzip, deflate, br")
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("method", "body"), [("GET", b""), ("HEAD", b""), ("PUT", b"x"), ("POST", b"x"), ("POST", GOOD)]
)
def test_the_application_keeps_to_wsgi(method: str, body: bytes) -> None:
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/qbwc",
        "PATH_INFO": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    statuses = []

    def start_response(status: str, headers: object, exc_info: object = None) -> None:
        statuses.append(status)

    answer = validator(make_application(Sessions()))(environ, start_response)  # type: ignore[arg-type]
    b"".join(answer)
    answer.close()  # type: ignore[attr-defined]
    assert len(statuses) == 1


# Size


@pytest.mark.parametrize("megabytes", [9, 12, 60])
def test_a_large_answer_of_quickbooks_is_taken_whole(megabytes: int) -> None:
    sessions = Sessions()
    text = "a" * (megabytes * 1024 * 1024)
    answer = call(make_application(sessions), "receiveResponseXML", ticket="t", response=text, hresult="h")
    assert answer.status == 200
    ((name, *arguments),) = sessions.calls
    assert (name, arguments[0], arguments[2]) == ("receive_response", "t", "h")
    assert arguments[1] == text


def test_the_first_request_may_have_half_a_megabyte_of_company_and_preferences() -> None:
    sessions = Sessions()
    text = "<QBXML/>" * 62_500
    assert call(make_application(sessions), "sendRequestXML", ticket="t", strHCPResponse=text).status == 200
    assert sessions.calls == [("send_request", "t", text, "", "", 0, 0)]


@pytest.mark.parametrize(
    ("name", "arguments", "at_most"),
    [
        ("authenticate", {**AUTHENTICATE, "strUserName": "a" * 1_000_000}, 65_536),
        ("closeConnection", {"ticket": PASSWORD * 10_000}, 65_536),
        ("authenticate2", {"strPassword": PASSWORD, "a": "a" * 1_000_000}, 65_536),
        ("sendRequestXML", {"ticket": PASSWORD, "strHCPResponse": "a" * 2_000_000}, 65_536),
    ],
)
def test_what_is_too_large_for_its_operation_is_not_read_on(
    watched: Watched, name: str, arguments: dict[str, str], at_most: int
) -> None:
    body = io.BytesIO(envelope(operation(name, **arguments)))
    answer = post(watched.app, body.getvalue(), **{"wsgi.input": body})
    assert watched.refuses(answer)
    assert answer.status in (413, 500)
    assert body.tell() <= at_most


def test_a_large_body_must_say_early_what_it_calls(watched: Watched) -> None:
    body = io.BytesIO(envelope(" " * 100_000 + element("receiveResponseXML", f"<ticket>{PASSWORD}</ticket>")))
    answer = post(watched.app, body.getvalue(), **{"wsgi.input": body})
    assert watched.refuses(answer)
    assert (answer.status, body.tell()) == (413, 65_536)


def test_an_answer_of_8_megabytes_costs_at_most_half_as_much_again_as_lxml_needs_to_parse_it() -> None:
    app = make_application(Forgetful())
    body = large_answer(8)
    parser = etree.XMLParser(huge_tree=True)
    assert least_seconds(lambda: post(app, body)) < 1.5 * least_seconds(lambda: etree.fromstring(body, parser))


def test_an_answer_takes_at_most_four_times_its_size_in_memory_and_leaves_nothing() -> None:
    app = make_application(Forgetful())
    body = large_answer(8)
    post(app, body)
    tracemalloc.start()
    try:
        post(app, body)
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(body)
    assert left < 100_000


def large_answer(megabytes: int) -> bytes:
    """Escaped qbXML, as the Web Connector sends it."""
    record = "<CustomerRet>\n<ListID>80000001-1234567890</ListID>\n<Name>Caf\u00e9 &amp; Co</Name>\n</CustomerRet>\n"
    text = record * (megabytes * 1024 * 1024 // len(escape(record)))
    return envelope(operation("receiveResponseXML", ticket="t", response=text))


class Forgetful(Sessions):
    def _called(self, *call: object) -> str:
        return ""


# Failures


def test_a_failure_is_told_to_the_log_by_a_reference_and_without_what_was_sent(watched: Watched) -> None:
    watched.sessions.fails_with = ValueError(f"cannot log in someone with {PASSWORD}")
    answer = post(watched.app, GOOD)
    assert (answer.status, answer.fault_code()) == (500, "Server")
    told = watched.told()
    assert "Traceback" in told
    assert "builtins.ValueError" in told
    assert 'soap.py", line' in told
    assert answer.text.partition("reference ")[2][:12] in told
    assert PASSWORD not in told + answer.text
    assert "ValueError" not in answer.text


def test_a_failure_is_told_with_its_causes(watched: Watched) -> None:
    try:
        raise KeyError(PASSWORD)
    except KeyError as cause:
        watched.sessions.fails_with = RuntimeError(PASSWORD)
        watched.sessions.fails_with.__cause__ = cause
    post(watched.app, GOOD)
    told = watched.told()
    assert "builtins.RuntimeError" in told
    assert "builtins.KeyError" in told
    assert PASSWORD not in told


def test_a_failure_that_is_its_own_cause_is_told_as_well(watched: Watched) -> None:
    error = RuntimeError(PASSWORD)
    error.__cause__ = error
    watched.sessions.fails_with = error
    assert post(watched.app, GOOD).status == 500


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (Sessions(message=None), "sendRequestXML"),  # type: ignore[arg-type]
        (Sessions(message=b"a"), "sendRequestXML"),  # type: ignore[arg-type]
        (Sessions(login=("a", None)), "authenticate"),  # type: ignore[arg-type]
        (Sessions(error=1.5), "getLastError"),  # type: ignore[arg-type]
    ],
)
def test_an_answer_that_the_contract_does_not_know_is_a_failure_and_no_empty_envelope(
    wrong: Sessions, name: str
) -> None:
    answer = call(make_application(wrong), name)
    assert (answer.status, answer.fault_code()) == (500, "Server")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", f'<soap11env:Envelope xmlns:soap11env="{SOAP}"/>'),
        ("200 OK", ""),
        ("500 Internal Server Error", GOOD.decode()),
    ],
)
def test_what_spyne_answers_when_it_cannot_is_a_failure(status: str, body: str) -> None:
    def spyne(environ: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        start_response(status, [])
        return [body.encode()]

    app = guard(spyne, {"authenticate": Operation({"strUserName": str, "strPassword": str})}, b"")
    answer = post(app, GOOD)
    assert (answer.status, answer.fault_code()) == (500, "Server")


def test_after_a_failure_the_next_call_is_answered(watched: Watched) -> None:
    watched.sessions.fails_with = RuntimeError()
    post(watched.app, GOOD)
    watched.sessions.fails_with = None
    assert post(watched.app, GOOD).status == 200


# Whatever comes


@hypothesis.given(strategies.binary(max_size=300))
@hypothesis.settings(deadline=None)
def test_any_bytes_are_refused(body: bytes) -> None:
    sessions = Sessions()
    assert post(make_application(sessions), body).status == 400
    assert sessions.calls == []


@hypothesis.given(strategies.integers(0, len(GOOD) - 1), strategies.integers(0, 40), strategies.binary(max_size=20))
@hypothesis.settings(deadline=None, max_examples=300)
def test_a_damaged_call_is_refused_or_is_still_one_login(start: int, cut: int, put: bytes) -> None:
    sessions = Sessions()
    answer = post(make_application(sessions), GOOD[:start] + put + GOOD[start + cut :])
    assert answer.status in (200, 400, 500)
    assert len(sessions.calls) == (1 if answer.status == 200 else 0)
    assert b"Body>" in answer.body or answer.status == 400


class Unreadable:
    """A body that must not be read, or cannot be."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error or AssertionError("the body was read")

    def read(self, size: int) -> bytes:
        raise self._error


class Drips:
    """A body that comes in pieces of odd sizes."""

    def __init__(self, body: bytes) -> None:
        self._stream = io.BytesIO(body)
        self._reads = 0

    def read(self, size: int) -> bytes:
        self._reads += 1
        return self._stream.read(min(size, 1 + self._reads % 7 if self._reads < 2_000 else size))


def least_seconds(act: Callable[[], object], times: int = 5) -> float:
    """Of this process' own time, since others compute beside it."""
    least = float("inf")
    for _ in range(times):
        begin = time.process_time()
        act()
        least = min(least, time.process_time() - begin)
    return least
