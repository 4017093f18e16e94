"""A company in full work, for looking at: customers of every kind, orders in every state, a team, a program.

All names are invented.
"""

import datetime as dt
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from qbwc_service.db import companies, people
from qbwc_service.posting.plan import Choices
from qbwc_service.simulator import Company, WebConnector
from tests.browser.office import add_orders, connector_of, queue
from tests.orders import make_order
from tests.web.site import Site, served

KNOWN_THERE = ("Bluebird Bakery", "Harbor View Hotel", "Söhne & Café", "Maple Street School")
CUSTOMERS = ("ABC Company", *KNOWN_THERE, "Pinewood Dental")
POSTED, REFUSED, IN_DOUBT, WAITING, LAST = "1001", "1002", "1003", "1004", "1012"
MISSING_ACCOUNT = (
    'There is an invalid reference to QuickBooks Account "Freight In" in the Bill. QuickBooks error message: Invalid '
    "argument. The specified record does not exist in the list."
)


class World:
    """`site` serves. A second company, under `second`, was connected only just now."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.books.file_name = r"C:\QuickBooks\ABC Promotions.qbw"
        for name in KNOWN_THERE:
            site.books.make("Customer", name)
        connector = connector_of(site)
        connector.poll()
        _work_since_a_week(site)
        _people(site)
        add_orders(site, [_order(number) for number in range(int(POSTED), int(LAST) + 1)])
        queue(site, POSTED, Choices(bill=True, purchase_order=True))
        connector.poll()
        _fail(site, connector)
        queue(site, WAITING, Choices(purchase_order=True))
        self.second = _second(site)


def _work_since_a_week(site: Site) -> None:
    table = companies.companies
    with site.engine.begin() as db:
        db.execute(update(table).values(created_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=7)))


def _order(number: int) -> dict[str, Any]:
    """-> one order more; each has another customer, amount and day."""
    step = number - int(POSTED)
    finished = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=7 * (int(LAST) - number))
    changes: dict[str, Any] = {"completed_at": finished.isoformat(timespec="seconds")}
    if step not in (0, int(LAST) - int(POSTED)):  # those two are the manual's own
        line = make_order()["lines"][0] | {"quantity": str(40 + 25 * step), "rate": str(Decimal("2.30") + step)}
        customer = {"id": f"C-{17 + step % len(CUSTOMERS)}", "name": CUSTOMERS[step % len(CUSTOMERS)]}
        changes |= {"customer": customer, "lines": [line], "payments": []}
    return make_order(str(number), **changes)


def _fail(site: Site, connector: WebConnector) -> None:
    """QuickBooks refuses a bill; the answer to another order's invoice is lost, and then the PC is switched off."""
    site.books.faults.refuse_next("BillAdd", 3140, MISSING_ACCOUNT)
    queue(site, REFUSED, Choices(bill=True))
    connector.poll()
    queue(site, IN_DOUBT)
    connector.faults.lose_next_answer()
    connector.poll()
    connector.faults.switch_off_before("sendRequestXML")
    connector.poll()


def _people(site: Site) -> None:
    with site.engine.begin() as db:
        carl = people.by_email(db, "carl@example.com")
        assert carl is not None
        people.set_members(db, people.put_team(db, "Order desk"), [carl.id])
    site.qbwc.here.ok("token", "add", str(site.company_id), "Order system")


def _second(site: Site) -> str:
    added = site.qbwc.here.data("company", "add", "Northwind Gifts")
    books = Company.new(name="Northwind Gifts", file_name=r"C:\QuickBooks\Northwind Gifts.qbw")
    WebConnector.from_qwc(site.qbwc.here.ok("qwc", "Northwind Gifts"), added["password"], books).poll()
    return f"/companies/{added['id']}"


@contextmanager
def world_in(folder: pathlib.Path) -> Iterator[World]:
    with served(folder, lists=False) as site:
        yield World(site)
