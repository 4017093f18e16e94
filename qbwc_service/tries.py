"""How often something may be tried: so many at once, and then one every so often. Kept in this process's memory.

Passwords are guessed by trying. What is counted here is the place that tries, never the user who is tried, so that
nobody can lock somebody else out (security.md T3). Several processes count each for itself, and a restart forgets:
the limits bound a rate, and a rate may be off by a small factor.
"""

import datetime as dt
import threading
from collections.abc import Hashable

MOST_PLACES = 10_000


class Tries:
    """`at_once` tries are free; then one every `every`. Safe to be asked by several threads."""

    def __init__(self, at_once: int, every: dt.timedelta) -> None:
        self._every, self._slack = every, every * (at_once - 1)
        self._even_at: dict[Hashable, dt.datetime] = {}  # by place: when all its tries are forgotten
        self._lock = threading.Lock()

    def take(self, place: Hashable, now: dt.datetime) -> dt.timedelta | None:
        """Counts a try; -> None when it may go on, else how long to wait (and it does not count)."""
        with self._lock:
            even_at = max(self._even_at.get(place, now), now)
            if (wait := even_at - now - self._slack) > dt.timedelta(0):
                return wait
            if place not in self._even_at and len(self._even_at) >= MOST_PLACES:
                self._forget(now)
            self._even_at[place] = even_at + self._every
            return None

    def give_back(self, place: Hashable) -> None:
        """The try was right: it counts for nothing."""
        with self._lock:
            if place in self._even_at:
                self._even_at[place] -= self._every

    def _forget(self, now: dt.datetime) -> None:
        """Those that are even, and if need be half of the others: those with the fewest tries."""
        still = [(place, even_at) for place, even_at in self._even_at.items() if even_at > now]
        self._even_at = dict(sorted(still, key=lambda pair: pair[1])[-(MOST_PLACES // 2) :])
