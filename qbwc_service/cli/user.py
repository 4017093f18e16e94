"""`qbwc user`: people at the pages, for whoever has a shell on the server."""

from typing import Any

import click
from sqlalchemy.engine import Connection

from .. import users
from ..db import audit, people
from ..db.engine import reading
from ..db.people import User
from .common import NOT_FOUND, Failure, as_json, keys_of, now, opened, print_json, print_table, writing


@click.group()
def user() -> None:
    """People who sign in at the pages."""


@user.command("add")
@click.argument("email")
@click.option("--name", help="What they are called.  [default: the part before the @]")
@click.option("--admin", is_flag=True, help="Make them an admin.")
@as_json
def add(email: str, name: str | None, admin: bool, json_: bool) -> None:
    """Invite somebody; prints the link with which they choose a password.

    \b
    Example: qbwc user add ana@example.com --name "Ana Ruiz" --admin
    """
    with opened() as (engine, settings), engine.begin() as db:
        try:
            added, token = users.invite(db, keys_of(settings), email, name or email.partition("@")[0], admin, now())
        except (users.WrongUser, users.EmailTaken) as error:
            raise Failure(str(error)) from None
        _note(db, "user.invited", added, "admin" if admin else None)
    link = f"{settings.public_url}/welcome/{token}"
    if json_:
        print_json({"id": added.id, "email": added.email, "name": added.name, "admin": added.is_admin, "link": link})
        return
    click.echo(f"{added.name} chooses a password here (this link works once, for 7 days):\n  {link}")


@user.command("list")
@as_json
def list_(json_: bool) -> None:
    """List the people."""
    with opened() as (engine, _), reading(engine) as db:
        rows = [_facts(row) for row in people.overview(db)]
    if json_:
        print_json(rows)
        return
    print_table(rows, "There is nobody yet: `qbwc init` prints the first admin's link.")


def _facts(row: Any) -> dict[str, Any]:
    state = "disabled" if row.disabled_at is not None else "active" if row.has_password else "invited"
    return {
        "id": row.id,
        "email": row.email,
        "name": row.name,
        "admin": row.is_admin,
        "state": state,
        "last_seen": row.seen_at,
    }


@user.command("link")
@click.argument("email")
@as_json
def link(email: str, json_: bool) -> None:
    """Make a link with which somebody chooses a new password; it replaces those made before."""
    with opened() as (engine, settings), engine.begin() as db:
        known = _user(db, email)
        try:
            _, token = users.new_link(db, keys_of(settings), known, now())
        except users.Disabled as error:
            raise Failure(str(error)) from None
        _note(db, "user.link", known)
    address = f"{settings.public_url}/welcome/{token}"
    if json_:
        print_json({"email": known.email, "link": address})
        return
    click.echo(f"{known.name} chooses a password here (this link works once):\n  {address}")


@user.command("disable")
@click.argument("email")
def disable(email: str) -> None:
    """Sign somebody out at once and let them in no more."""
    with writing() as db:
        known = _user(db, email)
        try:
            users.disable(db, known.id, None, now())
        except users.LastAdmin as error:
            raise Failure(str(error)) from None
        _note(db, "user.disabled", known)
    click.echo(f"{known.email} is signed out, and cannot sign in any more.")


@user.command("enable")
@click.argument("email")
def enable(email: str) -> None:
    """Let somebody in again who was disabled."""
    with writing() as db:
        known = _user(db, email)
        users.enable(db, known.id, None)
        _note(db, "user.enabled", known)
    click.echo(f"{known.email} can sign in again.")


@user.command("admin")
@click.argument("email")
@click.option("--no", "no", is_flag=True, help="Make them no admin any more.")
def admin(email: str, no: bool) -> None:
    """Make somebody an admin."""
    with writing() as db:
        known = _user(db, email)
        try:
            users.set_admin(db, known.id, not no, None)
        except users.LastAdmin as error:
            raise Failure(str(error)) from None
        _note(db, "user.changed", known, "no admin" if no else "admin")
    click.echo(f"{known.email} is {'no admin any more' if no else 'an admin now'}.")


def _user(db: Connection, email: str) -> User:
    known = people.by_email(db, email)
    if known is None:
        raise Failure(f"there is nobody with the address {email}", NOT_FOUND)
    return known


def _note(db: Connection, act: str, about: User, detail: str | None = None) -> None:
    audit.put(db, now=now(), who="command", act=act, about=about.email, detail=detail)
