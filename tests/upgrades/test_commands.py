"""`qbwc migrate` and `qbwc serve` as an operator meets them, over the database of an earlier program or a later one."""

import subprocess
import time

import pytest
from sqlalchemy import text

from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine
from tests.service import Qbwc

from .filling import EARLIER, contents, fill, within

OLDER = EARLIER[-1]


class Place:
    """A data folder with the database of an earlier schema, or with another one."""

    def __init__(self, folder, url):
        self.qbwc = Qbwc(folder, database_url=None if url.startswith("sqlite") else url.replace("+psycopg", ""))
        self.qbwc.environment["QBWC_SECRET_KEY"] = "f" * 64
        self.engine = open_engine(url)

    def start(self, *arguments):
        return subprocess.Popen(
            [*self.qbwc.executable, *arguments],
            env=self.qbwc.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def place(empty_url, tmp_path):
    made = Place(tmp_path, empty_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def on_postgresql(postgres_url, tmp_path):
    made = Place(tmp_path, postgres_url)
    yield made
    made.engine.dispose()


def test_an_older_database_is_not_served_on_postgresql_before_somebody_migrates_it(on_postgresql):
    fill(on_postgresql.engine, OLDER)
    for command in (["serve"], ["job", "list"]):
        refused = on_postgresql.qbwc.run(*command)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == f"qbwc: the database is of an older version ({OLDER}): run `qbwc migrate` first\n"
    on_postgresql.qbwc.ok("migrate")
    assert "ABC Promotions" in on_postgresql.qbwc.ok("company", "list")


def test_a_newer_database_is_left_alone_and_told_of(place):
    fill(place.engine, schema.HEAD)
    with place.engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = contents(place.engine)
    on_sqlite = place.engine.dialect.name == "sqlite"
    for command in (["migrate"], ["init"] if on_sqlite else ["serve", "--migrate"], ["serve"]):
        refused = place.qbwc.run(*command)
        assert (command, refused.returncode) == (command, 1)
        assert refused.stderr == "qbwc: the database is of a newer version (9999) than this program: update qbwc\n"
    assert contents(place.engine) == before


def test_of_two_that_migrate_at_once_one_does_it_and_the_other_waits(place):
    """A reader, or a writer on SQLite, holds both up at first; so neither is through before the other began."""
    fill(place.engine, OLDER)
    before = contents(place.engine)
    with place.engine.begin() as db:
        db.execute(text("SELECT count(*) FROM orders, jobs"))
        commands = [place.start("migrate"), place.start("migrate")]
        if place.engine.dialect.name == "postgresql":
            _until(lambda: _waiting_in_postgresql(place.engine) == 2)
        else:
            time.sleep(1.5)  # SQLite does not tell who waits
        assert [command.poll() for command in commands] == [None, None]
    ended = [command.communicate(timeout=60)[0] for command in commands]
    assert ended == [f"The tables are of version {schema.HEAD}.\n"] * 2
    assert within(contents(place.engine), before) == before
    schema.require(place.engine)


@pytest.mark.parametrize("revision", [EARLIER[0], OLDER])
def test_services_that_start_together_migrate_once_and_all_serve(place, revision):
    fill(place.engine, revision)
    before = contents(place.engine)
    # By services at once, that is their work; and sign-ins and links have ended by the clock that the services go by.
    for changed in ("notices", "webhook_deliveries", "web_sessions", "one_time_links"):
        before.pop(changed, None)
    others = [place.start("serve", "--port", "0", "--migrate") for _ in range(2)]
    try:
        for other in others:
            assert "qbwc serves" in other.stdout.readline()
    finally:
        for other in others:
            other.terminate()
            other.communicate(timeout=60)
    assert [other.returncode for other in others] == [0, 0]
    assert within(contents(place.engine), before) == before


def test_a_migration_that_fails_says_so_and_can_be_run_again(on_postgresql):
    """The operator's own table stands where one of ours is to be."""
    fill(on_postgresql.engine, "0001")
    before = contents(on_postgresql.engine)
    with on_postgresql.engine.begin() as db:
        db.execute(text("CREATE TABLE webhook_deliveries (id integer)"))
    failed = on_postgresql.qbwc.run("migrate")
    assert failed.returncode == 1
    assert failed.stderr.startswith("qbwc: the tables could not be migrated, and are as they were: ")
    assert "webhook_deliveries" in failed.stderr
    assert schema.current(on_postgresql.engine) == "0001"
    with on_postgresql.engine.begin() as db:
        db.execute(text("DROP TABLE webhook_deliveries"))
    assert contents(on_postgresql.engine) == before
    on_postgresql.qbwc.ok("migrate")
    assert within(contents(on_postgresql.engine), before) == before


def _waiting_in_postgresql(engine):
    with engine.connect() as db:
        here = "datname = current_database() AND wait_event_type = 'Lock'"
        return db.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")).scalar_one()


def _until(holds, seconds=60):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come to this"
        time.sleep(0.05)
