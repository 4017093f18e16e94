"""Intuit's contract, served by Spyne: the eight operations of QBWebConnectorSvc.wsdl and the interactive ones.

Argument names are the WSDL's (contract.md 1.2): Spyne makes the elements from them. What an operation means is told
in `session`; here each is handed on in a line.
"""

import re
from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree

from .envelope import INTUIT, Call, Operation, answer
from .guard import CALL, FAILURE, LARGEST_BODY, guard
from .spyne_shim import (
    Application,
    Array,
    Fault,
    Integer32,
    ServiceBase,
    Soap11,
    Unicode,
    WsgiApplication,
    rpc,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

_SERVICE = "QBWebConnectorSvc"
_PORT = "QBWebConnectorSvcSoap"

_String = Unicode(nillable=False)
_Int = Integer32(min_occurs=1, nillable=False)
_Strings = Array(Unicode, type_name="ArrayOfString").customize(nillable=False)

_LARGEST_BODIES = {"receiveResponseXML": LARGEST_BODY, "sendRequestXML": 1024 * 1024}
"""Bytes: QuickBooks' answers, and the first sendRequestXML with the company's preferences (contract.md 2.3)."""

_TAKE_OTHERS = {"serverVersion", "clientVersion"}
"""The wire and the guide do not agree on their arguments (contract.md 1.2)."""


class Sessions(Protocol):
    """What the Web Connector's calls mean. No text is None: what was absent or empty comes as "", an int as 0."""

    @property
    def server_version(self) -> str:
        """Shown in the Web Connector's "More information" (contract.md 1.6)."""

    def client_version(self, version: str, remote: str) -> str:
        """ "" to go on (contract.md 2.1)."""

    def authenticate(self, username: str, password: str, remote: str) -> tuple[str, ...]:
        """Ticket; company file, none, nvu or busy; and perhaps postponement and interval (contract.md 2.2)."""

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int
    ) -> str:
        """The next message, or "" (contract.md 2.3)."""

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        """Per cent done, or a negative number (contract.md 2.4)."""

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        """ "done", or a company file to try (contract.md 2.6)."""

    def last_error(self, ticket: str) -> str:
        """What the person reads, or "NoOp" (contract.md 2.5)."""

    def close(self, ticket: str) -> str:
        """What the Status column shows (contract.md 2.7)."""


def application(sessions: Sessions, public_url: str) -> "WSGIApplication":
    """The WSGI application of `/qbwc`; the WSDL names it as it is reached from outside, `public_url` + "/qbwc"."""
    spyne = WsgiApplication(_Connector(sessions))
    spyne.doc.wsdl11.build_interface_document(f"{public_url.rstrip('/')}/qbwc")
    return guard(spyne, _operations(), _as_intuit_writes_it(spyne.doc.wsdl11.get_interface_document()))


def _operation(*arguments: Any, returns: Any = _String) -> "Callable[[Callable[..., object]], Any]":
    decorate: Callable[[Callable[..., object]], Any] = rpc(*arguments, _returns=returns, _port_type=_PORT)
    return decorate


class QBWebConnectorSvc(ServiceBase):  # type: ignore[misc]
    """The operations. `ctx.app` is the `_Connector` that serves them."""

    __service_name__ = _SERVICE
    __port_types__ = (_PORT,)

    @_operation(_String)
    def serverVersion(ctx: Any, strVersion: str) -> str:
        return _sessions(ctx).server_version

    @_operation(_String)
    def clientVersion(ctx: Any, strVersion: str) -> str:
        return _sessions(ctx).client_version(strVersion, ctx.transport.req["REMOTE_ADDR"])

    @_operation(_String, _String, returns=_Strings)
    def authenticate(ctx: Any, strUserName: str, strPassword: str) -> tuple[str, ...]:
        return _sessions(ctx).authenticate(strUserName, strPassword, ctx.transport.req["REMOTE_ADDR"])

    @_operation(_String, _String, _String, _String, _Int, _Int)
    def sendRequestXML(
        ctx: Any,
        ticket: str,
        strHCPResponse: str,
        strCompanyFileName: str,
        qbXMLCountry: str,
        qbXMLMajorVers: int,
        qbXMLMinorVers: int,
    ) -> str:
        return _sessions(ctx).send_request(
            ticket, strHCPResponse, strCompanyFileName, qbXMLCountry, qbXMLMajorVers, qbXMLMinorVers
        )

    @_operation(_String, _String, _String, _String, returns=_Int)
    def receiveResponseXML(ctx: Any, ticket: str, response: str, hresult: str, message: str) -> int:
        return _sessions(ctx).receive_response(ticket, response, hresult, message)

    @_operation(_String, _String, _String)
    def connectionError(ctx: Any, ticket: str, hresult: str, message: str) -> str:
        return _sessions(ctx).connection_error(ticket, hresult, message)

    @_operation(_String)
    def getLastError(ctx: Any, ticket: str) -> str:
        return _sessions(ctx).last_error(ticket)

    @_operation(_String)
    def closeConnection(ctx: Any, ticket: str) -> str:
        return _sessions(ctx).close(ticket)

    # Interactive mode is never begun (contract.md 2.8); isInteractiveDone is interactiveDone's other name.

    @_operation(_String, _String)
    def getInteractiveURL(ctx: Any, wcTicket: str, sessionID: str) -> str:
        return ""

    @_operation(_String, _String)
    def interactiveRejected(ctx: Any, wcTicket: str, reason: str) -> str:
        return ""

    @_operation(_String)
    def interactiveDone(ctx: Any, wcTicket: str) -> str:
        return ""

    @_operation(_String)
    def isInteractiveDone(ctx: Any, wcTicket: str) -> str:
        return ""


