"""A 50 MB receiveResponseXML: 20,000 customers in one answer, through the WSGI application of `/qbwc`, into the mirror.

Its CPU against one lxml parse of the qbXML in it, and what the process grows by at most against the size of the body.
The envelope is read before that, by expat: what this takes alone, together with the parse, is the least that a program
takes that leaves the reading to these two.
"""

import multiprocessing
import pathlib
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import escape

from lxml import etree
from sqlalchemy.engine import Engine

from qbwc_service.connector import contract
from qbwc_service.db import lists
from qbwc_service.db.lists import List
from tests import memory
from tests.connector.canned import ACCOUNTS, requests_of
from tests.connector.soap import PUBLIC_URL, Answer, envelope, make_application, operation, request
from tests.connector.soap import Sessions as Constant
from tests.faults.world import World

from .databases import database
from .figures import Figure, Stopwatch, side_by_side

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

MEGABYTE = 1_000_000


def run(server: str | None = None, *, customers: int = 20_000, rounds: int = 3) -> list[Figure]:
    """On SQLite; the rows are written alike on both."""
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder, database(None) as engine:
        delivery = Delivery(engine, pathlib.Path(folder) / "body.xml", customers)
        taken = side_by_side(rounds, delivery.take, delivery.parse)
        guard = median(delivery.guard() for _ in range(rounds))
        envelope_alone = side_by_side(rounds, delivery.unwrap, delivery.parse)
        stored = delivery.stored()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as fresh:
        memory = fresh.submit(grown, customers).result()
    return [
        Figure("body", delivery.body_bytes / MEGABYTE, "MB"),
        Figure("customers missing from the mirror", customers - stored, "", 0),
        Figure("taken", taken.one, "s"),
        Figure("one lxml parse of the qbXML", taken.other, "s"),
        Figure("taken / one lxml parse", taken.ratio, "", 1.5),
        Figure("read by the guard, as part of taking it", guard, "s"),
        Figure("expat for the envelope, nothing done / one lxml parse", envelope_alone.ratio, ""),
        Figure("memory at most / body", memory, "", 4),
    ]


def grown(customers: int) -> float:
    """-> what taking the answer adds to this process' memory at its peak, as a multiple of the body.

    For a process of its own, whose peak was never higher before.
    """
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder, database(None) as engine:
        delivery = Delivery(engine, pathlib.Path(folder) / "body.xml", customers)
        app = delivery.prepare()
        before = memory.in_use()
        delivery.deliver(app)
        return (memory.peak() - before) / delivery.body_bytes


@dataclass
class Delivery:
    """First readings of QuickBooks' lists, each in a new company, which it answers with all customers at once."""

    engine: Engine
    path: pathlib.Path
    customers: int
    body_bytes: int = 0
    companies: int = 0

    def prepare(self) -> "WSGIApplication":
        """-> the application that waits for the answer, which lies on disk, where waitress keeps a large body."""
        self.companies += 1
        self.world = World.new(self.engine, self.companies)
        sessions, books = self.world.service.sessions, self.world.books
        ticket = sessions.authenticate(self.world.credentials.username, self.world.credentials.password, "::1")[0]
        message = sessions.send_request(ticket, books.host_xml(), books.file_name, "US", 16, 0)
        with self.path.open("wb") as body:
            soap = envelope(operation("receiveResponseXML", ticket=ticket, response="\0", hresult="", message=""))
            head, tail = soap.split(b"\0")
            body.write(head)
            for part in answer(message, self.customers):
                body.write(escape(part).encode())
            body.write(tail)
        self.body_bytes = self.path.stat().st_size
        return contract.application(sessions, PUBLIC_URL)

    def deliver(self, app: "WSGIApplication") -> Answer:
        with self.path.open("rb") as body:
            return request(
                app,
                REQUEST_METHOD="POST",
                CONTENT_TYPE="text/xml; charset=utf-8",
                CONTENT_LENGTH=str(self.body_bytes),
                **{"wsgi.input": body},
            )

    def take(self) -> float:
        """-> CPU seconds of taking the answer."""
        app, watch = self.prepare(), Stopwatch()
        taken = watch.of("take", self.deliver, app)
        if taken.status != 200 or taken.result().text != "100":
            raise RuntimeError(f"the answer was not taken: {taken.text}")
        return watch.total

    def parse(self) -> float:
        """-> CPU seconds of lxml for the qbXML of the same answer."""
        soap = etree.parse(str(self.path), etree.XMLParser(huge_tree=True))
        qbxml = (soap.findtext(".//{*}response") or "").encode()
        del soap
        watch = Stopwatch()
        watch.of("parse", etree.fromstring, qbxml)
        return watch.total

    def unwrap(self) -> float:
        """-> CPU seconds of expat for the envelope, which must be read before there is qbXML to parse."""
        body, pieces = self.path.read_bytes(), list[str]()
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text, parser.buffer_size = True, 64 * 1024
        parser.CharacterDataHandler = pieces.append
        watch = Stopwatch()
        watch.of("unwrap", parser.Parse, body, True)
        return watch.total

    def guard(self) -> float:
        """-> CPU seconds of reading the call out of the same envelope, and no more."""
        watch = Stopwatch()
        watch.of("guard", self.deliver, make_application(Constant()))
        return watch.total

    def stored(self) -> int:
        with self.engine.connect() as db:
            return len(lists.listed(db, self.world.company.id, List.CUSTOMER))


