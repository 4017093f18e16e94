"""Work in a thread of its own, as it looks to who asks for it."""

import contextvars
import threading

import pytest

from qbwc_service.connector.apart import apart

WHO = contextvars.ContextVar("who", default="nobody")


def test_it_gives_what_the_work_gives_from_a_thread_that_is_gone_by_then():
    there = apart(threading.current_thread)
    assert there is not threading.current_thread()
    assert not there.is_alive()


def test_the_work_knows_for_whom_it_is_done():
    token = WHO.set("somebody")
    try:
        assert apart(WHO.get) == "somebody"
    finally:
        WHO.reset(token)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_it_raises_what_the_work_raises(kind):
    def fail():
        raise kind("so it is")

    with pytest.raises(kind, match="so it is"):
        apart(fail)
