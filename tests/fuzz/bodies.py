"""SOAP bodies that something is wrong with: a call of the contract, and up to three changes that know its grammar."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from qbwc_service.connector.contract import QBWebConnectorSvc

from . import nasty
from .nasty import INTUIT, SOAP
from .service import CANARY, Scene

OPERATIONS: dict[str, tuple[str, ...]] = {
    name: tuple(method.in_message.get_flat_type_info(method.in_message))
    for name, method in QBWebConnectorSvc.public_methods.items()
}
_MOST_OFTEN = (
    "authenticate",
    "sendRequestXML",
    "receiveResponseXML",
    "connectionError",
    "closeConnection",
    "getLastError",
)
_TWELVE = "http://www.w3.org/2003/05/soap-envelope"


@dataclass
class Element:
    """An element as it will be written: `inside` is markup, not text."""

    name: str
    inside: str
    attributes: str = ""

    def written(self) -> str:
        return f"<{self.name}{self.attributes}>{self.inside}</{self.name.partition(' ')[0]}>"


@dataclass
class Message:
    """A SOAP message in its parts, which the changes work on; then its bytes, and what HTTP says of them."""

    operation: str
    arguments: list[Element]
    operation_attributes: str = f' xmlns="{INTUIT}"'
    declaration: str = '<?xml version="1.0" encoding="utf-8"?>'
    envelope: str = SOAP
    envelope_attributes: str = ""
    header: str = ""
    before_call: str = ""
    after_call: str = ""
    after_body: str = ""
    encoding: str = "utf-8"
    bytes_changes: list[Callable[[bytes], bytes]] = field(default_factory=list)
    environ: dict[str, Any] = field(default_factory=dict)

    def written(self) -> bytes:
        inside = "".join(argument.written() for argument in self.arguments)
        text = (
            f'{self.declaration}<soap:Envelope xmlns:soap="{self.envelope}"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            f"{self.envelope_attributes}>{self.header}<soap:Body>{self.before_call}<{self.operation}"
            f"{self.operation_attributes}>{inside}</{self.operation}>{self.after_call}</soap:Body>{self.after_body}"
            "</soap:Envelope>"
        )
        body = text.encode(self.encoding, "surrogatepass" if self.encoding.startswith("utf-8") else "replace")
        for change in self.bytes_changes:
            body = change(body)
        return body


@dataclass(frozen=True)
class Case:
    body: bytes
    environ: dict[str, Any]
    changes: tuple[str, ...]


def make(draw: random.Random, scene: Scene) -> Case:
    """-> a body; the real ticket and password stand in some of them."""
    message = _call(draw, scene)
    changes = draw.choices(CHANGES, weights=WEIGHTS, k=draw.choice((0, 1, 1, 1, 1, 2, 2, 3)))
    for change in changes:
        change(draw, message)
    return Case(message.written(), message.environ, tuple(change.__name__[1:] for change in changes))


def _call(draw: random.Random, scene: Scene) -> Message:
    operation = draw.choice(_MOST_OFTEN if draw.random() < 0.85 else tuple(OPERATIONS))
    arguments = [Element(name, escape(_value(draw, scene, name))) for name in OPERATIONS[operation]]
    return Message(operation, arguments)


def _value(draw: random.Random, scene: Scene, name: str) -> str:
    """-> what the argument might be, right more often than not."""
    right = {
        "ticket": scene.ticket,
        "strUserName": scene.username,
        "strPassword": scene.password,
        "strHCPResponse": draw.choice((scene.host, "")),
        "strCompanyFileName": r"C:\Books\simulated.qbw",
        "qbXMLCountry": "US",
        "qbXMLMajorVers": "16",
        "qbXMLMinorVers": "0",
        "response": draw.choice((scene.answer, "")),
    }.get(name, "")
    wrong = draw.choice((nasty.text, nasty.number))(draw)
    if name in ("ticket", "strPassword"):
        wrong = draw.choice((wrong, CANARY, right[:-1], right.upper(), right + " ", f" {right}"))
    if name == "hresult":
        wrong = draw.choice(("0x80040400", "0x80040408", "0x8004040D", wrong))
    return right if draw.random() < 0.7 else wrong


# Changes of an argument ----------------------------------------------------------------------------------------------


def _argument(draw: random.Random, message: Message) -> Element:
    if not message.arguments:
        message.arguments.append(Element("strVersion", "1"))
    return draw.choice(message.arguments)


def _double(draw: random.Random, message: Message) -> None:
    one = _argument(draw, message)
    message.arguments.append(Element(one.name, draw.choice((one.inside, "", "x")), one.attributes))


def _omit(draw: random.Random, message: Message) -> None:
    message.arguments.remove(_argument(draw, message))


def _shuffle(draw: random.Random, message: Message) -> None:
    draw.shuffle(message.arguments)


def _strange_argument(draw: random.Random, message: Message) -> None:
    name = draw.choice(
        ("x", "ticket", "wcTicket", "strPassword", "strPassword2", "a:b", "xsi:nil", "1a", "", "a b", "n" * 70_000)
    )
    message.arguments.insert(draw.randrange(len(message.arguments) + 1), Element(name, nasty.text(draw)))


def _rename(draw: random.Random, message: Message) -> None:
    one = _argument(draw, message)
    one.name = draw.choice(
        (one.name.lower(), one.name.upper(), f"soap:{one.name}", f'{one.name} xmlns=""', f"{one.name}x")
    )


def _nest(draw: random.Random, message: Message) -> None:
    one, times = _argument(draw, message), draw.choice((1, 5, 300, 20_000))
    inside = draw.choice(("<b/>", "<strPassword>x</strPassword>", "<b>" * times + "</b>" * times, "<b>" * times))
    at = draw.randrange(len(one.inside) + 1)
    one.inside = one.inside[:at] + inside + one.inside[at:]


def _mark_up(draw: random.Random, message: Message) -> None:
    """Markup that changes no text, or should not."""
    one = _argument(draw, message)
    at = draw.randrange(len(one.inside) + 1)
    put = draw.choice(
        (
            "<!-- a -->",
            "<?a b?>",
            "<![CDATA[]]>",
            "<![CDATA[x]]>",
            "<!---->",
            f"<!--{'c' * 200_000}-->",
            "<![CDATA[",
            "-->",
        )
    )
    one.inside = one.inside[:at] + put + one.inside[at:]


def _as_cdata(draw: random.Random, message: Message) -> None:
    one = _argument(draw, message)
    one.inside = f"<![CDATA[{one.inside}]]>"


def _refer(draw: random.Random, message: Message) -> None:
    one = _argument(draw, message)
    one.inside += draw.choice(nasty.REFERENCES) * draw.choice((1, 1, 1, 5000))


def _control(draw: random.Random, message: Message) -> None:
    one = _argument(draw, message)
    at = draw.randrange(len(one.inside) + 1)
    one.inside = one.inside[:at] + draw.choice(nasty.CONTROLS) + one.inside[at:]


def _attribute(draw: random.Random, message: Message) -> None:
    _argument(draw, message).attributes += nasty.attributes(draw)


def _flood(draw: random.Random, message: Message) -> None:
    count = draw.choice((31, 33, 2000, 16_000))
    flood = draw.choice((nasty.attributes(draw, count), nasty.namespaces(count)))
    match draw.randrange(3):
        case 0:
            _argument(draw, message).attributes += flood
        case 1:
            message.operation_attributes += flood
        case _:
            message.envelope_attributes += flood


def _fill(draw: random.Random, message: Message) -> None:
    _argument(draw, message).inside = escape(nasty.text(draw))


def _huge(draw: random.Random, message: Message) -> None:
    _argument(draw, message).inside = draw.choice(("x", "&lt;", "é", "&#65;", " ", "\n")) * draw.choice(
        (20_000, 300_000, 1_000_000)
    )


# Changes of the message ----------------------------------------------------------------------------------------------


def _other_namespace(draw: random.Random, message: Message) -> None:
    message.operation_attributes = draw.choice(
        ("", ' xmlns=""', ' xmlns="x"', f' xmlns="{INTUIT.upper()}"', f' xmlns="{INTUIT[:-1]}"')
    )


def _other_operation(draw: random.Random, message: Message) -> None:
    message.operation = draw.choice((
        "x", "Authenticate", "authenticateResponse", "__init__", "__class__", "a.b", "soap:Fault", "soap:Body", "é",
        "1", *OPERATIONS,
    ))  # fmt: skip


def _two_calls(draw: random.Random, message: Message) -> None:
    other = f'<closeConnection xmlns="{INTUIT}"><ticket>x</ticket></closeConnection>'
    if draw.random() < 0.5:
        message.before_call += other
    else:
        message.after_call += other


def _text_between(draw: random.Random, message: Message) -> None:
    text = draw.choice(("x", " ", "&#65;", "<!-- a -->", "<?a b?>", "<![CDATA[ ]]>", "<![CDATA[x]]>"))
    message.before_call += text
    message.after_body += text


def _odd_header(draw: random.Random, message: Message) -> None:
    times = draw.choice((1, 40, 10_000))
    inside = draw.choice((
        "", "x", "<a/>", '<a soap:mustUnderstand="1"/>', "<a>" * times + "</a>" * times, "<a/>" * times,
        f"<a{nasty.namespaces(times)}/>",
        f'<authenticate xmlns="{INTUIT}"><strUserName>x</strUserName></authenticate>', "<soap:Body/>",
        f"<a{nasty.attributes(draw)}/>",
    ))  # fmt: skip
    message.header += f"<soap:Header>{inside}</soap:Header>"


def _odd_envelope(draw: random.Random, message: Message) -> None:
    message.envelope = draw.choice((_TWELVE, "", "x", SOAP.upper(), SOAP[:-1]))


def _after_body(draw: random.Random, message: Message) -> None:
    message.after_body += draw.choice(
        ("<a/>", "<soap:Body/>", "<soap:Header/>", "x", "</soap:Envelope>", "</soap:Envelope><a>", "<!-- -->")
    )


def _document_type(draw: random.Random, message: Message) -> None:
    message.declaration = draw.choice((message.declaration, "")) + nasty.document_type(draw)
    if draw.random() < 0.6:
        _argument(draw, message).inside += "&x;"


def _declaration(draw: random.Random, message: Message) -> None:
    message.declaration = nasty.declaration(draw)


def _encoding(draw: random.Random, message: Message) -> None:
    message.encoding = draw.choice(nasty.ENCODINGS)
    if draw.random() < 0.5:
        message.declaration = f'<?xml version="1.0" encoding="{message.encoding}"?>'
    if draw.random() < 0.3:
        message.environ["CONTENT_TYPE"] = f"text/xml; charset={message.encoding}"


def _byte_order_mark(draw: random.Random, message: Message) -> None:
    mark = draw.choice(
        (b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2, b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"+/v8-", b" ", b"\n")
    )
    message.bytes_changes.append(lambda body: mark + body)


def _damage(draw: random.Random, message: Message) -> None:
    # An own generator: how often it is drawn from depends on how long the body has become.
    own = random.Random(draw.random())
    message.bytes_changes.append(lambda body: nasty.damaged(own, body))


def _content_type(draw: random.Random, message: Message) -> None:
    message.environ["CONTENT_TYPE"] = draw.choice((
        None, "", "text/xml", "text/xml; charset=utf-16", "application/soap+xml",
        "text/xml; charset=utf-8; charset=utf-16", "text/plain",
        'TEXT/XML; CHARSET="UTF-8"', "text/xml;", ";", "text/xml; charset", "text/xml; charset=zip",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded", "text/xml\0", "é", "text/xml; " + "a=b; " * 2000,
    ))  # fmt: skip


def _length(draw: random.Random, message: Message) -> None:
    message.environ["CONTENT_LENGTH"] = draw.choice((
        None, "", "0", "1", "10", "200", "-5", "abc", "1e3", "٣", "1 ", "+1", "67108864", "67108865", "9" * 19,
        "9" * 5000, "0x10",
    ))  # fmt: skip


def _verb(draw: random.Random, message: Message) -> None:
    message.environ["REQUEST_METHOD"] = draw.choice(("GET", "HEAD", "PUT", "OPTIONS", "post", "TRACE", "", "X" * 500))


def _address(draw: random.Random, message: Message) -> None:
    message.environ["QUERY_STRING"] = draw.choice(
        ("wsdl", "WSDL", "wsdl=../../etc/passwd", "%00", "x" * 5000, "op=authenticate")
    )


CHANGES: tuple[Callable[[random.Random, Message], None], ...] = (
    _double, _omit, _shuffle, _strange_argument, _rename, _nest, _mark_up, _as_cdata, _refer, _control, _attribute,
    _flood, _fill,
    _huge, _other_namespace, _other_operation, _two_calls, _text_between, _odd_header, _odd_envelope, _after_body,
    _document_type,
    _declaration, _encoding, _byte_order_mark, _damage, _content_type, _length, _verb, _address,
)  # fmt: skip
_RARE = {
    _flood: 0.4,
    _huge: 0.25,
    _verb: 0.4,
    _address: 0.4,
    _damage: 3.0,
    _document_type: 2.0,
    _mark_up: 2.0,
    _attribute: 2.0,
}
WEIGHTS = [_RARE.get(change, 1.0) for change in CHANGES]
