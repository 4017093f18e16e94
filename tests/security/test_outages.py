"""The database is away, or its disk is full: a clear answer to each who asks, nothing lost, and recovery by itself."""

import contextlib
import pathlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from qbwc_service.simulator import Company, WebConnector
from tests import postgres
from tests.orders import as_text, make_order
from tests.security import outages
from tests.security.outages import Between, Outage
from tests.security.shop import Shop
from tests.service import Qbwc


@dataclass
class World:
    qbwc: Qbwc
    outage: Outage
    books: Company
    company: Between
    connector: WebConnector
    shop: Shop
    orders: int = 0

    def order(self) -> str:
        """-> the number of a new order, which has been sent."""
        self.orders += 1
        number = str(1000 + self.orders)
        self.shop.send(number)
        return number

    def invoices(self, number: str) -> int:
        return [invoice.ref_number for invoice in self.books.invoices].count(number)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self.outage.begin()
        try:
            yield
        finally:
            self.outage.end()


@contextlib.contextmanager
def opened(kind: str, folder: pathlib.Path) -> Iterator[tuple[Qbwc, Outage]]:
    if kind == "full disk":
        with outages.on_a_full_disk(folder) as found:
            yield found
    elif kind == "failing writes":
        with outages.with_failing_writes(folder) as found:
            yield found
    else:
        if (programs := postgres.binaries()) is None:
            pytest.skip("no PostgreSQL on this machine")
        with outages.without_postgres(folder, programs) as found:
            yield found


@pytest.fixture(scope="module", params=["full disk", "failing writes", "postgresql gone"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(request.param, tmp_path_factory.mktemp("outage")) as (qbwc, outage):
        added = qbwc.here.data("company", "add", "ABC")
        books = Company.new(name="ABC")
        between = Between(books)
        connector = WebConnector.from_qwc(qbwc.here.ok("qwc"), added["password"], between, sleep=lambda seconds: None)
        connector.poll()  # the lists
        token = str(qbwc.here.data("token", "add", "ABC", "shop")["token"])
        yield World(qbwc, outage, books, between, connector, Shop(qbwc.url, token))


def test_a_poll_is_told_that_the_service_is_busy_and_the_next_one_posts(world):
    number = world.order()
    with world.away():
        outcome = world.connector.poll()
        assert outcome.status == "Application busy", outcome
    assert world.connector.poll().code == ""
    assert world.shop.state(number) == "posted"
    assert world.invoices(number) == 1


def test_an_answer_that_cannot_be_stored_ends_the_session_and_nothing_is_posted_twice(world):
    number = world.order()
    world.company.then = world.outage.begin
    try:
        outcome = world.connector.poll()
    finally:
        world.company.then = lambda: None
        world.outage.end()
    assert "goes on by itself" in outcome.status, outcome
    assert world.invoices(number) == 1  # QuickBooks has it, and the service does not know
    assert world.shop.state(number) == "waiting"
    world.connector.poll()
    assert world.shop.state(number) == "posted"
    assert world.invoices(number) == 1


def test_programs_are_told_to_come_again(world):
    with world.away():
        answer = world.shop.put("9001")
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert "SQL" not in answer.text
    assert world.shop.put("9001").status_code == 201


def test_a_page_that_must_write_says_so(world):
    session = requests.Session()
    chosen = {"password": "correct horse battery staple", "again": "correct horse battery staple"}
    link = world.qbwc.here.data("user", "add", f"ana{world.orders}@example.com", "--name", "Ana", "--admin")["link"]
    path = link[link.index("/", 10) :]
    form = session.get(world.qbwc.url + path, timeout=30)
    assert form.status_code == 200
    with world.away():
        answer = session.post(world.qbwc.url + path, data=chosen, timeout=60, allow_redirects=False)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert "Traceback" not in answer.text
    again = session.post(world.qbwc.url + path, data=chosen, timeout=60, allow_redirects=False)
    assert again.status_code == 303


def test_a_command_says_it_in_one_line(world):
    if isinstance(world.outage, outages.FailingWrites):
        pytest.skip("the command is a process of its own, whose writes do not fail")
    with world.away():
        done = world.qbwc.run("order", "add", "ABC", "-", stdin=as_text(make_order("9002")))
    assert done.returncode == 1
    assert done.stderr.startswith("qbwc: ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    world.qbwc.ok("order", "add", "ABC", "-", stdin=as_text(make_order("9002")))


def test_the_process_goes_on_and_watchers_are_told(world):
    with world.away():
        with urllib.request.urlopen(f"{world.qbwc.url}/healthz", timeout=30) as alive:
            assert alive.status == 200
        if not isinstance(world.outage, outages.FailingWrites):  # of which nobody can tell before he writes
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{world.qbwc.url}/readyz", timeout=60)
            assert refused.value.code == 503
            assert refused.value.read().startswith(b"not ready: ")
    with urllib.request.urlopen(f"{world.qbwc.url}/readyz", timeout=60) as ready:
        assert ready.status == 200


def test_after_outages_at_any_moment_every_order_is_there_once(world):
    numbers = [world.order() for _ in range(6)]
    over = threading.Event()

    def come_and_go() -> None:
        while not over.wait(0.3):
            with world.away():
                time.sleep(0.25)

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(8):
            world.connector.poll()
            time.sleep(0.15)
    finally:
        over.set()
        thread.join(timeout=60)
    for _ in range(4):
        world.connector.poll()
    assert [world.shop.state(number) for number in numbers] == ["posted"] * 6
    assert [world.invoices(number) for number in numbers] == [1] * 6


def test_a_service_that_starts_without_its_database_says_so(tmp_path):
    qbwc = Qbwc(tmp_path, database_url=f"postgresql://nobody@localhost/x?host={tmp_path}")
    qbwc.ok("init")
    done = qbwc.run("serve")
    assert done.returncode == 1
    assert done.stderr.startswith("qbwc: ")
    assert "Traceback" not in done.stderr
