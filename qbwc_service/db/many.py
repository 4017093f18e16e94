"""Many rows in one statement, and as one parameter: JSON or an array, which the databases take apart themselves.

With a parameter for each value, hundreds of rows cost several times what the database then does with them.
"""

import datetime as dt
import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Select,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

AT_ONCE = 2000  # rows: what it takes to write them out grows no more with their number


def one_of(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """-> the condition that a column of numbers or texts has one of these values, however many."""
    return _OneOf(column, bindparam(None, list(values), type_=_Values(column.type)))


def one_given(column: Column[Any], name: str) -> ColumnElement[bool]:
    """-> the same for a statement that is built once: the values, a list, are its parameter of this name."""
    return _OneOf(column, bindparam(name, type_=_Values(column.type)))


def one_found(column: Column[Any], found: Select[Any]) -> ColumnElement[bool]:
    """-> the condition that a column has a value that a query finds, which are few.

    PostgreSQL is to find them first: with IN it may read the whole table instead, by what it knows of other columns.
    """
    return _OneFound(column, found.scalar_subquery())


class _Values(TypeDecorator[list[Any]]):
    """Numbers or texts as one parameter."""

    impl = Text
    cache_ok = True

    def __init__(self, each: TypeEngine[Any]) -> None:
        super().__init__()
        self.each = Text() if isinstance(each, String) else each

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.each) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value, ensure_ascii=False)


class _OneOf(FunctionElement[bool]):
    name = "one_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would write ` = 1` behind it on SQLite, which then reads whole tables."""
        return self


class _OneFound(_OneOf):
    name = "one_found"
    inherit_cache = True


@compiles(_OneFound, "sqlite")
def _in_query(condition: _OneFound, compiler: SQLCompiler, **how: Any) -> str:
    column, query = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} IN {query}"


@compiles(_OneFound, "postgresql")
def _in_array_of_query(condition: _OneFound, compiler: SQLCompiler, **how: Any) -> str:
    column, query = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} = ANY (ARRAY{query})"


@compiles(_OneOf, "sqlite")
def _in_json(condition: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # what the compiler itself wrote


@compiles(_OneOf, "postgresql")
def _in_array(condition: _OneOf, compiler: SQLCompiler, **how: Any) -> str:
    column, values = (compiler.process(part, **how) for part in condition.clauses)
    return f"{column} = ANY ({values})"


def put(db: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any) -> None:
    """Inserts rows, whose values stand in the sequence of `names`; the values of `same` are those of each."""
    names, rows, shared = _alike(names, list(rows), same)
    for _ in _execute(db, _insert(db.dialect.name, table, tuple(names), tuple(shared)), rows, shared):
        pass


def put_new(
    db: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any
) -> list[int]:
    """The same; -> the ids that the rows took, which ascend with them."""
    statement = _insert(db.dialect.name, table, tuple(names), tuple(same)).returning(table.c.id)
    return sorted(row.id for result in _execute(db, statement, rows, same) for row in result)


def put_over(
    db: Connection, table: Table, keys: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any
) -> None:
    """The same; where there is a row of these keys, it takes the new values. No two rows may have the same keys."""
    for _ in _execute(db, _upsert(db.dialect.name, table, tuple(keys), tuple(names), tuple(same)), rows, same):
        pass


def change(db: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any) -> None:
    """Sets columns of the rows whose id stands before the values."""
    (_, *names), rows, shared = _alike(("id", *names), list(rows), same)
    for _ in _execute(db, _update(db.dialect.name, table, tuple(names), tuple(shared)), rows, shared):
        pass


FEW = 20  # rows: for fewer it does not pay to make a statement of their own


def _alike(
    names: Sequence[str], rows: list[Sequence[Any]], same: Mapping[str, Any]
) -> tuple[Sequence[str], list[Sequence[Any]], Mapping[str, Any]]:
    """Of many rows the columns in which all have one value become parameters of their own, but for the first, which
    tells the rows apart: to take a value out of JSON costs the database as much as to store it."""
    if len(rows) < FEW:
        return names, rows, same
    columns = list(zip(*rows, strict=True))
    alike = [at for at, values in enumerate(columns) if at and values.count(values[0]) == len(rows)]
    if not alike:
        return names, rows, same
    told = [at for at in range(len(columns)) if at not in alike]
    return (
        [names[at] for at in told],
        list(zip(*(columns[at] for at in told), strict=True)),
        {**same, **{names[at]: columns[at][0] for at in alike}},
    )


def _execute(
    db: Connection, statement: Any, rows: Iterable[Sequence[Any]], same: Mapping[str, Any]
) -> Iterator[CursorResult[Any]]:
    plain = functools.partial(_plain, db.dialect.name)
    left = iter(rows)
    while given := list(itertools.islice(left, AT_ONCE)):
        if len(given[0]) == 1:
            given = [value for (value,) in given]
        yield db.execute(statement, {"rows": json.dumps(given, ensure_ascii=False, default=plain), **same})


def _plain(dialect: str, value: object) -> str:
    """-> a time as its column (engine.Utc) has it."""
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} cannot stand in a row")
    utc = value.astimezone(dt.UTC)
    return (utc if dialect == "postgresql" else utc.replace(tzinfo=None)).isoformat(" ", "microseconds")


