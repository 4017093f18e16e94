"""Activity: every document on its way to QuickBooks, by what became of it; tried again or cancelled, singly or many
at once (screens.md S8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ...db import activity, order_views, parties, people
from ...db import jobs as table
from ...db.activity import Sought, Tab
from ...db.engine import AnyRow
from ...db.jobs import ORDERS_FIRST
from ...db.states import NEXT, Event, State
from ...i18n import N_
from ...people import NotAllowed
from ...posting import queue, rights
from .. import explanation, next_poll
from ..explanation import Explanation
from ..page import Page, Route

ROWS = 50
MOST_AT_ONCE = 500  # jobs that one press of a button acts on
LARGEST_ID = 2**63 - 1
SEARCHED_ORDERS = 100

TABS = {
    Tab.ALL: N_("All"),
    Tab.WAITING: N_("Waiting"),
    Tab.AWAY: N_("At QuickBooks"),
    Tab.POSTED: N_("In QuickBooks"),
    Tab.ATTENTION: N_("Needs a person"),
    Tab.CANCELLED: N_("Cancelled"),
    Tab.LISTS: N_("Lists"),
}
LISTS = {
    "account": N_("Accounts"),
    "customer": N_("Customers"),
    "vendor": N_("Vendors"),
    "item": N_("Items"),
    "terms": N_("Terms"),
    "tax_code": N_("Sales tax codes"),
    "sales_tax_item": N_("Sales tax items"),
    "payment_method": N_("Payment methods"),
}


@dataclass(frozen=True)
class Row:
    """A job as the list shows it."""

    job: AnyRow
    what: str
    to_whom: str
    why: Explanation | None
    can_retry: bool
    can_cancel: bool

    @property
    def can_tick(self) -> bool:
        return self.can_retry or self.can_cancel


@dataclass(frozen=True)
class Group:
    """Several jobs that need a person for the same cause; `like` is one of them."""

    number: int
    like: int
    why: Explanation


def listed(page: Page) -> Response:
    tab = _tab(page)
    search = page.query.get("q", "").strip()[:100]
    before = _id(page.query.get("before", ""))
    with page.reading() as db:
        sought = _sought(db, page, search)
        found = activity.listed(db, page.of.id, tab, sought=sought, before=before, limit=ROWS + 1)
        rows = _rows(db, page, found[:ROWS])
        counts = activity.counts(db, page.of.id)
        first = tab is Tab.ATTENTION and sought is None and before is None
        causes = activity.causes(db, page.of.id) if first else []
        soon = next_poll.said(page, db)
    groups = [
        Group(row.number, row.like, explanation.read(page, row.explanation, row.status_code or "")) for row in causes
    ]
    return page.show(
        "activity/list.html",
        tab=tab,
        tabs=TABS,
        counts=counts,
        rows=rows,
        groups=groups,
        search=search,
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        before=before,
        many_orders=sought is not None and len(sought.order_ids) == SEARCHED_ORDERS,
        soon=soon,
        may_any=bool(page.rights),
    )


def _tab(page: Page) -> Tab:
    try:
        return Tab(page.query.get("state", Tab.ALL))
    except ValueError:
        raise NotFound from None


def _id(text: str) -> int | None:
    return min(int(text), LARGEST_ID) if text.isdecimal() and text.isascii() and len(text) < 30 else None


def _sought(db: Connection, page: Page, search: str) -> Sought | None:
    if not search:
        return None
    return Sought(search, order_views.latest_matching(db, page.of.id, search, SEARCHED_ORDERS))


def _rows(db: Connection, page: Page, jobs: Sequence[AnyRow]) -> list[Row]:
    names = parties.names_of(db, page.of.id, {supplier for job in jobs if (supplier := _supplier_of(job))})
    return [
        Row(
            job,
            what_of(page, job),
            to_whom(job, names),
            explanation.explain(page, job),
            can_retry(job) and rights.may_act(job.kind, page.rights),
            can_cancel(job) and rights.may_act(job.kind, page.rights),
        )
        for job in jobs
    ]


def what_of(page: Page, job: AnyRow) -> str:
    """-> a job's number in QuickBooks, or the name of a list record, or which list is read."""
    if job.priority != ORDERS_FIRST:
        return page.text(LISTS.get(job.record.removeprefix("list:"), job.record))
    return job.ref_number or job.name or ""


def _supplier_of(job: AnyRow) -> str | None:
    """-> the record of the supplier whom a bill or purchase order is of: the last part of its own."""
    pieces = job.record.split(":")
    return f"vendor:{pieces[2]}" if job.kind in ("Bill", "PurchaseOrder") and len(pieces) == 3 else None


