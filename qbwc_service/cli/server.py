"""`qbwc init`, `migrate` and `serve`."""

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from .. import sign_in
from ..db import people, schema
from ..db.engine import open_engine
from ..db.web_sessions import Purpose
from ..secrets import make_key_file
from ..settings import Settings
from .common import Failure, as_json, first_line, keys_of, now, print_json, read_settings


@click.command()
@as_json
def init(json_: bool) -> None:
    """Make the data folder, the secret key and, on SQLite, the tables.

    May be run again: what is there stays as it is.
    """
    settings = _initialise()
    link = _first_admin_link(settings)
    facts = {"data_dir": str(settings.data_dir), "public_url": settings.public_url, "schema": schema.HEAD}
    if json_:
        print_json({**facts, "first_admin": link})
        return
    click.echo(f"Data folder: {settings.data_dir}")
    if not settings.is_sqlite and link is None:
        click.echo("Now run `qbwc migrate` to make the tables, then this once more for the first admin's link.")
    if link is not None:
        click.echo(f"The first admin's page, once `qbwc serve` runs (this link works once, for 7 days):\n  {link}")
    click.echo("Next: `qbwc company add NAME`, then `qbwc serve`.")


def _first_admin_link(settings: Settings) -> str | None:
    """-> a link that makes the first admin; None when there is one, or no schema yet. It replaces an earlier one."""
    engine = open_engine(settings.database_url)
    try:
        if schema.current(engine) != schema.HEAD:
            return None
        with engine.begin() as db:
            if people.admins(db):
                return None
            token = sign_in.make_link(db, keys_of(settings), Purpose.FIRST_ADMIN, None, now())
        return f"{settings.public_url}/welcome/{token}"
    except OperationalError:
        if settings.is_sqlite:
            raise
        return None  # `migrate`, which comes next, says what is wrong with it
    finally:
        engine.dispose()


def _initialise() -> Settings:
    settings = read_settings()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if settings.secret_key is None:
            make_key_file(settings.secret_file)
        if (path := settings.sqlite_path) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}") from None
    if settings.is_sqlite:
        _migrate(settings)
    return read_settings()


def _migrate(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    try:
        if schema.current(engine) != schema.HEAD:
            schema.migrate(engine)
        schema.require(engine)
    except schema.SchemaMismatch as error:
        raise Failure(str(error)) from None
    except OperationalError as error:
        raise Failure(f"the database does not answer: {first_line(error)}") from None
    except DatabaseError as error:  # it may not make tables there, say
        raise Failure(f"the tables could not be migrated, and are as they were: {first_line(error)}") from None
    finally:
        engine.dispose()


@click.command()
def migrate() -> None:
    """Bring the database's tables to this version. May be run again, and by several at once."""
    settings = read_settings()
    if settings.sqlite_path is not None and not settings.sqlite_path.parent.is_dir():
        raise Failure(f"there is no folder {settings.sqlite_path.parent}: run `qbwc init` first")
    _migrate(settings)
    click.echo(f"The tables are of version {schema.HEAD}.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 for a free one.  [default: 8080]")
@click.option("--migrate", "migrate_", is_flag=True, help="Bring the tables to this version first.")
def serve(host: str, port: int | None, migrate_: bool) -> None:
    """Run the service until SIGTERM or Ctrl-C; what is under way is answered first.

    \b
    Example: qbwc serve --port 8080
    """
    from .. import logs
    from ..app import App
    from ..proxies import LOOPBACK
    from ..server import serve as run
    from ..ticker import Ticker

    settings = read_settings(port)
    if settings.is_sqlite and settings.secret_key is None:
        settings = _initialise()
        settings = read_settings(port)
    if migrate_ or settings.is_sqlite:
        _migrate(settings)
    engine = open_engine(settings.database_url)
    try:
        schema.require(engine)
        logs.to_stderr(settings)
        keys = keys_of(settings)
        app, ticker = App(settings, engine, keys), Ticker(settings, engine, keys)

        def ready(bound: int) -> None:
            ticker.start()
            click.echo(f"qbwc serves {settings.public_url}/qbwc, listening on {host}:{bound}", err=True)

        # A proxy on this machine may be one that nobody named.
        shared = (*LOOPBACK, *settings.trusted_proxies)
        try:
            run(app, host, settings.port if port is None else port, ready, shared)
        finally:
            ticker.stop()
    except schema.SchemaMismatch as error:
        raise Failure(str(error)) from None
    except OperationalError as error:
        raise Failure(f"the database does not answer: {first_line(error)}") from None
    except OSError as error:
        raise Failure(f"cannot listen on {host}:{settings.port}: {error.strerror}") from None
    finally:
        engine.dispose()
