"""What QuickBooks answers: one QBXMLMsgsRs, read in portions as it is consumed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lxml import etree

from .feed import Feed, Node
from .feed import NotQbXML as NotQbXML
from .fields import Version

LONGEST_ID, LONGEST_EDIT_SEQUENCE = 36, 16  # reference.md, IDTYPE and STRTYPE
LONGEST_MESSAGE = 4000
"""Characters of a statusMessage that are kept; QuickBooks' own have some hundreds."""

_NOTHING: Mapping[str, str | None] = {}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_INTEGER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What QuickBooks still knows of a document that was saved at an earlier sending (contract.md 6.3)."""

    list_id: str | None
    txn_id: str | None
    edit_sequence: str | None
    txn_number: int | None
    external_guid: str | None


def read(text: str | bytes) -> "Answer":
    """The answer, of which the first chunk has been read; short answers have been read whole.

    Raises NotQbXML, as may the iteration over a longer one. A declared encoding counts for bytes only.
    """
    return Answer(text)


class Ret:
    """A record or document as QuickBooks holds it; `kind` is its element's name ("InvoiceRet").

    Paths are names parted by slashes ("CustomerRef/ListID"). An element that is absent is None, an empty one "".
    """

    __slots__ = ("_known", "_node", "kind")

    def __init__(self, node: Node) -> None:
        self._node = node
        self._known: Mapping[str, str | None] = _NOTHING
        self.kind = str(node.tag)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.list_id or self.txn_id or ''}>"

    def look_at(self, names: Sequence[str]) -> None:
        """Reads these children in one go: for who is about to ask for several of them, of many records."""
        known: dict[str, str | None] = dict.fromkeys(names)
        left = len(known)
        for node in self._node:  # told to find names alone, lxml makes ready for it longer than all of this takes
            name = node.tag
            if name in known and known[name] is None:
                known[name] = node.text or ""
                left -= 1
                if not left:
                    break  # what everybody wants stands first in QuickBooks' records
        self._known = known

    def only(self, names: Sequence[str]) -> "Ret":
        """-> the record with these children and no more, for who keeps it: a Ret holds on to the whole of what was
        read around it."""
        node = etree.Element("Ret")  # its own name may be none, in an answer that is found not well-formed only later
        for name in names:
            if (text := self.text(name)) is not None:
                etree.SubElement(node, name).text = text
        part = Ret(node)
        part.kind = self.kind
        return part

    def text(self, path: str) -> str | None:
        if path in self._known:
            return self._known[path]
        node = self._node
        for name in path.split("/") if "/" in path else (path,):
            below = next(node.iterchildren(name), None)
            if below is None:
                return None
            node = below
        return node.text or ""

    @property
    def content(self) -> str:
        """The text of the element itself, where it is one that holds nothing else."""
        return self._node.text or ""

    def amount(self, path: str) -> Decimal | None:
        """A number of any kind; None when absent or empty. Raises NotQbXML for anything else."""
        text = self.text(path)
        if not text:
            return None
        number = text.strip()
        if _NUMBER.fullmatch(number) is None:
            raise NotQbXML(f"{self.kind}/{path} is no number: {text[:40]!r}")
        return Decimal(number)

    def boolean(self, path: str) -> bool | None:
        """None when absent or empty. Raises NotQbXML for anything but true, false, 1 and 0."""
        text = self.text(path)
        if not text:
            return None
        value = _BOOLEANS.get(text)
        if value is None and (value := _BOOLEANS.get(text.strip().lower())) is None:
            raise NotQbXML(f"{self.kind}/{path} is neither true nor false: {text[:40]!r}")
        return value

    def all(self, path: str) -> "list[Ret]":
        """Every element at the path, such as the lines of an invoice; each is read like a Ret of its own."""
        nodes = [self._node]
        for name in path.split("/"):
            nodes = [child for node in nodes for child in node.iterchildren(name)]
        return [Ret(node) for node in nodes]

    @property
    def list_id(self) -> str | None:
        """Raises NotQbXML for what is no id, as do the two below: it could not stand in a later request."""
        return self._id("ListID", LONGEST_ID)

    @property
    def txn_id(self) -> str | None:
        return self._id("TxnID", LONGEST_ID)

    @property
    def name(self) -> str | None:
        return self.text("Name")

    @property
    def full_name(self) -> str | None:
        """FullName, or the Name of a list that has no levels and so tells no FullName."""
        full_name = self.text("FullName")
        return self.text("Name") if full_name is None else full_name

    @property
    def edit_sequence(self) -> str | None:
        return self._id("EditSequence", LONGEST_EDIT_SEQUENCE)

    def _id(self, path: str, longest: int) -> str | None:
        text = self.text(path)
        if text and (len(text) > longest or not text.isascii() or not text.isprintable() or " " in text):
            raise NotQbXML(f"{self.kind}/{path} is no id: {text[:40]!r}")
        return text

    @property
    def ref_number(self) -> str | None:
        return self.text("RefNumber")

    @property
    def is_active(self) -> bool | None:
        return self.boolean("IsActive")

    @property
    def time_modified(self) -> datetime | None:
        """With an offset if QuickBooks gave one; else on the clock of its computer. Raises NotQbXML for no time."""
        text = self.text("TimeModified")
        if not text:
            return None
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise NotQbXML(f"{self.kind}/TimeModified is no time: {text[:40]!r}") from None


class OutOfStep(RuntimeError):
    """A query's Response was asked for its records after the next one had been read, or an Answer was read twice."""


