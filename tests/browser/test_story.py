"""The whole story as a new admin lives it: from the one-time link to an invoice in QuickBooks, in both languages."""

import json
import pathlib
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from qbwc_service.simulator import Company, WebConnector
from tests.browser.chromium import window
from tests.browser.office import Say, choose, expect_state, send, sign_in_by_form, words
from tests.orders import make_order
from tests.service import Qbwc
from tests.web.site import PASSWORD, Site, served

MAIL = "nina@example.com"
# What the manual's customers read, written down once here: a catalog in which these differ is another product's.
LABELS = {
    "en": ("Send to QuickBooks", "Create New Customer", "Send Invoice", "Accounts Receivable", "Income Account"),
    "es": ("Enviar a QuickBooks", "Crear nuevo cliente", "Enviar factura", "Cuentas por cobrar", "Cuenta de ingresos"),
}
DUE = {"en": "118.50", "es": "118.50"}


@pytest.fixture
def qbwc(tmp_path: pathlib.Path) -> Iterator[Qbwc]:
    made = Qbwc(tmp_path)
    made.ok("init")
    with made.serving():
        yield made


@pytest.mark.parametrize("language", ["en", "es"])
def test_from_the_one_time_link_to_an_invoice_in_quickbooks(chromium: Browser, qbwc: Qbwc, language: str) -> None:
    say = words(language)
    books = Company.new(name="ABC Promotions")
    with window(chromium, language, refusals=[410, 422]) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        make_the_first_account(page, qbwc.data("init")["first_admin"], language)
        install(page, say)
        connector = connect(page, say, books)
        order = open_window_of_new_order(page, qbwc, say)
        send_it(page, say, language)
        expect_state(page, say("Waiting"))

        page.evaluate("window.stayed = true")
        connector.poll()
        expect_state(page, say("In QuickBooks"))
        assert page.evaluate("window.stayed")
        (invoice,) = [held for held in books.transactions() if held["kind"] == "Invoice"]
        assert (invoice["ref_number"], invoice["total"], invoice["balance"]) == (order, "218.50", "118.50")
        expect(page.locator("#progress table")).to_contain_text(str(invoice["txn_id"]))
        assert {held["kind"] for held in books.transactions()} == {"Invoice", "ReceivePayment", "Bill"}

        page.goto(f"{qbwc.url}/companies/1/setup")
        expect(page.locator("#live")).to_contain_text(
            say("Order %(number)s is in QuickBooks. All is set up.", number=order)
        )
        assert page.locator("ol.steps > li.open").count() == 0


