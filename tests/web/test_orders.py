"""The orders' pages: the list, an order with what became of it, and what somebody may do about it."""

import datetime as dt

import pytest
from lxml import html as markup
from sqlalchemy import text

from qbwc_service.companies import account
from qbwc_service.db import audit, companies
from tests.web.forms import press, put_order, settings, texts, window
from tests.web.site import Site, served

NUMBERS = ["A/1", "A/send", "A/documents", "..", ".", "50%", "%2F", "a b?c#d", "~2F", "Łódź", "<b>&\"'", "//x", "7."]
CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}",
    "<a href=//evil.example>x</a>",
    "&lt;script&gt;",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("orders")) as running:
        yield running


def rows(page):
    """-> the cells of each row of the list, as texts."""
    table = markup.fromstring(page.text).find(".//table")
    return [] if table is None else [[" ".join(cell.text_content().split()) for cell in row] for row in table[1]]


def send(site, browser, number, **changes):
    return press(site, browser, number, "send", window(site, browser, number, **changes))


def test_a_company_without_orders_is_told_how_they_come_in(site: Site) -> None:
    with site.engine.begin() as db:
        company, _ = account.add(db, site.keys, "Empty", None, 5, dt.datetime.now(dt.UTC))
    page = site.admin.get(f"/companies/{company.id}/orders")
    with site.engine.begin() as db:
        companies.mark_removed(db, company.id, dt.datetime.now(dt.UTC))
    assert "No order came in yet" in page.text
    assert "qbwc order add" in page.text


def test_the_list_shows_the_newest_first_with_total_and_state(site: Site) -> None:
    put_order(site, "L-1", customer={"id": "C-1", "name": "Zebra Ltd"})
    put_order(site, "L-2", customer={"id": "C-1", "name": "Zebra Ltd"}, discount=None)
    found = rows(site.admin.get(f"{site.base}/orders?search=zebra"))
    assert [row[:4] for row in found] == [
        ["L-2", "Not sent", "Zebra Ltd", "230.00"],
        ["L-1", "Not sent", "Zebra Ltd", "218.50"],
    ]
    assert found[0][5] == "QB Send order L-2 to QuickBooks"


def test_the_total_of_an_order_from_before_totals_were_kept_is_reckoned(site: Site) -> None:
    put_order(site, "OLD-1")
    with site.engine.begin() as db:
        db.execute(text("UPDATE orders SET total = NULL WHERE number = 'OLD-1'"))
    assert rows(site.admin.get(f"{site.base}/orders?search=OLD-1"))[0][3] == "218.50"


def test_the_list_is_filtered_by_state_and_turned_page_by_page(site: Site) -> None:
    for number in range(52):
        put_order(site, f"P-{number}", customer={"id": "P", "name": "Pages"})
    first = site.admin.get(f"{site.base}/orders?search=pages&state=new")
    assert [row[0] for row in rows(first)] == [f"P-{number}" for number in range(51, 1, -1)]
    (link,) = markup.fromstring(first.text).xpath("//a[@rel='next']/@href")
    assert [row[0] for row in rows(site.admin.get(f"{site.base}/orders{link}"))] == ["P-1", "P-0"]
    assert rows(site.admin.get(f"{site.base}/orders?search=pages&state=posted")) == []
    assert "No order is like that." in site.admin.get(f"{site.base}/orders?search=pages&state=posted").text


@pytest.mark.parametrize(
    "query", ["before=x", "before=9999999999999999999999", "state=nonsense", "before=-1", "search=%EF%BF%BF"]
)
def test_a_query_that_nobody_would_write_fails_nothing(site: Site, query: str) -> None:
    assert site.admin.get(f"{site.base}/orders?{query}").status_code == 200


@pytest.mark.parametrize("number", NUMBERS)
def test_an_order_has_its_pages_whatever_its_number_is(site: Site, number: str) -> None:
    put_order(site, number, customer={"id": number, "name": "Any"}, memo="Found")
    listed = markup.fromstring(site.admin.get(f"{site.base}/orders", params={"search": number}).text)
    links = {cell.text_content().strip(): cell.get("href") for cell in listed.iterfind(".//tbody//th/a")}
    page = site.admin.get(links[number])
    assert markup.fromstring(page.text).find(".//h1").text_content() == f"Order {number}"
    assert page.url == site.url + links[number]
    window_ = site.admin.get(links[number] + "/send")
    assert "What QuickBooks will hold" in window_.text
    (customer,) = markup.fromstring(page.text).xpath("//dl//a/@href")
    assert "Any" in markup.fromstring(site.admin.get(customer).text).find(".//h1").text_content()


def test_an_order_that_is_not_there_is_not_found(site: Site) -> None:
    assert site.admin.get(f"{site.base}/orders/nowhere").status_code == 404
    assert site.admin.get(f"{site.base}/orders/nowhere/send").status_code == 404


