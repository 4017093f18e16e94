"""After a database came back from a backup: QuickBooks may hold what our picture of it lacks.

Whatever was posted between the backup and the restoring is unknown here. So QuickBooks is asked for each document, by
its name, or by number and marker, before one is sent that may have left in that time. Both are the same for ever: an
order that is handed over again is known by them.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from ..db import job_changes
from ..db import jobs as table
from ..db import restored as statements
from ..db.companies import Company
from ..db.jobs import Change
from ..db.states import Event, State, after
from . import recovery

WHY = "the database was restored from a backup"
ASKED_FOR = dt.timedelta(days=30)  # whatever is sent so long after the restoring
CLOCKS_DIFFER = dt.timedelta(days=2)  # at most, between the order system and this machine


@dataclass(frozen=True)
class Marked:
    """How many documents QuickBooks is asked for before they are sent."""

    companies: int
    asked_first: int
    in_flight: int
    of_persons: int  # that need a person, should one have them tried again


def mark(db: Connection, now: dt.datetime) -> Marked:
    """Makes a database that was just restored safe to serve from; nobody else may use it meanwhile."""
    statements.end_sessions(db, WHY, now)
    statements.read_lists_again(db)
    statements.ask_before_sending_again(db)
    company_ids = statements.note(db, now)
    statements.skip_message_ids(db, company_ids, now)
    asked = in_flight = of_persons = 0
    for company_id in company_ids:
        in_flight += len(table.away(db, company_id))
        recovery.session_lost(db, company_id, now, WHY)
        unsettled = statements.unsettled(db, company_id)
        waiting = [job.id for job in unsettled if job.state != State.ATTENTION]
        ask_first(db, company_id, waiting, now)
        stuck = [job.id for job in unsettled if job.state == State.ATTENTION]
        # Its last event decides what a retry does (queue.ASK_FIRST).
        job_changes.write_history(
            db, [(job_id, Event.RESTORED.name, State.ATTENTION, None, None) for job_id in stuck], now
        )
        asked += len(waiting)
        of_persons += len(stuck)
    return Marked(len(company_ids), asked, in_flight, of_persons)


def must_ask(company: Company, completed_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a document of an order completed at that time may have been posted before the database was restored."""
    if company.restored_at is None:
        return False
    return completed_at <= company.restored_at + CLOCKS_DIFFER or now <= company.restored_at + ASKED_FOR


def ask_first(
    db: Connection, company_id: int, job_ids: Iterable[int], now: dt.datetime, event: Event = Event.RESTORED
) -> None:
    """These jobs, which have not left as far as we know, are in doubt: the next session looks them up."""
    changes = [
        Change(job.id, event, after(State(job.state), event), columns=(("next_try_at", None),))
        for job in table.carried(db, company_id, job_ids)
    ]
    job_changes.apply(db, changes, now)
