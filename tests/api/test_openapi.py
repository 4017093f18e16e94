"""openapi.json is kept true: it names what there is, and every answer of every route is as it says."""

import json
import pathlib
import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from qbwc_service import api as package
from qbwc_service.api.dispatch import DOCUMENT, ROUTES
from qbwc_service.db import webhooks as webhook_table
from tests.orders import make_order

from .service import on_sqlite

DESCRIBED = json.loads((pathlib.Path(package.__file__).parent / "openapi.json").read_bytes())
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def with_short_lists(node: Any) -> Any:
    """-> the same, with at most two of what there may be a thousand of, and short texts: making them takes its time."""
    if isinstance(node, list):
        return [with_short_lists(child) for child in node]
    if not isinstance(node, dict):
        return node
    most = {"maxItems": 2, "maxLength": 40}
    short = {name: min(most[name], node[name]) for name in most if name in node}
    return {**{key: with_short_lists(child) for key, child in node.items()}, **short}


schema = schemathesis.openapi.from_dict(with_short_lists(DESCRIBED))


def fill(api):
    """The first of each thing is there, so that the document's examples lead somewhere."""
    api.call("POST", "/webhooks", {"url": "https://example.com/hook"})
    for kind, name in (("Customer", "ABC Inc"), ("Vendor", "Taken"), ("ItemNonInventory", "Mug")):
        api.world.books.make(kind, name)
    api.poll()
    api.add(make_order())
    api.add(make_order("1002", customer={"id": "C-2", "name": "Taken"}))
    api.call("PUT", "/links/customers/C-17", {"name": "ABC Inc"})
    for number in ("1001", "1002"):
        assert api.call("POST", f"/orders/{number}/send").status == 202
    api.poll()


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with on_sqlite(tmp_path_factory.mktemp("api")) as served:
        fill(served)
        yield served


def test_the_document_is_served_as_it_is(api):
    reply = api.call("GET", DOCUMENT, token="")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json == DESCRIBED


def test_the_document_names_just_the_routes_that_there_are():
    there = {
        (route.method.lower(), re.sub(r"<(?:[a-z]+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", route.path)) for route in ROUTES
    }
    described = {(method, path) for path, methods in DESCRIBED["paths"].items() for method in methods}
    assert described == there | {("get", DOCUMENT)}


def test_every_error_is_described_as_a_problem():
    for path, methods in DESCRIBED["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            if path != DOCUMENT:
                assert {"400", "401", "405", "5XX"} <= set(answers), (method, path)
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= set(answers), (method, path)
            for status, answer in answers.items():
                if status[0] in "45":
                    assert set(resolved(answer)["content"]) == {"application/problem+json"}, (method, path, status)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = node
    while "$ref" in found:
        target: Any = DESCRIBED
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = target
    return found


def test_every_example_is_what_its_schema_says():
    seen = 0
    for node in nodes(DESCRIBED):
        for shape, example in examples(node):
            whole = {**shape, "components": DESCRIBED["components"]}
            jsonschema_rs.validator_for(whole).validate(example)
            seen += 1
    assert seen > 20


def nodes(node):
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def examples(node):
    if "example" in node:
        yield node.get("schema", node), node["example"]
    for example in node.get("examples", ()) if "type" in node else ():
        yield node, example


@schema.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_the_answer_is_as_described(case, filled):
    # Without a network in between: there are some two thousand of them.
    case.call_and_validate(
        base_url="http://localhost/api/v1",
        app=filled.app,
        headers={"Authorization": f"Bearer {filled.token}"},
        checks=CHECKS,
    )


def conforms(reply, method, path):
    """Holds an answer against the document, as a success: its status, its type, and its body."""
    answers = DESCRIBED["paths"][path][method]["responses"]
    assert str(reply.status) in answers, (method, path, reply)
    content = resolved(answers[str(reply.status)]).get("content")
    if content is None:
        assert reply.body == b""
        return
    (media,) = content
    assert reply.headers["content-type"] == media
    shape = {**content[media]["schema"], "components": DESCRIBED["components"]}
    jsonschema_rs.validator_for(shape, validate_formats=True).validate(reply.json)
    assert reply.status < 300


def test_each_route_succeeds_as_described(api):
    fill(api)

    def ask(method, template, body=None, query="", **values):
        path = template
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", str(value))
        reply = api.call(method.upper(), path + query, body)
        conforms(reply, method, template)
        asked.add((method, template))
        return reply.json if reply.body else None

    asked: set[tuple[str, str]] = set()
    ask("get", DOCUMENT)
    ask("get", "/company")
    ask("put", "/orders/{number}", make_order("7"), number="7")
    ask("put", "/orders/{number}", make_order("7"), number="7")
    ask("post", "/orders", [make_order("8")], query="?send=true")
    ask("get", "/orders", query="?limit=1")
    ask("get", "/orders/{number}", number="1001")
    ask("get", "/orders/{number}", number="1002")
    ask("post", "/orders/{number}/preview", {}, number="7")
    ask("post", "/orders/{number}/send", {"bill": True}, number="7")
    ask("get", "/lists/{list}", list="accounts")
    ask("get", "/links/customers")
    ask("get", "/links/vendors")
    for word, name in (("customers", "ABC Inc"), ("vendors", "Taken"), ("items", "Mug")):
        ask("put", f"/links/{word}/{{id}}", {"name": name}, id="X-1")
        ask("get", f"/links/{word}/{{id}}", id="X-1")
    ask("delete", "/links/customers/{id}", id="X-1")
    (stuck,) = ask("get", "/jobs", query="?state=attention")["jobs"]
    ask("get", "/jobs/{id}", id=stuck["id"])
    ask("post", "/jobs/{id}/retry", {"name": "Free"}, id=stuck["id"])
    invoice = next(job for job in ask("get", "/jobs", query="?order=7")["jobs"] if job["kind"] == "Invoice")
    ask("post", "/jobs/{id}/cancel", id=invoice["id"])
    made = ask("post", "/webhooks", {"url": "https://example.com/other"})
    ask("get", "/webhooks")
    delivery = ask("get", "/webhooks/deliveries")["deliveries"][0]
    with api.engine.begin() as db:
        now = api.world.clock.now
        row = {"webhook_id": made["id"], "event_id": "e", "event": "document.posted", "body": "{}", "made_at": now}
        webhook_table.put_deliveries(db, [{**row, "next_try_at": now}])
    latest = ask("get", "/webhooks/deliveries", query="?limit=1")["deliveries"][0]
    assert latest["id"] > delivery["id"]
    ask("post", "/webhooks/deliveries/{id}/redeliver", id=latest["id"])
    ask("delete", "/webhooks/{id}", id=made["id"])
    assert asked == {(method, path) for path, methods in DESCRIBED["paths"].items() for method in methods}
