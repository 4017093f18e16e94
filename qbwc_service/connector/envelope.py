"""Reads the one call that a SOAP 1.1 body holds, and writes answers and faults. Knows nothing of HTTP, nor of Spyne.

The body is read once, in pieces: by expat, but for escaped text within an argument, which is put back as it is. What
comes out is the flat arguments that were checked, and nothing else of the body lives on. Whatever of XML and SOAP the
contract does not need (DTD, other encodings, nested or doubled arguments, id and href, xsi:type) is refused where the
parser sees it (spyne.md 1.4, 1.5; security.md 4.3).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from xml.parsers import expat
from xml.sax.saxutils import escape

from .escaped import unescaped

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT = "http://developer.intuit.com/"

SMALL_BODY = 64 * 1024
"""Bytes that any call may have; a body that is longer is read on only for an operation that allows more."""

_PIECE = 64 * 1024
_LONGEST_MARKUP = 2 * _PIECE
_MOST_ATTRIBUTES = 32
_MOST_NAMESPACES = 16
_DEEPEST = 32

_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = {"true": True, "1": True, "false": False, "0": False}
_XML_1 = re.compile(r"1\.[0-9]+")
_INT = re.compile(r"[+-]?[0-9]{1,20}")


@dataclass(frozen=True)
class Operation:
    """What a call may hold: its arguments and their types in the WSDL's sequence, and the bytes of its whole body."""

    arguments: Mapping[str, type[str] | type[int]]
    largest_body: int = SMALL_BODY
    takes_others: bool = False
    """Arguments of other names are dropped instead of refused."""


@dataclass(frozen=True)
class Call:
    """A checked call: its arguments in the WSDL's sequence; what was absent, empty or nil is "" or 0."""

    operation: str
    arguments: tuple[str | int, ...]


class Refused(Exception):
    """Not a call that this service takes; `reason` is one sentence without anything of the request."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class SoapFault(Exception):
    """A SOAP message whose call cannot be made; `code` as SOAP 1.1, 4.4.1 names it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Stream(Protocol):
    """The body as WSGI gives it: at most `size` bytes, none at the end."""

    def read(self, size: int, /) -> bytes: ...


def read_call(stream: Stream, length: int, operations: Mapping[str, Operation]) -> Call:
    """The call in the `length` bytes of `stream`. Raises Refused or SoapFault before it reads more than it must."""
    body = _Body(operations)
    taken = 0
    try:
        for piece in _pieces(stream, length):
            if b"\0" in piece:
                # Every other encoding that expat would follow by itself has a NUL in each "<".
                raise _bad("The body must be UTF-8.")
            body.take(piece)
            taken += len(piece)
            if length > body.reader.largest_body and (body.reader.operation is not None or taken >= SMALL_BODY):
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large for this operation.")
        body.end()
    except expat.ExpatError as error:
        raise _bad(f"The body is not well-formed XML: {expat.ErrorString(error.code)}.") from None
    return body.reader.call()


def fault(code: str, reason: str) -> bytes:
    """A SOAP 1.1 fault as .NET reads it: HTTP 500 and text/xml go with it (contract.md 1.4)."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f"<faultcode>soap:{code}</faultcode><faultstring>{escape(reason)}</faultstring>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    ).encode()


def answer(operation: str, result: str | int | Sequence[str]) -> bytes:
    """What an operation answers, to the letter as Spyne writes it; `result` holds no character that XML 1.0 forbids."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<soap11env:Envelope xmlns:soap11env="{SOAP}" xmlns:tns="{INTUIT}"><soap11env:Body>'
        f"<tns:{operation}Response><tns:{operation}Result>{_content(result)}</tns:{operation}Result>"
        f"</tns:{operation}Response></soap11env:Body></soap11env:Envelope>"
    ).encode()


def _content(result: str | int | Sequence[str]) -> str:
    if isinstance(result, int):
        return str(result)
    if isinstance(result, str):
        return escape(result, {"\r": "&#13;"})
    return "".join(f"<tns:string>{_content(text)}</tns:string>" for text in result)


