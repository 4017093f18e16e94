"""What can be ordered to go wrong within QuickBooks; each order is used up by what it was for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .errors import RequestFailed
from .refusals import WORDS, Refused

SERVER_DIED = "0x800706BA"  # QuickBooks went away under the caller (contract.md 7.1, 0x800706xx)
_DIED = "The RPC server is unavailable."
TEXTS = {
    "0x80040401": "Could not access QuickBooks.",
    "0x80040402": "Unexpected error. Check the qbsdklog.txt file for possible, additional information.",
    "0x80040408": "Could not start QuickBooks.",
    "0x8004040A": "QuickBooks company data file is already open and it is different from the one requested.",
    "0x8004040D": "The ticket parameter is invalid.",
    "0x80040410": "The QuickBooks company data file is currently open in a mode other than the one specified.",
    "0x80040414": "A modal dialog box is showing in the QuickBooks user interface.",
    "0x80040420": "The QuickBooks user has denied access.",
    SERVER_DIED: _DIED,
}


@dataclass
class BookFaults:
    """The orders that stand. Tests call the upper half, the company the lower."""

    _refusals: dict[str, deque[Refused]] = field(default_factory=dict)
    _hresults: deque[RequestFailed] = field(default_factory=deque)
    _begins: deque[RequestFailed] = field(default_factory=deque)
    _before: int = 0
    _after_requests: deque[int] = field(default_factory=deque)
    _after_commit: int = 0
    _store_fails: int = 0

    def refuse_next(self, kind: str, code: int, message: str = "", times: int = 1) -> None:
        """The next requests of that kind ("InvoiceAdd") are refused with that statusCode, and nothing is done."""
        said = message or WORDS.get(code, "There was an error when processing the request.")
        self._refusals.setdefault(kind, deque()).extend(Refused(code, said) for _ in range(times))

    def hresult_next(self, code: str, times: int = 1) -> None:
        """The next message sets fail with that HRESULT, before anything of them is done."""
        self._hresults.extend(failure(code) for _ in range(times))

    def kill_before(self) -> None:
        """QuickBooks dies before it does anything of the next message set."""
        self._before += 1

    def kill_after(self, requests: int) -> None:
        """QuickBooks dies when it has done so many requests of the next message set; it remembers no set."""
        self._after_requests.append(requests)

    def kill_after_commit(self) -> None:
        """QuickBooks dies when it has done the whole next message set and remembered it."""
        self._after_commit += 1

    def begin_fails(self, hresult: str, times: int = 1) -> None:
        """The next sessions cannot be begun."""
        self._begins.extend(failure(hresult) for _ in range(times))

    def fail_to_store(self, times: int = 1) -> None:
        """The next message sets are done, but not remembered: 9005."""
        self._store_fails += times

    def take_refusal(self, kind: str) -> Refused | None:
        ordered = self._refusals.get(kind)
        return ordered.popleft() if ordered else None

    def check_begin(self) -> None:
        if self._begins:
            raise self._begins.popleft()

    def check_process(self) -> None:
        if self._hresults:
            raise self._hresults.popleft()
        if self._before:
            self._before -= 1
            raise failure(SERVER_DIED)

    def take_kill_after(self) -> int | None:
        return self._after_requests.popleft() if self._after_requests else None

    def check_commit(self) -> None:
        if self._after_commit:
            self._after_commit -= 1
            raise failure(SERVER_DIED)

    def take_store_failure(self) -> bool:
        if self._store_fails:
            self._store_fails -= 1
            return True
        return False


def failure(hresult: str) -> RequestFailed:
    return RequestFailed(hresult, TEXTS.get(hresult, "QuickBooks reported an error."))
