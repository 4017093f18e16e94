"""What people do at these pages again and again, and where it stands on them."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Page, expect

from qbwc_service import i18n, sign_in
from qbwc_service.db import companies, people
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices
from qbwc_service.simulator import WebConnector
from tests.web.site import PASSWORD, Site

ADMIN, CLERK = "ana@example.com", "carl@example.com"
Say = Callable[..., str]


def words(language: str) -> Say:
    """-> what finds a text of the pages in that language, with its facts filled in."""
    translated = i18n.texts(language)

    def say(text: str, **facts: object) -> str:
        return translated(text) % facts if facts else translated(text)

    return say


def enter(page: Page, site: Site, email: str = ADMIN) -> None:
    """This person is signed in, in this window, and typed the password a moment ago."""
    with site.engine.begin() as db:
        user = people.by_email(db, email)
        assert user is not None
        token = sign_in.begin(db, site.keys, user, dt.datetime.now(dt.UTC), "127.0.0.1", "")
    page.context.add_cookies([{"name": "qbwc", "value": token, "url": site.url}])


def sign_in_by_form(page: Page, email: str = ADMIN, password: str = PASSWORD) -> None:
    """On the page that asks for it, which is shown already."""
    page.fill("#field-email", email)
    page.fill("#field-password", password)
    page.locator("main form button").click()


def choose(page: Page, field: str) -> None:
    """Ticks a box of the send window, and waits until the preview has followed."""
    with page.expect_response(lambda answer: answer.url.endswith("/send") and answer.request.method == "POST"):
        page.check(f"#field-{field}")


def send(page: Page, say: Say) -> None:
    page.get_by_role("button", name=say("Send"), exact=True).click()


def expect_state(page: Page, word: str) -> None:
    """The order's page tells this state, at once or without being loaded anew."""
    expect(page.locator("#progress [role=status]")).to_contain_text(word)


def add_orders(site: Site, orders: Sequence[dict[str, Any]]) -> None:
    site.qbwc.here.ok("order", "add", str(site.company_id), "-", stdin=json.dumps(list(orders)))


def queue(site: Site, number: str, choices: Choices | None = None) -> None:
    """The order is sent, as the window sends it: it leaves with the next poll."""
    with site.engine.begin() as db:
        company = companies.by_id(db, site.company_id)
        assert company is not None
        companies.lock(db, company.id)
        sending.send(db, company, number, choices or Choices(), dt.datetime.now(dt.UTC))


def connector_of(site: Site) -> WebConnector:
    return WebConnector.from_qwc(site.qbwc.here.ok("qwc", "ABC Promotions"), site.qbwc_password(), site.books)
