"""Serving the application with waitress, until told to stop.

waitress reads requests and writes answers in one thread and lets others work only on requests that are whole, so slow
clients hold no worker. What it leaves open is bounded here: how long a request may take to arrive and an answer to be
taken, how many connections and how much of bodies there may be, and how many workers one address may have (security.md
T1). Where there is no more room, somebody of the address that has the most gives way: nobody is kept out by those who
only stand there.

This needs more of waitress than it promises; tests/security/test_waitress.py says what, should a new version lack it.
"""

import contextlib
import ipaddress
import signal
import socket
import struct
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

from . import process, proxies

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .settings import Proxy

_LAST_ROUNDS = 50  # in which those are let in, and read, who came before the end
LARGEST_BODY = 65 * 1024 * 1024  # a little over the guard's own limit, so that the guard can say why


SEND_BUFFER = 256 * 1024
"""Left to itself the kernel takes megabytes of an answer, and whether the client does is not seen for minutes."""


@dataclass(frozen=True)
class Limits:
    """What clients may take."""

    threads: int = 8
    threads_an_address: int = 4
    connections: int = 400
    pipelined: int = 32  # requests that one connection may have waiting; the Web Connector and browsers send one
    body_bytes: int = 1024 * 1024 * 1024  # of all bodies that are arriving or waiting; they lie in temporary files
    idle_seconds: float = 120  # without a request; and the time in which an answer, or enough of it, is to be taken
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
        connection_limit=limits.connections + 50,  # ours comes first
        channel_timeout=limits.idle_seconds,
        log_socket_errors=False,  # clients that go away
        clear_untrusted_proxy_headers=False,  # the application reads them, as far as it trusts (proxies.py)
    )
    # A connection may have two files: its body's and its answer's.
    process.ask_for_descriptors(3 * limits.connections + 400)
    process.have_memory_given_back()
    sockets: dict[int, Any] = {}
    clients = _Clients(sockets, limits, shared)
    workers = _Workers(limits, shared)
    listeners = [_Listener(app, sockets, clients, workers, adjustments, info) for info in adjustments.listen]
    stop = _Stop(listeners[0].pull_trigger)
    process.leave_alone_what_stays()
    ready(int(listeners[0].effective_port))
    try:
        while not stop.asked:
            wasyncore.loop(timeout=1, use_poll=True, map=sockets, count=1)
            clients.tidy()
        for _ in range(_LAST_ROUNDS):
            wasyncore.loop(timeout=0, use_poll=True, map=sockets, count=1)
        for listener in listeners:
            wasyncore.dispatcher.close(listener)  # what wakes this thread when an answer is ready stays open
        until = time.monotonic() + limits.drain_seconds
        while clients.let_go() and time.monotonic() < until:
            wasyncore.loop(timeout=0.2, use_poll=True, map=sockets, count=1)
    finally:
        workers.shutdown(timeout=5)
        for channel in clients.everybody():
            channel.handle_close()
        if not workers.threads:  # else one may yet write to what wakes this thread: never to another file of its number
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
    """A connection, which knows since when a request has been arriving on it, and how its answer is being taken."""

    def __init__(self, server: "_Listener", sock: Any, address: Any, adjustments: Adjustments, map: Any = None) -> None:
        self.address, self.clients = str(address[0]).partition("%")[0], server.clients
        self.neighbours = _neighbours(self.address)
        self.began: float | None = None
        self.heard_out = False  # at the end: what had come behind its last request was read
        self._taken = 0  # bytes, of all answers
        self._left: tuple[float, int] | None = None  # since when something is left of an answer, and what was taken
        super().__init__(server, sock, address, adjustments, map)

    def received(self, data: bytes) -> bool:
        arriving, before = self.request, self.unfinished_bytes
        if arriving is None:
            self.began = time.monotonic()
        taken: bool = super().received(data)
        if self.request is None:
            self.began = None
        elif self.request is not arriving:  # behind one that is whole
            self.began, before = time.monotonic(), 0
        if len(self.requests) > self.clients.limits.pipelined:
            self.clients.leave(self)
        if self.unfinished_bytes // 2**20 > before // 2**20:
            self.clients.make_room_for_bodies()
        return taken

    def send(self, data: bytes, do_close: bool = True) -> int:
        # Never closed here: it may be a worker that finds the client gone, and the map of sockets is not theirs.
        sent = int(super().send(data, do_close=False) or 0)
        self._taken += sent
        return sent

    def _flush_some(self, do_close: bool = True) -> bool:
        with self.outbuf_lock:  # waitress does without, as if no worker could be telling a client to go on
            return bool(super()._flush_some(do_close=do_close))

    def send_continue(self) -> None:
        try:
            super().send_continue()
        except Exception:
            if self.connected:  # else a worker came too late
                raise

    def handle_expt(self) -> None:
        """Nothing: "urgent" bytes are bytes; waitress would say in the log that they came, and say it for ever."""

    def service(self) -> None:
        try:
            super().service()
        except BaseException:
            # waitress would leave the request where it is: nobody would ever look at this connection again.
            with self.requests_lock:
                self.cancel()
            self.server.pull_trigger()
            raise
        finally:
            self.server.task_dispatcher.done(self)

    def reset(self) -> None:
        """Closing it will drop what has not been taken yet."""
        if self.socket is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @property
    def unfinished_bytes(self) -> int:
        """What has arrived of a body that is not whole yet."""
        return 0 if self.request is None else int(self.request.body_bytes_received)

    @property
    def body_bytes(self) -> int:
        """The same, and of bodies that wait for a worker, or have one."""
        return self.unfinished_bytes + sum(int(one.body_bytes_received) for one in list(self.requests))

    @property
    def is_answered(self) -> bool:
        """Whether nobody works for it, and it has taken all that there is for it."""
        return not self.requests and not self.total_outbufs_len

    def is_slow(self, limits: Limits) -> bool:
        """Whether it takes too long over a request, or over taking the answer, or does nothing at all."""
        now = time.monotonic()
        if self._takes_too_little(limits, now):
            return True
        if self.requests or self.total_outbufs_len:
            return False
        if self.began is None:
            return time.time() - float(self.last_activity) > limits.idle_seconds
        earned = self.unfinished_bytes / limits.slowest_bytes_a_second
        return now - self.began > limits.request_seconds + earned

    def _takes_too_little(self, limits: Limits, now: float) -> bool:
        """Also while a worker is at it: one that has much to say waits for the client to take it."""
        if not self.total_outbufs_len:
            self._left = None
            return False
        since, taken = self._left or (now, self._taken)
        if now - since > limits.idle_seconds:
            if self._taken - taken < limits.idle_seconds * limits.slowest_bytes_a_second:
                return True
            since, taken = now, self._taken
        self._left = since, taken
        return False


