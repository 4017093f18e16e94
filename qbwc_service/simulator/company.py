"""A QuickBooks company file in memory, and the request processor in front of it."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from .book_faults import BookFaults, failure
from .books import Books, reference
from .chart import CHART, Account, fill
from .errors import StampClash
from .execution import Execution, saved_answer
from .grammar import Version
from .host import Extension, Identity
from .message_sets import Decision, MessageSetStore, Saved, SetStatus, Verdict, checksum
from .parsing import MessageSet, parse
from .queries import Asking, Iterators
from .records import TRANSACTIONS, Json, Record, items, members, text, told
from .references import Features, Locks
from .refusals import Refused
from .tree import Node, leaf, to_xml

ANOTHER_FILE = "0x8004040A"
FORMAT = 1


def local_now() -> datetime:
    return datetime.now().astimezone()


@dataclass
class Company:
    """One company file, open in QuickBooks.

    `owner_id` and `file_id` are the last stamp of a Web Connector, None before. `clock` gives aware times; the
    transactions' own date is its date.
    """

    name: str
    books: Books
    file_name: str = r"C:\Books\simulated.qbw"
    country: str = "US"
    qbxml_version: str = "16.0"
    owner_id: str | None = None
    file_id: str | None = None
    features: Features = field(default_factory=Features)
    message_sets: MessageSetStore = field(default_factory=MessageSetStore)
    extensions: dict[tuple[str, str], Extension] = field(default_factory=dict)
    locks: Locks = field(default_factory=Locks)
    faults: BookFaults = field(default_factory=BookFaults)
    clock: Callable[[], datetime] = local_now
    _iterators: Iterators = field(default_factory=Iterators)

    @classmethod
    def new(
        cls,
        name: str = "Simulated Company",
        accounts: tuple[Account, ...] = CHART,
        *,
        file_name: str = r"C:\Books\simulated.qbw",
        clock: Callable[[], datetime] = local_now,
    ) -> Company:
        """-> a company as QuickBooks makes it: accounts, terms, payment methods, sales tax at 0 %; nobody, no items."""
        books = Books(clock)
        fill(books, accounts)
        return cls(name, books, file_name=file_name, clock=clock)

    # The request processor

    def begin_session(self, path: str) -> None:
        """Open the file `path`, or the one that is open when it is empty.

        Raises RequestFailed: 0x8004040A for another file than this, or what was ordered.
        """
        self.faults.check_begin()
        if path and path.replace("/", "\\").casefold() != self.file_name.replace("/", "\\").casefold():
            raise failure(ANOTHER_FILE)

    def end_session(self, session: str) -> None:
        """The iterators of the session die."""
        self._iterators.end(session)

    def process(self, qbxml: str, *, app_name: str = "qbwc", session: str = "") -> str:
        """-> QuickBooks' answer to a message set.

        The whole set is checked before anything of it is done. Raises RequestFailed: 0x80040400 and its kind, after
        which nothing is done, or what was ordered.
        """
        self.faults.check_process()
        message = parse(qbxml, self._highest)
        sum_ = checksum(qbxml)
        verdict = self.message_sets.judge(app_name, message.new_id, message.old_id, sum_, not message.requests)
        answers: list[Node] = []
        status = verdict.status
        if verdict.decision is Decision.TELL_SAVED and verdict.saved is not None:
            answers = [saved_answer(one, message) for one in verdict.saved.statuses]
        elif verdict.decision is Decision.EXECUTE:
            answers, status = self._execute(message, verdict, app_name, session, sum_)
        return _document(message, status, answers)

    def _execute(
        self, message: MessageSet, verdict: Verdict, app_name: str, session: str, sum_: str
    ) -> tuple[list[Node], SetStatus | None]:
        done = self._execution(message.version, session).run(message)
        status = verdict.status
        if message.new_id is not None:
            saved = Saved(sum_, tuple(one.status for one in done))
            if self.faults.take_store_failure():
                status = SetStatus.NOT_SAVED
            else:
                status = self.message_sets.save(app_name, message.new_id, saved)
        self.faults.check_commit()
        return [one.answer for one in done], status

    def _execution(self, version: Version, session: str) -> Execution:
        now = self.clock()
        asking = Asking(
            self.books,
            self._iterators,
            session,
            version,
            now,
            self.features.sales_tax,
            self.features.purchase_orders,
        )
        return Execution(self.books, self.features, self.locks, self.faults, self._identity, asking)

    @property
    def _identity(self) -> Identity:
        return Identity(self.name, self.country, self._highest, tuple(self.extensions.values()))

    @property
    def _highest(self) -> Version:
        major, _, minor = self.qbxml_version.partition(".")
        return int(major), int(minor or 0)

    # What a Web Connector writes into the file

    def stamp(self, owner_id: str, file_id: str) -> None:
        """Write the FileID under its owner; raises StampClash when another one stands there (contract.md part 3)."""
        held = self.extensions.get((owner_id.lower(), "FileID"))
        if held is not None and held.value.lower() != file_id.lower():
            raise StampClash(owner_id, held.value)
        self._extend(owner_id, "FileID", file_id)
        self.owner_id, self.file_id = owner_id, file_id

    def lock(self, owner_id: str, machine: str) -> None:
        """Write AppLock: which machine updates, and when, in the ticks of .NET (contract.md 2.3)."""
        since = self.clock() - datetime(1, 1, 1, tzinfo=UTC)
        ticks = (since.days * 86400 + since.seconds) * 10_000_000 + since.microseconds * 10
        self._extend(owner_id, "AppLock", f"LOCKED:{machine}:{ticks}")

    def _extend(self, owner_id: str, name: str, value: str) -> None:
        self.extensions[owner_id.lower(), name] = Extension(owner_id, name, value)

    def host_xml(self, owner_id: str | None = None) -> str:
        """-> what the first sendRequestXML of a session tells: HostQueryRs 0, CompanyQueryRs 1, PreferencesQueryRs 2.

        The CompanyRet has the data extensions of `owner_id`, by default of the last that stamped the file.
        """
        owner = owner_id or self.owner_id
        owned = f"<OwnerID>{owner}</OwnerID>" if owner is not None else ""
        major, minor = self._highest
        asked = parse(
            f'<?xml version="1.0"?><?qbxml version="{major}.{minor}"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
            f'<HostQueryRq requestID="0"/><CompanyQueryRq requestID="1">{owned}</CompanyQueryRq>'
            '<PreferencesQueryRq requestID="2"/></QBXMLMsgsRq></QBXML>',
            self._highest,
        )
        # Not through `process`: the faults that a test orders are for the service's own messages.
        execution = self._execution(self._highest, "")
        execution.faults = BookFaults()
        return _document(asked, None, [one.answer for one in execution.run(asked)])

    # What the books hold

    @property
    def invoices(self) -> list[Record]:
        return list(self.books.of("Invoice"))

    @property
    def payments(self) -> list[Record]:
        return list(self.books.of("ReceivePayment"))

    @property
    def bills(self) -> list[Record]:
        return list(self.books.of("Bill"))

    @property
    def purchase_orders(self) -> list[Record]:
        return list(self.books.of("PurchaseOrder"))

    @property
    def customers(self) -> list[Record]:
        return list(self.books.of("Customer"))

    @property
    def vendors(self) -> list[Record]:
        return list(self.books.of("Vendor"))

    @property
    def accounts(self) -> list[Record]:
        return list(self.books.of("Account"))

    @property
    def payment_methods(self) -> list[Record]:
        return list(self.books.of("PaymentMethod"))

    @property
    def items(self) -> list[Record]:
        """All but the sales taxes that a new company has."""
        kinds = ("ItemNonInventory", "ItemService", "ItemInventory", "ItemOtherCharge", "ItemDiscount", "ItemSubtotal")
        return list(self.books.of(*kinds))

    def transactions(self) -> list[dict[str, Json]]:
        """-> what `qbwc demo --json` prints, in the sequence in which QuickBooks got it."""
        return [told(one) for one in sorted(self.books.of(*TRANSACTIONS), key=lambda one: one.number or 0)]

    # What a user does at QuickBooks' own windows

    def make(self, kind: str, name: str, *fields: Node, parent: Record | None = None) -> Record:
        """-> a new list record; raises Refused (3100) when the name is taken. `fields` as its Ret has them."""
        full_name = f"{parent.full_name}:{name}" if parent is not None else name
        if self.books.holder(kind, full_name) is not None:
            raise Refused(3100, f'The name "{full_name}" is already in use.')
        level = str(full_name.count(":"))
        common = [leaf("Name", name), leaf("FullName", full_name), leaf("IsActive", "true"), leaf("Sublevel", level)]
        if parent is not None:
            common.append(reference("ParentRef", parent))
        return self.books.list_record(kind, [*common, *fields], parent)

    def rename(self, record: Record, name: str) -> Record:
        """-> the list record under another name; what refers to it keeps its ListID."""
        fields = tuple(leaf(node.name, name) if node.name in ("Name", "FullName") else node for node in record.fields)
        return self.books.change(record, fields=fields, full_name=name)

    def set_active(self, record: Record, active: bool) -> Record:
        value = leaf("IsActive", "true" if active else "false")
        fields = tuple(value if node.name == "IsActive" else node for node in record.fields)
        return self.books.change(record, fields=fields)

    def delete(self, record: Record) -> None:
        self.books.remove(record)

    def hold(self, record: Record) -> None:
        """Another user or window holds the record: what refers to it is refused (3176)."""
        self.locks.held.add(record.id)

    def release(self, record: Record) -> None:
        self.locks.held.discard(record.id)

    # On disk

    def to_json(self) -> dict[str, Json]:
        """-> all that outlives QuickBooks: not iterators, held records and ordered faults."""
        features: dict[str, Json] = dict(asdict(self.features))
        return {
            "format": FORMAT,
            "name": self.name,
            "file_name": self.file_name,
            "country": self.country,
            "qbxml_version": self.qbxml_version,
            "owner_id": self.owner_id,
            "file_id": self.file_id,
            "features": features,
            "extensions": [[one.owner_id, one.name, one.value] for one in self.extensions.values()],
            "message_sets": self.message_sets.to_json(),
            "books": self.books.to_json(),
        }

    @classmethod
    def from_json(cls, told: Json, *, clock: Callable[[], datetime] = local_now) -> Company:
        """Raises TypeError, KeyError or ValueError for what to_json does not write."""
        about = members(told)
        if about["format"] != FORMAT:
            raise ValueError(f"not format {FORMAT} of a simulated company")
        owner_id, file_id = about["owner_id"], about["file_id"]
        company = cls(
            text(about["name"]),
            Books.from_json(about["books"], clock),
            file_name=text(about["file_name"]),
            country=text(about["country"]),
            qbxml_version=text(about["qbxml_version"]),
            owner_id=text(owner_id) if owner_id is not None else None,
            file_id=text(file_id) if file_id is not None else None,
            features=_features(about["features"]),
            message_sets=MessageSetStore.from_json(about["message_sets"]),
            clock=clock,
        )
        for owner, name, value in map(items, items(about["extensions"])):
            company._extend(text(owner), text(name), text(value))
        return company

    def save(self, path: pathlib.Path) -> None:
        """Write the company to `path`: what stands there is replaced at once or not at all."""
        path = pathlib.Path(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self.to_json(), file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            pathlib.Path(name).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: pathlib.Path, *, clock: Callable[[], datetime] = local_now) -> Company:
        return cls.from_json(json.loads(pathlib.Path(path).read_text(encoding="utf-8")), clock=clock)


def _features(told: Json) -> Features:
    about = members(told)
    closing_date = about["closing_date"]
    return Features(
        sales_tax=about["sales_tax"] is True,
        purchase_orders=about["purchase_orders"] is True,
        multi_currency=about["multi_currency"] is True,
        multi_user=about["multi_user"] is True,
        closing_date=text(closing_date) if closing_date is not None else None,
    )


def _document(message: MessageSet, status: SetStatus | None, answers: list[Node]) -> str:
    attributes: list[tuple[str, str]] = []
    if status is not None:
        if message.new_id is not None:
            attributes.append(("newMessageSetID", message.new_id))
        attributes.append(("messageSetStatusCode", str(int(status))))
    root = Node("QBXML", children=(Node("QBXMLMsgsRs", children=tuple(answers), attributes=tuple(attributes)),))
    return f'<?xml version="1.0" ?>\n{to_xml(root)}'
