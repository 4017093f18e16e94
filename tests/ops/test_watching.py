"""What watches the service asks for: /metrics, /readyz, and who called; over real HTTP."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from sqlalchemy import event, text

from qbwc_service import proxies, readiness, settings
from qbwc_service.db import figures, schema
from qbwc_service.db.engine import open_engine
from qbwc_service.metrics import Metrics
from qbwc_service.secrets import Keys
from qbwc_service.settings import ConfigurationError
from tests.connector.soap import envelope, operation
from tests.faults.world import START, World, fresh
from tests.orders import make_order
from tests.service import Qbwc

TOKEN = "a token for whoever watches".replace(" ", "-")


def asked(url, **headers):
    request = urllib.request.Request(url, headers={name.replace("_", "-"): text for name, text in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def values(told):
    """-> name with labels -> value; each line must be as Prometheus reads it."""
    found = {}
    for line in told.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line)
            continue
        match = re.fullmatch(r'([a-z_]+(?:\{(?:[a-z_]+="[^"\\\n]*",?)*\})?) (-?[0-9.e+-]+)', line)
        assert match, line
        assert match[1] not in found
        found[match[1]] = float(match[2])
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    qbwc = Qbwc(tmp_path_factory.mktemp("watched"))
    qbwc.environment |= {"QBWC_METRICS_TOKEN": TOKEN, "QBWC_TRUSTED_PROXIES": "127.0.0.2, 10.0.0.0/8"}
    qbwc.init()
    qbwc.here.data("company", "add", "ABC Company")
    with qbwc.serving():
        yield qbwc


# --- /metrics ---------------------------------------------------------------------------------------------------------


def test_metrics_are_open_to_this_machine_and_to_the_token_alone(served):
    url = f"http://127.0.0.1:{served.port}/metrics"
    status, told, headers = asked(url)
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert values(told)['qbwc_companies{which="all"}'] == 1
    for header in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via"):
        assert asked(url, **{header: "127.0.0.1"})[0] == 401, header
        assert asked(url, **{header: "127.0.0.1", "Authorization": f"Bearer {TOKEN}"})[0] == 200, header
    assert asked(url, Authorization="Bearer " + TOKEN[:-1])[0] == 401
    assert asked(url, Authorization="Basic abc")[0] == 200  # from this machine all the same


def test_metrics_tell_what_is_open(engine):
    world = World.new(engine, 1)
    metrics = Metrics(engine, world.clock, lambda: metrics_at[0])
    metrics_at = [0.0]
    with world.gone():
        told = values(metrics.text())
        assert told["qbwc_database_up"] == 1
        assert told['qbwc_jobs{state="ready"}'] == 0
        world.send(make_order())
        world.clock.advance(100)
        metrics_at[0] = 4.0
        assert values(metrics.text()) == told  # kept for some seconds
        metrics_at[0] = 6.0
        told = values(metrics.text())
        assert told['qbwc_jobs{state="ready"}'] + told['qbwc_jobs{state="waiting"}'] >= 6
        assert told["qbwc_jobs_oldest_waiting_seconds"] == 100
        connector = world.connector()
        connector.login()
        connector.bring(connector.process(connector.fetch()))  # the lists
        connector.fetch()
        metrics_at[0] = 12.0
        told = values(metrics.text())
        assert told["qbwc_sessions_open"] == 1
        assert told['qbwc_jobs{state="in_flight"}'] > 0
        world.connector().login()
        world.clock.advance(3600)
        metrics_at[0] = 80.0
        told = values(metrics.text())
        assert told["qbwc_messages_in_doubt"] == 1
        assert told["qbwc_messages_in_doubt_seconds"] == 3600
        assert told['qbwc_jobs{state="in_doubt"}'] > 0
        assert told['qbwc_companies{which="silent"}'] == 1
        assert told['qbwc_jobs{state="posted"}'] >= 1  # the payment method, which QuickBooks had


def test_without_a_database_metrics_say_so(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'none' / 'there.sqlite3'}")
    told = values(Metrics(engine).text())
    assert told["qbwc_database_up"] == 0
    engine.dispose()


def test_what_is_counted_at_each_scrape_reads_what_is_open_alone(tmp_path):
    engine = fresh(f"sqlite:///{tmp_path / 'qbwc.sqlite3'}")
    seen = []

    def listener(connection, cursor, statement, parameters, *_):
        seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", listener)
    with engine.connect() as db:
        figures.backlog(db)
        figures.in_doubt(db)
        figures.open_sessions(db)
        figures.deliveries_due(db, START)
        figures.open_notices(db)
        figures.standing(db, 1, START)
    event.remove(engine, "before_cursor_execute", listener)
    asked_for = [one for one in seen if one[0].startswith("SELECT")]
    assert len(asked_for) == 6
    with engine.connect() as db:
        for statement, parameters in asked_for:
            plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert any("USING" in step and "INDEX" in step for step in plan), plan
            assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step], plan
    engine.dispose()


# --- /readyz and ids --------------------------------------------------------------------------------------------------


def test_a_ready_service_says_so_and_one_that_is_not_says_why(served):
    url = f"http://127.0.0.1:{served.port}/readyz"
    assert asked(url)[:2] == (200, "ok\n")
    configured = settings.read(served.environment)
    engine = open_engine(configured.database_url)
    assert readiness.faults(configured, engine, Keys(configured.secret_key)) == []
    assert "secret key" in readiness.faults(configured, engine, Keys("another" * 8))[0]
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    status, told, _ = asked(url)
    assert status == 503
    assert "qbwc migrate" in told
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": schema.HEAD})
    engine.dispose()
    assert asked(url)[0] == 200
    assert str(served.data_dir) not in told


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    configured = settings.read({"QBWC_DATA_DIR": str(tmp_path)})
    (tmp_path / "qbwc.sqlite3").touch()
    assert readiness.disk(configured) is None
    monkeypatch.setattr(readiness.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 5_000_000}))
    assert "5 MB" in readiness.disk(configured)


def test_every_answer_carries_an_id_and_a_strangers_is_not_taken(served):
    for path in ("/healthz", "/readyz", "/support", "/metrics", "/sign-in", "/api/v1/orders", "/qbwc", "/nowhere"):
        found = {asked(f"http://127.0.0.1:{served.port}{path}", X_Request_Id="chosen-by-a-stranger")[2]["X-Request-Id"]}
        assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found), path


# --- who called -------------------------------------------------------------------------------------------------------

TRUSTED = settings.read({"QBWC_TRUSTED_PROXIES": "192.0.2.0/24, 2001:db8::/32, unix"}).trusted_proxies


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),  # who is no proxy of ours may say what he likes
        ("192.0.2.1", "203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "127.0.0.1, 203.0.113.9", "203.0.113.9"),  # the client itself wrote what stands left
        ("192.0.2.1", "10.1.1.1, 203.0.113.9, 192.0.2.8", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9:4711", "203.0.113.9"),
        ("192.0.2.1", "[2001:dead::1]:4711", "2001:dead::1"),
        ("192.0.2.1", "2001:dead::1", "2001:dead::1"),
        ("::ffff:192.0.2.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9, unknown", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9, <script>", "192.0.2.1"),
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.9", "192.0.2.9"),  # all are ours: the first of them
        ("", "203.0.113.9", "203.0.113.9"),  # a socket of this machine
    ],
)
def test_the_client_is_the_rightmost_whom_no_proxy_of_ours_is(peer, said, client):
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said, "HTTP_X_FORWARDED_PROTO": "https"}
    assert proxies.settle(environ, TRUSTED).address == client
    assert environ["REMOTE_ADDR"] == client
    assert not [name for name in environ if "FORWARDED" in name]


def test_without_trusted_proxies_nothing_that_is_said_counts():
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_X_REQUEST_ID": "a" * 20}
    caller = proxies.settle(environ, ())
    assert (caller.address, caller.forwarded, caller.request_id) == ("127.0.0.1", True, None)


def test_a_trusted_proxys_id_is_taken(served):
    """127.0.0.2 is one: a connection from there is made to the same service."""
    script = (
        "import http.client, sys\n"
        "c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), source_address=('127.0.0.2', 0))\n"
        "for given in ('proxy-made-0001', 'bad id', 'x' * 99):\n"
        "    c.request('GET', '/sign-in', headers={'X-Request-Id': given, 'X-Forwarded-For': '6.6.6.6, 203.0.113.9'})\n"
        "    r = c.getresponse(); r.read(); print(r.headers['X-Request-Id'])\n"
    )
    said = subprocess.run([sys.executable, "-c", script, str(served.port)], capture_output=True, text=True, check=True)
    first, *others = said.stdout.split()
    assert first == "proxy-made-0001"
    assert all(re.fullmatch("[0-9a-f]{32}", other) for other in others)


def test_a_spoofed_address_does_not_hide_who_tries_passwords(served):
    """What the throttle, the audit trail and the log see is the address that the proxy saw (security.md, test 44)."""

    def call(spoofed, peer):
        script = (
            "import http.client, sys\n"
            "c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), source_address=(sys.argv[2], 0))\n"
            "c.request('POST', '/qbwc', sys.stdin.buffer.read(), {'Content-Type': 'text/xml; charset=utf-8',"
            " 'X-Forwarded-For': sys.argv[3]})\n"
            "print(c.getresponse().status)\n"
        )
        body = envelope(operation("authenticate", strUserName="nobody", strPassword="wrong"))
        command = [sys.executable, "-c", script, str(served.port), peer, spoofed]
        assert subprocess.run(command, input=body, capture_output=True, check=True).stdout == b"200\n"

    call("6.6.6.6", "127.0.0.1")
    call("6.6.6.6, 203.0.113.77", "127.0.0.2")
    refusals = [line for line in served.log().splitlines() if "connector refused" in line]
    assert "127.0.0.1" in refusals[-2]
    assert "203.0.113.77" in refusals[-1]
    assert "6.6.6.6" not in served.log()


def test_settings_of_all_this_are_checked(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        settings.read(
            {
                "QBWC_TRUSTED_PROXIES": "10.0.0.1/8, nonsense, 0.0.0.0/0",
                "QBWC_LOG": "xml",
                "QBWC_LOG_LEVEL": "loud",
                "QBWC_METRICS_TOKEN": "short",
            }
        )
    told = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 6
    for name in ("QBWC_TRUSTED_PROXIES", "QBWC_LOG:", "QBWC_LOG_LEVEL", "QBWC_METRICS_TOKEN"):
        assert name in told
    assert "'short'" not in told
    (tmp_path / "token").write_text(TOKEN + "\n")
    read = settings.read({"QBWC_METRICS_TOKEN_FILE": str(tmp_path / "token"), "QBWC_LOG": "JSON"})
    assert (read.metrics_token, read.log_format, read.log_level) == (TOKEN, "json", "info")
    assert TOKEN not in repr(read)
