"""What our documents declare, held against the reference field by field."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from qbxml import documents
from qbxml.fields import (
    MIN_VERSION,
    Amount,
    Attribute,
    Bool,
    Date,
    DateTime,
    Field,
    Float,
    Group,
    Guid,
    IDOf,
    Int,
    Many,
    OneOf,
    Percent,
    Price,
    Quantity,
    RefTo,
    Str,
    TxnLink,
    Version,
    declared,
    since,
)
from qbxml.message import FULL_NAME_LENGTHS
from tests.shared import shared

from .making import ADDS, ALL, choices_of

TYPES: dict[type[Field], str] = {
    Amount: "AMTTYPE",
    Price: "PRICETYPE",
    Quantity: "QUANTYPE",
    Percent: "PERCENTTYPE",
    Float: "FLOATTYPE",
    Int: "INTTYPE",
    Date: "DATETYPE",
    DateTime: "DATETIMETYPE",
    Bool: "BOOLTYPE",
    Guid: "GUIDTYPE",
    OneOf: "ENUMTYPE",
    IDOf: "IDTYPE",
    Group: "aggregate",
    RefTo: "aggregate",
}


def message_of(kind: type) -> dict[str, Any]:
    messages: dict[str, dict[str, Any]] = json.loads(shared("qbxml/reference.json").read_text())["messages"]
    if f"{kind.__name__}Rq" not in messages:
        pytest.skip(f"the reference has no {kind.__name__}Rq")
    return messages[f"{kind.__name__}Rq"]


def in_sequence(nodes: list[dict[str, Any]], repeats: bool = False) -> Iterator[dict[str, Any]]:
    """The elements, those of choices among them; one of a choice that repeats may repeat, and none must be there."""
    for node in nodes:
        if "name" in node:
            yield node | {"max": "*"} if repeats else node
        else:
            inside = in_sequence(node["children"], node["max"] == "*")
            for one in inside:
                yield one | {"min": 0} if node["kind"] == "choice" and node["max"] != "*" else one


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_field_is_as_the_reference_has_it(kind: type) -> None:
    nodes = message_of(kind)["children"]
    if kind in ADDS:
        ret, inside = nodes[1], nodes[0]["children"]
        nodes = [ret, *inside]
    assert differences(kind, nodes, kind.__name__, MIN_VERSION) == []


def differences(kind: type, nodes: list[dict[str, Any]], path: str, known: Version) -> list[str]:
    """What differs, `known` being the version that the element around it has at least."""
    rest = in_sequence(nodes)
    found: list[str] = []
    for line in declared(kind):
        if isinstance(line.field, Attribute):
            continue
        field = line.field.each if isinstance(line.field, Many) else line.field
        where = f"{path}/{field.tag}"
        node = next((node for node in rest if node["name"] == field.tag), None)
        if node is None:
            return [*found, f"{where}: not there, or not in this sequence"]
        first = max(known, since(field) or known)
        facts = {
            "since": (first, max(MIN_VERSION, Version.parse(node.get("since", "1.0")))),
            "repeats": (isinstance(line.field, Many), node["max"] != 1),
        }
        if isinstance(line.field, Many):
            facts["at most"] = (line.field.at_most or "*", node["max"])
        if not any(line.name in branch for choice in choices_of(kind) for branch in choice.branches):
            facts["required"] = (line.required, node["min"] > 0 and not in_choice_of_lines(node, nodes))
        if type(field) in TYPES:
            facts["type"] = (TYPES[type(field)], node["type"])
        if isinstance(field, Str):
            facts["type"] = ("STRTYPE", node["type"])
            facts["length"] = (field.max_length, node.get("max_length"))
        if isinstance(field, RefTo):
            full_name = next(child for child in in_sequence(node["children"]) if child["name"] == "FullName")
            facts["length"] = (field.full_name_length, full_name.get("max_length"))
        if isinstance(field, OneOf):
            facts["words"] = (list(field.values), node["enum"])
        if isinstance(field, TxnLink):
            # With useMacro the reference calls it an aggregate, since the element has an attribute.
            facts["macro"] = (field.macro, node["type"] == "aggregate")
        for name, (ours, theirs) in facts.items():
            if ours != theirs:
                found.append(f"{where}: {name} {ours} here, {theirs} there")
        if line.inner is not None:
            found += differences(line.inner, node["children"], where, first)
    return found


def in_choice_of_lines(node: dict[str, Any], nodes: list[dict[str, Any]]) -> bool:
    """Whether it is one of a repeating choice that may be absent, as lines and groups of lines are."""
    return any(
        "name" not in around and around["min"] == 0 and any(one["name"] == node["name"] for one in around["children"])
        for around in nodes
    )


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_request_has_the_attributes_of_the_reference(kind: type) -> None:
    ours = {line.field.tag for line in declared(kind) if isinstance(line.field, Attribute)}
    assert {"requestID", *ours} == set(message_of(kind)["attributes"])


@pytest.mark.parametrize("kind", documents.TXN_ADDS, ids=lambda kind: kind.__name__)
def test_a_document_may_define_a_macro(kind: type) -> None:
    attributes = message_of(kind)["children"][0].get("attributes", [])
    assert [attribute["name"] for attribute in attributes] == ["defMacro"]


@pytest.mark.parametrize("kind", documents.LIST_ADDS, ids=lambda kind: kind.__name__)
def test_a_list_record_may_not(kind: type) -> None:
    assert "attributes" not in message_of(kind)["children"][0]


def test_no_reference_has_two_lengths() -> None:
    def lengths(kind: type) -> Iterator[tuple[str, int]]:
        for line in declared(kind):
            field = line.field.each if isinstance(line.field, Many) else line.field
            if isinstance(field, RefTo) and field.full_name_length is not None:
                yield field.tag, field.full_name_length
            if line.inner is not None:
                yield from lengths(line.inner)

    assert {one for kind in ADDS for one in lengths(kind)} == set(FULL_NAME_LENGTHS.items())
