"""A company: its QuickBooks, its Web Connectors, and the clerk whose orders come in meanwhile."""

import datetime as dt
import json
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from sqlalchemy.engine import Engine

from qbwc_service.api import tokens
from qbwc_service.companies import account, preferences
from qbwc_service.db import companies
from qbwc_service.people import ALL_RIGHTS
from qbwc_service.posting import exchange
from qbwc_service.secrets import Keys
from qbwc_service.simulator import Company, soap
from qbwc_service.simulator.soap import HttpAnswer
from tests.bench.trade import order as make_order
from tests.orders import as_text

from .books import Books, LightBooks, WholeBooks
from .crowd import Call, Tally, Turn
from .fleet import SECRET

WISHES = {"send_bills": "yes", "send_purchase_orders": "yes"}


@dataclass
class Office:
    """`calm_since` is when the last poll began that was told that there is nothing to do."""

    id: int
    name: str
    username: str
    password: str
    token: str
    books: Books
    connectors: int
    sent: dict[str, float] = field(default_factory=dict)  # order numbers, and when the clerk began to send each
    calm_since: float = 0.0


def found(engine: Engine, count: int, contested: int, connectors: int = 3) -> list[Office]:
    """-> so many new companies with a connector each; of them `contested` have `connectors`, which do not know of each
    other."""
    keys, now = Keys(SECRET), dt.datetime.now(dt.UTC)
    offices = []
    for number in range(count):
        name = f"Company {number}"
        with engine.begin() as db:
            company, credentials = account.add(db, keys, name, None, 5, now)
            exchange.read_lists_of_new(db, company.id, now)
            wanted = preferences.change(preferences.Preferences(), WISHES)
            companies.save_settings(db, company.id, preferences.dump(wanted))
            token = tokens.issue(db, keys, company, "shop", ALL_RIGHTS, "command", now)
        quickbooks = Company.new(name=name)
        quickbooks.stamp(company.owner_id, company.file_id)
        books = WholeBooks(quickbooks) if number < contested else LightBooks(quickbooks.host_xml(), number)
        offices.append(
            Office(
                company.id,
                name,
                credentials.username,
                credentials.password,
                token,
                books,
                connectors if number < contested else 1,
            )
        )
    return offices


@dataclass
class Connector:
    """A Web Connector, which updates now and then, and whenever it can when there was something to do."""

    office: Office
    tally: Tally
    pause: float
    ticket: str = ""

    def turn(self) -> Turn:
        office, begun = self.office, time.monotonic()
        yield soap_call("serverVersion", strVersion="2.3.0.215")
        yield soap_call("clientVersion", strVersion="2.3.0.215")
        told = yield soap_call("authenticate", strUserName=office.username, strPassword=office.password)
        self.ticket, what = soap.read_strings("authenticate", told)[:2]
        if what:
            if what != "none":
                self.tally.blame(f"{office.name}: authenticate answered {what}")
            self.tally.note("idle polls")
            office.calm_since = max(office.calm_since, begun)
            return self.pause
        self.tally.note("updates")
        host = office.books.host
        percent = 0
        while 0 <= percent < 100:
            told = yield soap_call(
                "sendRequestXML",
                ticket=self.ticket,
                strHCPResponse=host,
                strCompanyFileName="",
                qbXMLCountry="US",
                qbXMLMajorVers="16",
                qbXMLMinorVers="0",
            )
            host, message = "", soap.read_string("sendRequestXML", told)
            if not message:
                break
            answer = office.books.process(message, self.ticket)
            told = yield soap_call("receiveResponseXML", ticket=self.ticket, response=answer, hresult="", message="")
            percent = soap.read_int("receiveResponseXML", told)
        if percent < 100:
            told = yield soap_call("getLastError", ticket=self.ticket)
            self._ended_early(soap.read_string("getLastError", told))
        yield soap_call("closeConnection", ticket=self.ticket)
        return 0.0 if office.connectors == 1 else self.pause

    def _ended_early(self, said: str) -> None:
        """A connector that is alone at its company is never interrupted."""
        self.tally.note("updates ended by another connector")
        if self.office.connectors == 1 or not said.startswith("This session is over."):
            self.tally.blame(f"{self.office.name}: an update ended early: {said}")


@dataclass
class Clerk:
    """Hands over some orders, each with all that belongs to it.

    One in a company with several connectors cannot make up his mind: he cancels each order's invoice, or tries to, and
    then sends the order again.
    """

    office: Office
    tally: Tally
    numbers: Sequence[int]

    def turn(self) -> Turn:
        office = self.office
        for number in self.numbers:
            begun = time.monotonic()
            told = yield self._api("/orders?send=true", as_text(make_order(number)))
            if told.status not in (200, 201):
                self.tally.blame(f"{office.name}: order {number}: {told.status} {told.body[:300]!r}")
            if office.connectors > 1:
                yield from self._cancel(number)
                told = yield self._api(f"/orders/{number}/send")
                if told.status != 202:
                    self.tally.blame(f"{office.name}: order {number} again: {told.status} {told.body[:300]!r}")
            office.sent[str(number)] = begun
            self.tally.note("orders sent")
        return None

    def _cancel(self, number: int) -> Generator[Call, HttpAnswer, None]:
        told = yield self._api(f"/orders/{number}", method="GET")
        invoice = next(job["id"] for job in json.loads(told.body)["documents"] if job["kind"] == "Invoice")
        told = yield self._api(f"/jobs/{invoice}/cancel")
        self.tally.note("cancelled" if told.status == 200 else "cancelled too late")
        if told.status not in (200, 409):
            self.tally.blame(f"{self.office.name}: cancel {number}: {told.status} {told.body[:300]!r}")

    def _api(self, path: str, body: str = "", method: str = "POST") -> Call:
        headers = {"Authorization": f"Bearer {self.office.token}", "Content-Type": "application/json"}
        return Call(f"/api/v1{path}", body.encode(), headers, method)


def soap_call(operation: str, **arguments: str) -> Call:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": soap.action(operation)}
    return Call("/qbwc", soap.request(operation, arguments), headers)