def make_the_first_account(page: Page, link: str, language: str) -> None:
    say = words(language)
    page.goto(link)
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.get_by_label(say("E-mail address")).fill(MAIL)
    page.get_by_label(say("Your name")).fill("Nina Nueva")
    page.get_by_label(say("Password"), exact=True).fill("short")
    page.get_by_label(say("The same password again")).fill("short")
    page.get_by_role("button", name=say("Go on")).click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label(say("Your name"))).to_have_value("Nina Nueva")
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    page.get_by_label(say("The same password again")).fill(PASSWORD)
    page.get_by_role("button", name=say("Go on")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(say("Integrations"))
    again = page.goto(link)
    assert again is not None
    assert again.status == 410


def install(page: Page, say: Say) -> None:
    page.goto(page.url.split("/welcome")[0])
    page.get_by_role("link", name=say("Integrations")).click()
    nothing = "Nothing is connected yet. Install an integration for each company file whose orders go to QuickBooks."
    expect(page.locator("main")).to_contain_text(say(nothing))
    page.get_by_label(say("Name of the company")).fill("ABC Promotions")
    page.get_by_role("button", name=say("Install")).click()
    expect(page.locator("#live")).to_contain_text(say("Never called yet. Waiting…"))
    assert page.locator("ol.steps > li.done").count() == 1


def connect(page: Page, say: Say, books: Company) -> WebConnector:
    """The file is downloaded, the password copied; the first call comes with a wrong one, the second with the right."""
    with page.expect_download() as download:
        page.get_by_role("button", name=say("Download"), exact=True).click()
    assert download.value.suggested_filename == "ABC Promotions.qwc"
    file = pathlib.Path(download.value.path()).read_text()

    page.get_by_role("button", name=say("Show")).click()
    page.locator("#copy-password").click()
    expect(page.locator("#copy-password")).to_have_text(say("Copied"))
    password = page.evaluate("navigator.clipboard.readText()")
    assert password == page.locator("#password").inner_text()
    assert password not in file

    page.evaluate("window.stayed = true")
    connector = WebConnector.from_qwc(file, password, books)
    connector.faults.wrong_password()
    connector.poll()
    expect(page.locator("#live .bad")).to_be_visible()
    expect(page.locator("#password")).to_have_text(password)  # what was shown is not taken away by what is new

    connector.poll()
    expect(page.locator("#live .said")).to_contain_text(say("Connected: company %(name)s.", name=books.name))
    expect(page.locator("#live .said")).to_contain_text(say("The lists are read. Now send an order."))
    expect(page.locator("#steps")).to_contain_text(f"{say('accounts')} {len(books.accounts)}")
    assert page.locator("ol.steps > li.open").count() == 1
    assert page.evaluate("window.stayed")  # all of it came without the page being loaded anew
    return connector


def open_window_of_new_order(page: Page, qbwc: Qbwc, say: Say) -> str:
    qbwc.ok("order", "add", "1", "-", stdin=json.dumps(make_order("1001")))
    page.locator("#steps").get_by_role("link", name=say("Orders")).click()
    page.get_by_role("button", name=say("Send order %(number)s to QuickBooks", number="1001")).click()
    return "1001"


def send_it(page: Page, say: Say, language: str) -> None:
    for label in LABELS[language]:
        expect(page.locator("main")).to_contain_text(label)
    preview = page.locator("#preview .sum")
    expect(preview).to_contain_text(DUE[language])
    before = preview.inner_text()
    choose(page, "bill-0")
    expect(preview).not_to_have_text(before)
    expect(page.locator("#preview")).to_contain_text(f"{say('Bill')} INV-1001")
    expect(preview).to_contain_text(DUE[language])
    send(page, say)
    expect(page.locator("p.said")).to_be_visible()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("plain")) as running:
        yield running


def test_without_javascript_an_order_is_sent_all_the_same(chromium: Browser, site: Site) -> None:
    site.add_order("2001")
    say = words("es")
    with window(chromium, "es", javascript=False, refusals=[401]) as page:
        page.goto(f"{site.url}{site.base}/orders")
        sign_in_by_form(page)
        page.get_by_role("button", name=say("Send order %(number)s to QuickBooks", number="2001")).click()
        page.check("#field-purchase_order-0")
        page.get_by_role("button", name=say("Preview")).click()
        expect(page.locator("#preview")).to_contain_text(f"{say('Purchase order')} 2001-1")
        expect(page.locator("#field-purchase_order-0")).to_be_checked()
        send(page, say)
        expect_state(page, say("Waiting"))
        site.poll()
        page.reload()
        expect_state(page, say("In QuickBooks"))
    kinds = [held["kind"] for held in site.books.transactions()]
    assert sorted(map(str, kinds)) == ["Invoice", "PurchaseOrder", "ReceivePayment"]


def test_the_language_is_chosen_on_any_page_and_stays(chromium: Browser, site: Site) -> None:
    with window(chromium) as page:
        page.goto(f"{site.url}/help/sending")
        page.get_by_role("button", name="Español").click()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        assert re.search(r"/help/sending$", page.url)
        page.goto(f"{site.url}/sign-in")
        expect(page.get_by_role("heading", level=1)).to_have_text(words("es")("Sign in"))
