"""Serving the application with waitress, until told to stop.

waitress reads requests and writes answers in one thread and lets others work only on requests that are whole, so slow
clients hold no worker. What it leaves open is bounded here: how long a request may take to arrive, how many connections
and how much of unfinished bodies there may be, and how many workers one address may have (security.md T1). Where there
is no more room, somebody of the address that has the most gives way: nobody is kept out by those who only stand there.
"""

import signal
import threading
import time
import types
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from . import proxies

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .settings import Proxy

LARGEST_BODY = 65 * 1024 * 1024  # a little over the guard's own limit, so that the guard can say why


@dataclass(frozen=True)
class Limits:
    """What clients may take."""

    threads: int = 8
    threads_an_address: int = 4
    connections: int = 400
    unfinished_bytes: int = 1024 * 1024 * 1024  # of all bodies that are still arriving; they lie in temporary files
    idle_seconds: float = 120  # without a request, or without taking more of the answer
    request_seconds: float = 60  # for a request to arrive, beside what its bytes have earned
    slowest_bytes_a_second: int = 4096
    drain_seconds: float = 20  # after SIGTERM, for what is under way


USUAL = Limits()


def serve(
    app: "WSGIApplication",
    host: str,
    port: int,
    ready: Callable[[int], None],
    shared: "Sequence[Proxy]" = (),
    limits: Limits = USUAL,
) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is under way and returns; a second signal ends it at once.

    `ready` is told the port. The addresses in `shared`, as those of proxies, speak for many clients.
    """
    adjustments = Adjustments(
        host=host,
        port=port,
        ident=None,
        threads=limits.threads,
        recv_bytes=64 * 1024,
        max_request_body_size=LARGEST_BODY,
        max_request_header_size=64 * 1024,
        connection_limit=2 * limits.connections,  # ours comes first
        channel_timeout=limits.idle_seconds,
        log_socket_errors=False,  # clients that go away
        clear_untrusted_proxy_headers=False,  # the application reads them, as far as it trusts (proxies.py)
    )
    sockets: dict[int, Any] = {}
    clients = _Clients(sockets, limits)
    workers = _Workers(limits, shared)
    listeners = [_Listener(app, sockets, clients, workers, adjustments, info) for info in adjustments.listen]
    stop = _Stop(listeners[0].pull_trigger)
    ready(int(listeners[0].effective_port))
    try:
        while not stop.asked:
            wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)
            clients.tidy()
        for listener in listeners:
            wasyncore.dispatcher.close(listener)  # what wakes this thread when an answer is ready stays open
        until = time.monotonic() + limits.drain_seconds
        while clients.let_go() and time.monotonic() < until:
            wasyncore.loop(timeout=0.2, use_poll=True, map=sockets, count=1)
    finally:
        workers.shutdown(timeout=5)
        wasyncore.close_all(sockets)


class _Stop:
    """Asked for by a first signal; a second one interrupts."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.asked, self._wake = False, wake
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: types.FrameType | None) -> None:
        if self.asked:
            raise SystemExit(0)
        self.asked = True
        self._wake()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, which knows since when a request has been arriving on it."""

    def __init__(self, server: "_Listener", sock: Any, address: Any, adjustments: Adjustments, map: Any = None) -> None:
        self.address, self.clients = str(address[0]).partition("%")[0], server.clients
        self.began: float | None = None
        super().__init__(server, sock, address, adjustments, map)

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.monotonic()
        before = self.unfinished_bytes
        taken: bool = super().received(data)
        if self.request is None:
            self.began = None
        if self.unfinished_bytes // 2**20 > before // 2**20:
            self.clients.make_room_for_bodies()
        return taken

    def service(self) -> None:
        try:
            super().service()
        finally:
            self.server.task_dispatcher.done(self)

    @property
    def unfinished_bytes(self) -> int:
        """What has arrived of a body that is not whole yet."""
        return 0 if self.request is None else int(self.request.body_bytes_received)

    @property
    def is_answered(self) -> bool:
        """Whether nobody works for it, and it has taken all that there is for it."""
        return not self.requests and not self.total_outbufs_len

    def is_slow(self, limits: Limits) -> bool:
        """Whether it takes too long over a request, or over taking the answer, or does nothing at all."""
        if self.requests:
            return False
        if self.began is None:
            return time.time() - float(self.last_activity) > limits.idle_seconds
        earned = self.unfinished_bytes / limits.slowest_bytes_a_second
        return time.monotonic() - self.began > limits.request_seconds + earned


class _Listener(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def __init__(
        self,
        app: "WSGIApplication",
        sockets: dict[int, Any],
        clients: "_Clients",
        workers: "_Workers",
        adjustments: Adjustments,
        info: Any,
    ) -> None:
        self.clients = clients
        super().__init__(app, sockets, dispatcher=workers, adj=adjustments, sockinfo=info)

    def handle_accept(self) -> None:
        self.clients.make_room_for_one()
        super().handle_accept()

    def maintenance(self, now: float) -> None:
        """Nothing: waitress waits for ever for a client that takes no bytes, until it can write to it; see tidy()."""


class _Clients:
    """The connections of all listeners. Who gives way is closed between two rounds, when no event is left of it."""

    def __init__(self, sockets: dict[int, Any], limits: Limits) -> None:
        self._sockets, self._limits = sockets, limits
        self._leaving: list[_Channel] = []
        self._looked_at = 0.0

    def make_room_for_one(self) -> None:
        """Who waits for an answer stays. Of the others one without a request goes first, then the oldest request."""
        channels = self._channels()
        if len(channels) < self._limits.connections:
            return
        crowd = Counter(channel.address for channel in channels)
        if waiting := [channel for channel in channels if channel.is_answered]:
            self._leave(max(waiting, key=lambda one: (crowd[one.address], one.began is None, -_since(one))))

    def make_room_for_bodies(self) -> None:
        """Where too much of unfinished bodies lies about, the largest one of the address that has the most goes."""
        channels = self._channels()
        if sum(channel.unfinished_bytes for channel in channels) <= self._limits.unfinished_bytes:
            return
        held: Counter[str] = Counter()
        for channel in channels:
            held[channel.address] += channel.unfinished_bytes
        self._leave(max(channels, key=lambda one: (held[one.address], one.unfinished_bytes)))

    def tidy(self) -> None:
        """After each round: closes who gave way and, now and then, who is too slow."""
        now = time.monotonic()
        if now - self._looked_at >= 1:
            self._looked_at = now
            for channel in self._channels():
                if channel.is_slow(self._limits):
                    self._leave(channel)
        for channel in self._leaving:
            channel.handle_close()
        self._leaving.clear()

    def let_go(self) -> bool:
        """Closes who has nothing under way. -> whether somebody has."""
        for channel in self._channels():
            if channel.is_answered and channel.request is None:
                self._leave(channel)
        self.tidy()
        return bool(self._channels())

    def _channels(self) -> list[_Channel]:
        return [one for one in self._sockets.values() if isinstance(one, _Channel) and one not in self._leaving]

    def _leave(self, channel: _Channel) -> None:
        channel.will_close = True
        self._leaving.append(channel)


def _since(channel: _Channel) -> float:
    """-> when it began its request, or when it was heard of last; of two of one kind, whose is the smaller."""
    return float(channel.last_activity) if channel.began is None else channel.began


class _Workers(ThreadedTaskDispatcher):  # type: ignore[misc]
    """The threads. One address has not more than its share of them at work; the rest of its requests wait."""

    def __init__(self, limits: Limits, shared: "Sequence[Proxy]") -> None:
        super().__init__()
        self._share, self._shared = limits.threads_an_address, shared
        self._at_work: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Channel]] = {}
        self._counting = threading.Lock()
        self.set_thread_count(limits.threads)

    def add_task(self, channel: _Channel) -> None:
        address = channel.address
        if not self._speaks_for_many(address):
            with self._counting:
                if self._at_work[address] >= self._share:
                    self._waiting.setdefault(address, deque()).append(channel)
                    return
                self._at_work[address] += 1
        super().add_task(channel)

    def done(self, channel: _Channel) -> None:
        """A request of its address has been answered: the next one's turn."""
        address = channel.address
        if self._speaks_for_many(address):
            return
        with self._counting:
            waiting = self._waiting.get(address)
            following = waiting.popleft() if waiting else None
            if not waiting:
                self._waiting.pop(address, None)
            if following is None:
                self._at_work -= Counter({address: 1})
        if following is not None:
            super().add_task(following)

    def _speaks_for_many(self, address: str) -> bool:
        return proxies.is_trusted(address, self._shared)
