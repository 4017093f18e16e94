"""`qbwc list`, `link`, `settings` and `explain`: QuickBooks' lists, what is linked to them, and what a company sets."""

import re
from collections.abc import Callable
from dataclasses import asdict

import click

from qbxml.status import IN_WORDS, hresult, status

from .. import i18n
from ..companies import preferences
from ..db import companies
from ..db import lists as table
from ..db.engine import reading
from ..db.lists import List
from ..posting import accounts, queue
from ..posting import send as sending
from ..posting.naming import customer_record, item_record, vendor_record
from .common import NOT_FOUND, Failure, as_json, company_of, now, opened, print_json, print_table, writing

LISTS = table.WORDS


@click.command("list")
@click.argument("which", type=click.Choice(list(LISTS)), metavar="|".join(LISTS))
@click.option("--company", help="Which company's; may be left out when there is one.")
@click.option("--search", default="", help="Only names that hold this text.")
@as_json
def list_(which: str, company: str | None, search: str, json_: bool) -> None:
    """Show one of QuickBooks' lists, as it was last read.

    \b
    Example: qbwc list customers --search abc
    """
    with opened() as (engine, _), reading(engine) as db:
        known = company_of(db, company)
        found = table.listed(db, known.id, LISTS[which], search)
        read = table.read_of(db, known.id)[LISTS[which]].read_at
    rows = [
        {"list_id": row.list_id, "name": row.name, "type": row.type or None, "active": row.is_active} for row in found
    ]
    if json_:
        print_json(rows)
        return
    print_table(rows, "No such record." if read else "This list was not read yet: it is at the next poll.")


@click.group()
def link() -> None:
    """Links from our customers, suppliers and items to QuickBooks' records."""


def _linker(kind: str, which: List, record: Callable[[str], str]) -> click.Command:
    @click.command(kind)
    @click.argument("company")
    @click.argument("id")
    @click.argument("list_id", required=False)
    @click.option("--name", help="QuickBooks' full name of the record, instead of its ListID.")
    def command(company: str, id: str, list_id: str | None, name: str | None) -> None:
        with writing() as db:
            known = company_of(db, company)
            if (list_id is None) == (name is None):
                raise click.UsageError("say which record: its ListID, or --name")
            try:
                found = sending.link(db, known, record(id), which, list_id or name or "", now())
            except sending.UnknownRecord as error:
                raise Failure(str(error), NOT_FOUND) from None
            except queue.NotNow as error:
                raise Failure(str(error)) from None
        click.echo(f"{kind.capitalize()} {id} is {found} in QuickBooks.")

    command.help = f"Link our {kind} ID to the {kind} of QuickBooks with this LIST_ID or --name."
    return command


link.add_command(_linker("customer", List.CUSTOMER, customer_record))
link.add_command(_linker("vendor", List.VENDOR, vendor_record))
link.add_command(_linker("item", List.ITEM, item_record))


@click.command()
@click.argument("company")
@click.argument("action", type=click.Choice(["show", "set"]))
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@as_json
def settings(company: str, action: str, values: tuple[str, ...], json_: bool) -> None:
    """Show or set what a company wants of all its orders.

    \b
    Example: qbwc settings "ABC Company" set send_bills=yes income_account=Sales
    """
    if (action == "set") != bool(values):
        raise click.UsageError("`set` takes KEY=VALUE, and `show` takes nothing")
    with writing() as db:
        known = company_of(db, company)
        wanted = preferences.load(known.settings)
        if values:
            assignments = dict(value.partition("=")[::2] for value in values)
            if any("=" not in value for value in values):
                raise click.UsageError("write each setting as KEY=VALUE")
            try:
                wanted = preferences.change(wanted, assignments)
            except preferences.WrongPreference as error:
                raise Failure(str(error)) from None
            wrong = accounts.faults(db, known.id, {key: getattr(wanted, key) for key in assignments})
            if wrong:
                raise Failure("\n  ".join(f"{key}: {fault}" for key, fault in wrong))
            companies.save_settings(db, known.id, preferences.dump(wanted))
    facts = asdict(wanted)
    if json_:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name.ljust(width)}  {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "-"


@click.command()
@click.argument("code")
@click.option("--language", default=i18n.SOURCE, show_default=True, help="A language's tag, such as es.")
@as_json
def explain(code: str, language: str, json_: bool) -> None:
    """Say what a QuickBooks status code or HRESULT means, whether anything was saved, and who mends it.

    \b
    Example: qbwc explain 3100 --language es
    """
    if re.fullmatch(r"[0-9]{1,5}", code):
        found = status(int(code))
    elif re.fullmatch(r"0[xX][0-9a-fA-F]{8}", code):
        found = hresult(code, after_write=False)
    else:
        raise Failure(f"{code} is neither a status code such as 3100 nor an HRESULT such as 0x80040400", NOT_FOUND)
    text = i18n.texts(language)
    meaning, who, where = text(found.meaning), text(found.who), text(found.where)
    if json_:
        facts = {"code": code, "meaning": meaning, "saved": found.saved.value, "then": found.then.value}
        print_json(facts | {"who": who or None, "where": where or None})
        return
    rows = {
        text("Code"): code,
        text("Meaning"): meaning,
        text("Saved"): text(IN_WORDS[found.saved]),
        text("What follows"): text(IN_WORDS[found.then]),
        text("Who mends it"): who or "-",
        text("Where"): where or "-",
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        click.echo(f"{name.ljust(width)}  {value}")
