"""A document ready to leave: checked, and written as the inside of its request.

A document is *drafted* once, when it is sent by a person. What is not known before the message leaves stands in the
draft as processing instructions, which no text can forge since `<` is always escaped:

    <?ref KEY?>            the inside of a reference: ListID or FullName
    <?txn KEY?>            a TxnID element that may name a document of the same message by its macro
    <?id KEY?>             the content of any other element that holds a TxnID
    <?opt KEY?>...<?end?>  left out when KEY stands for None
    <?since V?>...<?end?>  left out when the message's version is lower
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from . import documents
from .fields import (
    MIN_VERSION,
    Attribute,
    Choice,
    Declared,
    Document,
    DocumentFaults,
    Field,
    FieldFault,
    Group,
    Many,
    RefTo,
    Refused,
    Scalar,
    Slot,
    TxnLink,
    Version,
    declared,
    decode_key,
    since,
)


class Draft(NamedTuple):
    """A document ready to leave but for its open places; three strings that may be stored and put together again.

    `request` is its kind ("InvoiceAdd"), `text` the inside of <InvoiceAddRq>, `attributes` what stands in that
    element's tag besides the requestID (empty but for queries).
    """

    request: str
    text: str
    attributes: str = ""

    @property
    def slots(self) -> frozenset[str]:
        """The keys that must be filled, those of optional elements among them."""
        return slots_of([self.text])


def slots_of(texts: Iterable[str]) -> frozenset[str]:
    """-> the keys that must be filled in the texts of drafts, those of optional elements among them."""
    return frozenset(map(decode_key, set(_SLOT.findall("\n".join(texts)))))


_SLOT = re.compile(r"<\?(?:ref|txn|id|opt) ([^?]+)\?>")


def draft(document: Document) -> Draft:
    """The document as it will leave. Raises DocumentFaults with all that QuickBooks would refuse."""
    kind = type(document).__name__
    faults: list[FieldFault] = []
    attributes, inside, after = [], [], []
    for line, text in _elements(kind, "", document, MIN_VERSION, faults):
        if isinstance(line.field, Attribute):
            attributes.append(text)
        elif isinstance(document, documents.Add) and line.name == "include_ret_elements":
            after.append(text)
        else:
            inside.append(text)
    if faults:
        raise DocumentFaults(tuple(faults))
    body = "".join(inside)
    if isinstance(document, documents.Add):
        body = f"<{kind}>{body}</{kind}>"
    return Draft(kind, body + "".join(after), "".join(attributes))


def _elements(
    kind: str, path: str, value: Any, known: Version, faults: list[FieldFault]
) -> Iterator[tuple[Declared, str]]:
    """Each field that is given, as text; what is wrong goes to `faults`. `known` is the version that the message has
    at least when this part of it is not left out."""
    for line in declared(type(value)):
        given = getattr(value, line.name)
        if given is None or (not line.required and given in ("", ())):
            if line.required:
                faults.append(FieldFault(kind, path + line.field.tag, given, "is required"))
            continue
        first = max(known, since(line.field) or known)
        text = _element(kind, path, line, given, first, faults)
        if text and first > known:
            text = f"<?since {first}?>{text}<?end?>"
        if text:
            yield line, text
    faults.extend(_conflicts(kind, path, value))


def _element(kind: str, path: str, line: Declared, given: object, known: Version, faults: list[FieldFault]) -> str:
    if not isinstance(line.field, Many):
        return _single(kind, path, line, line.field, given, known, faults)
    if not isinstance(given, tuple):
        faults.append(FieldFault(kind, path + line.field.tag, given, "must be a tuple"))
        return ""
    if line.required and not given:
        faults.append(FieldFault(kind, path + line.field.tag, given, "at least one is required"))
    if line.field.at_most is not None and len(given) > line.field.at_most:
        faults.append(FieldFault(kind, path + line.field.tag, given, f"at most {line.field.at_most}"))
    each = line._replace(required=True)
    return "".join(
        _single(kind, path, each, line.field.each, one, known, faults, f"[{number}]")
        for number, one in enumerate(given, 1)
    )


def _single(
    kind: str,
    path: str,
    line: Declared,
    field: Field,
    given: object,
    known: Version,
    faults: list[FieldFault],
    number: str = "",
) -> str:
    where = f"{path}{field.tag}{number}"
    if isinstance(field, Group):
        return _group(kind, where, line, field, given, known, faults)
    rule = _missing(given, bool(number)) if line.required else None
    if rule is None:
        try:
            match field:
                case Scalar() | RefTo() | TxnLink():
                    return field.write(given)
                case Attribute():
                    return field.spell(given)
                case _:
                    raise TypeError(f"nothing is known of {type(field).__name__}")
        except Refused as refused:
            rule = refused.rule
    faults.append(FieldFault(kind, where, given, rule))
    return ""


def _missing(given: object, repeats: bool) -> str | None:
    if isinstance(given, str) and not given.strip():
        return "is required"
    if isinstance(given, Slot) and given.optional and not repeats:
        return "is required, so its slot may not be optional"
    return None


def _group(
    kind: str, where: str, line: Declared, field: Group, given: object, known: Version, faults: list[FieldFault]
) -> str:
    if type(given) is not line.inner:
        expected = line.inner.__name__ if line.inner else field.tag
        faults.append(FieldFault(kind, where, given, f"must be of type {expected}"))
        return ""
    inside = "".join(text for _, text in _elements(kind, f"{where}/", given, known, faults))
    # An address of which nothing is known says nothing; an empty line is a line, an empty choice is chosen.
    return f"<{field.tag}>{inside}</{field.tag}>" if inside or line.required or line.chosen else ""


def _conflicts(kind: str, path: str, value: Any) -> Iterator[FieldFault]:
    tags = {line.name: line.field.tag for line in declared(type(value))}
    choices: tuple[Choice, ...] = getattr(value, "CHOICES", ())
    for choice in choices:
        used = [branch for branch in choice.branches if any(getattr(value, name) not in (None, ()) for name in branch)]
        if len(used) > 1:
            second = next(name for name in used[1] if getattr(value, name) not in (None, ()))
            first = next(name for name in used[0] if getattr(value, name) not in (None, ()))
            yield FieldFault(kind, path + tags[second], getattr(value, second), f"may not stand beside {tags[first]}")
        elif choice.required and not used:
            names = " or ".join(tags[branch[0]] for branch in choice.branches)
            yield FieldFault(kind, path + tags[choice.branches[0][0]], None, f"one of {names} is required")
    if isinstance(value, Document):
        for name, rule in value.conflicts():
            yield FieldFault(kind, path + tags[name], getattr(value, name), rule)
