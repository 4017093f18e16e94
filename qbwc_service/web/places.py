"""What a plan says, told on a page: the place in the order, the sentence in the viewer's language, how to mend it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..i18n import N_
from ..orders import Order
from ..posting.drafting import Note, Obstacle
from ..wording import Said
from . import words
from .addresses import order_path
from .page import Page

_PLACES = {
    "": N_("The order"),
    "number": N_("Order number"),
    "purchase_order": N_("The customer's purchase order number"),
    "memo": N_("Memo"),
    "discount": N_("Discount"),
    "tax": N_("Tax"),
    "lines": N_("Lines"),
    "suppliers": N_("Suppliers"),
    "customer": N_("Customer"),
    "customer.name": N_("Customer's name"),
    "customer.phone": N_("Customer's phone"),
    "customer.email": N_("Customer's e-mail address"),
    "customer.billing_address": N_("Billing address"),
    "customer.shipping_address": N_("Shipping address"),
    "income_account": N_("Income account"),
    "cost_account": N_("Cost of Goods Sold"),
    "ar_account": N_("Accounts Receivable"),
    "ap_account": N_("Accounts Payable"),
    "deposit_account": N_("Deposit account"),
    "discount_account": N_("Discount account"),
    "tax_account": N_("Tax account"),
}
_ONE_OF_MANY = {
    "lines": N_("Line %(number)s"),
    "charges": N_("Charge %(number)s"),
    "payments": N_("Payment %(number)s"),
    "suppliers": N_("Supplier %(name)s"),
}
_PARTS = {
    "product_number": N_("product number"),
    "product_name": N_("product name"),
    "description": N_("description"),
    "cost": N_("cost"),
    "name": N_("name"),
    "amount": N_("amount"),
    "reference": N_("reference"),
    "method": N_("payment method"),
    "bill_number": N_("bill number"),
    "purchase_order_number": N_("purchase order number"),
    "ap_account": N_("Accounts Payable"),
    "cost_account": N_("Cost of Goods Sold"),
}
_RECORDS = {
    "customer": N_("Customer"),
    "vendor": N_("Vendor"),
    "item": N_("Item"),
    "method": N_("Payment method"),
}
# Where a command says it in a word, or names a command, a page says more.
_ON_A_PAGE = {
    "replaced": N_("it has characters that QuickBooks cannot hold"),
    "removed": N_("characters that QuickBooks cannot hold are left out"),
    "shortened": N_("it is too long for QuickBooks"),
    "QuickBooks has no active account %(name)s; see `qbwc list accounts`": N_(
        "QuickBooks has no active account %(name)s. Choose another one."
    ),
}
ACCOUNT_TYPES = {
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
_ON_THE_WINDOW = ("income_account", "ar_account")
_SETTINGS = ("deposit_account", "discount_account", "tax_account", "cost_account", "ap_account")


@dataclass(frozen=True)
class Remark:
    """A note or an obstacle: where, what, and for an obstacle the way to mend it (`fix` is a path or #field)."""

    place: str
    sentence: str
    before: str = ""
    after: str = ""
    fix: str = ""
    fix_label: str = ""
    field: str = ""  # of the send window, beside which it is told


def place(page: Page, path: str, order: Order) -> str:
    """-> a path of the order (`lines[0].cost`), of a setting or a record, in words."""
    many = re.fullmatch(r"(lines|charges|payments|suppliers)\[(\d+)\](?:\.(\w+).*)?", path)
    if many is not None:
        kind, index, part = many[1], int(many[2]), many[3]
        name = order.suppliers[index].name if kind == "suppliers" and index < len(order.suppliers) else ""
        one = page.text(_ONE_OF_MANY[kind], number=index + 1, name=name)
        return f"{one}: {page.text(_PARTS.get(part, part))}" if part else one
    if path in _PLACES:
        return page.text(_PLACES[path])
    address = re.match(r"customer\.(billing|shipping)_address", path)
    if address is not None:
        return page.text(_PLACES[address[0]])
    kind = path.partition(":")[0]
    return page.text(_RECORDS[kind]) if kind in _RECORDS else path


def told(page: Page, said: str) -> str:
    """-> what posting says, in the viewer's language; kinds and types of accounts in the words of the pages."""
    if not isinstance(said, Said):
        return page.text(said)
    facts = {name: _fact(page, name, fact) for name, fact in said.facts.items()}
    return page.text(_ON_A_PAGE.get(said.template, said.template), **facts)


def _fact(page: Page, name: str, fact: object) -> object:
    if isinstance(fact, Said):
        return told(page, fact)
    words_of: dict[str, Callable[[], str]] = {
        "kind": lambda: page.text(words.KINDS.get(str(fact), str(fact))),
        "type": lambda: _type(page, str(fact)),
        "takes": lambda: f" {page.text('or')} ".join(_type(page, one) for one in str(fact).split(" or ")),
    }
    return words_of[name]() if name in words_of else fact


def _type(page: Page, type_: str) -> str:
    return page.text(ACCOUNT_TYPES.get(type_, type_))


def noted(page: Page, note: Note, order: Order) -> Remark:
    return Remark(place(page, note.path, order), told(page, note.rule), note.before, note.after)


def in_the_way(page: Page, obstacle: Obstacle, order: Order) -> Remark:
    """-> what stands in the way, with the way to mend it."""
    where, what = place(page, obstacle.path, order), told(page, obstacle.message)
    field = _field(obstacle.path)
    if field:
        return Remark(where, what, fix=f"#field-{field}", fix_label=page.text("Choose another"), field=field)
    if obstacle.path in _SETTINGS:
        if page.is_admin:
            return Remark(where, what, fix=f"{page.base}/accounts", fix_label=page.text("Mend it in Accounts"))
        return Remark(where, f"{what} {page.text('An admin can choose another one in Accounts.')}")
    if isinstance(obstacle.message, Said) and "order" in obstacle.message.facts:
        other = str(obstacle.message.facts["order"])
        label = page.text("Look at order %(number)s", number=other)
        return Remark(where, what, fix=order_path(page.base, other), fix_label=label)
    if not obstacle.path:
        return Remark("", what)
    label = page.text("Look at the order; mend it in the order system and hand it over again")
    return Remark(where, what, fix=order_path(page.base, order.number), fix_label=label)


def _field(path: str) -> str:
    """-> the field of the send window that a path speaks of; "" for none."""
    if path in _ON_THE_WINDOW:
        return path
    one = re.fullmatch(r"suppliers\[(\d+)\]\.(ap_account|cost_account)", path)
    return f"{one[2]}-{one[1]}" if one is not None else ""
