"""`qbwc doctor` answers: why is nothing happening?"""

import datetime as dt
import http.server
import json
import ssl
import threading
from contextlib import contextmanager

import pytest

from qbwc_service import doctor, reach, settings
from qbwc_service.db import companies, jobs, lists, notices, webhooks
from qbwc_service.db.notices import Kind
from tests.faults.world import World, fresh
from tests.notify.outside import make_certificate
from tests.orders import make_order

GREETING = b"This is the QuickBooks Web Connector endpoint, and it works.\n"


@contextmanager
def answering(answers=None, certificate=None, ahead=0.0):
    """A web server in front of nothing; `answers`: path -> (status, body, headers)."""
    known = {"/healthz": (200, b"ok\n", {}), "/qbwc": (200, GREETING, {}), **(answers or {})}

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status, body, headers = known.get(self.path, (404, b"", {}))
            self.send_response_only(status)
            date = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead)
            self.send_header("Date", date.strftime("%a, %d %b %Y %H:%M:%S GMT"))
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def now():
    return dt.datetime.now(dt.UTC)


# --- the public address -----------------------------------------------------------------------------------------------


def test_an_address_that_leads_here_is_good():
    with answering() as port:
        found = reach.look(f"http://127.0.0.1:{port}", now())
    assert found.fault is None
    assert abs(found.ahead_seconds) < 10


def test_an_address_below_a_path_is_asked_for_there():
    answers = {"/books/healthz": (200, b"ok\n", {}), "/books/qbwc": (200, GREETING, {})}
    with answering(answers) as port:
        assert reach.look(f"http://127.0.0.1:{port}/books", now()).fault is None


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"/healthz": (301, b"", {"Location": "https://elsewhere.example/"})}, "redirected to 'https://elsewhere"),
        ({"/healthz": (502, b"", {})}, "502"),
        ({"/healthz": (200, b"<html>It works!</html>", {})}, "something else"),
        ({"/qbwc": (404, b"", {})}, "/qbwc is answered with 404"),
    ],
)
def test_an_address_that_leads_elsewhere_is_told(answers, fault):
    with answering(answers) as port:
        assert fault in reach.look(f"http://127.0.0.1:{port}", now()).fault


def test_an_address_where_nobody_answers_is_told_within_seconds():
    with answering() as port:
        pass
    assert "nobody answers" in reach.look(f"http://127.0.0.1:{port}", now()).fault
    assert "is not known" in reach.look("https://no-such-host.invalid", now()).fault


def test_a_certificate_is_looked_at(tmp_path, monkeypatch):
    certificate = make_certificate(tmp_path, "localhost")
    with answering(certificate=certificate) as port:
        assert "certificate is not good" in reach.look(f"https://localhost:{port}", now()).fault
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        found = reach.look(f"https://localhost:{port}", now())
        assert found.fault is None
        assert 0 <= (found.certificate_ends - now()).days <= 1
        # The same server by a name that its certificate does not bear.
        told = reach.look(f"https://127.0.0.1:{port}", now()).fault
        assert "IP address mismatch" in told
    with answering() as port:
        assert "no TLS" in reach.look(f"https://localhost:{port}", now()).fault


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path):
    made = World.new(fresh(f"sqlite:///{tmp_path / 'qbwc.sqlite3'}"), 1)
    made.clock.now = now()
    yield made
    made.engine.dispose()


@pytest.fixture
def diagnose(world, tmp_path):
    """-> what the doctor finds, by the check; `bad` alone, where it is wrong."""

    def found(**given):
        environment = {"QBWC_DATA_DIR": str(tmp_path), "QBWC_SECRET_KEY": "f" * 64, **given}
        with answering(ahead=(world.clock.now - now()).total_seconds()) as port:
            environment.setdefault("QBWC_PUBLIC_URL", f"http://localhost:{port}")
            read = settings.read(environment)
            return doctor.examine(read, world.clock.now)

    return found


def bad(findings):
    return {one.check.removeprefix("Company 1: "): one.finding for one in findings if not one.good}


def poll(world):
    connector = world.connector()
    if not connector.login():
        return
    while message := connector.fetch():
        if connector.bring(connector.process(message)) in (100, -1):
            break
    connector.close()


def test_where_all_is_well_nothing_is_wrong_and_all_is_told(world, diagnose):
    poll(world)
    findings = diagnose()
    assert bad(findings) == {}
    told = {one.check: one.finding for one in findings}
    assert "leads to a service like this one" in told["public address"]
    assert "next due" in told["Company 1: Web Connector"]
    assert told["Company 1: queue"] == "nothing waits"
    assert "MB are free" in told["disk"]


def test_a_connector_that_never_called_or_is_silent_is_told(world, diagnose):
    assert "never called" in bad(diagnose())["Web Connector"]
    poll(world)
    world.send(make_order())
    world.clock.advance(3600)
    assert "60 minutes ago, 9 documents wait" in bad(diagnose())["Web Connector"]


