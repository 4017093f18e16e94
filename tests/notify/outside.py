"""What stands outside: somebody's web server that receives webhooks, a mail server, and a certificate authority."""

import base64
import datetime as dt
import hashlib
import hmac
import http.server
import json
import pathlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Received:
    id: str
    event: dict[str, Any]
    headers: dict[str, str]
    signed_right: bool


@dataclass
class Receiver:
    """`answers` are given in turn, then always 200: a status, "slow", "drip", "drop", or an address to redirect to."""

    secret: str = ""
    answers: deque[int | str] = field(default_factory=deque)
    got: list[Received] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[str]:
        return [f"{one.event['event']} {one.event['record']}" for one in self.got]

    def signature(self, headers: dict[str, str], body: bytes) -> str:
        """As Standard Webhooks tells it: over id.timestamp.body, with the key behind whsec_."""
        key = base64.b64decode(self.secret[len("whsec_") :])
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


@contextmanager
def receiving(certificate: pathlib.Path | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            right = bool(receiver.secret) and receiver.signature(headers, body) == headers["webhook-signature"]
            receiver.got.append(Received(headers["webhook-id"], json.loads(body), headers, right))
            self._answer(receiver.answers.popleft() if receiver.answers else 200)

        def _answer(self, answer: int | str) -> None:
            if answer == "drop":
                self.close_connection = True
            elif answer == "slow":
                receiver.released.wait(30)
                self.close_connection = True
            elif answer == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 200:
                    if receiver.released.is_set():
                        break
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)
            elif isinstance(answer, int):
                self.send_response(answer)
                self.end_headers()
                if answer != 200:
                    self.wfile.write(b"no\x1b[31m thanks\n" + b"x" * 5_000_000)
            else:
                self.send_response(307)
                self.send_header("Location", answer)
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:  # who was cut off says so; the other end is what is tested
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """`refuses`: addresses that the server does not know."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]

    # --- what aiosmtpd asks ---

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.original_content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert envelope.rcpt_tos == [mail["To"].addresses[0].addr_spec]
        self.mails.append(mail)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"p@ss:word%", handled=False)


@contextmanager
def mail_server(certificate: pathlib.Path | None = None) -> Iterator[Mailbox]:
    box = Mailbox()
    options: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {"tls_context": context, "require_starttls": True, "authenticator": box.authenticate}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def make_certificate(folder: pathlib.Path, *names: str) -> pathlib.Path:
    """-> a file with a key and a certificate for these names, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
