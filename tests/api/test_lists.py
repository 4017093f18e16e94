"""QuickBooks' lists and the links to them, through the API; on both databases, since names are compared there."""

from urllib.parse import quote

import pytest

from qbwc_service.db import webhooks as webhook_table
from qbwc_service.db.lists import WORDS
from qbwc_service.people import Right
from tests.orders import make_order

from .service import on_sqlite, serving


@pytest.fixture
def both(engine):
    with serving(engine) as served:
        yield served


def pages(api, path, key):
    """-> all rows of the pages that follow each other, two a page."""
    after, found = "", []
    while True:
        page = api.get(f"{path}{'&' if '?' in path else '?'}limit=2{after}")
        found += page[key]
        if page["next"] is None:
            return found
        assert len(page[key]) == 2
        after = f"&after={page['next']}"


def test_a_list_is_told_by_name_in_pages_that_miss_nothing(both):
    names = ["ábaco", "Abc", "abc2", "ABC Inc", "Zoë", "b", "B2"]
    for name in names:
        both.world.books.make("Customer", name)
    assert both.get("/lists/customers") == {"read_at": None, "records": [], "next": None}
    both.poll()
    rows = pages(both, "/lists/customers", "records")
    assert sorted(row["name"] for row in rows) == sorted(names)
    assert len({row["list_id"] for row in rows}) == len(names)
    assert [row["name"] for row in pages(both, "/lists/customers?search=ABC", "records")] == ["Abc", "ABC Inc", "abc2"]
    accounts = both.get("/lists/accounts?search=sales")["records"]
    assert "Income" in {row["type"] for row in accounts}
    for word in WORDS:
        assert both.get(f"/lists/{word}")["read_at"] is not None


