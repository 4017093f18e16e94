"""Who may see a company, and who may send what of its orders (product.md M15). Pages, API and commands ask here."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy.engine import Connection

from .companies import preferences
from .companies.preferences import Visible
from .db import people as table
from .db.companies import Company
from .db.people import User


class Right(StrEnum):
    """What may be sent to QuickBooks of an order."""

    INVOICE = "invoice"
    BILL = "bill"
    PURCHASE_ORDER = "purchase_order"


ALL_RIGHTS = frozenset(Right)


class NotAllowed(Exception):
    """Somebody asked for documents that they may not send; `rights` are those they lack."""

    def __init__(self, rights: Iterable[Right]) -> None:
        self.rights = tuple(sorted(rights))
        named = " and ".join(f"{right.replace('_', ' ')}s" for right in self.rights)
        super().__init__(f"you may not send {named}; an admin may, or can allow it")


def may_see(db: Connection, user: User, company: Company) -> bool:
    """Whether the company is visible for a user: admins see all; others where it is for everyone, or for them or a
    team of theirs."""
    if user.is_admin or preferences.load(company.settings).visible is Visible.EVERYONE:
        return True
    return company.id in table.chosen_for(db, user.id)


def visible(db: Connection, user: User, companies: Iterable[Company]) -> list[Company]:
    """-> of these companies, those that the user may see."""
    if user.is_admin:
        return list(companies)
    chosen = table.chosen_for(db, user.id)
    return [
        company
        for company in companies
        if company.id in chosen or preferences.load(company.settings).visible is Visible.EVERYONE
    ]


def rights_of(db: Connection, user: User, company: Company) -> frozenset[Right]:
    """-> what a user may send of the company's orders: all for admins; for others what its settings allow."""
    if user.is_admin:
        return ALL_RIGHTS
    if not may_see(db, user, company):
        return frozenset()
    wanted = preferences.load(company.settings)
    allowed = {
        Right.INVOICE: wanted.allow_invoices,
        Right.BILL: wanted.allow_bills,
        Right.PURCHASE_ORDER: wanted.allow_purchase_orders,
    }
    return frozenset(right for right, yes in allowed.items() if yes)
