"""The company file that is open in QuickBooks: whether it is the company's, and which qbXML is spoken with it."""

import datetime as dt

from sqlalchemy.engine import Connection

from qbxml import responses
from qbxml.fields import MAX_VERSION, MIN_VERSION, Version

from ..db import companies
from ..db.companies import Company
from ..db.engine import AnyRow
from .apart import apart

HIGHEST_MINOR, LONGEST_COUNTRY = 9, 8  # of qbXML's versions, there is none above 1; US, CA, UK, AU


def meet(
    db: Connection, company: Company, hcp: str, path: str, country: str, highest: Version, now: dt.datetime
) -> tuple[Version, str | None]:
    """-> the qbXML version to speak, and what is wrong with this company file, if anything.

    The FileID that the Web Connector stamped into the company file decides (contract.md part 4); a file without a
    stamp must at least bear the name that the known one had.
    """
    try:
        host = apart(lambda: responses.read_host(hcp, company.owner_id)) if hcp else None
    except responses.NotQbXML as error:
        return MIN_VERSION, f"QuickBooks' description of itself cannot be read: {error}"
    known = companies.connection_of(db, company.id)
    opened = _opened(host, path)
    problem = None if _is_right(company, host, path, known) else _wrong_file(company, opened, known)
    told = host.supported_versions if host is not None else ()
    offered = [v for v in told if v <= MAX_VERSION and v.minor <= HIGHEST_MINOR]
    highest = min(Version(highest.major, min(highest.minor, HIGHEST_MINOR)), MAX_VERSION)
    version = max(offered, default=highest if highest > Version(0, 0) else MIN_VERSION)
    if problem is None and version < MIN_VERSION:
        problem = (
            f"This QuickBooks speaks qbXML {version}; {MIN_VERSION} or newer is needed (QuickBooks 2009). "
            "Update QuickBooks."
        )
    if problem is not None:
        companies.note_problem(db, company.id, problem, now)
        return version, problem
    companies.note_host(
        db,
        company.id,
        product=host.product if host is not None else known.product,
        qbxml_version=str(version),
        country=country[:LONGEST_COUNTRY] or known.country,
        company_name=(host.company_name if host is not None else None) or known.company_name,
        company_path=path or known.company_path,
        problem=None,
    )
    return version, None


def _opened(host: responses.HostAnswer | None, path: str) -> str:
    name = (host.company_name if host is not None else None) or "a company file"
    return f"{name} ({path})" if path else name


def _is_right(company: Company, host: responses.HostAnswer | None, path: str, known: AnyRow) -> bool:
    if host is not None and host.file_id:
        return host.file_id.strip("{} ").lower() == company.file_id.strip("{}").lower()
    if host is not None and host.company_name and known.company_name:
        return bool(host.company_name == known.company_name)
    return not path or not known.company_path or bool(path == known.company_path)


def _wrong_file(company: Company, opened: str, known: AnyRow) -> str:
    right = f" It belongs to {known.company_name} ({known.company_path})." if known.company_name else ""
    return (
        f"Wrong company file: QuickBooks has {opened} open, which is not the file of {company.name}.{right} Nothing "
        "was sent. Open the right company file in QuickBooks and run the update again."
    )
