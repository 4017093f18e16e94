"""What every answer carries, whoever gives it and however it turns out (security.md 4.3, test 39; ASVS 3.4.1)."""

import io

import pytest

from qbwc_service.app import App
from qbwc_service.settings import read
from tests.fuzz.service import KEYS, Service

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
    made.engine.dispose()


def headers_of(app, method, path):
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
        "REMOTE_ADDR": "192.0.2.7",
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
