"""Addresses of orders and customers: their numbers are the order system's and may hold any character.

A slash written as %2F comes out of WSGI as a slash, so that the number `A/send` would be the send window of order A.
Here such characters stand as a tilde and two hexadecimal digits: `A~2Fsend`. Plain numbers stand as they are.
"""

import re

_PLAIN = re.compile(rb"[A-Za-z0-9_.-]")
_ESCAPED = re.compile(r"~([0-9A-F]{2})")


def quoted(text: str) -> str:
    """-> the text as one part of a path, which no browser or proxy spells otherwise."""
    if not text.strip("."):  # "..": browsers go up a level instead
        return "".join(f"~{byte:02X}" for byte in text.encode())
    return "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) else f"~{byte:02X}" for byte in text.encode("utf-8", "surrogatepass")
    )


def unquoted(part: str) -> str:
    """-> the text that `quoted` made it of. One that it did not make comes back as it is, where that can be."""
    if not _ESCAPED.search(part):
        return part
    pieces = _ESCAPED.split(part)
    raw = b"".join(bytes.fromhex(piece) if index % 2 else piece.encode() for index, piece in enumerate(pieces))
    return raw.decode("utf-8", "replace")


def order_path(base: str, number: str, page: str = "") -> str:
    """-> the order's page, or one below it. `base` is the company's (Page.base)."""
    return f"{base}/orders/{quoted(number)}" + (f"/{page}" if page else "")


def customer_path(base: str, customer_id: str) -> str:
    return f"{base}/crm/{quoted(customer_id)}"
