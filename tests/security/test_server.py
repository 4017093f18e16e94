"""The server alone, with limits that a test can wait for: who crowds, clings or dies takes nothing from others."""

import contextlib
import random
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qbwc_service.server import _neighbours
from qbwc_service.simulator import Company, WebConnector
from tests.security.lines import Server, closed_within, head, rest, running
from tests.security.shop import Shop
from tests.service import Qbwc

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
MEGABYTE = b"x" * 1_000_000


def answered(server: Server, path: str = "/", seconds: float = 10) -> bool:
    with server.connect() as line:
        line.settimeout(seconds)
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        try:
            return b"200 OK" in rest(line)
        except TimeoutError:
            return False


def narrow(server: Server) -> socket.socket:
    """A client with room for little of an answer."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(20)
    line.connect(("127.0.0.1", server.port))
    return line


def is_reset_within(line: socket.socket, seconds: float) -> bool:
    """Whether the other side gives up on a client that takes a little now and then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.2)
        try:
            line.recv(1000)
        except ConnectionResetError:
            return True
    return False


def test_a_worker_that_waits_for_a_client_to_take_its_answers_does_not_wait_for_ever():
    with running(threads=2, idle_seconds=2) as server, contextlib.ExitStack() as stack:
        for _ in range(4):
            # Of the second answer, waitress lets the worker wait until the first has been taken.
            stack.enter_context(server.connect()).sendall(LARGE * 3)
        time.sleep(0.5)
        assert answered(server)


def test_who_takes_an_answer_by_the_drop_is_cut_off():
    with running(idle_seconds=1, slowest_bytes_a_second=100_000) as server, narrow(server) as line:
        line.sendall(LARGE)
        assert is_reset_within(line, 15)


def test_who_takes_a_long_answer_steadily_gets_it_whole():
    with running(idle_seconds=1, slowest_bytes_a_second=1000) as server, server.connect() as line:
        line.sendall(LARGE.replace(b"Host", b"Connection: close\r\nHost"))
        found, began = 0, time.monotonic()
        while piece := line.recv(100_000):
            found += len(piece)
            if time.monotonic() - began < 4:
                time.sleep(0.05)
        assert time.monotonic() - began > 4
        assert found > 20_000_000


def test_who_asks_for_thousands_of_things_at_once_is_cut_off():
    with running(threads=1) as server, server.connect() as line:
        line.sendall(GET * 2000)
        assert closed_within(line, 5)
        assert answered(server)


def test_what_came_behind_a_whole_request_has_its_own_time():
    with running(request_seconds=2) as server, server.connect() as line:
        line.sendall(GET[:-2])
        time.sleep(1.5)
        line.sendall(GET[-2:] + GET[:-2])
        time.sleep(1.5)
        line.sendall(GET[-2:])
        line.shutdown(socket.SHUT_WR)
        assert rest(line).count(b"200 OK") == 2


def test_a_worker_that_dies_costs_its_client_the_answer_and_nobody_else_anything():
    with running(threads=2, threads_an_address=1) as server:
        for _ in range(4):
            with server.connect() as line:
                line.sendall(b"GET /exit HTTP/1.1\r\nHost: x\r\n\r\n")
                assert closed_within(line, 5)
        assert answered(server)


