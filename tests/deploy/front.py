"""nginx with the printed part in it, before the service; and a certificate of an authority of our own."""

import datetime as dt
import http.client
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

NAME = "localhost"


def program() -> str:
    """-> where nginx is; without one the test is skipped, and under CI it fails."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("nginx is missing, and CI must have it")
    if found is None:
        pytest.skip("no nginx on this machine")
    return found


@dataclass(frozen=True)
class Certificate:
    """`authority` is what clients must know; `chain` and `key` are the server's."""

    authority: pathlib.Path
    chain: pathlib.Path
    key: pathlib.Path


def certificate(folder: pathlib.Path) -> Certificate:
    """An RSA certificate of a local authority, with a certificate in between, as real ones have."""
    root_key, root = _signed("root", None, None)
    between_key, between = _signed("between", root_key, root)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = (
        _builder(NAME, between.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(between_key, hashes.SHA256())
    )
    made = Certificate(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    made.authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    made.chain.write_bytes(b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (own, between)))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made.key.write_bytes(key.private_bytes(*plain))
    return made


def _builder(name: str, issuer: x509.Name | None) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=30))
    )


def _signed(
    name: str, by: ec.EllipticCurvePrivateKey | None, issuer: x509.Certificate | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(name, None if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(by or key, hashes.SHA256())
    )
    return key, made


@dataclass
class Front:
    """What the world sees. `source` of a call is an address of this machine, as which the client calls."""

    tls_port: int
    http_port: int
    certificate: Certificate
    folder: pathlib.Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.tls_port}"

    def context(self, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=str(self.certificate.authority))
        for name, version in versions.items():
            setattr(made, name, version)
        return made

    def open(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(
            NAME, self.tls_port, timeout=120, context=self.context(), source_address=(source, 0)
        )
        connection.connect()
        return connection

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """-> an answer and its body; redirects are not followed."""
        connection = self.open(source)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def plain(self, method: str, path: str, body: bytes | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        """The same by http, without the s."""
        connection = http.client.HTTPConnection(NAME, self.http_port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "text/xml; charset=utf-8"})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def socket(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.tls_port), timeout=30, source_address=(source, 0))
        return self.context().wrap_socket(raw, server_hostname=NAME)

    def access_log(self) -> str:
        return (self.folder / "access.log").read_text(errors="replace")


_MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/qbwc.conf;
}}
"""


@contextmanager
def running(folder: pathlib.Path, printed: str, front: Front) -> Iterator[Front]:
    """nginx with the text as a file of conf.d, as it was printed."""
    folder.joinpath("qbwc.conf").write_text(printed)
    # A test's folder is its user's alone, which the workers of a root's nginx are not by default.
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder, user=user))
    command = [program(), "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stderr
    said = [line for line in checked.stderr.splitlines() if "[warn]" in line]
    assert said == []
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", front.tls_port), timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield front
    finally:
        process.terminate()
        process.communicate(timeout=30)
