"""Connections of the pool, and transactions, as PostgreSQL has them."""

import datetime as dt
import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from qbwc_service.companies import account
from qbwc_service.db import activity, messages, schema
from qbwc_service.db import engine as ours
from qbwc_service.db.engine import LARGE, at_once, has_carried, open_engine
from qbwc_service.db.messages import Purpose
from qbwc_service.secrets import Keys
from tests import memory


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(postgres_url)
    yield engine
    engine.dispose()


def pid(engine: Engine) -> int:
    with engine.connect() as db:
        return int(db.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end(url: str, pid: int) -> None:
    """The server ends this connection, as when it is restarted."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        for _ in range(100):
            if other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None:
                return
            time.sleep(0.05)
    raise AssertionError("it goes on")


def test_a_connection_that_lives_is_taken_again_and_nobody_is_asked(engine, monkeypatch):
    first = pid(engine)
    asked = []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    assert pid(engine) == first
    assert asked == []


def test_a_connection_that_died_in_the_pool_is_never_handed_out(engine, postgres_url):
    with engine.connect(), engine.connect():
        pass
    for _ in range(2):
        first = pid(engine)
        end(postgres_url, first)
        assert pid(engine) != first


def test_a_server_that_only_said_something_keeps_its_connections(engine, postgres_url):
    """Its settings are read again, and it tells each client what has changed."""
    first = pid(engine)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("ALTER SYSTEM SET datestyle = 'German'")
        try:
            other.execute("SELECT pg_reload_conf()")
            time.sleep(0.3)
            assert pid(engine) == first
        finally:
            other.execute("ALTER SYSTEM RESET datestyle")
            other.execute("SELECT pg_reload_conf()")


def test_of_a_connection_that_lay_there_for_long_the_server_is_asked(engine, monkeypatch):
    pid(engine)
    asked = []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    monkeypatch.setattr(ours, "LONGEST_UNASKED", 0)
    pid(engine)
    assert len(asked) == 1


def test_a_connection_that_carried_much_is_not_kept(engine):
    """libpq never gives back what it set aside for it."""
    first = pid(engine)
    with engine.begin() as db:
        has_carried(db, "x" * LARGE, "")
    assert pid(engine) == first
    with engine.begin() as db:
        has_carried(db, "x" * LARGE, "y")
        assert db.execute(text("SELECT pg_backend_pid()")).scalar_one() == first
    assert pid(engine) != first


@pytest.mark.skipif(not memory.STATUS.exists(), reason="memory is read as Linux tells it")
def test_messages_and_answers_of_any_size_leave_no_memory_behind(engine):
    schema.migrate(engine)
    now, large = dt.datetime.now(dt.UTC), "x" * 30_000_000
    with engine.begin() as db:
        company, _ = account.add(db, Keys("s" * 64), "ABC", None, 5, now)
    before = memory.settled()
    with engine.begin() as db:
        message = messages.next_id(db)
        messages.put(
            db,
            id=message,
            company_id=company.id,
            session_id=None,
            purpose=Purpose.POST,
            set_id=None,
            body=large,
            requests=1,
            now=now,
        )
    assert memory.settled() - before < 20_000_000
    with engine.begin() as db:
        messages.keep_answer(
            db,
            company_id=company.id,
            message_id=message,
            session_id=None,
            response=large,
            hresult="",
            message="",
            note=None,
            now=now,
        )
    assert memory.settled() - before < 20_000_000
    for read in (messages.with_body, messages.answers_to):
        with engine.begin() as db:
            assert read(db, message)
        assert memory.settled() - before < 20_000_000
    with engine.begin() as db:
        assert activity.answers_at(db, company.id, [now])
    assert memory.settled() - before < 20_000_000


def test_a_connection_is_renewed_after_some_time(engine, monkeypatch):
    first = pid(engine)
    assert pid(engine) == first
    later = time.time() + ours.RENEWED_AFTER + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert pid(engine) != first


def test_what_happens_at_once_is_there_afterwards_and_the_next_transaction_can_be_taken_back(engine):
    with at_once(engine) as db:
        db.execute(text("CREATE TABLE things (name text)"))
    with at_once(engine) as db:
        db.execute(text("INSERT INTO things VALUES ('kept')"))
    with engine.connect() as db:
        db.execute(text("INSERT INTO things VALUES ('lost')"))
        db.rollback()
    with engine.connect() as db:
        assert list(db.execute(text("SELECT name FROM things")).scalars()) == ["kept"]


def test_on_sqlite_it_is_a_transaction_like_any_other(tmp_path):
    sqlite = open_engine(f"sqlite:///{tmp_path / 'things.sqlite3'}")
    with at_once(sqlite) as db:
        db.execute(text("CREATE TABLE things (name text)"))
        db.get_transaction().rollback()
    with sqlite.connect() as db:
        assert db.execute(text("SELECT name FROM sqlite_master")).all() == []
    sqlite.dispose()


def test_what_is_deleted_is_overwritten_also_where_sqlite_would_not(tmp_path):
    """Builds of SQLite differ in what they do unasked."""
    made = open_engine(f"sqlite:///{tmp_path / 'qbwc.sqlite3'}")
    event.listen(made, "connect", lambda connection, _: connection.execute("PRAGMA secure_delete = OFF"), insert=True)
    with made.connect() as db:
        assert db.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
    made.dispose()
