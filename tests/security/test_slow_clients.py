"""Clients that are slow, half open, greedy or gone hold up nobody (security.md T1; 4.3, tests 54 and 55)."""

import contextlib
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from qbwc_service.simulator import Company, WebConnector
from qbwc_service.simulator.soap import request as as_dot_net
from tests.security.lines import Server, closed_within, head, rest, running
from tests.security.shop import Shop
from tests.service import Qbwc

CLIENTS = 50


@pytest.fixture(scope="module")
def qbwc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Qbwc]:
    service = Qbwc(tmp_path_factory.mktemp("slow"))
    service.ok("init")
    with service.serving():
        yield service


@pytest.fixture(scope="module")
def connector(qbwc: Qbwc) -> WebConnector:
    added = qbwc.here.data("company", "add", "ABC")
    return WebConnector.from_qwc(qbwc.here.ok("qwc"), added["password"], Company.new(), timeout_seconds=10)


@pytest.fixture(scope="module")
def shop(qbwc: Qbwc, connector: WebConnector) -> Shop:
    return Shop(qbwc.url, str(qbwc.here.data("token", "add", "ABC", "shop")["token"]))


def trickling_head(line: socket.socket) -> None:
    line.sendall(b"POST /qbwc HTTP/1.1\r\nHo")


def trickling_body(line: socket.socket) -> None:
    line.sendall(head(10_000) + as_dot_net("closeConnection", {"ticket": "x"})[:100])


def half_of_20_megabytes(line: socket.socket) -> None:
    line.sendall(head(20_000_000))
    line.sendall(b" " * 1_000_000)


def gone_in_the_body(line: socket.socket) -> None:
    half_of_20_megabytes(line)
    line.close()


def never_reading(line: socket.socket) -> None:
    line.sendall(b"GET /qbwc?wsdl HTTP/1.1\r\nHost: x\r\n\r\n" * 30)


def asking_very_often(line: socket.socket) -> None:
    line.sendall(b"GET /qbwc?wsdl HTTP/1.1\r\nHost: x\r\n\r\n" * 1500)


def silent(line: socket.socket) -> None:
    """Says nothing at all."""


def asking_and_gone(line: socket.socket) -> None:
    line.sendall(head(len(CALL)) + CALL)
    line.close()


CALL = as_dot_net("getLastError", {"ticket": "x"})


BEHAVIOURS = (
    trickling_head, trickling_body, half_of_20_megabytes, gone_in_the_body, never_reading, asking_very_often, silent,
    asking_and_gone,
)  # fmt: skip


@pytest.mark.parametrize("behave", BEHAVIOURS)
def test_while_fifty_of_them_stand_there_polls_are_answered(qbwc, connector, shop, behave):
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS):
            behave(stack.enter_context(socket.create_connection(("127.0.0.1", qbwc.port), timeout=20)))
        number = behave.__name__
        shop.send(number)
        began = time.monotonic()
        assert connector.poll().code == ""
        assert time.monotonic() - began < 10
        assert shop.state(number) == "posted"


def test_more_connections_than_there_is_room_for_keep_nobody_out(qbwc, connector):
    with contextlib.ExitStack() as stack:
        for _ in range(500):
            stack.enter_context(socket.create_connection(("127.0.0.1", qbwc.port), timeout=20))
        assert connector.poll().code == ""
    assert "Traceback" not in qbwc.log()


def test_what_is_under_way_when_sigterm_comes_is_answered(tmp_path):
    service = Qbwc(tmp_path)
    service.ok("init")
    with service.serving() as process, socket.create_connection(("127.0.0.1", service.port), timeout=30) as line:
        line.sendall(head(len(CALL)) + CALL[:-10])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        line.sendall(CALL[-10:])
        assert b"200 OK" in rest(line)
        assert process.wait(20) == 0
    assert "Traceback" not in service.log()


