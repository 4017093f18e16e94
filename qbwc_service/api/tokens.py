"""Tokens of the API: made on a page or by `qbwc token add`, shown once, kept as a hash (security.md T15)."""

import datetime as dt
import re
import secrets
from collections.abc import Iterable

from sqlalchemy.engine import Connection

from ..db import audit
from ..db import tokens as table
from ..db.companies import Company
from ..db.tokens import Token
from ..people import Right
from ..secrets import ALPHABET, Keys

PURPOSE = "token"
LONGEST_NAME = 100
_PREFIX = "qbwc_"
_TOKEN = re.compile(f"{_PREFIX}[{ALPHABET}]{{40}}")


class WrongName(Exception):
    """A name that no token can bear."""


class UnknownToken(Exception):
    def __init__(self, company: str, token_id: int) -> None:
        super().__init__(f"{company} has no token {token_id} in force")


def issue(
    db: Connection, keys: Keys, company: Company, name: str, rights: Iterable[Right], made_by: str, now: dt.datetime
) -> str:
    """-> a new token, to be shown this once; the audit trail tells of it. Raises WrongName.

    `rights` are what may be sent with it; without any it hands orders over, and looks.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongName(f"a token's name has 1 to {LONGEST_NAME} characters, all of them printable")
    token = _PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(40))
    may = " ".join(sorted(set(rights)))
    table.put(
        db,
        company.id,
        name=name,
        token_mac=keys.mac(PURPOSE, token),
        hint=token[-4:],
        rights=may,
        made_by=made_by,
        now=now,
    )
    audit.put(db, now=now, who=made_by, act="token.made", about=name, company_id=company.id, detail=may or None)
    return token


def revoke(db: Connection, company: Company, token_id: int, revoked_by: str, now: dt.datetime) -> str:
    """-> the name of the token that opens nothing any more; the audit trail tells of it. Raises UnknownToken."""
    name = table.revoke(db, company.id, token_id, now)
    if name is None:
        raise UnknownToken(company.name, token_id)
    audit.put(db, now=now, who=revoked_by, act="token.revoked", about=name, company_id=company.id)
    return name


def find(db: Connection, keys: Keys, given: str) -> Token | None:
    """-> the token in force that somebody shows; None for anything else."""
    return table.by_mac(db, keys.mac(PURPOSE, given)) if _TOKEN.fullmatch(given) else None


def rights_of(token: Token) -> frozenset[Right]:
    """-> what may be sent with it; a word that this program does not know gives no right."""
    return frozenset(right for right in Right if right in token.rights)