@functools.cache
def _insert(dialect: str, table: Table, names: tuple[str, ...], same: tuple[str, ...]) -> Any:
    return insert(table).from_select([*names, *same], _rows(dialect, table, names, same), include_defaults=False)


@functools.cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], names: tuple[str, ...], same: tuple[str, ...]) -> Any:
    rows = _rows(dialect, table, names, same).where(true())  # SQLite would take ON CONFLICT for the ON of a join
    found: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    changed = {name: found.excluded[name] for name in (*names, *same) if name not in keys}
    return found.from_select([*names, *same], rows, include_defaults=False).on_conflict_do_update(
        index_elements=list(keys), set_=changed
    )


@functools.cache
def _update(dialect: str, table: Table, names: tuple[str, ...], same: tuple[str, ...]) -> Any:
    (id_, *values), _ = _given(dialect, [table.c.id, *(table.c[name] for name in names)])
    values += _shared(table, same)
    return update(table).where(table.c.id == id_).values(dict(zip((*names, *same), values, strict=True)))


def _rows(dialect: str, table: Table, names: Sequence[str], same: Sequence[str]) -> Select[Any]:
    values, source = _given(dialect, [table.c[name] for name in names])
    return select(*values, *_shared(table, same)).select_from(source)


def _shared(table: Table, same: Sequence[str]) -> list[ColumnElement[Any]]:
    return [bindparam(name, type_=table.c[name].type) for name in same]


def _given(dialect: str, columns: Sequence[Column[Any]]) -> tuple[list[ColumnElement[Any]], Any]:
    """-> the values of a row, and the rows. A row of a single value is written as that value."""
    rows = bindparam("rows", type_=Text)
    is_value = len(columns) == 1
    if dialect == "postgresql":
        source = func.json_array_elements(cast(rows, JSON)).table_valued(column("value", JSON), name="given")
        paths = ["{}"] if is_value else [f"{{{index}}}" for index in range(len(columns))]
        return [_typed(source.c.value, path, each) for path, each in zip(paths, columns, strict=True)], source
    source = func.json_each(rows).table_valued("value", name="given")
    if is_value:
        return [source.c.value], source
    return [func.json_extract(source.c.value, literal_column(f"'$[{index}]'")) for index in range(len(columns))], source


def _typed(row: ColumnElement[Any], path: str, column: Column[Any]) -> ColumnElement[Any]:
    """Texts are not cast: that would cut them where they are too long, instead of failing."""
    text: ColumnElement[Any] = row.op("#>>")(literal_column(f"'{path}'"))
    return text if isinstance(column.type, String) else cast(text, column.type)
