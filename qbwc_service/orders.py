"""Orders: their shape and its checks (design.md part 4, order.example.json). All faults are told at once, by path."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

CENT = Decimal("0.01")
FIRST_YEAR = 1901
MOST_AMOUNT = Decimal(10) ** 10  # far above any order, and what QuickBooks' own columns can show


def cents(value: Decimal) -> Decimal:
    """-> rounded half up to the cent, as QuickBooks rounds quantity times rate."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an order; `path` is as in JSON, `lines[0].rate`, behind `[3]` for the fourth of several."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class OrderFaults(Exception):
    """Orders that cannot be taken; nothing of them is stored."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def _short_of(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "..."


def _decimal(places: int) -> BeforeValidator:
    def read(value: Any) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str):
            raise ValueError(f'must be a number written as a string, such as "2.30", not {json.dumps(value)}')
        if not _NUMBER.fullmatch(value):
            raise ValueError(f"{json.dumps(value)} is not a number such as 2.30")
        number = Decimal(value)
        if abs(number) >= MOST_AMOUNT:  # first: to round a number of more than 28 digits is an error of decimal's
            raise ValueError(f"{_short_of(value)} is too large: less than {MOST_AMOUNT} is allowed")
        if -number.as_tuple().exponent > places and number != round(number, places):  # type: ignore[operator]
            raise ValueError(f"{_short_of(value)} has more than {places} decimals")
        return number

    return BeforeValidator(read)


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a NUL character, which no database keeps")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half of a surrogate pair (\\ud800 to \\udfff), which is no character")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _zoned(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('must be a time such as "2026-11-20T15:04:00-05:00"')
    try:
        time = dt.datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{json.dumps(value)} is not a time such as 2026-11-20T15:04:00-05:00") from None
    if time.tzinfo is None:
        raise ValueError(f"{value} does not say its time zone; write {value}Z or {value}-05:00")
    if time.year < FIRST_YEAR:
        raise ValueError(f"{value} is before {FIRST_YEAR}, where QuickBooks' calendar begins")
    try:
        time.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(f"{value} is outside of the calendar") from None
    return time


def _day(value: Any) -> Any:
    if isinstance(value, str):
        try:
            day = dt.date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{json.dumps(value)} is not a day such as 2026-11-20") from None
        if day.year < FIRST_YEAR:
            raise ValueError(f"{value} is before {FIRST_YEAR}, where QuickBooks' calendar begins")
        return day
    raise ValueError(f"{json.dumps(value)} is not a day such as 2026-11-20")


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_text)]
Name = Annotated[str, Field(max_length=500), AfterValidator(_text), AfterValidator(_filled)]
Amount = Annotated[Decimal, _decimal(2)]
Factor = Annotated[Decimal, _decimal(5)]  # a quantity, a rate or a cost
Moment = Annotated[dt.datetime, BeforeValidator(_zoned)]
Day = Annotated[dt.date, BeforeValidator(_day)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Address(_Part):
    lines: Annotated[tuple[Text, ...], Field(max_length=5, strict=False)] = ()
    city: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


class Customer(_Part):
    id: Name
    name: Name
    email: Text | None = None
    phone: Text | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None


class Line(_Part):
    product_number: Name | None = None
    product_name: Name | None = None
    description: Text | None = None
    quantity: Factor
    rate: Factor
    taxable: bool = False
    supplier_id: Name | None = None
    cost: Factor | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.product_number is None and self.product_name is None:
            raise ValueError("needs product_number or product_name")
        return self

    @property
    def amount(self) -> Decimal:
        return cents(self.quantity * self.rate)


class Charge(_Part):
    name: Name
    amount: Amount
    taxable: bool = False


class Discount(_Part):
    """One of the two; positive lowers the total."""

    amount: Amount | None = None
    percent: Factor | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("needs amount or percent, one of them")
        if self.amount is not None and self.amount < 0:
            raise ValueError(f"amount {self.amount} is below zero; a discount is given as a positive amount")
        if self.percent is not None and not 0 <= self.percent <= 100:
            raise ValueError(f"percent {self.percent} is not between 0 and 100")
        return self


class Tax(_Part):
    amount: Amount


class Payment(_Part):
    id: Name
    date: Day
    amount: Amount
    method: Name | None = None
    reference: Text | None = None

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.amount <= 0:
            raise ValueError(f"amount {self.amount} must be above zero")
        return self


class Supplier(_Part):
    id: Name
    name: Name
    bill_number: Name | None = None
    purchase_order_number: Name | None = None


class Order(_Part):
    """A finished order, as the order system hands it over."""

    number: Name
    completed_at: Moment
    purchase_order: Text | None = None
    memo: Text | None = None
    customer: Customer
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=1000, strict=False)]
    charges: Annotated[tuple[Charge, ...], Field(max_length=100, strict=False)] = ()
    discount: Discount | None = None
    tax: Tax | None = None
    payments: Annotated[tuple[Payment, ...], Field(max_length=100, strict=False)] = ()
    suppliers: Annotated[tuple[Supplier, ...], Field(max_length=100, strict=False)] = ()

    @property
    def off(self) -> Decimal:
        """What the discount takes off, to the cent."""
        if self.discount is None:
            return Decimal(0)
        if self.discount.amount is not None:
            return cents(self.discount.amount)
        subtotal = sum((line.amount for line in self.lines), Decimal(0))
        return cents(subtotal * (self.discount.percent or Decimal(0)) / 100)

    @property
    def total(self) -> Decimal:
        """What the customer owes for it, with its tax and before payments."""
        parts = [*(line.amount for line in self.lines), *(charge.amount for charge in self.charges)]
        tax = Decimal(0) if self.tax is None else self.tax.amount
        return cents(sum(parts, Decimal(0)) - self.off + tax)


def read(text: str | bytes) -> tuple[Order, ...]:
    """-> the orders in a text: one order, a JSON array of them, or JSON Lines.

    Raises OrderFaults with every fault of every order, also for a number that comes twice.
    """
    return check(_documents(text))


def check(found: Sequence[Any]) -> tuple[Order, ...]:
    """-> the orders that JSON values are. Raises OrderFaults as read() does."""
    several = len(found) > 1
    orders: list[Order] = []
    faults: list[Fault] = []
    for index, document in enumerate(found):
        prefix = f"[{index}]" if several else ""
        try:
            orders.append(Order.model_validate(document))
            faults += _cross_faults(orders[-1], prefix)
        except ValidationError as error:
            faults += _faults(error, prefix)
            faults += _raw_cross_faults(document, prefix)
    numbers: dict[str, int] = {}
    for index, document in enumerate(found):
        number = document.get("number") if isinstance(document, dict) else None
        if isinstance(number, str) and numbers.setdefault(number, index) != index:
            faults.append(Fault(f"[{index}].number", f"{number} is the number of order [{numbers[number]}] too"))
    if faults:
        raise OrderFaults(tuple(faults))
    return tuple(orders)


def stored(content: str) -> Order:
    """-> an order from the text that `content()` made of it."""
    return Order.model_validate(json.loads(content))


def content(order: Order) -> str:
    """-> the order as canonical JSON: every field, in the sequence of the model."""
    return order.model_dump_json()


def checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Order, new: Order) -> list[str]:
    """-> the paths at which two orders differ, such as `lines[0].rate: 2.30, now 2.40`."""
    return list(_differ("", json.loads(content(old)), json.loads(content(new))))


def _differ(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            yield from _differ(f"{path}.{key}" if path else key, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (was, now) in enumerate(zip(old, new, strict=True)):
            yield from _differ(f"{path}[{index}]", was, now)
    elif old != new:
        yield f"{path}: was {_short(old)}, now {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)} of them"
    return _short_of(json.dumps(value, ensure_ascii=False))


class _Twice(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _load(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _documents(text: str | bytes) -> list[Any]:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise OrderFaults((Fault("", f"the file is not UTF-8 text (byte {error.start + 1})"),)) from None
    if not text.strip():
        raise OrderFaults((Fault("", "there is no order in it"),))
    try:
        document = _load(text)
    except _Twice as error:
        raise OrderFaults((Fault(error.key, "stands twice in one object"),)) from None
    except ValueError as whole:
        return _lines(text, whole)
    if not isinstance(document, list):
        return [document]
    if not document:
        raise OrderFaults((Fault("", "there is no order in it"),))
    return document


def _lines(text: str, whole: ValueError) -> list[Any]:
    """JSON Lines, when the text is not one JSON document."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    found, faults = [], []
    for number, line in lines:
        try:
            found.append(_load(line))
        except _Twice as error:
            faults.append(Fault(f"line {number}", f"{error.key} stands twice in one object"))
        except ValueError as error:
            faults.append(Fault(f"line {number}", f"is not JSON: {error}"))
    if faults and len(faults) == len(lines):
        raise OrderFaults((Fault("", f"the file is not JSON: {whole}"),))
    if faults:
        raise OrderFaults(tuple(faults))
    return found


