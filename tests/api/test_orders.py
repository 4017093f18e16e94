"""Orders through the API: handed over once, sent once, and told of with QuickBooks' own numbers."""

import http.client

from qbwc_service.companies import preferences
from qbwc_service.db import companies
from qbwc_service.people import Right
from tests.orders import make_order


def prefer(api, **changes):
    with api.engine.begin() as db:
        wanted = preferences.change(preferences.Preferences(), changes)
        companies.save_settings(db, api.world.company.id, preferences.dump(wanted))


def test_an_order_that_is_put_and_sent_stands_in_quickbooks_and_its_numbers_are_told(api):
    put = api.call("PUT", "/orders/1001", make_order())
    assert (put.status, put.json) == (201, {"number": "1001", "state": "new", "stored": "new"})
    assert put.headers["location"] == "/api/v1/orders/1001"
    sent = api.call("POST", "/orders/1001/send", {"bill": True})
    assert (sent.status, sent.json["state"]) == (202, "waiting")
    assert sent.json["added"] == 8
    api.poll()
    shown = api.get("/orders/1001")
    assert shown["state"] == "posted"
    assert shown["order"]["customer"]["name"] == "ABC Company"
    (invoice,) = api.world.books.invoices
    documents = {document["kind"]: document for document in shown["documents"]}
    assert documents["Invoice"]["txn_id"] == invoice.txn_id
    assert documents["Invoice"]["ref_number"] == "1001"
    assert documents["Invoice"]["total"] == "218.50"
    assert documents["Customer"]["list_id"] == api.world.books.customers[0].list_id
    assert str(invoice.balance) == "118.50"


def test_the_same_order_again_changes_nothing_and_another_replaces_it_until_it_is_sent(api):
    api.add(make_order())
    again = api.call("PUT", "/orders/1001", make_order())
    assert (again.status, again.json["stored"]) == (200, "same")
    other = api.call("PUT", "/orders/1001", make_order(memo="Ring twice"))
    assert (other.status, other.json["stored"]) == (200, "replaced")
    assert api.get("/orders/1001")["order"]["memo"] == "Ring twice"
    api.call("POST", "/orders/1001/send")
    late = api.call("PUT", "/orders/1001", make_order(memo="Knock"))
    assert late.status == 409
    assert late.json["type"] == "/help/api#order-sent"
    assert late.faults == {"memo": 'was "Ring twice", now "Knock"'}
    assert api.call("PUT", "/orders/1001", make_order(memo="Ring twice")).status == 200


def test_all_faults_of_an_order_are_told_at_once_by_path(api):
    order = make_order(completed_at="yesterday", colour="red")
    order["lines"][0]["rate"] = 2.3
    order["lines"].append({"quantity": "1", "rate": "1.00", "product_name": "Cup", "supplier_id": "S-9"})
    reply = api.call("PUT", "/orders/1001", order)
    assert reply.status == 422
    assert set(reply.faults) == {"completed_at", "colour", "lines[0].rate", "lines[1].supplier_id"}
    assert api.call("GET", "/orders/1001").status == 404


def test_the_number_in_the_address_is_that_in_the_order(api):
    reply = api.call("PUT", "/orders/1002", make_order())
    assert reply.status == 422
    assert list(reply.faults) == ["number"]


def test_a_number_may_hold_a_slash(api):
    assert api.call("PUT", "/orders/2026%2F7", make_order("2026/7")).status == 201
    assert api.get("/orders/2026%2F7")["number"] == "2026/7"
    assert api.call("POST", "/orders/2026%2F7/send").status == 202