class _Body:
    """A body in pieces, each of which goes to expat or, where it is plain text of an argument, straight to the reader.

    `reader` knows what was read.
    """

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self.reader = _Reader(operations)
        self._parser = _parser(self.reader)
        self._parsed = 0  # bytes that expat has
        self._in_text = False  # expat has nothing unfinished, and what comes is an argument's text up to the next "<"
        self._held = b""  # the end of that text so far, which may be half a character or half a reference

    def take(self, piece: bytes) -> None:
        """Raises ExpatError where it is not well-formed, Refused or SoapFault where it is not what is expected."""
        if not self._in_text and (escaped := piece.find(b"&lt;")) >= 0:
            begins = piece.rfind(b">", 0, escaped) + 1
            self._parse(piece[:begins])
            piece = piece[begins:]
            self._in_text = self.reader.expects_text and self._parser.CurrentByteIndex == self._parsed
        if self._in_text:
            piece = self._lift(self._held + piece)
        if piece:
            self._parse(piece)

    def end(self) -> None:
        self._parser.Parse(b"", True)  # which also refuses a body that ends within a text

    def _lift(self, text: bytes) -> bytes:
        """Takes the text as far as it is plain; -> what is left for expat."""
        self._held = b""
        ends = text.find(b"<")
        whole = ends if ends >= 0 else text.rfind(b"&")  # what stands before that is whole, whatever comes
        found = unescaped(text[:whole]) if whole > 0 else None
        if found is None:
            self._in_text = False
            return text
        self.reader.text(found)
        if ends < 0:
            self._held = text[whole:]
            return b""
        self._in_text = False
        return text[ends:]

    def _parse(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)
        self._parsed += len(piece)
        if self._parsed - self._parser.CurrentByteIndex > _LONGEST_MARKUP:
            # Old expats scan an unfinished tag from its start with each piece.
            raise _bad("A tag or a comment is too long.")


def _parser(reader: "_Reader") -> expat.XMLParserType:
    # The reader does not know its parser: as a circle both would keep a 50 MB answer until the next collection.
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.buffer_size = _PIECE
    parser.ordered_attributes = True
    parser.XmlDeclHandler = reader.declaration
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartNamespaceDeclHandler = reader.namespace
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartCdataSectionHandler = reader.start_section
    parser.EndCdataSectionHandler = reader.end_section
    return parser


def _pieces(stream: Stream, length: int) -> Iterator[bytes]:
    left = length
    while left:
        try:
            piece = stream.read(min(_PIECE, left))
        except OSError:
            piece = b""
        if not piece:
            raise _bad("The body ends before its Content-Length.")
        left -= len(piece)
        yield piece


def _bad(reason: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, reason)


