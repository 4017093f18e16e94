"""Answers of QuickBooks that something is wrong with: the honest one of a scene, and up to four changes of it."""

import copy
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from . import nasty
from .service import Scene

Tree = etree._Element


@dataclass
class Draft:
    """The honest answer as a tree; when it has been written, what is done to its text."""

    scene: Scene
    root: Tree
    text_changes: list[Callable[[str], str]] = field(default_factory=list)
    hresult: str = ""
    message: str = ""

    @property
    def responses(self) -> list[Tree]:
        return list(self.root[0]) if len(self.root) else []

    def element(self, draw: random.Random) -> Tree:
        return draw.choice(list(self.root.iter()))

    def response(self, draw: random.Random) -> Tree:
        return draw.choice(self.responses or [self.root])


@dataclass(frozen=True)
class Case:
    response: str
    hresult: str
    message: str
    changes: tuple[str, ...]


def make(draw: random.Random, scene: Scene) -> Case:
    """-> an answer as the text of the argument `response`: only what SOAP can carry."""
    draft = Draft(scene, etree.fromstring(scene.answer.encode()))
    changes = draw.choices(CHANGES, weights=WEIGHTS, k=draw.choice((1, 1, 1, 2, 2, 3, 4)))
    for change in changes:
        change(draw, draft)
    text = '<?xml version="1.0" ?>\n' + etree.tostring(draft.root, encoding="unicode")
    for text_change in draft.text_changes:
        text = text_change(text)
    return Case(text, draft.hresult, draft.message, tuple(change.__name__[1:] for change in changes))


# Changes of the tree -------------------------------------------------------------------------------------------------


def _drop(draw: random.Random, draft: Draft) -> None:
    one = draft.element(draw)
    if (above := one.getparent()) is not None:
        above.remove(one)


def _drop_response(draw: random.Random, draft: Draft) -> None:
    one = draft.response(draw)
    if (above := one.getparent()) is not None:
        above.remove(one)


def _double(draw: random.Random, draft: Draft) -> None:
    one = draft.response(draw) if draw.random() < 0.5 else draft.element(draw)
    if (above := one.getparent()) is not None:
        for _ in range(draw.choice((1, 1, 5, 300 if len(one) < 3 else 2))):
            above.insert(draw.randrange(len(above) + 1), _copy(one))


def _move(draw: random.Random, draft: Draft) -> None:
    one, under = draft.element(draw), draft.element(draw)
    if one.getparent() is not None and under is not one and one not in under.iterancestors():
        under.append(one)


def _shuffle(draw: random.Random, draft: Draft) -> None:
    one = draft.root[0] if len(draft.root) and draw.random() < 0.5 else draft.element(draw)
    parts = list(one)
    draw.shuffle(parts)
    one[:] = parts


def _rename(draw: random.Random, draft: Draft) -> None:
    one = draft.element(draw)
    one.tag = draw.choice((
        "x", f"{one.tag}x", str(one.tag).lower(), "QBXML", "QBXMLMsgsRs", "QBXMLMsgsRq", "InvoiceAddRs",
        "CustomerAddRs", "InvoiceQueryRs",
        "CustomerRet", "InvoiceRet", "ErrorRecovery", "ListID", "TxnID", "{http://developer.intuit.com/}x", "Rs",
        "Ret", "N" * 5000,
    ))  # fmt: skip


def _status(draw: random.Random, draft: Draft) -> None:
    draft.response(draw).set("statusCode", draw.choice((nasty.number(draw), draw.choice((
        "-1", "-3120", "1", "500", "530", "3100", "3120", "3140", "3170", "3175", "3176", "3180", "3200", "3250",
        "9001", "9002", "10000",
    )))))  # fmt: skip


def _refuse(draw: random.Random, draft: Draft) -> None:
    """As QuickBooks refuses: a code, and nothing saved; with what an honest answer would never add."""
    for one in draw.sample(draft.responses, min(len(draft.responses), draw.choice((1, 2, 20)))):
        one.set(
            "statusCode",
            draw.choice(
                ("500", "3070", "3100", "3120", "3140", "3176", "3180", "3200", "9999", "-1", "1", "0", "1000")
            ),
        )
        one.set("statusSeverity", draw.choice(("Error", "Error", "Warn", "Info")))
        one[:] = []


