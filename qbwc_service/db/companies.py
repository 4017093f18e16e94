"""Companies, their connector passwords, and what is known of each one's connection."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Connection

from .engine import AnyRow, Utc, metadata

companies = Table(
    "companies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),  # casefolded: two names that differ by case are one
    Column("username", String(64), nullable=False, unique=True),
    Column("owner_id", String(38), nullable=False),
    Column("file_id", String(38), nullable=False),
    Column("company_file", Text),
    Column("every_minutes", Integer, nullable=False),
    Column("settings", Text, nullable=False, server_default="{}"),
    Column("created_at", Utc, nullable=False),
    Column("removed_at", Utc),
    Column("restored_at", Utc),  # when the database came back from a backup: what was posted since then is not known
)

passwords = Table(
    "passwords",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("mac", String(64), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ends_at", Utc),  # None: the one in force
)
Index(
    "uq_passwords_one_in_force",
    passwords.c.company_id,
    unique=True,
    sqlite_where=passwords.c.ends_at.is_(None),
    postgresql_where=passwords.c.ends_at.is_(None),
)

connections = Table(
    "connections",
    metadata,
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True),
    Column("called_at", Utc),  # the last call with the right password
    Column("usual_seconds", Integer),  # how often it calls by itself, as observed
    Column("connector_version", String(32)),  # of the Web Connector, as it told last
    Column("answer", Text),  # what was answered then, in words
    Column("refused_at", Utc),  # the last call with a wrong password
    Column("product", Text),
    Column("qbxml_version", String(8)),
    Column("country", String(8)),
    Column("company_name", Text),  # of the company file, as QuickBooks tells it
    Column("company_path", Text),
    Column("lists_due_at", Utc),  # when QuickBooks' lists are to be read again
    Column("problem", Text),  # what stands in the way of the whole company, in words
    Column("problem_at", Utc),
)


@dataclass(frozen=True)
class Company:
    """One company file and its account with us. The four identities never change (contract.md part 4)."""

    id: int
    name: str
    username: str
    owner_id: str
    file_id: str
    company_file: str | None
    every_minutes: int
    settings: str
    created_at: dt.datetime
    restored_at: dt.datetime | None = None


_COLUMNS = tuple(companies.c[name] for name in Company.__dataclass_fields__)


def _company(row: AnyRow | None) -> Company | None:
    return None if row is None else Company(*row)


def add(
    db: Connection,
    *,
    name: str,
    username: str,
    owner_id: str,
    file_id: str,
    company_file: str | None,
    every_minutes: int,
    now: dt.datetime,
) -> Company:
    """Raises IntegrityError when the name is taken."""
    row = db.execute(
        insert(companies)
        .values(
            name=name,
            name_key=name.casefold(),
            username=username,
            owner_id=owner_id,
            file_id=file_id,
            company_file=company_file,
            every_minutes=every_minutes,
            created_at=now,
        )
        .returning(*_COLUMNS)
    ).one()
    db.execute(insert(connections).values(company_id=row.id))
    return Company(*row)


def revive(db: Connection, company_id: int, *, company_file: str | None, every_minutes: int) -> Company:
    """A removed company comes back with the name and identities that its company file knows it by."""
    return Company(
        *db.execute(
            update(companies)
            .where(companies.c.id == company_id)
            .values(removed_at=None, company_file=company_file, every_minutes=every_minutes)
            .returning(*_COLUMNS)
        ).one()
    )


_BY_ID = select(*_COLUMNS).where(companies.c.id == bindparam("company"), companies.c.removed_at.is_(None))
_HELD = _BY_ID.with_for_update(key_share=True)


def lock(db: Connection, company_id: int) -> Company | None:
    """Until this transaction ends, nobody else takes in or sends an order of the company's: what one asks for first,
    the other then finds. (On SQLite writers wait for each other anyway.)

    -> the company as it is now, whatever was known of it before the wait; None when it was removed meanwhile.
    """
    return _company(db.execute(_HELD, {"company": company_id}).one_or_none())


def by_name(db: Connection, name: str, *, removed: bool = False) -> Company | None:
    """Served by uq_companies_name_key."""
    found = select(*_COLUMNS).where(companies.c.name_key == name.casefold())
    found = found.where(companies.c.removed_at.is_not(None) if removed else companies.c.removed_at.is_(None))
    return _company(db.execute(found).one_or_none())


def by_id(db: Connection, company_id: int) -> Company | None:
    return _company(db.execute(_BY_ID, {"company": company_id}).one_or_none())


def all_of_them(db: Connection) -> list[Company]:
    """By name; without the removed ones."""
    rows = db.execute(select(*_COLUMNS).where(companies.c.removed_at.is_(None)).order_by(companies.c.name_key))
    return [Company(*row) for row in rows]


def page_of(
    db: Connection, *, search: str = "", after: str | None = None, limit: int = 50
) -> list[tuple[str, Company]]:
    """-> key and company, by name, without the removed ones; `after` is the key of the last one of the page before.

    `search` is a part of the name in any case. Served by uq_companies_name_key.
    """
    found = (
        select(companies.c.name_key, *_COLUMNS)
        .where(companies.c.removed_at.is_(None))
        .order_by(companies.c.name_key)
        .limit(limit)
    )
    if search:
        found = found.where(companies.c.name_key.contains(search.casefold(), autoescape=True))
    if after is not None:
        found = found.where(companies.c.name_key > after)
    return [(row[0], Company(*row[1:])) for row in db.execute(found)]


def removed(db: Connection, limit: int = 20) -> list[AnyRow]:
    """-> name and removed_at of removed companies, the latest first."""
    found = select(companies.c.name, companies.c.removed_at).where(companies.c.removed_at.is_not(None))
    return list(db.execute(found.order_by(companies.c.removed_at.desc()).limit(limit)).all())


def an_owner_id(db: Connection) -> str | None:
    """The OwnerID of this installation: that of its first company, since it is one for the application."""
    return db.execute(select(companies.c.owner_id).order_by(companies.c.id).limit(1)).scalar_one_or_none()


def mark_removed(db: Connection, company_id: int, now: dt.datetime) -> None:
    db.execute(update(companies).where(companies.c.id == company_id).values(removed_at=now))
    db.execute(delete(passwords).where(passwords.c.company_id == company_id))


def save_settings(db: Connection, company_id: int, settings: str) -> None:
    db.execute(update(companies).where(companies.c.id == company_id).values(settings=settings))


def password_in_force(db: Connection, company_id: int) -> str | None:
    """-> the sealed text of the company's password."""
    return db.execute(
        select(passwords.c.sealed).where(passwords.c.company_id == company_id, passwords.c.ends_at.is_(None))
    ).scalar_one_or_none()