def supplier_of(db: Connection, page: Page, job: AnyRow) -> str:
    record = _supplier_of(job)
    return to_whom(job, parties.names_of(db, page.of.id, [record] if record else []))


def to_whom(job: AnyRow, suppliers: Any) -> str:
    """-> the customer or supplier of a transaction; a list record is nobody's."""
    supplier = _supplier_of(job)
    if supplier is not None:
        return str(suppliers.get(supplier, ""))
    return str(job.customer_name or "") if job.kind in ("Invoice", "ReceivePayment") else ""


def can_retry(job: AnyRow) -> bool:
    """Whether trying again changes anything: it needs a person, or rests before its next try."""
    return Event.RETRIED in NEXT[State(job.state)] and (job.state == State.ATTENTION or job.next_try_at is not None)


def can_cancel(job: AnyRow) -> bool:
    return bool(job.priority == ORDERS_FIRST and Event.CANCELLED in NEXT[State(job.state)])


def not_for_you(page: Page) -> Response:
    """403 for somebody who may not send documents of such a kind: whom to ask."""
    with page.reading() as db:
        admins = people.admins(db)
    return page.show("not_for_you.html", 403, admins=admins)


def name_in_trail(job: AnyRow) -> str:
    """-> how a job is called in the audit trail."""
    return f"{job.kind} {job.ref_number or job.name or job.record} (job {job.id})"


def retry(page: Page) -> Response:
    try:
        with page.writing() as db:
            jobs = [job for job in _chosen(page, db) if can_retry(job)]
            queue.retry(db, jobs, page.now)
            for job in jobs:
                page.note(db, "job.retried", name_in_trail(job))
            soon = next_poll.said(page, db)
    except NotAllowed:
        return not_for_you(page)
    if not jobs:
        return page.go(_back(page), page.text("Nothing was tried again: tick what should be."))
    said = page.plural(
        "%(number)s job is tried again %(soon)s.", "%(number)s jobs are tried again %(soon)s.", len(jobs), soon=soon
    )
    return page.go(_back(page), said)


def cancel(page: Page) -> Response:
    try:
        with page.writing() as db:
            jobs = [job for job in _chosen(page, db) if can_cancel(job)]
            cancelled = queue.cancel(db, jobs, page.now)
            rights.require({job.kind for job in cancelled}, page.rights)
            for job in cancelled:
                page.note(db, "job.cancelled", name_in_trail(job))
    except NotAllowed:
        return not_for_you(page)
    if not jobs:
        return page.go(_back(page), page.text("Nothing was cancelled: tick what should be."))
    said = page.plural(
        "%(number)s job is cancelled, with what cannot be without it.",
        "%(number)s jobs are cancelled, among them what cannot be without the others.",
        len(cancelled),
    )
    return page.go(_back(page), said)


def _chosen(page: Page, db: Connection) -> list[AnyRow]:
    """-> the jobs that were ticked, or all of a cause, held. Raises NotAllowed when one is of a kind that this person
    may not send; of a cause those are left out."""
    like = _id(page.form.get("like", ""))
    if like is None:
        ids = _ids(page.form.getlist("job"))
    else:
        job = activity.one(db, page.of.id, like)
        if job is None or job.explanation is None:
            return []
        kinds = activity.kinds_of_cause(db, page.of.id, job)
        allowed = [kind for kind in sorted(kinds) if rights.may_act(kind, page.rights)]
        if kinds and not allowed:
            rights.require(kinds, page.rights)
        ids = activity.of_cause(db, page.of.id, job, allowed, MOST_AT_ONCE)
    held = [job for job in table.hold(db, ids) if job.company_id == page.of.id]
    rights.require({job.kind for job in held}, page.rights)
    return held


def _ids(texts: Iterable[str]) -> list[int]:
    found = [_id(text) for text in texts]
    if len(found) > MOST_AT_ONCE:
        raise BadRequest
    return [id_ for id_ in found if id_ is not None]


def _back(page: Page) -> str:
    """-> the tab from which a button was pressed."""
    tab = page.form.get("state", "")
    return f"{page.base}/activity" + (f"?state={tab}" if tab in set(Tab) else "")


ROUTES = (
    Route("GET", "/companies/<int:company_id>/activity", listed),
    Route("POST", "/companies/<int:company_id>/activity/retry", retry),
    Route("POST", "/companies/<int:company_id>/activity/cancel", cancel),
)
