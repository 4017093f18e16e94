"""Whether the public address leads here, as far as this machine can tell: DNS, TLS, the proxy, the clock."""

import datetime as dt
import email.utils
import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from . import __version__

TIMEOUT_SECONDS = 5.0
ENDPOINTS = (("/healthz", b"ok"), ("/qbwc", b"Web Connector endpoint"))
_MOST_BYTES = 4096


@dataclass(frozen=True)
class Reached:
    """`fault` is what is wrong, None when the address leads to a service like this one.

    `certificate_ends` is told of a certificate that is good. `ahead_seconds` is by how much the clock at the other end
    is ahead of ours; a proxy there has one of its own.
    """

    fault: str | None
    certificate_ends: dt.datetime | None = None
    ahead_seconds: float | None = None


def look(public_url: str, now: dt.datetime) -> Reached:
    """Asks for the address, for ten seconds at most; nothing is sent that is secret. Never raises."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    connection: http.client.HTTPConnection
    if secure:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.connect()
        ends = _certificate_end(connection.sock) if secure else None
        ahead = None
        for path, wanted in ENDPOINTS:
            ahead, fault = _ask(connection, f"{parts.path}{path}", wanted, now)
            if fault is not None:
                return Reached(fault, ends, ahead)
        return Reached(None, ends, ahead)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Reached(_reason(error, host))
    finally:
        connection.close()


def _ask(
    connection: http.client.HTTPConnection, path: str, wanted: bytes, now: dt.datetime
) -> tuple[float | None, str | None]:
    """-> how far the clock there is ahead, and what is wrong with the answer."""
    connection.request("GET", path, headers={"User-Agent": f"qbwc-doctor/{__version__}"})
    answer = connection.getresponse()
    said = answer.read(_MOST_BYTES)
    answer.read()
    date = answer.getheader("Date")
    ahead = None if date is None else (email.utils.parsedate_to_datetime(date) - now).total_seconds()
    if 300 <= answer.status < 400:
        where = answer.getheader("Location") or "elsewhere"
        return ahead, f"{path} is redirected to {where[:200]!r}; the Web Connector does not follow"
    if answer.status != 200:
        return ahead, f"{path} is answered with {answer.status} {answer.reason}"
    if wanted not in said:
        return ahead, f"something else than qbwc answers to {path}"
    return ahead, None


def _certificate_end(sock: object) -> dt.datetime | None:
    certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not certificate or "notAfter" not in certificate:
        return None
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), dt.UTC)


def _reason(error: Exception, host: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not good: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS is spoken there: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS:g} seconds"
    if isinstance(error, socket.gaierror):
        return f"the name {host} is not known: {error.strerror}"
    if isinstance(error, OSError) and error.strerror:
        return f"nobody answers: {error.strerror}"
    return f"no web server answers: {type(error).__name__}"