# The server alone, with limits that a test can wait for


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    with running(request_seconds=1, idle_seconds=2, slowest_bytes_a_second=1000, threads=2) as server:
        yield server


def test_a_request_whose_head_trickles_is_cut_off(impatient):
    with impatient.connect() as line:
        assert closed_within(line, 5, send=b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100)


def test_a_request_whose_body_trickles_is_cut_off(impatient):
    with impatient.connect() as line:
        line.sendall(head(1000))
        assert closed_within(line, 5, send=b"x" * 1000)


def test_a_body_that_keeps_coming_is_waited_for(impatient):
    with impatient.connect() as line:
        line.sendall(head(12_000))
        for _ in range(12):  # 2.4 seconds in all
            line.sendall(b"x" * 1000)
            time.sleep(0.2)
        line.shutdown(socket.SHUT_WR)
        assert rest(line).endswith(b"12000")


def test_a_client_that_does_not_take_its_answer_is_cut_off_and_holds_no_worker(impatient):
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(impatient.connect()) for _ in range(6)]
        for line in lines:
            line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert impatient.get().endswith(b"0")
        for line in lines:
            assert is_given_up_within(line, 20)
            assert len(rest(line)) < 20_000_000


def is_given_up_within(line: socket.socket, seconds: float) -> bool:
    """Whether the other side closes, without anything being taken of what it says."""
    poll = select.poll()
    poll.register(line, select.POLLRDHUP)
    return bool(poll.poll(seconds * 1000))


def test_an_idle_connection_is_closed(impatient):
    with impatient.connect() as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in line.recv(1000)
        assert closed_within(line, 6)


def test_who_has_the_most_connections_gives_way_and_who_waits_for_an_answer_stays():
    with running(connections=5) as server, contextlib.ExitStack() as stack:
        waiting = stack.enter_context(server.connect())
        waiting.sendall(b"GET /?2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        idle = [stack.enter_context(server.connect()) for _ in range(4)]
        time.sleep(0.3)
        assert server.get().endswith(b"0")
        assert closed_within(idle[0], 3)
        assert not closed_within(idle[3], 0.3)
        assert rest(waiting).endswith(b"0")


def test_unfinished_bodies_have_a_bound_and_the_largest_gives_way():
    with running(body_bytes=5_000_000) as server, contextlib.ExitStack() as stack:
        large, small = (stack.enter_context(server.connect()) for _ in range(2))
        large.sendall(head(50_000_000) + b"x" * 4_500_000)
        time.sleep(0.3)
        small.sendall(head(2_000_000) + b"x" * 1_500_000)
        assert closed_within(large, 3)
        small.sendall(b"x" * 500_000)
        small.shutdown(socket.SHUT_WR)
        assert rest(small).endswith(b"2000000")


def test_one_address_has_its_share_of_the_workers_and_all_of_its_requests_are_answered():
    with running(threads=4, threads_an_address=2) as server:
        began = time.monotonic()
        answers: list[bytes] = []
        threads = [threading.Thread(target=lambda: answers.append(server.get("/?0.4"))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert len([answer for answer in answers if answer.endswith(b"0")]) == 6
        assert time.monotonic() - began > 1.1  # two at a time


def test_a_second_signal_ends_it_at_once():
    with running(drain_seconds=30) as server, server.connect() as line:
        line.sendall(head(1000) + b"x")
        time.sleep(0.3)
        server.process.terminate()
        time.sleep(0.3)
        assert server.process.poll() is None
        server.process.terminate()
        assert server.process.wait(8) == 0


def test_who_never_finishes_holds_up_the_end_only_so_long():
    with running(drain_seconds=1) as server, server.connect() as line:
        line.sendall(head(1000) + b"x")
        time.sleep(0.3)
        server.process.terminate()
        assert server.process.wait(8) == 0


def test_it_listens_on_every_address_of_a_name():
    with running(host="localhost") as server:
        assert server.get().endswith(b"0")
