"""One update of the Web Connector: what it calls next, as contract.md 2.9 has it."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .calls import Calls
from .connector_faults import ConnectorFaults
from .errors import RequestFailed
from .processor import Processor
from .soap import CallFailed, ContractBroken
from .switches import FollowUp, Interactive, Switches, VersionCall

NO_OP_PAUSE_SECONDS = 5.0
INTERACTIVE_PAUSE_SECONDS = 60.0
SESSION_LOST = ("0x8004040D", "Invalid ticket: the session with QuickBooks was dropped.")
# The code that an exception in each operation is logged under (contract.md part 4, QBWC error codes).
CODES = {
    "clientVersion": "QBWC1036",
    "authenticate": "QBWC1012",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "getLastError": "QBWC1043",
    "closeConnection": "QBWC1044",
    "connectionError": "QBWC1045",
}
_NO_SESSION = {
    "none": ("No data exchange required", ""),
    "nvu": ("Invalid password for username", "QBWC1040"),
    "busy": ("Application busy", ""),
}


@dataclass(frozen=True)
class Exchange:
    """A message that went to QuickBooks, and what came of it; `percent` is None if receiveResponseXML had no answer."""

    request: str
    response: str
    hresult: str
    message: str
    percent: int | None


class Update:
    """`run` makes the calls; what it found stands in the attributes then."""

    def __init__(
        self,
        calls: Calls,
        company: Processor,
        switches: Switches,
        faults: ConnectorFaults,
        *,
        app_name: str,
        owner_id: str | None,
        machine: str,
        sleep: Callable[[float], None],
    ) -> None:
        self._calls = calls
        self._company = company
        self._switches = switches
        self._faults = faults
        self._app_name = app_name
        self._owner_id = owner_id
        self._machine = machine
        self._sleep = sleep
        self._session: str | None = None
        self._session_lost = False
        self._authenticated = False
        self.status = ""
        self.code = ""
        self.last_error = ""
        self.exchanges: list[Exchange] = []
        self.postponed_seconds: int | None = None
        self.at_least_every_seconds: int | None = None

    def run(self, version: str, username: str, password: str) -> None:
        try:
            if not self._tell_versions(version):
                return
            file = self._authenticate(username, password)
            if file is not None and self._connect(file):
                self._exchange_all(self._ask_host())
        except RequestFailed as failure:  # from _ask_host alone
            self._end(f"{failure.hresult} {failure.message}", "QBWC1014")
            self._follow(self._switches.after_broken_company)
        except CallFailed as failure:
            # The code of the call itself tells more than that of what led to it.
            self.status, self.code = str(failure), CODES[failure.operation]
            if self._authenticated:
                self._follow(self._switches.after_failed_call, but=failure.operation)

    def leave_quickbooks(self) -> None:
        """EndSession and CloseConnection; also what QuickBooks notices when the connector is gone."""
        session, self._session = self._session, None
        if session is not None:
            self._company.end_session(session)

    # Before the session

    def _tell_versions(self, version: str) -> bool:
        """-> whether the service lets this version go on (contract.md 1.6, 2.1)."""
        arguments = {
            VersionCall.BARE: {},
            VersionCall.WITH_VERSION: {"strVersion": version},
            VersionCall.WITH_TICKET: {"ticket": ""},
        }
        if self._switches.server_version is not VersionCall.NOT_AT_ALL:
            with suppress(CallFailed):  # its value is only shown, and it may be missing
                self._calls.server_version(arguments[self._switches.server_version])
        try:
            answer = self._calls.client_version(version)
        except CallFailed as failure:
            # An old service lacks the operation, and says so in HTTP.
            if failure.status is None or not self._switches.missing_client_version_tolerated:
                raise
            answer = ""
        return self._version_accepted(answer)

    def _version_accepted(self, answer: str) -> bool:
        if not answer:
            return True
        kind = answer[:2]
        if kind == "W:" and self._switches.warning_accepted:
            return True
        if kind == "O:" and self._switches.okay_goes_on:
            return True
        if kind in ("W:", "E:", "O:"):
            self._end(answer[2:], "QBWC1037")
        else:
            self._end(f"clientVersion answered {answer!r}", "QBWC1046")
        return False

    def _authenticate(self, username: str, password: str) -> str | None:
        """-> the company file to open ("" is the open one), or None when there is to be no session (2.2)."""
        strings = [*self._calls.authenticate(username, password), "", ""]
        self._authenticated = True
        file, postponed, least = strings[1], _seconds(strings[2]), _seconds(strings[3])
        if self._switches.auto_run:
            self.postponed_seconds, self.at_least_every_seconds = postponed, least
        refusal = _NO_SESSION.get(file.lower())
        if refusal is not None:
            self._end(*refusal)
            busy = file.lower() == "busy"
            if self._switches.close_after_busy if busy else self._switches.close_after_refusal:
                self._follow(FollowUp.CLOSE)
            return None
        if self.postponed_seconds is not None:
            self._end("Update postponed by application")
            return None
        return file

    def _connect(self, file: str) -> bool:
        """-> whether QuickBooks is open; the service hears of each failure and may name another file (2.6)."""
        while True:
            try:
                self._begin(file)
            except RequestFailed as failure:
                self.status, self.code = f"{failure.hresult} {failure.message}", "QBWC1013"
                file = self._calls.connection_error(failure.hresult, failure.message)
                if file.lower() == "done":
                    self._follow(self._switches.after_done)
                    return False
            else:
                self.status, self.code = "", ""
                self._session = str(uuid.uuid4())
                return True

    def _begin(self, file: str) -> None:
        ordered = self._faults.take_begin()
        if ordered is not None:
            raise RequestFailed(ordered.hresult, ordered.message)
        self._company.begin_session(file)

    def _ask_host(self) -> str:
        ordered = self._faults.take_host()
        if ordered is not None:
            raise RequestFailed(ordered.hresult, ordered.message)
        if self._owner_id is not None:
            self._company.lock(self._owner_id, self._machine)
        return self._company.host_xml(self._owner_id)

    # The session

    def _exchange_all(self, hcp_response: str) -> None:
        goes_on = True
        while goes_on:
            request = self._calls.send_request(
                hcp_response, self._company.file_name, self._company.country, self._company.qbxml_version
            )
            hcp_response = ""
            if not request or (self._switches.no_op_is_no_request and request.lower() == "noop"):
                goes_on = self._ask_why()
            else:
                goes_on = self._exchange(request)
        self._close()

    def _exchange(self, request: str) -> bool:
        """-> whether sendRequestXML is next."""
        self._sleep_if(self._faults.take_slow())
        response, hresult, message = self._process(request)
        self.exchanges.append(Exchange(request, response, hresult, message, None))
        percent = self._calls.receive_response(response, hresult, message)
        self.exchanges[-1] = Exchange(request, response, hresult, message, percent)
        if percent < 0 or (percent == 0 and not self._switches.zero_goes_on):
            self._end("", "QBWC1031")
            return self._ask_why(after_refusal=True)
        return percent < 100 or (percent > 100 and not self._switches.over_hundred_is_done)

    def _process(self, request: str) -> tuple[str, str, str]:
        """-> response, hresult and message, as receiveResponseXML takes them (2.4)."""
        ordered = self._faults.take_process()
        try:
            if self._session_lost:
                raise RequestFailed(*SESSION_LOST)
            if ordered is not None and not ordered.executed:
                raise RequestFailed(ordered.hresult, ordered.message)
            response = self._company.process(request, app_name=self._app_name, session=self._session or "")
            if ordered is not None:
                raise RequestFailed(ordered.hresult, ordered.message)
        except RequestFailed as failure:
            # QuickBooks went away: its session is gone with it, though the connector's goes on.
            self._session_lost |= failure.hresult.lower().startswith(("0x8001", "0x800706"))
            return "", failure.hresult, failure.message
        replaced = self._faults.take_answer()
        return (response if replaced is None else replaced), "", ""

    def _ask_why(self, *, after_refusal: bool = False) -> bool:
        """-> whether sendRequestXML is next, after getLastError told what is the matter (2.5)."""
        text = self._calls.last_error()
        if text.lower() == "noop" and (not after_refusal or self._switches.no_op_after_refusal_waits):
            self._sleep(NO_OP_PAUSE_SECONDS)
            return True
        if text.lower() == "interactive mode" and not after_refusal:
            return self._interact()
        self.last_error = text
        if not text or after_refusal:
            self._end(text, "QBWC1031")
        return False

    def _interact(self) -> bool:
        """-> whether sendRequestXML is next (2.8; the words are those of Intuit's sample)."""
        if self._switches.interactive is Interactive.REFUSED:
            answer = self._calls.interactive_rejected("the user said no")
        else:
            self._calls.interactive_url(self._session or "")
            answer = self._calls.interactive_done()
            while not answer and not self._switches.empty_ends_interactive:
                self._sleep(INTERACTIVE_PAUSE_SECONDS)
                answer = self._calls.interactive_done()
        if answer.lower() == "continue":
            return True
        if answer and answer.lower() != "done":
            self._end(answer, "QBWC1031")
        return False

    # The end

    def _close(self) -> None:
        if self._switches.quickbooks_closed_first:
            self.leave_quickbooks()
        self.status = self._calls.close_connection() or "Update completed"
        self.leave_quickbooks()

    def _follow(self, follow_up: FollowUp, *, but: str = "") -> None:
        """The calls after an end that no document describes; what fails then changes nothing any more."""
        try:
            for operation in follow_up.value:
                if operation == "getLastError" and operation != but:
                    self.last_error = self._calls.last_error()
                elif operation == "closeConnection" and operation != but:
                    self._calls.close_connection()
        except CallFailed as failure:
            self.code = self.code or CODES[failure.operation]

    def _end(self, status: str, code: str = "") -> None:
        """The first trouble is the one that is told."""
        self.status = self.status or status
        self.code = self.code or code

    def _sleep_if(self, seconds: float) -> None:
        if seconds:
            self._sleep(seconds)


def _seconds(text: str) -> int | None:
    if not text:
        return None
    if not text.strip().isdecimal():
        raise ContractBroken("authenticate", f"{text!r} is no number of seconds")
    return int(text)
