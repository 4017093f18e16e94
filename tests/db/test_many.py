"""Many rows in one statement are the rows that were given, on both databases."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, String, Table, Text, and_, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from qbwc_service.db import many
from qbwc_service.db.engine import Utc
from qbwc_service.db.orders import BigId

metadata = MetaData()
owners = Table("many_owners", metadata, Column("id", Integer, primary_key=True))
things = Table(
    "many_things",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("owner_id", ForeignKey("many_owners.id")),
    Column("name", Text),
    Column("code", String(4)),
    Column("number", BigId),
    Column("is_active", Boolean),
    Column("at", Utc),
)
NAMES = ("name", "code", "number", "is_active", "at")

# What PostgreSQL's texts cannot hold, no text of ours holds: XML and orders have no NUL, nor half a character.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
times = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
rows = st.tuples(
    st.none() | texts,
    st.none() | st.text("abcXYZ01'\"\\", max_size=4),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.booleans(),
    st.none() | times,
)


@pytest.fixture
def table(engine: Engine) -> Engine:
    metadata.create_all(engine)
    with engine.begin() as db:
        many.put(db, owners, ("id",), [(1,), (2,)])
    return engine


once = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@once
@given(wanted=st.lists(rows, max_size=6))
def test_rows_are_stored_as_they_were_given(table: Engine, wanted: list[tuple[object, ...]]) -> None:
    with table.connect() as db:
        ids = many.put_new(db, things, NAMES, wanted, owner_id=1)
        found = db.execute(select(things).order_by(things.c.id)).all()
        assert [tuple(row[2:]) for row in found] == wanted
        assert [row.id for row in found] == ids
        assert {row.owner_id for row in found} <= {1}
        db.rollback()


@once
@given(before=rows, after=rows)
def test_a_change_reaches_the_rows_that_are_named_and_no_others(
    table: Engine, before: tuple[object, ...], after: tuple[object, ...]
) -> None:
    with table.connect() as db:
        first, second, third = many.put_new(db, things, NAMES, [before] * 3, owner_id=1)
        many.change(db, things, NAMES, [(first, *after), (third, *after)], owner_id=2)
        found = {row.id: (row.owner_id, *row[2:]) for row in db.execute(select(things))}
        assert found == {first: (2, *after), second: (1, *before), third: (2, *after)}
        db.rollback()


@once
@given(
    different=st.lists(rows, min_size=many.FEW, max_size=many.FEW + 3),
    alike=st.sets(st.sampled_from(range(len(NAMES)))),
)
def test_columns_that_are_alike_in_many_rows_are_stored_in_each(
    table: Engine, different: list[tuple[object, ...]], alike: set[int]
) -> None:
    wanted = [tuple(different[0][at] if at in alike else value for at, value in enumerate(row)) for row in different]
    with table.connect() as db:
        many.put(db, things, NAMES, iter(wanted), owner_id=1)
        found = db.execute(select(things).order_by(things.c.id)).all()
        assert [tuple(row[2:]) for row in found] == wanted
        other = many.put_new(db, things, NAMES, different[:1], owner_id=1)
        ids = [row.id for row in reversed(found)]
        many.change(db, things, NAMES, ((id_, *row) for id_, row in zip(ids, wanted, strict=True)), owner_id=2)
        changed = {row.id: (row.owner_id, *row[2:]) for row in db.execute(select(things))}
        assert changed == {id_: (2, *row) for id_, row in zip(ids, wanted, strict=True)} | {
            other[0]: (1, *different[0])
        }
        db.rollback()


@once
@given(st.sets(texts, max_size=8), st.sets(texts, max_size=8))
def test_a_row_is_found_by_one_of_many_texts(table: Engine, there: set[str], wanted: set[str]) -> None:
    with table.connect() as db:
        many.put(db, things, ("name",), [(name,) for name in there])
        found = db.execute(select(things.c.name).where(many.one_of(things.c.name, wanted))).scalars()
        assert set(found) == there & wanted
        db.rollback()


def test_thousands_of_rows_keep_their_sequence_and_are_found_by_thousands_of_ids(table: Engine) -> None:
    with table.begin() as db:
        ids = many.put_new(db, things, ("number",), [(number,) for number in range(40_000)])
        assert ids == sorted(ids)
        found = db.execute(select(things.c.number).where(many.one_of(things.c.id, ids)).order_by(things.c.id))
        assert list(found.scalars()) == list(range(40_000))


def test_what_is_there_takes_the_new_values_and_the_rest_is_new(table: Engine) -> None:
    with table.begin() as db:
        many.put(db, things, ("id", "name"), [(1, "old"), (2, "kept")], owner_id=1)
        many.put_over(db, things, ("id",), ("id", "name"), [(1, "new"), (3, "added")], owner_id=2)
        found = db.execute(select(things.c.id, things.c.name, things.c.owner_id).order_by(things.c.id)).all()
        assert [tuple(row) for row in found] == [(1, "new", 2), (2, "kept", 1), (3, "added", 2)]


def test_no_rows_are_no_statement(table: Engine) -> None:
    with table.begin() as db:
        many.change(db, things, ("name",), [])
        assert many.put_new(db, things, ("name",), []) == []
        assert db.execute(select(things.c.id).where(many.one_of(things.c.id, []))).all() == []


@pytest.mark.parametrize("condition", ["alone", "with another"])
def test_what_is_one_of_many_is_found_by_its_index(table: Engine, condition: str) -> None:
    one = many.one_given(things.c.id, "wanted")
    statement = select(things.c.name).where(one if condition == "alone" else and_(one, things.c.number > 1))
    told = str(statement.compile(table))
    assert " = 1" not in told
    assert "true" not in told
    if table.dialect.name == "sqlite":
        with table.connect() as db:
            plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}", ("[1, 2]", 1)[: told.count("?")]).all()
        assert plan[0].detail.startswith("SEARCH many_things USING INTEGER PRIMARY KEY"), plan


def test_a_time_without_a_zone_is_refused(table: Engine) -> None:
    with table.begin() as db, pytest.raises(TypeError, match="cannot stand in a row"):
        many.put(db, things, ("at",), [(dt.datetime(2026, 11, 25),)])  # noqa: DTZ001
    with table.begin() as db, pytest.raises(StatementError, match="without a zone"):
        many.put(db, things, ("name",), [("x",)], at=dt.datetime(2026, 11, 25))  # noqa: DTZ001


def test_a_row_without_its_owner_is_refused(table: Engine) -> None:
    with table.connect() as db, pytest.raises(IntegrityError):
        many.put(db, things, ("owner_id",), [(1,), (99,)])


def test_a_text_too_long_for_its_column_is_not_cut(table: Engine) -> None:
    with table.connect() as db:
        if db.dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="too long"):
                many.put(db, things, ("code",), [("abcde",)])
        else:  # which knows no lengths
            many.put(db, things, ("code",), [("abcde",)])
            assert db.execute(select(things.c.code)).scalar_one() == "abcde"
