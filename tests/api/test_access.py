"""Who gets in, what each token opens, and what every answer carries; on both databases where the database decides."""

import datetime as dt
import http.client
import json

import pytest

from qbwc_service.api import tokens
from qbwc_service.api.dispatch import ROUTES
from qbwc_service.companies import account
from qbwc_service.db import companies
from qbwc_service.db import tokens as token_table
from qbwc_service.db import webhooks as webhook_table
from tests.faults.world import KEYS
from tests.orders import make_order

from .service import ANA, serving


@pytest.fixture
def api(engine):
    """-> on both databases."""
    with serving(engine) as served:
        yield served


@pytest.fixture
def other(api):
    """-> the token of another company."""
    with api.engine.begin() as db:
        company, _ = account.add(db, KEYS, "Other", None, 5, api.world.clock.now)
    return api.issue(company)


def used_at(api):
    with api.engine.connect() as db:
        return [row.used_at for row in token_table.of_company(db, api.world.company.id)]


def test_without_a_token_in_force_nothing_is_opened(api):
    dead = api.issue(name="old")
    with api.engine.begin() as db:
        latest = token_table.of_company(db, api.world.company.id)[0]
        tokens.revoke(db, api.world.company, latest.id, ANA, api.world.clock.now)
    refused = [
        {"token": ""},
        {"token": dead},
        {"token": api.token[:-1]},
        {"token": "qbwc_" + "é" * 40},
        {"token": "", "Authorization": "Basic cWJ3YzpxYndj"},
        {"token": "", "Authorization": f"Token {api.token}"},
        {"token": "", "Cookie": f"qbwc={api.token}; token={api.token}"},
    ]
    for options in refused:
        reply = api.call("GET", "/company", **options)
        assert reply.status == 401, options
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert reply.json["type"] == "/help/api#no-token"
    assert api.call("GET", "/company", token="", Authorization=f"bearer {api.token}").status == 200
    assert api.call("GET", "/openapi.json", token="").status == 200


def test_the_token_of_a_company_that_is_removed_opens_nothing(api):
    with api.engine.begin() as db:
        companies.mark_removed(db, api.world.company.id, api.world.clock.now)
    assert api.call("GET", "/company").status == 401


def test_another_companys_things_are_not_there(api, other):
    api.add(make_order())
    api.call("POST", "/orders/1001/send")
    job = api.get("/jobs")["jobs"][0]["id"]
    hook = api.call("POST", "/webhooks", {"url": "https://example.com/hook"}).json["id"]
    with api.engine.begin() as db:
        row = {"webhook_id": hook, "event_id": "e", "event": "document.posted", "body": "{}"}
        webhook_table.put_deliveries(db, [{**row, "made_at": api.world.clock.now, "next_try_at": None}])
    delivery = api.get("/webhooks/deliveries")["deliveries"][0]["id"]
    api.world.books.make("Customer", "ABC Inc")
    api.poll()
    api.call("PUT", "/links/customers/C-9", {"name": "ABC Inc"})
    theirs = {
        "/orders/<path:number>": f"/orders/{1001}",
        "/orders/<path:number>/preview": "/orders/1001/preview",
        "/orders/<path:number>/send": "/orders/1001/send",
        "/jobs/<id>": f"/jobs/{job}",
        "/jobs/<id>/retry": f"/jobs/{job}/retry",
        "/jobs/<id>/cancel": f"/jobs/{job}/cancel",
        "/links/customers/<path:id>": "/links/customers/C-9",
        "/webhooks/<id>": f"/webhooks/{hook}",
        "/webhooks/deliveries/<id>/redeliver": f"/webhooks/deliveries/{delivery}/redeliver",
    }
    asked = 0
    for route in ROUTES:
        path = theirs.get(_short(route.path))
        if path is not None and route.method != "PUT":
            reply = api.call(route.method, path, token=other)
            assert reply.status == 404, (route.method, path, reply)
            asked += 1
    assert asked == 10
    assert api.get("/orders", token=other)["orders"] == []
    assert api.get("/jobs", token=other)["jobs"] == []
    assert api.call("GET", "/jobs?order=1001", token=other).status == 404
    assert api.get("/links/customers", token=other)["links"] == []
    assert api.get("/webhooks", token=other)["webhooks"] == []
    assert api.get("/webhooks/deliveries", token=other)["deliveries"] == []
    assert api.get("/company", token=other)["name"] == "Other"
    # Their own order of the same number is another one.
    assert api.call("PUT", "/orders/1001", make_order(memo="Mine"), token=other).json["stored"] == "new"
    assert api.get("/orders/1001")["order"]["memo"] is None


def _short(path):
    head, found, tail = path.partition("<int(")
    return f"{head}<id>{tail.partition('>')[2]}" if found else path


def test_when_a_token_was_used_is_noted_once_a_minute(api):
    start = api.world.clock.now
    assert used_at(api) == [None]
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (100, 60), (121, 121)):
        api.world.clock.now = start + dt.timedelta(seconds=seconds)
        api.get("/company")
        assert used_at(api) == [start + dt.timedelta(seconds=noted)]


