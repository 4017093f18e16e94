"""What happens by itself while the service runs: webhooks are delivered, notices raised and mailed, the old forgotten.

One thread a process. Any number of processes may tick at once, since what is due is claimed. One failure ends nothing:
it is logged, and the next tick tries again.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable

from sqlalchemy.engine import Engine

from . import notify, webhooks
from .db import notices, web_sessions
from .db import webhooks as webhook_table
from .secrets import Keys
from .settings import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 6  # ticks: a minute, with ticks of ten seconds
TIDY_EVERY = 360  # ticks: an hour
KEPT = dt.timedelta(days=90)  # notices that are over, and deliveries that are settled
MOST_BATCHES = 50  # of deliveries in one tick, so that the rest gets its turn
STOP_WITHIN_SECONDS = 12  # longer than a delivery's time-out


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Ticker:
    """`start` begins the thread, a daemon; `stop` ends it after what it is at, or leaves it to the process's end.

    `up_since`: when the service began, of which this process may be a younger part.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        keys: Keys,
        clock: Callable[[], dt.datetime] = _now,
        up_since: dt.datetime | None = None,
    ) -> None:
        self._settings, self._engine, self._keys, self._clock = settings, engine, keys, clock
        self._up_since = up_since or clock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_WITHIN_SECONDS)

    def _run(self) -> None:
        ticks = 0
        while not self._stopping.is_set():
            self._safely("deliver webhooks", self._deliver)
            if ticks % LOOK_EVERY == 0:
                self._safely("look for notices", self._look)
                self._safely("mail notices", self._mail)
            if ticks % TIDY_EVERY == 0:
                self._safely("tidy up", self._tidy)
            ticks += 1
            self._stopping.wait(self._settings.tick_seconds)

    def _safely(self, what: str, do: Callable[[], None]) -> None:
        if self._stopping.is_set():
            return
        try:
            do()
        except Exception:
            log.exception("ticker", extra={"failed": what})

    def _deliver(self) -> None:
        for _ in range(MOST_BATCHES):
            tried = webhooks.deliver_due(self._engine, self._keys, self._settings, self._clock)
            if not tried or self._stopping.is_set():
                return

    def _look(self) -> None:
        with self._engine.begin() as db:
            notify.look(db, self._clock(), self._up_since)

    def _mail(self) -> None:
        notify.mail_due(self._engine, self._settings, self._clock)

    def _tidy(self) -> None:
        now = self._clock()
        with self._engine.begin() as db:
            web_sessions.drop_ended(db, now)
            notices.drop_old(db, now - KEPT)
            webhook_table.drop_old(db, now - KEPT)
