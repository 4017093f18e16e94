"""Which records a query asks for: by key, or by all filters together (reference.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .books import Books
from .records import ZERO, Record
from .refusals import Code, Refused
from .tree import Node

Test = Callable[[Record], bool]


@dataclass(frozen=True)
class Wanted:
    """The records found; `missing` are the ids and names asked for that there are not."""

    records: list[Record]
    missing: list[str]


def wanted_list(
    books: Books, asked: Node, kinds: tuple[str, ...], balances: Callable[[], Mapping[str, Decimal]]
) -> Wanted:
    """-> list records; `balances` tells what each owes, its jobs included."""
    if asked.get("ListID") is not None:
        return _by_key([node.text for node in asked.all("ListID")], lambda id_: _of_kind(books.get(id_), kinds))
    if asked.get("FullName") is not None:
        return _by_key([node.text for node in asked.all("FullName")], lambda name: books.named(name, kinds))
    tests = [_active(asked.value("ActiveStatus") or "ActiveOnly"), *_modified(asked)]
    if (match := asked.get("NameFilter")) is not None:
        tests.append(_matches(match, "Name", lambda record: record.name))
    if (span := asked.get("NameRangeFilter")) is not None:
        tests.append(_between(span.value("FromName"), span.value("ToName"), lambda record: record.name))
    if types := [node.text for node in asked.all("AccountType")]:
        tests.append(lambda record: record.value("AccountType") in types)
    if methods := [node.text for node in asked.all("PaymentMethodType")]:
        tests.append(lambda record: record.value("PaymentMethodType") in methods)
    if (owed := asked.get("TotalBalanceFilter")) is not None:
        tests.append(_owes(owed, balances()))
    _refuse_currency(asked)
    if (classes := asked.get("ClassFilter")) is not None:
        tests.append(_some(books, classes, "ClassRef"))
    return Wanted([record for record in books.of(*kinds) if all(test(record) for test in tests)], [])


def wanted_transactions(books: Books, asked: Node, kind: str, today: date) -> Wanted:
    """-> transactions. A RefNumber is compared whatever its case, a RefNumberCaseSensitive as it stands."""
    if asked.get("TxnID") is not None:
        return _by_key([node.text for node in asked.all("TxnID")], lambda id_: _of_kind(books.get(id_), (kind,)))
    for element in ("RefNumber", "RefNumberCaseSensitive"):
        if asked.get(element) is not None:
            return _by_number(books, kind, [node.text for node in asked.all(element)], exact=element != "RefNumber")
    tests: list[Test] = []
    if (span := asked.get("ModifiedDateRangeFilter")) is not None:
        tests += _modified(span)
    if (span := asked.get("TxnDateRangeFilter")) is not None:
        tests.append(_dated(span, today))
    if (entities := asked.get("EntityFilter")) is not None:
        tests.append(_entity(books, entities))
    if (accounts := asked.get("AccountFilter")) is not None:
        tests.append(_account(books, accounts))
    if (match := asked.get("RefNumberFilter")) is not None:
        tests.append(_matches(match, "RefNumber", lambda record: record.ref_number or ""))
    if (span := asked.get("RefNumberRangeFilter")) is not None:
        first, last = span.value("FromRefNumber"), span.value("ToRefNumber")
        tests.append(_between(first, last, lambda record: record.ref_number or ""))
    if (paid := asked.value("PaidStatus")) not in (None, "All"):
        tests.append(lambda record: record.is_paid == (paid == "PaidOnly"))
    _refuse_currency(asked)
    return Wanted([record for record in books.of(kind) if all(test(record) for test in tests)], [])


def _by_key(keys: list[str], find: Callable[[str], Record | None]) -> Wanted:
    found = {key: find(key) for key in keys}
    records = list(dict.fromkeys(record for record in found.values() if record is not None))
    return Wanted(records, [key for key, record in found.items() if record is None])


def _by_number(books: Books, kind: str, numbers: list[str], *, exact: bool) -> Wanted:
    """Several records may have one number; numbers of which there is none are only told of beside others."""
    records: list[Record] = []
    missing: list[str] = []
    for number in dict.fromkeys(numbers):
        found = [one for one in books.numbered(kind, number) if not exact or one.ref_number == number]
        records += [one for one in found if one not in records]
        if not found:
            missing.append(number)
    return Wanted(records, missing if records else [])


def _of_kind(record: Record | None, kinds: tuple[str, ...]) -> Record | None:
    return record if record is not None and record.kind in kinds else None


def _active(status: str) -> Test:
    return lambda record: status == "All" or record.is_active == (status == "ActiveOnly")


def _modified(span: Node) -> list[Test]:
    tests: list[Test] = []
    if (since := span.value("FromModifiedDate")) is not None:
        first = _moment(since)
        tests.append(lambda record: record.modified.replace(microsecond=0) >= first)
    if (until := span.value("ToModifiedDate")) is not None:
        last = _moment(until) + (timedelta(days=1, seconds=-1) if "T" not in until else timedelta())
        tests.append(lambda record: record.modified.replace(microsecond=0) <= last)
    return tests


def _moment(text: str) -> datetime:
    """-> the time; without an offset it is taken as this machine's, as QuickBooks does."""
    day, _, clock = text.partition("T")
    year, month, of_month = (int(part) for part in day.split("-"))
    try:
        if not clock:
            return datetime(year, month, of_month).astimezone()
        padded = clock if ":" in clock else f"{clock}:00"
        moment = datetime.fromisoformat(f"{year:04d}-{month:02d}-{of_month:02d}T{padded}")
    except ValueError:
        raise Refused(3020, f'There was an error when converting the date "{text}".') from None
    return (moment if moment.tzinfo is not None else moment.astimezone()).astimezone(UTC)


