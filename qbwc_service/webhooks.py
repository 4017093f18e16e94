"""Webhooks: addresses are registered, and told of outcomes (the rows are written by db/webhooks.tell).

A delivery is signed in the manner of Standard Webhooks: a receiver reckons HMAC-SHA256 over `id.timestamp.body` with
the key behind `whsec_`, and compares. It comes at least once, in no promised sequence, with the same id each time.

Addresses come from people, so they could point into our own network (security.md T12). What is looked at is the
address that the name leads to at the moment of delivery, and that very address is connected to.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import http.client
import ipaddress
import logging
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import Connection, Engine

from . import __version__
from .db import webhooks as table
from .db.companies import Company
from .db.engine import AnyRow, reading
from .secrets import Keys, WrongKey
from .settings import LOCAL_HOSTS, Settings

log = logging.getLogger(__name__)

Clock: TypeAlias = Callable[[], dt.datetime]

RESTS = (
    dt.timedelta(seconds=30),
    dt.timedelta(minutes=2),
    dt.timedelta(minutes=10),
    dt.timedelta(hours=1),
    dt.timedelta(hours=6),
    dt.timedelta(hours=24),
)
"""How long a delivery rests after its first, second, ... failure; after one more it is given up."""

MOST_WEBHOOKS = 20  # of a company
LONGEST_URL = 2000
BATCH = 20  # deliveries that are claimed at once
TIMEOUT_SECONDS = 10
PATIENCE_SECONDS = 15  # that one address may take of a batch
CLAIM_HOLDS = dt.timedelta(minutes=5)  # longer than a batch can take; then whoever claimed it is taken for dead
MOST_ANSWER_BYTES = 1024
ADDRESSES_TRIED = 3
_HEADERS = {"Content-Type": "application/json", "User-Agent": f"qbwc/{__version__}", "Connection": "close"}


class WrongAddress(Exception):
    """A URL that no webhook may have; the text says the rule, and is in the catalogs."""


# --- registering ------------------------------------------------------------------------------------------------------


def register(
    db: Connection, keys: Keys, company: Company, url: str, made_by: str, now: dt.datetime, settings: Settings
) -> tuple[int, str]:
    """-> the new webhook's id, and its secret, which is shown this once. Raises WrongAddress.

    No name is looked up here, in the caller's transaction: where it leads counts at each delivery.
    """
    url = url.strip()
    _require_good(url, settings)
    if len(table.of_company(db, company.id)) >= MOST_WEBHOOKS:
        raise WrongAddress("The company has as many webhooks as it may have. Remove one first.")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    webhook_id = table.put(db, company.id, url=url, secret=keys.seal(secret), made_by=made_by, now=now)
    return webhook_id, secret


def _require_good(url: str, settings: Settings) -> None:
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        raise WrongAddress("Enter a web address of plain characters, without spaces, at most 2000 of them.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise WrongAddress("This is not a web address.") from None
    if not host:
        raise WrongAddress("Enter the whole web address, such as https://example.com/hooks/quickbooks.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise WrongAddress("A webhook's address has no user, no password and no part behind a # sign.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL_HOSTS):
        raise WrongAddress("The address must begin with https; plain http is taken for localhost only.")
    literal = _literal(host)
    if host == "localhost" or literal is not None:
        _require_reachable(host, literal or "127.0.0.1", settings)


def _literal(host: str) -> str | None:
    """-> the IP address that a host is written as, also in odd ways such as 127.1; None for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None


