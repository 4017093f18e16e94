"""The tab Customers: our customers and suppliers, and the records of QuickBooks that they are (product.md M17)."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.engine import Connection as Db
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ...db import companies, lists, parties
from ...db.engine import AnyRow
from ...db.parties import LIST_OF, Linked, Side
from ...i18n import N_
from ...posting import matching, send
from ...posting.queue import NotNow
from ..page import Access, Page, Route

ROWS = 50  # a page
MATCHES = 20

FILTERS = {
    None: N_("All"),
    Linked.SUGGESTED: N_("Suggested"),
    Linked.UNLINKED: N_("Not linked"),
    Linked.LINKED: N_("Linked"),
    Linked.BROKEN: N_("Need a look"),
}
SIDES = {Side.CUSTOMER: N_("Customers"), Side.SUPPLIER: N_("Suppliers")}


@dataclass(frozen=True)
class View:
    """What the page shows: one side, filtered, from a place in the list on."""

    side: Side
    linked: Linked | None
    search: str
    after: tuple[str, str] | None

    def query(self, **changes: str) -> str:
        """-> the address' query of this view, with these of its parts changed; "" drops one."""
        parts = {
            "side": str(self.side),
            "show": str(self.linked or ""),
            "q": self.search,
            "after": self.after[0] if self.after else "",
            "record": self.after[1] if self.after else "",
            **changes,
        }
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True)
class Row:
    """One of ours. `broken` says why its link does not hold; `now_called` is the linked record's new name."""

    record: str
    id: str
    name: str
    linked: str | None
    now_called: str | None
    broken: str | None
    suggested: str | None  # the suggested record's ListID
    suggested_name: str


def show(page: Page) -> Response:
    with page.reading() as db:
        return _show(page, db, _view(page))


def _view(page: Page) -> View:
    """From the address, or from a form that came from such a page. What makes no sense is left out of account."""
    given = page.query if page.request.method == "GET" else page.form
    side, linked = given.get("side", ""), given.get("show", "")
    after = (given["after"], given["record"]) if given.get("after") and given.get("record") else None
    return View(
        Side(side) if side in list(Side) else Side.CUSTOMER,
        Linked(linked) if linked in list(Linked) else None,
        given.get("q", "").strip(),
        after,
    )


def _show(page: Page, db: Db, view: View) -> Response:
    company_id, which = page.of.id, LIST_OF[view.side]
    read_at = lists.read_of(db, company_id)[which].read_at
    found = parties.listed(
        db, company_id, view.side, search=view.search, linked=view.linked, after=view.after, limit=ROWS + 1
    )
    rows = found[:ROWS]
    wanted = [id_ for row in rows for id_ in (row.list_id, row.suggested) if id_ is not None]
    held = lists.by_list_ids(db, company_id, which, wanted)
    finding = page.query.get("find") or page.form.get("find")
    text = page.query.get("text", "").strip()
    return page.show(
        "customers/customers.html",
        view=view,
        rows=[_row(page, row, held, read_at) for row in rows],
        following=view.query(after=rows[-1].key, record=rows[-1].record) if len(found) > ROWS else None,
        sides=SIDES,
        filters=FILTERS,
        finding=finding,
        text=text,
        matches=lists.matching(db, company_id, which, text, MATCHES) if finding else [],
        most=MATCHES,
        read_at=read_at,
        is_empty=parties.count(db, company_id, view.side) == 0 if not rows else False,
        is_refreshing=_is_refreshing(page, db),
    )


def _is_refreshing(page: Page, db: Db) -> bool:
    due_at = companies.connection_of(db, page.of.id).lists_due_at
    return due_at is None or due_at <= page.now


def _row(page: Page, row: AnyRow, held: dict[str, AnyRow], read_at: dt.datetime | None) -> Row:
    linked = held.get(row.list_id)
    broken = None
    if row.list_id is not None and read_at is not None:
        if linked is None and read_at > row.made_at:  # one created since is not in what was read
            broken = page.text("QuickBooks holds this record no more. Link another one.")
        elif linked is not None and not linked.is_active:
            broken = page.text("This record is inactive in QuickBooks. Make it active there, or link another one.")
    suggested = held.get(row.suggested) if row.list_id is None else None
    return Row(
        record=row.record,
        id=row.id,
        name=row.name,
        linked=row.linked_name,
        now_called=linked.name if linked is not None and linked.name != row.linked_name else None,
        broken=broken,
        suggested=None if suggested is None else suggested.list_id,
        suggested_name="" if suggested is None else suggested.name,
    )


def matches(page: Page) -> Response:
    """The part that htmx asks for while somebody types: QuickBooks' records with this in their names."""
    view, text = _view(page), page.query.get("text", "").strip()
    with page.reading() as db:
        found = lists.matching(db, page.of.id, LIST_OF[view.side], text, MATCHES)
    return page.show(
        "customers/matches.html", view=view, finding=page.query.get("find", ""), text=text, matches=found, most=MATCHES
    )


def link(page: Page) -> Response:
    """One of ours is this record of QuickBooks' from now on."""
    view, list_id = _view(page), page.form.get("list_id", "")
    with page.reading() as db:
        party = parties.by_id(db, page.of.id, page.form.get("party", ""))
    if party is None or party.side != view.side:
        raise NotFound
    try:
        with page.writing() as db:
            name = send.link(db, page.of, party.record, LIST_OF[view.side], list_id, page.now)
            page.note(db, "customer.linked", party.name, name)
    except send.UnknownRecord:
        page.fault("list", page.text("QuickBooks' list, as last read, does not hold this record. Choose another one."))
    except NotNow:
        page.fault(
            "list",
            page.text("%(name)s is on its way to QuickBooks just now. Try again after the next poll.", name=party.name),
        )
    if page.faults:
        with page.reading() as db:
            return _show(page, db, view)
    said = page.text("%(ours)s is linked to %(theirs)s in QuickBooks.", ours=party.name, theirs=name)
    return page.go(f"{page.base}/customers?{view.query()}", said)


def accept_all(page: Page) -> Response:
    """Links every suggestion of this side at once, on whatever page of the list it stands."""
    view = _view(page)
    with page.writing() as db:
        done = matching.accept_exact(db, page.of, view.side, page.now)
        page.note(db, "customer.linked", page.text(SIDES[view.side]), f"exact names: {done.linked}")
    said = [page.plural("One was linked.", "%(number)s were linked.", done.linked)]
    if done.doubtful:
        said.append(
            page.plural(
                "One was left, since it has the name of another one.",
                "%(number)s were left, since some of them have the same name.",
                done.doubtful,
            )
        )
    if done.on_their_way:
        said.append(
            page.plural(
                "One is on its way to QuickBooks just now.",
                "%(number)s are on their way to QuickBooks just now.",
                done.on_their_way,
            )
        )
    return page.go(f"{page.base}/customers?{view.query(show='', after='', record='')}", " ".join(said))


ROUTES = (
    Route("GET", "/companies/<int:company_id>/customers", show, Access.ADMIN),
    Route("GET", "/companies/<int:company_id>/customers/matches", matches, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/customers/link", link, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/customers/accept", accept_all, Access.ADMIN),
)
