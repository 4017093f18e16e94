"""20,000 customers on their way into the mirror, over HTTP, from the real service; and an order that is sent meanwhile.

The simulated Web Connector and QuickBooks are in this process; the service's memory is its own, as Linux tells it.
"""

import pathlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field

from qbwc_service.simulator import Company, WebConnector
from qbwc_service.simulator.tree import Node, leaf
from tests import memory
from tests.orders import as_text
from tests.service import Qbwc

from .figures import Figure
from .trade import order


def run(server: str | None = None, *, customers: int = 20_000) -> list[Figure]:
    """On SQLite: the service's memory is the same on both."""
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder:
        qbwc = Qbwc(pathlib.Path(folder), forked=False)
        qbwc.ok("init")
        account = qbwc.data("company", "add", "ABC Company")
        books = Watched.new(name="Many customers")
        assert isinstance(books, Watched)
        for number in range(customers):
            books.make("Customer", f"Customer {number:05}", *about(number))
        with qbwc.serving() as process:
            connector = WebConnector.from_qwc(qbwc.ok("qwc"), account["password"], books)
            begun = memory.peak(process.pid)
            books.meanwhile = lambda: qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(order(1)))
            outcome = connector.poll()
            if outcome.code or books.pages_before_order is None or not books.invoices:
                raise RuntimeError(f"the update went wrong, or the order was not posted: {outcome.status}")
            mirrored = sum(row["name"].startswith("Customer ") for row in qbwc.data("list", "customers"))
            peak = memory.peak(process.pid)
    return [
        Figure("customers missing from the mirror", customers - mirrored, "", 0),
        Figure("messages", outcome.round_trips, "messages"),
        Figure("pages before the order, the one in flight included", books.pages_before_order, "pages", 1),
        Figure("the service's memory, before", begun / 2**20, "MB"),
        Figure("the service's memory, at most", peak / 2**20, "MB", 150),
    ]


@dataclass
class Watched(Company):
    """A QuickBooks at which something happens while its second page of customers is on its way."""

    meanwhile: Callable[[], object] = field(default=lambda: None)
    pages: int = 0
    sent_at_page: int | None = None
    pages_before_order: int | None = None

    def process(self, qbxml: str, *, app_name: str = "qbwc", session: str = "") -> str:
        if "<InvoiceAddRq" in qbxml and self.sent_at_page is not None and self.pages_before_order is None:
            self.pages_before_order = self.pages - self.sent_at_page + 1
        if "<CustomerQueryRq" in qbxml:
            self.pages += 1
            if self.pages == 2:
                self.sent_at_page = self.pages
                self.meanwhile()
        return super().process(qbxml, app_name=app_name, session=session)


def about(number: int) -> list[Node]:
    """-> what else QuickBooks knows of a customer."""
    return [
        leaf("CompanyName", f"Customer {number:05} Inc."),
        leaf("Phone", "(217) 555-0134"),
        leaf("Email", f"orders{number}@customer.example"),
        leaf("Notes", "Goods go to the back door; ring twice, and ask for the warehouse. " * 10),
    ]
