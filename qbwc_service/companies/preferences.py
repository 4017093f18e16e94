"""What a company sets once for all its orders (product.md M10 to M16)."""

import functools
import json
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, get_type_hints


class Tax(StrEnum):
    """What becomes of an order's tax (product.md M11)."""

    ITEM = "item"  # a line "Total Sales Tax", when there is tax
    ITEM_ALWAYS = "item-always"  # the same, also at 0.00, as in the manual
    QUICKBOOKS = "quickbooks"  # QuickBooks reckons it by the customer's own settings


class ItemName(StrEnum):
    NUMBER = "number"
    NAME = "name"


class Visible(StrEnum):
    """Whom the company is for, of those who are no admins (product.md M15)."""

    EVERYONE = "everyone"
    CHOSEN = "chosen"  # the teams and people that an admin chose


@dataclass(frozen=True)
class Preferences:
    """A company's defaults. Accounts are QuickBooks' full names; "" leaves the choice to QuickBooks, or for the
    accounts of new items to the first active one of the type."""

    income_account: str = ""
    cost_account: str = ""
    ar_account: str = ""
    ap_account: str = ""
    deposit_account: str = ""
    discount_account: str = ""
    tax_account: str = ""
    tax: Tax = Tax.ITEM
    tax_item: str = ""  # QuickBooks' sales tax item or group, where QuickBooks reckons the tax; "": the customer's
    item_name: ItemName = ItemName.NUMBER
    send_bills: bool = False
    send_purchase_orders: bool = False
    billable: bool = False
    link_bills: bool = False
    macros: bool = True
    batch: int = 250  # the most requests in a message
    visible: Visible = Visible.EVERYONE
    allow_invoices: bool = True  # users who are no admins may send them
    allow_bills: bool = True
    allow_purchase_orders: bool = True
    hold_minutes: int = 0  # keep a session open so long, for orders that come meanwhile; 0: do not


_TYPES = get_type_hints(Preferences)  # once: settings are read at each poll, and for each company of a page
LIMITS = {"batch": (1, 500), "hold_minutes": (0, 240)}


class WrongPreference(Exception):
    """A setting that does not exist, or a value that it does not take."""


@functools.lru_cache(4096)  # asked for at each call of each connector, and seldom changed
def load(text: str) -> Preferences:
    known = {field.name for field in fields(Preferences)}
    return _typed({name: value for name, value in json.loads(text).items() if name in known})


def dump(preferences: Preferences) -> str:
    return json.dumps(asdict(preferences))


def change(preferences: Preferences, assignments: dict[str, str]) -> Preferences:
    """-> the preferences with these values read from text; raises WrongPreference naming setting and rule."""
    changed: dict[str, Any] = {}
    for name, text in assignments.items():
        if name not in _TYPES:
            raise WrongPreference(f"{name} is not a setting; there are: {', '.join(_TYPES)}")
        changed[name] = _read(name, _TYPES[name], text)
    return replace(preferences, **changed)


def _read(name: str, type_: type, text: str) -> Any:
    if type_ is bool:
        if text.lower() in ("yes", "true", "on", "1"):
            return True
        if text.lower() in ("no", "false", "off", "0"):
            return False
        raise WrongPreference(f"{name}: {text!r} is not yes or no")
    if type_ is int:
        least, most = LIMITS[name]
        if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            raise WrongPreference(f"{name}: {text[:20]!r} is not a number from {least} to {most}")
        return int(text)
    if issubclass(type_, StrEnum):
        try:
            return type_(text)
        except ValueError:
            raise WrongPreference(f"{name}: {text!r} is none of {', '.join(type_)}") from None
    return text


def _typed(values: dict[str, Any]) -> Preferences:
    return Preferences(
        **{name: _TYPES[name](value) if issubclass(_TYPES[name], StrEnum) else value for name, value in values.items()}
    )
