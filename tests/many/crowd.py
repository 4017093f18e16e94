"""Hundreds of clients of the service, driven by some threads: each acts one call at a time, and all of them at once.

They cost little: raw HTTP over connections that stay open, as a proxy in front keeps them, each from an address of its
own. A call goes to any of the processes, whichever had the one before.
"""

import heapq
import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from qbwc_service.simulator.soap import HttpAnswer


@dataclass(frozen=True)
class Call:
    path: str
    body: bytes
    headers: dict[str, str]
    method: str = "POST"


Turn: TypeAlias = Generator[Call, HttpAnswer, float | None]
"""What a client does now; -> after how many seconds it comes again, None: it is done."""


class Client(Protocol):
    def turn(self) -> Turn: ...


@dataclass
class Tally:
    """What happened, by name; and what must not have happened, in words."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1

    def blame(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)


@dataclass
class Crowd:
    ports: Sequence[int]
    tally: Tally
    seed: int = 0
    drivers: int = 32
    _due: list[tuple[float, int, Client, Turn | None, Call | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def add(self, client: Client, after: float = 0.0) -> None:
        self._put(time.monotonic() + after, client, None, None)

    def run(self, until: threading.Event, seconds: float) -> bool:
        """-> whether `until` was set within so many seconds. All calls have been answered then."""
        threads = [threading.Thread(target=self._drive, args=(number,)) for number in range(self.drivers)]
        for thread in threads:
            thread.start()
        done = until.wait(seconds)
        self._over.set()
        for thread in threads:
            thread.join()
        return done

    def _put(self, due: float, client: Client, turn: Turn | None, call: Call | None) -> None:
        with self._lock:
            heapq.heappush(self._due, (due, next(self._count), client, turn, call))

    def _take(self) -> tuple[Client, Turn | None, Call | None] | None:
        with self._lock:
            if self._due and self._due[0][0] <= time.monotonic():
                return heapq.heappop(self._due)[2:]
        return None

    def _drive(self, number: int) -> None:
        lines = Lines(f"127.0.0.{2 + number}")
        draw = random.Random(self.seed * 1000 + number)
        try:
            while not self._over.is_set():
                taken = self._take()
                if taken is None:
                    time.sleep(0.005)
                    continue
                self._act(*taken, lines, draw)
        finally:
            lines.close()

    def _act(self, client: Client, turn: Turn | None, call: Call | None, lines: "Lines", draw: random.Random) -> None:
        try:
            if turn is None or call is None:
                turn = client.turn()
                call = next(turn)
            else:
                call = turn.send(lines.call(draw.choice(self.ports), call))
            self._put(time.monotonic(), client, turn, call)
        except StopIteration as stop:
            if stop.value is not None:
                self._put(time.monotonic() + stop.value * draw.uniform(0.7, 1.3), client, None, None)
        except Exception as error:
            self.tally.blame(f"{client}: {error!r}"[:400])


class Lines:
    """A connection to each process."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lines: dict[int, http.client.HTTPConnection] = {}

    def call(self, port: int, call: Call) -> HttpAnswer:
        line = self._lines.get(port)
        if line is None:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=120, source_address=(self._address, 0))
            self._lines[port] = line
        line.request(call.method, call.path, call.body, call.headers)
        answer = line.getresponse()
        body = answer.read()
        return HttpAnswer(
            answer.status, answer.getheader("Content-Type", ""), answer.getheader("Content-Encoding", ""), body
        )

    def close(self) -> None:
        for line in self._lines.values():
            line.close()
