"""Two companies of one service: what is one's is nowhere for the other (security.md T8; 4.3, test 35).

Every route of the API and of the pages is tried, with the ids of the other company's things in its address. A new route
with a part that nobody here has thought of fails these tests.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from sqlalchemy import select

from qbwc_service.api.dispatch import ROUTES as API_ROUTES
from qbwc_service.companies import preferences
from qbwc_service.companies.preferences import Visible
from qbwc_service.db import companies, tables
from qbwc_service.db import webhooks as webhook_table
from qbwc_service.db.engine import reading
from qbwc_service.db.jobs import jobs
from qbwc_service.simulator import Company, WebConnector
from qbwc_service.web.views import ROUTES as PAGE_ROUTES
from tests.orders import as_text, make_order
from tests.security.shop import Shop
from tests.web.site import Site, served

PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
CANARY = "Xanadu"
"""Stands in the name of each thing of the other company, and in no address."""


@dataclass
class World:
    site: Site
    shop: Shop  # with the token of the first company
    hidden_id: int
    ids: dict[str, str]  # of the other company's things, by the name of a part of an address

    def hidden(self) -> dict[str, list[str]]:
        """-> all that is the other company's."""
        found: dict[str, list[str]] = {}
        with reading(self.site.engine) as db:
            own = select(jobs.c.id).where(jobs.c.company_id == self.hidden_id)
            for table in tables.metadata.sorted_tables:
                if table.name == "companies":
                    mine = table.c.id == self.hidden_id
                elif table.name == "audit_trail":
                    continue
                elif "company_id" in table.c:
                    mine = table.c.company_id == self.hidden_id
                elif "job_id" in table.c:
                    mine = table.c.job_id.in_(own)
                else:
                    continue
                found[table.name] = sorted(map(repr, db.execute(select(table).where(mine))))
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.mktemp("tenants")) as site:
        site.add_order("1001")
        token = site.qbwc.data("token", "add", str(site.company_id), "shop")["token"]
        shop = Shop(site.url, token)
        shop.call("POST", "/orders/1001/send", "{}")
        site.poll()
        yield World(site, shop, *_other_company(site))


def _other_company(site: Site) -> tuple[int, dict[str, str]]:
    added = site.qbwc.data("company", "add", f"{CANARY} Works")
    books = Company.new(name=f"{CANARY} Works")
    books.make("Customer", f"{CANARY} in QuickBooks")
    connector = WebConnector.from_qwc(site.qbwc.ok("qwc", str(added["id"])), added["password"], books)
    token = site.qbwc.data("token", "add", str(added["id"]), f"{CANARY} shop")["token"]
    shop = Shop(site.url, token)
    customer = {"id": "C-77", "name": f"{CANARY} Ltd"}
    for number in ("9001", "9002"):
        assert shop.call("PUT", f"/orders/{number}", as_text(make_order(number, customer=customer))).status_code == 201
    assert shop.call("POST", "/orders/9001/send", '{"bill": true}').ok
    connector.poll()
    assert shop.call("POST", "/orders/9002/send", "{}").ok
    hidden: int = added["id"]
    now = dt.datetime.now(dt.UTC)
    with site.engine.begin() as db:
        company = companies.by_id(db, hidden)
        assert company is not None
        wanted = preferences.change(preferences.load(company.settings), {"visible": Visible.CHOSEN})
        companies.save_settings(db, hidden, preferences.dump(wanted))
        hook = webhook_table.put(
            db, hidden, url=f"https://{CANARY}.example/", secret=site.keys.seal("x"), made_by="ana@example.com", now=now
        )
        delivery = {
            "webhook_id": hook, "event_id": "e-1", "event": "job.posted", "body": "{}", "made_at": now,
            "next_try_at": None,
        }  # fmt: skip
        webhook_table.put_deliveries(db, [delivery])
        (sent,) = webhook_table.deliveries_of(db, hidden)
        job, message = db.execute(
            select(jobs.c.id, jobs.c.message_id).where(
                jobs.c.company_id == hidden,
                jobs.c.kind == "Invoice",
                jobs.c.message_id.is_not(None),
            )
        ).first()
    ids = {
        "id": str(job), "job_id": str(job), "message_id": str(message), "which": "request", "number": "9001",
        "part": "9001",
        "list": "customers", "token_id": "2", "webhook_id": str(hook), "delivery_id": str(sent.id),
    }  # fmt: skip
    return hidden, ids


