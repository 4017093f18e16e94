"""The simulator's tables of requests against Intuit's XSD, element by element; neither was made from the other."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from qbwc_service.simulator.fields import ADDS, QUERIES, REQUESTS
from qbwc_service.simulator.grammar import Choice, Element, Kind, Series, Unparseable, read_table
from qbwc_service.simulator.tree import Node, leaf, to_xml
from tests.shared import oracle

from .asking import message

NAMES = [*(f"{kind}AddRq" for kind in ADDS), *(f"{query}Rq" for query in QUERIES)]
SAMPLES = {
    "b": "true",
    "a": "1.50",
    "p": "1.50",
    "q": "2",
    "%": "5",
    "d": "2026-03-02",
    "t": "2026-03-02T09:30:00+00:00",
    "i": "3",
    "g": "{01234567-89ab-cdef-0123-456789abcdef}",
    "id": "80000001-1700000000",
    "m": "1A-1700000000",
    "s": "text",
    "f": "1.0",
}


def sample(series: Series, take: int) -> tuple[Node, ...]:
    """-> every element once, the option number `take` (or the last) of each choice."""
    found: list[Node] = []
    for part in series.parts:
        if isinstance(part, Choice):
            found += sample(part.options[min(take, len(part.options) - 1)], take)
        else:
            found.append(sample_of(part, take))
    return tuple(found)


def sample_of(element: Element, take: int) -> Node:
    kind = element.kind
    if isinstance(kind, str):
        return Node(element.name, children=sample(REQUESTS.tables[kind], take))
    if kind.letter == "r":
        return Node(element.name, children=(leaf("FullName", "x"),))
    if kind.letter == "e":
        return leaf(element.name, kind.among[-1])
    return leaf(element.name, SAMPLES[kind.letter][: kind.limit])


def refused(node: Node) -> bool:
    """Whether we refuse the request, be it whole or by a value's fault."""
    try:
        return bool(REQUESTS.check(node, node.name, (13, 0)))
    except Unparseable:
        return True


@functools.cache
def xsd() -> Callable[[bytes], list[str]]:
    found: Callable[[bytes], list[str]] = oracle().validate
    return found


def refused_by_the_xsd(node: Node) -> bool:
    return bool(xsd()(message(to_xml(node)).encode()))


def spots(node: Node, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Node]]:
    yield path, node
    for at, child in enumerate(node.children):
        yield from spots(child, (*path, at))


def changed(node: Node, path: tuple[int, ...], to: Node) -> Node:
    if not path:
        return to
    children = list(node.children)
    children[path[0]] = changed(children[path[0]], path[1:], to)
    return replace(node, children=tuple(children))


@pytest.mark.parametrize("name", NAMES)
def test_a_request_with_every_element_is_good_to_both(name: str) -> None:
    for take in range(4):
        request = Node(name, children=sample(REQUESTS.tables[name], take))
        assert not refused(request)
        assert not refused_by_the_xsd(request), to_xml(request)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_xsd_says_of_a_text_one_longer_we_say_too(name: str) -> None:
    request = Node(name, children=sample(REQUESTS.tables[name], 0))
    for path, element, kind in limited(request, REQUESTS.tables[name], ()):
        assert kind.limit is not None
        for length in (kind.limit, kind.limit + 1):
            other = changed(request, path, leaf(element.name, "x" * length))
            assert refused(other) == refused_by_the_xsd(other), f"{element.name} of {length}"


def limited(node: Node, series: Series, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Node, Kind]]:
    """-> each text with a limit, where it stands, and its type."""
    known = dict(elements(series))
    for at, child in enumerate(node.children):
        kind = known[child.name].kind
        here = (*path, at)
        if isinstance(kind, str):
            yield from limited(child, REQUESTS.tables[kind], here)
        elif kind.letter == "r" and kind.limit is not None:
            yield (*here, 0), child.children[0], kind
        elif kind.limit is not None:
            yield here, child, kind


