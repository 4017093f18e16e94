"""A form of a company's settings: what was typed, and what others saved meanwhile (product.md M15, M16)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import get_type_hints

from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from ..companies import preferences
from ..companies.preferences import LIMITS, ItemName, Preferences, Tax, Visible, WrongPreference
from ..db import audit, companies
from ..db.companies import Company
from ..db.engine import AnyRow
from ..i18n import N_
from .page import Page, checked

TYPES = get_type_hints(Preferences)
SAVED = ("company.saved", "accounts.saved")  # the acts in the audit trail

LABELS = {
    "income_account": N_("Income account"),
    "cost_account": N_("Cost of Goods Sold account"),
    "ar_account": N_("Accounts Receivable account"),
    "ap_account": N_("Accounts Payable account"),
    "deposit_account": N_("Account to which payments are deposited"),
    "discount_account": N_("Account of discounts"),
    "tax_account": N_("Account of the tax line"),
    "tax": N_("Tax"),
    "tax_item": N_("Sales tax item or group"),
    "item_name": N_("Field that becomes the name of the item in QuickBooks"),
    "send_bills": N_("Bills"),
    "send_purchase_orders": N_("Purchase orders"),
    "billable": N_("Set customers as billable on bills and purchase orders"),
    "link_bills": N_("Link each bill to its purchase order"),
    "macros": N_("Send an invoice and its payment in one message"),
    "batch": N_("Requests in one message, at most"),
    "visible": N_("Visible for"),
    "viewers": N_("Teams and people"),
    "allow_invoices": N_("Send invoices"),
    "allow_bills": N_("Send bills"),
    "allow_purchase_orders": N_("Send purchase orders"),
    "hold_minutes": N_("Minutes to keep the connection open for new orders"),
}

CHOICES: dict[str, dict[StrEnum, str]] = {
    "tax": {
        Tax.ITEM: N_("Add Total Tax as an Item, when there is tax"),
        Tax.ITEM_ALWAYS: N_("Add Total Tax as an Item, also when it is 0.00"),
        Tax.QUICKBOOKS: N_("QuickBooks Default: QuickBooks reckons it by the customer's own settings"),
    },
    "item_name": {ItemName.NUMBER: N_("Product number (default)"), ItemName.NAME: N_("Product name")},
    "visible": {Visible.EVERYONE: N_("Everyone"), Visible.CHOSEN: N_("Teams or individuals")},
}


@dataclass(frozen=True)
class Difference:
    """A setting that somebody else saved otherwise than it was typed here; in words."""

    label: str
    saved: str
    typed: str


@dataclass(frozen=True)
class Clash:
    """What was saved since this form was shown, and by whom, as far as the audit trail tells."""

    by: AnyRow | None
    differences: tuple[Difference, ...]


def held(db: Connection, company_id: int) -> Company:
    """-> the company as it stands; until the transaction ends nobody else saves its settings. 404 for one that was
    removed while the page was open."""
    company = companies.lock(db, company_id)
    if company is None:
        raise NotFound
    return company


def as_texts(known: Preferences, names: Iterable[str]) -> dict[str, str]:
    """-> settings as a form holds them."""
    values = asdict(known)
    return {name: _text(values[name]) for name in names}


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def typed(form: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """-> settings as they were typed; a tick box that is not ticked is "no"."""
    return {
        name: ("yes" if checked(form, name) else "no") if TYPES[name] is bool else form.get(name, "").strip()
        for name in names
    }


def version(texts: Mapping[str, str]) -> str:
    """-> what a form carries, to know whether somebody saved other values since."""
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()[:16]


def changed(page: Page, known: Preferences, texts: Mapping[str, str]) -> Preferences:
    """-> the settings with what was typed; each value that does not hold is a fault of its field."""
    for name, text in texts.items():
        try:
            known = preferences.change(known, {name: text})
        except WrongPreference:
            page.fault(name, _rule(page, name))
    return known


def _rule(page: Page, name: str) -> str:
    if name not in LIMITS:
        return page.text("%(label)s: choose one of the values that are offered.", label=page.text(LABELS[name]))
    least, most = LIMITS[name]
    label = page.text(LABELS[name])
    return page.text("%(label)s: write a number from %(least)s to %(most)s.", label=label, least=least, most=most)


def clash(page: Page, db: Connection, saved: Mapping[str, str], wanted: Mapping[str, str]) -> Clash:
    """-> what is to be shown when the form is older than what is saved."""
    differing = [name for name in wanted if saved[name] != wanted[name]]
    return Clash(
        audit.last_of(db, page.of.id, SAVED),
        tuple(
            Difference(page.text(LABELS[name]), words(page, name, saved[name]), words(page, name, wanted[name]))
            for name in differing
        ),
    )


def words(page: Page, name: str, text: str) -> str:
    """-> a setting's value as it is called on the pages."""
    if name in CHOICES:
        known = {str(choice): label for choice, label in CHOICES[name].items()}
        return page.text(known.get(text, text))
    if TYPES.get(name) is bool:
        return page.text("yes") if text == "yes" else page.text("no")
    return text or "–"


def save(page: Page, db: Connection, company: Company, wanted: Preferences, act: str) -> None:
    """Saves the settings, and notes in the audit trail which of them changed."""
    before, after = asdict(preferences.load(company.settings)), asdict(wanted)
    differing = [f"{name}: {_text(after[name])}" for name in after if before[name] != after[name]]
    companies.save_settings(db, company.id, preferences.dump(wanted))
    page.note(db, act, company.name, "; ".join(differing) or None)