def _faults(error: ValidationError, prefix: str) -> Iterator[Fault]:
    for fault in error.errors(include_url=False):
        if fault["type"] == "too_short" and fault["input"]:
            continue  # it has entries, all of them faulty: those are told by themselves
        yield Fault(_path(prefix, fault["loc"]), _message(fault))


def _path(prefix: str, location: tuple[int | str, ...]) -> str:
    path = prefix
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


_MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of an order",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
}


def _message(fault: Any) -> str:
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    if fault["type"] == "string_too_long":
        return f"is longer than {fault['ctx']['max_length']} characters"
    if fault["type"] in ("too_short", "too_long"):
        context = fault["ctx"]
        least, most = context.get("min_length"), context.get("max_length")
        return f"needs at least {least}" if least else f"has more than {most} entries"
    return _MESSAGES.get(fault["type"], str(fault["msg"]))


def _cross_faults(order: Order, prefix: str) -> Iterator[Fault]:
    yield from _raw_cross_faults(order.model_dump(), prefix)


def _raw_cross_faults(document: Any, prefix: str) -> Iterator[Fault]:
    """What concerns more than one field; told also of an order that has other faults."""
    if not isinstance(document, dict):
        return
    suppliers = _ids(document, "suppliers")
    for name, ids in (("suppliers", suppliers), ("payments", _ids(document, "payments"))):
        for index, value in ids:
            if any(value == other and before < index for before, other in ids):
                yield Fault(_path(prefix, (name, index, "id")), f"{value} is the id of another one too")
    known = {value for _, value in suppliers}
    lines = document.get("lines")
    for index, line in enumerate(lines if isinstance(lines, list | tuple) else ()):
        supplier = line.get("supplier_id") if isinstance(line, dict) else None
        if isinstance(supplier, str) and supplier not in known:
            yield Fault(_path(prefix, ("lines", index, "supplier_id")), f"{supplier} is not among the suppliers")


def _ids(document: dict[str, Any], name: str) -> list[tuple[int, str]]:
    parts = document.get(name)
    return [
        (index, part["id"])
        for index, part in enumerate(parts if isinstance(parts, list | tuple) else ())
        if isinstance(part, dict) and isinstance(part.get("id"), str)
    ]
