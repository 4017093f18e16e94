"""The service as an application for servers of several processes: `gunicorn`, on PostgreSQL (deploy/gunicorn_settings).

A process that forks shares nothing with its children: no connection to the database, no thread. So nothing is opened
when this module is imported; each process opens what it needs in `begin`, or with its first request.
"""

import contextlib
import datetime as dt
import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from . import logs, settings
from .app import App
from .db import schema
from .db.engine import OUTAGES, open_engine
from .secrets import Keys
from .settings import ConfigurationError, Settings
from .ticker import Ticker

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_PIECE = 1024 * 1024
_MOST_PIECES = 65  # what nginx lets through (deploy/files/nginx.conf)


def configured() -> tuple[Settings, Keys]:
    """-> what the environment says. Raises ConfigurationError, also when there is no secret key."""
    read = settings.read()
    if read.secret_key is None:
        raise ConfigurationError(("QBWC_SECRET_KEY: there is no secret key; `qbwc init` makes one",))
    return read, Keys(read.secret_key)


def require_schema(read: Settings) -> None:
    """Raises SchemaMismatch, or one of OUTAGES when the database does not answer. Nothing stays open."""
    engine = open_engine(read.database_url)
    try:
        schema.require(engine)
    finally:
        engine.dispose()


class Application:
    """The WSGI application. `begin` and `end` are for the server's hooks, in each process that answers requests.

    The ticker runs in each of them: what is due is claimed by one (ticker.py), and goes on when a process dies.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None
        os.register_at_fork(after_in_child=self._forget)

    def begin(self, up_since: dt.datetime | None = None) -> None:
        """Opens the database and starts the ticker, unless that is done. `up_since`: when the whole service began.

        Raises ConfigurationError, or SchemaMismatch. A database that does not answer is waited for: requests are told.
        """
        with self._lock:
            if self._process is None:
                self._process = _Process.begun(up_since)

    def end(self) -> None:
        """Stops the ticker after what it is at, and lets go of the database."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.ticker.stop()
            process.engine.dispose()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        while (process := self._process) is None:
            self.begin()
        body = environ["wsgi.input"]
        answer = process.app(environ, start_response)
        _read_out(body)
        return answer

    def _forget(self) -> None:
        """In a child: what its parent has is the parent's, and nobody here will ever give back the lock."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.engine.dispose(close=False)


def _read_out(body: "InputStream") -> None:
    """Takes the rest of a request that was refused unread. A connection that is closed with bytes unread is broken off,
    and the proxy in front would tell of a bad gateway instead of what was answered."""
    with contextlib.suppress(OSError):
        for _ in range(_MOST_PIECES):
            if not body.read(_PIECE):
                return


@dataclass(frozen=True)
class _Process:
    """What one process has of its own."""

    app: "WSGIApplication"
    engine: Engine
    ticker: Ticker

    @classmethod
    def begun(cls, up_since: dt.datetime | None) -> "_Process":
        read, keys = configured()
        logs.to_stderr(read)
        try:
            require_schema(read)
        except OUTAGES as error:
            log.warning("the database does not answer", extra={"failure": type(error).__name__})
        engine = open_engine(read.database_url)
        ticker = Ticker(read, engine, keys, up_since=up_since)
        process = cls(App(read, engine, keys), engine, ticker)
        ticker.start()
        return process


application = Application()