def _require_reachable(host: str, address: str, settings: Settings) -> None:
    """Raises WrongAddress for an address in a private network, unless the operator allowed those, or the service
    itself is on trial at localhost and the webhook's host is called so too."""
    if settings.webhooks_private or is_public(address):
        return
    if not (settings.is_local and host in LOCAL_HOSTS and ipaddress.ip_address(address).is_loopback):
        raise WrongAddress("The address lies in a private network; whoever runs this service can allow those.")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, also as what is wrapped in it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    wrapped = _wrapped(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return ip.is_global and not ip.is_multicast and (wrapped is None or is_public(str(wrapped)))


def _wrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """-> the IPv4 address that packets to an IPv6 address would end at: mapped, 6to4, Teredo, NAT64."""
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


# --- delivering -------------------------------------------------------------------------------------------------------


def deliver_due(engine: Engine, keys: Keys, settings: Settings, clock: Clock) -> int:
    """Makes the deliveries that are due, outside of any transaction; -> how many were tried.

    Several processes may do so at once: each delivery is claimed by one. Should that one die in between, the delivery
    is made again later, with the same id.
    """
    now = clock()
    with reading(engine) as db:
        if not table.is_due(db, now):
            return 0
    with engine.begin() as db:
        claimed = table.claim_due(db, now, now + CLAIM_HOLDS, BATCH)
        hooks = {webhook_id: table.address_of(db, webhook_id) for webhook_id in {row.webhook_id for row in claimed}}
    tried: list[int] = []

    def work(webhook_id: int) -> None:
        mine = [row for row in claimed if row.webhook_id == webhook_id]
        try:
            _Address(engine, keys, settings, clock, webhook_id, hooks[webhook_id]).deliver(mine, tried)
        except Exception:
            log.exception("deliveries failed", extra={"webhook": webhook_id})

    # An address that is slow keeps no other one waiting. Threads that die with the process: see CLAIM_HOLDS.
    threads = [threading.Thread(target=work, args=(webhook_id,), daemon=True) for webhook_id in hooks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(tried)


@dataclass(frozen=True)
class _Outcome:
    """`answered` is False when nobody was there: then nobody is there for the next delivery either."""

    status: int | None
    error: str | None
    answered: bool = True


@dataclass(frozen=True)
class _Address:
    """The deliveries to one webhook; `hook` is None when it was removed meanwhile."""

    engine: Engine
    keys: Keys
    settings: Settings
    clock: Clock
    webhook_id: int
    hook: AnyRow | None

    def deliver(self, rows: Sequence[AnyRow], tried: list[int]) -> None:
        began = time.monotonic()
        for position, row in enumerate(rows):
            if position and time.monotonic() - began > PATIENCE_SECONDS:
                self._leave(rows[position:])
                return
            if self.hook is None:
                self._note(row, _Outcome(None, "the webhook was removed"), last=True)
                continue
            outcome = self._attempt(self.hook, row)
            tried.append(row.id)
            self._note(row, outcome)
            if not outcome.answered:
                self._leave(rows[position + 1 :], rest=True)
                return

    def _attempt(self, hook: AnyRow, row: AnyRow) -> _Outcome:
        body = row.body.encode()
        try:
            headers = sign(self.keys.unseal(hook.secret), row.event_id, self.clock(), body)
            status, said = post(hook.url, headers, body, self.settings)
        except WrongAddress as error:
            return _Outcome(None, str(error), answered=False)
        except WrongKey as error:
            return _Outcome(None, str(error), answered=False)
        except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
            return _Outcome(None, _reason(error), answered=False)
        if 200 <= status < 300:
            return _Outcome(status, None)
        redirects = " (redirects are not followed)" if 300 <= status < 400 else ""
        return _Outcome(status, f"answered {status}{redirects}: {said}".rstrip(": "))

    def _note(self, row: AnyRow, outcome: _Outcome, last: bool = False) -> None:
        now = self.clock()
        failed = outcome.error is not None
        again = now + RESTS[row.attempts - 1] if failed and not last and row.attempts <= len(RESTS) else None
        with self.engine.begin() as db:
            table.note_outcome(
                db,
                row.id,
                delivered_at=None if failed else now,
                next_try_at=again,
                status=outcome.status,
                error=outcome.error,
            )
        told = "delivered" if not failed else "not delivered" if again is not None else "given up"
        log.info(
            "webhook",
            extra={"webhook": self.webhook_id, "delivery": row.id, "outcome": told, "http_status": outcome.status},
        )

    def _leave(self, rows: Sequence[AnyRow], rest: bool = False) -> None:
        """These were claimed and not tried. With `rest`, nothing goes to this address for a while."""
        now = self.clock()
        with self.engine.begin() as db:
            table.put_back(db, [row.id for row in rows], now)
            if rest:
                table.rest(db, self.webhook_id, now + RESTS[0])


def sign(secret: str, event_id: str, at: dt.datetime, body: bytes) -> dict[str, str]:
    """-> the headers of a delivery (Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature)."""
    timestamp = str(int(at.timestamp()))
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise WrongKey from None
    signed = b".".join((event_id.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {"webhook-id": event_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def post(url: str, headers: Mapping[str, str], body: bytes, settings: Settings) -> tuple[int, str]:
    """-> HTTP status, and for another one than 2xx the beginning of what was answered, on one line.

    Raises WrongAddress where the name leads into a private network, and OSError, HTTPException or UnicodeError when
    there was no answer in time.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    raw = _connect(host, port, deadline, settings)
    with _secured(raw, parts, host) as sock, _cut_at(deadline, sock):
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection = http.client.HTTPConnection(host, port)
        connection.sock = sock  # so it never connects by itself, to what the name leads to by then
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"Host": parts.netloc, **_HEADERS, **headers})
        response = connection.getresponse()
        said = b""
        if not 200 <= response.status < 300:
            with suppress(OSError, http.client.HTTPException, ValueError):
                said = response.read(MOST_ANSWER_BYTES)
        connection.close()
    return response.status, " ".join(_printable(said).split())[:200]


def _connect(host: str, port: int, deadline: float, settings: Settings) -> socket.socket:
    found = dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    refused: Exception | None = None
    for address in list(found)[:ADDRESSES_TRIED]:
        try:
            _require_reachable(host, address, settings)
            return socket.create_connection((address, port), timeout=max(0.1, deadline - time.monotonic()))
        except (OSError, WrongAddress) as error:
            refused = refused or error
    raise refused or OSError("the name leads nowhere")


@contextmanager
def _secured(raw: socket.socket, parts: SplitResult, host: str) -> Iterator[socket.socket]:
    """-> the socket that the request goes over, closed afterwards; the certificate must be the host's."""
    sock = raw
    if parts.scheme == "https":
        try:
            context = ssl.create_default_context()
            sock = context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        except BaseException:
            raw.close()
            raise
    try:
        yield sock
    finally:
        sock.close()


@contextmanager
def _cut_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """A receiver that sends a byte now and then would hold us for ever: the line is cut at the deadline."""
    cut = threading.Event()

    def shut() -> None:
        cut.set()
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which is not made for two threads

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if cut.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be reached: {error.strerror}"
    return " ".join(f"did not answer as a web server: {type(error).__name__} {error}".split())[:200]


def _printable(said: bytes) -> str:
    return "".join(character if character.isprintable() else " " for character in said.decode("utf-8", "replace"))
