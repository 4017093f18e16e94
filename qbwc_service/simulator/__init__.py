"""The other side of the contract: a Web Connector that speaks real HTTP, and a QuickBooks company with its rules.

It shares no code and no table with what it checks.
"""

import pathlib

from .calls import EndlessSession
from .company import Company
from .errors import RequestFailed
from .soap import ContractBroken
from .switches import FollowUp, Interactive, Switches, VersionCall
from .web_connector import Outcome, WebConnector

__all__ = [
    "Company",
    "ContractBroken",
    "EndlessSession",
    "FollowUp",
    "Interactive",
    "Outcome",
    "RequestFailed",
    "Switches",
    "VersionCall",
    "WebConnector",
    "simulate",
]


def simulate(
    url: str, username: str, password: str, company_file: pathlib.Path | None, polls: int = 1
) -> list[Outcome]:
    """-> the outcomes of so many updates against the service at `url`, one after the other.

    The company is loaded from `company_file` if that is there, else made; it is saved there at the end, also when the
    service breaks the contract. It bears the OwnerID and FileID that its JSON says; a new one bears none.
    """
    company = Company.new()
    if company_file is not None and company_file.exists():
        company = Company.load(company_file)
    connector = WebConnector(url, username, password, company, owner_id=company.owner_id)
    try:
        return [connector.poll() for _ in range(polls)]
    finally:
        if company_file is not None:
            company.save(company_file)
