"""One call: who makes it, for which company, and what is answered."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sqlalchemy.engine import Connection, Engine
from werkzeug.wrappers import Request

from ..db import audit
from ..db.companies import Company
from ..db.engine import reading
from ..db.tokens import Token
from ..people import Right
from ..secrets import Keys
from ..settings import Settings
from . import tokens


@dataclass(frozen=True)
class Call:
    """What a view works with. Its transactions are `reading()` and `writing()`; nothing below a view commits."""

    request: Request
    engine: Engine
    settings: Settings
    keys: Keys
    now: dt.datetime
    token: Token

    @property
    def company(self) -> Company:
        return self.token.company

    @property
    def rights(self) -> frozenset[Right]:
        """What may be sent with the token."""
        return tokens.rights_of(self.token)

    @property
    def who(self) -> str:
        """As the audit trail names the caller."""
        return f"token {self.token.name}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with reading(self.engine) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is undone when the view raises."""
        with self.engine.begin() as db:
            yield db

    @contextmanager
    def trying(self) -> Iterator[Connection]:
        """A transaction of which nothing stays."""
        with self.engine.connect() as db, db.begin() as transaction:
            yield db
            transaction.rollback()

    def note(self, db: Connection, act: str, about: str, detail: str | None = None) -> None:
        """The audit trail tells of it, if the transaction is committed."""
        audit.put(
            db, now=self.now, who=self.who, act=act, about=about, company_id=self.company.id, detail=detail or None
        )


@dataclass(frozen=True)
class Answer:
    """`body` is what JSON is made of; None is an answer without a body."""

    body: Any = None
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """`path` is in Werkzeug's notation, below /api/v1."""

    method: str
    path: str
    view: Callable[..., Answer]