def _severity(draw: random.Random, draft: Draft) -> None:
    draft.response(draw).set("statusSeverity", draw.choice(("Info", "Warn", "Error", "Fatal", "", "info", "x" * 5000)))


def _said(draw: random.Random, draft: Draft) -> None:
    draft.response(draw).set("statusMessage", _holdable(nasty.text(draw)))


def _request_id(draw: random.Random, draft: Draft) -> None:
    """Of another request, of another company's message, of nobody."""
    one = draft.response(draw)
    own = one.get("requestID", "1-1")
    message, _, job = own.partition("-")
    other = draft.response(draw).get("requestID", own)
    one.set("requestID", draw.choice((
        other, f"{int(message or 1) - 1}-{job}", f"{int(message or 1) + 1}-{job}", f"1-{job}", f"2-{job}", f"3-{job}",
        f"{message}-1",
        f"{message}-{draw.randrange(1, 60)}", f"{draw.randrange(1, 6)}-{draw.randrange(1, 60)}", job, message, "",
        "0-0", "-1--1",
        f"{message}-{'9' * 18}", f"{'9' * 18}-{job}", f"{'9' * 19}-{job}", f"{message}-{job} ", f" {message}-{job}",
        f"{message}-{job}-1",
        "٣-٣", f"{message}–{job}", nasty.number(draw), "x" * 70_000,
    )) if "-" in own and message.isdecimal() else draw.choice((other, "1-1", "x")))  # fmt: skip


def _iterator(draw: random.Random, draft: Draft) -> None:
    one = draft.response(draw)
    name = draw.choice(("iteratorID", "iteratorRemainingCount", "retCount"))
    one.set(name, draw.choice((nasty.number(draw), _holdable(nasty.text(draw)), "999999999", "x" * 100_000)))


def _message_set(draw: random.Random, draft: Draft) -> None:
    if len(draft.root):
        name = draw.choice(("messageSetStatusCode", "newMessageSetID", "oldMessageSetID"))
        draft.root[0].set(name, draw.choice((nasty.number(draw), "9001", "9002", "9003", "9004", "9005", "9006")))


def _without_attribute(draw: random.Random, draft: Draft) -> None:
    one = draft.response(draw)
    if one.attrib:
        del one.attrib[draw.choice(list(one.attrib))]


def _attributes(draw: random.Random, draft: Draft) -> None:
    flood = nasty.attributes(draw, count=draw.choice((1, 33, 2000, 16_000)))
    draft.element(draw).set("flood", "")  # put in as text: a tree looks through all attributes for each new one
    draft.text_changes.append(lambda text: text.replace(' flood=""', flood))


def _value(draw: random.Random, draft: Draft) -> None:
    """Of a field, which had a text."""
    fields = [one for one in draft.root.iter() if not len(one)]
    one = draw.choice(fields)
    one.text = draw.choice((nasty.number(draw), _holdable(nasty.text(draw))))


def _named_value(draw: random.Random, draft: Draft) -> None:
    """Of a field that something hangs on."""
    wanted = (
        "ListID", "TxnID", "EditSequence", "TxnNumber", "TimeModified", "FullName", "Name", "IsActive", "Subtotal",
        "SalesTaxTotal",
        "TotalAmount", "AmountDue", "RefNumber", "Memo", "ExternalGUID", "AccountType", "Type",
    )  # fmt: skip
    fields = list(draft.root.iter(*wanted))
    if fields:
        one = draw.choice(fields)
        one.text = draw.choice((
            nasty.number(draw), _holdable(nasty.text(draw)), "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
            "2026-13-01", "true", "2",
            "2026-11-20T15:04:00+99:99", "2026-11-20T15:04:00.123456789", "20261120", "2026-W47-5", "x" * 5000,
        ))  # fmt: skip


def _recovery(draw: random.Random, draft: Draft) -> None:
    one = draft.response(draw)
    recovery = etree.SubElement(one, "ErrorRecovery")
    for name in draw.sample(
        ("ListID", "TxnID", "OwnerID", "TxnNumber", "EditSequence", "ExternalGUID"), draw.randrange(1, 5)
    ):
        etree.SubElement(recovery, name).text = draw.choice((nasty.number(draw), _holdable(nasty.text(draw))))


