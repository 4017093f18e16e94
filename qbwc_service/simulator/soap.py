"""SOAP 1.1 as the Web Connector, a .NET client, writes and reads it (contract.md 1.2 to 1.4)."""

import re
from dataclasses import dataclass
from typing import NoReturn
from xml.sax.saxutils import escape

from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE = "http://developer.intuit.com/"
_INT32 = range(-(2**31), 2**31)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(eq=False)
class ContractBroken(ValueError):
    """An answer that a .NET client generated from Intuit's WSDL would not take, or not understand."""

    operation: str
    rule: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.rule}"


@dataclass(eq=False)
class CallFailed(Exception):
    """A call that brought no answer: refused, dropped, too late, an HTTP error or a SOAP fault.

    `status` is HTTP's, None when there was none; `fault` is the faultstring of a SOAP fault.
    """

    operation: str
    reason: str
    status: int | None = None
    fault: str | None = None

    def __str__(self) -> str:
        return f"{self.operation}: {self.reason}"


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    content_type: str
    content_encoding: str
    body: bytes


def action(operation: str) -> str:
    """-> the SOAPAction header's value, quotes included (contract.md 1.3)."""
    return f'"{NAMESPACE}{operation}"'


def request(operation: str, arguments: dict[str, str]) -> bytes:
    """-> the body of a call, byte for byte in the shape of the trace in contract.md 1.3."""
    children = "".join(
        f"<{name}>{_text(value)}</{name}>" if value else f"<{name} />" for name, value in arguments.items()
    )
    call = f'<{operation} xmlns="{NAMESPACE}"' + (f">{children}</{operation}>" if children else " />")
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>{call}</soap:Body></soap:Envelope>'
    ).encode()


def _text(value: str) -> str:
    # A bare CR would be read as LF; .NET writes it as a reference.
    return escape(value, {"\r": "&#xD;"})


def read_string(operation: str, answer: HttpAnswer) -> str:
    """-> a string result. Raises ContractBroken, CallFailed."""
    return _simple(operation, _result(operation, answer))


def read_int(operation: str, answer: HttpAnswer) -> int:
    """-> an xs:int result; a decimal or an empty one breaks the contract (contract.md 1.4)."""
    text = _simple(operation, _result(operation, answer))
    if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) or int(text) not in _INT32:
        raise ContractBroken(operation, f"its result {text!r} is no xs:int")
    return int(text)


def read_strings(operation: str, answer: HttpAnswer) -> list[str]:
    """-> an ArrayOfString result of two to four strings, the second there even when empty (contract.md 1.4, 2.2)."""
    result = _result(operation, answer)
    strings = list(result)
    for child in strings:
        if child.tag != f"{{{NAMESPACE}}}string":
            raise ContractBroken(operation, f"its result holds {child.tag!r}, where <string> is due")
    if not 2 <= len(strings) <= 4:
        raise ContractBroken(operation, f"its result holds {len(strings)} <string>, where 2 to 4 are due")
    return [_simple(operation, child) for child in strings]


def _simple(operation: str, element: etree._Element) -> str:
    if len(element):
        raise ContractBroken(operation, f"{etree.QName(element).localname} holds elements, where text is due")
    return element.text or ""


def _result(operation: str, answer: HttpAnswer) -> etree._Element:
    body = _body(operation, answer)
    children = list(body)
    if not children:
        raise ContractBroken(operation, "its soap:Body is empty")
    first = children[0]
    if first.tag == f"{{{ENVELOPE}}}Fault":
        text = " ".join(part.strip() for part in (first.findtext("faultcode"), first.findtext("faultstring")) if part)
        raise CallFailed(operation, f"SOAP fault: {text}", answer.status, text)
    if answer.status == 500:
        raise CallFailed(operation, "HTTP status 500 without a SOAP fault", 500)
    if first.tag != f"{{{NAMESPACE}}}{operation}Response":
        raise ContractBroken(operation, f"the answer is {first.tag!r}, not {operation}Response in {NAMESPACE}")
    results = first.findall(f"{{{NAMESPACE}}}{operation}Result")
    if len(results) != 1 or results[0].get(_NIL) in ("true", "1"):
        raise ContractBroken(
            operation, f"{operation}Result is missing, nil or there twice (or in no or another namespace)"
        )
    return results[0]


def _body(operation: str, answer: HttpAnswer) -> etree._Element:
    """-> the soap:Body. An answer that is not XML in text/xml is a CallFailed if HTTP says that it failed anyway."""
    if answer.status not in (200, 500):
        # Redirects are among these: a .NET SOAP client does not follow them (contract.md 1.3).
        raise CallFailed(operation, f"HTTP status {answer.status}", answer.status)

    def refuse(rule: str) -> NoReturn:
        if answer.status == 500:
            raise CallFailed(operation, "HTTP status 500 without a SOAP fault", 500)
        raise ContractBroken(operation, rule)

    kind, _, parameters = answer.content_type.partition(";")
    if kind.strip().lower() != "text/xml":
        refuse(f"its content type is {answer.content_type!r}, where text/xml is due")
    if answer.content_encoding not in ("", "identity"):
        refuse(f"it is compressed ({answer.content_encoding}), though nobody offered to read that")
    if not answer.body:
        refuse("it is empty")
    if not answer.body.startswith(b"<"):
        refuse(f"something stands before the XML: {answer.body[:40]!r}")
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]+)", parameters, re.IGNORECASE)
    try:
        parser = etree.XMLParser(
            encoding=charset.group(1) if charset else None,
            resolve_entities=False,
            no_network=True,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
        )
        root = etree.fromstring(answer.body, parser)
    except LookupError:
        refuse(f"nobody knows its charset {charset and charset.group(1)}")
    except etree.XMLSyntaxError as error:
        refuse(f"it is not well-formed XML: {error.msg}")
    if root.getroottree().docinfo.doctype:
        refuse("it has a DOCTYPE, which a .NET client prohibits")
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        refuse(f"it is {root.tag!r}, not a SOAP 1.1 Envelope")
    body = root.find(f"{{{ENVELOPE}}}Body")
    if body is None:
        refuse("its Envelope has no Body")
    return body
