"""Several processes of gunicorn, on PostgreSQL: what they share, how they end, and what keeps them from beginning."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.deploy.conftest import database
from tests.deploy.machine import Machine, get, value
from tests.deploy.test_front import eventually, receive

FORKING = """
import os, sys, threading
from werkzeug.test import Client
from qbwc_service import wsgi

def ask(times):
    client = Client(wsgi.application)
    return {client.get("/readyz").status_code for _ in range(times)}

threads = lambda: {thread.name for thread in threading.enumerate()}
assert "ticker" not in threads(), "importing begins nothing"
assert ask(3) == {200}
assert "ticker" in threads()
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        assert "ticker" not in threads()
        good = ask(40) == {200} and "ticker" in threads()
        wsgi.application.end()
        os._exit(0 if good and "ticker" not in threads() else 9)
    children.append(child)
assert ask(40) == {200}
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
assert ask(3) == {200}
wsgi.application.end()
"""


@pytest.fixture
def machine(postgres_server, tmp_path):
    made = Machine(tmp_path / "m")
    made.has_secret_key()
    with database(postgres_server) as url:
        made.has_settings("--server-name", "localhost", "--postgres", DATABASE_URL=url)
        yield made


def gunicorn(machine: Machine, unit: str) -> "subprocess.CompletedProcess[str]":
    """Begins it without what comes first in the unit. -> how it ended by itself."""
    return subprocess.run(
        machine.command(value(unit, "ExecStart")),
        env=machine.environment(unit),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_that_forks_shares_no_connection_and_no_thread(machine):
    unit = machine.printed("systemd", "--gunicorn")
    machine.qbwc(unit).ok("migrate")
    done = subprocess.run(
        [sys.executable, "-c", FORKING],
        env=machine.environment(unit),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_is_under_way_is_answered_before_it_ends(machine):
    body = receive(100_000)
    head = f"POST /qbwc HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with machine.running(machine.printed("systemd", "--gunicorn")) as master:
        with socket.create_connection(("127.0.0.1", machine.port), timeout=60) as sock:
            sock.sendall(head + body[:50_000])
            time.sleep(0.5)  # until a thread has it
            master.send_signal(signal.SIGTERM)
            eventually(lambda: "Handling signal: term" in machine.log())
            time.sleep(0.5)
            assert master.poll() is None
            sock.sendall(body[50_000:])
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"receiveResponseXMLResult>-1<" in answer
        assert master.wait(timeout=60) == 0


def test_a_worker_that_is_killed_is_replaced(machine):
    with machine.running(machine.printed("systemd", "--gunicorn")):

        def workers() -> list[int]:
            return [int(pid) for pid in re.findall(r"Booting worker with pid: (\d+)", machine.log())]

        first = eventually(lambda: len(workers()) == 2 and workers())
        os.kill(first[0], signal.SIGKILL)
        eventually(lambda: len(workers()) == 3)
        assert {get(machine.port, "/readyz") for _ in range(20)} == {200}
        assert "Traceback" not in machine.log()


def test_without_tables_it_ends_with_one_line(machine):
    done = gunicorn(machine, machine.printed("systemd", "--gunicorn"))
    assert done.returncode == 1
    assert "run `qbwc init` (SQLite) or `qbwc migrate` first" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_database_it_ends_with_one_line(machine):
    machine.has_settings(DATABASE_URL="postgresql://qbwc:canary-word@127.0.0.1:9/qbwc")
    done = gunicorn(machine, machine.printed("systemd", "--gunicorn"))
    assert done.returncode == 1
    assert "qbwc: the database does not answer: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary-word" not in done.stderr


def test_all_faults_of_the_settings_are_told_at_once(machine):
    machine.has_settings(PORT="none", QBWC_PUBLIC_URL="http://books.example.com", QBWC_TRUSTED_PROXIES="somebody")
    done = gunicorn(machine, machine.printed("systemd", "--gunicorn"))
    assert done.returncode == 1
    for name in ("PORT", "QBWC_PUBLIC_URL", "QBWC_TRUSTED_PROXIES"):
        assert f"\n  {name}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_its_own_lines_are_in_the_form_that_was_set(machine):
    machine.has_settings("--postgres", DATABASE_URL="postgresql://127.0.0.1:9/qbwc", QBWC_LOG="text")
    done = gunicorn(machine, machine.printed("systemd", "--gunicorn"))
    assert re.search(r"^20\S+ INFO Starting gunicorn ", done.stderr, re.MULTILINE), done.stderr
