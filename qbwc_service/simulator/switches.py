"""What the documents say two things about, or nothing: each a switch (contract.md part 8, "Simulator knobs")."""

import enum
from dataclasses import dataclass


class VersionCall(enum.Enum):
    """How serverVersion is called, if at all (contract.md 1.2, 1.6)."""

    NOT_AT_ALL = enum.auto()
    BARE = enum.auto()
    WITH_VERSION = enum.auto()
    WITH_TICKET = enum.auto()


class FollowUp(enum.Enum):
    """What is called after something that ends the session in a way no document describes."""

    NOTHING = ()
    LAST_ERROR = ("getLastError",)
    CLOSE = ("closeConnection",)
    LAST_ERROR_AND_CLOSE = ("getLastError", "closeConnection")


class Interactive(enum.Enum):
    """What the user answers when the service asks for interactive mode (contract.md 2.8)."""

    REFUSED = enum.auto()
    ACCEPTED = enum.auto()


@dataclass(frozen=True)
class Switches:
    """The defaults are what a trace shows; else what the guide says; else the least that can follow."""

    server_version: VersionCall = VersionCall.BARE  # 1.6: the trace has it, the guide's drawings do not
    missing_client_version_tolerated: bool = True  # 1.6: a fault or 404 there means an old service; else QBWC1036
    warning_accepted: bool = True  # 2.1: the user clicks on in the dialog of "W:"
    okay_goes_on: bool = False  # 2.1: "O:" ends by p.21, goes on by p.8
    auto_run: bool = True  # 2.2: postponing and the least interval need it
    close_after_refusal: bool = True  # 2.2: after none and nvu
    close_after_busy: bool = False  # 2.9
    after_done: FollowUp = FollowUp.CLOSE  # 2.6: after connectionError answered "done"
    after_failed_call: FollowUp = FollowUp.NOTHING  # 5.3: after an HTTP error, fault, timeout or reset
    after_broken_company: FollowUp = FollowUp.NOTHING  # 2.9: the company queries of the start failed (QBWC1014)
    no_op_is_no_request: bool = True  # 2.3: sendRequestXML's "NoOp" is as ""; else QuickBooks gets it as qbXML
    no_op_after_refusal_waits: bool = False  # 2.5: getLastError's "NoOp" after a negative receiveResponseXML
    zero_goes_on: bool = True  # 2.4: receiveResponseXML 0; else it is an error
    over_hundred_is_done: bool = True  # 2.4: undocumented; else it goes on
    quickbooks_closed_first: bool = False  # 2.9: EndSession before closeConnection, or after
    interactive: Interactive = Interactive.REFUSED  # 2.8
    empty_ends_interactive: bool = True  # 2.8: interactiveDone "" ends the mode by p.24, goes on waiting by a sample
    expect_continue: bool = True  # 1.3
