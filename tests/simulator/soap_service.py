"""A small SOAP service of its own, by wsgiref and lxml, that answers what a test tells it: not the service of qbwc."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from xml.sax.saxutils import escape

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT = "http://developer.intuit.com/"
TICKET = "ticket-1"


@dataclass(frozen=True)
class Call:
    operation: str
    arguments: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Raw:
    """An answer that is given as it stands."""

    body: bytes
    status: str = "200 OK"
    content_type: str = "text/xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Answer = str | int | list[str] | Raw | None


def fault(text: str) -> Raw:
    return Raw(
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault><faultcode>soap:Client</faultcode>'
        f"<faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>".encode(),
        "500 Internal Server Error",
    )


@dataclass
class Service:
    """`answers` holds a list for each operation: one answer for each call, the last for all that follow.

    An answer may be a function of the call.
    """

    answers: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    url: str = ""

    def says(self, **answers: Any) -> "Service":
        """Each given as one answer or as a list of them in a tuple."""
        for operation, given in answers.items():
            self.answers[operation] = list(given) if isinstance(given, tuple) else [given]
        return self

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def arguments(self, operation: str) -> list[dict[str, str]]:
        return [call.arguments for call in self.calls if call.operation == operation]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            self.gets.append(environ["PATH_INFO"])
            start("200 OK" if environ["PATH_INFO"] != "/gone" else "404 Not Found", [("Content-Type", "text/plain")])
            return [b"here"]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        (operation,) = etree.fromstring(body).find(f"{{{SOAP}}}Body")
        call = Call(
            etree.QName(operation).localname,
            {etree.QName(child).localname: child.text or "" for child in operation},
            {name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))},
            body,
        )
        self.calls.append(call)
        given = self.answers[call.operation]
        answer = given.pop(0) if len(given) > 1 else given[0]
        raw = _render(call.operation, answer(call) if callable(answer) else answer)
        start(raw.status, [("Content-Type", raw.content_type), *raw.headers])
        return [raw.body]


def _render(operation: str, answer: Answer) -> Raw:
    if isinstance(answer, Raw):
        return answer
    if answer is None:
        result = ""
    elif isinstance(answer, list):
        strings = "".join(f"<string>{escape(text)}</string>" for text in answer)
        result = f"<{operation}Result>{strings}</{operation}Result>"
    else:
        result = f"<{operation}Result>{escape(str(answer))}</{operation}Result>"
    return Raw(envelope(f'<{operation}Response xmlns="{INTUIT}">{result}</{operation}Response>'))


def envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{content}</soap:Body></soap:Envelope>'
    ).encode()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[Service]:
    """-> a service with nothing to do: each poll ends at authenticate, unless a test says otherwise."""
    service = Service().says(
        serverVersion="1.0",
        clientVersion="",
        authenticate=[TICKET, "none"],
        sendRequestXML="",
        receiveResponseXML=100,
        connectionError="done",
        getLastError="nothing to do",
        closeConnection="OK",
        getInteractiveURL="",
        interactiveDone="",
        interactiveRejected="",
    )
    with make_server("localhost", 0, service, server_class=_Server, handler_class=_Handler) as server:
        service.url = f"http://localhost:{server.server_port}/qbwc"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
