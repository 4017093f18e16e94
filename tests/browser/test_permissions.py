"""What somebody may is what they see, and what the server lets them: an admin ticks, and a clerk meets the outcome."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from qbwc_service.db import job_views
from qbwc_service.db.engine import reading
from tests.browser.chromium import window
from tests.browser.office import CLERK, add_orders, enter, expect_state, send, words
from tests.orders import make_order
from tests.web.site import Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("rights")) as running:
        add_orders(running, [make_order(str(number)) for number in range(3001, 3004)])
        yield running


def save_details(page: Page, site: Site, *, ticked: dict[str, bool], visible: str) -> None:
    """As an admin does it on the tab Details."""
    say = words("en")
    enter(page, site)
    page.goto(f"{site.url}{site.base}/details")
    for field, yes in ticked.items():
        page.set_checked(f"#field-{field}", yes)
    page.check(f"input[name=visible][value={visible}]")
    page.get_by_role("button", name=say("Save"), exact=True).click()
    expect(page.locator("p.said")).to_have_text(say("Saved."))


@pytest.fixture
def invoices_only(chromium: Browser, site: Site) -> None:
    with window(chromium) as page:
        save_details(
            page,
            site,
            ticked={"allow_invoices": True, "allow_bills": False, "allow_purchase_orders": False},
            visible="everyone",
        )


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.usefixtures("invoices_only")
def test_who_may_send_invoices_only_sees_no_more_and_is_told_whom_to_ask(
    chromium: Browser, site: Site, language: str
) -> None:
    say = words(language)
    with window(chromium, language) as page:
        enter(page, site, CLERK)
        page.goto(f"{site.url}{site.base}/orders/3001/send")
        expect(page.locator("#field-invoice")).to_be_checked()
        expect(page.get_by_label(say("Bill"), exact=True)).to_have_count(0)
        expect(page.get_by_label(say("Purchase Order"), exact=True)).to_have_count(0)
        warned = page.locator("main .warn", has_text=say("These people can allow you to:"))
        expect(warned).to_contain_text(say("You may not send bills."))
        expect(warned.get_by_role("link")).to_have_text("ana@example.com")
        expect(page.get_by_role("link", name=say("QuickBooks settings"))).to_have_count(0)


@pytest.mark.usefixtures("invoices_only")
def test_a_form_that_asks_for_more_than_is_allowed_is_refused_by_the_server(chromium: Browser, site: Site) -> None:
    with window(chromium, refusals=[403]) as page:
        enter(page, site, CLERK)
        page.goto(f"{site.url}{site.base}/orders/3002/send")
        page.evaluate(
            """() => {
              const box = Object.assign(document.createElement("input"), {type: "hidden", name: "bill-0", value: "on"});
              document.querySelector("form.send").append(box);
            }"""
        )
        send(page, words("en"))
        expect(page.locator("main")).to_contain_text("ana@example.com")
        expect(page.locator("main")).to_contain_text("You may not do this.")
        page.goto(f"{site.url}{site.base}/orders/3002")
        expect_state(page, "Not sent")
    with reading(site.engine) as db:
        assert job_views.with_numbers(db, site.company_id, [("Invoice", "3002")]) == []


def test_a_company_that_is_not_for_somebody_is_not_there_for_them(chromium: Browser, site: Site) -> None:
    with window(chromium) as page:
        save_details(page, site, ticked={}, visible="chosen")
    with window(chromium, refusals=[404]) as page:
        enter(page, site, CLERK)
        page.goto(f"{site.url}/companies")
        expect(page.locator("main")).not_to_contain_text("ABC Promotions")
        expect(page.get_by_role("link", name="ana@example.com")).to_be_visible()
        for path in ("/orders", "/orders/3001/send", "/crm", "/activity"):
            answer = page.goto(site.url + site.base + path)
            assert answer is not None
            assert answer.status == 404, path
            expect(page.locator("body")).not_to_contain_text("ABC Promotions")
    with window(chromium) as page:
        save_details(page, site, ticked={}, visible="everyone")


def test_what_is_for_admins_names_them(chromium: Browser, site: Site) -> None:
    say = words("es")
    with window(chromium, "es", refusals=[403]) as page:
        enter(page, site, CLERK)
        page.goto(f"{site.url}{site.base}/accounts")
        expect(page.get_by_role("heading", level=1)).to_have_text(say("This is for admins"))
        expect(page.locator("main").get_by_role("link", name="ana@example.com")).to_be_visible()
