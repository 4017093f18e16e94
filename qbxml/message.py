"""From documents to a message that the Web Connector carries: draft early, fill late.

A document is *drafted* once, when it is sent by a person: checked, and written as the inside of its request. What is
not known before the message leaves stands in the draft as processing instructions, which no text can forge since `<` is
always escaped:

    <?ref KEY?>            the inside of a reference: ListID or FullName
    <?txn KEY?>            a TxnID element that may name a document of the same message by its macro
    <?id KEY?>             the content of any other element that holds a TxnID
    <?opt KEY?>...<?end?>  left out when KEY stands for None
    <?since V?>...<?end?>  left out when the message's version is lower

To *compose* is to fill these in one pass over the text; nothing is parsed or checked again but what is filled in.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import documents
from .fields import (
    MAX_VERSION,
    MIN_VERSION,
    Attribute,
    Choice,
    Declared,
    Document,
    DocumentFaults,
    Field,
    FieldFault,
    FullName,
    Group,
    ListID,
    Many,
    Ref,
    RefTo,
    Refused,
    Scalar,
    Slot,
    TxnID,
    TxnLink,
    Version,
    declared,
    decode_key,
    encode_key,
    since,
    spell_ref,
    spell_txn,
)
from .text import as_reference

ON_ERROR = ("continueOnError", "stopOnError")
# contract.md 6.1: 23 or 24 characters are the end, 20 are safe. ClearAllMessageSets is QuickBooks' own word.
MESSAGE_SET_ID = re.compile(r"[A-Za-z0-9]{1,20}")
# contract.md 6.7: QuickBooks answers 1060 beyond this.
REQUEST_ID_LENGTH = 50
MACRO_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Macro:
    """What stands for the TxnID of a document of the same message, defined by an earlier Request of it."""

    name: str


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


class Request(NamedTuple):
    """A draft within a message: `id` comes back as requestID; with `macro` later requests may refer to it."""

    id: str
    draft: Draft
    macro: str | None = None


Fill = Mapping[str, Ref | TxnID | Macro | None]


class SlotOpen(KeyError):
    """A draft's open place is not filled; `key` says which, `request` in what."""

    def __init__(self, request: str, key: str) -> None:
        super().__init__(request, key)
        self.request = request
        self.key = key

    def __str__(self) -> str:
        return f"{self.request}: nothing is known for {self.key!r}"


class SlotMisfit(ValueError):
    """A draft's open place is filled with what may not stand there."""

    def __init__(self, request: str, key: str, value: object, rule: str) -> None:
        super().__init__(request, key, value, rule)
        self.request = request
        self.key = key
        self.value = value
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.request}: {self.key!r} is filled with {self.value!r}: {self.rule}"


# Drafting -----------------------------------------------------------------------------------------------------------


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


def render(document: Document, version: Version, request_id: str, fill: Fill | None = None) -> bytes:
    """A whole message of one document. Raises what draft and compose raise."""
    return compose([Request(request_id, draft(document))], version, fill or {})


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


# Composing ----------------------------------------------------------------------------------------------------------


def compose(
    requests: Iterable[Request],
    version: Version,
    fill: Fill,
    *,
    message_set_id: str | None = None,
    old_message_set_id: str | None = None,
    on_error: str = "continueOnError",
) -> bytes:
    """The message as pure ASCII, in the sequence of the requests.

    Raises SlotOpen, SlotMisfit and FieldFault for what is filled in, ValueError for ids, macros or a version that
    QuickBooks would refuse. No request at all is a message too: it asks after a message set or clears it (contract.md
    6.2).
    """
    if not MIN_VERSION <= version <= MAX_VERSION:
        raise ValueError(f"qbXML {version} is not between {MIN_VERSION} and {MAX_VERSION}")
    if on_error not in ON_ERROR:
        raise ValueError(f"onError {on_error!r}: one of {', '.join(ON_ERROR)}")
    sets = _set_attribute("newMessageSetID", message_set_id) + _set_attribute("oldMessageSetID", old_message_set_id)
    ids: set[str] = set()
    macros: set[str] = set()
    spelled = _spelled(fill)
    parts = [
        f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?>'
        f'<QBXML><QBXMLMsgsRq onError="{on_error}"{sets}>'
    ]
    for request in requests:
        if not 0 < len(request.id) <= REQUEST_ID_LENGTH or request.id in ids:
            raise ValueError(f"request id {request.id!r}: 1 to {REQUEST_ID_LENGTH} characters, each once in a message")
        ids.add(request.id)
        parts.append(_request(request, version, fill, macros, spelled))
        if request.macro is not None:
            macros.add(request.macro)
    parts.append("</QBXMLMsgsRq></QBXML>")
    return "".join(parts).encode("ascii")


def _set_attribute(attribute: str, name: str | None) -> str:
    if name is None:
        return ""
    if MESSAGE_SET_ID.fullmatch(name) is None:
        raise ValueError(f"{attribute} {name!r}: 1 to 20 letters and digits")
    return f' {attribute}="{name}"'


