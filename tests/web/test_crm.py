"""Our customers' pages, and linking them to QuickBooks' customers (product.md M18)."""

import pytest
from lxml import html as markup

from qbwc_service.db import audit
from qbwc_service.db import lists as list_table
from qbwc_service.db.lists import List
from tests.web.forms import press, put_order, settings, texts, window
from tests.web.site import Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory):
    with served(tmp_path_factory.mktemp("crm"), lists=False) as running:
        for name in ("Acme Mugs", "Acme Pens", "Zenith", "<img src=x onerror=alert(1)>"):
            running.books.make("Customer", name)
        running.books.set_active(running.books.make("Customer", "Acme Old"), False)
        running.poll()
        yield running


def list_id(site, name):
    with site.engine.connect() as db:
        return list_table.by_keys(db, site.company_id, List.CUSTOMER, [name])[name.lower()].list_id


def link_of(site, customer_id):
    with site.engine.connect() as db:
        found = list_table.links_of(db, site.company_id, [f"customer:{customer_id}"])
    return [link.name for link in found.values()]


def customer(site, customer_id, name):
    """-> the path of a customer's page, with an order of its."""
    put_order(site, f"of {customer_id}", customer={"id": customer_id, "name": name})
    return f"{site.base}/crm/{customer_id}"


def test_the_list_tells_who_is_linked_and_is_searched_and_filtered(site: Site) -> None:
    customer(site, "L1", "Listed Zenith")
    customer(site, "L2", "zenith")
    listed = texts(site.clerk.get(f"{site.base}/crm?search=zenith"))
    assert "Listed Zenith L1 Not linked" in listed
    assert "zenith L2 A customer of this name is in QuickBooks" in listed
    suggested = texts(site.clerk.get(f"{site.base}/crm?linked=suggested"))
    assert "zenith L2" in suggested
    assert "Listed Zenith" not in suggested
    assert "No customer is like that." in site.clerk.get(f"{site.base}/crm?search=nobody").text
    assert site.clerk.get(f"{site.base}/crm?linked=nonsense&key=x&record=y").status_code == 200


def test_the_list_is_turned_page_by_page(site: Site) -> None:
    for number in range(52):
        customer(site, f"T{number:02}", f"Turned {number:02}")
    first = site.clerk.get(f"{site.base}/crm?search=turned")
    (link,) = markup.fromstring(first.text).xpath("//a[@rel='next']/@href")
    second = markup.fromstring(site.clerk.get(f"{site.base}/crm{link}").text)
    assert second.xpath("//tbody//th//text()") == ["Turned 50", "Turned 51"]


def test_a_customer_is_linked_changed_and_unlinked(site: Site) -> None:
    path = customer(site, "C1", "First")
    found = site.clerk.get(f"{path}?find=acme")
    assert "Link Acme Mugs" in texts(found)
    assert "Acme Old" not in found.text
    linked = site.clerk.post(f"{path}/link", {"list_id": list_id(site, "Acme Mugs"), "find": "acme"})
    assert "First is Acme Mugs in QuickBooks from now on." in texts(linked)
    site.clerk.post(f"{path}/link", {"list_id": list_id(site, "Acme Pens")})
    assert link_of(site, "C1") == ["Acme Pens"]
    unlinked = site.clerk.post(f"{path}/unlink")
    assert "First is linked to no QuickBooks customer any more." in texts(unlinked)
    assert link_of(site, "C1") == []
    with site.engine.connect() as db:
        trail = [(row.act, row.about, row.detail) for row in audit.listed(db, company_id=site.company_id, limit=3)]
    assert trail == [
        ("customer.unlinked", "customer:C1", "Acme Pens"),
        ("customer.linked", "customer:C1", "Acme Pens"),
        ("customer.linked", "customer:C1", "Acme Mugs"),
    ]


def test_a_customer_of_the_same_name_is_offered_at_once(site: Site) -> None:
    path = customer(site, "C2", "ACME pens")
    assert "QuickBooks has this name: Acme Pens Link Acme Pens" in texts(site.clerk.get(path))


