"""What QuickBooks will hold of an order: a pure function, whose result is previewed and posted alike (design.md 1)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ..companies.preferences import Preferences
from ..orders import MOST_AMOUNT, Order
from ..wording import say
from .drafting import Choices, Document, DocumentLine, Drafting, ForSupplier, Note, Obstacle, Plan
from .purchases import buy
from .sales import sell

__all__ = ["Choices", "Document", "DocumentLine", "ForSupplier", "Note", "Obstacle", "Plan", "plan"]


def plan(
    order: Order,
    choices: Choices,
    preferences: Preferences,
    file_id: str,
    linked: Iterable[str] = (),
    names: Mapping[str, str] | None = None,
) -> Plan:
    """-> what QuickBooks will hold of the order.

    `file_id` is the company's: markers are made from it, so that they are the same for ever and nobody else's.
    `linked` are records that QuickBooks is known to hold: they are not created. `names` are those that records bear
    which were asked for already, perhaps by another order and otherwise spelled.
    """
    on = Drafting(order, choices, choices.over(preferences), file_id, frozenset(linked), names or {})
    if choices.invoice:
        sell(on)
    known = {supplier.id for supplier in order.suppliers}
    for unknown in sorted({*choices.suppliers, *choices.by_supplier} - known):
        on.obstacles.append(Obstacle("suppliers", say("the order has no supplier %(supplier)s", supplier=unknown)))
    for position, supplier in enumerate(order.suppliers):
        wanted = choices.of(supplier.id)
        if wanted.bill or wanted.purchase_order:
            buy(on, position, supplier, wanted)
    _require_amounts(on)
    if not on.documents and not on.obstacles:
        on.obstacles.append(Obstacle("", say("nothing to send: tick an invoice, a bill or a purchase order")))
    return Plan(tuple(on.documents.values()), tuple(dict.fromkeys(on.notes)), tuple(dict.fromkeys(on.obstacles)))


def _require_amounts(on: Drafting) -> None:
    """No amount is larger than QuickBooks' own columns hold; an order's parts may be small, and their product not."""
    for document in on.documents.values():
        amounts = [*(line.amount for line in document.lines), document.total or Decimal(0)]
        largest = max(amounts, key=lambda amount: abs(amount))
        if abs(largest) >= MOST_AMOUNT:
            message = say("%(kind)s: %(amount)s is too large for QuickBooks", kind=document.kind, amount=largest)
            on.obstacles.append(Obstacle("lines", message))
