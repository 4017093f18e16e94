"""`qbwc company`, `qwc` and `regenerate-password`."""

import datetime as dt
import pathlib
import re
from typing import Any

import click
from sqlalchemy.exc import IntegrityError

from ..companies import account
from ..companies.qwc import QwcFault, write
from ..db import companies as table
from ..db import job_views
from ..db.companies import Company
from ..db.engine import reading
from ..db.states import State
from ..posting import exchange, removal
from .common import NOT_FOUND, Failure, as_json, company_of, keys_of, now, opened, print_json, print_table

LONGEST_GRACE = dt.timedelta(days=7)


@click.group()
def company() -> None:
    """Companies: one a QuickBooks company file."""


@company.command("add")
@click.argument("name")
@click.option("--company-file", help="Path of the company file on the PC with QuickBooks, to have it opened.")
@click.option(
    "--every-minutes", type=click.IntRange(1, 1440), default=5, show_default=True, help="How often to be polled."
)
@as_json
def add(name: str, company_file: str | None, every_minutes: int, json_: bool) -> None:
    """Add a company; prints its user name and password for the Web Connector.

    \b
    Example: qbwc company add "ABC Company" --every-minutes 5
    """
    with opened() as (engine, settings), engine.begin() as db:
        try:
            added, credentials = account.add(db, keys_of(settings), name, company_file, every_minutes, now())
        except (account.NameTaken, account.WrongName) as error:
            raise Failure(str(error)) from None
        except IntegrityError:  # somebody added it at the same moment
            raise Failure(str(account.NameTaken(name))) from None
        exchange.read_lists_of_new(db, added.id, now())
    if json_:
        print_json(
            {
                "id": added.id,
                "name": added.name,
                "username": credentials.username,
                "password": credentials.password,
                "owner_id": added.owner_id,
                "file_id": added.file_id,
            }
        )
        return
    click.echo(f"Company {added.name} (id {added.id}).")
    click.echo(f"User name: {credentials.username}")
    click.echo(f"Password:  {credentials.password}")
    click.echo(f'Next: `qbwc qwc "{added.name}" --output FILE.qwc`, and open that file with the Web Connector.')


@company.command("list")
@as_json
def list_(json_: bool) -> None:
    """List the companies."""
    with opened() as (engine, _), reading(engine) as db:
        rows = [_facts(db, known) for known in table.all_of_them(db)]
    if json_:
        print_json(rows)
        return
    shown = ("id", "name", "username", "last_contact", "waiting", "attention")
    print_table(
        [{name: row[name] for name in shown} for row in rows], "There is no company yet: `qbwc company add NAME`."
    )


@company.command("show")
@click.argument("name")
@as_json
def show(name: str, json_: bool) -> None:
    """Show one company and its connection. NAME is a name or an id."""
    with opened() as (engine, _), reading(engine) as db:
        facts = _facts(db, company_of(db, name))
    if json_:
        print_json(facts)
        return
    width = max(map(len, facts))
    for key, value in facts.items():
        click.echo(f"{key.replace('_', ' ').ljust(width)}  {'-' if value is None else value}")


def _facts(db: Any, known: Company) -> dict[str, Any]:
    connection = table.connection_of(db, known.id)
    counts = job_views.counts(db, known.id)
    return {
        "id": known.id,
        "name": known.name,
        "username": known.username,
        "owner_id": known.owner_id,
        "file_id": known.file_id,
        "company_file": known.company_file,
        "every_minutes": known.every_minutes,
        "last_contact": connection.called_at,
        "last_answer": connection.answer,
        "last_refusal": connection.refused_at,
        "quickbooks": connection.product,
        "qbxml_version": connection.qbxml_version,
        "quickbooks_company": connection.company_name,
        "quickbooks_file": connection.company_path,
        "problem": connection.problem,
        "waiting": sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT)),
        "in_doubt": counts.get(State.IN_DOUBT, 0),
        "attention": counts.get(State.ATTENTION, 0),
        "posted": counts.get(State.POSTED, 0),
    }


