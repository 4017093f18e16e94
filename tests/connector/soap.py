"""What the tests of the connector need: a client that has no mercy, and sessions that tell what reached them."""

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication
from xml.sax.saxutils import escape

import waitress.server
import waitress.wasyncore
from lxml import etree

from qbwc_service.connector.contract import application

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT = "http://developer.intuit.com/"
PASSWORD = "canary-Pa55word"
TICKET = "canary-71cke7"
PUBLIC_URL = "https://books.example.com"
OPEN = (
    f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
)
AUTHENTICATE = {"strUserName": "someone", "strPassword": PASSWORD}


@dataclass
class Sessions:
    """Gives fixed answers, and keeps each call with its arguments."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    message: str = '<?xml version="1.0" encoding="utf-8"?><QBXML>a &amp; b</QBXML>'
    error: str = "NoOp"
    login: tuple[str, ...] = (TICKET, "")
    fails_with: Exception | None = None
    server_version: str = "1.2.3"

    def client_version(self, version: str, remote: str) -> str:
        return self._called("client_version", version, remote) or ""

    def authenticate(self, username: str, password: str, remote: str) -> tuple[str, ...]:
        self._called("authenticate", username, password, remote)
        return self.login

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int
    ) -> str:
        self._called("send_request", ticket, hcp_response, company_file, country, major, minor)
        return self.message

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        self._called("receive_response", ticket, response, hresult, message)
        return 42

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        return self._called("connection_error", ticket, hresult, message) or "done"

    def last_error(self, ticket: str) -> str:
        return self._called("last_error", ticket) or self.error

    def close(self, ticket: str) -> str:
        return self._called("close", ticket) or "OK"

    def _called(self, *call: object) -> str:
        self.calls.append(call)
        if self.fails_with is not None:
            raise self.fails_with
        return ""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def result(self) -> etree._Element:
        """The one element within the response's wrapper."""
        (wrapper,) = etree.fromstring(self.body)[0]
        (result,) = wrapper
        return result

    def fault_code(self) -> str:
        """As the client sees it, without its prefix."""
        root = etree.fromstring(self.body)
        return root.findtext(f"{{{SOAP}}}Body/{{{SOAP}}}Fault/faultcode", "").rpartition(":")[2]


def envelope(body: str, before_body: str = "", after_body: str = "") -> bytes:
    """A SOAP message as .NET writes it."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{OPEN}{before_body}<soap:Body>{body}</soap:Body>{after_body}'
        "</soap:Envelope>"
    ).encode()


def operation(name: str, **arguments: str) -> str:
    return element(name, "".join(f"<{argument}>{escape(text)}</{argument}>" for argument, text in arguments.items()))


def element(name: str, content: str, attributes: str = "") -> str:
    return f'<{name} xmlns="{INTUIT}"{attributes}>{content}</{name}>'


def login(name: str = "<strUserName>someone</strUserName>", password: str = PASSWORD, attributes: str = "") -> str:
    """An authenticate whose first argument is written by the test; it always carries the password."""
    return element("authenticate", f"{name}<strPassword>{password}</strPassword>", attributes)


def call(app: WSGIApplication, name: str, **arguments: str) -> Answer:
    return post(app, envelope(operation(name, **arguments)))


def post(app: WSGIApplication, body: bytes, **environ: Any) -> Answer:
    """POSTs `body` from 192.0.2.7; a keyword that is None is taken out of the WSGI environment."""
    return request(
        app,
        **{
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **environ,
        },
    )


def request(app: WSGIApplication, **environ: Any) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    everything: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/qbwc",
        "PATH_INFO": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        **environ,
    }
    given = {name: value for name, value in everything.items() if value is not None}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        started.append((status, headers))

    body = b"".join(app(given, start_response))  # type: ignore[arg-type]
    ((status, headers),) = started
    return Answer(int(status.split()[0]), dict(headers), body)


def make_application(sessions: Sessions) -> WSGIApplication:
    return application(sessions, PUBLIC_URL)


@contextlib.contextmanager
def serving(app: WSGIApplication) -> Iterator[tuple[str, int]]:
    """`app` behind waitress on a free port of this machine, as `qbwc serve` runs it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = waitress.server.create_server(app, sockets=[listener], clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        pulled = threading.Event()

        def stop() -> None:
            pulled.wait()  # it closes the trigger, too: not before that was pulled
            waitress.wasyncore.close_all(server._map)  # kept connections, too

        server.trigger.pull_trigger(stop)
        pulled.set()
        server.task_dispatcher.shutdown()
        thread.join(10)
        listener.close()
