"""The parts of waitress that qbwc_service/server.py builds on, and which waitress promises to nobody."""

import inspect
import socket
from importlib.metadata import version
from typing import Any

import pytest
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from qbwc_service import server

CALLED: list[tuple[Any, str, tuple[str, ...]]] = [
    (HTTPChannel, "__init__", ("self", "server", "sock", "addr", "adj", "map")),
    (HTTPChannel, "received", ("self", "data")),
    (HTTPChannel, "send", ("self", "data", "do_close")),
    (HTTPChannel, "_flush_some", ("self", "do_close")),
    (HTTPChannel, "send_continue", ("self",)),
    (HTTPChannel, "handle_expt", ("self",)),
    (HTTPChannel, "service", ("self",)),
    (HTTPChannel, "cancel", ("self",)),
    (HTTPChannel, "handle_close", ("self",)),
    (TcpWSGIServer, "handle_accept", ("self",)),
    (TcpWSGIServer, "set_socket_options", ("self", "conn")),
    (TcpWSGIServer, "handle_error", ("self",)),
    (TcpWSGIServer, "maintenance", ("self", "now")),
    (TcpWSGIServer, "pull_trigger", ("self",)),
    (ThreadedTaskDispatcher, "add_task", ("self", "task")),
    (ThreadedTaskDispatcher, "set_thread_count", ("self", "count")),
    (ThreadedTaskDispatcher, "shutdown", ("self", "cancel_pending", "timeout")),
    (wasyncore.dispatcher, "close", ("self",)),
    (wasyncore, "loop", ("timeout", "use_poll", "map", "count")),
    (wasyncore, "close_all", ("map", "ignore_all")),
]
HELD: list[tuple[Any, str, object]] = [
    ("channel", "requests", []),
    ("channel", "request", None),
    ("channel", "total_outbufs_len", 0),
    ("channel", "will_close", False),
    ("channel", "connected", True),
    ("channel", "socket", socket.socket),
    ("channel", "last_activity", float),
    ("channel", "creation_time", float),
    ("channel", "requests_lock", None),
    ("channel", "server", TcpWSGIServer),
    ("parser", "body_bytes_received", 0),
    ("listener", "task_dispatcher", ThreadedTaskDispatcher),
    ("listener", "effective_port", None),
    ("listener", "channel_class", None),
    ("workers", "threads", set()),
]


def told(what: str) -> str:
    return (
        f"waitress {version('waitress')} {what}: qbwc_service/server.py needs it. Read there what it is for, and the"
        " new source of waitress, before you let that version in (pyproject.toml)."
    )


@pytest.mark.parametrize(("owner", "name", "parameters"), CALLED, ids=lambda value: getattr(value, "__name__", None))
def test_what_is_called_or_overridden_is_there(owner: Any, name: str, parameters: tuple[str, ...]) -> None:
    found = getattr(owner, name, None)
    assert found is not None, told(f"has no {owner.__name__}.{name}")
    has = tuple(inspect.signature(found).parameters)
    assert has[: len(parameters)] == parameters, told(f"has {owner.__name__}.{name} with {has}, not {parameters}")


@pytest.fixture
def parts():
    """One of each, as they are when somebody has just connected."""
    sockets: dict[int, Any] = {}
    workers = ThreadedTaskDispatcher()
    adjustments = Adjustments(host="127.0.0.1", port=0)
    listener = TcpWSGIServer(
        lambda *_: [], sockets, dispatcher=workers, adj=adjustments, sockinfo=adjustments.listen[0]
    )
    here, there = socket.socketpair()
    channel = HTTPChannel(listener, here, ("192.0.2.1", 1), adjustments, map=sockets)
    assert channel in sockets.values()
    yield {"channel": channel, "listener": listener, "workers": workers, "parser": HTTPRequestParser(adjustments)}
    there.close()
    wasyncore.close_all(sockets)


@pytest.mark.parametrize(("part", "name", "value"), HELD)
def test_what_is_looked_at_is_there(parts: dict[str, Any], part: str, name: str, value: object) -> None:
    owner = parts[part]
    assert hasattr(owner, name), told(f"has no {type(owner).__name__}.{name}")
    found = getattr(owner, name)
    if isinstance(value, type):
        assert isinstance(found, value), told(f"has {type(owner).__name__}.{name}, but it is {found!r}")
    elif value is not None:
        assert found == value, told(f"begins with {type(owner).__name__}.{name} as {found!r}, not {value!r}")


def test_the_lock_of_what_goes_out_may_be_taken_twice(parts: dict[str, Any]) -> None:
    with parts["channel"].outbuf_lock:
        assert parts["channel"].outbuf_lock.acquire(blocking=False), told("has another lock there")
        parts["channel"].outbuf_lock.release()


def test_a_connection_with_a_request_at_work_is_not_read_further(parts: dict[str, Any]) -> None:
    """So a worker never has more of one connection than what came with its first request; a client that has gone is
    not noticed before it has been answered."""
    channel = parts["channel"]
    assert channel.readable()
    channel.requests = [parts["parser"]]
    assert not channel.readable(), told("reads on while a request is at work")


def test_a_request_stands_first_until_it_has_been_answered() -> None:
    """`requests` not being empty means that somebody works for the connection, or will."""
    source = inspect.getsource(HTTPChannel.service)
    assert source.index("self.requests[0]") < source.index("task.service()") < source.index("self.requests.pop(0)"), (
        told("takes a request out of `requests` at another time")
    )


def test_every_method_that_we_put_in_the_place_of_one_of_theirs_is_checked_above() -> None:
    checked = {(owner.__name__, name) for owner, name, _ in CALLED}
    for ours in (server._Channel, server._Listener, server._Workers):
        theirs = ours.__mro__[1]
        overridden = {name for name, value in vars(ours).items() if inspect.isfunction(value) and hasattr(theirs, name)}
        assert {(theirs.__name__, name) for name in overridden - {"__init__"}} <= checked
