"""HTTP as a .NET SOAP client speaks it: Expect: 100-continue, no cookies, no redirects (contract.md 1.3)."""

import http.client
import selectors
import socket
from urllib.parse import urlsplit

from .soap import CallFailed, HttpAnswer, action

USER_AGENT = "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)"
_PATIENCE_SECONDS = 0.35  # how long .NET waits for a 100 Continue before it sends the body all the same


class Wire:
    """One address and the connection that is kept open to it."""

    def __init__(self, url: str, *, timeout_seconds: float, expect_continue: bool) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no http or https address")
        self._host, self._port, self._tls = parts.hostname, parts.port, parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout_seconds
        self._expect = expect_continue
        self._patience = _PATIENCE_SECONDS
        self._connection: http.client.HTTPConnection | None = None

    def post(self, operation: str, body: bytes) -> HttpAnswer:
        """-> what the service answered, whatever its status. Raises CallFailed when there is no answer."""
        connection = self._open(operation)
        try:
            sent = self._send(connection, operation, body)
            response = connection.getresponse()
            answer = HttpAnswer(
                response.status,
                response.getheader("Content-Type", ""),
                response.getheader("Content-Encoding", "").strip().lower(),
                response.read(),
            )
        except TimeoutError:
            self.close()
            raise CallFailed(operation, f"no answer within {self._timeout:g} seconds") from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise CallFailed(operation, f"the connection was closed unexpectedly ({error!r})") from None
        if response.will_close or not sent:
            self.close()
        return answer

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, operation: str) -> http.client.HTTPConnection:
        held = self._connection
        # A kept connection with something to read is one that the service has closed meanwhile.
        if held is not None and held.sock is not None and _readable(held.sock, 0):
            self.close()
            held = None
        if held is None:
            kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
            held = kind(self._host, self._port, timeout=self._timeout)
            try:
                held.connect()
            except OSError as error:
                held.close()
                raise CallFailed(operation, f"cannot connect to {self._host}: {error}") from None
            self._connection = held
        return held

    def _send(self, connection: http.client.HTTPConnection, operation: str, body: bytes) -> bool:
        """-> whether the body went too: a final answer in place of 100 Continue keeps it here."""
        connection.putrequest("POST", self._path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("User-Agent", USER_AGENT)
        connection.putheader("Content-Type", "text/xml; charset=utf-8")
        connection.putheader("SOAPAction", action(operation))
        connection.putheader("Host", self._host if self._port is None else f"{self._host}:{self._port}")
        connection.putheader("Content-Length", str(len(body)))
        if self._expect:
            connection.putheader("Expect", "100-continue")
        connection.putheader("Connection", "Keep-Alive")
        connection.endheaders()
        if self._expect and not self._may_send(connection.sock):
            return False
        connection.send(body)
        return True

    def _may_send(self, sock: socket.socket) -> bool:
        if not _readable(sock, self._patience):
            self._patience = 0.0  # a service that does not know of it is not waited for again
            return True
        return not _answered_already(sock)


def _answered_already(sock: socket.socket) -> bool:
    try:
        head = sock.recv(12, socket.MSG_PEEK)
    except (ValueError, OSError):  # TLS cannot look ahead
        return False
    return not head.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100"))


def _readable(sock: socket.socket, seconds: float) -> bool:
    with selectors.DefaultSelector() as waiting:
        waiting.register(sock, selectors.EVENT_READ)
        return bool(waiting.select(seconds))


def status_of(url: str, timeout_seconds: float) -> int:
    """-> the HTTP status of a plain GET, redirects not followed. Raises OSError when there is none."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(repr(error)) from None
    finally:
        connection.close()
