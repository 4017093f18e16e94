"""From drafts to a message that the Web Connector carries: draft early, fill late.

A document is drafted when a person sends it (drafts.py). To *compose* is to fill the open places of drafts in one pass
over their text; nothing is parsed or checked again but what is filled in.
"""

import re
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from . import documents
from .drafts import Draft, draft
from .fields import (
    MAX_VERSION,
    MIN_VERSION,
    Document,
    FieldFault,
    FullName,
    ListID,
    Many,
    Ref,
    RefTo,
    Refused,
    TxnID,
    Version,
    declared,
    decode_key,
    encode_key,
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


def render(document: Document, version: Version, request_id: str, fill: Fill | None = None) -> bytes:
    """A whole message of one document. Raises what draft and compose raise."""
    return compose([Request(request_id, draft(document))], version, fill or {})


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