def test_customers_and_suppliers_are_told_with_what_they_are_linked_to(both):
    both.world.books.make("Customer", "Company 2")
    both.poll()
    for number in range(1, 6):
        both.add(make_order(str(number), customer={"id": f"C-{number}", "name": f"Company {number}"}))
    rows = pages(both, "/links/customers", "links")
    assert [row["id"] for row in rows] == ["C-1", "C-2", "C-3", "C-4", "C-5"]
    suggested = both.get("/links/customers?linked=suggested")["links"]
    assert [row["id"] for row in suggested] == ["C-2"]
    made = both.call("PUT", "/links/customers/C-2", {"list_id": suggested[0]["suggested"]})
    assert (made.status, made.json["linked_name"]) == (200, "Company 2")
    assert both.get("/links/customers/C-2") == made.json
    assert [row["id"] for row in both.get("/links/customers?linked=linked")["links"]] == ["C-2"]
    assert [row["name"] for row in both.get("/links/vendors?search=asi")["links"]] == ["ASI Supplier"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with on_sqlite(tmp_path_factory.mktemp("api")) as served:
        for kind, name in (("Customer", "ABC Inc"), ("Vendor", "ASI"), ("ItemNonInventory", "Mug")):
            served.world.books.make(kind, name)
        served.poll()
        yield served


def test_customers_suppliers_and_items_are_linked_by_name_or_by_list_id(shared):
    for word, id, name in (("customers", "C-1", "abc inc"), ("vendors", "S-1", "asi"), ("items", "A7102", "mug")):
        made = shared.call("PUT", f"/links/{word}/{id}", {"name": name})
        assert made.status == 200
        assert shared.get(f"/links/{word}/{id}")["list_id"] == made.json["list_id"]
        assert shared.trail()[0][1] == f"{word[:-1]}.linked"


def test_a_link_that_cannot_be_is_told_by_field(shared):
    for body, faults in (
        ({"name": "Nobody"}, {"name"}),
        ({"list_id": "80000000-1"}, {"list_id"}),
        ({}, {""}),
        ({"name": "ABC Inc", "list_id": "80000000-1"}, {""}),
        ({"name": 3, "colour": "red"}, {"name", "colour"}),
    ):
        reply = shared.call("PUT", "/links/customers/C-9", body)
        assert reply.status == 422
        assert set(reply.faults) >= faults - {""}
    assert shared.call("GET", "/links/customers/C-9").status == 404
    assert shared.call("DELETE", "/links/customers/C-9").status == 404
    assert shared.call("DELETE", "/links/vendors/S-1").status == 405


def test_a_link_is_taken_away_unless_a_document_on_its_way_names_it(shared):
    shared.call("PUT", "/links/customers/C-7", {"name": "ABC Inc"})
    shared.add(make_order("7", customer={"id": "C-7", "name": "Seven"}))
    shared.call("POST", "/orders/7/send")
    kept = shared.call("DELETE", "/links/customers/C-7")
    assert (kept.status, kept.json["type"]) == (409, "/help/api#not-now")
    shared.poll()
    gone = shared.call("DELETE", "/links/customers/C-7")
    assert (gone.status, gone.body) == (204, b"")
    assert shared.call("GET", "/links/customers/C-7").status == 404


def test_a_webhook_is_made_told_of_and_removed(shared):
    wrong = shared.call("POST", "/webhooks", {"url": "ftp://example.com"})
    assert (wrong.status, list(wrong.faults)) == (422, ["url"])
    assert set(shared.call("POST", "/webhooks", {"uri": "x"}).faults) == {"url", "uri"}
    made = shared.call("POST", "/webhooks", {"url": "https://example.com/hook"})
    assert made.status == 201
    assert made.json["secret"].startswith("whsec_")
    (listed,) = shared.get("/webhooks")["webhooks"]
    assert (listed["id"], listed["url"], listed["made_by"]) == (
        made.json["id"],
        "https://example.com/hook",
        "token shop",
    )
    assert made.json["secret"] not in str(listed)
    shared.add(make_order("8"))
    shared.call("POST", "/orders/8/send")
    shared.poll()
    told = pages(shared, "/webhooks/deliveries", "deliveries")
    assert {row["event"]["order"] for row in told} == {"8"}
    assert {row["event"]["event"] for row in told} == {"document.posted"}
    with shared.engine.begin() as db:
        given_up = {"delivered_at": None, "next_try_at": None, "status": 500, "error": "answered 500"}
        webhook_table.note_outcome(db, told[0]["id"], **given_up)
    again = shared.call("POST", f"/webhooks/deliveries/{told[0]['id']}/redeliver")
    assert (again.status, again.body) == (202, b"")
    assert shared.get("/webhooks/deliveries?limit=1")["deliveries"][0]["next_try"] is not None
    gone = shared.call("DELETE", f"/webhooks/{made.json['id']}")
    assert (gone.status, gone.body) == (204, b"")
    assert shared.get("/webhooks")["webhooks"] == []
    assert shared.call("DELETE", f"/webhooks/{made.json['id']}").status == 404
    assert shared.call("POST", f"/webhooks/deliveries/{told[0]['id']}/redeliver").status == 404


def test_what_is_as_long_as_an_order_allows_is_kept_and_listed(both):
    """PostgreSQL indexes no more than 2,704 bytes, and no line of letters from all over compresses."""
    letters = "".join(chr(0x4E00 + 7919 * index % 20000) for index in range(500))
    both.add(make_order("1001", customer={"id": letters, "name": letters[::-1]}))
    long = make_order("x", payments=None, suppliers=None, lines=[{**make_order()["lines"][0], "supplier_id": None}])
    long |= {"number": letters, "customer": {"id": letters, "name": letters[::-1]}}
    assert both.call("POST", "/orders", long).status == 201
    (listed,) = both.get("/links/customers")["links"]
    assert (listed["id"], listed["name"]) == (letters, letters[::-1])
    assert len(both.get(f"/orders?search={quote(letters[:30])}")["orders"]) == 1


def test_a_token_that_sends_nothing_decides_not_to_whom_documents_go(shared):
    looks, buys = shared.issue(rights=[]), shared.issue(rights=[Right.BILL])
    sells = shared.issue(rights=[Right.INVOICE])
    before = shared.call("PUT", "/links/customers/C-5", {"name": "ABC Inc"}).json
    for word, id in (("customers", "C-5"), ("vendors", "S-5"), ("items", "A5")):
        assert shared.call("PUT", f"/links/{word}/{id}", {"name": "Mug"}, token=looks).status == 403
    assert shared.call("DELETE", "/links/customers/C-5", token=looks).status == 403
    assert shared.call("PUT", "/links/vendors/S-5", {"name": "ASI"}, token=sells).json["rights"] == [
        "bill",
        "purchase_order",
    ]
    assert shared.call("PUT", "/links/vendors/S-5", {"name": "ASI"}, token=buys).status == 200
    assert shared.call("GET", "/links/customers/C-5", token=looks).json == before
