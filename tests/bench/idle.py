"""An idle poll: serverVersion, clientVersion, and authenticate that answers `none`.

Through the WSGI application of `/qbwc` in this process, against bare Spyne: the same three operations with constant
answers and no database, as Spyne's own tutorial would write them.
"""

import secrets
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from qbwc_service.connector import contract
from qbwc_service.connector.spyne_shim import Application, Array, ServiceBase, Soap11, Unicode, WsgiApplication, rpc
from tests.connector.soap import INTUIT, PUBLIC_URL, envelope, operation, post
from tests.faults.world import World

from .databases import database, kinds
from .figures import Figure, Stopwatch, side_by_side
from .trade import known_world

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def run(server: str | None = None, *, polls: int = 100, rounds: int = 7, seldom: int = 3) -> list[Figure]:
    figures = []
    for kind, where in kinds(server):
        with database(where) as engine:
            figures += _measure(kind, engine, polls, rounds, seldom)
    return figures


def _measure(kind: str, engine: Engine, polls: int, rounds: int, seldom: int) -> list[Figure]:
    world = known_world(engine)
    bodies = poll_of(world.credentials.username, world.credentials.password)
    ours, bare = contract.application(world.service.sessions, PUBLIC_URL), bare_spyne()
    whole = side_by_side(rounds, lambda: spent(ours, bodies, polls), lambda: spent(bare, bodies, polls))
    alone = Stopwatch()
    for _ in range(polls):
        alone.of("authenticate", world.service.sessions.authenticate, *login_of(world))
    return [
        Figure(f"{kind}: three calls", whole.one / polls * 1000, "ms", 2),
        Figure(f"{kind}: three calls of bare Spyne", whole.other / polls * 1000, "ms"),
        Figure(f"{kind}: ours / bare Spyne", whole.ratio, "", 1.5),
        Figure(f"{kind}: three calls, a second after the last", spent_seldom(ours, bodies, seldom) * 1000, "ms", 2),
        Figure(f"{kind}: authenticate alone, without Spyne", alone.total / polls * 1000, "ms"),
        Figure(f"{kind}: transactions", transactions_of(engine, world), "", 1),
    ]


def login_of(world: World) -> tuple[str, str, str]:
    return world.credentials.username, world.credentials.password, "127.0.0.1"


def poll_of(username: str, password: str) -> list[bytes]:
    """-> the bodies of the three calls."""
    return [
        envelope(operation("serverVersion", strVersion="2.3.0.215")),
        envelope(operation("clientVersion", strVersion="2.3.0.215")),
        envelope(operation("authenticate", strUserName=username, strPassword=password)),
    ]


def spent(app: "WSGIApplication", bodies: list[bytes], polls: int) -> float:
    """-> CPU seconds of so many polls."""
    watch = Stopwatch()
    for _ in range(polls):
        answers = [watch.of("call", post, app, body) for body in bodies]
        if [answer.status for answer in answers] != [200, 200, 200] or "none" not in answers[2].text:
            raise RuntimeError(f"not an idle poll: {answers}")
    return watch.total


def spent_seldom(app: "WSGIApplication", bodies: list[bytes], polls: int) -> float:
    """-> CPU seconds of a poll to which nobody else's is near: Spyne collects garbage at most once a second."""

    def after_a_while() -> float:
        time.sleep(1.1)
        return spent(app, bodies, 1)

    return median(after_a_while() for _ in range(polls))


def transactions_of(engine: Engine, world: World) -> int:
    """-> how many transactions an idle authenticate opens."""
    begun: list[object] = []

    def count(connection: object) -> None:
        begun.append(connection)

    event.listen(engine, "begin", count)
    try:
        world.service.sessions.authenticate(*login_of(world))
    finally:
        event.remove(engine, "begin", count)
    return len(begun)


class _Bare(ServiceBase):  # type: ignore[misc]
    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def serverVersion(ctx: Any, strVersion: str) -> str:
        return "1.0"

    @rpc(Unicode, _returns=Unicode)  # type: ignore[untyped-decorator]
    def clientVersion(ctx: Any, strVersion: str) -> str:
        return ""

    @rpc(Unicode, Unicode, _returns=Array(Unicode))  # type: ignore[untyped-decorator]
    def authenticate(ctx: Any, strUserName: str, strPassword: str) -> tuple[str, str]:
        return secrets.token_hex(16), "none"


def bare_spyne() -> "WSGIApplication":
    """Without validation, which is the cheapest that Spyne can be had for."""
    application: WSGIApplication = WsgiApplication(
        Application([_Bare], tns=INTUIT, in_protocol=Soap11(), out_protocol=Soap11())
    )
    return application
