"""What goes on at a service on a bad day, all at once: connectors whose lines fail, an order system, people at their
pages, webhooks that are refused, and others who send whatever they like."""

import contextlib
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
from sqlalchemy.engine import Engine

from qbwc_service.db.companies import Company as KnownCompany
from qbwc_service.simulator import Company, WebConnector
from tests.fuzz import bodies
from tests.fuzz.service import Scene
from tests.security.lines import head
from tests.security.shop import Shop
from tests.web.site import Browser

OPERATIONS = ("authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection")


@dataclass
class Tally:
    """What happened, by name; and what must not have happened, in words."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def blame(self, what: str) -> None:
        with self.lock:
            self.wrong.append(what)


@dataclass
class Customer:
    """A company of the service, with its QuickBooks, its connector and its order system."""

    engine: Engine
    company: KnownCompany
    books: Company
    connector: WebConnector
    shop: Shop
    numbers: list[str] = field(default_factory=list)

    # --- what goes on, a step at a time ----------------------------------------------------------------------------

    def poll(self, draw: random.Random, tally: Tally) -> None:
        if draw.random() < 0.4:
            self.fault(draw)
        outcome = self.connector.poll()
        tally.note(f"poll: {outcome.code or 'done'}")
        time.sleep(draw.uniform(0.05, 0.4))

    def fault(self, draw: random.Random) -> None:
        faults = self.connector.faults
        operation = draw.choice(OPERATIONS)
        draw.choice(
            [
                faults.lose_next_answer,
                faults.deliver_twice,
                faults.deliver_late,
                faults.wrong_password,
                lambda: faults.drop_before(operation),
                lambda: faults.drop_after(operation),
                lambda: faults.switch_off_before(operation),
                lambda: faults.switch_off_after(operation),
                lambda: faults.answer_status(operation, 502),
                lambda: faults.begin_fails("0x80040408"),
                lambda: faults.replace_next_answer("<html>what is this</html>"),
                lambda: faults.hresult_next("0x80040402", "dead", executed=draw.random() < 0.5),
            ]
        )()

    def order(self, draw: random.Random, tally: Tally) -> None:
        number = str(1001 + len(self.numbers))
        who = draw.randrange(30)
        customer = {"id": f"C-{who}", "name": f"Customer {who}", "email": "ap@abc.example"}
        self.shop.send(number, customer=customer)
        self.numbers.append(number)
        tally.note("order sent")
        for path in draw.sample(("/orders", "/jobs", f"/orders/{number}", "/company", "/lists/customers"), 2):
            answer = self.shop.call("GET", path)
            if answer.status_code != 200:
                tally.blame(f"GET {path}: {answer.status_code}")
        time.sleep(draw.uniform(0.3, 1.0))

    def calm_down(self) -> None:
        """Nothing fails any more, and all that is left arrives."""
        self.connector.faults = type(self.connector.faults)()
        quiet = 0
        for _ in range(60):
            quiet = quiet + 1 if self.connector.poll().round_trips == 0 else 0
            if quiet == 3:
                return


@dataclass
class Person:
    """Somebody at the pages, who comes and goes."""

    browser: Browser
    email: str
    companies: list[int]

    def look(self, draw: random.Random, tally: Tally) -> None:
        base = f"/companies/{draw.choice(self.companies)}"
        pages = (
            "/orders",
            "/activity",
            "/activity?tab=waiting",
            "/crm",
            "/details",
            "/accounts",
            "/customers",
            "/setup",
        )
        path = draw.choice((*(base + page for page in pages), "/companies", "/audit", "/people", "/help", "/me"))
        answer = self.browser.get(path)
        tally.note(f"page: {answer.status_code}")
        if answer.status_code >= 500:
            tally.blame(f"GET {path}: {answer.status_code}")
        if draw.random() < 0.02:
            self.browser.post("/sign-out")
            self.browser.sign_in(self.email)
        elif draw.random() < 0.1 and (found := re.search(rf"{base}/orders/[0-9]+", answer.text)):
            self.browser.get(f"{found[0]}/send")
        time.sleep(draw.uniform(0.05, 0.3))


@dataclass
class Vandal:
    """Sends mutated calls, and holds connections that lead to nothing."""

    port: int
    scene: Scene
    session: requests.Session = field(default_factory=requests.Session)
    held: list[socket.socket] = field(default_factory=list)

    def attack(self, draw: random.Random, tally: Tally) -> None:
        time.sleep(draw.uniform(0.0, 0.1))
        if draw.random() < 0.3:
            self.hold(draw)
            return
        case = bodies.make(draw, self.scene)
        answer = self.session.post(
            f"http://127.0.0.1:{self.port}/qbwc",
            data=case.body,
            headers={"Content-Type": "text/xml; charset=utf-8"},
            timeout=30,
        )
        tally.note(f"hostile: {answer.status_code}")
        if answer.status_code >= 500 and b"Server" in answer.content and b"VersionMismatch" not in answer.content:
            tally.blame(f"a hostile body: {answer.status_code} {answer.text[:200]}")

    def hold(self, draw: random.Random) -> None:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with contextlib.suppress(OSError):
            line.sendall(draw.choice((b"", b"GET / HT", head(1000) + b"x", head(20_000_000) + b"x" * 200_000)))
        self.held.append(line)
        while len(self.held) > 40:
            self.held.pop(draw.randrange(len(self.held))).close()

    def close(self) -> None:
        for line in self.held:
            line.close()


class Crowd:
    """Each of them acts in a thread of its own until all are told to stop."""

    def __init__(self, tally: Tally) -> None:
        self._tally, self._over = tally, threading.Event()
        self._threads: list[threading.Thread] = []

    def add(self, act: Callable[[random.Random, Tally], Any], seed: int) -> None:
        thread = threading.Thread(target=self._act, args=(act, random.Random(seed)), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _act(self, act: Callable[[random.Random, Tally], Any], draw: random.Random) -> None:
        while not self._over.is_set():
            try:
                act(draw, self._tally)
            except Exception as error:
                self._tally.blame(f"{getattr(act, '__qualname__', act)}: {error!r}"[:400])
                self._over.wait(0.5)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=120)
