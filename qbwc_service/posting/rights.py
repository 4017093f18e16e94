"""Which right somebody needs to have a job tried again, cancelled or named otherwise (product.md M15)."""

from collections.abc import Iterable

from ..people import ALL_RIGHTS, NotAllowed, Right

# A list record serves what any of these lets one send.
_NEEDED: dict[str, frozenset[Right]] = {
    "Invoice": frozenset({Right.INVOICE}),
    "ReceivePayment": frozenset({Right.INVOICE}),
    "PaymentMethod": frozenset({Right.INVOICE}),
    "ItemDiscount": frozenset({Right.INVOICE}),
    "Bill": frozenset({Right.BILL}),
    "PurchaseOrder": frozenset({Right.PURCHASE_ORDER}),
    "Vendor": frozenset({Right.BILL, Right.PURCHASE_ORDER}),
}


def may_act(kind: str, rights: frozenset[Right]) -> bool:
    """Whether somebody with these rights may act on a job of a kind: one of those that it serves is enough."""
    return bool(_NEEDED.get(kind, ALL_RIGHTS) & rights)


def require(kinds: Iterable[str], rights: frozenset[Right]) -> None:
    """Raises people.NotAllowed, naming what is lacked, unless somebody with these rights may act on all the kinds."""
    lacking = [_NEEDED.get(kind, ALL_RIGHTS) for kind in kinds if not may_act(kind, rights)]
    if lacking:
        raise NotAllowed(frozenset().union(*lacking))
