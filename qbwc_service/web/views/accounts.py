"""The tab Accounts: to which of QuickBooks' accounts each of our fields goes (product.md M16, screens.md S4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection as Db
from werkzeug.wrappers import Response

from ...companies import preferences
from ...companies.preferences import Tax
from ...db import companies, lists
from ...db.engine import AnyRow
from ...db.lists import List
from ...i18n import N_
from ...posting.accounts import TYPES
from .. import settings_form
from ..page import Access, Page, Route
from ..settings_form import Clash

INVOICE = ("ar_account", "income_account", "discount_account", "deposit_account")
PURCHASES = ("ap_account", "cost_account")
TAX_ITEM = "tax_item"
NAMES = (*INVOICE, *PURCHASES, "tax", "tax_account", TAX_ITEM)

# QuickBooks' types of accounts, as its chart of accounts calls them.
TYPE_WORDS = {
    "AccountsPayable": N_("Accounts Payable"),
    "AccountsReceivable": N_("Accounts Receivable"),
    "Bank": N_("Bank"),
    "CostOfGoodsSold": N_("Cost of Goods Sold"),
    "CreditCard": N_("Credit Card"),
    "Equity": N_("Equity"),
    "Expense": N_("Expense"),
    "FixedAsset": N_("Fixed Asset"),
    "Income": N_("Income"),
    "LongTermLiability": N_("Long Term Liability"),
    "NonPosting": N_("Non-Posting"),
    "OtherAsset": N_("Other Asset"),
    "OtherCurrentAsset": N_("Other Current Asset"),
    "OtherCurrentLiability": N_("Other Current Liability"),
    "OtherExpense": N_("Other Expense"),
    "OtherIncome": N_("Other Income"),
}

# What becomes of a field that is left open.
LEFT_OPEN = {
    "ar_account": N_("QuickBooks' own choice"),
    "ap_account": N_("QuickBooks' own choice"),
    "deposit_account": N_("QuickBooks' own choice (Undeposited Funds)"),
    "income_account": N_("The first active income account"),
    "cost_account": N_("The first active account of cost of goods sold"),
    "discount_account": N_("The same as the income account"),
    "tax_account": N_("The same as the income account"),
    "tax_item": N_("The customer's own"),
}


@dataclass(frozen=True)
class Picker:
    """One field: its choices in groups by type of account, and why QuickBooks would refuse the value it has."""

    name: str
    label: str
    hint: str
    value: str
    left_open: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    is_known: bool  # the value is among the choices
    reason: str | None


def show(page: Page) -> Response:
    texts = settings_form.as_texts(preferences.load(page.of.settings), NAMES)
    with page.reading() as db:
        return _show(page, db, texts, settings_form.version(texts))


def save(page: Page) -> Response:
    typed = settings_form.typed(page.form, NAMES)
    with page.writing() as db:
        company = settings_form.held(db, page.of.id)
        known = preferences.load(company.settings)
        saved = settings_form.as_texts(known, NAMES)
        wanted = settings_form.changed(page, known, typed)
        _check(page, db, saved, typed)
        version = settings_form.version(saved)
        if page.faults:
            return _show(page, db, typed, page.form.get("version", ""))
        if page.form.get("version") != version and typed != saved:
            return _show(page, db, typed, version, clash=settings_form.clash(page, db, saved, typed), code=409)
        settings_form.save(page, db, company, wanted, "accounts.saved")
    return page.go(f"{page.base}/accounts", page.text("Saved."))


def _check(page: Page, db: Db, saved: Mapping[str, str], typed: Mapping[str, str]) -> None:
    """What is set anew must be usable. What stood there before may stay: it is marked, and hinders no other change."""
    by_name = {row.name: row for row in lists.listed(db, page.of.id, List.ACCOUNT)}
    for name in (*INVOICE, *PURCHASES, "tax_account"):
        if typed[name] and typed[name] != saved[name]:
            reason = _reason(page, name, typed[name], by_name)
            if reason is not None:
                page.fault(name, reason)
    items = {row.name for row in lists.listed(db, page.of.id, List.SALES_TAX_ITEM) if row.is_active}
    if typed["tax_item"] and typed["tax_item"] != saved["tax_item"] and typed["tax_item"] not in items:
        page.fault("tax_item", page.text("QuickBooks has no active sales tax item %(name)s.", name=typed["tax_item"]))


def _reason(page: Page, name: str, value: str, by_name: Mapping[str, AnyRow]) -> str | None:
    """-> why QuickBooks would refuse this account in this field."""
    account = by_name.get(value)
    if account is None:
        return page.text("QuickBooks has no account %(name)s.", name=value)
    if not account.is_active:
        return page.text("The account %(name)s is inactive in QuickBooks.", name=value)
    if name in TYPES and account.type not in TYPES[name]:
        return page.text(
            "%(name)s is an account of the type %(type)s. QuickBooks takes only %(right)s here, and would refuse each "
            "document.",
            name=value,
            type=_type_word(page, account.type),
            right=_or(page, [_type_word(page, type_) for type_ in TYPES[name]]),
        )
    return None


def _type_word(page: Page, type_: str) -> str:
    return page.text(TYPE_WORDS.get(type_, type_))


def _or(page: Page, words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    these, last = ", ".join(words[:-1]), words[-1]
    if last.lower().startswith(("o", "ho")):  # where Spanish says "u": Ingresos u Otros ingresos
        return page.text("%(these)s or %(o_word)s", these=these, o_word=last)
    return page.text("%(these)s or %(last)s", these=these, last=last)


def refresh(page: Page) -> Response:
    """All of QuickBooks' lists are read again at the next poll."""
    with page.writing() as db:
        companies.note_lists_due(db, page.of.id, page.now)
    back = page.form.get("back", "")
    path = back if back in ("accounts", "customers") else "accounts"
    return page.go(f"{page.base}/{path}", page.text("QuickBooks' lists are read again at the next poll."))


