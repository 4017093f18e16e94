"""What stands before Spyne: only a checked call passes, and only a checked answer leaves (spyne.md 1.4, 1.5).

Refusals of HTTP are 4xx and one line of plain text; a SOAP message whose call cannot be made is answered by a SOAP
fault with HTTP 500, as .NET expects it (contract.md 1.4). No request makes this application raise, and nothing of a
request is logged.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPMethod, HTTPStatus
from typing import TYPE_CHECKING

from .. import request_ids
from .envelope import Call, Operation, Refused, SoapFault, fault, read_call

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; larger bodies are refused unread (design.md 4)."""

CALL = "qbwc.call"
"""The key of the WSGI environment under which the contract finds its Call."""

FAILURE = "qbwc.failure"
"""The key under which the contract leaves the exception that a call ended with."""

_GREETING = (
    "This is the QuickBooks Web Connector endpoint, and it works.\n"
    "Nothing is to be seen here: add the .qwc file to the Web Connector, which calls this address by itself.\n"
)
_XML = "text/xml; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_UTF_8 = frozenset({"charset=utf-8", "charset=utf8"})
_MOST_CAUSES = 8

log = logging.getLogger(__name__)


def guard(contract: "WSGIApplication", operations: Mapping[str, Operation], wsdl: bytes) -> "WSGIApplication":
    """The WSGI application of `/qbwc`. `contract` is called with a Call under the key CALL, and with nothing else."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        method = environ["REQUEST_METHOD"]
        try:
            if method in (HTTPMethod.GET, HTTPMethod.HEAD):
                reply = _page(environ, wsdl)
            elif method == HTTPMethod.POST:
                reply = _soap(contract, _checked_call(environ, operations))
            else:
                raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Calls are made by POST.")
        except Refused as refused:
            reply = _refusal(refused)
        except SoapFault as error:
            reply = _Reply(fault(error.code, error.reason), status=HTTPStatus.INTERNAL_SERVER_ERROR)
        except Exception as error:
            reply = _failure(error)
        start_response(f"{reply.status.value} {reply.status.phrase}", reply.all_headers())
        return [] if method == HTTPMethod.HEAD else [reply.body]

    return application


@dataclass(frozen=True)
class _Reply:
    body: bytes
    content_type: str = _XML
    status: HTTPStatus = HTTPStatus.OK
    headers: list[tuple[str, str]] = field(default_factory=list)

    def all_headers(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *self.headers,
        ]


def _page(environ: "WSGIEnvironment", wsdl: bytes) -> _Reply:
    if environ.get("QUERY_STRING", "").lower() == "wsdl":
        return _Reply(wsdl)
    # The Web Connector fetches the address when the .qwc file is added, and takes anything but 200 for a fault (1.6).
    return _Reply(_GREETING.encode(), _PLAIN)


def _checked_call(environ: "WSGIEnvironment", operations: Mapping[str, Operation]) -> "_Inner":
    _check_content_type(environ.get("CONTENT_TYPE", ""))
    length = _length(environ.get("CONTENT_LENGTH", ""))
    return _Inner(read_call(environ["wsgi.input"], length, operations), environ.get("REMOTE_ADDR", ""))


@dataclass(frozen=True)
class _Inner:
    """All that Spyne learns of a request."""

    call: Call
    remote: str

    def environ(self) -> "WSGIEnvironment":
        return {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": _XML,
            "CONTENT_LENGTH": "0",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/qbwc",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": self.remote,
            CALL: self.call,
        }


def _check_content_type(line: str) -> None:
    media_type, *parameters = (part.strip().lower() for part in line.split(";"))
    charsets = [parameter for parameter in parameters if parameter.startswith("charset")]
    if media_type != "text/xml" or not _UTF_8.issuperset(charset.replace('"', "") for charset in charsets):
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type: text/xml; charset=utf-8 is expected.")


def _length(text: str) -> int:
    if not text:
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required.")
    if not (text.isascii() and text.isdecimal()):
        raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length is not a number.")
    if len(text) > 20 or int(text) > LARGEST_BODY:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
    return int(text)


def _soap(contract: "WSGIApplication", inner: _Inner) -> _Reply:
    environ = inner.environ()
    statuses: list[str] = []

    def start_response(status: str, _headers: object, _exc_info: object = None) -> None:
        statuses.append(status)

    body = b"".join(contract(environ, start_response))  # type: ignore[arg-type]
    failure = environ.pop(FAILURE, None)
    if failure is not None:
        raise failure
    # Spyne answers 200 and an empty envelope when lxml cannot hold a result (spyne.md 1.4, 5).
    if not statuses[0].startswith("200 ") or b"Body>" not in body[-64:]:
        raise RuntimeError("Spyne gave no answer to a call that had been checked")
    return _Reply(body)


def _refusal(refused: Refused) -> _Reply:
    log.info("request refused", extra={"status": refused.status.value, "reason": refused.reason})
    allow = [("Allow", "GET, HEAD, POST")] if refused.status is HTTPStatus.METHOD_NOT_ALLOWED else []
    return _Reply(f"{refused.reason}\n".encode(), _PLAIN, refused.status, allow)


def _failure(error: Exception) -> _Reply:
    reference = request_ids.obtain()
    log.error("call failed", exc_info=_without_words(error), extra={"reference": reference})
    return _Reply(
        fault("Server", f"The service could not answer. Its log tells more under the reference {reference}."),
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )


class _Unsaid(Exception):
    """Stands in the log for an exception whose own words may quote the request."""


def _without_words(error: BaseException) -> _Unsaid:
    """The same tracebacks and exception types, causes included, without what the exceptions say."""
    first = last = _unsaid(error)
    for _ in range(_MOST_CAUSES):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            break
        last.__cause__ = _unsaid(cause)
        last, error = last.__cause__, cause
    return first


def _unsaid(error: BaseException) -> _Unsaid:
    return _Unsaid(f"{type(error).__module__}.{type(error).__qualname__}").with_traceback(error.__traceback__)
