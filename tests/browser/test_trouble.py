"""Each thing that can go wrong, as a person meets it: what the page says, in their language, and what mends it."""

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import text, update

from qbwc_service.db import companies
from qbwc_service.simulator import Company, WebConnector
from qbxml.status import status
from tests.browser.chromium import window
from tests.browser.office import (
    add_orders,
    choose,
    connector_of,
    enter,
    expect_state,
    queue,
    send,
    sign_in_by_form,
    words,
)
from tests.orders import make_order
from tests.web.site import Site, served

LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("trouble")) as running:
        usual = [make_order(str(number)) for number in range(4001, 4015)]
        namesakes = [make_order(f"44{tag}", customer={"id": f"N-{tag}", "name": f"Twin {tag}"}) for tag in ("en", "es")]
        add_orders(running, [*usual, *namesakes])
        yield running


@pytest.fixture(scope="module")
def connector(site: Site) -> WebConnector:
    return connector_of(site)


def number(first: int, language: str) -> str:
    """-> an order that no other test takes."""
    return str(first + ["en", "es"].index(language))


def open_order(page: Page, site: Site, order: str) -> None:
    enter(page, site)
    page.goto(f"{site.url}{site.base}/orders/{order}")


def invoices(site: Site, order: str) -> int:
    held = site.books.transactions()
    return len([one for one in held if one["kind"] == "Invoice" and one["ref_number"] == order])


@LANGUAGES
def test_a_refused_document_says_what_it_means_and_retry_mends_it(
    chromium: Browser, site: Site, connector: WebConnector, language: str
) -> None:
    say, order = words(language), number(4001, language)
    site.books.faults.refuse_next("InvoiceAdd", 3140, "There is an invalid reference to QuickBooks Account 'Sales'")
    queue(site, order)
    connector.poll()
    with window(chromium, language) as page:
        open_order(page, site, order)
        expect_state(page, say("Needs a person"))
        why = page.locator("#progress .bad")
        book = status(3140, "invalid reference to QuickBooks Account 'Sales'", "Error", kept=False)
        expect(why).to_contain_text(say(book.meaning))
        expect(why).to_contain_text(say(book.who))
        expect(why).to_contain_text("invalid reference to QuickBooks Account 'Sales'")
        page.get_by_role("button", name=f"{say('Retry')} {say('Invoice')} {order}").click()
        expect_state(page, say("Waiting"))
        connector.poll()
        expect_state(page, say("In QuickBooks"))
    assert invoices(site, order) == 1


def test_failures_of_one_cause_are_tried_again_together(chromium: Browser, site: Site, connector: WebConnector) -> None:
    site.books.faults.refuse_next("InvoiceAdd", 3210, "The memo is not good.", times=2)
    for order in ("4003", "4004"):
        queue(site, order)
    connector.poll()
    with window(chromium, "es") as page:
        enter(page, site)
        page.goto(f"{site.url}{site.base}/activity?state=attention")
        cause = page.locator("ul.causes > li", has_text="The memo is not good.")
        cause.get_by_role("button").click()
        expect(page.locator("p.said")).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("The memo is not good.")
        connector.poll()
    assert [invoices(site, order) for order in ("4003", "4004")] == [1, 1]


def test_what_left_and_was_not_answered_is_in_doubt_until_quickbooks_was_asked(
    chromium: Browser, site: Site, connector: WebConnector
) -> None:
    say = words("es")
    queue(site, "4005")
    connector.faults.lose_next_answer()
    connector.poll()
    connector.faults.switch_off_before("sendRequestXML")
    connector.poll()
    with window(chromium, "es") as page:
        open_order(page, site, "4005")
        row = page.locator("#progress tr", has_text=f"{say('Invoice')} 4005")
        expect(row).to_contain_text(say("Outcome unknown, being checked"))
        expect(row.get_by_role("button")).to_have_count(0)  # nothing is sent again on a guess
        connector.poll()
        expect_state(page, say("In QuickBooks"))
    assert invoices(site, "4005") == 1


def test_another_company_file_is_told_and_nothing_goes_into_it(
    chromium: Browser, site: Site, connector: WebConnector
) -> None:
    say = words("es")
    queue(site, "4006")
    other = Company.new(name="Somebody else")
    other.stamp(site.added["owner_id"], "{11111111-2222-3333-4444-555555555555}")
    connector.faults.open_company(other)
    connector.poll()
    sentence = (
        "QuickBooks has another company file open than the one of %(name)s. Nothing was sent. Open the right one in "
        "QuickBooks, and run the update again."
    )
    with window(chromium, "es") as page:
        for path in ("/companies", f"{site.base}/details", f"{site.base}/setup"):
            enter(page, site)
            page.goto(site.url + path)
            expect(page.locator("main")).to_contain_text(say(sentence, name="ABC Promotions"))
        connector.poll()
        page.reload()
        expect(page.locator("main")).not_to_contain_text(say(sentence, name="ABC Promotions"))
    assert other.customers == []
    assert invoices(site, "4006") == 1


def test_a_web_connector_that_fell_silent_is_late(chromium: Browser, site: Site) -> None:
    say = words("es")
    added = site.qbwc.here.data("company", "add", "Quiet Company")
    WebConnector.from_qwc(site.qbwc.here.ok("qwc", "Quiet Company"), added["password"], Company.new()).poll()
    with site.engine.begin() as db:
        db.execute(
            update(companies.connections)
            .where(companies.connections.c.company_id == added["id"])
            .values(called_at=dt.datetime.now(dt.UTC) - dt.timedelta(hours=2))
        )
    with window(chromium, "es") as page:
        enter(page, site)
        page.goto(f"{site.url}/companies")
        expect(page.get_by_role("article", name="Quiet Company")).to_contain_text(say("Late"))
        page.goto(f"{site.url}/companies/{added['id']}/activity")
        expect(page.locator("main")).to_contain_text(say("as soon as the Web Connector calls again"))


