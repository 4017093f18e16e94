"""The engine: SQLite for one machine, PostgreSQL beyond (design.md part 5). Transactions are opened by callers."""

import datetime as dt
import select
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    MetaData,
    QueuePool,
    TypeDecorator,
    create_engine,
    event,
    literal_column,
    make_url,
)
from sqlalchemy import exc as failures
from sqlalchemy.engine import Connection, Engine, Row

OUTAGES = (failures.OperationalError, failures.InterfaceError, failures.TimeoutError)
"""What a statement raises when the database is away, its disk is full, or all its connections are taken: nothing was
done, and it may be tried again."""

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of whatever columns a statement chose."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[dt.datetime]):
    """An aware UTC time; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def among(column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """-> the condition that a column is one of our own words, written out in the SQL.

    For conditions of partial indexes: with the words as parameters SQLite cannot see that the index serves, and reads
    the whole table.
    """
    return column.in_([literal_column(f"'{value}'") for value in values])


def other_than(column: Column[Any], value: str) -> ColumnElement[bool]:
    """-> the same of a column that has any other word than this one.

    Shorter than all the others, and faster: of a list of more than two SQLite makes a table, and in the condition of an
    index anew for each row that is changed.
    """
    return column != literal_column(f"'{value}'")


def open_engine(url: str) -> Engine:
    """-> an engine for the URL of `settings.read()`; nothing is opened yet."""
    if not url.startswith("sqlite"):
        engine = create_engine(
            url,
            pool_size=10,
            max_overflow=20,
            pool_use_lifo=True,  # few hold what all need: statements that are prepared, and room for what is large
            pool_recycle=RENEWED_AFTER,
            hide_parameters=True,
            connect_args=_patience(url),
        )
        _take_only_living(engine)
        return engine
    # Parameters are hidden: an error's words would carry them, secrets among them, into the log.
    engine = create_engine(url, hide_parameters=True, **_pool(url))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver shall begin nothing of its own
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 30000")
        # Of a new database: messages and answers are hundreds of kilobytes, and each page of them has its own costs.
        cursor.execute("PRAGMA page_size = 8192")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: what was committed before a message left must survive a power cut, or the order could be sent twice.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten, and not only taken out of the lists. Builds differ in what they do unasked.
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE: two writers wait for each other here, instead of failing in the middle of their work.
        reads = connection.get_execution_options().get("qbwc_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _pool(url: str) -> dict[str, Any]:
    """A database in memory is its connection: the threads take turns with it."""
    if make_url(url).database not in (None, "", ":memory:"):
        return {"connect_args": {"timeout": 30}}
    turns = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
    return {"connect_args": {"timeout": 30, "check_same_thread": False}, **turns}


RENEWED_AFTER = 600
"""Seconds; what PostgreSQL's library has set aside for the largest that a connection carried, it never gives back."""

LARGE = 1024 * 1024
"""Characters after which a connection is not kept at all; a full message of usual orders has less than half of it."""

_HAS_CARRIED = "qbwc_has_carried"


def has_carried(db: Connection, *values: str) -> None:
    """To be told of what may be large and went through a connection, either way."""
    if sum(map(len, values)) > LARGE:
        db.info[_HAS_CARRIED] = True


LONGEST_UNASKED = 30
"""Seconds for which a connection may have lain in the pool and still be taken without asking the server."""

_QUIET_SINCE = "qbwc_quiet_since"


def _take_only_living(engine: Engine) -> None:
    """Nobody is given a connection that died in the pool, be it that PostgreSQL was started anew.

    `pool_pre_ping` asks the server each time: a round trip, as much as a statement. A server that went away has closed
    the socket or written to it, and both can be seen without it. Of a connection that a firewall forgot nothing can
    be seen, so what lay there for long is asked for.
    """

    @event.listens_for(engine, "checkin")
    def put_back(connection: Any, record: Any) -> None:
        if record.info.pop(_HAS_CARRIED, False):
            record.invalidate()
        else:
            record.info[_QUIET_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def take(connection: Any, record: Any, _fairy: object) -> None:
        since = record.info.pop(_QUIET_SINCE, None)
        if since is None or (time.monotonic() - since < LONGEST_UNASKED and _is_silent(connection)):
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            # The pool drops all that it had before now, and comes again with a new one.
            raise failures.InvalidatePoolError from None


def _is_silent(connection: Any) -> bool:
    """Whether nothing came since the last answer, not even the end. What cannot be looked at so is not."""
    if connection.closed or not hasattr(select, "poll"):
        return False
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return not look.poll(0)


def _patience(url: str) -> dict[str, int]:
    """-> how long PostgreSQL is waited for, unless the URL says so itself: without it a host that is cut off from the
    network would hold every thread for minutes."""
    usual = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }
    said = make_url(url).query
    return {name: value for name, value in usual.items() if name not in said}


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and on SQLite waits for no writer."""
    with engine.connect().execution_options(qbwc_reads=True) as db, db.begin():
        yield db


@contextmanager
def at_once(engine: Engine) -> Iterator[Connection]:
    """A transaction of so few statements as the database needs for one purpose: a single one on PostgreSQL, where it is
    its own transaction, without a round trip to begin and one to commit."""
    if engine.dialect.name != "postgresql":
        with engine.begin() as db:
            yield db
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db, db.begin():
        yield db