def test_of_several_orders_all_are_stored_or_none(api):
    orders = [make_order("1"), make_order("2", customer={"id": "C-1"}), make_order("1")]
    reply = api.call("POST", "/orders", orders)
    assert reply.status == 422
    assert set(reply.faults) == {"[1].customer.name", "[2].number"}
    assert api.get("/orders")["orders"] == []
    reply = api.call("POST", "/orders?send=true", [make_order("1"), make_order("2")])
    assert reply.status == 201
    assert [(row["number"], row["state"], row["stored"]) for row in reply.json["orders"]] == [
        ("1", "waiting", "new"),
        ("2", "waiting", "new"),
    ]
    again = api.call("POST", "/orders?send=true", make_order("1"))
    assert again.status == 200
    assert again.json["orders"] == [{"number": "1", "state": "waiting", "stored": "same", "added": 0}]


def test_orders_of_which_one_cannot_be_sent_are_not_stored(api):
    clash = make_order("2", lines=[{"product_number": "A", "quantity": "1", "rate": "-5.00"}], payments=None)
    reply = api.call("POST", "/orders?send=true", [make_order("1"), {**clash, "discount": None}])
    assert reply.status == 422
    assert reply.json["type"] == "/help/api#order-refused"
    assert api.get("/orders")["orders"] == []


def test_sending_twice_is_one_sending(api):
    api.add(make_order())
    first = api.call("POST", "/orders/1001/send", {})
    assert first.json["added"] > 0
    second = api.call("POST", "/orders/1001/send", {})
    assert (second.status, second.json["added"]) == (202, 0)
    more = api.call("POST", "/orders/1001/send", {"purchase_order": True})
    assert more.json["added"] == 2, "the vendor and its purchase order"
    api.poll()
    assert len(api.world.books.invoices) == 1


def test_what_nobody_says_is_as_the_company_has_it(api):
    prefer(api, send_bills="yes")
    api.add(make_order())
    kinds = [document["kind"] for document in api.call("POST", "/orders/1001/preview").json["documents"]]
    assert "Bill" in kinds
    kinds = [
        document["kind"] for document in api.call("POST", "/orders/1001/preview", {"bill": False}).json["documents"]
    ]
    assert "Bill" not in kinds


def test_a_right_that_a_token_lacks_is_named_and_nothing_is_sent(api):
    api.add(make_order())
    may = api.issue(rights=[Right.INVOICE])
    reply = api.call("POST", "/orders/1001/send", {"bill": True, "purchase_order": True}, token=may)
    assert reply.status == 403
    assert reply.json["rights"] == ["bill", "purchase_order"]
    assert api.get("/orders/1001")["state"] == "new"
    assert api.call("POST", "/orders/1001/send", {}, token=may).status == 202
    nothing = api.issue(rights=[])
    assert api.call("POST", "/orders?send=true", make_order("7"), token=nothing).json["rights"] == ["invoice"]
    assert api.call("PUT", "/orders/7", make_order("7"), token=nothing).status == 201


def test_choices_whose_length_is_not_told_beforehand_are_heeded(api):
    api.add(make_order())
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    body = iter([b'{"invoice": false, ', b'"purchase_order": true}'])
    connection.request("POST", "/api/v1/orders/1001/send", body, headers, encode_chunked=True)
    assert connection.getresponse().status == 202
    connection.close()
    kinds = {document["kind"] for document in api.get("/orders/1001")["documents"]}
    assert "PurchaseOrder" in kinds
    assert "Invoice" not in kinds


def test_what_stands_in_the_way_is_told_by_path(api):
    api.poll()
    api.add(make_order())
    reply = api.call("POST", "/orders/1001/send", {"income_account": "Nowhere", "suppliers": ["S-9"], "bill": True})
    assert reply.status == 422
    assert reply.json["type"] == "/help/api#order-refused"
    assert set(reply.faults) == {"income_account", "suppliers"}
    assert api.call("POST", "/orders/9/send").status == 404


