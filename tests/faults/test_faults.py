"""A bounded run of the fault suite, on both databases; and the proof that it fails when a safety is off."""

import itertools
import sqlite3

import pytest

from qbwc_service.connector import session
from qbwc_service.posting import recovery
from tests.faults.schedule import play
from tests.faults.world import Service, fresh


@pytest.fixture
def sqlite(tmp_path):
    engine = fresh(f"sqlite:///{tmp_path / 'faults.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql(postgres_url):
    engine = fresh(postgres_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("first", range(0, 160, 20))
def test_on_sqlite_each_order_arrives_exactly_once_or_is_with_a_person(sqlite, first):
    for seed in range(first, first + 20):
        played = play(sqlite, seed)
        assert played.verdict.faults == [], (seed, played.steps)


@pytest.mark.parametrize("first", range(1000, 1040, 10))
def test_on_postgresql_each_order_arrives_exactly_once_or_is_with_a_person(postgresql, first):
    for seed in range(first, first + 10):
        played = play(postgresql, seed)
        assert played.verdict.faults == [], (seed, played.steps)


def caught(engine, **wanted):
    """-> whether some schedule of the next hundred is judged to have gone wrong."""
    for seed in range(5000, 5100):
        try:
            if play(engine, seed, **wanted).verdict.faults:
                return True
        except (AssertionError, LookupError):
            return True  # the service itself stumbled over what it should have known
    return False


def test_it_is_caught_when_messages_leave_uncommitted(sqlite, monkeypatch):
    call = Service.call
    sent = itertools.count(1)

    def forgetful(self, name, *arguments):
        if name != "send_request" or next(sent) % 5:
            return call(self, name, *arguments)
        # The service dies just after the message left, and nothing of it was committed.
        path = self.engine.url.database
        before = sqlite3.connect(":memory:")
        with sqlite3.connect(path) as now:
            now.backup(before)
        message = call(self, name, *arguments)
        self.engine.dispose()
        with sqlite3.connect(path) as now:
            before.backup(now)
        return message

    monkeypatch.setattr(Service, "call", forgetful)
    assert caught(sqlite, capacity=0)


def test_it_is_caught_when_quickbooks_is_not_asked(sqlite, monkeypatch):
    monkeypatch.setattr(recovery, "is_of", lambda job, ret: False)
    assert caught(sqlite, capacity=0)


def test_it_is_caught_when_other_bytes_go_out_again(sqlite, monkeypatch):
    monkeypatch.setattr(recovery, "SENDINGS", 0)
    assert caught(sqlite, capacity=None)


def test_it_is_caught_when_what_was_left_open_is_forgotten(sqlite, monkeypatch):
    """Without this, a second login would go on as if the first had left nothing at QuickBooks."""

    def forget(db, company_id, now, why):
        from sqlalchemy import update

        from qbwc_service.db.jobs import jobs
        from qbwc_service.db.messages import messages

        mine = jobs.c.company_id == company_id
        db.execute(update(jobs).where(mine, jobs.c.state == "in_flight").values(state="ready"))
        db.execute(update(messages).where(messages.c.company_id == company_id).values(fate="answered"))

    monkeypatch.setattr(session.recovery, "session_lost", forget)
    assert caught(sqlite)


def test_it_is_caught_when_any_ticket_is_good(sqlite, monkeypatch):
    monkeypatch.setattr(session, "_is_open", lambda held, now: True)
    assert caught(sqlite, capacity=0, interference=0.3)


def test_it_is_caught_when_a_company_has_two_writers(sqlite, monkeypatch):
    """Two sessions at once, each blind to what the other left at QuickBooks."""
    with sqlite.begin() as db:
        db.exec_driver_sql("DROP INDEX ix_sessions_open")
    monkeypatch.setattr(session.sessions, "end_open", lambda db, company_id, ending, now: [])
    monkeypatch.setattr(session.recovery, "session_lost", lambda db, company_id, now, why: None)
    assert caught(sqlite, capacity=0, interference=0.3)