def password_made_at(db: Connection, company_id: int) -> dt.datetime | None:
    """-> since when the password in force is; None for a removed company."""
    mine = select(passwords.c.created_at).where(passwords.c.company_id == company_id, passwords.c.ends_at.is_(None))
    return db.execute(mine).scalar_one_or_none()


def old_password_ends_at(db: Connection, company_id: int, now: dt.datetime) -> dt.datetime | None:
    """-> until when the password before the one in force still works, if it does."""
    mine = select(passwords.c.ends_at).where(passwords.c.company_id == company_id, passwords.c.ends_at > now)
    return db.execute(mine).scalar_one_or_none()


def put_password(
    db: Connection, company_id: int, *, mac: str, sealed: str, now: dt.datetime, old_ends_at: dt.datetime | None
) -> None:
    """The new password is in force; the one before it dies now, or at `old_ends_at`; any older one dies now."""
    mine = passwords.c.company_id == company_id
    db.execute(delete(passwords).where(mine, passwords.c.ends_at.is_not(None)))
    if old_ends_at is None:
        db.execute(delete(passwords).where(mine))
    else:
        db.execute(update(passwords).where(mine).values(ends_at=old_ends_at))
    db.execute(insert(passwords).values(company_id=company_id, mac=mac, sealed=sealed, created_at=now))


def connection_of(db: Connection, company_id: int) -> AnyRow:
    return db.execute(select(connections).where(connections.c.company_id == company_id)).one()


def all_connections(db: Connection) -> dict[int, AnyRow]:
    """-> every company's connection, by its id: for what looks at all of them at once."""
    return {row.company_id: row for row in db.execute(select(connections))}


def old_passwords_end(db: Connection, after: dt.datetime, before: dt.datetime) -> dict[int, dt.datetime]:
    """-> by company, when an old password ends that ends in this time."""
    ending = select(passwords.c.company_id, passwords.c.ends_at)
    rows = db.execute(ending.where(passwords.c.ends_at > after, passwords.c.ends_at <= before))
    return {row.company_id: row.ends_at for row in rows}


def connections_of(db: Connection, company_ids: Sequence[int]) -> dict[int, AnyRow]:
    """-> the connections of these companies, for a page of them in one statement."""
    rows = db.execute(select(connections).where(connections.c.company_id.in_(company_ids)))
    return {row.company_id: row for row in rows}


def forget_calls(db: Connection, company_id: int) -> None:
    """A company that is removed waits for its first contact again, should it come back; what its company file is stays
    known."""
    nothing = dict.fromkeys(("called_at", "answer", "refused_at", "problem", "problem_at", "lists_due_at"))
    db.execute(update(connections).where(connections.c.company_id == company_id).values(**nothing))


CALLED = (
    update(connections)
    .where(connections.c.company_id == bindparam("company"))
    .values(called_at=bindparam("now"), answer=bindparam("said"))
)


def note_call(db: Connection, company_id: int, answer: str, now: dt.datetime) -> None:
    db.execute(CALLED, {"company": company_id, "said": answer, "now": now})


def note_lists_due(db: Connection, company_id: int, due: dt.datetime) -> None:
    db.execute(update(connections).where(connections.c.company_id == company_id).values(lists_due_at=due))


def note_refusal(db: Connection, company_id: int | None, now: dt.datetime) -> None:
    """A wrong password came. Of no company: as much is written, and nothing said by it."""
    if company_id is not None:
        db.execute(update(connections).where(connections.c.company_id == company_id).values(refused_at=now))
        return
    any_one = select(connections.c.company_id).limit(1).scalar_subquery()
    db.execute(
        update(connections).where(connections.c.company_id == any_one).values(refused_at=connections.c.refused_at)
    )


def note_host(db: Connection, company_id: int, **facts: str | None) -> None:
    """What the first strHCPResponse of a session told: product, version, country, name and path of the file."""
    db.execute(update(connections).where(connections.c.company_id == company_id).values(**facts))


_PROBLEM = (
    update(connections)
    .where(connections.c.company_id == bindparam("company"))
    .values(problem=bindparam("said"), problem_at=bindparam("at"))
)


def note_problem(db: Connection, company_id: int, problem: str | None, now: dt.datetime) -> None:
    db.execute(_PROBLEM, {"company": company_id, "said": problem, "at": now if problem else None})
