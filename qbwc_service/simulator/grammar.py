"""What may stand in a request: elements, sequence, number, type, length, first version.

A table is text, an element a word, in the sequence that QuickBooks insists on:

    Name:41!   text of at most 41 characters, required        Rate:p    price
    Memo:4095  optional                                       Amount:a  amount
    Note:{Address}  an aggregate, from the table of that name PayRef:r31 a reference, FullName at most 31
    ListID:id+ one or more    Line:{..}*  any number          ( A | B )  a choice: ) once, )? )* )+ else
    ClassRef:r159@12          known from qbXML 12.0 on        Status:(All|PaidOnly)  one of these

Types: b boolean, a amount, p price, q quantity, % percent, d date, t date and time, i integer, g GUID, id, s text,
f float, m an id for which a macro may stand (useMacro).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from .tree import Node

Version = tuple[int, int]


class Unparseable(Exception):
    """The text breaks the schema: the whole message set is refused (0x80040400)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that parses, but that QuickBooks refuses when it runs the request."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A leaf's type: `letter` as in the table, `limit` the longest text, `among` the values allowed."""

    letter: str
    limit: int | None = None
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    name: str
    kind: Kind | str  # a str names an aggregate's table
    low: int
    high: int | None
    since: Version


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Series, ...]
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Series:
    parts: tuple[Element | Choice, ...]


MACRO = Kind("m")
USE_MACRO = frozenset({"useMacro"})
WORD = re.compile(
    r"(?P<name>\w+):(?P<type>\{\w+\}|\([\w|]+\)|id|[bapq%dtigsfrm]?)(?P<limit>\d+)?(?P<count>[!*+]?)(?P<max>\d+)?"
    r"(?:@(?P<major>\d+)(?:\.(?P<minor>\d+))?)?$"
)
COUNTS: dict[str, tuple[int, int | None]] = {"": (0, 1), "!": (1, 1), "*": (0, None), "+": (1, None)}
CHOICES: dict[str, tuple[int, int | None]] = {")": (1, 1), ")?": (0, 1), ")*": (0, None), ")+": (1, None)}


def read_table(text: str) -> Series:
    """-> the table as particles; raises ValueError for a word that is none."""
    series, rest = _series(text.split())
    if rest:
        raise ValueError(f"left over: {rest}")
    return series


def _series(words: list[str]) -> tuple[Series, list[str]]:
    parts: list[Element | Choice] = []
    while words and words[0] != "|" and words[0] not in CHOICES:
        word, words = words[0], words[1:]
        if word != "(":
            parts.append(_element(word))
            continue
        options: list[Series] = []
        while True:
            option, words = _series(words)
            options.append(option)
            end, words = words[0], words[1:]
            if end != "|":
                break
        parts.append(Choice(tuple(options), *CHOICES[end]))
    return Series(tuple(parts)), words


def _element(word: str) -> Element:
    match = WORD.match(word)
    if match is None:
        raise ValueError(f"not a word of a table: {word}")
    low, high = COUNTS[match["count"]]
    if match["max"]:
        high = int(match["max"])
    since = (int(match["major"] or 0), int(match["minor"] or 0))
    written, limit = match["type"], int(match["limit"]) if match["limit"] else None
    if written.startswith("{"):
        return Element(match["name"], written[1:-1], low, high, since)
    if written.startswith("("):
        return Element(match["name"], Kind("e", among=tuple(written[1:-1].split("|"))), low, high, since)
    return Element(match["name"], Kind(written or "s", limit), low, high, since)


