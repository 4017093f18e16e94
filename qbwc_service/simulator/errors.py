"""How QuickBooks says no to a whole call."""

from dataclasses import dataclass


@dataclass(eq=False)
class RequestFailed(Exception):
    """A call of QuickBooks' request processor that failed; nothing came back (contract.md 7.1)."""

    hresult: str
    message: str

    def __str__(self) -> str:
        return f"{self.hresult} {self.message}"


@dataclass(eq=False)
class StampClash(Exception):
    """The company file bears another FileID under the same OwnerID (QBWC1039)."""

    owner_id: str
    held: str

    def __str__(self) -> str:
        return f"the company file has FileID {self.held} under OwnerID {self.owner_id}"
