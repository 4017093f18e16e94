"""Connections that a test holds in its own hands, and a server with limits of its own."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

SERVER = """
import dataclasses, json, sys, time
from qbwc_service.server import Limits, serve

def app(environ, start_response):
    body = environ["wsgi.input"].read()
    seconds = environ["QUERY_STRING"]
    if environ["PATH_INFO"] == "/exit":
        raise SystemExit("of a worker")
    if seconds:
        time.sleep(float(seconds))
    answer = b"x" * 20_000_000 if environ["PATH_INFO"] == "/large" else str(len(body)).encode()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]

limits = Limits(**json.loads(sys.argv[1]))
serve(app, sys.argv[2], 0, lambda port: print(port, flush=True), (), limits)
print("ended", flush=True)
"""


@dataclass
class Server:
    """An application that answers how long the body was; `/?2` in two seconds, `/large` with 20 MB, `/exit` never."""

    process: "subprocess.Popen[str]"
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def get(self, path: str = "/") -> bytes:
        """-> the answer of a client that does all as it should."""
        with self.connect() as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return rest(line)


@contextlib.contextmanager
def running(host: str = "127.0.0.1", **limits: float) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(limits), host],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Server(process, int(process.stdout.readline()))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def head(length: int, path: str = "/qbwc") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", "Content-Type: text/xml; charset=utf-8", f"Content-Length: {length}")
    return "\r\n".join((*lines, "", "")).encode()


def rest(line: socket.socket) -> bytes:
    """-> all that comes until the other side closes."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := line.recv(65536):
            found += piece
    return found


def closed_within(line: socket.socket, seconds: float, send: bytes = b"") -> bool:
    """Whether the other side closes; one byte of `send` goes out every tenth of a second meanwhile."""
    line.settimeout(0.1)
    until, at = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try:
            if at < len(send):
                line.sendall(send[at : at + 1])
                at += 1
            if not line.recv(65536):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False