class Response:
    """The answer to one request. `kind` is "InvoiceAdd", "CustomerQuery" ...

    The answer to a write stays readable. A query's records are read in step, as with itertools.groupby: once the next
    Response has been asked for, `rets` and `single` raise OutOfStep, since an empty answer would be believed.
    """

    def __init__(self, node: Node, feed: Feed) -> None:
        tag = str(node.tag)
        if not tag.endswith("Rs"):
            raise NotQbXML(f"a {tag} stands where a response should")
        self._node = node
        self._feed = feed
        self._taken: list[Node] = []  # the next records of a query, the last one first
        self._recovery: Recovery | None = None
        self.kind = tag[:-2]
        self._is_query = tag.endswith("QueryRs")
        self.request_id: str | None = node.get("requestID")
        code = _number(node, "statusCode")
        if code is None:
            raise NotQbXML(f"{tag} has no statusCode")
        self.status_code: int = code
        self.severity: str = node.get("statusSeverity", "")
        self.message: str = node.get("statusMessage", "")[:LONGEST_MESSAGE]
        self.iterator_id: str | None = node.get("iteratorID")
        self.iterator_remaining: int | None = _number(node, "iteratorRemainingCount")
        self.ret_count: int | None = _number(node, "retCount")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.request_id!r} {self.status_code}>"

    @property
    def rets(self) -> Iterator[Ret]:
        """The records, each once; a Ret stays good when the iteration has gone on."""
        while (node := self._first()) is not None:
            ret = Ret(node)
            if ret.kind == "ErrorRecovery":
                self._recovery = _recovery(ret)
            if self._taken:
                self._taken.pop()
            else:
                self._node.remove(node)
            if ret.kind != "ErrorRecovery":
                yield ret

    @property
    def single(self) -> Ret | None:
        """The first record that has not been read yet, without taking it; an Add answers with one at most."""
        node = self._first()
        return None if node is None or node.tag == "ErrorRecovery" else Ret(node)

    @property
    def recovery(self) -> Recovery | None:
        """ErrorRecovery, which only the answer to a write has; it may come besides the record or in its place."""
        if self._recovery is None and (told := self.recovery_told) is not None:
            self._recovery = _recovery(told)
        return self._recovery

    @property
    def recovery_told(self) -> Ret | None:
        """ErrorRecovery as it stands, unless `rets` has come past it: an id in it that is none is not yet an error."""
        if self._is_query:
            return None
        self._feed.finish(self._node)
        node = next(self._node.iterchildren("ErrorRecovery"), None)
        return None if node is None else Ret(node)

    def _first(self) -> Node | None:
        if not self._is_query:
            return self._feed.first_child(self._node)
        if self._node.getparent() is None:
            raise OutOfStep(f"{self!r} was read after the response that follows it")
        if not self._taken:
            self._taken = self._feed.complete_children(self._node)[::-1]
        return self._taken[-1] if self._taken else None

    def leave(self) -> None:
        """For Answer, before the next Response: reads on to the end of this one."""
        if self._is_query:
            self._feed.drain(self._node)
        else:
            self._feed.finish(self._node)


