"""A soak: the service under all of its traffic for a while, looked at meanwhile, and judged when it has calmed down."""

import datetime as dt
import itertools
import json
import pathlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qbwc_service import sign_in
from qbwc_service.db import companies, people
from qbwc_service.db.engine import open_engine
from qbwc_service.simulator import Company, WebConnector
from tests.faults.judge import judge
from tests.fuzz.service import Service as FuzzedService
from tests.notify.outside import receiving
from tests.security.shop import Shop
from tests.service import Qbwc
from tests.web.site import PASSWORD, Browser

from .samples import Trend, Watch, trends
from .traffic import Crowd, Customer, Person, Tally, Vandal


@dataclass
class Report:
    orders: int = 0
    posted: int = 0
    attention: int = 0
    deliveries: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    trends: list[Trend] = field(default_factory=list)


def soak(
    folder: pathlib.Path,
    seconds: float,
    seed: int,
    database_url: str | None = None,
    clients: int = 4,
    tell: Callable[[str], None] = lambda line: None,
) -> Report:
    """`clients` companies, each with a connector and an order system; half as many people and vandals.

    `tell` is told some thirty times how the process looks.
    """
    report = Report()
    qbwc = Qbwc(folder, database_url, forked=False)
    qbwc.environment |= {"QBWC_TICK_SECONDS": "0.5", "QBWC_LOG": "json"}
    qbwc.ok("init")
    qbwc.ok("migrate")
    with receiving() as receiver, qbwc.serving() as process, _customers(qbwc, clients) as customers:
        receiver.answers.extend(itertools.chain.from_iterable([500, 200, "drop", 200, 200] for _ in range(200)))
        for customer in customers:
            customer.connector.poll()
            made = customer.shop.call(
                "POST", "/webhooks", json.dumps({"url": f"http://localhost:{receiver.port}/hook"})
            )
            assert made.status_code == 201, made.text
        watch, tally = Watch(process.pid), Tally()
        crowd, vandals = Crowd(tally), _vandals(qbwc, max(1, clients // 2))
        seeds = itertools.count(seed * 1000)
        for customer in customers:
            crowd.add(customer.poll, next(seeds))
            crowd.add(customer.order, next(seeds))
        for person in _people(qbwc, customers, max(1, clients // 2)):
            crowd.add(person.look, next(seeds))
        for vandal in vandals:
            crowd.add(vandal.attack, next(seeds))
        until, told = time.monotonic() + seconds, 0.0
        while time.monotonic() < until:
            time.sleep(min(1.0, seconds / 30))
            watch.look()
            if watch.samples[-1].seconds - told >= seconds / 30:
                told = watch.samples[-1].seconds
                tell(str(watch.samples[-1]))
        crowd.stop()
        for vandal in vandals:
            vandal.close()
        for customer in customers:
            customer.calm_down()
            _judge(customer, report)
        report.deliveries = len(receiver.got)
    report.counts, report.trends = dict(tally.counts), trends(watch.samples)
    report.wrong += tally.wrong + _failures(qbwc)
    return report


def _judge(customer: Customer, report: Report) -> None:
    verdict = judge(customer)
    report.posted += verdict.posted
    report.attention += verdict.attention
    report.orders += len(customer.numbers)
    report.wrong += [f"{customer.company.name}: {fault}" for fault in verdict.faults]
    held = [invoice.ref_number for invoice in customer.books.invoices]
    for number in customer.numbers:
        if held.count(number) > 1:
            report.wrong.append(f"{customer.company.name}: order {number} stands {held.count(number)} times")
        elif not held.count(number) and customer.shop.state(number) != "attention":
            report.wrong.append(f"{customer.company.name}: order {number} is not in QuickBooks")


def _failures(qbwc: Qbwc) -> list[str]:
    """-> what the service itself logged as a failure."""
    lines = [line for line in qbwc.log().splitlines() if '"level": "error"' in line or not line.startswith("{")]
    return [f"logged: {line[:400]}" for line in lines if not line.startswith("qbwc serves ")]


@contextmanager
def _customers(qbwc: Qbwc, count: int) -> Iterator[list[Customer]]:
    settings_url = qbwc.environment.get("DATABASE_URL") or f"sqlite:///{qbwc.data_dir / 'qbwc.sqlite3'}"
    engine = open_engine(settings_url)
    found = []
    for number in range(count):
        name = f"Company {number}"
        added, books = qbwc.data("company", "add", name), Company.new(name=name)
        token = str(qbwc.data("token", "add", name, "shop")["token"])
        connector = WebConnector.from_qwc(
            qbwc.ok("qwc", name), added["password"], books, timeout_seconds=30, sleep=lambda seconds: time.sleep(0.1)
        )
        with engine.connect() as db:
            company = companies.by_id(db, added["id"])
        assert company is not None
        found.append(Customer(engine, company, books, connector, Shop(qbwc.url, token)))
    try:
        yield found
    finally:
        engine.dispose()


def _people(qbwc: Qbwc, customers: list[Customer], count: int) -> list[Person]:
    found = []
    for number in range(count):
        email = f"person{number}@example.com"
        with customers[0].engine.begin() as db:
            user = people.put(db, email=email, name="Somebody", is_admin=True, now=dt.datetime.now(dt.UTC))
            people.change(db, user.id, password=sign_in.hash_password(PASSWORD))
        browser = Browser(qbwc.url)
        browser.sign_in(email)
        found.append(Person(browser, email, [customer.company.id for customer in customers]))
    return found


def _vandals(qbwc: Qbwc, count: int) -> list[Vandal]:
    fuzzed = FuzzedService()
    scene = fuzzed.scenes()["posting"]  # of a database of its own: its tickets open nothing here
    fuzzed.close()
    return [Vandal(qbwc.port, scene) for _ in range(count)]
