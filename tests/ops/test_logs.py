"""What stands in the log, and what never does: secrets are planted everywhere and searched for (security.md 27, 45)."""

import json
import logging
import re
import sqlite3
import sys

import pytest
import requests
from lxml import etree

from qbwc_service import logs, request_ids, settings
from qbwc_service.companies import account
from qbwc_service.db import companies
from qbwc_service.simulator import WebConnector
from tests.connector.soap import envelope, operation
from tests.notify.outside import mail_server, receiving
from tests.orders import make_order
from tests.service import Qbwc
from tests.web.site import PASSWORD, Site

SMTP_PASSWORD = "canary-smtp-Secret/9"
METRICS_TOKEN = "canary-metrics-token-77"
WRONG_PASSWORD = "canary-wrong-Password"


def soap(url, name, **arguments):
    body = envelope(operation(name, **arguments))
    return requests.post(f"{url}/qbwc", body, headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A service that did everything once, at DEBUG, and then had its database taken apart under it.

    -> its log, its database as text, and the secrets by name.
    """
    qbwc = Qbwc(tmp_path_factory.mktemp("lived"))
    with mail_server() as box, receiving() as receiver:
        qbwc.environment |= {
            "QBWC_LOG": "json",
            "QBWC_LOG_LEVEL": "debug",
            "QBWC_SMTP_URL": f"smtp://mailer:{SMTP_PASSWORD.replace('/', '%2F')}@127.0.0.1:{box.port}",
            "QBWC_MAIL_FROM": "qbwc@example.com",
            "QBWC_METRICS_TOKEN": METRICS_TOKEN,
            "QBWC_TICK_SECONDS": "0.1",
        }
        qbwc.ok("init")
        site = Site(qbwc)
        site.add_user("ana@example.com", "Ana Admin", admin=True)
        planted = {
            "connector password": site.added["password"],
            "user password": PASSWORD,
            "wrong password": WRONG_PASSWORD,
            "SMTP password": SMTP_PASSWORD,
            "metrics token": METRICS_TOKEN,
            "secret key": (qbwc.data_dir / "secret.key").read_text().strip(),
        }
        with qbwc.serving():
            _live(site, receiver, planted)
            _break(site)
        site.engine.dispose()
    db = sqlite3.connect(qbwc.data_dir / "qbwc.sqlite3")
    dump = "\n".join(db.iterdump())
    db.close()
    return qbwc.log(), dump, planted


def _live(site, receiver, planted):
    url = site.url
    planted["invitation"] = site.qbwc.data("user", "add", "new@example.com")["link"].rpartition("/")[2]
    requests.get(f"{url}/welcome/{planted['invitation']}", timeout=30)
    requests.get(f"{url}/welcome/{planted['invitation']}/x", timeout=30)
    admin = site.browser("ana@example.com")
    planted["session cookie"] = admin.session.cookies["qbwc"]
    site.browser().sign_in("ana@example.com", WRONG_PASSWORD)
    site.browser().sign_in(WRONG_PASSWORD, WRONG_PASSWORD)
    admin.post("/forgot", {"email": "ana@example.com"})
    planted["API token"] = site.qbwc.data("token", "add", "ABC Promotions", "shop")["token"]
    api = {"Authorization": f"Bearer {planted['API token']}"}
    hook = {"url": f"http://localhost:{receiver.port}/"}
    made = requests.post(f"{url}/api/v1/webhooks", json=hook, headers=api, timeout=30).json()
    planted["webhook secret"] = made["secret"]
    requests.post(f"{url}/api/v1/orders", json=make_order(), headers=api, timeout=30)
    requests.post(f"{url}/api/v1/orders/1001/send", json={}, headers=api, timeout=30)
    requests.get(f"{url}/api/v1/orders", headers={"Authorization": "Bearer qbwc_" + "x" * 40}, timeout=30)
    requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}, timeout=30)
    site.books.faults.refuse_next("InvoiceAdd", 3140)
    connector = WebConnector.from_qwc(site.qbwc.ok("qwc"), site.qbwc_password(), site.books)
    connector.poll()
    connector.faults.wrong_password()
    connector.poll()
    admin.get(f"{site.base}/details")
    shown = admin.post(f"{site.base}/password", {"grace": "24h"})  # the old one goes on for a day
    assert 'id="password"' in shown.text
    with site.engine.connect() as db:
        planted["new connector password"] = account.password_of(db, site.keys, companies.by_id(db, site.company_id))
    planted["ticket"] = _ticket(site)
    soap(
        url, "sendRequestXML", ticket=planted["ticket"], strHCPResponse="<no", strCompanyFileName="x", qbXMLCountry="US"
    )
    body = envelope(operation("authenticate", strUserName=WRONG_PASSWORD, strPassword=planted["connector password"]))
    for broken in (body[:-20], body.replace(b"<strPassword>", b"<strPassword><b/>"), body.replace(b"utf-8", b"utf-7")):
        requests.post(f"{url}/qbwc", broken, headers={"Content-Type": "text/xml; charset=utf-8"}, timeout=30)


def _ticket(site):
    site.qbwc.ok("order", "add", "ABC Promotions", "-", "--send", stdin=json.dumps(make_order("1002")))
    names = {"strUserName": site.added["username"], "strPassword": site.qbwc_password()}
    strings = etree.fromstring(soap(site.url, "authenticate", **names).content).iter("{*}string")
    ticket = next(strings).text
    assert ticket.startswith("{")
    return ticket


def _break(site):
    """Tables are away, so that each part fails with all that it had in hand; then they are back."""
    away = ("orders", "sessions", "web_sessions", "api_tokens", "connections")
    with site.engine.begin() as db:
        for table in away:
            db.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        names = {"strUserName": site.added["username"], "strPassword": site.qbwc_password()}
        assert soap(site.url, "authenticate", **names).status_code in (200, 500)
        assert soap(site.url, "closeConnection", ticket="{no}").status_code in (200, 500)
        stranger = site.browser()
        stranger.session.cookies.set("qbwc", "canary-cookie-of-nobody")
        assert stranger.get("/companies").status_code == 503
        api = {"Authorization": "Bearer qbwc_" + "y" * 40}
        assert requests.get(f"{site.url}/api/v1/orders", headers=api, timeout=30).status_code == 503
    finally:
        with site.engine.begin() as db:
            for table in away:
                db.exec_driver_sql(f"ALTER TABLE {table}_away RENAME TO {table}")


def test_no_secret_stands_in_the_log(lived):
    log, _, planted = lived
    assert len(planted) == 12
    assert planted["new connector password"] != planted["connector password"]
    found = [name for name, secret in planted.items() if secret in log or secret.strip("{}") in log]
    assert found == []
    assert "canary-cookie-of-nobody" not in log


def test_no_secret_stands_in_the_database(lived):
    _, dump, planted = lived
    assert "ABC Promotions" in dump
    assert [name for name, secret in planted.items() if secret in dump or secret.strip("{}") in dump] == []


def test_each_line_is_one_json_object_with_its_request(lived):
    lines = [json.loads(line) for line in lived[0].splitlines() if not line.startswith("qbwc serves")]
    assert {"time", "level", "event", "logger"} <= set(lines[0])
    events = {line["event"] for line in lines}
    assert {"message written", "message leaves", "answer taken", "connector refused", "webhook", "act"} <= events
    written = next(line for line in lines if line["event"] == "message written" and line["purpose"] == "post")
    assert written["company"] == 1
    assert written["jobs"]
    leaves = next(line for line in lines if line["event"] == "message leaves" and line["request"] == written["request"])
    assert leaves["session"] == written["session"]
    taken = next(line for line in lines if line.get("message_id") == written["message_id"] and line is not written)
    assert taken["event"] == "answer taken"
    assert taken["session"] == written["session"]
    # The ticker, which nobody asks, fails too where it is its turn just when the tables are away.
    failed = [line for line in lines if "traceback" in line and line["event"] != "ticker"]
    assert failed
    assert all(re.fullmatch("[0-9a-f]{32}", line["request"]) for line in failed)
    answered = {line["path"]: line for line in lines if line["event"] == "answered"}
    assert answered["/qbwc"]["status"]
    assert "/welcome/***" in answered


def test_the_id_of_a_failure_leads_from_the_page_to_the_log(tmp_path):
    qbwc = Qbwc(tmp_path)
    qbwc.ok("init")
    with qbwc.serving():
        db = sqlite3.connect(tmp_path / "qbwc.sqlite3")
        db.execute("ALTER TABLE users RENAME TO away")
        db.commit()
        db.close()
        answer = requests.get(f"{qbwc.url}/sign-in", cookies={"qbwc": "x" * 43}, timeout=30)
        page = (
            answer
            if answer.status_code == 503
            else requests.post(f"{qbwc.url}/sign-in", {"email": "ana@example.com", "password": "x"}, timeout=30)
        )
    assert page.status_code == 503
    request_id = page.headers["X-Request-Id"]
    assert request_id in page.text
    lines = [json.loads(line) for line in qbwc.log().splitlines() if line.startswith("{")]
    assert [line["level"] for line in lines if line.get("request") == request_id] == ["error"]


# --- the formats ------------------------------------------------------------------------------------------------------


def record(message, *args, exc_info=None, **facts):
    made = logging.getLogger("qbwc_service.test").makeRecord(
        "qbwc_service.test", logging.WARNING, "", 0, message, args, exc_info, extra=facts
    )
    made.created = 1764028800.5
    return made


def test_as_text_a_line_is_for_people_and_cannot_be_forged():
    text = logs.Text(["s3cret-key"])
    told = text.format(record("session began", company=7, remote="1.2.3.4\r\n2026 ERROR forged", note="\x1b[31m"))
    assert told == (
        "2025-11-25T00:00:00.500+00:00 WARNING session began company=7 "
        "remote='1.2.3.4\\r\\n2026 ERROR forged' note='\\x1b[31m'"
    )
    try:
        raise ValueError("s3cret-key\n2026-01-01 ERROR forged\u2028\r")
    except ValueError:
        told = text.format(record("failed", exc_info=sys.exc_info()))
    assert "s3cret-key" not in told
    assert all(line.startswith("    ") for line in told.splitlines()[1:])


def test_as_json_a_line_is_one_object_whatever_stands_in_it():
    told = logs.Json(['a"quoted secret']).format(
        record(
            "a\nb",
            company=7,
            jobs=[1, 2],
            path="/welcome/abc-DEF_123",
            when=logs.dt.date(2026, 1, 2),
            x='a"quoted secret',
        )
    )
    assert "\n" not in told
    assert json.loads(told) == {
        "time": "2025-11-25T00:00:00.500+00:00",
        "level": "warning",
        "event": "a\nb",
        "logger": "qbwc_service.test",
        "company": 7,
        "jobs": [1, 2],
        "path": "/welcome/***",
        "when": "2026-01-02",
        "x": "***",
    }


def test_the_request_at_hand_stands_in_each_line():
    with request_ids.during("of-a-proxy-1") as request_id:
        assert json.loads(logs.Json().format(record("x")))["request"] == request_id == "of-a-proxy-1"
        assert "request='of-a-proxy-1'" in logs.Text().format(record("x"))
    assert "request" not in json.loads(logs.Json().format(record("x")))


@pytest.mark.parametrize(
    "secret",
    ["qbwc_" + "a1" * 20, "whsec_" + "Ab+/" * 10 + "==", "Bearer abc.def", "{01234567-89ab-cdef-0123-456789abcdef}"],
)
def test_what_looks_like_a_secret_of_ours_is_struck_out(secret):
    told = logs.Text().format(record("x", said=f"it was {secret} there"))
    assert secret.removeprefix("Bearer ") not in told
    assert "***" in told


def test_the_levels_of_others_stay_at_warnings_whatever_ours_is(monkeypatch):
    root, ours = logging.getLogger(), logging.getLogger("qbwc_service")
    before = root.handlers[:], root.level, ours.level
    try:
        logs.to_stderr(settings.read({"QBWC_LOG_LEVEL": "debug"}))
        for other in ("sqlalchemy.engine", "urllib3", "alembic", "waitress", "asyncio"):
            assert not logging.getLogger(other).isEnabledFor(logging.INFO), other
        assert logging.getLogger("qbwc_service.web.site").isEnabledFor(logging.DEBUG)
    finally:
        root.handlers[:], root.level = before[0], before[1]
        root.setLevel(before[1])
        ours.setLevel(before[2])