class Answer:
    """A message's answer; iterate once over its Responses, in the sequence in which QuickBooks gave them.

    `message_set_status` and `new_message_set_id` are None unless the message asked for error recovery (contract.md
    6.2).
    """

    def __init__(self, text: str | bytes) -> None:
        self._begun = False
        self._feed = Feed(text)
        self._node = self._feed.message_set()
        self.message_set_status: int | None = _number(self._node, "messageSetStatusCode")
        self.new_message_set_id: str | None = self._node.get("newMessageSetID")

    def __iter__(self) -> Iterator[Response]:
        if self._begun:
            raise OutOfStep("an answer can be read once")
        self._begun = True
        return self._responses()

    def _responses(self) -> Iterator[Response]:
        while True:
            node = self._feed.started_child(self._node)
            if node is None:
                return
            response = Response(node, self._feed)
            yield response
            response.leave()
            self._node.remove(node)
            self._feed.lighter()


def _number(node: Node, attribute: str) -> int | None:
    text = node.get(attribute)
    if text is None:
        return None
    if _INTEGER.fullmatch(text) is None:
        raise NotQbXML(f"{attribute} of {node.tag!s} is no number: {text[:40]!r}")
    return int(text)


def _recovery(ret: Ret) -> Recovery:
    number = ret.text("TxnNumber") or ""
    return Recovery(
        list_id=ret.list_id,
        txn_id=ret.txn_id,
        edit_sequence=ret.edit_sequence,
        txn_number=int(number) if re.fullmatch(r"[0-9]{1,18}", number) else None,
        external_guid=ret.text("ExternalGUID"),
    )


# The first message of a session ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What the Web Connector tells at the start of a session about QuickBooks and the company file (contract.md 2.3).

    `file_id` is the stamp under the given owner's id, `app_lock` who holds the file there. What QuickBooks left out is
    None, or no version at all.
    """

    company_name: str | None
    file_id: str | None
    app_lock: str | None
    supported_versions: tuple[Version, ...]
    product: str | None
    major: str | None
    minor: str | None
    country: str | None
    is_automatic_login: bool | None
    file_mode: str | None


def read_host(text: str | bytes, owner_id: str | None = None) -> HostAnswer:
    """`owner_id` is compared without regard to case; None takes the stamp of any owner. Raises NotQbXML."""
    host = company = None
    for response in read(text):
        for ret in response.rets:
            if ret.kind == "HostRet":
                host = ret
            elif ret.kind == "CompanyRet":
                company = ret
    stamps = _stamps(company, owner_id)
    return HostAnswer(
        company_name=company.text("CompanyName") if company else None,
        file_id=stamps.get("FileID"),
        app_lock=stamps.get("AppLock"),
        supported_versions=_versions(host),
        product=host.text("ProductName") if host else None,
        major=host.text("MajorVersion") if host else None,
        minor=host.text("MinorVersion") if host else None,
        country=host.text("Country") if host else None,
        is_automatic_login=host.boolean("IsAutomaticLogin") if host else None,
        file_mode=host.text("QBFileMode") if host else None,
    )


def _stamps(company: Ret | None, owner_id: str | None) -> dict[str, str]:
    stamps: dict[str, str] = {}
    for ext in company.all("DataExtRet") if company else ():
        owner = ext.text("OwnerID") or ""
        if owner_id is None or owner.lower() == owner_id.lower():
            stamps.setdefault(ext.text("DataExtName") or "", ext.text("DataExtValue") or "")
    return stamps


def _versions(host: Ret | None) -> tuple[Version, ...]:
    """Ascending; what is no version ("CA3.0" of a Canadian edition, say) is passed over."""
    versions = set()
    for ret in host.all("SupportedQBXMLVersion") if host else ():
        try:
            versions.add(Version.parse(ret.content))
        except ValueError:
            continue
    return tuple(sorted(versions))
