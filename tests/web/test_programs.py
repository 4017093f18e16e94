"""Tokens and webhooks, made and taken back on the page; secrets are shown once, to somebody who proved themselves."""

import datetime as dt
import json
import re
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import select, update

from qbwc_service import settings
from qbwc_service import webhooks as delivering
from qbwc_service.api import tokens
from qbwc_service.db import audit, web_sessions, webhooks
from qbwc_service.db import tokens as token_table
from qbwc_service.db.engine import reading
from tests.web.markup import text_of
from tests.web.site import Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("programs"), lists=False) as running:
        running.admin.get(f"{running.base}/api")
        yield running


def make_token(site: Site, name: str = "order system", *rights: str) -> str:
    fields = {"name": name, **{f"right_{right}": "on" for right in rights}}
    answer = site.admin.post(f"{site.base}/api/tokens", fields)
    found = re.search(r"qbwc_\w{40}", answer.text)
    assert found, answer.text
    return found[0]


def opens(site: Site, token: str) -> bool:
    with reading(site.engine) as db:
        found = tokens.find(db, site.keys, token)
    return found is not None and found.company.id == site.company_id


def test_a_token_is_shown_once_and_opens_the_api_until_it_is_revoked(site: Site) -> None:
    token = make_token(site, "warehouse", "invoice", "bill")
    assert opens(site, token)
    listed = site.admin.get(f"{site.base}/api").text
    assert token not in listed
    assert f"…{token[-4:]}" in listed
    assert re.search(r"warehouse …\w{4} Invoices, Bills|warehouse …\w{4} Bills, Invoices", text_of(listed))
    revoke = re.search(rf"{site.base}/api/tokens/\d+/revoke", listed)
    assert revoke
    answer = site.admin.post(revoke[0])
    assert "The token warehouse opens nothing any more." in answer.text
    assert not opens(site, token)
    assert "revoked already" in site.admin.post(revoke[0]).text


def test_a_token_has_the_rights_that_were_ticked(site: Site) -> None:
    make_token(site, "only purchase orders", "purchase_order")
    make_token(site, "none at all")
    with reading(site.engine) as db:
        rights = {row.name: row.rights for row in token_table.of_company(db, site.company_id)}
    assert rights["only purchase orders"] == "purchase_order"
    assert rights["none at all"] == ""


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_token_needs_a_name_and_what_was_ticked_is_kept(site: Site, name: str) -> None:
    answer = site.admin.post(f"{site.base}/api/tokens", {"name": name, "right_bill": "on"})
    assert answer.status_code == 422
    assert "Write a name of at most 100 characters." in answer.text
    ticked = re.findall(r'name="right_(\w+)" type="checkbox" value="on" checked', answer.text)
    assert ticked == ["bill"]


def test_secrets_are_made_only_with_the_password_typed_lately(site: Site) -> None:
    stale = site.browser("ana@example.com")
    stale.get(f"{site.base}/api")
    with site.engine.begin() as db:
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        last = select(web_sessions.web_sessions.c.id).order_by(web_sessions.web_sessions.c.id.desc()).limit(1)
        db.execute(
            update(web_sessions.web_sessions)
            .where(web_sessions.web_sessions.c.id == last.scalar_subquery())
            .values(proved_at=long_ago)
        )
    for path, fields in (("tokens", {"name": "sneaky"}), ("webhooks", {"url": "http://localhost:1/"})):
        answer = stale.post(f"{site.base}/api/{path}", fields)
        assert answer.status_code == 401
        assert "qbwc_" not in answer.text
        assert "whsec_" not in answer.text
    with reading(site.engine) as db:
        assert "sneaky" not in [row.name for row in token_table.of_company(db, site.company_id)]


