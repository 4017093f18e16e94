"""A message set as QuickBooks reads it: all of it is checked before anything of it is done."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from .errors import RequestFailed
from .fields import REQUESTS
from .grammar import Fault, Unparseable, Version
from .tree import Node, from_element, with_texts

PARSE_ERROR = "0x80040400"
NO_ROLLBACK = "0x80040413"
VERSION_UNKNOWN = "0x80040423"
VERSIONS: tuple[Version, ...] = (
    (1, 0),
    (1, 1),
    (2, 0),
    (2, 1),
    (3, 0),
    (4, 0),
    (4, 1),
    (5, 0),
    (6, 0),
    (6, 1),
    *((major, 0) for major in range(7, 17)),
)
_PROLOG = re.compile(
    r"<\?xml version=(?:\"1\.0\"|'1\.0')(?: encoding=[\"'][\w.-]+[\"'])?(?: standalone=[\"']\w+[\"'])? ?\?>"
    r"(?:\s|<!--.*?-->)*<\?qbxml version=[\"'](\d+)\.(\d+)[\"'] ?\?>(.*)$",
    re.DOTALL,
)
_SET_ATTRIBUTES = {"onError", "newMessageSetID", "oldMessageSetID", "responseData"}


@dataclass(frozen=True)
class Request:
    """One request: `node` is the ...Rq, `faults` what parses but is refused when its turn comes."""

    node: Node
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """InvoiceAdd, CustomerQuery ..."""
        return self.node.name.removesuffix("Rq")

    @property
    def request_id(self) -> str | None:
        return self.node.attribute("requestID")


@dataclass(frozen=True)
class MessageSet:
    version: Version
    requests: tuple[Request, ...]
    stop_on_error: bool
    new_id: str | None
    old_id: str | None
    include_none: bool


def parse(qbxml: str, highest: Version) -> MessageSet:
    """-> the message set; raises RequestFailed, with what is wrong after QuickBooks' own sentence.

    0x80040400 breaks the schema, 0x80040423 is of a version that is unknown or above `highest`, 0x80040413 asks for
    rollbackOnError.
    """
    try:
        version, rest = _prolog(qbxml, highest)
        root = _root(rest)
        return _message_set(root, version)
    except Unparseable as wrong:
        raise RequestFailed(
            PARSE_ERROR, f"QuickBooks found an error when parsing the provided XML text stream. ({wrong})"
        ) from None


def _prolog(qbxml: str, highest: Version) -> tuple[Version, str]:
    match = _PROLOG.match(qbxml)
    if match is None:
        raise Unparseable("it does not begin with <?xml ...?><?qbxml version=...?>")
    version = (int(match[1]), int(match[2]))
    if version not in VERSIONS or version > highest:
        raise RequestFailed(VERSION_UNKNOWN, f"Unrecognized or unsupported qbXML version {match[1]}.{match[2]}.")
    for char in qbxml:
        # qbxml/README.md, last row: what Windows-1252 cannot hold is refused, unless written as a reference.
        if ord(char) > 127 and not _in_windows_1252(char):
            raise Unparseable(f"the character U+{ord(char):04X}")
    return version, match[3]


def _root(text: str) -> Node:
    if "<!DOCTYPE" in text:
        raise Unparseable("a document type")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_pis=True)
    try:
        # As UTF-8 whatever the declaration said: it is text already.
        element = etree.fromstring(text.encode(), parser)
        return with_texts(from_element(element), as_kept)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unparseable(str(error)) from None


def as_kept(text: str) -> str:
    """-> the text as the books keep it: a character that Windows-1252 has none for becomes "?"."""
    return text if text.isascii() else "".join(char if _in_windows_1252(char) else "?" for char in text)


def _in_windows_1252(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _message_set(root: Node, version: Version) -> MessageSet:
    if root.name != "QBXML" or root.attributes or root.text.strip():
        raise Unparseable("the root is not QBXML")
    if len(root.children) != 1 or root.children[0].name != "QBXMLMsgsRq":
        raise Unparseable("QBXML holds one QBXMLMsgsRq")
    asked = root.children[0]
    attributes = dict(asked.attributes)
    if set(attributes) - _SET_ATTRIBUTES or asked.text.strip():
        raise Unparseable("QBXMLMsgsRq has no such attribute")
    on_error = attributes.get("onError")
    if on_error not in ("stopOnError", "continueOnError", "rollbackOnError"):
        raise Unparseable("onError is missing or unknown")
    response = attributes.get("responseData", "includeAll")
    if response not in ("includeAll", "includeNone"):
        raise Unparseable("responseData is unknown")
    requests = tuple(_request(node, version) for node in asked.children)
    if on_error == "rollbackOnError":
        raise RequestFailed(NO_ROLLBACK, "QuickBooks does not support the rollbackOnError value of onError.")
    return MessageSet(
        version,
        requests,
        on_error == "stopOnError",
        attributes.get("newMessageSetID") or None,
        attributes.get("oldMessageSetID") or None,
        response == "includeNone",
    )


def _request(node: Node, version: Version) -> Request:
    if not node.name.endswith("Rq") or node.name not in REQUESTS.tables:
        raise Unparseable(f"{node.name} is unknown")
    return Request(node, tuple(REQUESTS.check(node, node.name, version)))
