"""What can be ordered to go wrong between a Web Connector and a service.

Each order is for the next call of that operation, or for the nth from now, and is used up by it. What goes wrong
within QuickBooks is ordered at the company's own `faults`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .processor import Processor

COM_SERVER_DIED = "0x800706BA"  # QuickBooks went away under the connector (contract.md 7.1)
MODAL_DIALOG = "0x80040414"
ANOTHER_FILE_OPEN = "0x8004040A"


class SwitchedOff(Exception):
    """The connector stops at once: no further call, no end of the session."""


@dataclass(frozen=True)
class Drop:
    """The connection breaks. `arrived`: whether the service got the request before."""

    arrived: bool


@dataclass(frozen=True)
class Off:
    """The connector is switched off. `arrived`: whether the service got the request before."""

    arrived: bool


@dataclass(frozen=True)
class Status:
    """Something on the way answers with an HTTP error in the service's place, which never hears of the call."""

    status: int


@dataclass(frozen=True)
class Action:
    """Something else happens just before the call leaves."""

    act: Callable[[], object]


CallFault = Drop | Off | Status | Action


@dataclass(frozen=True)
class Failure:
    """QuickBooks fails. `executed`: whether what was asked for was done before."""

    hresult: str
    message: str
    executed: bool = False


@dataclass(frozen=True)
class HeldBack:
    """A receiveResponseXML that is delivered in a later update, under the ticket of the session it belongs to."""

    arguments: dict[str, str]
    before: str


@dataclass
class _Ordered:
    fault: CallFault
    nth: int


