"""Documents for tests, made from what their classes declare: the smallest of each, any of each, and back from XML.

Nothing here knows a tag or a length of its own; that those are right is held against Intuit's schema (checking.py) and
the reference (test_reference.py).
"""

import functools
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from lxml import etree

from qbxml import documents
from qbxml.fields import (
    Amount,
    Attribute,
    Bool,
    Choice,
    Date,
    DateTime,
    Declared,
    Field,
    FullName,
    Group,
    Guid,
    IDOf,
    Int,
    ListID,
    Many,
    Name,
    Number,
    OneOf,
    RefTo,
    Slot,
    Str,
    TxnID,
    TxnLink,
    declared,
)
from qbxml.text import STORABLE

ADDS = (*documents.LIST_ADDS, *documents.TXN_ADDS)
ALL = (*ADDS, *documents.QUERIES)
GUID = "{12345678-90AB-CDEF-1234-567890ABCDEF}"

# The smallest ---------------------------------------------------------------------------------------------------------


def make(kind: type, **given: Any) -> Any:
    """The document with what is given and no more than must be there."""
    lines = {line.name: line for line in declared(kind)}
    values = {name: sample(line) for name, line in lines.items() if line.required} | given
    for choice in choices_of(kind):
        branches = [branch[0] for branch in choice.branches]
        if choice.required and not any(name in values for branch in choice.branches for name in branch):
            values[branches[-1]] = sample(lines[branches[-1]])
    return kind(**values)


def make_with(kind: type, path: tuple[str, ...], value: Any) -> Any:
    """The smallest document that has `value` at the path of attributes, in the first line where there are many."""
    name, *rest = path
    line = next(line for line in declared(kind) if line.name == name)
    if rest:
        assert line.inner is not None
        value = make_with(line.inner, tuple(rest), value)
        if isinstance(line.field, Many):
            value = (value,)
    return make(kind, **{name: value})


def sample(line: Declared) -> Any:
    if isinstance(line.field, Many):
        return (sample(line._replace(field=line.field.each)),)
    match line.field:
        case Group():
            assert line.inner is not None
            return make(line.inner)
        case OneOf(values=values):
            return values[0]
        case Str():
            return "x"
        case RefTo():
            return ListID("80000001-1")
        case TxnLink():
            return TxnID("1-2")
        case Guid():
            return GUID
        case Bool():
            return True
        case _:
            raise AssertionError(f"no sample of {line.field}")


def choices_of(kind: type) -> tuple[Choice, ...]:
    found: tuple[Choice, ...] = getattr(kind, "CHOICES", ())
    return found


def paths(kind: type) -> Iterator[tuple[tuple[str, ...], Field]]:
    """Every field of the document and of what it holds, by its path of attributes."""
    for line in declared(kind):
        field = line.field.each if isinstance(line.field, Many) else line.field
        yield (line.name,), field
        if line.inner is not None:
            for path, inner in paths(line.inner):
                yield (line.name, *path), inner


# Any ------------------------------------------------------------------------------------------------------------------

LETTERS = "".join(sorted(STORABLE))
# Short, since the longest of each field have a test of their own.
LONGEST = 12


@functools.cache  # to make a strategy costs more than to draw from it
def values_of(line: Declared, field: Field) -> st.SearchStrategy[Any]:
    match field:
        case Group():
            assert line.inner is not None
            return documents_of(line.inner)
        case OneOf(values=values):
            return st.sampled_from(values)
        case Str():
            letters = LETTERS + "\n" if field.multiline else LETTERS
            return texts(letters.replace(":", "") if isinstance(field, Name) else letters, field.max_length)
        case RefTo():
            return texts(LETTERS, field.full_name_length).map(FullName) | IDS.map(ListID) | SLOTS
        case TxnLink():
            return IDS.map(TxnID) | SLOTS
        case IDOf():
            return IDS
        case Amount():
            return st.decimals(Decimal("-9999999999999.99"), Decimal("9999999999999.99"), places=2)
        case Number():
            return st.decimals(Decimal("-9999999999"), Decimal("9999999999"), places=5)
        case Int():
            return st.integers(field.least, 2**31 - 1)
        case Date():
            return st.dates()
        case DateTime():
            return st.datetimes(timezones=st.none() | st.just(UTC) | ZONES).map(
                lambda time: time.replace(microsecond=0)
            )
        case Bool():
            return st.booleans()
        case Guid():
            return st.uuids().map(lambda u: f"{{{u}}}") | st.just("0")
        case _:
            raise AssertionError(f"no values for {field}")


@functools.cache
def several_of(line: Declared, field: Many, least: int) -> st.SearchStrategy[Any]:
    return st.lists(values_of(line, field.each), min_size=least, max_size=min(field.at_most or 3, 3)).map(tuple)


def texts(letters: str, max_length: int | None) -> st.SearchStrategy[str]:
    longest = min(max_length or LONGEST, LONGEST)
    return st.text(letters, min_size=1, max_size=longest).filter(lambda text: text.strip() != "")


