"""`/metrics`: the service in numbers, in Prometheus' text format, read from the database when they are asked for.

So all processes of a service tell the same, and nothing is lost by a restart. What is told is kept for some seconds:
many who ask cost no more than one.
"""

import datetime as dt
import logging
import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from . import __version__, doctor
from .db import figures, schema
from .db.engine import reading
from .db.notices import Kind
from .db.states import State

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT_SECONDS = 5.0
TOTAL_KEPT_SECONDS = 60.0  # of the number of all jobs, which alone grows dearer with them


@dataclass(frozen=True)
class Metric:
    """One name, and its value for each set of labels. All are gauges but what is named a total."""

    name: str
    help: str
    values: tuple[tuple[Mapping[str, str], float], ...]

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.values:
            told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            yield f"{self.name}{{{told}}} {_number(value)}" if told else f"{self.name} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 3))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _one(name: str, help_: str, value: float) -> Metric:
    return Metric(name, help_, (({}, value),))


def _by(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    return Metric(name, help_, tuple(({label: key}, value) for key, value in values.items()))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass
class Metrics:
    """What a process tells; `text` may be called by any number of threads."""

    engine: Engine
    clock: Callable[[], dt.datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _told: tuple[float, str] | None = None
    _total: tuple[float, int] | None = None

    def text(self) -> str:
        """-> the metrics. A database that does not answer is a metric too: qbwc_database_up 0."""
        with self._lock:
            at = self.monotonic()
            if self._told is None or at - self._told[0] >= KEPT_SECONDS:
                self._told = at, self._read()
            return self._told[1]

    def _read(self) -> str:
        began = time.perf_counter()
        found = [_by_build()]
        try:
            with reading(self.engine) as db:
                found += self._of(db)
            up = 1
        except SQLAlchemyError as error:
            log.warning("metrics without a database", extra={"reason": type(error).__name__})
            up = 0
        found.append(_one("qbwc_database_up", "Whether the database answered.", up))
        took = time.perf_counter() - began
        found.append(_one("qbwc_metrics_seconds", "How long it took to read these numbers.", took))
        return "".join(f"{line}\n" for metric in found for line in metric.lines())

    def _of(self, db: Connection) -> Iterator[Metric]:
        now = self.clock()
        yield from self._jobs(db, now)
        yield from _companies(db, now)
        doubtful, since = figures.in_doubt(db)
        yield _one("qbwc_messages_in_doubt", "Messages that left and have no answer.", doubtful)
        yield _one("qbwc_messages_in_doubt_seconds", "Age of the oldest of them.", _age(since, now))
        yield _one("qbwc_sessions_open", "Sessions of Web Connectors that are open.", figures.open_sessions(db))
        due = figures.deliveries_due(db, now)
        yield _one("qbwc_webhook_deliveries_due", "Deliveries to webhooks that are due.", due.due)
        yield _one("qbwc_webhook_deliveries_failing", "Deliveries that failed and are tried again.", due.failing)
        yield _one("qbwc_webhook_deliveries_oldest_seconds", "Age of the oldest unsettled.", _age(due.oldest, now))
        told = figures.open_notices(db)
        by_kind = {kind.value: told.get(kind, 0) for kind in Kind}
        yield _by("qbwc_notices_open", "What admins are told of, as long as it lasts.", "kind", by_kind)
        unmailed = len(figures.mail_failing(db))
        yield _one("qbwc_notices_mail_failing", "Open notices that some admin could not be mailed.", unmailed)

    def _jobs(self, db: Connection, now: dt.datetime) -> Iterator[Metric]:
        backlog = figures.backlog(db)
        counts: dict[str, float] = {state: backlog.counts.get(state, 0) for state in State if state != State.POSTED}
        counts[State.POSTED] = max(0, self._all_jobs(db) - sum(backlog.counts.values()))
        yield _by("qbwc_jobs", "Jobs by state; posted ones, with lists that were read, once a minute.", "state", counts)
        age = _age(backlog.oldest, now)
        yield _one("qbwc_jobs_oldest_waiting_seconds", "Since when the oldest document on its way is asked for.", age)

    def _all_jobs(self, db: Connection) -> int:
        at = self.monotonic()
        if self._total is None or at - self._total[0] >= TOTAL_KEPT_SECONDS:
            self._total = at, figures.all_jobs(db)
        return self._total[1]


def _by_build() -> Metric:
    build = {"version": __version__, "schema": schema.HEAD, "python": platform.python_version()}
    return Metric("qbwc_build_info", "What runs here.", ((build, 1),))


def _companies(db: Connection, now: dt.datetime) -> Iterator[Metric]:
    rows = figures.calls(db)
    states: dict[str, float] = {
        "all": len(rows),
        "silent": sum(doctor.is_silent(row.every_minutes, row.called_at, now) for row in rows),
        "never_called": sum(row.called_at is None for row in rows),
        "refused": sum(doctor.is_refused(row.called_at, row.refused_at) for row in rows),
        "problem": sum(row.problem is not None for row in rows),
    }
    yield _by("qbwc_companies", "Companies, and how many of them have what kind of trouble.", "which", states)


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds; 0 where there is nothing."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
