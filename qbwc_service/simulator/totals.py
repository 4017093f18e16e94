"""What a line comes to: amount from quantity and rate, discounts on what stands above, subtotals, sales tax."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .records import ZERO, Record, cents, money, plain
from .refusals import invalid
from .tree import Node, leaf

HUNDRED = Decimal(100)
LARGEST = Decimal("9999999999.99")


@dataclass(frozen=True)
class Priced:
    """A line with its amount; `counts` is whether it is part of the sum (a subtotal is not)."""

    quantity: Decimal | None
    rate: Decimal | None
    percent: Decimal | None
    amount: Decimal | None
    counts: bool = True

    @property
    def in_sum(self) -> Decimal:
        return self.amount if self.counts and self.amount is not None else ZERO

    def nodes(self, rate_element: str) -> list[Node]:
        """-> Quantity, the rate and Amount, as far as there are any."""
        found = []
        if self.quantity is not None:
            found.append(leaf("Quantity", plain(self.quantity)))
        if self.percent is not None:
            found.append(leaf("RatePercent", plain(self.percent)))
        elif self.rate is not None:
            found.append(leaf(rate_element, rate_text(self.rate)))
        if self.amount is not None:
            found.append(leaf("Amount", money(self.amount)))
        return found


def price(line: Node, rate_element: str, default_rate: Decimal | None) -> Priced:
    """-> the line of an item that has a price (qbxml/README.md: amount = quantity x rate, half up, when not given).

    Raises Refused when it comes to more than QuickBooks can hold.
    """
    quantity, amount = number(line, "Quantity"), number(line, "Amount")
    rate = number(line, rate_element)
    if amount is not None:
        if quantity:
            stated = rate if rate is not None and cents(quantity * rate) == amount else None
            rate = stated if stated is not None else _fifth_place(amount / quantity)
        else:
            rate = rate if rate is not None else amount
    else:
        rate = rate if rate is not None else default_rate
        if rate is not None:
            amount = cents((quantity if quantity is not None else Decimal(1)) * rate)
    if amount is not None and abs(amount) > LARGEST:
        raise invalid("The amount is too large.")
    return Priced(quantity, rate, None, amount)


def discount(line: Node, item: Record, above: Decimal) -> Priced:
    """-> the line of a discount item: of `above`, the amount of the line or subtotal before it."""
    if number(line, "Quantity") is not None:
        raise invalid("A discount item has no quantity.")
    amount = number(line, "Amount")
    percent = number(line, "RatePercent")
    rate = number(line, "Rate")
    if amount is None and percent is None and rate is None:
        percent = _decimal(item.value("DiscountRatePercent"))
        percent = -percent if percent is not None else None
        rate = _decimal(item.value("DiscountRate"))
        rate = -rate if rate is not None else None
    if amount is None:
        amount = cents(above * percent / HUNDRED) if percent is not None else cents(rate) if rate is not None else None
    if amount is None:
        raise invalid(f'The discount item "{item.full_name}" needs an amount.')
    return Priced(None, rate if rate is not None or percent is not None else amount, percent, amount)


def subtotal(lines: list[Priced]) -> Priced:
    """-> the line of a subtotal item: of all since the last one."""
    since = ZERO
    for line in reversed(lines):
        if not line.counts:
            break
        since += line.in_sum
    return Priced(None, None, None, since, counts=False)


def above(lines: list[Priced]) -> Decimal:
    """-> what a discount on the next line would be of: the line or subtotal right above it."""
    amount = lines[-1].amount if lines else None
    return amount if amount is not None else ZERO


def tax(taxable: Decimal, percent: Decimal) -> Decimal:
    return cents(taxable * percent / HUNDRED)


def number(node: Node, element: str) -> Decimal | None:
    return _decimal(node.value(element))


def rate_text(rate: Decimal) -> str:
    """-> a rate as QuickBooks tells it: two decimals at least, five at most."""
    text = plain(rate)
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}"


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _fifth_place(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.00001"), ROUND_HALF_UP)
