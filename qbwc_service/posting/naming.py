"""Names and numbers: what makes them fit into QuickBooks, and never two things get one (product.md X8)."""

import base64
import hashlib
from dataclasses import replace

from qbxml.text import Fitted, fit, fit_name

LONGEST_RECORD = 300  # characters
NAME, ITEM_NAME, REF_NUMBER, BILL_NUMBER, PAYMENT_NUMBER, MEMO = 41, 31, 11, 20, 20, 4095


def marker(file_id: str, record: str) -> str:
    """-> what stands in a transaction's memo, by which it is known again: 16 letters, 80 bits."""
    digest = hashlib.sha256(f"{file_id}\0{record}".encode()).digest()
    return f"[qb:{base64.b32encode(digest[:10]).decode()}]"


def record_of(kind: str, *ids: str) -> str:
    """-> what a document is called in its company for ever, `payment:1001:P-1`.

    Ids are foreign: a colon in one is written otherwise, so that two documents never get one name; and a very long
    name ends in a digest of itself, since databases index so much and no more.
    """
    record = ":".join([kind, *(part.replace("%", "%25").replace(":", "%3A") for part in ids)])
    if len(record) <= LONGEST_RECORD:
        return record
    return f"{record[: LONGEST_RECORD - 65]}~{hashlib.sha256(record.encode()).hexdigest()}"


def customer_record(customer_id: str) -> str:
    return record_of("customer", customer_id)


def item_record(name: str) -> str:
    """Of an item by its name: QuickBooks knows it by no other id of ours, and tells no case."""
    return record_of("item", name.lower())


def vendor_record(supplier_id: str) -> str:
    return record_of("vendor", supplier_id)


def short_number(number: str, most: int) -> str:
    """-> the number itself where it fits, else its end behind four characters made from all of it.

    So two long numbers get different ones, but for one chance in a million, and people still know them by their end.
    """
    fitted = fit(number, most, cut=False)
    if fitted.text == number and len(number) <= most:
        return number
    digest = base64.b32encode(hashlib.sha256(number.encode()).digest()).decode()[:4]
    return f"{digest}-{fitted.text[-(most - 5) :].strip()}"


def short_name(name: str, most: int, key: str) -> Fitted:
    """-> a name that fits; where it had to be cut, four characters of `key` keep it from being another's."""
    fitted = fit_name(name, None)
    if len(fitted.text) <= most:
        return fitted
    digest = base64.b32encode(hashlib.sha256(f"{key}\0{name}".encode()).digest()).decode()[:4]
    cut = fit_name(name, most - 5)
    return replace(cut, text=f"{cut.text} {digest}")


def free_name(name: str, kind: str) -> str:
    """-> a name for a record whose own is taken by one of another kind: `ABC Company (Customer)`, cut to fit."""
    most = ITEM_NAME if kind.startswith("Item") or kind == "PaymentMethod" else NAME
    suffix = f" ({'Item' if kind.startswith('Item') else kind})"
    return fit_name(name, most - len(suffix)).text + suffix
