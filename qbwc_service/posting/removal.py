"""A company leaves: what commands and pages do alike when an integration is uninstalled."""

import datetime as dt

from sqlalchemy.engine import Connection

from ..db import companies, job_views, jobs, sessions
from ..db.companies import Company
from . import queue, recovery


def remove(db: Connection, company: Company, now: dt.datetime) -> int:
    """The company's connector is refused from now on, and what has not left is cancelled; -> how many documents.

    What was posted stays on record, with its links. What is at QuickBooks just now is looked up there before anything
    else, should the company come back under its name.
    """
    companies.lock(db, company.id)  # whoever is sending an order is done, and whoever begins finds it removed
    # Locked in the sequence in which the connector's calls lock: connection, session, jobs.
    companies.forget_calls(db, company.id)
    end_session(db, company.id, "the company was removed", now)
    waiting = job_views.cancellable(db, company.id)
    for start in range(0, len(waiting), 500):
        queue.cancel(db, jobs.hold(db, waiting[start : start + 500]), now)
    companies.mark_removed(db, company.id, now)
    return len(waiting)


def end_session(db: Connection, company_id: int, why: str, now: dt.datetime) -> None:
    """The connector's session, if one is open, is over; what it has not answered is in doubt (contract.md part 6)."""
    sessions.end_open(db, company_id, why, now)
    recovery.session_lost(db, company_id, now, why)
