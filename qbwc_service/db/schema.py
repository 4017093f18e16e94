"""The schema's version: Alembic owns it (design.md part 4)."""

from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from ..package_files import folder

# The newest migration. Written here so that a command need not load Alembic to compare; a test holds them together.
HEAD = "0004"

# Any number, as long as no other program on the same PostgreSQL database uses it.
_MIGRATION_LOCK = 0x71627763


class SchemaMismatch(Exception):
    """The database's schema is not the one that this program was written for."""


def migrate(engine: Engine) -> None:
    """Brings the schema to this program's version; two at once wait for each other. All of it happens, or nothing.

    Raises SchemaMismatch for a newer schema, which this program knows no way back from.
    """
    from alembic import command

    found = current(engine)
    if found is not None and found not in known_revisions():
        raise _newer(found)
    config = alembic_config()
    config.attributes["engine"] = engine
    if engine.dialect.name != "postgresql":
        command.upgrade(config, "head")
        return
    with engine.connect() as lock:
        lock.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        try:
            command.upgrade(config, "head")
        finally:
            lock.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})


def current(engine: Engine) -> str | None:
    """-> the schema's revision; None for a database without one."""
    with engine.connect() as db:
        if not inspect(db).has_table("alembic_version"):
            return None
        return db.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def require(engine: Engine) -> None:
    """Raises SchemaMismatch unless the schema is this program's, saying what to do."""
    found = current(engine)
    if found == HEAD:
        return
    if found is None:
        raise SchemaMismatch("the database has no tables yet: run `qbwc init` (SQLite) or `qbwc migrate` first")
    if found in known_revisions():
        raise SchemaMismatch(f"the database is of an older version ({found}): run `qbwc migrate` first")
    raise _newer(found)


def _newer(found: str) -> SchemaMismatch:
    return SchemaMismatch(f"the database is of a newer version ({found}) than this program: update qbwc")


def known_revisions() -> set[str]:
    """-> the versions that this program can migrate from, and its own."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def alembic_config() -> Any:
    """-> what Alembic's commands take; the engine is added to its attributes."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    return config
