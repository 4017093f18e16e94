"""Empty databases to measure in: an SQLite file, or one of a PostgreSQL server; gone afterwards.

Opened as the service opens them, so that a commit costs here what it costs there.
"""

import pathlib
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Engine

from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine


def kinds(server: str | None) -> Sequence[tuple[str, str | None]]:
    """-> what to measure on: SQLite, and PostgreSQL where a server is given."""
    return [("SQLite", None), *([("PostgreSQL", server)] if server is not None else [])]


@contextmanager
def database(server: str | None) -> Iterator[Engine]:
    """-> a new database with our tables: an SQLite file, or on the PostgreSQL server of this URL."""
    with ExitStack() as stack:
        engine = open_engine(stack.enter_context(url_of(server)))
        stack.callback(engine.dispose)
        schema.migrate(engine)
        yield engine


def url_of(server: str | None) -> AbstractContextManager[str]:
    """-> the URL of a new and empty database: an SQLite file, or on the PostgreSQL server of this URL."""
    return _sqlite() if server is None else _postgresql(server)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="qbwc-bench-") as folder:
        yield f"sqlite:///{pathlib.Path(folder) / 'qbwc.sqlite3'}"


@contextmanager
def _postgresql(server: str) -> Iterator[str]:
    name = f"bench_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as db:
            db.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        with admin.connect() as db:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        admin.dispose()
