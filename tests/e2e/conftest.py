"""A whole installation: the real service as a process, on either database, and a QuickBooks on the other side."""

import pathlib
import subprocess

import pytest

from qbwc_service.simulator import Company, WebConnector
from tests.orders import as_text
from tests.service import Qbwc


class Installation:
    """What a test does to the service, and what QuickBooks and the people hold afterwards."""

    def __init__(self, qbwc: Qbwc) -> None:
        self.qbwc = qbwc
        qbwc.init()
        qbwc.here.ok("migrate")
        self.account = qbwc.here.data("company", "add", "ABC Company", "--every-minutes", "1")
        self.books = Company.new(name="ABC Company's books")
        self.connector = self.new_connector(self.books)
        self.process: subprocess.Popen[bytes] | None = None

    def new_connector(self, books: Company) -> WebConnector:
        return WebConnector.from_qwc(self.qbwc.here.ok("qwc", "ABC Company"), self.account["password"], books)

    def add(self, *orders, send=True) -> None:
        self.qbwc.here.ok("order", "add", "ABC Company", "-", *(["--send"] if send else []), stdin=as_text(*orders))

    def send(self, number, *options) -> None:
        self.qbwc.here.ok("order", "send", "ABC Company", number, *options)

    def state(self, number):
        return self.qbwc.here.data("order", "show", "ABC Company", number)["state"]

    def documents(self, number):
        return {row["kind"]: row for row in self.qbwc.here.data("order", "show", "ABC Company", number)["documents"]}

    def transactions(self, kind):
        return [held for held in self.books.transactions() if held["kind"] == kind]


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: pathlib.Path):
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url").replace("postgresql+psycopg", "postgresql")
    made = Installation(Qbwc(tmp_path, database_url=url))
    with made.qbwc.serving() as made.process:
        yield made


@pytest.fixture
def one(tmp_path: pathlib.Path):
    """The same, on SQLite alone: for what has nothing to do with the database."""
    made = Installation(Qbwc(tmp_path))
    with made.qbwc.serving() as made.process:
        yield made
