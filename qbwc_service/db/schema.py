"""The schema's version: Alembic owns it (design.md part 4)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Engine

from ..package_files import folder

# Any number, as long as no other program on the same PostgreSQL database uses it.
_MIGRATION_LOCK = 0x71627763


class SchemaMismatch(Exception):
    """The database's schema is not the one that this program was written for."""


def migrate(engine: Engine) -> None:
    """Brings the schema to this program's version; two at once wait for each other."""
    config = _config()
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
        return MigrationContext.configure(db).get_current_revision()


def head() -> str | None:
    """-> the revision that this program was written for."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def require(engine: Engine) -> None:
    """Raises SchemaMismatch unless the schema is this program's, saying what to do."""
    found = current(engine)
    if found == head():
        return
    if found is None:
        raise SchemaMismatch("the database has no tables yet: run `qbwc init` (SQLite) or `qbwc migrate` first")
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found in known:
        raise SchemaMismatch(f"the database is of an older version ({found}): run `qbwc migrate` first")
    raise SchemaMismatch(f"the database is of a newer version ({found}) than this program: update qbwc")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    return config
