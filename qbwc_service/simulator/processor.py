"""What a Web Connector needs of QuickBooks: the request processor of one company file (company.py is one)."""

from typing import Protocol


class Processor(Protocol):
    """Calls that fail raise errors.RequestFailed with QuickBooks' HRESULT."""

    name: str
    file_name: str
    country: str
    qbxml_version: str
    owner_id: str | None
    file_id: str | None

    def begin_session(self, path: str) -> None:
        """Open `path`, or the file that is open when it is empty."""

    def end_session(self, session: str) -> None: ...

    def stamp(self, owner_id: str, file_id: str) -> None:
        """Write the FileID; raises errors.StampClash when the owner has another one there (QBWC1039)."""

    def lock(self, owner_id: str, machine: str) -> None: ...

    def host_xml(self, owner_id: str | None = ...) -> str:
        """-> the answers to HostQuery, CompanyQuery (with the owner's data extensions) and PreferencesQuery."""

    def process(self, qbxml: str, *, app_name: str = ..., session: str = ...) -> str: ...
