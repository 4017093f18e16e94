"""Each migration over a database that was used: up and back again, on both databases, all or nothing."""

from itertools import pairwise

import pytest
from sqlalchemy import event, inspect
from sqlalchemy.engine import Engine

from qbwc_service.db import schema
from qbwc_service.db.engine import metadata, open_engine

from .filling import EARLIER, REVISIONS, contents, fill, move, within

STEPS = [
    pytest.param(there, here, id=f"{there}-{here}")
    for one, other in pairwise(REVISIONS)
    for there, here in ((one, other), (other, one))
]


@pytest.fixture
def empty(empty_url):
    """-> an empty database, once of each kind."""
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def new(tmp_path):
    """-> another, empty SQLite database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    yield engine
    engine.dispose()


def shape(engine: Engine):
    """-> tables, columns, keys, and indexes with their conditions; in whatever sequence they were made."""
    look = inspect(engine)
    columns, primary_keys, indexes = look.get_multi_columns(), look.get_multi_pk_constraint(), look.get_multi_indexes()
    others = {
        "foreign keys": look.get_multi_foreign_keys(),
        "unique": look.get_multi_unique_constraints(),
        "checks": look.get_multi_check_constraints(),
    }
    return {
        table[1]: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in columns[table]
            },
            "primary key": primary_keys[table],
            **{name: sorted(found[table], key=str) for name, found in others.items()},
            "indexes": sorted(
                (
                    index["name"],
                    index["column_names"],
                    bool(index["unique"]),
                    sorted((name, str(value)) for name, value in index.get("dialect_options", {}).items()),
                )
                for index in indexes[table]
            ),
        }
        for table in sorted(columns)
        if table[1] != "alembic_version"
    }


@pytest.mark.parametrize("revision", REVISIONS)
def test_something_stands_in_every_column_of_each_schema(revision, new):
    """So a migration that adds any needs a file `rows/` of its own, and is tested over it by all that follows."""
    fill(new, revision)
    empty_ones = [
        f"{table}.{column['name']}"
        for table, rows in contents(new).items()
        for column in inspect(new).get_columns(table)
        if all(row[column["name"]] is None for row in rows.values())
    ]
    assert empty_ones == []


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_keeps_all_that_was_there(revision, empty):
    fill(empty, revision)
    before = contents(empty)
    schema.migrate(empty)
    assert within(contents(empty), before) == before


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgraded_schema_is_the_one_that_the_tables_say(revision, empty, new, request):
    fill(empty, revision)
    schema.migrate(empty)
    upgraded = shape(empty)
    assert _broken_references(empty) == []
    if empty.dialect.name == "sqlite":
        metadata.create_all(new)
        assert upgraded == shape(new)
    else:
        with empty.begin() as db:
            metadata.drop_all(db)
            metadata.create_all(db)
        assert upgraded == shape(empty)


@pytest.mark.parametrize("revision", EARLIER)
def test_the_way_back_keeps_all_that_the_earlier_schema_can_hold(revision, empty):
    fill(empty, revision)
    as_it_was = shape(empty)
    fill(empty, schema.HEAD)
    newest = contents(empty)
    move(empty, revision)
    earlier = contents(empty)
    assert shape(empty) == as_it_was
    assert earlier == within(newest, earlier)
    assert _broken_references(empty) == []
    schema.migrate(empty)
    assert within(contents(empty), earlier) == earlier


@pytest.mark.parametrize(("there", "here"), STEPS)
def test_a_migration_that_breaks_off_leaves_all_as_it_was(there, here, empty):
    fill(empty, there)
    tables, rows = shape(empty), contents(empty)
    # First at the very end, when only that it is done was not written down yet; then on the way there.
    whole = break_off(empty, here, lambda number, statement: statement.startswith("UPDATE alembic_version"))
    asked = max(number for number, statement in enumerate(whole[:-1], 1) if "alembic_version" in statement)
    for share in (1, 0.75, 0.5, 0.25):
        if share < 1:
            middle = asked + max(1, round((len(whole) - 1 - asked) * share))
            done = break_off(empty, here, lambda number, statement, at=middle: number == at)
            assert "alembic_version" not in done[-1], "not in the middle of it"
        assert schema.current(empty) == there
        assert shape(empty) == tables
        assert contents(empty) == rows
    move(empty, here)
    assert schema.current(empty) == here


class BrokenOff(Exception):
    """A statement of the migration failed: the disk is full, say."""


def break_off(engine, revision, fails):
    """Migrates until `fails`, which is told the number of a statement and its words; -> what was executed till then."""
    done = []

    def run(connection, cursor, statement, *more):
        done.append(statement)
        if fails(len(done), statement):
            raise BrokenOff

    event.listen(engine, "before_cursor_execute", run)
    with pytest.raises(BrokenOff):
        move(engine, revision)
    event.remove(engine, "before_cursor_execute", run)
    return done


def _broken_references(engine: Engine):
    """PostgreSQL does not allow any; on SQLite a table that is copied could leave some behind."""
    if engine.dialect.name == "postgresql":
        return []
    with engine.connect() as db:
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        return db.exec_driver_sql("PRAGMA foreign_key_check").all()
