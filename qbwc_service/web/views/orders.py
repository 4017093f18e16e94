"""Orders: the list, and an order's page, on which one sees each document arrive in QuickBooks (product.md M14)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ... import orders as intake
from ...db import job_views, order_views
from ...db import jobs as job_table
from ...db import orders as table
from ...db.engine import AnyRow
from ...db.states import FINAL, OrderState, State
from ...orders import Order
from ...people import NotAllowed
from ...posting import queue, resend, rights
from ...posting import send as sending
from ...posting.naming import record_of
from ...posting.queue import LIST_KINDS
from .. import explanation, figures, next_poll
from ..addresses import customer_path, order_path, unquoted
from ..explanation import Explanation
from ..page import Page, Route
from .activity import LARGEST_ID, can_cancel, can_retry, name_in_trail, not_for_you, what_of

ROWS = 50


@dataclass(frozen=True)
class ListRow:
    """An order in a list, with its total to the cent and what became of it."""

    order: AnyRow
    path: str
    total: Decimal | None
    state: OrderState


@dataclass(frozen=True)
class DocumentRow:
    """A document of an order: what it is, where it stands, and what somebody may do about it. `waits_for` is the job
    that stands in its way."""

    job: AnyRow
    what: str
    to_whom: str
    why: Explanation | None
    waits_for: job_table.Judged | None
    can_retry: bool
    can_cancel: bool

    @property
    def is_record(self) -> bool:
        return self.job.kind in LIST_KINDS


@dataclass(frozen=True)
class Progress:
    """What became of an order, as its page shows it while it goes on. `stamp` changes when anything of it does."""

    state: OrderState
    documents: tuple[DocumentRow, ...]
    stamp: str
    soon: str  # when the next poll is, in words
    edit: bool  # some of it can be sent otherwise

    @property
    def is_open(self) -> bool:
        return any(row.job.state not in FINAL for row in self.documents)

    @property
    def waits_for_a_poll(self) -> bool:
        return any(row.job.state not in (*FINAL, State.ATTENTION) and not row.waits_for for row in self.documents)


def listed(page: Page) -> Response:
    search = page.query.get("search", "").strip()[:100]
    state = _state(page.query.get("state", ""))
    before = page.query.get("before", "")
    older_than = min(int(before), LARGEST_ID) if before.isdecimal() and before.isascii() and len(before) < 30 else None
    with page.reading() as db:
        found = order_views.listed(db, page.of.id, search=search, state=state, before=older_than, limit=ROWS + 1)
        rows = rows_of(db, page, found[:ROWS])
        any_at_all = bool(found) or bool(order_views.listed(db, page.of.id, limit=1))
    return page.show(
        "orders/list.html",
        rows=rows,
        search=search,
        state=state,
        states=list(OrderState),
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        before=older_than,
        any_at_all=any_at_all,
        hide_customer=False,
        may_send=bool(page.rights),
    )


def _state(text: str) -> OrderState | None:
    return OrderState(text) if text in set(OrderState) else None


def rows_of(db: Connection, page: Page, found: Sequence[AnyRow]) -> list[ListRow]:
    """-> rows of db/order_views with their totals and states."""
    states = sending.states_of(db, page.of.id, [order.id for order in found])
    older = table.contents(db, page.of.id, [order.id for order in found if order.total is None])
    return [
        ListRow(order, order_path(page.base, order.number), _total(order, older), states[order.id]) for order in found
    ]


def _total(order: AnyRow, older: Mapping[int, str]) -> Decimal:
    return Decimal(order.total) if order.total is not None else intake.stored(older[order.id]).total


def order_of(db: Connection, page: Page, part: str) -> AnyRow:
    """-> the order of an address; 404 for one that the company does not have."""
    row = table.by_number(db, page.of.id, unquoted(part))
    if row is None:
        raise NotFound
    return row


def shown(page: Page, part: str) -> Response:
    with page.reading() as db:
        row = order_of(db, page, part)
        order = intake.stored(row.content)
        progress = _progress(db, page, row)
    return page.show(
        "orders/show.html",
        row=row,
        order=order,
        progress=progress,
        path=order_path(page.base, row.number),
        customer=customer_path(page.base, row.customer_id),
        from_before=row.completed_at < page.of.created_at,
        paid=sum((payment.amount for payment in order.payments), Decimal(0)),
        suppliers={supplier.id: supplier.name for supplier in order.suppliers},
        quantity=figures.quantity,
        rate=figures.rate,
        may_send=bool(page.rights),
    )


def documents(page: Page, part: str) -> Response:
    """The part of the page that changes; 204 while nothing of it did, so that nothing is read out or redrawn."""
    with page.reading() as db:
        row = order_of(db, page, part)
        progress = _progress(db, page, row)
    if page.query.get("seen") == progress.stamp:
        return Response("", 204)
    return page.show(
        "orders/documents.html",
        progress=progress,
        path=order_path(page.base, row.number),
        may_send=bool(page.rights),
    )


def _progress(db: Connection, page: Page, row: AnyRow) -> Progress:
    state, jobs = sending.state_of(db, page.of, row.number)
    blockers = {job.blocked_by for job in jobs if job.blocked_by is not None}
    in_the_way = {job.id: job for job in job_table.carried(db, page.of.id, blockers)}
    whom = _to_whom(intake.stored(row.content))
    rows = tuple(_document(page, job, whom.get(job.record, ""), in_the_way.get(job.blocked_by)) for job in jobs)
    facts = [(job.id, job.state, job.explanation, job.blocked_by, job.next_try_at) for job in jobs]
    return Progress(
        state=state,
        # What people look for comes first: the transactions, then the list records that they need.
        documents=(*(one for one in rows if not one.is_record), *(one for one in rows if one.is_record)),
        stamp=hashlib.sha256(repr((state, facts, page.language)).encode()).hexdigest()[:16],
        soon=next_poll.said(page, db),
        edit=bool(jobs) and bool(resend.can_take_back(db, page.of, row.id, page.rights)),
    )


def _to_whom(order: Order) -> dict[str, str]:
    """-> by record, whom each transaction of an order is for."""
    number, customer = order.number, order.customer.name
    found = {record_of("invoice", number): customer}
    found |= {record_of("payment", number, payment.id): customer for payment in order.payments}
    for supplier in order.suppliers:
        found |= {record_of(kind, number, supplier.id): supplier.name for kind in ("bill", "purchase_order")}
    return found


def _document(page: Page, job: AnyRow, to_whom: str, waits_for: job_table.Judged | None) -> DocumentRow:
    mine = rights.may_act(job.kind, page.rights)
    return DocumentRow(
        job=job,
        what=what_of(page, job),
        to_whom=to_whom,
        why=explanation.explain(page, job),
        waits_for=waits_for,
        can_retry=mine and can_retry(job),
        # Of a list record the transactions that need it would be left waiting.
        can_cancel=mine and can_cancel(job) and (job.kind not in LIST_KINDS or job.state == State.ATTENTION),
    )


def retry(page: Page, part: str) -> Response:
    """A document is tried again at the next poll; one that QuickBooks may hold is looked up there first."""
    try:
        with page.writing() as db:
            _, held = _held(db, page, part)
            queue.retry(db, held, page.now)
            for job in held:
                page.note(db, "job.retried", name_in_trail(job))
            soon = next_poll.said(page, db)
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _back(page, part, page.text("That is no longer as it was shown: look at it again."))
    return _back(page, part, page.text("It is tried again %(soon)s.", soon=soon))


def cancel(page: Page, part: str) -> Response:
    """A document that has not left is not sent, nor what cannot be without it."""
    try:
        with page.writing() as db:
            _, held = _held(db, page, part)
            cancelled = queue.cancel(db, held, page.now)
            rights.require({job.kind for job in cancelled}, page.rights)
            for job in cancelled:
                page.note(db, "job.cancelled", name_in_trail(job))
    except NotAllowed:
        return not_for_you(page)
    except queue.NotNow:
        return _back(page, part, page.text("That is no longer as it was shown: look at it again."))
    said = page.plural(
        "%(number)s document is cancelled. Send the order again to have it back.",
        "%(number)s documents are cancelled: what cannot be without the other is among them. Send the order again to "
        "have them back.",
        len(cancelled),
    )
    return _back(page, part, said)


def _held(db: Connection, page: Page, part: str) -> tuple[AnyRow, list[AnyRow]]:
    """-> the order, and the document of it that a button names, held. Raises NotAllowed."""
    row = order_of(db, page, part)
    text = page.form.get("job", "")
    wanted = int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0
    held = [
        job
        for job in job_table.hold(db, [wanted])
        if job.id in {one.id for one in job_views.of_order(db, page.of.id, row.id)}
    ]
    if not held:
        raise NotFound
    rights.require((job.kind for job in held), page.rights)
    return row, held


def _back(page: Page, part: str, said: str) -> Response:
    return page.go(order_path(page.base, unquoted(part)), said)


_ORDERS = "/companies/<int:company_id>/orders"

ROUTES = (
    Route("GET", _ORDERS, listed),
    Route("GET", f"{_ORDERS}/<path:part>/documents", documents),
    Route("POST", f"{_ORDERS}/<path:part>/retry", retry),
    Route("POST", f"{_ORDERS}/<path:part>/cancel", cancel),
    Route("GET", f"{_ORDERS}/<path:part>", shown),
)