def test_what_waits_and_why_is_told(world, diagnose):
    poll(world)
    world.send(make_order())
    world.clock.advance(120)
    told = {one.check: one for one in diagnose()}["Company 1: queue"]
    assert told.good
    assert "leave at the next poll" in told.finding
    assert "the oldest since" in told.finding
    world.books.faults.refuse_next("CustomerAdd", 3140)
    world.books.faults.refuse_next("VendorAdd", 3175)
    poll(world)
    told = [one.finding for one in diagnose() if one.check == "Company 1: queue"]
    assert any("need a person" in one for one in told)
    assert any("wait for others" in one for one in told)
    assert any("rest until" in one for one in told)


def test_documents_that_do_not_leave_though_it_polls_are_told(world, diagnose):
    poll(world)
    world.send(make_order())
    with world.engine.begin() as db:
        old = world.clock.now - dt.timedelta(hours=5)
        db.execute(jobs.jobs.update().where(jobs.jobs.c.priority == 0).values(created_at=old))
    assert "the oldest since" in bad(diagnose())["queue"]


def test_lists_that_were_not_read_for_days_are_told(world, diagnose):
    poll(world)
    with world.engine.begin() as db:
        db.execute(
            lists.reads.update()
            .where(lists.reads.c.list == "customer")
            .values(read_at=world.clock.now - dt.timedelta(days=4))
        )
        db.execute(lists.reads.update().where(lists.reads.c.list == "vendor").values(read_at=None))
    assert "vendor was never read" in bad(diagnose())["lists"]
    with world.engine.begin() as db:
        db.execute(lists.reads.update().where(lists.reads.c.list == "vendor").values(read_at=world.clock.now))
    assert "customer is as it was more than 3 days ago" in bad(diagnose())["lists"]


def test_a_wrong_company_file_is_told_with_its_time(world, diagnose):
    poll(world)
    with world.engine.begin() as db:
        companies.note_problem(db, world.company.id, "Wrong company file: QuickBooks has B open.", world.clock.now)
    told = bad(diagnose())["connection"]
    assert told.startswith("Wrong company file")
    assert "since" in told


def test_mail_and_webhooks_that_fail_are_told(world, diagnose):
    poll(world)
    with world.engine.begin() as db:
        notices.raise_one(db, world.company.id, Kind.SILENT, "{}", world.clock.now, world.clock.now)
        (notice,) = notices.all_open(db)
        notices.note_not_mailed(db, notice.id, next_mail_at=world.clock.now, error="ana@example.com: refused")
        hook = webhooks.put(db, world.company.id, url="https://x", secret="s", made_by="a", now=world.clock.now)
        row = {
            "webhook_id": hook,
            "event_id": "e",
            "event": "document.posted",
            "body": "{}",
            "made_at": world.clock.now,
        }
        webhooks.put_deliveries(db, [{**row, "next_try_at": world.clock.now}])
        (delivery,) = webhooks.claim_due(db, world.clock.now, world.clock.now)
        webhooks.note_outcome(
            db, delivery.id, delivered_at=None, next_try_at=world.clock.now, status=None, error="cannot be reached"
        )
    told = bad(diagnose())
    assert "ana@example.com: refused" in told["mail"]
    assert "cannot be reached" in told["webhooks"]


def test_a_clock_that_is_off_is_told(world, diagnose):
    poll(world)
    with world.engine.begin() as db:
        companies.note_call(db, world.company.id, "nothing to send", world.clock.now + dt.timedelta(hours=1))
    assert "still to come" in bad(diagnose())["clock"]
    with answering(ahead=600) as port:
        found = reach.look(f"http://127.0.0.1:{port}", now())
    assert 590 < found.ahead_seconds < 610


def test_a_public_service_without_trusted_proxies_gets_a_hint(diagnose):
    found = {one.check: one for one in diagnose(QBWC_PUBLIC_URL="https://no-such-host.invalid")}
    assert found["trusted proxies"].good
    assert "QBWC_TRUSTED_PROXIES" in found["trusted proxies"].mend
    assert not found["public address"].good
    given = {"QBWC_PUBLIC_URL": "https://no-such-host.invalid", "QBWC_TRUSTED_PROXIES": "127.0.0.1"}
    assert "trusted proxies" not in {one.check for one in diagnose(**given)}


def test_a_database_that_is_gone_or_another_is_told(tmp_path):
    environment = {"QBWC_DATA_DIR": str(tmp_path), "QBWC_PUBLIC_URL": "http://localhost:9"}
    told = bad(doctor.examine(settings.read(environment), now()))
    assert "does not exist" in told["database"]
    assert "there is none" in told["secret key"]
    (tmp_path / "qbwc.sqlite3").write_bytes(b"no database" * 500)
    assert "does not answer" in bad(doctor.examine(settings.read(environment), now()))["database"]
    given = {**environment, "DATABASE_URL": "postgresql://nobody:canary-pw@localhost:9/none"}
    told = bad(doctor.examine(settings.read(given), now()))["database"]
    assert "does not answer" in told
    assert "canary-pw" not in told


def test_the_command_tells_it_all_and_status_the_oldest(alone):
    with alone.qbwc.serving():
        alone.connector.poll()
        alone.add(make_order())
        done = alone.qbwc.run("doctor", "--json")
        assert done.returncode == 0, done.stdout
        assert all(row["good"] for row in json.loads(done.stdout))
        (row,) = alone.qbwc.data("status")["companies"]
        assert row["oldest_waiting"]
    done = alone.qbwc.run("doctor")
    assert done.returncode == 4
    assert "qbwc serve" in done.stdout