def _request(request: Request, version: Version, fill: Fill, macros: set[str], spelled: Mapping[str, str]) -> str:
    kind = request.draft.request
    text = request.draft.text
    if "<?" in text:
        text = _filled(kind, text, version, fill, macros, spelled)
    if request.macro is not None:
        if kind not in MACRO_REQUESTS or MACRO_NAME.fullmatch(request.macro) is None or request.macro in macros:
            raise ValueError(f"macro {request.macro!r} of {kind}: only documents, each name once, letters and digits")
        text = f'<{kind} defMacro="TxnID:{request.macro}">{text[len(kind) + 2 :]}'
    return f'<{kind}Rq requestID="{as_reference(request.id)}"{request.draft.attributes}>{text}</{kind}Rq>'


_OPEN = re.compile(r"<\?(ref|txn|id|opt|since|end) ?([^?]*)\?>")
_SLOT = re.compile(r"<\?(?:ref|txn|id|opt) ([^?]+)\?>")
MACRO_REQUESTS = frozenset(kind.__name__ for kind in documents.TXN_ADDS)


def _spelled(fill: Fill) -> dict[str, str]:
    """-> the inside of references to ListIDs, by the key as drafts have it: many requests refer to the same ones."""
    spelled = {}
    for key, value in fill.items():
        if isinstance(value, ListID):
            with suppress(Refused):  # told when it is used
                spelled[encode_key(key)] = spell_ref(value, None)
    return spelled


def _filled(
    kind: str, text: str, version: Version, fill: Fill, macros: Container[str], spelled: Mapping[str, str]
) -> str:
    before, *pieces = _OPEN.split(text)  # a piece of text; then each instruction's name, its argument, and a piece
    parts = [before]
    blocks: list[bool] = []  # of each block that is open: whether it stays
    dropped = 0
    for name, argument, after in zip(*[iter(pieces)] * 3, strict=True):
        if name == "ref" and not dropped:
            known = spelled.get(argument)
            parts.append(_value(kind, name, decode_key(argument), fill, macros, before) if known is None else known)
        elif name == "end":
            dropped -= not blocks.pop()
        elif name in ("opt", "since"):
            stays = dropped > 0 or _stays(kind, name, argument, version, fill)
            blocks.append(stays)
            dropped += not stays
        elif not dropped:
            parts.append(_value(kind, name, decode_key(argument), fill, macros, before))
        if not dropped:
            parts.append(after)
        before = after
    return "".join(parts)


def _stays(kind: str, name: str, argument: str, version: Version, fill: Fill) -> bool:
    if name == "since":
        return version >= Version.parse(argument)
    key = decode_key(argument)
    if key not in fill:
        raise SlotOpen(kind, key)
    return fill[key] is not None


def _value(kind: str, name: str, key: str, fill: Fill, macros: Container[str], before: str) -> str:
    """`before` is the text up to the place, at the end of which its element's tag stands."""
    if key not in fill:
        raise SlotOpen(kind, key)
    value = fill[key]
    if value is None:
        raise SlotMisfit(kind, key, value, "the element is required")
    try:
        match name, value:
            case "ref", ListID():
                return spell_ref(value, None)
            case "ref", FullName():
                return _full_name(value, before)
            case "id", TxnID():
                return spell_txn(value)
            case "txn", TxnID():
                return f"<TxnID>{spell_txn(value)}</TxnID>"
            case "txn", Macro(macro):
                if macro not in macros:
                    raise SlotMisfit(kind, key, value, "no earlier request of the message defines this macro")
                return f'<TxnID useMacro="TxnID:{macro}"/>'
            case _:
                wanted = {"ref": "a ListID or FullName", "id": "a TxnID", "txn": "a TxnID or Macro"}[name]
                raise SlotMisfit(kind, key, value, f"must be {wanted}")
    except Refused as refused:
        raise FieldFault(kind, _last_tag(before), value, refused.rule) from None


def _full_name(value: FullName, before: str) -> str:
    """A name that no draft has seen, so its length is checked against the element that it stands in."""
    return spell_ref(value, FULL_NAME_LENGTHS.get(_last_tag(before)))


def _last_tag(text: str) -> str:
    return text[text.rfind("<") + 1 :].rstrip(">")


def _full_name_lengths(kinds: Iterable[type]) -> dict[str, int]:
    """By element, the longest FullName; no element has two lengths (a test holds this against reference.json)."""
    lengths: dict[str, int] = {}
    waiting = list(kinds)
    while waiting:
        for line in declared(waiting.pop()):
            field = line.field.each if isinstance(line.field, Many) else line.field
            if isinstance(field, RefTo) and field.full_name_length is not None:
                lengths[field.tag] = field.full_name_length
            if line.inner is not None:
                waiting.append(line.inner)
    return lengths


FULL_NAME_LENGTHS = _full_name_lengths((*documents.LIST_ADDS, *documents.TXN_ADDS))