def answer(message: str, customers: int) -> Iterator[str]:
    """-> the parts of QuickBooks' answer to a message that asks for its lists."""
    yield '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs>\n'
    for kind, request_id in requests_of(message):
        code = 0 if kind in ("AccountQuery", "CustomerQuery") else 1
        yield f'<{kind}Rs requestID="{request_id}" statusCode="{code}" statusSeverity="Info" statusMessage="">\n'
        if kind == "AccountQuery":
            yield ACCOUNTS
        if kind == "CustomerQuery":
            yield from map(customer, range(customers))
        yield f"</{kind}Rs>\n"
    yield "</QBXMLMsgsRs>\n</QBXML>\n"


def customer(number: int) -> str:
    """-> a CustomerRet of some 2,500 bytes once it stands escaped in the envelope."""
    address = (
        f"<Addr1>Customer {number:05}</Addr1>\n<Addr2>{number} Long Street</Addr2>\n<Addr3>Suite 1200</Addr3>\n"
        "<City>Springfield</City>\n<State>IL</State>\n<PostalCode>62701</PostalCode>\n<Country>USA</Country>\n"
    )
    return (
        f"<CustomerRet>\n<ListID>80{number:06X}-1795561785</ListID>\n"
        "<TimeCreated>2024-05-06T10:11:12-05:00</TimeCreated>\n"
        "<TimeModified>2026-11-20T15:04:00-05:00</TimeModified>\n<EditSequence>1795561785</EditSequence>\n"
        f"<Name>Customer {number:05}</Name>\n<FullName>Customer {number:05}</FullName>\n"
        f"<IsActive>true</IsActive>\n<Sublevel>0</Sublevel>\n<CompanyName>Customer {number:05} Inc.</CompanyName>\n"
        "<FirstName>Alexandra</FirstName>\n<LastName>Montgomery</LastName>\n"
        f"<BillAddress>\n{address}</BillAddress>\n<ShipAddress>\n{address}</ShipAddress>\n"
        "<Phone>(217) 555-0134</Phone>\n<Fax>(217) 555-0135</Fax>\n"
        f"<Email>orders{number}@customer.example</Email>\n<Contact>Alexandra Montgomery</Contact>\n"
        "<TermsRef>\n<ListID>80000008-1795561785</ListID>\n<FullName>Net 30</FullName>\n</TermsRef>\n"
        "<Balance>0.00</Balance>\n<TotalBalance>0.00</TotalBalance>\n<SalesTaxCodeRef>\n"
        "<ListID>80000023-1795561785</ListID>\n<FullName>Tax</FullName>\n</SalesTaxCodeRef>\n"
        "<ItemSalesTaxRef>\n<ListID>80000025-1795561785</ListID>\n<FullName>Out of State</FullName>\n"
        f"</ItemSalesTaxRef>\n<AccountNumber>AC-{number:07}</AccountNumber>\n<JobStatus>None</JobStatus>\n"
        f"<Notes>{'Goods go to the back door; ring twice, and ask for the warehouse. ' * 7}</Notes>\n"
        "<PreferredDeliveryMethod>None</PreferredDeliveryMethod>\n</CustomerRet>\n"
    )