@company.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove a company: its connector is refused and what waits is cancelled.

    What was posted stays on record. Added again under its name, it comes back with the identities that its company
    file knows, and nothing is posted twice.
    """
    with opened() as (engine, _), engine.begin() as db:
        known = company_of(db, name)
        cancelled = removal.remove(db, known, now())
    click.echo(f"{known.name} is removed; {cancelled} waiting documents were cancelled.")


@company.command("export")
@click.argument("name")
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="File to write to.")
def export(name: str, output: pathlib.Path | None) -> None:
    """Write all that is known of a company as JSON Lines; a removed one too. Secrets are not in it.

    \b
    Example: qbwc company export "ABC Company" --output abc.jsonl
    """
    from ..db import of_company
    from ..keeping import export as keeping

    with opened() as (engine, _), reading(engine) as db:
        of_company.hold_still(db)
        found = of_company.find(db, name)
        if found is None:
            raise Failure(f"there is no company {name}", NOT_FOUND)
        try:
            with click.open_file("-" if output is None else str(output), "w", encoding="utf-8") as file:
                for line in keeping.lines(db, found.id, found.name, now()):
                    file.write(f"{line}\n")
        except OSError as error:
            raise Failure(f"{output or 'standard output'}: {error.strerror}") from None


@company.command("erase")
@click.argument("name")
@click.option("--yes-i-mean", "meant", metavar="NAME", required=True, help="Its name once more, letter by letter.")
def erase(name: str, meant: str) -> None:
    """Forget a company that was removed: for good, with all its orders, and its identities.

    \b
    Example: qbwc company erase "ABC Company" --yes-i-mean "ABC Company"
    """
    from ..keeping import erase as keeping
    from ..keeping.failures import CannotKeep

    with opened() as (engine, _):
        try:
            erased, rows = keeping.erase(engine, name, meant)
        except LookupError:
            raise Failure(f"there is no company {name}", NOT_FOUND) from None
        except CannotKeep as error:
            raise Failure(str(error)) from None
    click.echo(f"{erased} is forgotten: {rows:,} rows and what hung on them.")
    click.echo(keeping.GONE)


@click.command()
@click.argument("company", required=False)
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="File to write to.")
def qwc(company: str | None, output: pathlib.Path | None) -> None:
    """Write a company's .qwc file. It holds no password, and is the same each time.

    \b
    Example: qbwc qwc "ABC Company" --output abc.qwc
    """
    with opened() as (engine, settings), reading(engine) as db:
        try:
            text = write(company_of(db, company), settings.public_url)
        except QwcFault as error:
            raise Failure(f"the Web Connector would refuse this file: {error}") from None
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{output}: {error.strerror}") from None
    click.echo(f"Wrote {output}. Open it with the Web Connector on the PC with QuickBooks.", err=True)


class _Grace(click.ParamType[dt.timedelta]):
    name = "24h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.timedelta:
        match = re.fullmatch(r"([0-9]{1,5})([mhd])", str(value))
        if match is None:
            self.fail(f"{value!r} is no duration such as 30m, 24h or 7d", param, ctx)
        unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
        grace = dt.timedelta(**{unit: int(match[1])})
        if not dt.timedelta(0) < grace <= LONGEST_GRACE:
            self.fail("the old password may live on for 7d at most", param, ctx)
        return grace


@click.command("regenerate-password")
@click.argument("company", required=False)
@click.option("--grace", type=_Grace(), help="Let the old password live on so long, 7d at most.")
@as_json
def regenerate_password(company: str | None, grace: dt.timedelta | None, json_: bool) -> None:
    """Give a company a new connector password. The old one dies at once, or after --grace.

    \b
    Example: qbwc regenerate-password "ABC Company" --grace 24h
    """
    with opened() as (engine, settings), engine.begin() as db:
        known = company_of(db, company)
        credentials = account.regenerate_password(db, keys_of(settings), known, now(), grace)
    if json_:
        print_json({"username": credentials.username, "password": credentials.password})
        return
    click.echo(f"User name: {credentials.username}")
    click.echo(f"Password:  {credentials.password}")
    if grace is None:
        click.echo("The old password is dead: paste the new one into the Web Connector.")
    else:
        click.echo(f"The old password lives until {(now() + grace).astimezone():%Y-%m-%d %H:%M}.")
