"""Databases of each schema that there ever was, with something in every table and every column.

`rows/0001.json` was not made up: the program of that schema (the last commit before migration 0002) lived through it,
with the simulated QuickBooks whose books stand beside it in `rows/quickbooks.json`; only the long list that is being
read, of the last company, was put in by hand. Each later file has what its migration brought, written by hand: rows of
new tables, and values of new columns for rows that are there. Nothing here goes through the program, which knows the
newest schema alone.
"""

import datetime as dt
import json
import pathlib
from typing import Any, TypeAlias

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import DateTime, MetaData, Table, and_, insert, inspect, select, text, update
from sqlalchemy.engine import Connection, Engine

from qbwc_service.db import schema

ROWS = pathlib.Path(__file__).parent / "rows"
REVISIONS = [
    script.revision for script in reversed(list(ScriptDirectory.from_config(schema.alembic_config()).walk_revisions()))
]
"""Oldest first."""
EARLIER = REVISIONS[:-1]

Contents: TypeAlias = dict[str, dict[tuple[Any, ...], dict[str, Any]]]
"""Of each table: by primary key, each column's value."""


def fill(engine: Engine, revision: str) -> None:
    """The database becomes one of this schema, as somebody has it who used the program since the first.

    It is empty, or was filled up to an earlier schema.
    """
    found = schema.current(engine)
    first = 0 if found is None else REVISIONS.index(found) + 1
    for each in REVISIONS[first : REVISIONS.index(revision) + 1]:
        move(engine, each)
        with engine.begin() as db:
            _add(db, _tables(db, each), json.loads((ROWS / f"{each}.json").read_text("utf-8")))


def move(engine: Engine, revision: str) -> None:
    """Migrates to a schema, up or down."""
    config = schema.alembic_config()
    config.attributes["engine"] = engine
    found = schema.current(engine)
    if found is None or REVISIONS.index(found) < REVISIONS.index(revision):
        command.upgrade(config, revision)
    elif found != revision:
        command.downgrade(config, revision)


_SEEN: dict[tuple[str, str], list[Table]] = {}


def _tables(db: Connection, revision: str) -> list[Table]:
    """-> as they stand in a database that has just come to be of this schema, each behind what it refers to."""
    this = db.dialect.name, revision
    if this not in _SEEN:
        found = MetaData()
        found.reflect(db)
        _SEEN[this] = [table for table in found.sorted_tables if table.name != "alembic_version"]
    return _SEEN[this]


def contents(engine: Engine) -> Contents:
    with engine.connect() as db:
        keys = inspect(db).get_multi_pk_constraint()
        return {
            table: {
                tuple(row[column] for column in key["constrained_columns"]): dict(row)
                for row in db.execute(text(f"SELECT * FROM {table}")).mappings()
            }
            for (_, table), key in sorted(keys.items())
            if table != "alembic_version"
        }


MOVED = {("jobs", "content"): ("job_drafts", "content")}
"""Columns that a later schema has in another table, under the same keys."""


def within(kept: Contents, smaller: Contents) -> Contents:
    """-> what of `kept` stands in tables and columns that `smaller` has too, be it where it was moved to."""
    return {
        name: {
            key: {column: _found(kept, name, key, column) for column in _columns(smaller[name])} for key in kept[name]
        }
        for name in smaller
    }


def _found(kept: Contents, name: str, key: tuple[Any, ...], column: str) -> Any:
    if column in kept[name][key] or (name, column) not in MOVED:
        return kept[name][key][column]
    table, other = MOVED[name, column]
    return kept[table][key][other]


def _columns(rows: dict[tuple[Any, ...], dict[str, Any]]) -> list[str]:
    return list(next(iter(rows.values())))


def _add(db: Connection, tables: list[Table], brought: dict[str, Any]) -> None:
    for table in tables:
        if table.name not in brought:
            continue
        columns, rows = brought[table.name]["columns"], brought[table.name]["rows"]
        typed = [{name: _typed(table, name, value) for name, value in zip(columns, row, strict=True)} for row in rows]
        known = {tuple(row) for row in db.execute(select(*table.primary_key))}
        for row in typed:
            key = tuple(row[column.name] for column in table.primary_key)
            if key in known:
                mine = and_(*(column == row[column.name] for column in table.primary_key))
                db.execute(update(table).where(mine).values(row))
        if new := [row for row in typed if tuple(row[column.name] for column in table.primary_key) not in known]:
            db.execute(insert(table), new)
        if db.dialect.name == "postgresql" and "id" in table.c and table.name in _counted(db):
            last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
            db.execute(text(last))


def _counted(db: Connection) -> set[str]:
    """-> the tables whose id is given by PostgreSQL; what stands here with its id would be given once more."""
    return {name.removesuffix("_id_seq") for name in inspect(db).get_sequence_names()}


def _typed(table: Table, name: str, value: Any) -> Any:
    if value is None or not isinstance(table.c[name].type, DateTime):
        return value
    at = dt.datetime.fromisoformat(value)
    return at.replace(tzinfo=dt.UTC) if getattr(table.c[name].type, "timezone", False) else at
