"""The pages as one WSGI application: who asks, what they may, and what every answer carries (security.md T9, T10)."""

import datetime as dt
import logging
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from .. import i18n, people, request_ids, sign_in
from ..db import companies, notices, web_sessions
from ..db import people as people_table
from ..secrets import Keys
from ..settings import Settings
from . import banners, cookies
from .addresses import quoted
from .page import SAID, Access, Page, Route
from .rendering import STATIC, Rendering
from .resuming import keepable
from .views import ROUTES
from .views.sign_in import ask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

MOST_FORM_BYTES = 1024 * 1024
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Ids that columns hold.
LARGEST_SHORT_ID, LARGEST_ID = 2**31 - 1, 2**63 - 1
_LONG_IDS = ("job_id", "message_id", "delivery_id")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Site:
    """Dispatches by path. A view is asked only when the person, the company and the form are in order."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        keys: Keys,
        clock: Callable[[], dt.datetime] = _now,
        routes: Sequence[Route] = ROUTES,
    ) -> None:
        self._settings, self._engine, self._keys, self._clock = settings, engine, keys, clock
        self._secure = settings.public_url.startswith("https:")
        self._cookie = cookies.name_of(settings)
        self._rendering = Rendering(self._secure)
        self._paths = Map([Rule(route.path, methods=[route.method], endpoint=route) for route in routes])

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MOST_FORM_BYTES
        request.max_form_memory_size = MOST_FORM_BYTES
        if request.path.startswith("/static/"):
            return _static(request)(environ, start_response)
        page = self._page(request)
        try:
            response = self._answer(page, request)
        except HTTPException as error:
            response = self._failure(page, error.code or 500, error)
        except SQLAlchemyError:
            log.exception("the database failed under a page", extra={"request": page.request_id, "path": request.path})
            response = self._failure(page, 503)
            response.headers["Retry-After"] = "30"
        except Exception:
            log.exception("a page failed", extra={"request": page.request_id, "path": request.path})
            response = self._failure(page, 500)
        if SAID in request.cookies and response.mimetype == "text/html":
            response.delete_cookie(SAID, secure=self._secure, httponly=True, samesite="Lax")
        _harden(response.headers, page.request_id)
        return response(environ, start_response)

    def _page(self, request: Request) -> Page:
        chosen = request.cookies.get(cookies.LANGUAGE) or request.accept_languages.best_match(
            i18n.languages(), i18n.SOURCE
        )
        return Page(
            request=request,
            engine=self._engine,
            settings=self._settings,
            keys=self._keys,
            now=self._clock(),
            rendering=self._rendering,
            language=i18n.known(chosen or i18n.SOURCE),
            request_id=request_ids.obtain(),
        )

    def _answer(self, page: Page, request: Request) -> Response:
        if request.method == "POST":
            _require_same_origin(request, self._settings.public_url)
        try:
            route, arguments = self._match(request)
        except HTTPException:
            self._look_up(page, request, {})
            raise
        self._look_up(page, request, arguments)
        _require_storable(request, arguments)
        page.here = request.path if self._is_page(request) else "/companies"
        if route.access > Access.ANYBODY and page.signed is None:
            return self._sign_in_first(page, request)
        if route.access is Access.ADMIN and not page.is_admin:
            return self._not_for_you(page)
        if "company_id" in arguments:
            del arguments["company_id"]
            if page.company is None:
                raise NotFound
        if (
            request.method == "POST"
            and page.signed is not None
            and not self._keys.same(request.form.get("csrf") or request.headers.get("X-CSRF", ""), page.csrf)
        ):
            return self._stale_form(page, request)
        return route.view(page, **arguments)

    def _match(self, request: Request) -> tuple[Route, dict[str, Any]]:
        try:
            route, arguments = self._paths.bind_to_environ(request.environ).match(
                method="GET" if request.method == "HEAD" else request.method
            )
        except RequestRedirect:
            raise NotFound from None  # a path with a slash too many is no page of ours
        assert isinstance(route, Route)
        return route, dict(arguments)

    def _is_page(self, request: Request) -> bool:
        """Whether the address can be asked for, and not only be sent to."""
        return self._paths.bind_to_environ(request.environ).test(method="GET")

    def _look_up(self, page: Page, request: Request, arguments: dict[str, Any]) -> None:
        """Who asks, and for which company: one transaction that reads, and once a minute one that notes it."""
        token = request.cookies.get(self._cookie)
        note_seen = False
        with page.reading() as db:
            found = sign_in.signed(db, self._keys, token, page.now) if token else None
            if found is not None:
                page.signed, note_seen = found
                page.csrf = self._keys.mac("csrf", token or "")
                page.language = i18n.known(page.signed.user.language or page.language)
                if arguments.get("company_id", LARGEST_SHORT_ID + 1) <= LARGEST_SHORT_ID:
                    company = companies.by_id(db, arguments["company_id"])
                    if company is not None and people.may_see(db, page.signed.user, company):
                        page.company = company
                        page.rights = people.rights_of(db, page.signed.user, company)
                        page.banners = banners.told(notices.open_of(db, company.id), page.language)
        if note_seen and page.signed is not None:
            with page.writing() as db:
                web_sessions.note_seen(db, page.signed.session_id, page.now)

    def _sign_in_first(self, page: Page, request: Request) -> Response:
        """401 with the form; what was posted is carried along and stands ready after signing in."""
        kept = keepable(request) if request.method == "POST" else []
        path = request.full_path.rstrip("?") if request.method == "GET" else request.path
        return ask(page, path, kept)

    def _stale_form(self, page: Page, request: Request) -> Response:
        """The form is of an older session: nothing is done, and nothing typed is lost; it is shown to be confirmed."""
        return page.show("resume.html", 409, path=request.path, kept=keepable(request))

    def _not_for_you(self, page: Page) -> Response:
        with page.reading() as db:
            admins = people_table.admins(db)
        return page.show("not_for_you.html", 403, admins=admins)

    def _failure(self, page: Page, status: int, error: HTTPException | None = None) -> Response:
        """A page that says what can be done; never what went wrong inside. Its id stands in the log."""
        try:
            response = page.show("failure.html", status, status=status)
        except Exception:
            log.exception("the page for a failure failed", extra={"request": page.request_id})
            response = Response(f"{status}: something went wrong ({page.request_id})\n", status, mimetype="text/plain")
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response


def _require_same_origin(request: Request, public_url: str) -> None:
    """A browser says from where a form comes; another site's is refused. (Programs say nothing, and have no cookie.)"""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise _CrossSite
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc not in (request.host, urlsplit(public_url).netloc):
        raise _CrossSite


def _require_storable(request: Request, arguments: Mapping[str, object]) -> None:
    """No person types NUL, and no database keeps it; nor an id that its column cannot hold."""
    for name, value in arguments.items():
        if "\0" in str(value) or quoted("\0") in str(value):
            raise NotFound
        if isinstance(value, int) and value > (LARGEST_ID if name in _LONG_IDS else LARGEST_SHORT_ID):
            raise NotFound
    given = (*request.args.items(multi=True), *request.form.items(multi=True))
    if any("\0" in text for pair in given for text in pair):
        raise BadRequest


class _CrossSite(HTTPException):
    code = 403
    description = "This form did not come from our own page."


def _static(request: Request) -> Response:
    """A file of ours. Its address carries its version, so that browsers may keep it for a year."""
    path = (STATIC / request.path.removeprefix("/static/")).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file() or request.method not in ("GET", "HEAD"):
        response = Response("not found\n", 404, mimetype="text/plain")
    else:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        response = Response(path.read_bytes(), mimetype=kind)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    _harden(response.headers, request_ids.obtain())
    return response


def _harden(headers: Headers, request_id: str) -> None:
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    headers["X-Request-Id"] = request_id
    headers.setdefault("Cache-Control", "no-store")
