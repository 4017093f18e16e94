"""What commands share: the database, errors as one line with an exit code, and output as table or JSON."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from .. import settings as settings_module
from ..db import companies, schema
from ..db.companies import Company
from ..db.engine import open_engine
from ..secrets import Keys
from ..settings import ConfigurationError, Settings

FAILED, NOT_FOUND, NEEDS_ATTENTION = 1, 3, 4

F = TypeVar("F", bound=Callable[..., Any])


class Failure(click.ClickException):
    """Ends the command with one clear line (or several) and this exit code."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click means it to be set so

    def show(self, file: Any = None) -> None:
        click.echo(f"qbwc: {self.format_message()}", err=True)


def as_json(command: F) -> F:
    """The option --json: data on standard output, and nothing else there."""
    return click.option("--json", "json_", is_flag=True, help="Print data instead of a table.")(command)


def read_settings(port: int | None = None) -> Settings:
    try:
        return settings_module.read(port=port)
    except ConfigurationError as error:
        raise Failure("the configuration does not hold:\n  " + "\n  ".join(error.faults)) from None


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[tuple[Engine, Settings]]:
    """-> the engine of the configured database, whose schema is this program's."""
    settings = settings or read_settings()
    path = settings.sqlite_path
    if path is not None and not path.exists():
        raise Failure(f"there is no database at {path}: run `qbwc init` first, or set QBWC_DATA_DIR or DATABASE_URL")
    engine = open_engine(settings.database_url)
    try:
        schema.require(engine)
        yield engine, settings
    except schema.SchemaMismatch as error:
        raise Failure(str(error)) from None
    except (OperationalError, DatabaseError) as error:
        if isinstance(error, IntegrityError):
            raise
        raise Failure(f"the database cannot be used: {first_line(error)}") from None
    finally:
        engine.dispose()


def first_line(error: DatabaseError) -> str:
    """-> what the database says, without the statement."""
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def writing() -> Iterator[Connection]:
    """-> a transaction on the configured database; it is committed unless the command fails."""
    with opened() as (engine, _), engine.begin() as db:
        yield db


def keys_of(settings: Settings) -> Keys:
    if settings.secret_key is None:
        raise Failure("there is no secret key: run `qbwc init`, or set QBWC_SECRET_KEY or QBWC_SECRET_KEY_FILE")
    return Keys(settings.secret_key)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def company_of(db: Connection, given: str | None) -> Company:
    """-> the company of a name or an id; without either, the only one. Exit 3 when there is none such."""
    if given is None:
        known = companies.all_of_them(db)
        if len(known) == 1:
            return known[0]
        if not known:
            raise Failure("there is no company yet: `qbwc company add NAME` makes one", NOT_FOUND)
        raise click.UsageError(f"say which company: {', '.join(company.name for company in known)}")
    company = companies.by_name(db, given)
    if company is None and given.isdecimal() and len(given) < 10:
        company = companies.by_id(db, int(given))
    if company is None:
        raise Failure(f"there is no company {given}", NOT_FOUND)
    return company


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value)


def print_table(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """A row a line under its headings; wide as its longest cell."""
    if not rows:
        click.echo(empty)
        return
    names = list(rows[0])
    cells = [[_cell(row[name]) for name in names] for row in rows]
    titles = [name.replace("_", " ").upper() for name in names]
    widths = [max(len(line[column]) for line in [titles, *cells]) for column in range(len(names))]
    for line in [titles, *cells]:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo(text.rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dt.datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return " ".join(str(value).split())


def code_of(text: str | None) -> int | str | None:
    """-> a status code as a number, an HRESULT as text."""
    return int(text) if text is not None and text.lstrip("-").isdecimal() else text
