"""Jinja: the templates, what stands ready in each of them, and how times, money and words are shown."""

import base64
import datetime as dt
import hashlib
import json
import pathlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import dates, numbers
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.wrappers import Request, Response

from .. import i18n
from ..secrets import Keys
from . import words
from .page import SAID, Page

_HERE = pathlib.Path(__file__).resolve().parent
TEMPLATES, STATIC = _HERE / "templates", _HERE / "static"


class Rendering:
    """The templates' environment; one for all requests."""

    def __init__(self, secure_cookies: bool) -> None:
        self.secure_cookies = secure_cookies
        self._versions: dict[str, str] = {}
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def html(self, page: Page, template: str, facts: Mapping[str, Any]) -> str:
        said = _said(page.request, page.keys)
        ready = {
            "page": page,
            "_": _interpolating(page),
            "n_": page.plural,
            "said": said,
            "when": lambda at: _when(page, at),
            "ago": lambda at: _ago(page, at),
            "day": lambda date: dates.format_date(date, "medium", locale=page.locale),
            "money": lambda amount: _money(page, amount),
            "state_word": lambda state: page.text(words.STATES.get(str(state), str(state))),
            "kind_word": lambda kind: page.text(words.KINDS.get(str(kind), str(kind))),
            "languages": i18n.languages(),
            "asset": self._asset,
            "csrf": lambda: _csrf(page),
        }
        return self._environment.get_template(template).render({**ready, **facts})

    def _asset(self, name: str) -> str:
        """-> the address of a file of ours, which changes with its content: browsers may keep it."""
        if name not in self._versions:
            self._versions[name] = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
        return f"/static/{name}?{self._versions[name]}"

    def say(self, page: Page, response: Response, sentence: str) -> None:
        """The next page says this sentence once."""
        body = base64.urlsafe_b64encode(json.dumps(sentence).encode()).decode()
        value = f"{body}.{page.keys.mac('said', body)}"
        response.set_cookie(SAID, value, max_age=60, httponly=True, samesite="Lax", secure=self.secure_cookies)


def _csrf(page: Page) -> Markup:
    """The field that every form of a signed-in person carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(page.csrf) if page.csrf else Markup("")


def _said(request: Request, keys: Keys) -> str | None:
    body, _, mac = request.cookies.get(SAID, "").partition(".")
    if not body or not keys.same(mac, keys.mac("said", body)):
        return None
    sentence = json.loads(base64.urlsafe_b64decode(body))
    return sentence if isinstance(sentence, str) else None


def _interpolating(page: Page) -> Any:
    """`_("... %(name)s", name=...)` in a template: the text is ours, what is filled in is escaped."""

    def translate(text: str, **facts: object) -> Markup:
        said = Markup(i18n.texts(page.language)(text))  # noqa: S704  from our own templates and catalogs
        return said % {name: escape(fact) for name, fact in facts.items()} if facts else said

    return translate


def _when(page: Page, at: dt.datetime | None) -> Markup:
    """A time, with its machine-readable form; the browser shows it in the viewer's zone where it runs scripts."""
    if at is None:
        return Markup("–")
    text = dates.format_datetime(at, "medium", locale=page.locale) + " UTC"
    return Markup('<time datetime="{}" data-local>{}</time>').format(at.isoformat(), text)


def _ago(page: Page, at: dt.datetime | None) -> Markup:
    """How long ago (or ahead) a time is, with the time itself as its title."""
    if at is None:
        return Markup("–")
    text = dates.format_timedelta(at - page.now, add_direction=True, locale=page.locale)
    title = dates.format_datetime(at, "medium", locale=page.locale) + " UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), title, text)


def _money(page: Page, amount: Decimal | str | None) -> str:
    """Two decimals, in the viewer's manner; QuickBooks' home currency is not ours to name."""
    if amount is None or amount == "":
        return "–"
    return numbers.format_decimal(Decimal(amount), "#,##0.00", locale=page.locale)
