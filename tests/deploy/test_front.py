"""What the Web Connector and browsers meet: nginx with TLS as printed, before gunicorn and PostgreSQL."""

import json
import socket
import ssl
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.connector.soap import INTUIT, OPEN
from tests.deploy.machine import get
from tests.orders import as_text, make_order

XML = {"Content-Type": "text/xml; charset=utf-8"}


def receive(size: int) -> bytes:
    """-> a receiveResponseXML with an answer of so many bytes, of a session that there is not."""
    call = f"<receiveResponseXML xmlns='{INTUIT}'><ticket>none</ticket><response>"
    end = "</response><hresult></hresult><message></message></receiveResponseXML></soap:Body></soap:Envelope>"
    filler = "&lt;QBXML/&gt;" * (size // len("&lt;QBXML/&gt;"))
    return f"{OPEN}<soap:Body>{call}{filler}{end}".encode()


def logged(machine, **facts):
    """-> the lines of the service's log with these facts."""
    lines = [json.loads(line) for line in machine.log().splitlines() if line.startswith("{")]
    return [line for line in lines if all(line.get(name) == value for name, value in facts.items())]


def eventually(look, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_an_order_arrives_through_tls(deployment, tmp_path):
    deployment.qbwc.ok("order", "add", "ABC Company", "-", "--send", stdin=as_text(make_order("1001")))
    deployment.qbwc.environment["QBWC_SIMULATOR_PASSWORD"] = deployment.company["password"]
    deployment.qbwc.ok(
        *("simulate", "--url", f"{deployment.front.url}/qbwc", "--username", deployment.company["username"]),
        *("--company-file", str(tmp_path / "books.json"), "--polls", "2"),
    )
    assert deployment.qbwc.data("order", "show", "ABC Company", "1001")["state"] == "posted"


@pytest.mark.parametrize("path", ["/qbwc", "/support", "/healthz", "/qbwc?wsdl"])
def test_what_the_connector_fetches_is_200(deployment, path):
    answer, _ = deployment.front.call("GET", path)
    assert answer.status == 200
    assert answer.getheader("X-Request-ID")
    assert answer.getheader("Strict-Transport-Security")
    assert answer.getheader("Server") == "nginx"


def test_the_wsdl_names_the_public_address(deployment):
    _, body = deployment.front.call("GET", "/qbwc?wsdl", headers={"Host": "evil.example", "X-Forwarded-Host": "evil"})
    assert f'location="{deployment.front.url}/qbwc"'.encode() in body
    assert b"evil" not in body


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ["/qbwc", "/qbwc/", "/qbwc?wsdl", "//qbwc", "/QBWC", "/support", "/support/"])
def test_no_path_of_the_connectors_is_redirected(deployment, method, path):
    body = b"<a/>" if method == "POST" else None
    answer, _ = deployment.front.call(method, path, body, XML)
    assert not 300 <= answer.status < 400, answer.getheader("Location")
    answer, _ = deployment.front.plain(method, path.lower().replace("//", "/"), body)
    assert answer.status == 403
    assert answer.getheader("Location") is None


def test_a_browser_that_comes_without_tls_is_sent_to_the_public_address_alone(deployment):
    answer, _ = deployment.front.plain("GET", "/companies/1?page=2")
    assert answer.status == 301
    assert answer.getheader("Location") == f"{deployment.front.url}/companies/1?page=2"


def test_expect_100_continue_is_answered_before_the_body_is_sent(deployment):
    body = receive(1000)
    head = "POST /qbwc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=utf-8\r\nExpect: 100-continue\r\n"
    with deployment.front.socket() as sock:
        sock.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        assert sock.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"receiveResponseXMLResult>-1<" in answer


def test_an_answer_of_60_megabytes_arrives(deployment):
    body = receive(60_000_000)
    assert len(body) > 59_000_000
    answer, said = deployment.front.call("POST", "/qbwc", body, XML)
    assert answer.status == 200, said
    assert b"receiveResponseXMLResult>-1<" in said


def test_the_services_own_limit_comes_before_nginxs(deployment):
    answer, said = deployment.front.call("POST", "/qbwc", b" " * (64 * 1024 * 1024 + 1), XML)
    assert answer.status == 413
    assert said == b"The body is too large.\n"


def test_70_megabytes_are_refused_unread(deployment):
    with deployment.front.socket() as sock:
        sock.sendall(
            b"POST /qbwc HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 70000000\r\n\r\n"
        )
        assert sock.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_the_service_hears_who_called_and_not_what_he_says_of_himself(deployment):
    forged = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Client-IP"), "203.0.113.9")
    forged |= {"Forwarded": "for=203.0.113.9", "X-Request-ID": "forged-request-id", "Via": "1.1 elsewhere"}
    forged |= {"SCRIPT_NAME": "/elsewhere", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    answer, _ = deployment.front.call("GET", "/support", headers=forged, source="127.0.0.77")
    request = answer.getheader("X-Request-ID")
    assert answer.status == 200
    assert request
    assert request != "forged-request-id"
    (line,) = eventually(lambda: logged(deployment.machine, event="answered", request=request))
    assert line["path"] == "/support"
    assert line["remote"] == "127.0.0.77"
    assert "203.0.113.9" not in deployment.machine.log()


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/a/../metrics", "/metrics?a=1"])
def test_the_figures_are_not_told_to_the_world(deployment, path):
    answer, said = deployment.front.call("GET", path)
    assert answer.status == 404
    assert b"qbwc_" not in said
    assert get(deployment.machine.port, "/metrics") == 200  # on the machine itself
    assert get(deployment.machine.port, "/metrics", {"X-Forwarded-For": "203.0.113.9"}) == 401


def test_an_address_that_holds_many_requests_keeps_no_other_one_out(deployment):
    head = "POST /qbwc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 1000\r\n\r\n<"
    crowd = [deployment.front.socket("127.0.0.88") for _ in range(40)]
    try:
        for sock in crowd:
            sock.sendall(head.encode())
        eventually(lambda: deployment.front.call("GET", "/healthz", source="127.0.0.88")[0].status == 429)
        assert deployment.front.call("GET", "/healthz")[0].status == 200
    finally:
        for sock in crowd:
            sock.close()


def test_old_tls_is_refused_and_1_2_is_taken(deployment):
    def handshake(version: ssl.TLSVersion, ciphers: str) -> str | None:
        context = ssl.create_default_context(cafile=str(deployment.front.certificate.authority))
        context.set_ciphers(ciphers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of old versions, which is why they are tried
            context.minimum_version, context.maximum_version = version, version
        raw = socket.create_connection(("127.0.0.1", deployment.front.tls_port), timeout=30)
        with raw, context.wrap_socket(raw, server_hostname="localhost") as sock:
            return sock.version()

    assert handshake(ssl.TLSVersion.TLSv1_2, "DEFAULT") == "TLSv1.2"
    assert handshake(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA256") == "TLSv1.2"  # of Windows 7 and 8.1
    assert handshake(ssl.TLSVersion.TLSv1_3, "DEFAULT") == "TLSv1.3"
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):  # the server's own word
            handshake(version, "DEFAULT:@SECLEVEL=0")


def test_links_that_let_somebody_in_stand_in_no_log(deployment):
    link = deployment.qbwc.data("user", "add", "ana@example.com", "--name", "Ana", "--admin")["link"]
    assert link.startswith(deployment.front.url)
    path = link.removeprefix(deployment.front.url)
    answer, said = deployment.front.call("GET", path)
    assert answer.status == 200, said
    token = path.rpartition("/")[2]
    deployment.front.call("GET", "/help?after")
    eventually(lambda: "/help?after" in deployment.front.access_log())
    assert token not in deployment.front.access_log()
    assert token not in deployment.machine.log()


def test_a_person_signs_in_through_it(deployment):
    link = deployment.qbwc.data("user", "add", "eva@example.com", "--name", "Eva", "--admin")["link"]
    path = link.removeprefix(deployment.front.url)
    form = b"password=correct+horse+battery+staple&again=correct+horse+battery+staple"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": deployment.front.url,
        "Sec-Fetch-Site": "same-origin",
    }
    answer, said = deployment.front.call("POST", path, form, headers)
    assert answer.status == 303, said
    assert "__Host-qbwc=" in answer.getheader("Set-Cookie", "")
    assert answer.getheader("Location", "").startswith("/")


def test_a_webhook_is_delivered_once_though_each_worker_looks(deployment, tmp_path):
    told: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            told.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        qbwc, front = deployment.qbwc, deployment.front
        orders = [make_order(str(2000 + n)) for n in range(8)]
        company = qbwc.data("company", "add", "Webhooks")
        token = qbwc.data("token", "add", "Webhooks", "shop")["token"]
        auth = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = f"http://localhost:{server.server_port}/told"
        answer, said = front.call("POST", "/api/v1/webhooks", json.dumps({"url": url}).encode(), auth)
        assert answer.status == 201, said
        qbwc.ok("order", "add", "Webhooks", "-", "--send", stdin=as_text(*orders))
        qbwc.environment["QBWC_SIMULATOR_PASSWORD"] = company["password"]
        qbwc.ok(
            *("simulate", "--url", f"{front.url}/qbwc", "--username", company["username"]),
            *("--company-file", str(tmp_path / "books.json"), "--polls", "2"),
        )
        eventually(lambda: len(set(told)) >= 8)
        time.sleep(1)  # five rounds of each worker's ticker
        assert len(told) == len(set(told))
    finally:
        server.shutdown()
        server.server_close()
