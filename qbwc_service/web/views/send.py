"""The window "Send to QuickBooks": choose, see what QuickBooks will hold, send (product.md M8 to M14, X5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ... import orders as intake
from ...companies import preferences
from ...companies.preferences import Preferences, Tax
from ...db import companies as company_table
from ...db import lists as list_table
from ...db import orders as table
from ...db import people as people_table
from ...db.engine import AnyRow
from ...db.lists import List
from ...db.people import User
from ...db.states import State
from ...i18n import N_
from ...orders import Order
from ...people import NotAllowed, Right
from ...posting import accounts, queue, resend
from ...posting import send as sending
from .. import figures, next_poll, pickers, places, preview, send_form
from ..addresses import order_path
from ..page import Page, Route
from ..preview import WrongChoice
from ..send_form import SETTINGS, TAX_ITEM, SendForm
from .activity import not_for_you
from .orders import order_of

TAXES = {
    Tax.QUICKBOOKS: N_("QuickBooks default"),
    Tax.ITEM: N_("Add total tax as an item"),
    Tax.ITEM_ALWAYS: N_("Add total tax as an item, also when it is 0.00"),
}
PARTS = {
    "customer": N_("the customer"),
    "lines": N_("the lines"),
    "charges": N_("the charges"),
    "discount": N_("the discount"),
    "tax": N_("the tax"),
    "payments": N_("the payments"),
    "suppliers": N_("the suppliers"),
    SETTINGS: N_("the company's settings"),
}
MOST_TAX_ITEMS = 200


class _Replaced(Exception):
    """The order is another one than the form was made for, or the settings are."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__(", ".join(parts))
        self.parts = parts


@dataclass(frozen=True)
class Window:
    """What the window shows beside the form and its preview."""

    row: AnyRow
    order: Order
    sent: Sequence[AnyRow]  # documents that were asked for already
    takeable: int  # how many of them could be planned anew
    admins: Sequence[User]
    lists_read: bool


def opened(page: Page, part: str) -> Response:
    with page.reading() as db:
        row = order_of(db, page, part)
        order = intake.stored(row.content)
        parties = pickers.parties_of(order)
        _, jobs = sending.state_of(db, page.of, row.number)
        form = send_form.begun(
            order,
            preferences.load(page.of.settings),
            page.rights,
            {job.record: job for job in jobs},
            pickers.beginning(db, page, parties),
            again=page.query.get("again") == "yes",
        )
    return _window(page, row, order, form)


def posted(page: Page, part: str) -> Response:
    """Search, preview or send, by the button that was pressed; all of them keep what was chosen."""
    with page.reading() as db:
        row = order_of(db, page, part)
    order = intake.stored(row.content)
    form = send_form.read(page, order)
    doing = page.form.get("do", "preview")
    if doing == "send":
        return _send(page, row, order, form)
    if page.is_htmx and doing.startswith("find:"):
        return _found(page, order, form, doing.removeprefix("find:"))
    if page.is_htmx:
        return _preview(page, order, form)
    return _window(page, row, order, form)


def _found(page: Page, order: Order, form: SendForm, field: str) -> Response:
    parties = [party for party in pickers.parties_of(order) if party.field == field]
    with page.reading() as db:
        found = pickers.pickers(db, page, parties, preview.chosen_in(form), form.find or {})
    return page.show("send/found.html", picker=found[0] if found else None, typing=True)


def _preview(page: Page, order: Order, form: SendForm) -> Response:
    tried = preview.tried(page, order, form, pickers.parties_of(order))
    parts = send_form.changed(page.form.get("seen", ""), order, preferences.load(page.of.settings))
    return page.show(
        "send/preview.html",
        preview=tried,
        replaced=_replaced(page, parts),
        typing=True,
        quantity=figures.quantity,
        rate=figures.rate,
    )


def _replaced(page: Page, parts: Sequence[str]) -> str:
    """-> what to say when the order or the settings are others now; "" when they are not."""
    if not parts:
        return ""
    if list(parts) == [SETTINGS]:
        return page.text(
            "The company's settings were changed while this window was open. Look at the preview, then send."
        )
    named = [page.text(PARTS[part]) for part in PARTS if part in parts]
    if not named:
        return page.text("The order was replaced while this window was open. Look at the preview, then send.")
    return page.text(
        "The order was replaced while this window was open. Other than before: %(parts)s. Look at the preview, then "
        "send.",
        parts=", ".join(named),
    )


def _send(page: Page, row: AnyRow, order: Order, form: SendForm) -> Response:
    path = order_path(page.base, row.number)
    try:
        with page.writing() as db:
            added = _sent(db, page, row.number, form)
            soon = next_poll.said(page, db)
    except _Replaced as error:
        page.fault("preview", _replaced(page, error.parts))
        with page.reading() as db:
            page.company = company_table.by_id(db, page.of.id) or page.of  # the preview is of what holds by now
    except WrongChoice as error:
        page.fault(error.field, error.message)
    except NotAllowed:
        return not_for_you(page)
    except sending.UnknownOrder:  # its company was removed
        raise NotFound from None
    except queue.NotNow:
        page.fault("preview", page.text("QuickBooks is taking some of it at this moment. Look at it again, then send."))
    except sending.Refused as refused:
        for obstacle in refused.obstacles:
            remark = places.in_the_way(page, obstacle, order)
            where = f"{remark.place}: " if remark.place and not remark.field else ""
            page.fault(remark.field or "preview", where + remark.sentence)
    else:
        if not added:
            return page.go(path, page.text("Nothing was added: all of it was sent before."))
        said = page.plural(
            "Queued: %(number)s document. QuickBooks gets it %(soon)s.",
            "Queued: %(number)s documents. QuickBooks gets them %(soon)s.",
            added,
            soon=soon,
        )
        return page.go(path, said)
    with page.reading() as db:  # as it is by now
        row = table.by_number(db, page.of.id, row.number) or row
    return _window(page, row, intake.stored(row.content), form)


