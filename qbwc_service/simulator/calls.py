"""The operations of the contract, as calls of the Web Connector (contract.md 1.2), with the faults that are ordered."""

from dataclasses import dataclass

from .connector_faults import Action, ConnectorFaults, Drop, Off, Status, SwitchedOff
from .soap import CallFailed, HttpAnswer, read_int, read_string, read_strings, request
from .wire import Wire

OPERATIONS = (
    "serverVersion",
    "clientVersion",
    "authenticate",
    "sendRequestXML",
    "receiveResponseXML",
    "connectionError",
    "getLastError",
    "closeConnection",
    "getInteractiveURL",
    "interactiveDone",
    "interactiveRejected",
)


@dataclass(eq=False)
class EndlessSession(ValueError):
    """A service that does not come to an end within so many calls; a real connector would go on for ever."""

    calls: int

    def __str__(self) -> str:
        return f"the session has not ended after {self.calls} calls"


class Calls:
    """The calls of one update. Each may raise CallFailed, ContractBroken, SwitchedOff; `made` lists all that left."""

    def __init__(self, wire: Wire, faults: ConnectorFaults, most: int) -> None:
        self._wire = wire
        self._faults = faults
        self._most = most
        self.made: list[str] = []
        self.ticket = ""

    def server_version(self, arguments: dict[str, str]) -> str:
        return self._string("serverVersion", arguments)

    def client_version(self, version: str) -> str:
        return self._string("clientVersion", {"strVersion": version})

    def authenticate(self, username: str, password: str) -> list[str]:
        """-> the two to four strings; `ticket` is the first from now on."""
        answer = self._call("authenticate", {"strUserName": username, "strPassword": password})
        strings = read_strings("authenticate", answer)
        self.ticket = strings[0]
        return strings

    def send_request(self, hcp_response: str, company_file: str, country: str, version: str) -> str:
        major, _, minor = version.partition(".")
        return self._string(
            "sendRequestXML",
            {
                "ticket": self.ticket,
                "strHCPResponse": hcp_response,
                "strCompanyFileName": company_file,
                "qbXMLCountry": country,
                "qbXMLMajorVers": major,
                "qbXMLMinorVers": minor or "0",
            },
        )

    def receive_response(self, response: str, hresult: str, message: str) -> int:
        arguments = {"ticket": self.ticket, "response": response, "hresult": hresult, "message": message}
        if self._faults.hold(arguments):
            raise CallFailed("receiveResponseXML", "the call is held back")
        answer = self._call("receiveResponseXML", arguments)
        if self._faults.take_twice():
            answer = self._call("receiveResponseXML", arguments)
        return read_int("receiveResponseXML", answer)

    def connection_error(self, hresult: str, message: str) -> str:
        return self._string("connectionError", {"ticket": self.ticket, "hresult": hresult, "message": message})

    def last_error(self) -> str:
        return self._string("getLastError", {"ticket": self.ticket})

    def close_connection(self) -> str:
        return self._string("closeConnection", {"ticket": self.ticket})

    def interactive_url(self, session: str) -> str:
        return self._string("getInteractiveURL", {"wcTicket": self.ticket, "sessionID": session})

    def interactive_done(self) -> str:
        return self._string("interactiveDone", {"wcTicket": self.ticket})

    def interactive_rejected(self, reason: str) -> str:
        return self._string("interactiveRejected", {"wcTicket": self.ticket, "reason": reason})

    def _string(self, operation: str, arguments: dict[str, str]) -> str:
        return read_string(operation, self._call(operation, arguments))

    def _call(self, operation: str, arguments: dict[str, str]) -> HttpAnswer:
        held = self._faults.take_held(operation, self.ticket)
        if held is not None:
            read_int("receiveResponseXML", self._post("receiveResponseXML", held))
        self._go_wrong(operation, arguments)
        return self._post(operation, arguments)

    def _go_wrong(self, operation: str, arguments: dict[str, str]) -> None:
        for fault in self._faults.take_call(operation):
            match fault:
                case Action(act):
                    act()
                case Status(status):
                    self.made.append(operation)
                    raise CallFailed(operation, f"HTTP status {status}", status)
                case Drop(arrived) | Off(arrived):
                    if arrived:
                        self._post(operation, arguments)
                    else:
                        self.made.append(operation)
                    self._wire.close()
                    if isinstance(fault, Off):
                        raise SwitchedOff
                    raise CallFailed(operation, "the connection was closed unexpectedly")

    def _post(self, operation: str, arguments: dict[str, str]) -> HttpAnswer:
        if len(self.made) >= self._most:
            raise EndlessSession(self._most)
        self.made.append(operation)
        return self._wire.post(operation, request(operation, arguments))