@LANGUAGES
def test_a_name_that_quickbooks_has_for_something_else_is_replaced_by_the_one_suggested(
    chromium: Browser, site: Site, connector: WebConnector, language: str
) -> None:
    say, order, name = words(language), f"44{language}", f"Twin {language}"
    site.books.make("Vendor", name)
    queue(site, order)
    connector.poll()
    with window(chromium, language) as page:
        open_order(page, site, order)
        expect_state(page, say("Needs a person"))
        page.locator("#progress").get_by_role("link", name=f"{say('Customer')} {name}").first.click()
        suggested = page.get_by_label(say("Its name in QuickBooks")).input_value()
        assert suggested.startswith(name)
        assert suggested != name
        page.get_by_role("button", name=say("Name it so, and retry")).click()
        connector.poll()
        page.goto(f"{site.url}{site.base}/orders/{order}")
        expect_state(page, say("In QuickBooks"))
    assert suggested in [held.full_name for held in site.books.customers]
    assert invoices(site, order) == 1


def test_settings_that_two_people_change_are_nobodys_loss(chromium: Browser, site: Site) -> None:
    say = words("en")
    with window(chromium) as first, window(chromium, refusals=[409]) as second:
        for page in (first, second):
            enter(page, site)
            page.goto(f"{site.url}{site.base}/details")
        first.check("#field-billable")
        first.get_by_role("button", name=say("Save"), exact=True).click()
        expect(first.locator("p.said")).to_have_text(say("Saved."))
        second.check("#field-link_bills")
        second.get_by_role("button", name=say("Save"), exact=True).click()
        expect(second.get_by_role("alert")).to_contain_text(say("These settings were changed meanwhile."))
        expect(second.get_by_role("alert")).to_be_focused()
        expect(second.locator("#field-link_bills")).to_be_checked()
        second.get_by_role("button", name=say("Save"), exact=True).click()
        expect(second.locator("p.said")).to_have_text(say("Saved."))


def test_an_order_that_was_replaced_meanwhile_is_not_sent_unseen(chromium: Browser, site: Site) -> None:
    say = words("en")
    with window(chromium, refusals=[422]) as page:
        enter(page, site)
        page.goto(f"{site.url}{site.base}/orders/4007/send")
        add_orders(site, [make_order("4007", discount={"amount": "30.00"})])
        send(page, say)
        expect(page.get_by_role("alert")).to_contain_text("The order was replaced while this window was open.")
        expect(page.locator("#preview .sum")).to_contain_text("200.00")
        send(page, say)
        expect_state(page, say("Waiting"))


@LANGUAGES
def test_a_session_that_ended_keeps_what_was_chosen(chromium: Browser, site: Site, language: str) -> None:
    say, order = words(language), number(4008, language)
    with window(chromium, language, refusals=[401]) as page:
        enter(page, site)
        page.goto(f"{site.url}{site.base}/orders/{order}/send")
        choose(page, "purchase_order-0")
        page.context.clear_cookies()
        send(page, say)
        expect(page.locator("main")).to_contain_text(
            say("You were signed out meanwhile. Nothing that you typed is lost: sign in, and go on.")
        )
        sign_in_by_form(page)
        page.get_by_role("button", name=say("Do it now")).click()
        expect_state(page, say("Waiting"))
        expect(page.locator("#progress")).to_contain_text(f"{say('Purchase order')} {order}-1")


def test_a_session_that_ended_while_the_preview_was_asked_for_leads_to_the_door(chromium: Browser, site: Site) -> None:
    with window(chromium, refusals=[401]) as page:
        enter(page, site)
        page.goto(f"{site.url}{site.base}/orders/4010/send")
        page.context.clear_cookies()
        page.click("#field-bill-0")
        sign_in_by_form(page)
        page.get_by_role("button", name="Do it now").click()
        expect(page.locator("#field-bill-0")).to_be_checked()
        expect(page.locator("#preview")).to_contain_text("Bill INV-4010")


def test_a_page_that_follows_by_itself_leads_to_the_door_once_its_session_ended(chromium: Browser, site: Site) -> None:
    queue(site, "4011")
    with window(chromium, refusals=[401]) as page:
        open_order(page, site, "4011")
        page.context.clear_cookies()
        sign_in_by_form(page)
        expect(page).to_have_url(f"{site.url}{site.base}/orders/4011")
        expect_state(page, "Waiting")


def test_without_its_database_the_service_says_so_and_comes_back(chromium: Browser, site: Site) -> None:
    say = words("es")
    with window(chromium, "es", refusals=[503]) as page:
        enter(page, site)
        with site.engine.begin() as db:
            db.execute(text("ALTER TABLE web_sessions RENAME TO elsewhere"))
        try:
            answer = page.goto(f"{site.url}/companies")
            assert answer is not None
            assert answer.status == 503
            expect(page.get_by_role("heading", level=1)).to_have_text(say("The database does not answer"))
        finally:
            with site.engine.begin() as db:
                db.execute(text("ALTER TABLE elsewhere RENAME TO web_sessions"))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text(say("Integrations"))
