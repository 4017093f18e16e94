"""People: users, their teams, and who may see which company."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import Connection

from .engine import AnyRow, Utc, metadata

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),  # in small letters
    Column("name", Text, nullable=False),
    Column("password", Text),  # scrypt; None until the invitation was taken up
    Column("is_admin", Boolean, nullable=False),
    Column("language", String(8), nullable=False),  # "": what the browser asks for
    Column("created_at", Utc, nullable=False),
    Column("disabled_at", Utc),
    Column("seen_at", Utc),  # the last request at the pages, to the minute; stays when the session is over
)

teams = Table(
    "teams",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True),
)

members = Table(
    "team_members",
    metadata,
    Column("team_id", ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

# Whom a company is visible for where its settings say "chosen": a row a team or a user.
viewers = Table(
    "company_viewers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    Column("team_id", ForeignKey("teams.id", ondelete="CASCADE")),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Index("ix_company_viewers_company_id", "company_id"),
)


@dataclass(frozen=True)
class User:
    """A person who signs in. `language` is "" where the browser's own decides."""

    id: int
    email: str
    name: str
    is_admin: bool
    language: str
    created_at: dt.datetime
    disabled_at: dt.datetime | None


_COLUMNS = tuple(users.c[name] for name in User.__dataclass_fields__)


def _user(row: AnyRow | None) -> User | None:
    return None if row is None else User(*row)


def put(db: Connection, *, email: str, name: str, is_admin: bool, now: dt.datetime) -> User:
    """-> the new user, without a password. Raises IntegrityError when the address is taken."""
    row = db.execute(
        insert(users)
        .values(email=email, email_key=email.lower(), name=name, is_admin=is_admin, language="", created_at=now)
        .returning(*_COLUMNS)
    ).one()
    return User(*row)


def by_id(db: Connection, user_id: int) -> User | None:
    return _user(db.execute(select(*_COLUMNS).where(users.c.id == user_id)).one_or_none())


def by_email(db: Connection, email: str) -> User | None:
    """Served by uq_users_email_key."""
    return _user(db.execute(select(*_COLUMNS).where(users.c.email_key == email.strip().lower())).one_or_none())


def password_of(db: Connection, user_id: int) -> str | None:
    """-> the hash; None until the person chose a password."""
    return db.execute(select(users.c.password).where(users.c.id == user_id)).scalar_one_or_none()


def all_of_them(db: Connection) -> list[User]:
    """By name."""
    return [User(*row) for row in db.execute(select(*_COLUMNS).order_by(users.c.name, users.c.id))]


def overview(db: Connection) -> list[AnyRow]:
    """A row a user, by name: what User has, with seen_at, and has_password: whether they took up their invitation."""
    arrived = users.c.password.is_not(None).label("has_password")
    return list(db.execute(select(*_COLUMNS, users.c.seen_at, arrived).order_by(users.c.name, users.c.id)).all())


def drop(db: Connection, user_id: int) -> bool:
    """Removes a user who never chose a password; -> whether there was such a one."""
    gone = delete(users).where(users.c.id == user_id, users.c.password.is_(None)).returning(users.c.id)
    return db.execute(gone).one_or_none() is not None


def admins(db: Connection) -> list[User]:
    """Those who may sign in and change everything; by name."""
    found = select(*_COLUMNS).where(users.c.is_admin.is_(True), users.c.disabled_at.is_(None)).order_by(users.c.name)
    return [User(*row) for row in db.execute(found)]


def hold_all(db: Connection) -> None:
    """Until this transaction ends, nobody else changes who is an admin."""
    db.execute(select(users.c.id).where(users.c.is_admin.is_(True)).order_by(users.c.id).with_for_update()).all()


def change(db: Connection, user_id: int, **facts: Any) -> None:
    """`facts`: name, password, is_admin, language, disabled_at."""
    db.execute(update(users).where(users.c.id == user_id).values(**facts))


def put_team(db: Connection, name: str) -> int:
    """-> the new team's id. Raises IntegrityError when the name is taken."""
    new: int = db.execute(insert(teams).values(name=name, name_key=name.casefold()).returning(teams.c.id)).scalar_one()
    return new


def all_teams(db: Connection) -> list[AnyRow]:
    """id and name, by name."""
    return list(db.execute(select(teams).order_by(teams.c.name_key)).all())


def team(db: Connection, team_id: int) -> AnyRow | None:
    return db.execute(select(teams).where(teams.c.id == team_id)).one_or_none()


def drop_team(db: Connection, team_id: int) -> None:
    db.execute(delete(teams).where(teams.c.id == team_id))


def rename_team(db: Connection, team_id: int, name: str) -> None:
    """Raises IntegrityError when the name is taken."""
    db.execute(update(teams).where(teams.c.id == team_id).values(name=name, name_key=name.casefold()))


def set_members(db: Connection, team_id: int, user_ids: Iterable[int]) -> None:
    db.execute(delete(members).where(members.c.team_id == team_id))
    rows = [{"team_id": team_id, "user_id": user_id} for user_id in sorted(set(user_ids))]
    if rows:
        db.execute(insert(members), rows)


def members_of_teams(db: Connection) -> dict[int, list[int]]:
    """-> user ids by team id."""
    found: dict[int, list[int]] = {}
    for row in db.execute(select(members).order_by(members.c.team_id, members.c.user_id)):
        found.setdefault(row.team_id, []).append(row.user_id)
    return found


def teams_of(db: Connection, user_id: int) -> list[AnyRow]:
    """id and name of the teams that a user is in, by name. Served by ix_team_members_user_id."""
    found = select(teams).join(members, members.c.team_id == teams.c.id).where(members.c.user_id == user_id)
    return list(db.execute(found.order_by(teams.c.name_key)).all())


def chosen_for_team(db: Connection, team_id: int) -> set[int]:
    """-> the ids of the companies that name this team as a viewer."""
    return set(db.execute(select(viewers.c.company_id).where(viewers.c.team_id == team_id)).scalars())


def viewers_of(db: Connection, company_id: int) -> tuple[list[int], list[int]]:
    """-> the ids of the teams and of the users that a company is visible for."""
    rows = db.execute(select(viewers).where(viewers.c.company_id == company_id).order_by(viewers.c.id)).all()
    return (
        [row.team_id for row in rows if row.team_id is not None],
        [row.user_id for row in rows if row.user_id is not None],
    )


def set_viewers(db: Connection, company_id: int, team_ids: Sequence[int], user_ids: Sequence[int]) -> None:
    db.execute(delete(viewers).where(viewers.c.company_id == company_id))
    rows: list[dict[str, int | None]] = [
        {"company_id": company_id, "team_id": team_id, "user_id": None} for team_id in sorted(set(team_ids))
    ]
    rows += [{"company_id": company_id, "team_id": None, "user_id": user_id} for user_id in sorted(set(user_ids))]
    if rows:
        db.execute(insert(viewers), rows)


def chosen_for(db: Connection, user_id: int) -> set[int]:
    """-> the ids of the companies that name this user, or a team of theirs, as a viewer."""
    mine = select(members.c.team_id).where(members.c.user_id == user_id)
    found = select(viewers.c.company_id).where((viewers.c.user_id == user_id) | viewers.c.team_id.in_(mine))
    return set(db.execute(found).scalars())
