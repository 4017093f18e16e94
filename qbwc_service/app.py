"""The service as one WSGI application: the connector's endpoint and the health pages (design.md part 4)."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .connector import contract
from .connector.session import Sessions
from .db import schema
from .secrets import Keys
from .settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

SUPPORT = """qbwc sends a company's finished orders to QuickBooks Desktop.

Questions go to whoever runs this service in your company. There, `qbwc status` and
`qbwc job list` tell what waits, what was posted and what needs a person.
"""


class App:
    """Dispatches by path. `/qbwc` goes to Spyne behind its guard, whatever the method."""

    def __init__(self, settings: Settings, engine: Engine, keys: Keys) -> None:
        self._engine = engine
        self._connector: WSGIApplication = contract.application(Sessions(engine, keys), settings.public_url)
        self._paths = Map(
            [
                Rule("/healthz", endpoint=self._healthz, methods=["GET"]),
                Rule("/readyz", endpoint=self._readyz, methods=["GET"]),
                Rule("/support", endpoint=self._support, methods=["GET"]),
            ]
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/qbwc":
            return self._connector(environ, start_response)
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
        """The database answers and has this program's schema."""
        try:
            schema.require(self._engine)
        except schema.SchemaMismatch as error:
            return Response(f"not ready: {error}\n", 503, mimetype="text/plain")
        except Exception:
            log.exception("the database does not answer")
            return Response("not ready: the database does not answer\n", 503, mimetype="text/plain")
        return Response("ok\n", mimetype="text/plain")

    def _support(self, request: Request) -> Response:
        """AppSupport of the .qwc file: the Web Connector wants 200 here (contract.md part 4, QBWC1003)."""
        return Response(SUPPORT, mimetype="text/plain")