def test_the_company_tells_how_its_connection_stands(api):
    before = api.get("/company")
    assert before["connection"]["last_contact"] is None
    assert before["lists"]["accounts"] == {"read_at": None, "records": 0}
    api.add(make_order())
    api.call("POST", "/orders/1001/send")
    assert api.get("/company")["documents"]["waiting"] == 6
    api.poll()
    after = api.get("/company")
    assert after["documents"] == {"waiting": 0, "in_doubt": 0, "attention": 0}
    assert after["connection"]["quickbooks_company"] == api.world.books.name
    assert after["lists"]["accounts"]["records"] == len(api.world.books.accounts)
    assert after["token"] == {"name": "shop", "rights": ["bill", "invoice", "purchase_order"]}


HOSTILE = {
    b"": 400,
    b" ": 400,
    b"{": 400,
    b"\xff\xfe": 400,
    b'{"number": "1", "number": "2"}': 400,
    b'{"a": NaN}': 400,
    b"-Infinity": 400,
    b"[" * 100_000: 400,
    b"[" * 900 + b"]" * 900: 422,
    b'{"lines": [{"quantity": ' + b"[" * 900 + b"]" * 900 + b"}]}": 422,
    b"1" * 5000: 400,
    b"1e999": 422,
    b"null": 422,
    b"[]": 422,
    b"[1]": 422,
    b'"text"': 422,
    b'{"number": "\\ud800", "memo": "\\u0000", "\\udfff": 1}': 422,
    b'{"\\u0000": {"\\ud800": 1}}': 422,
    b'{"number": 1} {"number": 2}': 400,
}


def test_whatever_the_body_the_answer_is_a_problem_and_never_a_failure(api):
    api.add(make_order())
    for body, status in HOSTILE.items():
        for method, path in (("PUT", "/orders/1"), ("POST", "/orders")):
            reply = api.call(method, path, body)
            assert reply.status == status, (body[:40], reply)
            assert reply.faults or status == 400
        for path in ("/orders/1001/preview", "/webhooks", "/links/items/A", "/jobs/1/retry"):
            reply = api.call("PUT" if path.startswith("/links") else "POST", path, body)
            assert reply.status in (200, 400, 404, 415, 422), (path, body[:40], reply)


def test_whatever_the_address_the_answer_is_a_problem_and_never_a_failure(api):
    for path in (
        "/orders/%00",
        "/orders/%ff",
        "/orders/" + "9" * 5000,
        "/jobs/9223372036854775807",
        "/jobs/9223372036854775808",
        "/jobs/-1",
        "/links/customers/%00",
        "/links/customers/%f0%9f%98%80",
        "/lists/nothing",
        "/orders//",
        "/orders/",
        "//orders",
        "/",
        "",
    ):
        reply = api.call("GET", path)
        assert reply.status == 404, (path, reply)
        assert reply.json["status"] == 404
    assert api.get("/orders?search=%ff%25_\\")["orders"] == []
    assert api.get("/orders?search=" + "x" * 5000)["orders"] == []
    assert api.get("/lists/customers?search=%27;--")["records"] == []


def test_what_is_no_json_by_its_type_is_refused(api):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        reply = api.call("PUT", "/orders/1001", make_order(), Content_Type=kind)
        assert (reply.status, reply.json["type"]) == (415, "/help/api#not-json-type")
    kind = "application/json; charset=utf-8"
    assert api.call("PUT", "/orders/1001", make_order(), Content_Type=kind).status == 201


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(api):
    reply = api.call("DELETE", "/orders/1001")
    assert (reply.status, reply.json["type"]) == (405, "/help/api#wrong-method")
    assert reply.headers["allow"] == "GET, HEAD, PUT"
    assert api.call("OPTIONS", "/orders").status == 405
    assert api.call("PATCH", "/company").status == 405


def test_a_body_that_is_too_large_is_refused_unread(api):
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
    connection.putrequest("PUT", "/api/v1/orders/1001")
    connection.putheader("Authorization", f"Bearer {api.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(64 * 1024 * 1024 + 1))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["type"] == "/help/api#too-large"
    connection.close()


def test_every_answer_carries_what_keeps_browsers_out(api):
    replies = [
        api.call("GET", "/company"),
        api.call("GET", "/openapi.json", token=""),
        api.call("GET", "/company", token=""),
        api.call("GET", "/nothing"),
        api.call("PUT", "/company"),
        api.call("POST", "/orders", b"{"),
    ]
    for reply in replies:
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["content-security-policy"].startswith("default-src 'none'")
        assert "set-cookie" not in reply.headers
    assert len({reply.headers["x-request-id"] for reply in replies}) == len(replies)
    assert replies[-1].json["request_id"] == replies[-1].headers["x-request-id"]


def test_a_fault_of_ours_is_told_without_its_words_and_stands_in_the_log(api, caplog):
    api.add(make_order())
    with api.engine.begin() as db:
        db.exec_driver_sql("UPDATE orders SET content = 'secret canary'")
    reply = api.call("GET", "/orders/1001")
    assert (reply.status, reply.json["type"]) == (500, "/help/api#our-fault")
    assert b"canary" not in reply.body
    assert reply.headers["x-request-id"] in [getattr(record, "request", "") for record in caplog.records]


def test_a_database_that_does_not_answer_is_told_as_such(api):
    if api.engine.dialect.name == "postgresql":
        pytest.skip("SQLite's table is dropped to that end")
    with api.engine.begin() as db:
        db.exec_driver_sql("DROP TABLE api_tokens")
    reply = api.call("GET", "/company")
    assert (reply.status, reply.json["type"]) == (503, "/help/api#unavailable")
