"""`qbwc token`: what a program opens the JSON API with."""

from typing import Any

import click

from ..api import tokens
from ..db import companies
from ..db import tokens as table
from ..db.engine import AnyRow, reading
from ..people import Right
from .common import NOT_FOUND, Failure, as_json, company_of, keys_of, now, opened, print_json, print_table

LARGEST_ID = 2**31
NONE = "none"


@click.group()
def token() -> None:
    """Tokens of the JSON API; each opens one company."""


@token.command("add")
@click.argument("company")
@click.argument("name")
@click.option(
    "--right",
    "rights",
    type=click.Choice([*(right.value for right in Right), NONE]),
    multiple=True,
    help="What may be sent with it; may be repeated.  [default: all]",
)
@as_json
def add(company: str, name: str, rights: tuple[str, ...], json_: bool) -> None:
    """Make a token called NAME, and print it: this once. --right none makes one that sends nothing.

    \b
    Example: qbwc token add "ABC Company" shop --right invoice
    """
    if NONE in rights and len(rights) > 1:
        raise click.UsageError("--right none goes with no other right")
    may = [Right(right) for right in rights if right != NONE] if rights else list(Right)
    with opened() as (engine, settings), engine.begin() as db:
        known, keys = company_of(db, company), keys_of(settings)
        try:
            made = tokens.issue(db, keys, known, name, may, "command", now())
        except tokens.WrongName as error:
            raise Failure(str(error)) from None
        found = tokens.find(db, keys, made)
        assert found is not None
    if json_:
        print_json({"id": found.id, "name": found.name, "token": made, "rights": list(found.rights)})
        return
    click.echo(f"Token {found.id} of {known.name}, {found.name}: it may send {_told(found.rights)}.")
    click.echo(made)
    click.echo("It is not shown again. A program sends it as `Authorization: Bearer TOKEN`.", err=True)


def _told(rights: tuple[str, ...]) -> str:
    return ", ".join(f"{right.replace('_', ' ')}s" for right in rights) or "nothing"


@token.command("list")
@click.argument("company", required=False)
@as_json
def list_(company: str | None, json_: bool) -> None:
    """List tokens, also those that were revoked; never the secret itself, only how it ends."""
    with opened() as (engine, _), reading(engine) as db:
        chosen = companies.all_of_them(db) if company is None else [company_of(db, company)]
        rows = [_row(one.name, row) for one in chosen for row in table.of_company(db, one.id)]
    if json_:
        print_json(rows)
        return
    shown = [{**row, "rights": " ".join(row["rights"]) or NONE, "ends": f"...{row['ends']}"} for row in rows]
    print_table(shown, "There is no token yet: `qbwc token add COMPANY NAME`.")


def _row(company: str, row: AnyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "company": company,
        "name": row.name,
        "ends": row.hint,
        "rights": row.rights.split(),
        "made_at": row.made_at,
        "made_by": row.made_by,
        "used_at": row.used_at,
        "revoked_at": row.revoked_at,
    }


@token.command("revoke")
@click.argument("company")
@click.argument("id", type=int)
def revoke(company: str, id: int) -> None:
    """Revoke a token: it opens nothing from now on.

    \b
    Example: qbwc token revoke "ABC Company" 3
    """
    with opened() as (engine, _), engine.begin() as db:
        known = company_of(db, company)
        try:
            name = tokens.revoke(db, known, id if id < LARGEST_ID else 0, "command", now())
        except tokens.UnknownToken as error:
            raise Failure(str(error), NOT_FOUND) from None
    click.echo(f"Token {id}, {name}, is revoked.")