@dataclass(frozen=True, slots=True)
class Grammar:
    """All tables by name, and which attributes each element may carry."""

    tables: Mapping[str, Series]
    attributes: Mapping[str, frozenset[str]]

    def check(self, node: Node, table: str, version: Version) -> list[Fault]:
        """Raises Unparseable where the schema is broken.

        -> what QuickBooks refuses beyond it, in the sequence of the document.
        """
        faults: list[Fault] = []
        self._attributes(node, self.attributes.get(node.name, frozenset()))
        self._aggregate(node, self.tables[table], version, faults)
        return faults

    def _attributes(self, node: Node, allowed: frozenset[str]) -> None:
        for name, _ in node.attributes:
            if name not in allowed:
                raise Unparseable(f"{node.name} has no attribute {name}")

    def _aggregate(self, node: Node, series: Series, version: Version, faults: list[Fault]) -> None:
        if node.text.strip():
            raise Unparseable(f"text in {node.name}, which holds elements")
        end = self._match(node, series, 0, version, faults)
        if end < len(node.children):
            raise Unparseable(f"{node.children[end].name} is unknown, repeated or out of sequence in {node.name}")

    def _match(self, node: Node, series: Series, at: int, version: Version, faults: list[Fault]) -> int:
        for part in series.parts:
            if isinstance(part, Element):
                at = self._match_element(node, part, at, version, faults)
            else:
                at = self._match_choice(node, part, at, version, faults)
        return at

    def _match_element(self, node: Node, element: Element, at: int, version: Version, faults: list[Fault]) -> int:
        count = 0
        while (
            at < len(node.children)
            and node.children[at].name == element.name
            and (element.high is None or count < element.high)
        ):
            if element.since > version:
                raise Unparseable(f"{element.name} is unknown before qbXML {element.since[0]}.{element.since[1]}")
            self._one(node.children[at], element, version, faults)
            at, count = at + 1, count + 1
        if count < element.low:
            raise Unparseable(f"{element.name} is missing in {node.name}")
        return at

    def _match_choice(self, node: Node, choice: Choice, at: int, version: Version, faults: list[Fault]) -> int:
        times = 0
        while at < len(node.children) and (choice.high is None or times < choice.high):
            option = next((one for one in choice.options if node.children[at].name in _starts(one)), None)
            if option is None:
                break
            at, times = self._match(node, option, at, version, faults), times + 1
        if times < choice.low:
            wanted = " or ".join(sorted(name for one in choice.options for name in _starts(one)))
            raise Unparseable(f"{wanted} is missing in {node.name}")
        return at

    def _one(self, node: Node, element: Element, version: Version, faults: list[Fault]) -> None:
        self._attributes(node, USE_MACRO if element.kind == MACRO else self.attributes.get(node.name, frozenset()))
        if isinstance(element.kind, str):
            self._aggregate(node, self.tables[element.kind], version, faults)
        elif element.kind.letter == "r":
            self._reference(node, element.kind, version, faults)
        else:
            if node.children:
                raise Unparseable(f"elements in {node.name}, which holds text")
            fault = _value(node, element.kind)
            if fault is not None:
                faults.append(fault)

    def _reference(self, node: Node, kind: Kind, version: Version, faults: list[Fault]) -> None:
        full_name = Element("FullName", Kind("s", kind.limit), 0, 1, (0, 0))
        series = Series((Element("ListID", Kind("id"), 0, 1, (0, 0)), full_name))
        self._aggregate(node, series, version, faults)


def _starts(series: Series) -> frozenset[str]:
    """-> the elements that a series may begin with."""
    names: set[str] = set()
    for part in series.parts:
        if isinstance(part, Element):
            names.add(part.name)
        else:
            for option in part.options:
                names |= _starts(option)
        if part.low > 0:
            break
    return frozenset(names)


GUID = re.compile(r"0|\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}")
MOMENT = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}(:\d{1,2}(:\d{1,2}([+-]\d{1,2}:\d{1,2})?)?)?)?")
# qbXML's number types: the digits allowed, and what QuickBooks says to a number with others (README's table of rules).
NUMBERS = {
    "a": (re.compile(r"[+-]?\d{1,13}(\.\d{2})?"), 3040, "amount"),
    "p": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?"), 3045, "price"),
    "q": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?"), 3060, "quantity"),
    "%": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?"), 3050, "percent"),
}


def _value(node: Node, kind: Kind) -> Fault | None:
    text = node.text
    if kind.letter == "s":
        if kind.limit is not None and len(text) > kind.limit:
            raise Unparseable(f"{node.name} is longer than {kind.limit}")
        return None
    if kind.letter == "e":
        good = text in kind.among
    elif kind.letter in ("id", "m"):
        good = len(text) <= 36
    elif kind.letter in NUMBERS:
        return _number(node, kind)
    else:
        # An empty value is allowed by the schema for these types, but for integers and GUIDs.
        good = (text == "" and kind.letter in "bdtf") or _readable(text, kind.letter)
    if not good:
        raise Unparseable(f"{node.name}: {text[:40]!r}")
    return None


def _number(node: Node, kind: Kind) -> Fault | None:
    pattern, code, what = NUMBERS[kind.letter]
    if node.text == "" or pattern.fullmatch(node.text):
        return None
    try:
        number = Decimal(node.text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not re.fullmatch(r"[+-]?[\d.]+", node.text):
        raise Unparseable(f"{node.name}: {node.text[:40]!r}")
    return Fault(code, f'There was an error when converting the {what} "{node.text}" in the field "{node.name}".')


def _readable(text: str, letter: str) -> bool:
    match letter:
        case "b":
            return text in ("true", "false", "1", "0")
        case "i":
            return re.fullmatch(r"[+-]?\d+", text) is not None
        case "g":
            return GUID.fullmatch(text) is not None
        case "t":
            return MOMENT.fullmatch(text) is not None
        case "f":
            return re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text) is not None
        case "d":
            return _is_date(text)
    raise ValueError(f"no type {letter}")


def _is_date(text: str) -> bool:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def tables(named: Sequence[tuple[str, str]]) -> dict[str, Series]:
    """-> each table read."""
    return {name: read_table(text) for name, text in named}
