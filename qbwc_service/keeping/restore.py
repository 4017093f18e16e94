"""A backup is brought back, and made safe to serve from: QuickBooks is asked for what was posted since."""

import datetime as dt
import pathlib
from dataclasses import dataclass

from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from ..companies import account
from ..db import audit, companies, schema
from ..db.engine import open_engine, reading
from ..posting import restored
from ..secrets import Keys, WrongKey
from ..settings import Settings
from . import postgres, sqlite
from .failures import CannotKeep, Damaged, Newer, Used

LOST = (
    "Unknown here is what came after the backup: orders, sendings and cancellations, settings, users, connector "
    "passwords, API tokens that were made or revoked. Hand in the orders of that time again: QuickBooks is asked for "
    "each document before it is sent, so that none is posted twice. Cancel again what was cancelled, and revoke again "
    "what was revoked; whoever was signed in at the pages signs in anew."
)

_WRITTEN_AT = (("job_history", "at"), ("orders", "created_at"), ("companies", "created_at"), ("audit_trail", "at"))


@dataclass(frozen=True)
class Restored:
    """`aside`: where the database that was there before is now. `key_fits` is False when another secret key is set."""

    marked: restored.Marked
    aside: pathlib.Path | None
    key_fits: bool


def restore(settings: Settings, source: pathlib.Path, now: dt.datetime, *, force: bool = False) -> Restored:
    """Replaces the database by a backup, migrates it and marks what QuickBooks must be asked for first.

    Raises Used, Newer (unless `force`), Damaged and CannotKeep. On SQLite nothing has changed then.
    """
    if not source.is_file():
        raise CannotKeep(f"there is no file {source}")
    if settings.sqlite_path is None:
        return _restore_postgres(settings, source, now, force)
    return _restore_sqlite(settings, settings.sqlite_path, source, now, force)


def already_restored(settings: Settings, now: dt.datetime) -> Restored:
    """The database came back by other means: does what must follow. Raises Used, schema.SchemaMismatch."""
    path = settings.sqlite_path
    if path is not None and not path.exists():
        raise CannotKeep(f"there is no database at {path}")
    engine = open_engine(settings.database_url)
    try:
        if sqlite.is_used(path) if path is not None else postgres.is_used(engine):
            raise Used
        marked, key_fits = _made_safe(settings, engine, now)
        return Restored(marked, None, key_fits)
    finally:
        engine.dispose()


def _restore_sqlite(
    settings: Settings, path: pathlib.Path, source: pathlib.Path, now: dt.datetime, force: bool
) -> Restored:
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    aside = path.with_name(f"{path.name}.before-restore-{stamp}") if path.exists() else None
    if aside is not None and sqlite.is_used(path):
        raise Used
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.restoring-{stamp}")
    sqlite.copy(source, made)
    engine = open_engine(f"sqlite:///{made}")
    try:
        in_backup = _latest(engine, source)
        if aside is not None and not force:
            _require_not_newer(settings, path, in_backup)
        marked, key_fits = _made_safe(settings, engine, now)
        engine.dispose()
        sqlite.require_whole(made)
        if aside is not None:
            sqlite.move(path, aside)
        sqlite.move(made, path)
    finally:
        engine.dispose()
        for ending in ("", "-wal", "-shm"):
            made.with_name(made.name + ending).unlink(missing_ok=True)
    return Restored(marked, aside, key_fits)


def _require_not_newer(settings: Settings, path: pathlib.Path, in_backup: str | None) -> None:
    engine = open_engine(settings.database_url)
    try:
        latest = _latest(engine, path)
    except CannotKeep:
        return  # what is there is damaged or something else; it is set aside, not lost
    finally:
        engine.dispose()
    _compare(latest, in_backup)


def _compare(latest: str | None, in_backup: str | None) -> None:
    if latest is not None and (in_backup is None or latest > in_backup):
        raise Newer(latest[:19], (in_backup or "never")[:19])


def _restore_postgres(settings: Settings, source: pathlib.Path, now: dt.datetime, force: bool) -> Restored:
    engine = open_engine(settings.database_url)
    try:
        if postgres.is_used(engine):
            raise Used
        found = schema.current(engine)
        if found is not None and not force:
            # What a dump holds is known only once it is loaded: any order that is there counts as newer.
            latest = _latest(engine, source)
            if latest is not None:
                raise Newer(latest[:19], f"{dt.datetime.fromtimestamp(source.stat().st_mtime, dt.UTC):%Y-%m-%d %H:%M}")
        engine.dispose()
        postgres.load(settings.database_url, source)
        try:
            marked, key_fits = _made_safe(settings, engine, now)
        except Exception as error:
            raise CannotKeep(
                f"the dump is loaded, but what must follow failed ({type(error).__name__}: {error}). Do not serve from "
                "it before `qbwc restore --already-restored` succeeded"
            ) from error
        return Restored(marked, None, key_fits)
    finally:
        engine.dispose()


def _latest(engine: Engine, path: pathlib.Path) -> str | None:
    """-> when the database was last written to, as text that compares; None when it holds nothing yet.

    Raises Damaged for one that is none of ours, or of a newer version than this program.
    """
    try:
        revision = schema.current(engine)
        if revision is None:
            if inspect(engine).get_table_names():
                raise Damaged(path, "is a database, but none of qbwc's")
            return None
        if revision not in schema.known_revisions():
            raise CannotKeep(f"{path} is of a newer version ({revision}) than this program: update qbwc")
        tables = inspect(engine).get_table_names()
        with reading(engine) as db:
            found = [
                db.execute(text(f"SELECT max({column}) FROM {table}")).scalar_one()  # noqa: S608  our own names
                for table, column in _WRITTEN_AT
                if table in tables  # of an older version, perhaps
            ]
    except DatabaseError as error:
        raise Damaged(path, str(error.orig)) from None
    return max((str(at) for at in found if at is not None), default=None)


def _made_safe(settings: Settings, engine: Engine, now: dt.datetime) -> tuple[restored.Marked, bool]:
    """-> what was marked, and whether the secret key in force is the one that the passwords were kept with."""
    if schema.current(engine) is None:
        raise CannotKeep("the backup holds no tables of qbwc's")
    schema.migrate(engine)
    schema.require(engine)
    with engine.begin() as db:
        marked = restored.mark(db, now)
        audit.put(db, now=now, who="command", act="database.restored", about="database")
        fits = settings.secret_key is not None
        for company in companies.all_of_them(db)[:1]:
            try:
                account.password_of(db, Keys(settings.secret_key or ""), company)
            except WrongKey:
                fits = False
            except account.NoPassword:
                pass
    return marked, fits
