"""Tokens of the JSON API: each opens one company, with the rights it was given."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, insert, select, update
from sqlalchemy.engine import Connection

from .companies import Company, companies
from .engine import AnyRow, Utc, metadata

tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("token_mac", String(64), nullable=False, unique=True),
    Column("hint", String(8), nullable=False),  # its last characters, by which people tell tokens apart
    Column("rights", Text, nullable=False),  # words of people.Right, with a space between
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("used_at", Utc),  # to the minute
    Column("revoked_at", Utc),
)


@dataclass(frozen=True)
class Token:
    id: int
    company: Company
    name: str
    rights: tuple[str, ...]
    used_at: dt.datetime | None


_COMPANY = tuple(companies.c[name] for name in Company.__dataclass_fields__)


def put(
    db: Connection,
    company_id: int,
    *,
    name: str,
    token_mac: str,
    hint: str,
    rights: str,
    made_by: str,
    now: dt.datetime,
) -> int:
    new: int = db.execute(
        insert(tokens)
        .values(
            company_id=company_id,
            name=name,
            token_mac=token_mac,
            hint=hint,
            rights=rights,
            made_at=now,
            made_by=made_by,
        )
        .returning(tokens.c.id)
    ).scalar_one()
    return new


def by_mac(db: Connection, token_mac: str) -> Token | None:
    """-> a token in force, of a company that is not removed. Served by uq_api_tokens_token_mac."""
    row = db.execute(
        select(*_COMPANY, tokens.c.id, tokens.c.name, tokens.c.rights, tokens.c.used_at)
        .join(companies, companies.c.id == tokens.c.company_id)
        .where(tokens.c.token_mac == token_mac, tokens.c.revoked_at.is_(None), companies.c.removed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    *company, token_id, name, rights, used_at = row
    return Token(token_id, Company(*company), name, tuple(rights.split()), used_at)


def of_company(db: Connection, company_id: int) -> list[AnyRow]:
    """With the revoked ones; the latest first."""
    found = select(tokens).where(tokens.c.company_id == company_id).order_by(tokens.c.id.desc())
    return list(db.execute(found).all())


def note_used(db: Connection, token_id: int, now: dt.datetime) -> None:
    db.execute(update(tokens).where(tokens.c.id == token_id).values(used_at=now))


def revoke(db: Connection, company_id: int, token_id: int, now: dt.datetime) -> str | None:
    """-> the name of the token that is revoked now; None when the company has none such in force."""
    return db.execute(
        update(tokens)
        .where(tokens.c.company_id == company_id, tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(tokens.c.name)
    ).scalar_one_or_none()
