"""The API under test: its application behind a real HTTP server, a company whose connector polls, and tokens."""

import http.client
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine
from werkzeug.serving import WSGIRequestHandler, make_server

from qbwc_service import api
from qbwc_service.api import tokens
from qbwc_service.db import audit
from qbwc_service.db.companies import Company
from qbwc_service.people import Right
from qbwc_service.settings import Settings, read
from tests.bench.trade import update
from tests.faults.world import KEYS, World, fresh

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

ANA = "ana@example.com"


def make_settings() -> Settings:
    return read({"QBWC_PUBLIC_URL": "http://localhost:8080"})


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def faults(self) -> dict[str, str]:
        """-> what is wrong, by path; the answer must be a problem."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        return {fault["path"]: fault["rule"] for fault in self.json["faults"]}


@dataclass
class Api:
    """`token` opens the world's company with all rights."""

    world: World
    port: int
    app: "WSGIApplication"
    token: str = ""

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def issue(self, company: Company | None = None, rights: Iterable[Right] = tuple(Right), name: str = "shop") -> str:
        with self.engine.begin() as db:
            return tokens.issue(db, KEYS, company or self.world.company, name, rights, ANA, self.world.clock.now)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> Reply:
        """`body`: what JSON is made of, or the bytes themselves. Headers are written with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is None:
            token = self.token
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, "/api/v1" + path, data, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Any:
        """-> the JSON of an answer, which must be 200."""
        reply = self.call("GET", path, **options)
        assert reply.status == 200, reply
        return reply.json

    def add(self, order: dict[str, Any]) -> None:
        reply = self.call("PUT", f"/orders/{order['number']}", order)
        assert reply.status in (200, 201), reply

    def poll(self) -> None:
        update(self.world)

    def trail(self) -> list[tuple[str, str, str, str | None]]:
        """-> who, act, about and detail of the audit trail, the latest first."""
        with self.engine.connect() as db:
            return [(row.who, row.act, row.about, row.detail) for row in audit.listed(db)]


@contextmanager
def serving(engine: Engine) -> Iterator[Api]:
    world = World.new(engine, 1)
    app = api.application(make_settings(), engine, KEYS, world.clock)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        served = Api(world, server.server_port, app)
        served.token = served.issue()
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@contextmanager
def on_sqlite(folder: Any) -> Iterator[Api]:
    engine = fresh(f"sqlite:///{folder / 'qbwc.sqlite3'}")
    try:
        with serving(engine) as served:
            yield served
    finally:
        engine.dispose()
