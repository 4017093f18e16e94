"""Two companies of one service: what is one's is nowhere for the other (security.md T8; 4.3, test 35).

Every route of the API and of the pages is tried, with the ids of the other company's things in its address. A new route
with a part that nobody here has thought of fails these tests.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from werkzeug.routing import Map

from qbwc_service.api.dispatch import ROUTES as API_ROUTES
from qbwc_service.app import App
from qbwc_service.companies import preferences
from qbwc_service.companies.preferences import Visible
from qbwc_service.db import companies, tables
from qbwc_service.db import webhooks as webhook_table
from qbwc_service.db.engine import open_engine, reading
from qbwc_service.db.jobs import jobs
from qbwc_service.secrets import Keys
from qbwc_service.settings import read
from qbwc_service.simulator import Company, WebConnector
from qbwc_service.simulator.soap import request as as_dot_net
from qbwc_service.web.views import ROUTES as PAGE_ROUTES
from tests.orders import as_text, make_order
from tests.security.shop import Shop
from tests.security.test_connector import WITH_TICKET
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
        token = site.qbwc.here.data("token", "add", str(site.company_id), "shop")["token"]
        shop = Shop(site.url, token)
        shop.call("POST", "/orders/1001/send", "{}")
        site.poll()
        yield World(site, shop, *_other_company(site))


def _other_company(site: Site) -> tuple[int, dict[str, str]]:
    added = site.qbwc.here.data("company", "add", f"{CANARY} Works")
    books = Company.new(name=f"{CANARY} Works")
    books.make("Customer", f"{CANARY} in QuickBooks")
    connector = WebConnector.from_qwc(site.qbwc.here.ok("qwc", str(added["id"])), added["password"], books)
    token = site.qbwc.here.data("token", "add", str(added["id"]), f"{CANARY} shop")["token"]
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
    assert CANARY not in answer.text
    # To an admin, what is to be taken away and is not there has been taken away already.
    expected = (303 if route.path.endswith(("/revoke", "/remove")) else 404,) if who == "admin" else (403, 404)
    assert answer.status_code in expected, answer.text


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


# What an address asks for behind its question mark: the hidden company's things, by each name that a page might take.
QUESTIONS = (
    "order=9001&number=9001&id={job}&job={job}&jobs={job}&message={message}&webhook={hook}&customer=C-77&find=C-77",
    "company={company}&company_id={company}&link=C-77&side=vendor&state=attention&kind=Invoice&tab=history&before={job}",
)


@pytest.mark.parametrize(
    "route",
    [route for route in COMPANY_ROUTES if route.method == "GET" and len(PART.findall(route.path)) == 1],
    ids=lambda route: str(route.path),
)
def test_no_question_to_ones_own_company_brings_what_is_anothers(world: World, route: Any) -> None:
    ids = {"job": world.ids["id"], "message": world.ids["message_id"], "hook": world.ids["webhook_id"]}
    path = filled(route.path, {"company_id": str(world.site.company_id)})
    for question in QUESTIONS:
        for browser in (world.site.clerk, world.site.admin):
            answer = browser.get(f"{path}?{question.format(company=world.hidden_id, **ids)}")
            assert answer.status_code < 500
            assert CANARY not in answer.text


# Nothing is left out --------------------------------------------------------------------------------------------------


def addresses(paths: Map) -> set[tuple[str, str]]:
    return {(method, rule.rule) for rule in paths.iter_rules() for method in (rule.methods or ()) if method != "HEAD"}


def test_there_is_no_address_but_those_that_are_tried_here(tmp_path: Path) -> None:
    """From the maps of the application itself. Of what is not tried here, each is named; it is of no company."""
    settings = read({"QBWC_DATA_DIR": str(tmp_path), "QBWC_SECRET_KEY": "k" * 32})
    engine = open_engine("sqlite://")
    app = App(settings, engine, Keys("k" * 32))
    engine.dispose()
    maps = [one for part in (app, app._site, app._api) for one in vars(part).values() if isinstance(one, Map)]
    assert len(maps) == 3
    found = set().union(*map(addresses, maps))
    tried = {(route.method, f"/api/v1{route.path}") for route in API_ROUTES}
    tried |= {(route.method, route.path) for route in COMPANY_ROUTES}
    assert tried <= found
    of_people = {(route.method, route.path) for route in PAGE_ROUTES} - tried
    assert not [path for _, path in of_people if "company" in path or "<int:job_id>" in path or "order" in path]
    assert found - tried - of_people == {
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/support"),
        ("GET", "/metrics"),
    }


@pytest.mark.parametrize(
    "route",
    [route for route in PAGE_ROUTES if "company_id" not in route.path and route.method == "GET"],
    ids=lambda route: str(route.path),
)
def test_no_page_beside_the_companies_tells_a_clerk_of_a_hidden_one(world: World, route: Any) -> None:
    answer = world.site.clerk.get(PART.sub("1", route.path), allow_redirects=False)
    assert CANARY not in answer.text
    answer = world.site.clerk.get(f"{PART.sub('1', route.path)}?company={world.hidden_id}", allow_redirects=False)
    assert CANARY not in answer.text


def test_a_browsers_session_opens_neither_the_api_nor_the_connector(world: World) -> None:
    world.site.admin.get("/companies")
    cookie = world.site.admin.session.cookies["qbwc"]
    session = requests.Session()
    session.cookies.update({"qbwc": cookie})
    assert session.get(f"{world.site.url}/me", timeout=30).status_code == 200
    for method, path in (("GET", "orders"), ("POST", "orders"), ("GET", "company")):
        answer = session.request(method, f"{world.site.url}/api/v1/{path}", json=make_order(), timeout=30)
        assert answer.status_code == 401
    before = world.hidden()
    for ticket in (cookie, ""):
        body = as_dot_net("sendRequestXML", {"ticket": ticket, **WITH_TICKET["sendRequestXML"]})
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        answer = session.post(f"{world.site.url}/qbwc", body, headers=headers, timeout=30)
        assert "QBXML" not in answer.text
    assert world.hidden() == before