def _neighbours(address: str) -> str:
    """-> whoever counts as one: an address, of IPv6 the network of 64 bits that a customer has at the least."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


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

    def set_socket_options(self, conn: socket.socket) -> None:
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def handle_error(self) -> None:
        """One client less; waitress would close itself."""
        self.logger.exception("a connection could not be taken")

    def maintenance(self, now: float) -> None:
        """Nothing: waitress waits for ever for a client that takes no bytes, until it can write to it; see tidy()."""


class _Clients:
    """The connections of all listeners. Who gives way is closed between two rounds, when no event is left of it."""

    def __init__(self, sockets: dict[int, Any], limits: Limits, shared: "Sequence[Proxy]" = ()) -> None:
        self.limits = limits
        self._sockets, self._shared = sockets, shared
        self._leaving: list[_Channel] = []
        self._looked_at = 0.0

    def make_room_for_one(self) -> None:
        """One without a request goes first, then the oldest request, then who has been taking an answer longest. Who
        waits for an answer stays, but where one address has most of the room for it."""
        channels = self.everybody()
        if len(channels) < self.limits.connections:
            return
        crowd = Counter(channel.neighbours for channel in channels)
        if answered := [channel for channel in channels if channel.is_answered]:
            self.leave(max(answered, key=lambda one: (crowd[one.neighbours], one.began is None, -_since(one))))
        elif taking := [channel for channel in channels if not channel.requests]:
            self.leave(max(taking, key=lambda one: (crowd[one.neighbours], -one.creation_time)))
        else:
            ((most, count),) = crowd.most_common(1)
            theirs = [channel for channel in channels if channel.neighbours == most]
            if count > self.limits.connections / 2 and not proxies.is_trusted(theirs[0].address, self._shared):
                self.leave(max(theirs, key=lambda one: one.creation_time))

    def make_room_for_bodies(self) -> None:
        """Where too much of bodies lies about, the largest unfinished one of the address that has the most goes."""
        channels = self.everybody()
        if sum(channel.body_bytes for channel in channels) <= self.limits.body_bytes:
            return
        held: Counter[str] = Counter()
        for channel in channels:
            held[channel.neighbours] += channel.body_bytes
        if arriving := [channel for channel in channels if channel.unfinished_bytes]:
            self.leave(max(arriving, key=lambda one: (held[one.neighbours], one.unfinished_bytes)))

    def tidy(self) -> None:
        """After each round: closes who gave way and, now and then, who is too slow."""
        now = time.monotonic()
        if now - self._looked_at >= 1:
            self._looked_at = now
            for channel in self.everybody():
                if channel.is_slow(self.limits):
                    self.leave(channel)
        for channel in self._leaving:
            if channel.total_outbufs_len:  # it will not be whole: nor need the kernel keep the rest for it
                channel.reset()
            with contextlib.suppress(OSError):
                channel.handle_close()
        self._leaving.clear()

    def let_go(self) -> bool:
        """Closes who has nothing under way. -> whether somebody has.

        While a worker was at a request, nobody read what came behind it: that is done once more before.
        """
        for channel in self.everybody():
            if channel.is_answered and channel.request is None:
                if channel.heard_out:
                    self.leave(channel)
                channel.heard_out = True
        self.tidy()
        return bool(self.everybody())

    def everybody(self) -> list[_Channel]:
        # A worker that tells a client to go on with its body may find it gone, and take it out meanwhile.
        sockets = list(self._sockets.values())
        return [one for one in sockets if isinstance(one, _Channel) and one not in self._leaving]

    def leave(self, channel: _Channel) -> None:
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
        address = channel.neighbours
        if not self._speaks_for_many(channel):
            with self._counting:
                if self._at_work[address] >= self._share:
                    self._waiting.setdefault(address, deque()).append(channel)
                    return
                self._at_work[address] += 1
        super().add_task(channel)

    def done(self, channel: _Channel) -> None:
        """A request of its address has been answered: the next one's turn."""
        address = channel.neighbours
        if self._speaks_for_many(channel):
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

    def _speaks_for_many(self, channel: _Channel) -> bool:
        return proxies.is_trusted(channel.address, self._shared)
