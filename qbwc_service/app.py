"""The service as one WSGI application: the connector's endpoint, the API, the pages, and what watches it asks for
(design.md part 4). Whatever answers, here it is settled who called, and what the request is called.
"""

import hmac
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from . import api, metrics, proxies, readiness, request_ids
from .connector import contract
from .connector.outage import Sheltered
from .connector.session import Sessions
from .metrics import Metrics
from .proxies import Caller
from .secrets import Keys
from .settings import Settings
from .web.site import Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_API = "/api/"
_PLAIN = ("/healthz", "/readyz", "/support", "/metrics")
_CALLER = "qbwc.caller"
HTTPS_ALONE = ("Strict-Transport-Security", "max-age=31536000")
"""Browsers that were here once do not come without TLS. Of the domain's other hosts nothing is said."""
SUPPORT = """qbwc sends a company's finished orders to QuickBooks Desktop.

Questions go to whoever runs this service in your company. There, `qbwc status` and
`qbwc job list` tell what waits, what was posted and what needs a person.
"""


class App:
    """Dispatches by path. `/qbwc` goes to Spyne behind its guard, whatever the method."""

    def __init__(self, settings: Settings, engine: Engine, keys: Keys) -> None:
        self._settings, self._engine, self._keys = settings, engine, keys
        self._connector: WSGIApplication = contract.application(Sheltered(Sessions(engine, keys)), settings.public_url)
        self._api: WSGIApplication = api.application(settings, engine, keys)
        self._site = Site(settings, engine, keys)
        self._metrics = Metrics(engine)
        self._always = [HTTPS_ALONE] if settings.public_url.startswith("https:") else []
        self._paths = Map(
            [
                Rule("/healthz", endpoint=self._healthz, methods=["GET"]),
                Rule("/readyz", endpoint=self._readyz, methods=["GET"]),
                Rule("/support", endpoint=self._support, methods=["GET"]),
                Rule("/metrics", endpoint=self._tell_metrics, methods=["GET"]),
            ]
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        caller = environ[_CALLER] = proxies.settle(environ, self._settings.trusted_proxies)
        with request_ids.during(caller.request_id) as request_id:
            answer = _Answer(start_response, request_id, environ, caller, self._always)
            try:
                return self._dispatch(environ, answer)
            except Exception:
                log.exception("a request failed", extra=answer.facts())
                if answer.begun:
                    raise
                text = f"Something went wrong. The log tells more under the number {request_id}.\n"
                return Response(text, 500, mimetype="text/plain")(environ, answer)
            finally:
                answer.tell()

    def _dispatch(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/qbwc":
            return self._connector(environ, start_response)
        if path.startswith(_API):
            return self._api(environ, start_response)
        if path not in _PLAIN:
            return self._site(environ, start_response)
        try:
            endpoint, _ = self._paths.bind_to_environ(environ).match()
            response: Response = endpoint(Request(environ))
        except HTTPException as error:
            response = Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response(environ, start_response)

    def _healthz(self, request: Request) -> Response:
        """The process is alive; nothing is said of the database."""
        return Response("ok\n", mimetype="text/plain")

    def _readyz(self, request: Request) -> Response:
        """The database answers and has this program's schema, the secret key fits, and the disk can be written to."""
        if found := readiness.faults(self._settings, self._engine, self._keys):
            log.warning("not ready", extra={"faults": found})
            return Response("".join(f"not ready: {fault}\n" for fault in found), 503, mimetype="text/plain")
        return Response("ok\n", mimetype="text/plain")

    def _tell_metrics(self, request: Request) -> Response:
        """For whoever has the token, or calls from this very machine and through nobody else (ASVS 13.4.5)."""
        if not self._may_see_metrics(request):
            text = "Closed: send the token of QBWC_METRICS_TOKEN as `Authorization: Bearer TOKEN`.\n"
            return Response(text, 401, {"WWW-Authenticate": 'Bearer realm="qbwc"'}, mimetype="text/plain")
        return Response(self._metrics.text(), content_type=metrics.CONTENT_TYPE)

    def _may_see_metrics(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if given and scheme.lower() == "bearer":
            token = self._settings.metrics_token
            return token is not None and hmac.compare_digest(given.strip().encode(), token.encode())
        caller: Caller = request.environ[_CALLER]
        return not caller.forwarded and proxies.is_loopback(caller.address)

    def _support(self, request: Request) -> Response:
        """AppSupport of the .qwc file: the Web Connector wants 200 here (contract.md part 4, QBWC1003)."""
        return Response(SUPPORT, mimetype="text/plain")


class _Answer:
    """Stands for start_response: every answer carries the request's id, and is told of in the log at DEBUG."""

    def __init__(
        self,
        start_response: "StartResponse",
        request_id: str,
        environ: "WSGIEnvironment",
        caller: Caller,
        always: list[tuple[str, str]],
    ) -> None:
        self._start_response, self._request_id, self._always = start_response, request_id, always
        self._environ, self._caller = environ, caller
        self._began, self._status = time.perf_counter(), ""

    @property
    def begun(self) -> bool:
        return bool(self._status)

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._status = status
        headers = [*headers, *self._always]
        if not any(name.lower() == "x-request-id" for name, _ in headers):
            headers = [*headers, (request_ids.HEADER, self._request_id)]
        return (
            self._start_response(status, headers)
            if exc_info is None
            else self._start_response(status, headers, exc_info)
        )

    def facts(self) -> dict[str, object]:
        return {"method": self._environ.get("REQUEST_METHOD"), "path": self._environ.get("PATH_INFO")}

    def tell(self) -> None:
        if log.isEnabledFor(logging.DEBUG):
            took = round((time.perf_counter() - self._began) * 1000, 1)
            told = {**self.facts(), "status": self._status[:3], "ms": took, "remote": self._caller.address}
            log.debug("answered", extra=told)