@dataclass
class ConnectorFaults:
    """The orders that stand. The lower half is what the connector asks and is not for tests."""

    _calls: dict[str, list[_Ordered]] = field(default_factory=dict)
    _begin: deque[Failure] = field(default_factory=deque)
    _host: deque[Failure] = field(default_factory=deque)
    _process: deque[Failure] = field(default_factory=deque)
    _answers: deque[str] = field(default_factory=deque)
    _slow: deque[float] = field(default_factory=deque)
    _companies: deque[Processor] = field(default_factory=deque)
    _held: deque[HeldBack] = field(default_factory=deque)
    _hold_before: deque[str] = field(default_factory=deque)
    _twice: int = 0
    _wrong_passwords: int = 0

    # On the wire

    def lose_next_answer(self, nth: int = 1) -> None:
        """QuickBooks does what it is asked; its answer never reaches the service: the line is down (QBWC1042)."""
        self.drop_before("receiveResponseXML", nth)

    def drop_before(self, operation: str, nth: int = 1) -> None:
        """The line goes down before the call reaches the service."""
        self._order(operation, Drop(arrived=False), nth)

    def drop_after(self, operation: str, nth: int = 1) -> None:
        """The service gets the call; the line goes down before its answer arrives."""
        self._order(operation, Drop(arrived=True), nth)

    def switch_off_before(self, operation: str, nth: int = 1) -> None:
        """The PC is switched off before the call leaves; nothing follows in this update."""
        self._order(operation, Off(arrived=False), nth)

    def switch_off_after(self, operation: str, nth: int = 1) -> None:
        """The PC is switched off when the service has got the call."""
        self._order(operation, Off(arrived=True), nth)

    def answer_status(self, operation: str, status: int = 500, nth: int = 1) -> None:
        """A proxy answers the call with an HTTP status; the service never hears of it."""
        self._order(operation, Status(status), nth)

    def before(self, operation: str, act: Callable[[], object], nth: int = 1) -> None:
        """`act` is called just before the call leaves: another connector polls, a clock goes on, an order comes in."""
        self._order(operation, Action(act), nth)

    def deliver_twice(self, times: int = 1) -> None:
        """The next receiveResponseXML reaches the service two times; the second answer counts."""
        self._twice += times

    def deliver_late(self, *, before: str = "sendRequestXML") -> None:
        """The next receiveResponseXML is lost; it arrives in the next update that makes the call `before`, under its
        old ticket and just before that call."""
        self._hold_before.append(before)

    # At QuickBooks

    def another_file_open(self, times: int = 1) -> None:
        """QuickBooks has a company file open that is not the one asked for."""
        self.begin_fails(ANOTHER_FILE_OPEN, "A QuickBooks company data file is already open.", times)

    def begin_fails(self, hresult: str, message: str = "Could not start QuickBooks.", times: int = 1) -> None:
        """BeginSession fails, so that connectionError is called."""
        self._begin.extend([Failure(hresult, message)] * times)

    def host_query_fails(self, hresult: str = COM_SERVER_DIED, message: str = "", times: int = 1) -> None:
        """The questions that the connector asks of its own at the start of a session fail (QBWC1014)."""
        self._host.extend([Failure(hresult, message)] * times)

    def modal_dialog(self, times: int = 1) -> None:
        """Somebody left a dialog open in QuickBooks: it does nothing until that is closed."""
        self.hresult_next(MODAL_DIALOG, "A modal dialog box is showing in the QuickBooks user interface.", times=times)

    def hresult_next(
        self,
        hresult: str = COM_SERVER_DIED,
        message: str = "The RPC server is unavailable.",
        *,
        executed: bool = False,
        times: int = 1,
    ) -> None:
        """The service gets an HRESULT in place of an answer, whether or not QuickBooks did what it was asked."""
        self._process.extend([Failure(hresult, message, executed)] * times)

    def replace_next_answer(self, response: str) -> None:
        """QuickBooks does what it is asked; the service gets this text as its answer."""
        self._answers.append(response)

    def slow_answer(self, seconds: float, times: int = 1) -> None:
        """QuickBooks needs so long for the next message."""
        self._slow.extend([seconds] * times)

    def open_company(self, company: Processor, times: int = 1) -> None:
        """In the next updates another company file is the open one."""
        self._companies.extend([company] * times)

    # At the user

    def wrong_password(self, times: int = 1) -> None:
        """The user has typed a wrong password."""
        self._wrong_passwords += times

    # What the connector asks

    def _order(self, operation: str, fault: CallFault, nth: int) -> None:
        if nth < 1:
            raise ValueError("the first call from now is number 1")
        self._calls.setdefault(operation, []).append(_Ordered(fault, nth))

    def take_call(self, operation: str) -> list[CallFault]:
        """-> what is ordered for this call; counts it."""
        due: list[CallFault] = []
        left = []
        for ordered in self._calls.get(operation, []):
            ordered.nth -= 1
            if ordered.nth == 0:
                due.append(ordered.fault)
            else:
                left.append(ordered)
        self._calls[operation] = left
        return due

    def take_begin(self) -> Failure | None:
        return self._begin.popleft() if self._begin else None

    def take_host(self) -> Failure | None:
        return self._host.popleft() if self._host else None

    def take_process(self) -> Failure | None:
        return self._process.popleft() if self._process else None

    def take_answer(self) -> str | None:
        return self._answers.popleft() if self._answers else None

    def take_slow(self) -> float:
        return self._slow.popleft() if self._slow else 0.0

    def take_company(self) -> Processor | None:
        return self._companies.popleft() if self._companies else None

    def take_twice(self) -> bool:
        self._twice, due = max(0, self._twice - 1), self._twice > 0
        return due

    def take_wrong_password(self) -> bool:
        self._wrong_passwords, due = max(0, self._wrong_passwords - 1), self._wrong_passwords > 0
        return due

    def hold(self, arguments: dict[str, str]) -> bool:
        """-> True when this receiveResponseXML is to be held back, and is now."""
        if not self._hold_before:
            return False
        self._held.append(HeldBack(arguments, self._hold_before.popleft()))
        return True

    def take_held(self, before: str, ticket: str) -> dict[str, str] | None:
        """-> what is due just before this call of a session that is not the one with that ticket."""
        for held in self._held:
            if held.before == before and held.arguments["ticket"] != ticket:
                self._held.remove(held)
                return held.arguments
        return None