def _deepen(draw: random.Random, draft: Draft) -> None:
    one = draft.element(draw)
    for _ in range(draw.choice((3, 100, 255, 300, 5000))):
        one = etree.SubElement(one, "d")


def _crowd(draw: random.Random, draft: Draft) -> None:
    """In one record, or as many records: of each the tree takes more room than the text."""
    many = draw.choice((1000, 100_000, 300_000))
    one = draw.choice(("<a/>", "<ListID/>", "<CustomerRet/>", "x<a/>", '<a b="" c="">x</a>', "<a xmlns='a'/>"))
    draft.element(draw).append(etree.Element("crowd"))
    draft.text_changes.append(lambda text: text.replace("<crowd/>", one * many))


def _crowd_of_responses(draw: random.Random, draft: Draft) -> None:
    """To requests of the company's and of nobody's."""
    if len(draft.root):
        message, _, _ = draft.response(draw).get("requestID", "1-1").partition("-")
        first, kind = draw.randrange(60), draw.choice(("InvoiceAdd", "CustomerAdd", "CustomerQuery"))
        said = draw.choice(("", "<InvoiceRet><TxnID>1-1</TxnID><Subtotal>1.00</Subtotal></InvoiceRet>"))
        numbers = range(first, first + draw.choice((10, 2000, 20_000)))
        draft.root[0].append(etree.Element("crowd"))
        draft.text_changes.append(
            lambda text: text.replace(
                "<crowd/>",
                "".join(f'<{kind}Rs requestID="{message}-{n}" statusCode="0">{said}</{kind}Rs>' for n in numbers),
            )
        )


def _strange_response(draw: random.Random, draft: Draft) -> None:
    if len(draft.root):
        kind = draw.choice(
            ("SignonMsgs", "InvoiceModRs", "HostQueryRs", "x", "InvoiceAdd", "CustomerQueryRs", "TxnDelRs")
        )
        one = etree.Element(
            kind, requestID=draft.response(draw).get("requestID", ""), statusCode=draw.choice(("0", "1", "3120", "-1"))
        )
        draft.root[0].insert(draw.randrange(len(draft.root[0]) + 1), one)


def _other_scene(draw: random.Random, draft: Draft) -> None:
    """The host's description, or the request itself, where the answer should be."""
    text = draw.choice((draft.scene.host, draft.scene.message))
    draft.text_changes.append(lambda _: text)


# Changes of the text -------------------------------------------------------------------------------------------------


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _holdable(text: str) -> str:
    """-> without what no tree can hold."""
    return _NOT_XML.sub("", text)


def _damage(draw: random.Random, draft: Draft) -> None:
    own = random.Random(draw.random())
    draft.text_changes.append(lambda text: nasty.damaged(own, text.encode()).decode("utf-8", "replace"))


def _cut(draw: random.Random, draft: Draft) -> None:
    part = draw.random()
    draft.text_changes.append(lambda text: text[: int(len(text) * part)])


def _replace(draw: random.Random, draft: Draft) -> None:
    """A piece of markup at any place."""
    put = draw.choice((
        *nasty.REFERENCES, *nasty.CONTROLS, "<", ">", "</x>", "<x>", "<x/>", "<![CDATA[", "]]>", "<![CDATA[&x;]]>",
        "<!--", "-->", "<!-- -- -->",
        "<?x?>", "<?xml version='1.0'?>", "<!DOCTYPE x>", '<!ENTITY x "y">', "\ufeff", "x" * 300_000, "<x a='",
        "<" * 5000, "</QBXML>",
    ))  # fmt: skip
    place = draw.random()

    def change(text: str) -> str:
        at = int(len(text) * place)
        return text[:at] + put + text[at:]

    draft.text_changes.append(change)


def _reference(draw: random.Random, draft: Draft) -> None:
    """An entity or a control character where a text stands."""
    put, at = draw.choice((*nasty.REFERENCES, *nasty.CONTROLS)), draw.randrange(1, 40)

    def change(text: str) -> str:
        parts = text.split("</", at)
        return (put + "</").join([("</").join(parts[:-1]), parts[-1]]) if len(parts) > 1 else text + put

    draft.text_changes.append(change)