def test_a_webhook_is_told_signed_and_removed(site: Site) -> None:
    received: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://localhost:{server.server_port}/hook"
        made = site.admin.post(f"{site.base}/api/webhooks", {"url": url})
        secret = re.search(r"whsec_[\w+/=]+", made.text)
        assert secret
        assert secret[0] not in site.admin.get(f"{site.base}/api").text
        delivery = put_delivery(site, url)
        listed = site.admin.get(f"{site.base}/api").text
        assert "Given up" in text_of(listed)
        assert "answered 500: &lt;b&gt;oops" in listed
        answer = site.admin.post(f"{site.base}/api/deliveries/{delivery}/again")
        assert "It is delivered again within seconds." in answer.text
        configured = settings.read({**site.qbwc.environment, "QBWC_PUBLIC_URL": site.url})
        deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
        while not received and dt.datetime.now(dt.UTC) < deadline:
            delivering.deliver_due(site.engine, site.keys, configured, lambda: dt.datetime.now(dt.UTC))
        server.shutdown()
        thread.join()
    headers, body = received[0]
    at = dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), dt.UTC)
    assert (
        headers["webhook-signature"] == delivering.sign(secret[0], headers["webhook-id"], at, body)["webhook-signature"]
    )
    assert json.loads(body) == {"number": 1}
    listed = site.admin.get(f"{site.base}/api").text
    assert "Delivered" in text_of(listed)
    remove = re.search(rf"{site.base}/api/webhooks/\d+/remove", listed)
    assert remove
    assert f"{url} is told nothing any more." in site.admin.post(remove[0]).text
    assert f"/deliveries/{delivery}/again" not in site.admin.get(f"{site.base}/api").text
    assert site.admin.post(f"{site.base}/api/deliveries/{delivery}/again").status_code == 404
    assert site.admin.post(f"{site.base}/api/deliveries/{10**30}/again").status_code == 404


def put_delivery(site: Site, url: str) -> int:
    """-> a delivery to the address that was given up."""
    now = dt.datetime.now(dt.UTC)
    with site.engine.begin() as db:
        hook = next(row.id for row in webhooks.of_company(db, site.company_id) if row.url == url)
        facts = {"event_id": str(uuid.uuid4()), "event": "document.posted", "body": '{"number": 1}', "made_at": now}
        webhooks.put_deliveries(db, [{"webhook_id": hook, "next_try_at": None, **facts}])
        last = webhooks.deliveries_of(db, site.company_id, limit=1)[0]
        webhooks.note_outcome(
            db, last.id, delivered_at=None, next_try_at=None, status=500, error="answered 500: <b>oops"
        )
        return int(last.id)


def test_an_address_that_no_webhook_may_have_is_refused_beside_its_field(site: Site) -> None:
    answer = site.admin.post(f"{site.base}/api/webhooks", {"url": "http://example.com/hook"})
    assert answer.status_code == 422
    assert 'value="http://example.com/hook"' in answer.text
    assert "The address must begin with https" in answer.text


def test_deliveries_are_paged(site: Site) -> None:
    site.admin.post(f"{site.base}/api/webhooks", {"url": "http://localhost:9/many"})
    now = dt.datetime.now(dt.UTC)
    with site.engine.begin() as db:
        hook = next(row.id for row in webhooks.of_company(db, site.company_id) if row.url.endswith("/many"))
        webhooks.put_deliveries(
            db,
            [
                {
                    "webhook_id": hook,
                    "event_id": str(n),
                    "event": f"event.{n}",
                    "body": "{}",
                    "made_at": now,
                    "next_try_at": None,
                }
                for n in range(60)
            ],
        )
    first = site.admin.get(f"{site.base}/api").text
    assert "event.59" in first
    assert "event.9<" not in first
    older = re.search(r'href="([^"]+before=\d+)#deliveries"', first)
    assert older
    assert "event.9<" in site.admin.get(older[1]).text
    assert site.admin.get(f"{site.base}/api?before=x").status_code == 200


def test_only_admins_have_to_do_with_programs(site: Site) -> None:
    site.clerk.get("/me")
    assert site.clerk.get(f"{site.base}/api").status_code == 403
    assert site.clerk.post(f"{site.base}/api/tokens", {"name": "mine"}).status_code == 403


def test_another_companys_tokens_and_webhooks_are_out_of_reach(site: Site) -> None:
    make_token(site, "well guarded")
    other = site.qbwc.here.data("company", "add", "Elsewhere")["id"]
    with reading(site.engine) as db:
        token = token_table.of_company(db, site.company_id)[0].id
    assert "revoked already" in site.admin.post(f"/companies/{other}/api/tokens/{token}/revoke").text
    assert "removed already" in site.admin.post(f"/companies/{other}/api/webhooks/1/remove").text
    assert site.admin.post(f"/companies/{other}/api/deliveries/1/again").status_code == 404
    assert "well guarded" not in site.admin.get(f"/companies/{other}/api").text


def test_what_is_made_and_taken_back_is_in_the_audit_trail(site: Site) -> None:
    make_token(site, "told of")
    with reading(site.engine) as db:
        acts = {(row.who, row.act, row.about) for row in audit.listed(db, company_id=site.company_id, limit=100)}
    assert ("ana@example.com", "token.made", "told of") in acts
    assert {"token.revoked", "webhook.made", "webhook.removed", "delivery.again"} <= {act for _, act, _ in acts}
