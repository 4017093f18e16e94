"""The qbXML that was sent and answered, as people can read it."""

import re

from lxml import etree

LONGEST = 3_000_000  # characters that are worth parsing for a page; what is longer is for downloading only


def pretty(text: str) -> str:
    """-> indented qbXML; a text that is none, or too long, as it came."""
    root = _parsed(text)
    if root is None:
        return text.strip()
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def parts(text: str, request_id: str) -> list[str]:
    """-> the elements of a message that bear this requestID, indented."""
    root = _parsed(text)
    if root is None:
        return []
    found = []
    for node in root.iter():
        if isinstance(node.tag, str) and node.get("requestID") == request_id:
            node.tail = None
            etree.indent(node)
            found.append(etree.tostring(node, encoding="unicode"))
    return found


def held(text: str, request_id: str) -> list[dict[str, str]]:
    """-> what QuickBooks showed of documents in its answer to this request: TxnID, RefNumber, TxnNumber, TimeCreated
    and the like, where told."""
    root = _parsed(text)
    if root is None:
        return []
    told = ("TxnID", "RefNumber", "TxnNumber", "TxnDate", "TimeCreated", "Memo")
    return [
        {name: node.findtext(name) or "" for name in told if node.findtext(name)}
        for response in root.iter()
        if isinstance(response.tag, str) and response.get("requestID") == request_id
        for node in response
        if isinstance(node.tag, str) and node.tag.endswith("Ret") and node.findtext("TxnID")
    ]


def _parsed(text: str) -> etree._Element | None:
    if not text.strip() or len(text) > LONGEST:
        return None
    # A declared encoding is that of bytes that are gone: here it is text.
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
