"""Forms as a browser without scripts sends them: every field as the page has it, but for what somebody changes."""

import html
import json
import re
from typing import Any

import requests
from lxml import html as markup

from qbwc_service import orders
from qbwc_service.companies import preferences
from qbwc_service.db import companies
from qbwc_service.posting import send as sending
from tests.orders import make_order
from tests.web.site import Browser, Site


def fields_of(page: requests.Response, action: str) -> list[tuple[str, str]]:
    """-> the fields of the page's form with this action, with their values; buttons are not among them."""
    (form,) = [one for one in markup.fromstring(page.text).forms if one.get("action") == action]
    create = {one.name for one in form.xpath(".//input[@type='radio'][@value=''][@checked]")}  # lxml would say "on"
    return [(name, "" if name in create else value) for name, value in form.form_values() if name != "csrf"]


def changed(fields: list[tuple[str, str]], **changes: str | None) -> list[tuple[str, str]]:
    """-> the fields with these in the place of theirs; None takes one away. `bill_0` stands for `bill-0`."""
    wanted = {re.sub(r"_(\d+)$", r"-\1", name).replace("find_", "find-"): value for name, value in changes.items()}
    kept = [(name, value) for name, value in fields if name not in wanted]
    return kept + [(name, value) for name, value in wanted.items() if value is not None]


def window(site: Site, browser: Browser, number: str, **changes: str | None) -> list[tuple[str, str]]:
    """-> the send window's fields of an order, with these changed."""
    path = f"{site.base}/orders/{number}/send"
    return changed(fields_of(browser.get(path), path), **changes)


def press(
    site: Site, browser: Browser, number: str, do: str, fields: list[tuple[str, str]], *, htmx: bool = False
) -> requests.Response:
    """A button of the send window, or what htmx sends in its place."""
    headers = {"HX-Request": "true"} if htmx else {}
    return browser.post(f"{site.base}/orders/{number}/send", [*fields, ("do", do)], headers=headers)


def put_order(site: Site, number: str = "1001", **changes: Any) -> dict[str, Any]:
    """An order comes in; quicker than by the command."""
    order = make_order(number, **changes)
    (read,) = orders.read(json.dumps(order))
    with site.engine.begin() as db:
        company = companies.by_id(db, site.company_id)
        assert company is not None
        sending.store(db, company, read, read.completed_at)
    return order


def settings(site: Site, **values: str) -> None:
    """An admin changed the company's settings; quicker than by the command, and unchecked."""
    with site.engine.begin() as db:
        company = companies.by_id(db, site.company_id)
        assert company is not None
        wanted = preferences.change(preferences.load(company.settings), values)
        companies.save_settings(db, company.id, preferences.dump(wanted))


def texts(page: requests.Response) -> str:
    """-> what the page says, as one line."""
    return said_by(page.text)


def said_by(text: str) -> str:
    within = re.sub(r"</?(a|b|q|small|span|strong)\b[^>]*>", "", text)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", within)).split())