def _sent(db: Connection, page: Page, number: str, form: SendForm) -> int:
    """Sends it in one transaction with the links that were chosen; -> how many documents are added."""
    company = sending.held(db, page.of)
    row = table.hold(db, company.id, number)
    if row is None:
        raise sending.UnknownOrder(company.name, number)
    order = intake.stored(row.content)
    if parts := send_form.changed(page.form.get("seen", ""), order, preferences.load(company.settings)):
        raise _Replaced(parts)
    choices = form.for_order(order)
    if lacking := sending.asked_for(choices) - page.rights:
        raise NotAllowed(lacking)
    preview.require_not_linked(db, page, pickers.parties_of(order), choices, order)
    wanted = preview.links_wanted(db, page, pickers.parties_of(order), form, choices, order)
    for party, name in preview.link(db, page, wanted):
        page.note(db, f"{party.which}.linked", party.record, name)
    act = resend.resend if form.again else sending.send
    added = act(db, page.of, number, choices, page.now, page.rights)
    if added:
        page.note(db, "order.sent", number, ", ".join(sorted(sending.asked_for(choices))))
    return added


def _window(page: Page, row: AnyRow, order: Order, form: SendForm) -> Response:
    parties = pickers.parties_of(order)
    tried = preview.tried(page, order, form, parties)
    wanted = preferences.load(page.of.settings)
    with page.reading() as db:
        shown = pickers.pickers(db, page, parties, preview.chosen_in(form), form.find or {})
        _, jobs = sending.state_of(db, page.of, row.number)
        window = Window(
            row=row,
            order=order,
            sent=[job for job in jobs if job.kind not in queue.LIST_KINDS and job.state != State.CANCELLED],
            takeable=len(resend.can_take_back(db, page.of, row.id, page.rights)) if jobs else 0,
            admins=people_table.admins(db) if len(page.rights) < len(Right) else [],
            lists_read=list_table.read_of(db, page.of.id)[List.ACCOUNT].read_at is not None,
        )
        choices = _account_choices(db, page, wanted)
        taxes = _tax_choices(db, page, wanted)
    return page.show(
        "send/window.html",
        window=window,
        form=form,
        preview=tried,
        replaced="",
        typing=False,
        quantity=figures.quantity,
        rate=figures.rate,
        customer=shown[0],
        vendors=shown[1:],
        kept=_kept,
        accounts=choices,
        taxes=taxes,
        seen=send_form.fingerprint(order, wanted),
        path=order_path(page.base, row.number),
        from_before=row.completed_at < page.of.created_at,
        may={right.value: right in page.rights for right in Right},
    )


def _kept(choices: Sequence[tuple[str, str]], chosen: str) -> Sequence[tuple[str, str]]:
    """-> the choices, among them what was chosen, though it is no choice any more."""
    if any(value == chosen for value, _ in choices):
        return choices
    return [*choices, (chosen, chosen.removeprefix(TAX_ITEM))]


def _account_choices(db: Connection, page: Page, wanted: Preferences) -> dict[str, list[tuple[str, str]]]:
    """-> by setting, the accounts of the types that QuickBooks takes there; first the company's default."""
    chart = [row for row in list_table.listed(db, page.of.id, List.ACCOUNT) if row.is_active]
    usual = {
        "ar_account": page.text("QuickBooks' own choice"),
        "ap_account": page.text("QuickBooks' own choice"),
        "income_account": page.text("the first account of type Income"),
        "cost_account": page.text("the first account of type Cost of Goods Sold"),
    }
    found = {}
    for setting, otherwise in usual.items():
        default = getattr(wanted, setting) or otherwise
        names = [row.name for row in chart if row.type in accounts.TYPES[setting]]
        found[setting] = [("", page.text("Default: %(account)s", account=default)), *((name, name) for name in names)]
    return found


def _tax_choices(db: Connection, page: Page, wanted: Preferences) -> list[tuple[str, str]]:
    usual = page.text(TAXES[wanted.tax])
    items = [
        row.name
        for row in list_table.listed(db, page.of.id, List.SALES_TAX_ITEM, limit=MOST_TAX_ITEMS)
        if row.is_active
    ]
    return [
        ("", page.text("Default: %(tax)s", tax=usual)),
        *((tax.value, page.text(words)) for tax, words in TAXES.items()),
        *((TAX_ITEM + name, page.text("QuickBooks tax: %(name)s", name=name)) for name in items),
    ]


_SEND = "/companies/<int:company_id>/orders/<path:part>/send"

ROUTES = (Route("GET", _SEND, opened), Route("POST", _SEND, posted))
