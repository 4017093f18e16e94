"""What every answer carries, whoever gives it and however it turns out (security.md 4.3, test 39; ASVS 3.4.1)."""

import dataclasses
import io
import re

import pytest
from werkzeug.routing import Map, Rule
from werkzeug.test import Client

from qbwc_service.app import App
from qbwc_service.settings import read
from qbwc_service.web.views import ROUTES
from tests.fuzz.service import KEYS, Service

SETTINGS = read({"QBWC_PUBLIC_URL": "https://books.example.com"})
ASKED = [
    ("GET", "/qbwc"),
    ("POST", "/qbwc"),
    ("PUT", "/qbwc"),
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("GET", "/companies"),
    ("POST", "/sign-in"),
    ("DELETE", "/sign-in"),
    ("GET", "/nothing/at/all"),
    ("GET", "/static/app.css"),
    ("GET", "/static/../secret.key"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/orders"),
    ("POST", "/api/v1/nothing"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/support"),
    ("POST", "/healthz"),
    ("GET", "/metrics"),
]


@pytest.fixture(scope="module")
def service():
    made = Service()
    yield made
    made.close()


def headers_of(app, method, path, remote="192.0.2.7"):
    started = []
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": remote,
        "CONTENT_LENGTH": "0",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    b"".join(app(environ, lambda status, headers, exc_info=None: started.append((status, headers))))
    ((status, headers),) = started
    names = [name.lower() for name, _ in headers]
    assert len(names) == len(set(names) - {"set-cookie"}) + names.count("set-cookie")
    return int(status[:3]), {name.lower(): value for name, value in headers}


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_each_answer_forbids_guessing_and_names_itself(service, method, path):
    status, headers = headers_of(service.app, method, path)
    assert status < 600
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]
    assert headers["cache-control"]
    assert "server" not in headers
    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(("method", "path"), [("GET", "/sign-in"), ("GET", "/qbwc"), ("GET", "/api/v1/orders")])
def test_where_the_service_is_at_localhost_no_browser_is_told_to_come_by_tls(service, method, path):
    app = App(read({"QBWC_PUBLIC_URL": "http://localhost:8080"}), service.engine, KEYS)
    assert "strict-transport-security" not in headers_of(app, method, path)[1]


@pytest.mark.parametrize(
    ("remote", "status"),
    [("192.0.2.7", 401), ("10.0.0.7", 401), ("2001:db8::1", 401), ("", 401), ("127.0.0.1", 200), ("::1", 200)],
)
def test_metrics_are_closed_to_who_calls_from_elsewhere(service, remote, status):
    assert headers_of(service.app, "GET", "/metrics", remote)[0] == status


@pytest.mark.parametrize("path", ["/sign-in", "/companies", "/api/v1/orders", "/qbwc"])
def test_when_all_else_fails_there_is_a_number_and_nothing_else(path, caplog):
    """Nothing of the service answers: not even what tells of failures."""
    service = Service()
    for part in ("_connector", "_api", "_site"):
        setattr(service.app, part, None)
    reply = service.post(b"x", PATH_INFO=path)
    service.close()
    number = re.fullmatch(
        r"Something went wrong\. The log tells more under the number ([0-9a-f]{32})\.\n", reply.body.decode()
    )
    assert reply.status == 500
    assert number
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_page_that_fails_shows_a_number_and_nothing_of_why(service, monkeypatch, caplog):
    def failing(page):
        raise RuntimeError("canary of a failure")

    (route,) = [route for route in ROUTES if (route.method, route.path) == ("GET", "/forgot")]
    app = App(SETTINGS, service.engine, KEYS)
    monkeypatch.setattr(app._site, "_paths", Map([Rule(route.path, endpoint=dataclasses.replace(route, view=failing))]))
    answer = Client(app).get("/forgot")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert any("canary" in (record.exc_text or str(record.exc_info)) for record in caplog.records)
