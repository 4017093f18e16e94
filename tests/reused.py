"""A PostgreSQL database with our tables, for one test after the other: making one takes as long as a test."""

import uuid

from sqlalchemy import Engine, create_engine, text

from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine

# What tells that a test did more to the database than to write rows. TRUNCATE makes new files, and no new tables.
_STRUCTURE = text(
    "SELECT count(*), max(oid::bigint), sum(relnatts), (SELECT min(version_num) FROM alembic_version) FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace"
)
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()"
)


class Reused:
    """`take` and `give_back` one at a time. A test that changes the tables themselves costs the next one a new
    database."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._name = ""
        self._within: Engine | None = None

    def take(self) -> str:
        """-> the URL of a database with our tables and no rows."""
        if self._within is None:
            self._name = f"t{uuid.uuid4().hex}"
            with self._admin.connect() as db:
                db.execute(text(f"CREATE DATABASE {self._name}"))
            self._within = create_engine(self._url(), isolation_level="AUTOCOMMIT")
            migrated = open_engine(self._url())
            schema.migrate(migrated)
            migrated.dispose()
            with self._within.connect() as db:
                names = db.execute(_TABLES).scalars().all()
                sequences = db.execute(text("SELECT sequencename FROM pg_sequences")).scalars().all()
                self._structure = db.execute(_STRUCTURE).one()
            self._empty = "; ".join(
                [
                    # As who replicates: rows go in any sequence, and no foreign key asks.
                    "BEGIN; SET LOCAL session_replication_role = replica",
                    *(f"DELETE FROM {name}" for name in names),
                    *(f"SELECT setval('{name}', 1, false)" for name in sequences),
                    "COMMIT",
                ]
            )
        return self._url()

    def give_back(self) -> None:
        assert self._within is not None
        with self._within.connect() as db:
            db.execute(_OTHERS)
            if db.execute(_STRUCTURE).one() == self._structure:
                db.exec_driver_sql(self._empty)
                return
        self.drop()

    def drop(self) -> None:
        if self._within is not None:
            self._within.dispose()
            self._within = None
            with self._admin.connect() as db:
                db.execute(text(f"DROP DATABASE {self._name} WITH (FORCE)"))

    def close(self) -> None:
        self.drop()
        self._admin.dispose()

    def _url(self) -> str:
        return self._server.replace("/postgres?", f"/{self._name}?")
