"""gunicorn's settings for this service: `gunicorn -c python:qbwc_service.deploy.gunicorn_settings`.

What the command line or GUNICORN_CMD_ARGS says (`--workers 4`, `--bind unix:/run/qbwc/qbwc.sock`) comes before what
stands here. gunicorn needs a proxy in front that takes in whole requests, such as the nginx of `qbwc deploy nginx`: a
slow client would keep a thread from all others, which `qbwc serve` prevents by itself.
"""

import datetime as dt
import logging
import os
import sys
from typing import Any

from gunicorn.glogging import Logger

from .. import logs, process, wsgi
from ..db.engine import OUTAGES
from ..db.schema import SchemaMismatch
from ..settings import ConfigurationError

try:
    _SETTINGS, _ = wsgi.configured()
except ConfigurationError as error:
    sys.exit("qbwc: the configuration does not hold:\n  " + "\n  ".join(error.faults))

process.have_memory_given_back()  # to whoever is forked from here, too
_UP_SINCE = dt.datetime.now(dt.UTC)  # of the first process; a worker that is replaced did not miss any call

wsgi_app = "qbwc_service.wsgi:application"
bind = f"127.0.0.1:{_SETTINGS.port}"
worker_class = "gthread"
workers = 2
threads = 8  # of each worker; a worker has at most 30 connections to the database
timeout = 120  # after which a worker that is stuck as a whole is replaced; no limit for one request
graceful_timeout = 35  # after SIGTERM, for what is under way, and the ticker; less than the unit's TimeoutStopSec
# Who called is settled by proxies.py from QBWC_TRUSTED_PROXIES; no header sets anything else.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True  # a way in that nobody here uses
# Workers show that they live by touching a file, which must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


class logger_class(Logger):  # type: ignore[misc]
    """gunicorn's own lines go where ours go, and look the same. Requests are told of by the application alone."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.to_stderr(_SETTINGS)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(max(logging.INFO, logging.getLevelName(_SETTINGS.log_level.upper())))


def on_starting(server: Any) -> None:
    """Before the first worker: what is wrong ends gunicorn with one line, instead of each worker with a traceback."""
    try:
        wsgi.require_schema(_SETTINGS)
    except SchemaMismatch as error:
        sys.exit(f"qbwc: {error}")
    except OUTAGES as error:
        first = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        sys.exit(f"qbwc: the database does not answer: {first}")


def post_worker_init(worker: Any) -> None:
    wsgi.application.begin(_UP_SINCE)
    process.leave_alone_what_stays()


def worker_exit(server: Any, worker: Any) -> None:
    wsgi.application.end()
