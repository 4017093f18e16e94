"""A company's account with us: its lasting identities and its rotating password (design.md part 5)."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from ..db import companies as table
from ..db import lists as list_table
from ..db.companies import Company
from ..secrets import Keys, new_password

PASSWORD = "password"  # noqa: S105  the purpose of a hash, no password
LONGEST_NAME = 200


class NameTaken(Exception):
    """A company of that name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a company named {name} already")


class WrongName(Exception):
    """A name that no company can bear."""


class NoPassword(Exception):
    """The company has none: it was removed."""


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)


def add(
    db: Connection, keys: Keys, name: str, company_file: str | None, every_minutes: int, now: dt.datetime
) -> tuple[Company, Credentials]:
    """-> the new company and its first password.

    A company that was removed comes back under its name with the identities it had: the stamp in its company file is
    theirs for ever, and other ones would be refused with QBWC1039 (contract.md part 4). Raises NameTaken, WrongName.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or any(not character.isprintable() for character in name):
        raise WrongName(f"a company's name has 1 to {LONGEST_NAME} characters, all of them printable")
    if table.by_name(db, name) is not None:
        raise NameTaken(name)
    removed = table.by_name(db, name, removed=True)
    if removed is not None:
        company = table.revive(db, removed.id, company_file=company_file, every_minutes=every_minutes)
    else:
        company = table.add(
            db,
            name=name,
            username=f"qbwc-{uuid.uuid4().hex[:12]}",
            owner_id=table.an_owner_id(db) or _guid(),
            file_id=_guid(),
            company_file=company_file,
            every_minutes=every_minutes,
            now=now,
        )
        list_table.put_reads(db, company.id)
    return company, regenerate_password(db, keys, company, now)


def regenerate_password(
    db: Connection, keys: Keys, company: Company, now: dt.datetime, grace: dt.timedelta | None = None
) -> Credentials:
    """-> the new password. The old one dies at once, or after `grace`; nothing else of the company changes."""
    password = new_password()
    table.put_password(
        db,
        company.id,
        mac=keys.mac(PASSWORD, password),
        sealed=keys.seal(password),
        now=now,
        old_ends_at=None if grace is None else now + grace,
    )
    return Credentials(company.username, password)


def password_of(db: Connection, keys: Keys, company: Company) -> str:
    """-> the password in force, to be shown. Raises NoPassword, and WrongKey when the secret key is another."""
    sealed = table.password_in_force(db, company.id)
    if sealed is None:
        raise NoPassword
    return keys.unseal(sealed)


def _guid() -> str:
    return "{" + str(uuid.uuid4()).upper() + "}"