def _show(
    page: Page, db: Db, texts: Mapping[str, str], version: str, *, clash: Clash | None = None, code: int = 200
) -> Response:
    company = page.of
    accounts = lists.listed(db, company.id, List.ACCOUNT)
    taxes = [row.name for row in lists.listed(db, company.id, List.SALES_TAX_ITEM) if row.is_active]
    read_at = lists.read_of(db, company.id)[List.ACCOUNT].read_at
    row = companies.connection_of(db, company.id)

    def pickers(names: Sequence[str]) -> list[Picker]:
        return [_picker(page, name, texts[name], accounts, is_read=read_at is not None) for name in names]

    return page.show(
        "accounts/accounts.html",
        code,
        invoice=pickers(INVOICE),
        purchases=pickers(PURCHASES),
        tax_account=pickers(["tax_account"])[0],
        tax_item=_tax_item(page, texts["tax_item"], taxes, is_read=read_at is not None),
        tax=texts["tax"],
        tax_choices=[(str(choice), page.text(word)) for choice, word in settings_form.CHOICES["tax"].items()],
        is_reckoned_by_quickbooks=texts["tax"] == Tax.QUICKBOOKS,
        read_at=read_at,
        is_refreshing=read_at is not None and (row.lists_due_at is None or row.lists_due_at <= page.now),
        version=version,
        clash=clash,
    )


def _picker(page: Page, name: str, value: str, accounts: Sequence[AnyRow], *, is_read: bool) -> Picker:
    fitting = [row for row in accounts if row.is_active and (name not in TYPES or row.type in TYPES[name])]
    kinds = sorted({row.type for row in fitting}, key=lambda type_: _type_word(page, type_))
    groups = tuple(
        (_type_word(page, type_), tuple(row.name for row in fitting if row.type == type_)) for type_ in kinds
    )
    by_name = {row.name: row for row in accounts}
    return Picker(
        name=name,
        label=page.text(settings_form.LABELS[name]),
        hint=_hint(page, name),
        value=value,
        left_open=page.text(LEFT_OPEN[name]),
        groups=groups,
        is_known=any(row.name == value for row in fitting),
        reason=_reason(page, name, value, by_name) if value and is_read else None,
    )


def _hint(page: Page, name: str) -> str:
    if name not in TYPES:
        return ""
    right = _or(page, [_type_word(page, type_) for type_ in TYPES[name]])
    return page.text("Accounts of the type %(right)s.", right=right)


def _tax_item(page: Page, value: str, taxes: Sequence[str], *, is_read: bool) -> Picker:
    is_gone = bool(value) and is_read and value not in taxes
    return Picker(
        name="tax_item",
        label=page.text(settings_form.LABELS[TAX_ITEM]),
        hint=page.text("Used where QuickBooks reckons the tax."),
        value=value,
        left_open=page.text(LEFT_OPEN[TAX_ITEM]),
        groups=(("", tuple(taxes)),),
        is_known=value in taxes,
        reason=page.text("QuickBooks has no active sales tax item %(name)s.", name=value) if is_gone else None,
    )


ROUTES = (
    Route("GET", "/companies/<int:company_id>/accounts", show, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/accounts", save, Access.ADMIN),
    Route("POST", "/companies/<int:company_id>/lists/refresh", refresh, Access.ADMIN),
)