def test_while_one_types_only_what_is_found_comes(site: Site) -> None:
    path = customer(site, "C3", "Third")
    part = site.clerk.get(f"{path}?find=acme", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Link Acme Mugs" in texts(part)


def test_the_link_decides_where_the_next_invoice_goes(site: Site) -> None:
    path = customer(site, "C4", "Fourth")
    site.clerk.post(f"{path}/link", {"list_id": list_id(site, "Zenith")})
    press(site, site.clerk, "of C4", "send", window(site, site.clerk, "of~20C4"))
    site.poll()
    assert [one["entity"] for one in site.books.transactions() if one["ref_number"] == "of C4"].count("Zenith") == 1
    page = site.clerk.get(path)
    assert "of C4 In QuickBooks" in texts(page)


def test_a_link_that_documents_need_is_not_taken_away(site: Site) -> None:
    path = customer(site, "C5", "Fifth")
    site.clerk.post(f"{path}/link", {"list_id": list_id(site, "Zenith")})
    press(site, site.clerk, "of~20C5", "send", window(site, site.clerk, "of~20C5"))
    refused = site.clerk.post(f"{path}/unlink")
    assert refused.status_code == 422
    assert "The link cannot be taken away" in refused.text
    site.poll()
    assert site.clerk.post(f"{path}/unlink").status_code == 200
    assert link_of(site, "C5") == []


def test_a_customer_that_was_created_from_here_is_not_unlinked(site: Site) -> None:
    path = customer(site, "C6", "Sixth")
    press(site, site.clerk, "of~20C6", "send", window(site, site.clerk, "of~20C6"))
    site.poll()
    page = site.clerk.get(path)
    assert "the link can be changed but not taken away" in texts(page)
    assert "inactive in QuickBooks, or gone" not in page.text
    assert site.clerk.post(f"{path}/unlink").status_code == 422
    assert link_of(site, "C6") == ["Sixth"]


def test_a_record_that_is_gone_is_not_linked(site: Site) -> None:
    path = customer(site, "C7", "Seventh")
    page = site.clerk.post(f"{path}/link", {"list_id": "80000FFF-1", "find": "acme"})
    assert page.status_code == 422
    assert "does not hold this record any more" in page.text
    assert 'value="acme"' in page.text


def test_who_may_not_send_invoices_may_not_link(site: Site) -> None:
    path = customer(site, "C8", "Eighth")
    settings(site, allow_invoices="no")
    try:
        assert "Who may send invoices may link customers" in site.clerk.get(path).text
        assert site.clerk.post(f"{path}/link", {"list_id": list_id(site, "Zenith")}).status_code == 403
        assert site.clerk.post(f"{path}/unlink").status_code == 403
        assert link_of(site, "C8") == []
        assert site.admin.get(path).text.count("/link") == 1
    finally:
        settings(site, allow_invoices="yes")


def test_nobody_of_that_id_is_not_found(site: Site) -> None:
    assert site.clerk.get(f"{site.base}/crm/nobody").status_code == 404
    assert site.clerk.post(f"{site.base}/crm/nobody/link", {"list_id": "1"}).status_code == 404


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'"])
def test_hostile_names_are_shown_as_text(site: Site, hostile: str) -> None:
    put_order(site, f"H {hostile}", customer={"id": hostile, "name": hostile})
    listed = markup.fromstring(site.clerk.get(f"{site.base}/crm", params={"search": hostile}).text)
    (path,) = [link.get("href") for link in listed.iterfind(".//tbody//th/a")]
    for page in (site.clerk.get(path), site.clerk.get(path, params={"find": "<img"})):
        tree = markup.fromstring(page.text)
        assert hostile in tree.text_content()
        assert tree.xpath("//img | //script[not(@src)] | //@*[starts-with(name(), 'on')]") == []
    assert "<img src=x onerror=alert(1)>" in tree.text_content()
