"""The service as a fuzzer has it: the whole WSGI application over a database in memory, which is put back in no time.

A scene is a moment in a company's session, with the ticket and the message that QuickBooks is at. Two companies are in
the database: what is done with the ticket of one may never touch the other.
"""

import io
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lxml import etree
from sqlalchemy.engine import Engine

from qbwc_service import orders
from qbwc_service.app import App
from qbwc_service.companies import account
from qbwc_service.db import companies, schema, tables
from qbwc_service.db.engine import Utc, open_engine
from qbwc_service.lists import sync
from qbwc_service.posting import exchange
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices
from qbwc_service.secrets import Keys
from qbwc_service.settings import read
from qbwc_service.simulator import Company
from qbwc_service.simulator.soap import request as as_dot_net
from tests.connector import canned
from tests.faults.world import START
from tests.orders import as_text, make_order

KEYS = Keys("f" * 64)
REMOTE = "192.0.2.7"
CANARY = "canary-Pa55word"

Rows = dict[str, list[tuple[Any, ...]]]
"""What the tables hold, without times, what comes of them, and what is drawn at random."""

# The version is told before a login, and kept by the process until then.
_DRAWN = {("sessions", "ticket_mac"), ("connections", "usual_seconds"), ("connections", "connector_version")}
COLUMNS: dict[str, tuple[str, ...]] = {
    table.name: tuple(
        column.name
        for column in table.c
        if not isinstance(column.type, Utc) and (table.name, column.name) not in _DRAWN
    )
    for table in tables.metadata.sorted_tables
}
LENGTHS: dict[str, list[tuple[int, str, int]]] = {
    table.name: [
        (at, name, table.c[name].type.length)  # type: ignore[attr-defined]
        for at, name in enumerate(COLUMNS[table.name])
        if getattr(table.c[name].type, "length", None)
    ]
    for table in tables.metadata.sorted_tables
}
"""By table, the columns that hold only so many characters: SQLite would not mind more, PostgreSQL does."""

_QUERIES = {
    table.name: f"SELECT {', '.join(COLUMNS[table.name])} FROM {table.name}"
    f" ORDER BY {', '.join(column.name for column in table.primary_key)}"
    for table in tables.metadata.sorted_tables
}


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str
    body: bytes

    @property
    def result(self) -> str | None:
        """-> the text of the one result; None when there is none, as in a fault."""
        body = etree.fromstring(self.body)[0]
        return None if body[0].tag.endswith("Fault") else "".join(body[0].itertext())

    @property
    def fault_code(self) -> str | None:
        if b"Fault>" not in self.body:
            return None
        return etree.fromstring(self.body).findtext(".//faultcode", "").rpartition(":")[2]


@dataclass(frozen=True)
class Scene:
    """A moment to come back to. `answer` is what QuickBooks says to `message`, the bytes that it was given."""

    name: str
    database: bytes
    company_id: int
    other_id: int
    username: str
    password: str
    ticket: str
    message: str
    answer: str
    host: str
    rows: Rows


class Service:
    """One process: the application, its database in memory, and all that it logs as a failure."""

    def __init__(self) -> None:
        self.engine: Engine = open_engine("sqlite://")
        schema.migrate(self.engine)
        with self.engine.connect() as db:
            raw = db.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        self.raw = raw
        settings = read({"QBWC_PUBLIC_URL": "https://books.example.com"})
        self.app = App(settings, self.engine, KEYS)
        self.empty = raw.serialize()
        self._copies: dict[bytes, sqlite3.Connection] = {}

    def restore(self, database: bytes) -> None:
        """Puts the database back. Deserialized into the connection itself, it would crash SQLite (3.40 and others): its
        json_each remembers the schema that was there before."""
        copy = self._copies.get(database)
        if copy is None:
            copy = self._copies[database] = sqlite3.connect(":memory:")
            copy.deserialize(database)
        copy.backup(self.raw)

    def _forget_copies(self) -> None:
        for copy in self._copies.values():
            copy.close()
        self._copies.clear()

    def close(self) -> None:
        self._forget_copies()
        self.engine.dispose()

    def rows(self) -> Rows:
        """-> the content of every table, in the sequence of its keys."""
        return {name: self.raw.execute(query).fetchall() for name, query in _QUERIES.items()}

    def post(self, body: bytes, **environ: Any) -> Reply:
        """A POST to /qbwc; a keyword that is None is taken out of the WSGI environment."""
        everything: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/qbwc",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": REMOTE,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            **environ,
        }
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started.append((status, headers))

        given = {name: value for name, value in everything.items() if value is not None}
        content = b"".join(self.app(given, start_response))  # type: ignore[arg-type]
        ((status, headers),) = started
        return Reply(int(status[:3]), dict(headers).get("Content-Type", ""), content)

    def call(self, operation: str, **arguments: str) -> Reply:
        return self.post(self.plain(operation, **arguments))

    @staticmethod
    def plain(operation: str, **arguments: str) -> bytes:
        """-> a call as the Web Connector writes it."""
        return as_dot_net(operation, arguments)

    def ask(self, operation: str, **arguments: str) -> str:
        """-> the result of a call, which must succeed."""
        reply = self.call(operation, **arguments)
        assert reply.status == 200, reply
        return reply.result or ""

    def update(self, scene: Scene) -> None:
        """An update of the scene's company, by a QuickBooks that finds nothing and takes everything. Asserts that each
        call is answered, and that it comes to an end."""
        login = self.call("authenticate", strUserName=scene.username, strPassword=scene.password)
        assert login.status == 200, login
        ticket, file = (node.text or "" for node in etree.fromstring(login.body)[0][0][0])
        for _ in range(40):
            if file == "none":
                return
            message = self.ask(
                "sendRequestXML",
                ticket=ticket,
                strHCPResponse=scene.host,
                strCompanyFileName="",
                qbXMLCountry="US",
                qbXMLMajorVers="16",
                qbXMLMinorVers="0",
            )
            assert message, self.ask("getLastError", ticket=ticket)
            said = canned.answer(message)
            done = self.ask("receiveResponseXML", ticket=ticket, response=said, hresult="", message="")
            if not 0 <= int(done) < 100:
                self.ask("closeConnection", ticket=ticket)
                return
        raise AssertionError("the update never comes to an end")

    # Scenes

    def scenes(self) -> dict[str, Scene]:
        """-> reading the lists, reading a list's next page, posting, looking up, and nothing to do."""
        self._forget_copies()
        return {make.__name__[1:]: self._scene(make) for make in (_reading, _paging, _posting, _looking_up)}

    def _scene(self, make: "Callable[[Line], None]") -> Scene:
        self.restore(self.empty)
        line, other = Line(self, "ABC"), Line(self, "Other")
        other.update()
        other.order("9001")
        other.begin()
        line.other = other
        make(line)
        return Scene(
            make.__name__[1:],
            self.raw.serialize(),
            line.company.id,
            other.company.id,
            line.login.username,
            line.login.password,
            line.ticket,
            line.message,
            line.books.process(line.message, session=line.ticket),
            line.books.host_xml(),
            self.rows(),
        )


