"""The Web Connector: one application of it, added from its .qwc file, that polls one service (contract.md part 2)."""

import pathlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from .calls import Calls
from .connector_faults import ConnectorFaults, SwitchedOff
from .errors import StampClash
from .processor import Processor
from .qwc import QwcRefused, read
from .switches import Switches
from .update import Exchange, Update
from .wire import Wire, status_of

VERSION = "2.3.0.215"


@dataclass(frozen=True)
class Outcome:
    """What one update came to.

    `status` is what the Status column says, `code` the QBWC number or "" when nothing went wrong, `round_trips` how
    many messages of the service were given to QuickBooks, `calls` the operations called, in sequence; `last_error`
    what getLastError told. `postponed_seconds` and `at_least_every_seconds` are authenticate's third and fourth string.
    """

    status: str
    code: str = ""
    round_trips: int = 0
    calls: tuple[str, ...] = ()
    last_error: str = ""
    exchanges: tuple[Exchange, ...] = ()
    postponed_seconds: int | None = None
    at_least_every_seconds: int | None = None


class WebConnector:
    """One application in the Web Connector's list, and the company file it was added to.

    With `owner_id` and `file_id` the company is stamped now, as when a .qwc file is added; QwcRefused (QBWC1039) if it
    bears another FileID of that owner.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        company: Processor,
        *,
        app_name: str = "qbwc",
        owner_id: str | None = None,
        file_id: str | None = None,
        every_seconds: int | None = None,
        version: str = VERSION,
        switches: Switches | None = None,
        machine: str = "SIMULATOR",
        timeout_seconds: float = 100.0,
        most_calls: int = 2000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self.username = username
        self.password = password
        self.company = company
        self.app_name = app_name
        self.owner_id = owner_id
        self.every_seconds = every_seconds
        self.version = version
        self.switches = switches or Switches()
        self.machine = machine
        self.timeout_seconds = timeout_seconds
        self.most_calls = most_calls
        self.sleep = sleep
        self.faults = ConnectorFaults()
        if owner_id is not None and file_id is not None:
            _stamp(company, owner_id, file_id)

    @classmethod
    def from_qwc(
        cls,
        source: str | pathlib.Path,
        password: str,
        company: Processor,
        *,
        version: str = VERSION,
        switches: Switches | None = None,
        machine: str = "SIMULATOR",
        timeout_seconds: float = 100.0,
        most_calls: int = 2000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> "WebConnector":
        """-> the application of a .qwc file (its text or path). Fetches nothing; see `look_up`. Raises QwcRefused."""
        file = read(source)
        return cls(
            file.app_url,
            file.user_name,
            password,
            company,
            app_name=file.app_name,
            owner_id=file.owner_id,
            file_id=file.file_id,
            every_seconds=file.every_seconds,
            version=version,
            switches=switches,
            machine=machine,
            timeout_seconds=timeout_seconds,
            most_calls=most_calls,
            sleep=sleep,
        )

    def poll(self) -> Outcome:
        """One update: what "Update Selected" does.

        Raises soap.ContractBroken when the service answers what a .NET client would not take, and EndlessSession when
        it never comes to an end. Everything else that goes wrong is in the outcome.
        """
        if not self.password:
            return Outcome("Password not set", "QBWC1030")
        company = self.faults.take_company() or self.company
        wire = Wire(self.url, timeout_seconds=self.timeout_seconds, expect_continue=self.switches.expect_continue)
        calls = Calls(wire, self.faults, self.most_calls)
        update = Update(
            calls,
            company,
            self.switches,
            self.faults,
            app_name=self.app_name,
            owner_id=self.owner_id or company.owner_id,
            machine=self.machine,
            sleep=self.sleep,
        )
        try:
            update.run(self.version, self.username, self._typed_password())
        except SwitchedOff:
            update.status = "Switched off"
        finally:
            wire.close()
            update.leave_quickbooks()
        return Outcome(
            status=update.status,
            code=update.code,
            round_trips=len(update.exchanges),
            calls=tuple(calls.made),
            last_error=update.last_error,
            exchanges=tuple(update.exchanges),
            postponed_seconds=update.postponed_seconds,
            at_least_every_seconds=update.at_least_every_seconds,
        )

    def _typed_password(self) -> str:
        return f"not {self.password}" if self.faults.take_wrong_password() else self.password


def look_up(source: str | pathlib.Path, *, timeout_seconds: float = 30.0) -> None:
    """Ask for the pages of a .qwc file as the Web Connector does when it is added (contract.md 1.6).

    Raises QwcRefused: AppSupport must answer 200 or 202, and the address of the certificate must answer well.
    """
    file = read(source)
    try:
        found = status_of(file.app_support, timeout_seconds)
    except OSError as error:
        raise QwcRefused("QBWC1004", f"AppSupport cannot be reached: {error}") from None
    if found not in (200, 202):
        raise QwcRefused("QBWC1003", f"AppSupport answered {found}")
    try:
        found = status_of(file.cert_url, timeout_seconds)
    except OSError as error:
        raise QwcRefused("QBWC1048", f"the certificate cannot be verified: {error}") from None
    if found != 200:
        raise QwcRefused("QBWC1048", f"{file.cert_url} answered {found}")


def _stamp(company: Processor, owner_id: str, file_id: str) -> None:
    try:
        company.stamp(owner_id, file_id)
    except StampClash as clash:
        raise QwcRefused("QBWC1039", f"unique OwnerID/FileID pair value required: {clash}") from None
