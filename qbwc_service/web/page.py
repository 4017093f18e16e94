"""One request for a page: who asks, in which language, for which company; and the answers that a view gives."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from babel import Locale
from sqlalchemy.engine import Connection, Engine
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from .. import i18n
from ..db import audit
from ..db.companies import Company
from ..db.engine import reading
from ..people import Right
from ..secrets import Keys
from ..settings import Settings
from ..sign_in import Signed
from .banners import Banner

SAID = "qbwc-said"  # the cookie that carries a sentence over a redirect


class Access(IntEnum):
    """Who may ask for a page."""

    ANYBODY = 0
    SIGNED_IN = 1  # and, where a page is of a company, only one that is visible for them
    ADMIN = 2


class Rendering(Protocol):
    """What makes pages of templates; see rendering.py."""

    def html(self, page: "Page", template: str, facts: Mapping[str, Any]) -> str:
        """-> the page as HTML."""

    def say(self, page: "Page", response: Response, sentence: str) -> None:
        """The next page says this sentence once."""


@dataclass(frozen=True)
class Route:
    """A page: `path` in Werkzeug's notation. A part `<int:company_id>` is looked up: `page.company` is that company,
    and somebody who may not see it gets 404."""

    method: str
    path: str
    view: "Callable[..., Response]"
    access: Access = Access.SIGNED_IN


@dataclass
class Page:
    """What a view works with. Its transactions are `reading()` and `writing()`; nothing below a view commits."""

    request: Request
    engine: Engine
    settings: Settings
    keys: Keys
    now: dt.datetime
    rendering: Rendering
    language: str
    csrf: str = ""
    signed: Signed | None = None
    company: Company | None = None
    banners: tuple[Banner, ...] = ()  # what lasts and needs somebody, of `company`
    rights: frozenset[Right] = frozenset()  # to send, in `company`
    request_id: str = ""
    here: str = "/"  # where a change of the language leads back to
    faults: dict[str, str] = field(default_factory=dict)  # by field of a form, in the viewer's language

    @property
    def form(self) -> MultiDict[str, str]:
        return self.request.form

    @property
    def query(self) -> MultiDict[str, str]:
        return self.request.args

    @property
    def person(self) -> Signed:
        """Who is signed in; only for routes that need it."""
        assert self.signed is not None
        return self.signed

    @property
    def is_admin(self) -> bool:
        return self.signed is not None and self.signed.user.is_admin

    @property
    def of(self) -> Company:
        """The company of the page's address."""
        assert self.company is not None
        return self.company

    @property
    def base(self) -> str:
        """-> /companies/7, under which all pages of the company stand."""
        return f"/companies/{self.of.id}"

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks for a part of the page."""
        return self.request.headers.get("HX-Request") == "true"

    @property
    def locale(self) -> Locale:
        # In Latin America amounts have a point, as QuickBooks shows them.
        return Locale.parse({"es": "es_419"}.get(self.language, self.language))

    def text(self, text: str, **facts: object) -> str:
        """-> an English text in the viewer's language, with %(name)s filled in."""
        said = i18n.texts(self.language)(text)
        return said % facts if facts else said

    def plural(self, one: str, many: str, number: int, **facts: object) -> str:
        """-> the text for a number, which stands in it as %(number)s."""
        return i18n.plurals(self.language)(one, many, number) % {"number": number, **facts}

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with reading(self.engine) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.engine.begin() as db:
            yield db

    def note(self, db: Connection, act: str, about: str, detail: str | None = None) -> None:
        """Writes the audit trail, in the transaction of what is done."""
        who = "nobody" if self.signed is None else self.signed.user.email
        company_id = None if self.company is None else self.company.id
        audit.put(db, now=self.now, who=who, act=act, about=about, company_id=company_id, detail=detail)

    def show(self, template: str, code: int = 200, **facts: Any) -> Response:
        """-> a page, answered with this HTTP status; with `faults` 422: what was typed stands in it still."""
        html = self.rendering.html(self, template, facts)
        return Response(html, 422 if self.faults and code == 200 else code, mimetype="text/html")

    def go(self, path: str, said: str | None = None) -> Response:
        """-> the way on after a form: another page of ours, which says this sentence (in the viewer's language)."""
        assert path.startswith("/")
        assert not path.startswith("//")
        if self.is_htmx:
            response = Response("", 204, headers={"HX-Redirect": path})
        else:
            response = Response("", 303, headers={"Location": path})
        if said is not None:
            self.rendering.say(self, response, said)
        return response

    def fault(self, field_name: str, text: str) -> None:
        """A field's fault, in the viewer's language; the first one of a field is kept."""
        self.faults.setdefault(field_name, text)


def checked(form: Mapping[str, str], name: str) -> bool:
    """Whether a tick box was ticked."""
    return form.get(name) in ("on", "yes", "true", "1")
