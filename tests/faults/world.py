"""The world of one schedule: a service over a database, a QuickBooks company, and connectors that fail.

The service is driven through the calls of `Sessions`, which is all that the SOAP layer does; so ten thousand schedules
are a matter of minutes. A kill of the service is an exception that nothing catches, out of a commit.
"""

import datetime as dt
import os
import pathlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from qbwc_service import orders
from qbwc_service.companies import account, preferences
from qbwc_service.connector.session import Sessions
from qbwc_service.db import companies, schema
from qbwc_service.db import jobs as job_table
from qbwc_service.db.engine import open_engine
from qbwc_service.posting import exchange, queue
from qbwc_service.posting import send as sending
from qbwc_service.posting.plan import Choices
from qbwc_service.secrets import Keys
from qbwc_service.simulator import Company, RequestFailed
from tests import migrated
from tests.orders import as_text

KEYS = Keys("f" * 64)
START = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


def fresh(url: str) -> Engine:
    """-> a database with our tables, which need not survive a power cut: only kills are played here."""
    engine = open_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    if (path := engine.url.database) is not None and engine.dialect.name == "sqlite" and not os.path.exists(path):
        migrated.make(pathlib.Path(path))
    else:
        schema.migrate(engine)
    return engine


class Killed(BaseException):
    """The service's process is gone; BaseException, so that nothing of the service's own can mend it."""


class Dropped(Exception):
    """A call did not get through, or its answer did not come back."""


@dataclass
class Clock:
    now: dt.datetime = START

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)


@dataclass
class Service:
    """The service, which can be killed before or after any of its commits, and starts again by itself."""

    engine: Engine
    clock: Clock
    kill_before_commit: int | None = None
    kill_after_commit: int | None = None
    refuse_commit: int | None = None
    sessions: Any = None

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.engine, KEYS, self.clock)
        event.listen(self.engine, "commit", self._at_commit)

    def _at_commit(self, connection: Any) -> None:
        # SQLAlchemy tells before it commits: what is raised here undoes the transaction, as a kill would.
        if self.refuse_commit == 0:
            self.refuse_commit = None
            raise OSError("disk full")
        if self.kill_before_commit == 0:
            self.kill_before_commit = None
            raise Killed
        for name in ("kill_before_commit", "refuse_commit"):
            left = getattr(self, name)
            if left is not None:
                setattr(self, name, left - 1)

    def call(self, name: str, *arguments: Any) -> Any:
        """One call of the contract; a killed or failed service is a dropped call to whoever made it."""
        try:
            answer = getattr(self.sessions, name)(*arguments)
        except (Killed, OSError):
            raise Dropped from None
        if self.kill_after_commit is not None:
            self.kill_after_commit -= 1
            if self.kill_after_commit < 0:
                self.kill_after_commit = None
                raise Dropped  # committed, and died before it could answer
        return answer


@dataclass
class Connector:
    """A Web Connector on one PC: what it holds between two calls, and how it goes on when one fails."""

    service: Service
    books: Company
    username: str
    password: str
    ticket: str | None = None
    answers: list[tuple[str, str]] = field(default_factory=list)  # delivered late, if ever
    first: bool = True
    waiting: tuple[str, str, str] | None = None  # what QuickBooks answered, not yet brought

    def login(self) -> bool:
        self.ticket, self.waiting, self.first = None, None, True
        ticket, what = self.service.call("authenticate", self.username, self.password, "127.0.0.1")[:2]
        if what in ("none", "nvu", "busy"):
            return False
        self.ticket = ticket
        return True

    def fetch(self) -> str:
        hcp = self.books.host_xml() if self.first else ""
        message = self.service.call("send_request", self.ticket, hcp, self.books.file_name, "US", 16, 0)
        self.first = False
        return str(message)

    def process(self, message: str) -> tuple[str, str, str]:
        try:
            return self.books.process(message, session=self.ticket or ""), "", ""
        except RequestFailed as error:
            return "", error.hresult, error.message

    def bring(self, answer: tuple[str, str, str]) -> int:
        return int(self.service.call("receive_response", self.ticket, *answer))

    def close(self) -> None:
        if self.ticket is not None:
            self.service.call("close", self.ticket)
            self.books.end_session(self.ticket)
        self.ticket = None


@dataclass
class World:
    engine: Engine
    random: random.Random
    books: Company
    clock: Clock
    service: Service
    company: companies.Company
    credentials: account.Credentials
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def new(cls, engine: Engine, seed: int, **wanted: Any) -> "World":
        clock = Clock()
        with engine.begin() as db:
            company, credentials = account.add(db, KEYS, f"Company {seed}", None, 5, clock.now)
            exchange.read_lists_of_new(db, company.id, clock.now)
            if wanted:
                changed = preferences.change(preferences.Preferences(), {k: str(v) for k, v in wanted.items()})
                companies.save_settings(db, company.id, preferences.dump(changed))
            refreshed = companies.by_id(db, company.id)
            assert refreshed is not None
        books = Company.new(name=f"Books {seed}")
        books.stamp(company.owner_id, company.file_id)
        return cls(engine, random.Random(seed), books, clock, Service(engine, clock), refreshed, credentials)

    def connector(self) -> Connector:
        return Connector(self.service, self.books, self.credentials.username, self.credentials.password)

    def send(self, order: dict[str, Any], choices: Choices | None = None) -> None:
        """An order comes in and is sent, whatever the connectors are at."""
        (read,) = orders.read(as_text(order))
        with self.engine.begin() as db:
            sending.store(db, self.company, read, self.clock.now)
            sending.send(
                db, self.company, read.number, choices or Choices(bill=True, purchase_order=True), self.clock.now
            )
        self.orders[read.number] = order

    @contextmanager
    def gone(self) -> Iterator[None]:
        try:
            yield
        finally:
            event.remove(self.engine, "commit", self.service._at_commit)

    def retry_refused(self) -> int:
        """A person has what QuickBooks refused tried again, once the reason is gone; -> how many.

        What stands in attention because the evidence allows no decision is left alone.
        """
        with self.engine.begin() as db:
            troubled = job_table.jobs.c.state == "attention", job_table.jobs.c.status_code.is_not(None)
            mine = job_table.jobs.c.company_id == self.company.id
            held = db.execute(select(job_table.jobs).where(mine, *troubled)).all()
            queue.retry(db, held, self.clock.now)
        return len(held)

    def quiet(self) -> bool:
        """Nothing is on its way, and nothing could leave."""
        with self.engine.connect() as db:
            return not job_table.anything_to_send(db, self.company.id, self.clock.now + dt.timedelta(days=1))