def _sessions(ctx: Any) -> Sessions:
    sessions: Sessions = ctx.app.sessions
    return sessions


def _operations() -> dict[str, Operation]:
    """What the guard must know, read from the operations above."""
    return {
        name: Operation(
            arguments={
                argument: int if issubclass(kind, Integer32) else str
                for argument, kind in method.in_message.get_flat_type_info(method.in_message).items()
            },
            largest_body=_LARGEST_BODIES.get(name, Operation.largest_body),
            takes_others=name in _TAKE_OTHERS,
        )
        for name, method in QBWebConnectorSvc.public_methods.items()
    }


class _CheckedCall(Soap11):  # type: ignore[misc]
    """Takes the arguments that the guard has read and checked, where Soap11 would parse the body (again)."""

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        pass

    def decompose_incoming_envelope(self, ctx: Any, message: object) -> None:
        call: Call = ctx.transport.req[CALL]
        ctx.method_request_string = f"{{{INTUIT}}}{call.operation}"

    def deserialize(self, ctx: Any, message: object) -> None:
        call: Call = ctx.transport.req.pop(CALL)
        ctx.in_object = call.arguments


class _PlainAnswer(Soap11):  # type: ignore[misc]
    """Writes what an operation answers, where Soap11 would build a tree of it first: a third of what a call costs."""

    def serialize(self, ctx: Any, message: object) -> None:
        if ctx.out_error is not None:
            super().serialize(ctx, message)

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        if ctx.out_error is not None:
            super().create_out_string(ctx, charset)
            return
        (result,) = ctx.out_object
        ctx.out_string = [answer(ctx.descriptor.name, result)]


class _Connector(Application):  # type: ignore[misc]
    def __init__(self, sessions: Sessions) -> None:
        super().__init__(
            [QBWebConnectorSvc], tns=INTUIT, name=_SERVICE, in_protocol=_CheckedCall(), out_protocol=_PlainAnswer()
        )
        self.sessions = sessions

    def call_wrapper(self, ctx: Any) -> object:
        try:
            return _writable(super().call_wrapper(ctx))
        except Exception as error:
            # Spyne would log its words and keep it; the guard tells of it, and answers.
            ctx.transport.req[FAILURE] = error
            raise Fault("Server", "") from None
        finally:
            # Spyne's contexts stand in a circle, which would keep a 50 MB answer until the next collection.
            ctx.in_object = None


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _writable(result: object) -> object:
    """The result without the characters that XML 1.0 forbids."""
    if isinstance(result, str):
        return _NOT_XML.sub("", result)
    if isinstance(result, tuple):
        return [_writable(text) for text in result]
    if isinstance(result, int):
        return result
    raise TypeError(f"{type(result).__name__} is no result of an operation")


_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_WSDL_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


def _as_intuit_writes_it(wsdl: bytes) -> bytes:
    """Spyne's WSDL with the names of Intuit's: soapAction, messages, parts (spyne.md 1.3)."""
    root = etree.fromstring(wsdl)
    for message in root.iter(f"{_WSDL}message"):
        message.set("name", _message_name(message.attrib["name"]))
    for part in root.iter(f"{_WSDL}part"):
        part.set("name", "parameters")
    for operation in root.iter(f"{_WSDL}operation"):
        operation.attrib.pop("parameterOrder", None)
        for soap in operation.iter(f"{_WSDL_SOAP}operation"):
            soap.set("soapAction", f"{INTUIT}{operation.attrib['name']}")
        for side in operation.iter(f"{_WSDL}input", f"{_WSDL}output"):
            side.attrib.pop("name", None)
            if "message" in side.attrib:
                prefix, _, name = side.attrib["message"].partition(":")
                side.set("message", f"{prefix}:{_message_name(name)}")
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _message_name(element: str) -> str:
    operation = element.removesuffix("Response")
    return f"{operation}SoapIn" if operation == element else f"{operation}SoapOut"