def elements(series: Series) -> Iterator[tuple[str, Element]]:
    for part in series.parts:
        if isinstance(part, Element):
            yield part.name, part
        else:
            for option in part.options:
                yield from elements(option)


@pytest.mark.parametrize("name", NAMES)
def test_a_change_of_sequence_is_judged_as_the_xsd_judges_it(name: str) -> None:
    request = Node(name, children=sample(REQUESTS.tables[name], 0))
    for path, node in spots(request):
        for at in range(len(node.children) - 1):
            first, second = node.children[at : at + 2]
            swapped = replace(node, children=(*node.children[:at], second, first, *node.children[at + 2 :]))
            other = changed(request, path, swapped)
            assert refused(other) == refused_by_the_xsd(other), f"{second.name} before {first.name} in {node.name}"


@pytest.mark.parametrize("name", NAMES)
def test_an_element_left_out_or_doubled_is_judged_as_the_xsd_judges_it(name: str) -> None:
    request = Node(name, children=sample(REQUESTS.tables[name], 0))
    for path, node in spots(request):
        for at, child in enumerate(node.children):
            without = replace(node, children=(*node.children[:at], *node.children[at + 1 :]))
            double = replace(node, children=(*node.children[:at], child, child, *node.children[at + 1 :]))
            for what, other in (("without", without), ("double", double)):
                whole = changed(request, path, other)
                assert refused(whole) == refused_by_the_xsd(whole), f"{node.name} {what} {child.name}"


WRONG = {
    "b": ("maybe", "TRUE"),
    "a": ("1.5", "1.234", "1,50", "abc", "12345678901234.00"),
    "p": ("1.123456", "x"),
    "q": ("1.123456", "x", "1e3"),
    "%": ("x", "1.123456"),
    "d": ("2026-02-30", "03/02/2026", "2026-3-2"),
    "t": ("yesterday", "2026-03-02 09:30"),
    "i": ("", "1.5", "x"),
    "g": ("", "{0123}", "01234567-89ab-cdef-0123-456789abcdef"),
    "id": ("x" * 37,),
    "m": ("x" * 37,),
    "e": ("Nonsense",),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_a_wrong_form_is_refused_by_both(name: str) -> None:
    request = Node(name, children=sample(REQUESTS.tables[name], 0))
    for path, element, kind in typed(request, REQUESTS.tables[name], ()):
        for wrong in WRONG.get(kind.letter, ()):
            other = changed(request, path, leaf(element.name, wrong))
            assert refused(other), f"{element.name} {wrong!r}"
            assert refused_by_the_xsd(other), f"{element.name} {wrong!r}"


def typed(node: Node, series: Series, path: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Node, Kind]]:
    known = dict(elements(series))
    for at, child in enumerate(node.children):
        kind = known[child.name].kind
        if isinstance(kind, str):
            yield from typed(child, REQUESTS.tables[kind], (*path, at))
        else:
            yield (*path, at), child, kind


def test_an_element_that_a_version_does_not_know_is_refused() -> None:
    request = Node("InvoiceQueryRq", children=(leaf("IncludeLinkedTxns", "true"),))
    assert REQUESTS.check(request, request.name, (1, 1)) == []
    with pytest.raises(Unparseable, match=r"IncludeLinkedTxns is unknown before qbXML 1\.1"):
        REQUESTS.check(request, request.name, (1, 0))


def test_a_later_version_is_not_earlier_because_its_text_would_be() -> None:
    request = Node("CustomerQueryRq", children=(leaf("OwnerID", "0"),))
    assert REQUESTS.check(request, request.name, (10, 0)) == []


def test_a_word_that_is_none_is_an_error_of_the_table() -> None:
    with pytest.raises(ValueError, match="not a word of a table"):
        read_table("Name:text!")
    with pytest.raises(ValueError, match="not a word of a table"):
        read_table("Name")
