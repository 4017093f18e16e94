"""Quantities and rates in the viewer's manner: with as many decimals as they have, a rate with two at least."""

from decimal import Decimal

from babel import numbers

from .page import Page


def quantity(page: Page, value: Decimal | None) -> str:
    return "" if value is None else numbers.format_decimal(value, "#,##0.#####", locale=page.locale)


def rate(page: Page, value: Decimal | None) -> str:
    return "" if value is None else numbers.format_decimal(value, "#,##0.00###", locale=page.locale)
