"""Each request has an id: it stands in the answer's X-Request-Id, on pages of failures, and in each line of the log."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-Id"
_GOOD = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str | None] = ContextVar("qbwc_request_id", default=None)


def current() -> str | None:
    """-> the id of the request at hand; None outside of requests: in commands, in the ticker."""
    return _current.get()


def obtain() -> str:
    """-> the id of the request at hand, or a new one where there is none: for an application that stands alone."""
    return _current.get() or uuid.uuid4().hex


@contextmanager
def during(given: str | None) -> Iterator[str]:
    """-> the id of the request that is answered meanwhile: the one given, where it is a decent one, or a new one."""
    request_id = given if given is not None and _GOOD.fullmatch(given) else uuid.uuid4().hex
    before = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(before)