def test_choices_that_are_none_are_all_told_at_once(api):
    api.add(make_order())
    wrong = {
        "invoice": "yes",
        "tax": "always",
        "suppliers": [3],
        "vendors": {"S-3": None},
        "by_supplier": {"S-3": {"bill": 1, "colour": "red"}},
        "colour": "red",
        "customer": "a\0b",
    }
    for where in ("send", "preview"):
        reply = api.call("POST", f"/orders/1001/{where}", wrong)
        assert reply.status == 422
        assert set(reply.faults) == {
            "invoice",
            "tax",
            "suppliers[0]",
            "vendors.S-3",
            "by_supplier.S-3.bill",
            "by_supplier.S-3.colour",
            "colour",
            "customer",
        }
        assert set(api.call("POST", f"/orders/1001/{where}", [1]).faults) == {""}


def test_the_customer_and_the_suppliers_are_linked_when_it_is_sent_and_only_tried_in_a_preview(api):
    api.world.books.make("Customer", "ABC Inc")
    api.world.books.make("Vendor", "ASI")
    api.poll()
    api.add(make_order())
    chosen = {"customer": "abc inc", "vendors": {"S-3": "ASI"}, "bill": True}
    documents = api.call("POST", "/orders/1001/preview", chosen).json["documents"]
    assert "Customer" not in [document["kind"] for document in documents]
    assert [document["entity"] for document in documents if document["kind"] == "Invoice"] == ["ABC Inc"]
    assert api.call("GET", "/links/customers/C-17").status == 404
    assert api.call("POST", "/orders/1001/send", chosen).status == 202
    assert api.get("/links/customers/C-17")["linked_name"] == "ABC Inc"
    assert api.get("/links/vendors/S-3")["linked_name"] == "ASI"
    wrong = api.call("POST", "/orders/1001/send", {"customer": "Nobody", "vendors": {"S-3": "Nobody"}})
    assert set(wrong.faults) == {"customer", "vendors.S-3"}


def test_orders_are_listed_in_pages_by_state_and_by_what_is_searched(api):
    for number in range(1, 6):
        customer = {"id": f"C-{number}", "name": f"Company {'Odd' if number % 2 else 'Even'}"}
        api.add(make_order(str(number), customer=customer))
    api.call("POST", "/orders/2/send")
    first = api.get("/orders?limit=2")
    second = api.get(f"/orders?limit=2&after={first['next']}")
    third = api.get(f"/orders?limit=2&after={second['next']}")
    assert [row["number"] for page in (first, second, third) for row in page["orders"]] == ["5", "4", "3", "2", "1"]
    assert third["next"] is None
    assert [row["number"] for row in api.get("/orders?search=odd")["orders"]] == ["5", "3", "1"]
    assert [(row["number"], row["state"]) for row in api.get("/orders?state=waiting")["orders"]] == [("2", "waiting")]
    assert [row["number"] for row in api.get("/orders?state=new&search=even")["orders"]] == ["4"]


def test_a_parameter_that_cannot_be_is_named(api):
    wrong = {
        "limit=0": "limit",
        "limit=501": "limit",
        "limit=ten": "limit",
        "state=lost": "state",
        "sate=new": "sate",
        "state=new&state=new": "state",
        "after=1": "after",
        "after=WyJhIl0%3D": "after",
        "after=WzFlOTld": "after",
        "search=%00": "search",
    }
    for query, name in wrong.items():
        reply = api.call("GET", f"/orders?{query}")
        assert (reply.status, list(reply.faults)) == (400, [name]), query


def test_who_did_what_stands_in_the_audit_trail(api):
    api.add(make_order())
    api.add(make_order())
    api.add(make_order(memo="Ring twice"))
    api.call("POST", "/orders/1001/send")
    api.call("POST", "/orders/1001/send")
    assert api.trail() == [
        ("token shop", "order.sent", "1001", "6 documents"),
        ("token shop", "order.added", "1001", "it replaces another"),
        ("token shop", "order.added", "1001", None),
        ("ana@example.com", "token.made", "shop", "bill invoice purchase_order"),
    ]
