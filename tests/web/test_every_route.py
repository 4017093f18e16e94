"""What holds for each page there is, taken from the routes themselves (security.md 36, 39): none is forgotten."""

import re
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.engine import Engine

from qbwc_service.db import tables
from qbwc_service.db.engine import reading
from qbwc_service.web.page import Access, Route
from qbwc_service.web.views import ROUTES
from tests.web.site import Site, served

PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
# A look is noted where somebody looked at a secret or was seen; nothing else may come of asking for a page.
NOTED = {("audit_trail", None), ("web_sessions", "seen_at"), ("users", "seen_at")}

POSTS = [route for route in ROUTES if route.method == "POST"]
GETS = [route for route in ROUTES if route.method == "GET"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("routes")) as running:
        running.add_order("1001")
        yield running


def path_of(site: Site, route: Route) -> str:
    """-> an address of the page; its company is there, and so is what has the number 1 or 1001."""

    def fill(part: re.Match[str]) -> str:
        if part[2] == "company_id":
            return str(site.company_id)
        return "1" if part[1] in ("int", "float") else "1001"

    return site.url + PART.sub(fill, route.path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def contents(engine: Engine) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    with reading(engine) as db:
        for table in tables.metadata.sorted_tables:
            if (table.name, None) not in NOTED:
                columns = [column for column in table.c if (table.name, column.name) not in NOTED]
                found[table.name] = sorted(map(repr, db.execute(select(*columns))))
    return found


@pytest.mark.parametrize("route", POSTS, ids=named)
def test_no_form_does_anything_without_its_secret(site: Site, route: Route) -> None:
    before = contents(site.engine)
    for csrf in ("", "wrong", site.clerk.csrf):
        answer = site.admin.session.post(
            path_of(site, route), data={"csrf": csrf, "language": "es"}, timeout=30, allow_redirects=False
        )
        assert answer.status_code == 409, answer.text
    cross = {"Sec-Fetch-Site": "cross-site"}
    site.admin.get("/me")
    answer = site.admin.session.post(
        path_of(site, route), data={"csrf": site.admin.csrf}, headers=cross, timeout=30, allow_redirects=False
    )
    assert answer.status_code == 403
    assert contents(site.engine) == before


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access is not Access.ANYBODY], ids=named)
def test_nobody_gets_in_without_signing_in(site: Site, route: Route) -> None:
    answer = requests.request(route.method, path_of(site, route), timeout=30, allow_redirects=False)
    if route.path == "/sign-out":
        assert answer.headers["Location"] == "/sign-in"
        return
    assert answer.status_code == 401
    assert 'name="password"' in answer.text
    assert "ABC Promotions" not in answer.text


@pytest.mark.parametrize("route", [route for route in ROUTES if route.access is Access.ADMIN], ids=named)
def test_what_is_for_admins_is_for_nobody_else(site: Site, route: Route) -> None:
    site.clerk.get("/me")
    data = {"csrf": site.clerk.csrf} if route.method == "POST" else None
    answer = site.clerk.session.request(
        route.method, path_of(site, route), data=data, timeout=30, allow_redirects=False
    )
    assert answer.status_code == 403
    assert "ana@example.com" in answer.text


@pytest.mark.parametrize("route", GETS, ids=named)
def test_asking_for_a_page_changes_nothing_and_its_answer_is_hardened(site: Site, route: Route) -> None:
    before = contents(site.engine)
    answer = site.admin.session.get(path_of(site, route), timeout=30, allow_redirects=False)
    assert answer.status_code < 500
    assert contents(site.engine) == before
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers
    if "html" in answer.headers["Content-Type"]:
        assert not re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|javascript:", answer.text)
