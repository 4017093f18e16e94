"""Who called, when proxies stand in between (security.md T14).

Anybody can send X-Forwarded-For. It is read from the right, where the nearest proxy wrote, and only as far as the
proxies are those that the operator named; what stands further left is whatever the client chose to say.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .settings import Proxy

_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_BY",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
    "HTTP_VIA",
)
UNIX = "unix"
"""Stands for a caller through a socket of this machine, who has no address."""

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True)
class Caller:
    """`forwarded`: the request says that it came through somebody else, whether that is believed or not.

    `request_id` is what a trusted proxy calls the request.
    """

    address: str
    forwarded: bool
    request_id: str | None


def settle(environ: "WSGIEnvironment", trusted: "Sequence[Proxy]") -> Caller:
    """-> the caller; REMOTE_ADDR is his address from now on, and what was forwarded is gone, so that nobody believes
    it: links are made from the public URL alone."""
    peer = environ.get("REMOTE_ADDR") or ""
    said = environ.get("HTTP_X_FORWARDED_FOR", "")
    forwarded = False
    for name in _FORWARDED:
        forwarded = environ.pop(name, None) is not None or forwarded
    if not trusted or not is_trusted(peer, trusted):
        environ.pop("HTTP_X_REQUEST_ID", None)
        return Caller(peer, forwarded, None)
    address = environ["REMOTE_ADDR"] = _client(peer, said, trusted)
    return Caller(address, forwarded, environ.pop("HTTP_X_REQUEST_ID", None))


def _client(peer: str, said: str, trusted: "Sequence[Proxy]") -> str:
    """-> the rightmost address that is no trusted proxy's. Where something stands that is no address, or nothing more,
    whoever wrote it last is as far as we can see."""
    nearest = peer
    for entry in reversed(said.split(",")):
        address = _address(entry)
        if address is None:
            return nearest
        nearest = address
        if not is_trusted(address, trusted):
            return address
    return nearest


def _address(entry: str) -> str | None:
    """-> the IP address of an entry, which may bear a port: 192.0.2.1:4711, [2001:db8::1]:4711."""
    text = entry.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(_plain(ipaddress.ip_address(text.partition("%")[0])))
    except ValueError:
        return None


def is_trusted(address: str, trusted: "Sequence[Proxy]") -> bool:
    """Whether an address is a proxy's that the operator named."""
    if not address:
        return UNIX in trusted
    try:
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(ip in network for network in trusted if not isinstance(network, str))


def _plain(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address that a socket for both tells as IPv6, ::ffff:192.0.2.1, is itself."""
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


def is_loopback(address: str) -> bool:
    try:
        return _plain(ipaddress.ip_address(address)).is_loopback
    except ValueError:
        return False