def test_the_page_shows_each_document_arrive_with_quickbooks_number(site: Site) -> None:
    put_order(site, "D-1")
    queued = send(site, site.admin, "D-1")
    assert "Queued: 6 documents. QuickBooks gets them at the next poll" in texts(queued)
    assert 'hx-trigger="every 5s"' in queued.text
    (live,) = markup.fromstring(queued.text).xpath("//section[@id='progress']/@hx-get")
    assert site.admin.get(live).status_code == 204
    site.poll()
    part = site.admin.get(live)
    assert "<html" not in part.text
    assert "every 5s" not in part.text
    said = texts(part)
    invoice = site.books.invoices[-1]
    assert f"Invoice D-1 In QuickBooks 218.50 ABC Company {invoice.id}" in said
    assert "all of it is there" in said


def test_what_quickbooks_refused_is_explained_and_tried_again(site: Site) -> None:
    site.poll()  # what the other tests sent
    put_order(site, "R-1", customer={"id": "R", "name": "Refused Inc"})
    send(site, site.clerk, "R-1")
    site.books.faults.refuse_next("InvoiceAdd", 3161)
    site.poll()
    page = site.clerk.get(f"{site.base}/orders/R-1")
    assert "The document's date lies in a period that is closed in QuickBooks." in texts(page)
    assert "the QuickBooks administrator" in page.text
    site.add_user("eva@example.com", "Eva Encargada")
    eva = site.browser("eva@example.com")
    eva.post("/language", {"language": "es"})
    spanish = texts(eva.get(f"{site.base}/orders/R-1"))
    assert "La fecha del documento cae en un período" in spanish
    assert "el administrador de QuickBooks" in spanish
    (job,) = markup.fromstring(page.text).xpath("//form[contains(@action, '/retry')]//button/@value")
    again = site.clerk.post(f"{site.base}/orders/R-1/retry", {"job": job})
    assert "It is tried again at the next poll" in texts(again)
    site.poll()
    assert "all of it is there" in texts(site.clerk.get(f"{site.base}/orders/R-1"))


def test_a_document_is_cancelled_with_what_cannot_be_without_it(site: Site) -> None:
    put_order(site, "X-1")
    page = send(site, site.clerk, "X-1")
    job = markup.fromstring(page.text).xpath("//form[contains(@action, '/cancel')]//button/@value")[0]
    cancelled = site.clerk.post(f"{site.base}/orders/X-1/cancel", {"job": job})
    assert "2 documents are cancelled" in texts(cancelled)
    with site.engine.connect() as db:
        trail = [(row.who, row.act) for row in audit.listed(db, company_id=site.company_id, limit=3)]
    assert trail[:2] == [("carl@example.com", "job.cancelled")] * 2
    assert trail[2] == ("carl@example.com", "order.sent")


def test_a_button_acts_only_on_documents_of_its_order(site: Site) -> None:
    put_order(site, "Y-1", payments=[])
    put_order(site, "Y-2", payments=[], customer={"id": "Y", "name": "Other"})
    page = send(site, site.clerk, "Y-1")
    job = markup.fromstring(page.text).xpath("//form[contains(@action, '/cancel')]//button/@value")[0]
    for value in (job, "", "x", "9" * 40):
        assert site.clerk.post(f"{site.base}/orders/Y-2/cancel", {"job": value}).status_code == 404


def test_who_may_not_send_a_kind_of_document_may_not_cancel_one(site: Site) -> None:
    put_order(site, "Z-1", payments=[])
    page = send(site, site.admin, "Z-1")
    (job,) = markup.fromstring(page.text).xpath("//form[contains(@action, '/cancel')]//button/@value")
    settings(site, allow_invoices="no")
    try:
        seen = site.clerk.get(f"{site.base}/orders/Z-1")
        assert f'value="{job}"' not in seen.text
        refused = site.clerk.post(f"{site.base}/orders/Z-1/cancel", {"job": job})
        assert refused.status_code == 403
        assert "Ana Admin" in refused.text
    finally:
        settings(site, allow_invoices="yes")


@pytest.mark.parametrize("hostile", CORPUS)
def test_hostile_names_are_shown_as_text(site: Site, hostile: str) -> None:
    supplier = {"id": hostile, "name": hostile}
    line = {"product_number": hostile, "quantity": "1", "rate": "1", "supplier_id": hostile, "cost": "1"}
    put_order(
        site,
        hostile,
        customer={"id": hostile, "name": hostile},
        lines=[line],
        suppliers=[supplier],
        discount=None,
        memo=hostile,
    )
    listed = markup.fromstring(site.admin.get(f"{site.base}/orders", params={"search": hostile}).text)
    (path,) = [link.get("href") for link in listed.iterfind(".//tbody//th/a")]
    for page in (site.admin.get(path), site.admin.get(path + "/send")):
        tree = markup.fromstring(page.text)
        assert tree.xpath("//svg | //img | //script[not(@src)] | //a[starts-with(@href, '//')]") == []
        assert tree.xpath("//@*[starts-with(name(), 'on')]") == []
        assert tree.xpath("//@href[starts-with(., 'javascript')]") == []
        assert hostile in tree.text_content()
