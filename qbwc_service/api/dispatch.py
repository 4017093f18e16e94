"""The API as one WSGI application: who calls, what is asked for, and what every answer carries.

Only `Authorization: Bearer` opens anything; cookies are not looked at, so that no browser can be made to call
(security.md T9).
"""

import datetime as dt
import functools
import json
import logging
import pathlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from .. import request_ids
from ..db import tokens as token_table
from ..db.engine import OUTAGES, reading
from ..db.tokens import Token
from ..secrets import Keys
from ..settings import Settings
from . import company, jobs, lists, orders, problems, tokens, webhooks
from .call import Answer, Call, Route
from .problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
ROUTES: tuple[Route, ...] = (
    *company.ROUTES,
    *orders.ROUTES,
    *lists.ROUTES,
    *jobs.ROUTES,
    *webhooks.ROUTES,
)
DOCUMENT = "/openapi.json"  # needs no token
RETRY_AFTER_SECONDS = 30  # where the database is away
USED = dt.timedelta(minutes=1)  # a token's use is noted no more often


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def application(
    settings: Settings, engine: Engine, keys: Keys, clock: Callable[[], dt.datetime] = _now
) -> "WSGIApplication":
    """-> the WSGI application of every path that starts with /api/."""
    return _Api(settings, engine, keys, clock)


@functools.cache
def document() -> bytes:
    """-> openapi.json, which describes all this."""
    return (pathlib.Path(__file__).parent / "openapi.json").read_bytes()


class _Api:
    def __init__(self, settings: Settings, engine: Engine, keys: Keys, clock: Callable[[], dt.datetime]) -> None:
        self._settings, self._engine, self._keys, self._clock = settings, engine, keys, clock
        self._paths = Map(
            [
                Rule(f"{PREFIX}{DOCUMENT}", methods=["GET"], endpoint=None),
                *(Rule(f"{PREFIX}{route.path}", methods=[route.method], endpoint=route) for route in ROUTES),
            ],
            merge_slashes=False,
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request, request_id = Request(environ), request_ids.obtain()
        try:
            response = self._answer(request)
        except Exception as error:
            problem = self._problem(error, request, request_id)
            response = _response(problem.body(request_id), problem.kind.status, problems.MEDIA_TYPE)
            response.headers.extend(problem.headers)
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cache-Control"] = "no-store"
        headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        headers["X-Request-Id"] = request_id
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        route, arguments = self._match(request)
        if route is None:
            return Response(document(), mimetype="application/json")
        now = self._clock()
        call = Call(request, self._engine, self._settings, self._keys, now, self._token(request, now))
        answer: Answer = route.view(call, **arguments)
        response = _response(answer.body, answer.status, "application/json")
        response.headers.extend(answer.headers)
        return response

    def _match(self, request: Request) -> tuple[Route | None, dict[str, Any]]:
        """Raises NotFound and MethodNotAllowed."""
        if "\0" in request.path:
            raise NotFound
        try:
            route, arguments = self._paths.bind_to_environ(request.environ).match()
        except RequestRedirect:
            raise NotFound from None  # a path with a slash too many
        return route, dict(arguments)

    def _token(self, request: Request, now: dt.datetime) -> Token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise _no_token("send `Authorization: Bearer TOKEN`; `qbwc token add` makes a token", "")
        with reading(self._engine) as db:
            token = tokens.find(db, self._keys, given.strip())
        if token is None:
            raise _no_token("the token is unknown, or was revoked", ', error="invalid_token"')
        if token.used_at is None or now - token.used_at >= USED:
            with self._engine.begin() as db:
                token_table.note_used(db, token.id, now)
        return token

    def _problem(self, error: Exception, request: Request, request_id: str) -> Problem:
        known = problems.of(error) or _of_http(error)
        if known is not None:
            return known
        facts = {"request": request_id, "method": request.method, "path": request.path}
        if isinstance(error, RecursionError):
            return Problem(problems.NOT_JSON, "the body is nested too deeply")
        if isinstance(error, OUTAGES):
            log.exception("the database failed under a call", exc_info=error, extra=facts)
            later = {"Retry-After": str(RETRY_AFTER_SECONDS)}
            return Problem(problems.UNAVAILABLE, "the database does not answer; try again later", headers=later)
        log.exception("a call failed", exc_info=error, extra=facts)
        return Problem(problems.OUR_FAULT, f"this is a fault of the service, whose log tells more: {request_id}")


def _no_token(detail: str, error: str) -> Problem:
    return Problem(problems.NO_TOKEN, detail, headers={"WWW-Authenticate": f'Bearer realm="qbwc"{error}'})


def _of_http(error: Exception) -> Problem | None:
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return Problem(problems.WRONG_METHOD, f"it takes {allowed}", headers={"Allow": allowed})
    if isinstance(error, NotFound):
        return Problem(problems.NOT_FOUND, f"there is no such address; {PREFIX}{DOCUMENT} lists them")
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return Problem(problems.NOT_JSON, error.description or error.name)
    return None


def _response(body: Any, status: int, media_type: str) -> Response:
    if body is None:
        response = Response(status=status)
        del response.headers["Content-Type"]
        return response
    text = json.dumps(body, ensure_ascii=False, default=_plain, separators=(",", ":"))
    # Half of a surrogate pair, quoted in a fault, goes out as JSON writes it: \ud800.
    return Response(text.encode("utf-8", "backslashreplace"), status=status, content_type=media_type)


def _plain(value: object) -> str:
    """What JSON has no kind for."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