def test_who_goes_away_while_waiting_for_a_worker_leaves_nothing_behind():
    with running(threads=2, threads_an_address=1) as server:
        for _ in range(6):
            with server.connect() as line:
                line.sendall(b"GET /?0.3 HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(3):
            assert answered(server)


def test_whole_bodies_that_wait_count_too():
    with running(threads=1, body_bytes=5_000_000) as server, contextlib.ExitStack() as stack:
        for path in ("/?5", "/", "/"):
            line = stack.enter_context(server.connect())
            line.sendall(head(1_500_000, path) + b"x" * 1_500_000)
        time.sleep(0.3)
        with server.connect() as late:
            late.sendall(head(4_000_000))
            assert any(cut_off(late, MEGABYTE + MEGABYTE[:100_000]) for _ in range(3))  # with one other it has room
        assert answered(server)


def cut_off(line: socket.socket, more: bytes) -> bool:
    """Whether the other side closes while this comes, which is looked at with each megabyte, or soon after."""
    try:
        line.sendall(more)
    except ConnectionError:
        return True
    return closed_within(line, 1.5)


def test_where_one_address_waits_for_everything_its_newest_gives_way():
    with running(threads=1, connections=6) as server, contextlib.ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(6)]
        for line in lines:
            line.sendall(b"GET /?0.7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.05)
        assert answered(server)
        assert [b"200 OK" in rest(line) for line in lines] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(address, expected):
    assert _neighbours(address) == expected


def test_it_serves_over_ipv6():
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with running(host="::1", threads_an_address=1) as server:
        for _ in range(3):
            with socket.create_connection(("::1", server.port), timeout=10) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                assert b"200 OK" in rest(line)


# A storm -------------------------------------------------------------------------------------------------------------


def storm(port: int, seed: int, until: float) -> None:
    """Connections that open, say something or nothing, and close, at random."""
    draw = random.Random(seed)
    held: list[socket.socket] = []
    continued = head(20_000).replace(b"Host: x", b"Host: x\r\nExpect: 100-continue")
    said = (
        b"", b"G", b"GET /healthz HTTP/1.1\r\n\r\n", GET * 5, GET * 200, b"\0" * 5000, head(5_000_000) + MEGABYTE,
        continued, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + continued, head(0), head(10) + b"x" * 30,
        b"POST /qbwc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500,
    )  # fmt: skip
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            line = socket.create_connection(("127.0.0.1", port), timeout=5)
            line.settimeout(5)
            held.append(line)
            line.sendall(draw.choice(said))
            if draw.random() < 0.1:
                line.send(b"!", socket.MSG_OOB)
        while len(held) > draw.choice((0, 5, 50, 60)):
            line = held.pop(draw.randrange(len(held)))
            if draw.random() < 0.3:  # with a reset
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.close()
        time.sleep(draw.choice((0, 0.002)))
    for line in held:
        line.close()


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_in_a_storm_of_five_hundred_connections_polls_go_on(tmp_path):
    service = Qbwc(tmp_path)
    service.ok("init")
    added = service.data("company", "add", "ABC")
    connector = WebConnector.from_qwc(service.ok("qwc"), added["password"], Company.new(), timeout_seconds=15)
    with service.serving() as process, ThreadPoolExecutor(10) as crowd:
        connector.poll()
        before = descriptors(process.pid)
        shop = Shop(service.url, str(service.data("token", "add", "ABC", "shop")["token"]))
        until = time.monotonic() + 3
        storms = [crowd.submit(storm, service.port, seed, until) for seed in range(10)]
        sent = []
        while time.monotonic() < until:
            sent.append(f"{len(sent) + 1}")
            shop.send(sent[-1])
            assert connector.poll().code == ""
        for each in storms:
            each.result()
        assert [shop.state(number) for number in sent] == ["posted"] * len(sent)
        assert process.poll() is None
        time.sleep(2)
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in rest(line)
        assert descriptors(process.pid) < before + 60  # of the database's connections there may be more
    assert process.returncode == 0
    log = service.log().splitlines()
    assert [line for line in log if "Traceback" in line or '"level": "error"' in line] == []
    assert [line for line in log if "priority event" in line] == []  # one for each round, as long as it lasts


# SIGTERM -------------------------------------------------------------------------------------------------------------


def test_a_body_of_50_megabytes_that_is_on_its_way_when_sigterm_comes_is_taken():
    with running() as server, server.connect() as line:
        line.sendall(head(50_000_000) + MEGABYTE * 10)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        line.sendall(MEGABYTE * 40)
        assert rest(line).endswith(b"50000000")
        assert server.process.wait(10) == 0


def test_an_answer_that_is_being_taken_when_sigterm_comes_is_taken_whole():
    with running() as server, narrow(server) as line:
        line.sendall(LARGE)
        found = len(line.recv(1000))
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        while piece := line.recv(65536):
            found += len(piece)
        assert found > 20_000_000
        assert server.process.wait(10) == 0


def test_who_has_asked_before_sigterm_is_answered_though_nobody_has_looked_yet():
    with running() as server, contextlib.ExitStack() as stack:
        kept = [stack.enter_context(server.connect()) for _ in range(20)]
        for line in kept:
            line.sendall(GET)
            assert b"200 OK" in line.recv(1000)
        server.process.send_signal(signal.SIGSTOP)
        for line in kept:
            line.sendall(GET)
        new = [stack.enter_context(server.connect()) for _ in range(10)]
        for line in new:
            line.sendall(GET)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        assert [rest(line).count(b"200 OK") for line in (*kept, *new)] == [1] * 30
        assert server.process.wait(10) == 0


def test_what_was_asked_behind_an_answer_under_way_before_sigterm_is_answered_too():
    with running() as server, server.connect() as line:
        line.sendall(b"GET /?1 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        line.sendall(GET)
        server.process.send_signal(signal.SIGTERM)
        assert rest(line).count(b"200 OK") == 2
        assert server.process.wait(10) == 0


def test_who_asks_on_and_on_does_not_hold_up_the_end():
    with running(drain_seconds=30) as server, server.connect() as line:
        line.sendall(b"GET /?1 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            while server.process.poll() is None:
                line.sendall(GET)
                time.sleep(0.01)
        assert server.process.wait(5) == 0


def test_a_second_signal_during_an_upload_ends_it_at_once():
    with running(drain_seconds=60) as server, server.connect() as line:
        line.sendall(head(50_000_000) + MEGABYTE)
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(8) == 0
        assert not rest(line)


def test_a_worker_that_does_not_come_to_an_end_holds_up_the_end_only_so_long():
    with running(drain_seconds=1) as server, server.connect() as line:
        line.sendall(b"GET /?60 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        thread = threading.Thread(target=server.process.terminate)
        thread.start()
        thread.join()
        assert server.process.wait(15) == 0