def filled(path: str, ids: dict[str, str]) -> str:
    return PART.sub(lambda part: ids[part[2]], path)


BODIES: dict[tuple[str, str], str] = {
    ("PUT", "/orders/<path:number>"): as_text(make_order("9002")),
    ("POST", "/orders"): as_text(make_order("9100")),
    ("POST", "/webhooks"): '{"url": "http://localhost:1/"}',
}


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_token_reaches_nothing_of_another_company(world: World, route: Any) -> None:
    ids = dict(world.ids)
    if route.path.startswith("/webhooks/"):
        ids["id"] = ids["delivery_id" if "deliveries" in route.path else "webhook_id"]
    if route.path.startswith("/links/"):
        ids["id"] = "C-77"
    if route.method == "PUT" and "orders" in route.path:
        ids["number"] = "9002"  # two companies may have orders of one number
    before = world.hidden()
    body = BODIES.get(
        (route.method, route.path), f'{{"name": "{CANARY} in QuickBooks"}}' if "links" in route.path else "{}"
    )
    answer = world.shop.call(route.method, filled(route.path, ids), None if route.method == "GET" else body)
    assert world.hidden() == before
    said = answer.text.replace(f"{CANARY} in QuickBooks", "") if "links" in route.path else answer.text
    assert CANARY not in said
    if "<" in route.path and route.path != "/lists/<list>" and (route.method, route.path) not in BODIES:
        assert answer.status_code in (404, 422), answer.text
        assert answer.status_code == 404 or "links" in route.path


COMPANY_ROUTES = [route for route in PAGE_ROUTES if "company_id" in route.path]


@pytest.mark.parametrize("route", COMPANY_ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_company_that_one_may_not_see_has_no_page(world: World, route: Any) -> None:
    clerk = world.site.clerk
    clerk.get("/me")
    before = world.hidden()
    path = filled(route.path, {**world.ids, "company_id": str(world.hidden_id)})
    answer = ask(clerk, route.method, path)
    assert answer.status_code in (403, 404)
    assert CANARY not in answer.text
    assert world.hidden() == before


@pytest.mark.parametrize(
    "route",
    [route for route in COMPANY_ROUTES if len(PART.findall(route.path)) > 1],
    ids=lambda route: f"{route.method} {route.path}",
)
@pytest.mark.parametrize("who", ["admin", "clerk"])
def test_under_a_company_that_one_sees_the_things_of_another_are_not_there(world: World, route: Any, who: str) -> None:
    browser = getattr(world.site, who)
    browser.get("/me")
    before = world.hidden()
    path = filled(route.path, {**world.ids, "company_id": str(world.site.company_id)})
    answer = ask(browser, route.method, path)
    assert world.hidden() == before
    if who == "clerk":
        assert answer.status_code in (403, 404), answer.text
        assert CANARY not in answer.text


@pytest.mark.parametrize("path", ["/companies", "/me", "/", "/help"])
def test_no_page_of_all_companies_names_one_that_somebody_may_not_see(world: World, path: str) -> None:
    answer = world.site.clerk.get(path)
    assert answer.status_code == 200
    assert CANARY not in answer.text
    assert CANARY in world.site.admin.get("/companies").text


def ask(browser: Any, method: str, path: str) -> requests.Response:
    data = {"csrf": browser.csrf, "job": "1", "jobs": "1"} if method == "POST" else None
    answer: requests.Response = browser.session.request(
        method, browser.url + path, data=data, timeout=30, allow_redirects=False
    )
    return answer