class _Reader:
    """Takes expat's events. Names come as "namespace local"; attributes as [name, value, name, value ...]."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._depth = 0
        self._namespaces = 0
        self._in_header = False
        self._body_seen = False
        self._argument: str | None = None
        self._in_section = False
        self._nil = False
        self._pieces: list[str] = []
        self._values: dict[str, str] = {}
        self.operation: str | None = None
        self.largest_body = SMALL_BODY

    def call(self) -> Call:
        """The call that was read, once the body has ended."""
        if self.operation is None:
            raise _bad("The SOAP body holds no call.")
        arguments = self._operations[self.operation].arguments
        return Call(
            self.operation,
            tuple(
                _int(name, self._values.get(name, "")) if kind is int else self._values.get(name, "")
                for name, kind in arguments.items()
            ),
        )

    @property
    def expects_text(self) -> bool:
        """Whether an argument is open, and its text stands as text does, not in a CDATA section."""
        return self._argument is not None and not self._in_section

    # What expat tells.

    def declaration(self, version: str | None, encoding: str | None, _standalone: int) -> None:
        if version is not None and not _XML_1.fullmatch(version):
            raise _bad("The body must be XML 1.0.")  # expat takes any word
        if encoding is not None and encoding.lower() != "utf-8":
            raise _bad("The body must be UTF-8.")

    def doctype(self, *_: object) -> None:
        raise _bad("A document type is not allowed.")

    def namespace(self, _prefix: str | None, _uri: str | None) -> None:
        self._namespaces += 1
        if self._namespaces > _MOST_NAMESPACES:
            raise _bad("An element declares too many namespaces.")

    def start(self, name: str, attributes: list[str]) -> None:
        self._namespaces = 0
        if len(attributes) > 2 * _MOST_ATTRIBUTES:
            raise _bad("An element has too many attributes.")
        self._depth += 1
        if self._in_header:
            if self._depth > _DEEPEST:
                raise _bad("The SOAP header is too deep.")
            return
        match self._depth:
            case 1:
                self._start_envelope(name)
            case 2:
                self._start_part(name)
            case 3:
                self._start_operation(name)
            case 4:
                self._start_argument(name, dict(zip(attributes[::2], attributes[1::2], strict=True)))
            case _:
                raise _bad("An argument may not hold elements.")

    def end(self, _name: str) -> None:
        if self._depth == 2:
            self._in_header = False
        elif self._argument is not None:
            self._values[self._argument] = "" if self._nil else "".join(self._pieces)
            self._pieces = []
            self._argument = None
        self._depth -= 1

    def text(self, text: str) -> None:
        if self._argument is not None:
            self._pieces.append(text)
        elif self._depth < 4 and not self._in_header and not text.isspace():
            raise _bad("There is text between the elements of the call.")

    def start_section(self) -> None:
        self._in_section = True

    def end_section(self) -> None:
        self._in_section = False

    # What stands at each depth.

    def _start_envelope(self, name: str) -> None:
        if name == f"{_SOAP_12} Envelope":
            raise SoapFault("VersionMismatch", "This service speaks SOAP 1.1.")
        if name != f"{SOAP} Envelope":
            raise _bad("A SOAP 1.1 envelope is expected.")

    def _start_part(self, name: str) -> None:
        if self._body_seen:
            raise _bad("Nothing may follow the SOAP body.")
        if name == f"{SOAP} Header":
            self._in_header = True
        elif name == f"{SOAP} Body":
            self._body_seen = True
        else:
            raise _bad("An envelope holds a header and a body only.")

    def _start_operation(self, name: str) -> None:
        if self.operation is not None:
            raise _bad("The SOAP body holds more than one call.")
        namespace, _, local = name.rpartition(" ")
        if namespace != INTUIT:
            raise _bad(f"A call in the namespace {INTUIT} is expected.")
        if local not in self._operations:
            raise SoapFault("Client", "This service has no such operation.")
        self.operation = local
        self.largest_body = self._operations[local].largest_body

    def _start_argument(self, name: str, attributes: dict[str, str]) -> None:
        assert self.operation is not None
        operation = self._operations[self.operation]
        namespace, _, local = name.rpartition(" ")
        if namespace != INTUIT or local not in operation.arguments:
            if not operation.takes_others:
                raise SoapFault("Client", f"{self.operation} takes {', '.join(operation.arguments)} and nothing else.")
            return
        if local in self._values:
            raise _bad("An argument is given twice.")
        self._nil = _nil(attributes, operation.arguments[local])
        self._argument = local


def _nil(attributes: dict[str, str], kind: type[str] | type[int]) -> bool:
    """Whether the argument is nil; refuses what could change its type or its content."""
    nil = False
    for name, value in attributes.items():
        if name == f"{_XSI} nil" and value.strip() in _NIL:
            nil = _NIL[value.strip()]
        elif name != f"{_XSI} type" or value.rpartition(":")[2] != ("int" if kind is int else "string"):
            raise _bad("An argument may not have attributes but xsi:nil and its own xsi:type.")
    return nil


def _int(name: str, text: str) -> int:
    """An xs:int; empty is 0, as a missing one."""
    text = text.strip(" \t\r\n")
    if not text:
        return 0
    if not _INT.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise SoapFault("Client", f"{name} must be an xs:int.")
    return int(text)
