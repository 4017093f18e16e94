"""The accounts that a company sets or a clerk chooses, held against QuickBooks' own chart (product.md M16)."""

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from ..db import lists as table
from ..db.lists import List
from ..wording import say

# What QuickBooks takes in each place (qbxml/README.md of Intuit's rules); elsewhere any account.
TYPES = {
    "income_account": ("Income", "OtherIncome"),
    "cost_account": ("CostOfGoodsSold", "Expense", "OtherExpense"),
    "ar_account": ("AccountsReceivable",),
    "ap_account": ("AccountsPayable",),
    "deposit_account": ("Bank", "OtherCurrentAsset"),
}


def faults(db: Connection, company_id: int, chosen: Mapping[str, str]) -> list[tuple[str, str]]:
    """-> setting and fault of each account that QuickBooks would refuse there; none before its chart was read.

    `chosen`: full names by setting; "" is QuickBooks' own choice and never wrong.
    """
    names = {key: name for key, name in chosen.items() if key.endswith("_account") and name}
    if not names or table.read_of(db, company_id)[List.ACCOUNT].read_at is None:
        return []
    known = table.by_keys(db, company_id, List.ACCOUNT, names.values())
    found: list[tuple[str, str]] = []
    for key, name in names.items():
        account = known.get(name.lower())
        if account is None or not account.is_active:
            found.append((key, say("QuickBooks has no active account %(name)s; see `qbwc list accounts`", name=name)))
        elif key in TYPES and account.type not in TYPES[key]:
            takes = " or ".join(TYPES[key])
            fault = say(
                "%(name)s is of type %(type)s; QuickBooks takes %(takes)s here",
                name=name,
                type=account.type,
                takes=takes,
            )
            found.append((key, fault))
    return found