IDS = st.from_regex(r"\A[0-9A-F]{1,8}-[0-9]{1,10}\Z")
SLOTS = st.text(st.characters(exclude_categories=()), min_size=1, max_size=8).map(Slot)
ZONES = st.none() | st.just(UTC) | st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@st.composite
def documents_of(draw: st.DrawFn, kind: type) -> Any:
    """Any document of the class that QuickBooks' schema takes: each field or none, of each choice one branch."""
    shut = {name for choice in choices_of(kind) for name in _shut(draw, choice)}
    values: dict[str, Any] = {}
    for line in declared(kind):
        if line.name in shut or isinstance(line.field, Attribute):
            continue
        must = line.required or any(c.required and (line.name,) in c.branches for c in choices_of(kind))
        if isinstance(line.field, Many):
            values[line.name] = draw(several_of(line, line.field, int(must)))
        elif must or draw(st.booleans()):
            values[line.name] = draw(values_of(line, line.field))
    if values.get("max_returned") is not None and any(line.name == "iterator" for line in declared(kind)):
        values |= draw(st.sampled_from([{}, {"iterator": "Start"}, {"iterator": "Continue", "iterator_id": GUID}]))
    return kind(**values)


def _shut(draw: st.DrawFn, choice: Choice) -> list[str]:
    used = draw(st.integers(0, len(choice.branches) - 1))
    return [name for number, branch in enumerate(choice.branches) if number != used for name in branch]


def slots_of(value: Any) -> Iterator[tuple[Slot, Field]]:
    for line in declared(type(value)):
        given = getattr(value, line.name)
        field = line.field.each if isinstance(line.field, Many) else line.field
        for one in given if isinstance(given, tuple) else (given,):
            if isinstance(one, Slot):
                yield one, field
            elif line.inner is not None and one is not None:
                yield from slots_of(one)


def filling_of(document: Any) -> dict[str, Any]:
    """A ListID or TxnID for every slot; a key that stands for both kinds of reference is none that a document has."""
    filling: dict[str, Any] = {}
    for slot, field in slots_of(document):
        filling[slot.key] = TxnID("9-9") if isinstance(field, TxnLink) else ListID("9-9")
    return filling


def has_mixed_slots(document: Any) -> bool:
    kinds: dict[str, set[bool]] = {}
    for slot, field in slots_of(document):
        kinds.setdefault(slot.key, set()).add(isinstance(field, TxnLink))
    return any(len(found) > 1 for found in kinds.values())


# And back -------------------------------------------------------------------------------------------------------------


def request_of(message: bytes) -> etree._Element:
    return etree.fromstring(message)[0][0]


def read_back(kind: type, message: bytes) -> Any:
    """The document that the message's only request holds."""
    request = request_of(message)
    values = _values(kind, [*request[0], *request[1:]] if kind in ADDS else list(request))
    for line in declared(kind):
        if isinstance(line.field, Attribute) and line.field.tag in request.attrib:
            values[line.name] = request.get(line.field.tag)
    return kind(**values)


def _values(kind: type, elements: list[etree._Element]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for line in declared(kind):
        found = [element for element in elements if element.tag == line.field.tag]
        if isinstance(line.field, Many):
            values[line.name] = tuple(_value(line, line.field.each, element) for element in found)
        elif found:
            assert len(found) == 1
            values[line.name] = _value(line, line.field, found[0])
    return values


def _value(line: Declared, field: Field, element: etree._Element) -> Any:
    text = element.text or ""
    match field:
        case Group():
            assert line.inner is not None
            return line.inner(**_values(line.inner, list(element)))
        case RefTo():
            return {"ListID": ListID, "FullName": FullName}[str(element[0].tag)](element[0].text or "")
        case TxnLink():
            return TxnID(text)
        case Number():
            return Decimal(text)
        case Int():
            return int(text)
        case Date():
            return date.fromisoformat(text)
        case DateTime():
            return datetime.fromisoformat(text)
        case Bool():
            return {"true": True, "false": False}[text]
        case Guid() if text != "0":
            return f"{{{uuid.UUID(text)}}}"
        case _:
            return text


def as_sent(document: Any, filling: dict[str, Any]) -> Any:
    """The document as the message should hold it: slots filled, groups that hold nothing left out."""
    values: dict[str, Any] = {}
    for line in declared(type(document)):
        given = getattr(document, line.name)
        if isinstance(given, tuple):
            values[line.name] = tuple(_as_sent(one, line, filling) for one in given)
        else:
            sent = _as_sent(given, line, filling)
            says_nothing = line.inner is not None and not line.required and not line.chosen and _is_empty(sent)
            values[line.name] = None if says_nothing else sent
    return type(document)(**values)


def _is_empty(group: Any) -> bool:
    return group is None or all(getattr(group, line.name) in (None, ()) for line in declared(type(group)))


def _as_sent(given: Any, line: Declared, filling: dict[str, Any]) -> Any:
    if isinstance(given, Slot):
        return filling[given.key]
    return as_sent(given, filling) if line.inner is not None and given is not None else given