def _matches(match: Node, element: str, of: Callable[[Record], str]) -> Test:
    text = (match.value(element) or "").casefold()
    how = match.value("MatchCriterion")
    if how == "StartsWith":
        return lambda record: of(record).casefold().startswith(text)
    if how == "EndsWith":
        return lambda record: of(record).casefold().endswith(text)
    return lambda record: text in of(record).casefold()


def _between(first: str | None, last: str | None, of: Callable[[Record], str]) -> Test:
    """Numbers are compared as numbers, anything else as text, as QuickBooks sorts them."""
    low, high = (_key(end) if end is not None else None for end in (first, last))

    def within(record: Record) -> bool:
        key = _key(of(record))
        return (low is None or key >= low) and (high is None or key <= high)

    return within


def _key(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdecimal() else (1, 0, text.casefold())


def _owes(owed: Node, balances: Mapping[str, Decimal]) -> Test:
    amount = Decimal(owed.value("Amount") or "0")
    compare: dict[str, Callable[[Decimal], bool]] = {
        "LessThan": lambda balance: balance < amount,
        "LessThanEqual": lambda balance: balance <= amount,
        "Equal": lambda balance: balance == amount,
        "GreaterThan": lambda balance: balance > amount,
        "GreaterThanEqual": lambda balance: balance >= amount,
    }
    test = compare[owed.value("Operator") or "Equal"]
    return lambda record: test(balances.get(record.id, ZERO))


def _entity(books: Books, asked: Node) -> Test:
    ids, parents = _ids_and_parents(books, asked)
    return lambda record: record.entity_id in ids or any((record.entity or "").startswith(name) for name in parents)


def _account(books: Books, asked: Node) -> Test:
    ids, _ = _ids_and_parents(books, asked)
    elements = ("ARAccountRef", "APAccountRef", "DepositToAccountRef")
    return lambda record: any(record.value(element, "ListID") in ids for element in elements)


def _some(books: Books, asked: Node, element: str) -> Test:
    ids, parents = _ids_and_parents(books, asked)

    def test(record: Record) -> bool:
        name = record.value(element, "FullName") or ""
        return record.value(element, "ListID") in ids or any(name.startswith(parent) for parent in parents)

    return test


def _ids_and_parents(books: Books, asked: Node) -> tuple[set[str], list[str]]:
    """-> the ids named, and how the full names of those below begin where these are asked for too."""
    kinds = ("Customer", "Vendor", "Employee", "OtherName", "Account", "Class")
    ids: set[str] = set()
    parents: list[str] = []
    for node in asked.children:
        found = books.get(node.text) if node.name.startswith("ListID") else books.named(node.text, kinds)
        if found is None:
            raise Refused(Code.OBJECT_NOT_FOUND, f'Object "{node.text}" specified in the request cannot be found.')
        ids.add(found.id)
        if node.name.endswith("WithChildren"):
            parents.append(f"{found.full_name}:")
    return ids, parents


def _refuse_currency(asked: Node) -> None:
    if asked.get("CurrencyFilter") is not None:
        raise Refused(Code.FEATURE_OFF, "CurrencyFilter: multiple currencies are turned off in this company file.")


def _dated(span: Node, today: date) -> Test:
    first, last = _span(span, today)
    return lambda record: (first is None or record.date >= first) and (last is None or record.date <= last)


def _span(span: Node, today: date) -> tuple[date | None, date | None]:
    macro = span.value("DateMacro")
    if macro is None:
        ends = (span.value("FromTxnDate"), span.value("ToTxnDate"))
        return tuple(date.fromisoformat(end) if end is not None else None for end in ends)  # type: ignore[return-value]
    first_of_month = today.replace(day=1)
    last_month = first_of_month - timedelta(days=1)
    known: dict[str, tuple[date | None, date | None]] = {
        "All": (None, None),
        "Today": (today, today),
        "Yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "ThisMonthToDate": (first_of_month, today),
        "ThisMonth": (first_of_month, _end_of_month(first_of_month)),
        "LastMonth": (last_month.replace(day=1), last_month),
        "ThisCalendarYear": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "ThisCalendarYearToDate": (date(today.year, 1, 1), today),
        "LastCalendarYear": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }
    if macro not in known:
        raise Refused(1030, f"This simulator does not know the DateMacro {macro}.")
    return known[macro]


def _end_of_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