class Line:
    """A company, its QuickBooks and the Web Connector between."""

    other: "Line"

    def __init__(self, service: Service, name: str) -> None:
        self.service, self.ticket, self.message = service, "", ""
        with service.engine.begin() as db:
            company, self.login = account.add(db, KEYS, name, None, 5, START)
            exchange.read_lists_of_new(db, company.id, START)
            refreshed = companies.by_id(db, company.id)
        assert refreshed is not None
        self.company = refreshed
        self.books = Company.new(name=f"Books of {name}")
        self.books.stamp(company.owner_id, company.file_id)

    def order(self, number: str, **changes: Any) -> None:
        (read_,) = orders.read(as_text(make_order(number, **changes)))
        with self.service.engine.begin() as db:
            sending.store(db, self.company, read_, START)
            sending.send(db, self.company, number, Choices(bill=True, purchase_order=True), START)

    def begin(self) -> bool:
        """A session, and its first message is at QuickBooks. -> whether there is anything to do."""
        answer = self.service.call("authenticate", strUserName=self.login.username, strPassword=self.login.password)
        ticket, file = (node.text or "" for node in etree.fromstring(answer.body)[0][0][0])
        if file == "none":
            return False
        self.ticket = ticket
        self.fetch(self.books.host_xml())
        return True

    def fetch(self, host: str = "") -> None:
        self.message = self.service.ask(
            "sendRequestXML",
            ticket=self.ticket,
            strHCPResponse=host,
            strCompanyFileName=self.books.file_name,
            qbXMLCountry="US",
            qbXMLMajorVers="16",
            qbXMLMinorVers="0",
        )

    def bring(self) -> int:
        answer = self.books.process(self.message, session=self.ticket)
        return int(self.service.ask("receiveResponseXML", ticket=self.ticket, response=answer, hresult="", message=""))

    def update(self) -> None:
        """A whole update, in which nothing goes wrong."""
        going = self.begin()
        while going and self.bring() != 100:
            self.fetch()
        self.service.ask("closeConnection", ticket=self.ticket)


def _reading(line: Line) -> None:
    line.begin()


def _paging(line: Line) -> None:
    for number in range(8):
        line.books.make("Customer", f"Customer {number}")
    page, sync.PAGE = sync.PAGE, 3
    try:
        line.begin()
        while "IteratorID" not in line.message and 'iterator="Continue"' not in line.message:
            assert line.bring() != 100
            line.fetch()
    finally:
        sync.PAGE = page


def _posting(line: Line) -> None:
    line.update()
    line.order("1001")
    line.order("1002")
    line.begin()


def _looking_up(line: Line) -> None:
    _posting(line)
    line.books.process(line.message)
    line.begin()


class Failures(logging.Handler):
    """What the service says of itself as a failure, and every line in which a secret of ours stands."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.getMessage()} {record.__dict__}"
        if record.levelno >= logging.ERROR or CANARY in text or record.exc_info:
            self.said.append(f"{record.levelname} {record.name}: {logging.Formatter().format(record)}")


@contextmanager
def listening() -> Iterator[Failures]:
    """All that is logged is heard, at every level but for those of libraries that are silent by default."""
    handler, root, level = Failures(), logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
