"""What reads QuickBooks' XML runs in a thread of its own.

lxml keeps each name of an element or attribute that it meets, for as long as the thread lives that met it; and who
writes an answer may put a million names into it.
"""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


def apart(work: Callable[[], Result]) -> Result:
    """-> what `work` gives, or raises what it raises; it takes some 50 microseconds. Context variables go along."""
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="answer", daemon=True)
    thread.start()
    thread.join()
    return outcome.result()
