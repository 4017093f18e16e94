"""What the Web Connector is told while the database is away or its disk is full: words by which it comes again.

Each call is one transaction, so nothing was done. What QuickBooks answered and could not be stored is looked up there
in the next session, as after any answer that got lost (design.md part 1, 4).
"""

import logging
from typing import TYPE_CHECKING

from ..db.engine import OUTAGES
from ..secrets import new_ticket

if TYPE_CHECKING:
    from .contract import Sessions

MOST_FAILED = 10_000
SAID = "The service cannot reach its database, or has no room to write. The next update goes on by itself."

log = logging.getLogger(__name__)


class Sheltered:
    """The calls of `sessions`, of which none fails for want of the database."""

    def __init__(self, sessions: "Sessions") -> None:
        self._sessions = sessions
        self._failed: set[str] = set()  # tickets of sessions that end for it; the reason could not be stored

    @property
    def server_version(self) -> str:
        return self._sessions.server_version

    def client_version(self, version: str, remote: str) -> str:
        return self._sessions.client_version(version, remote)

    def authenticate(self, username: str, password: str, remote: str) -> tuple[str, ...]:
        """`busy`: "Application busy" stands in the Status column, and the next update comes when it is due (2.2)."""
        try:
            return self._sessions.authenticate(username, password, remote)
        except OUTAGES as error:
            _tell("authenticate", error)
            return new_ticket(), "busy"

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int
    ) -> str:
        """ "", which leads to getLastError."""
        try:
            return self._sessions.send_request(ticket, hcp_response, company_file, country, major, minor)
        except OUTAGES as error:
            _tell("sendRequestXML", error)
            self._note(ticket)
            return ""

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        """Below zero, which leads to getLastError."""
        try:
            return self._sessions.receive_response(ticket, response, hresult, message)
        except OUTAGES as error:
            _tell("receiveResponseXML", error)
            self._note(ticket)
            return -1

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        try:
            return self._sessions.connection_error(ticket, hresult, message)
        except OUTAGES as error:
            _tell("connectionError", error)
            return "done"

    def last_error(self, ticket: str) -> str:
        if ticket in self._failed:
            return SAID
        try:
            return self._sessions.last_error(ticket)
        except OUTAGES as error:
            _tell("getLastError", error)
            return SAID

    def close(self, ticket: str) -> str:
        try:
            return self._sessions.close(ticket)
        except OUTAGES as error:
            _tell("closeConnection", error)
            return SAID
        finally:
            self._failed.discard(ticket)

    def _note(self, ticket: str) -> None:
        if len(self._failed) >= MOST_FAILED:
            self._failed.clear()
        self._failed.add(ticket[:64])


def _tell(call: str, error: Exception) -> None:
    """Without the statement: what it was given may be a ticket, or what QuickBooks answered."""
    cause = getattr(error, "orig", None) or error
    said = str(cause).strip().splitlines()
    log.error("the database failed under a call", extra={"call": call, "error": type(cause).__name__, "said": said[:1]})