def _prolog(draw: random.Random, draft: Draft) -> None:
    prolog = draw.choice((nasty.declaration(draw), nasty.document_type(draw),
    nasty.declaration(draw) + nasty.document_type(draw),
                          "\ufeff", "\ufeff\ufeff", " " * 100_000, "x", "<!--" + "-" * 100_000,
                          "<?" * 50_000))  # fmt: skip
    draft.text_changes.append(lambda text: prolog + text.partition("\n")[2])


def _bomb(draw: random.Random, draft: Draft) -> None:
    prolog = f"<!DOCTYPE QBXML {nasty.bomb(draw)}>"
    draft.text_changes.append(lambda text: prolog + text.partition("\n")[2].replace("Status OK", "&x;"))


def _namespaces(draw: random.Random, draft: Draft) -> None:
    flood = nasty.namespaces(draw.choice((1, 40, 16_000)))
    draft.text_changes.append(lambda text: text.replace("<QBXMLMsgsRs", f"<QBXMLMsgsRs{flood}", 1))


def _xsi_type(draw: random.Random, draft: Draft) -> None:
    attribute = nasty.attributes(draw)
    name = draw.choice(("<QBXML", "<ListID", "<TxnID", "<QBXMLMsgsRs", "<CustomerRet"))
    draft.text_changes.append(lambda text: text.replace(name, name + attribute, 1))


def _cdata(draw: random.Random, draft: Draft) -> None:
    draft.text_changes.append(
        lambda text: text.replace("<ListID>", "<ListID><![CDATA[").replace("</ListID>", "]]></ListID>")
    )


def _encoding(draw: random.Random, draft: Draft) -> None:
    """Bytes of another encoding, as whoever takes each for a letter sees them."""
    encoding = draw.choice(nasty.ENCODINGS)
    draft.text_changes.append(lambda text: text.encode(encoding, "replace").decode("latin-1"))


def _twice(draw: random.Random, draft: Draft) -> None:
    draft.text_changes.append(lambda text: text + draw_tail(text))
    tail = draw.choice(("", "x", "<QBXML/>", "\0", "again"))

    def draw_tail(text: str) -> str:
        return text if tail == "again" else tail


def _empty(draw: random.Random, draft: Draft) -> None:
    text = draw.choice(
        ("", " ", "\n", "x", "<QBXML/>", "<QBXML><QBXMLMsgsRs/></QBXML>", "<x/>", "null", "{}", nasty.text(draw))
    )
    draft.text_changes.append(lambda _: text)


def _hresult(draw: random.Random, draft: Draft) -> None:
    draft.hresult = draw.choice((
        "0x80040400", "0x80040401", "0x80040408", "0x80040402", "0x8004040d", "0x8004040A", "0x800706BA", "0X80040400",
        "80040400", "-1",
        nasty.text(draw), nasty.number(draw),
    ))  # fmt: skip
    draft.message = nasty.text(draw)
    if draw.random() < 0.6:
        draft.text_changes.append(lambda _: "")


CHANGES: tuple[Callable[[random.Random, Draft], None], ...] = (
    _drop, _drop_response, _double, _move, _shuffle, _rename, _status, _severity, _said, _refuse, _request_id,
    _iterator,
    _message_set,
    _without_attribute, _attributes, _value, _named_value, _recovery, _deepen, _crowd, _crowd_of_responses,
    _strange_response, _other_scene,
    _damage, _cut, _replace,
    _reference, _prolog, _bomb, _namespaces, _xsi_type, _cdata, _encoding, _twice, _empty, _hresult,
)  # fmt: skip
_WEIGHTS = {
    _status: 3.0,
    _request_id: 4.0,
    _named_value: 3.0,
    _value: 2.0,
    _iterator: 2.0,
    _attributes: 0.5,
    _deepen: 0.5,
    _crowd: 0.3,
    _crowd_of_responses: 0.3,
}
WEIGHTS = [_WEIGHTS.get(change, 1.0) for change in CHANGES]


def _copy(one: Tree) -> Tree:
    again = copy.deepcopy(one)  # not by its text: a parser refuses what an earlier change made too deep
    again.tail = None
    return again
