"""Reading QuickBooks' lists into the mirror, page by page (design.md 1.8). Knows nothing of the queue."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from qbxml.documents import (
    AccountQuery,
    CustomerQuery,
    ItemQuery,
    ItemSalesTaxQuery,
    PaymentMethodQuery,
    SalesTaxCodeQuery,
    TermsQuery,
    VendorQuery,
)
from qbxml.fields import Document
from qbxml.responses import Response, Ret

from ..db import lists as table
from ..db.engine import AnyRow
from ..db.lists import List

PAGE = 1000
LONGEST_TYPE = 32  # as the mirror keeps it; QuickBooks' own are shorter
READ_AGAIN_AFTER = dt.timedelta(hours=24)

# Small enough to be read whole, and what an order may need before it can leave.
SMALL = (List.ACCOUNT, List.PAYMENT_METHOD, List.TERMS, List.TAX_CODE, List.SALES_TAX_ITEM)
PAGED = (List.CUSTOMER, List.VENDOR, List.ITEM)

_QUERY: dict[List, type[Document]] = {
    List.ACCOUNT: AccountQuery,
    List.PAYMENT_METHOD: PaymentMethodQuery,
    List.TERMS: TermsQuery,
    List.TAX_CODE: SalesTaxCodeQuery,
    List.SALES_TAX_ITEM: ItemSalesTaxQuery,
    List.CUSTOMER: CustomerQuery,
    List.VENDOR: VendorQuery,
    List.ITEM: ItemQuery,
}
REQUEST = {which: query.__name__ for which, query in _QUERY.items()}

_FLAT = ("ListID", "TimeModified", "Name", "IsActive")
_DEEP = (*_FLAT, "FullName")
TOLD = {
    List.ACCOUNT: (*_DEEP, "AccountType"),
    List.PAYMENT_METHOD: _FLAT,
    List.TERMS: _FLAT,
    List.TAX_CODE: (*_FLAT, "IsTaxable"),
    List.SALES_TAX_ITEM: _FLAT,
    List.CUSTOMER: _DEEP,
    List.VENDOR: _FLAT,
    List.ITEM: _DEEP,
}
"""What the mirror keeps of a record, and so asks for: the whole record is many times as long."""

# 1: nothing in the list; 3250: the feature is off in this company, so the list is empty (contract.md 7.3).
EMPTY_CODES = {1, 3250}


@dataclass(frozen=True)
class PageRead:
    """What a page brought: `seen` records in this reading so far, and whether it was the last page."""

    seen: int
    complete: bool


def query(which: List, read: AnyRow, session_id: int) -> Document:
    """-> the request for the next page: going on where an iterator of this session stands, else from the beginning.

    An iterator dies with its session (contract.md part 7, 3391): then the list is begun again, from the watermark.
    """
    make: Callable[..., Document] = _QUERY[which]
    told = TOLD[which]
    if which not in PAGED:
        return make(active_status="All", include_ret_elements=told)
    if read.iterator_id is not None and read.session_id == session_id:
        return make(iterator="Continue", iterator_id=read.iterator_id, max_returned=PAGE, include_ret_elements=told)
    return make(
        iterator="Start",
        max_returned=PAGE,
        active_status="All",
        from_modified=None if read.watermark is None else dt.datetime.fromisoformat(read.watermark),
        include_ret_elements=told,
    )


def take(
    db: Connection, company_id: int, which: List, read: AnyRow, response: Response, session_id: int, now: dt.datetime
) -> PageRead:
    """Stores a page in the mirror. The watermark moves only after the last page."""
    continued = read.iterator_id is not None and read.session_id == session_id
    seen = read.seen if continued else 0
    newest = _time((read.newest if continued else None) or read.watermark)
    if not continued and read.watermark is None:
        table.forget(db, company_id, which)
    part: list[table.ListRecord] = []
    for listed, modified in _listed(which, response, seen):
        part.append(listed)
        if modified is not None and (newest is None or modified > newest):
            newest = modified
        seen += 1
        if len(part) == 500:
            table.put_records(db, company_id, which, part)
            part = []
    table.put_records(db, company_id, which, part)
    if which in PAGED and response.iterator_remaining:
        table.note_read(
            db,
            company_id,
            which,
            iterator_id=response.iterator_id,
            session_id=session_id,
            seen=seen,
            newest=newest and newest.isoformat(),
        )
        return PageRead(seen, complete=False)
    table.note_read(
        db,
        company_id,
        which,
        read_at=now,
        watermark=newest.isoformat() if newest and which in PAGED else None,
        newest=None,
        iterator_id=None,
        session_id=None,
        seen=seen,
    )
    return PageRead(seen, complete=True)


def _listed(which: List, response: Response, position: int) -> Iterator[tuple[table.ListRecord, dt.datetime | None]]:
    names = TOLD[which]
    for ret in response.rets:
        ret.look_at(names)
        list_id, name = ret.list_id, ret.full_name or ret.name
        if list_id is None or name is None:
            continue  # QuickBooks sends neither for what it cannot show in this qbXML version (status 501)
        kind = _type(which, ret)[:LONGEST_TYPE]
        yield table.ListRecord(list_id, name, ret.is_active is not False, kind, position), _aware(ret.time_modified)
        position += 1


def _time(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _aware(time: dt.datetime | None) -> dt.datetime | None:
    """QuickBooks writes its times with a zone; one without is left out of account rather than guessed."""
    return time if time is not None and time.tzinfo is not None else None


def _type(which: List, ret: Ret) -> str:
    if which is List.ACCOUNT:
        return ret.text("AccountType") or ""
    if which is List.ITEM:
        return ret.kind.removesuffix("Ret")
    if which is List.TAX_CODE:
        return "NonTaxable" if ret.boolean("IsTaxable") is False else "Taxable"
    return ""


def unread_small_lists(db: Connection, company_id: int) -> list[List]:
    """-> the lists that an order may need and that were never read."""
    reads = table.read_of(db, company_id)
    return [which for which in SMALL if reads[which].read_at is None]
