"""Customers as the order system knows them; each one's page links it to a QuickBooks customer (product.md M18)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ...db import jobs as job_table
from ...db import lists as list_table
from ...db import order_views, parties
from ...db.engine import AnyRow
from ...db.lists import List
from ...db.parties import Linked, Side
from ...db.states import State
from ...i18n import N_
from ...people import Right
from ...posting import queue
from ...posting import send as sending
from ...posting.naming import customer_record
from .. import pickers
from ..addresses import customer_path, unquoted
from ..page import Page, Route
from .activity import LARGEST_ID, not_for_you
from .orders import ROWS, rows_of

FOUND = 10
LINKED = {
    Linked.LINKED: N_("Linked"),
    Linked.SUGGESTED: N_("A customer of this name is in QuickBooks"),
    Linked.UNLINKED: N_("Not linked"),
}


@dataclass(frozen=True)
class CustomerRow:
    row: AnyRow
    path: str
    linked: Linked


def listed(page: Page) -> Response:
    search = page.query.get("search", "").strip()[:100]
    linked = Linked(page.query["linked"]) if page.query.get("linked") in set(Linked) else None
    after = (page.query["key"], page.query["record"]) if {"key", "record"} <= set(page.query) else None
    with page.reading() as db:
        found = parties.listed(db, page.of.id, Side.CUSTOMER, search=search, linked=linked, after=after, limit=ROWS + 1)
        any_at_all = bool(found) or bool(parties.listed(db, page.of.id, Side.CUSTOMER, limit=1))
    rows = [CustomerRow(row, customer_path(page.base, row.id), _linked(row)) for row in found[:ROWS]]
    chosen = {"search": search, "linked": linked or ""}
    following = ""
    if len(found) > ROWS:
        following = "?" + urlencode({**chosen, "key": found[ROWS - 1].key, "record": found[ROWS - 1].record})
    return page.show(
        "crm/list.html",
        rows=rows,
        search=search,
        linked=linked,
        kinds=LINKED,
        following=following,
        first="?" + urlencode(chosen) if after else "",
        any_at_all=any_at_all,
    )


def _linked(row: AnyRow) -> Linked:
    if row.list_id is not None:
        return Linked.LINKED
    return Linked.SUGGESTED if row.suggested is not None else Linked.UNLINKED


def shown(page: Page, part: str) -> Response:
    return _show(page, part)


def _show(page: Page, part: str) -> Response:
    find = page.query.get("find", page.form.get("find", "")).strip()[:100]
    before = page.query.get("before", "")
    older_than = min(int(before), LARGEST_ID) if before.isdecimal() and before.isascii() and len(before) < 30 else None
    with page.reading() as db:
        customer = _customer(db, page, part)
        search = find or ("" if customer.list_id else customer.name)
        found = list_table.matching(db, page.of.id, List.CUSTOMER, search, FOUND + 1) if search else []
        if page.is_htmx:
            orders = []
        else:
            orders = order_views.of_customer(db, page.of.id, customer.id, before=older_than, limit=ROWS + 1)
        rows = rows_of(db, page, orders[:ROWS])
        job = job_table.by_records(db, page.of.id, [customer.record]).get(customer.record)
        known = list_table.by_list_ids(db, page.of.id, List.CUSTOMER, [customer.list_id]) if customer.list_id else {}
        lost = bool(customer.list_id) and pickers.is_lost(
            db, page.of.id, List.CUSTOMER, customer.made_at, known.get(customer.list_id)
        )
        read = list_table.read_of(db, page.of.id)[List.CUSTOMER].read_at is not None
    return page.show(
        "crm/found.html" if page.is_htmx else "crm/show.html",
        customer=customer,
        path=customer_path(page.base, customer.id),
        find=find,
        found=found[:FOUND],
        more=len(found) > FOUND,
        typing=page.is_htmx,
        open_search=bool(find) or bool(page.faults) or not customer.list_id,
        rows=rows,
        older=orders[ROWS - 1].id if len(orders) > ROWS else None,
        job=None if job is None or job.state in (State.POSTED, State.CANCELLED) else job,
        ours=job is not None and job.state != State.CANCELLED,
        lost=lost,
        lists_read=read,
        may_link=Right.INVOICE in page.rights,
        may_send=bool(page.rights),
        hide_customer=True,
    )


def _customer(db: Connection, page: Page, part: str) -> AnyRow:
    """-> one of our customers; 404 for one that no order of the company's names."""
    row = parties.by_id(db, page.of.id, customer_record(unquoted(part)))
    if row is None:
        raise NotFound
    return row


def link(page: Page, part: str) -> Response:
    """Who may send the customer's invoices may say whose they are."""
    if Right.INVOICE not in page.rights:
        return not_for_you(page)
    try:
        with page.writing() as db:
            customer = _customer(db, page, part)
            wanted = page.form.get("list_id", "")
            name = sending.link(db, page.of, customer.record, List.CUSTOMER, wanted, page.now)
            page.note(db, "customer.linked", customer.record, name)
    except sending.UnknownRecord:
        page.fault(
            "find", page.text("QuickBooks' list, as last read, does not hold this record any more. Choose another.")
        )
        return _show(page, part)
    except queue.NotNow:
        page.fault(
            "find",
            page.text(
                "%(name)s is being created in QuickBooks at this moment. Wait until that is settled, then choose.",
                name=customer.name,
            ),
        )
        return _show(page, part)
    said = page.text("%(ours)s is %(theirs)s in QuickBooks from now on.", ours=customer.name, theirs=name)
    return page.go(customer_path(page.base, customer.id), said)


def unlink(page: Page, part: str) -> Response:
    if Right.INVOICE not in page.rights:
        return not_for_you(page)
    try:
        with page.writing() as db:
            customer = _customer(db, page, part)
            sending.unlink(db, page.of, customer.id)
            page.note(db, "customer.unlinked", customer.record, customer.linked_name)
    except sending.StillNeeded:
        page.fault(
            "find",
            page.text(
                "The link cannot be taken away: documents that name this customer are on their way, or were created "
                "for it. Choose another QuickBooks customer instead."
            ),
        )
        return _show(page, part)
    said = page.text("%(name)s is linked to no QuickBooks customer any more.", name=customer.name)
    return page.go(customer_path(page.base, customer.id), said)


_CRM = "/companies/<int:company_id>/crm"

ROUTES = (
    Route("GET", _CRM, listed),
    Route("POST", f"{_CRM}/<path:part>/link", link),
    Route("POST", f"{_CRM}/<path:part>/unlink", unlink),
    Route("GET", f"{_CRM}/<path:part>", shown),
)
