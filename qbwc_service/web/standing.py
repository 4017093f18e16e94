"""How a company's connection to QuickBooks stands, as its card and its checklist say it (screens.md S1, S2)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from .. import doctor, i18n, standstill
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.states import State
from ..i18n import N_
from .page import Page

HELP_AFTER = dt.timedelta(minutes=10)  # without any contact, the likely causes are shown


class Standing(StrEnum):
    """In the sequence of urgency."""

    ATTENTION = "attention"
    UNCALLED = "uncalled"
    LATE = "late"
    CONNECTED = "connected"


WORDS = {
    Standing.ATTENTION: N_("Needs attention"),
    Standing.UNCALLED: N_("Waiting for first contact"),
    Standing.LATE: N_("Late"),
    Standing.CONNECTED: N_("Connected"),
}


@dataclass(frozen=True)
class Connection:
    """A company with what is known of its Web Connector and its queue."""

    company: Company
    standing: Standing
    called_at: dt.datetime | None
    next_call_at: dt.datetime | None
    wrong_password_at: dt.datetime | None  # where no call with the right one came after it
    problem: str | None
    waiting: int
    in_doubt: int
    attention: int
    product: str | None
    qbxml_version: str | None
    connector_version: str | None
    file_company: str | None  # as QuickBooks tells it
    file_path: str | None

    @property
    def word(self) -> str:
        return WORDS[self.standing]


def connection(company: Company, row: AnyRow, counts: Mapping[str, int], now: dt.datetime) -> Connection:
    """`row`: of the table connections; `counts`: documents by state."""
    waiting = sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT))
    attention = counts.get(State.ATTENTION, 0)
    refused = row.refused_at is not None and (row.called_at is None or row.refused_at > row.called_at)
    return Connection(
        company=company,
        standing=_standing(company, row, attention, waiting, refused, now),
        called_at=row.called_at,
        next_call_at=next_call(company, row),
        wrong_password_at=row.refused_at if refused else None,
        problem=row.problem,
        waiting=waiting,
        in_doubt=counts.get(State.IN_DOUBT, 0),
        attention=attention,
        product=row.product,
        qbxml_version=row.qbxml_version,
        connector_version=row.connector_version,
        file_company=row.company_name,
        file_path=row.company_path,
    )


def _standing(company: Company, row: AnyRow, attention: int, waiting: int, refused: bool, now: dt.datetime) -> Standing:
    if attention or row.problem or refused:
        return Standing.ATTENTION
    if row.called_at is None:
        return Standing.UNCALLED
    return Standing.CONNECTED if doctor.silence(company, row, waiting, now) is None else Standing.LATE


def next_call(company: Company, row: AnyRow) -> dt.datetime | None:
    """-> when the Web Connector is expected to call: after its usual interval, or after the one of its .qwc file."""
    called_at: dt.datetime | None = row.called_at
    if called_at is None:
        return None
    return called_at + dt.timedelta(seconds=int(row.usual_seconds or company.every_minutes * 60))


def problem_words(page: Page, problem: str, company: Company) -> str:
    """-> what stands in the way of the whole company, in the viewer's language as far as it can be said in it."""
    translate = i18n.texts(page.language)
    if standstill.is_wrong_file(problem):
        return standstill.wrong_file(company.name, translate)
    return problem if page.language == i18n.SOURCE else standstill.in_words(problem, translate)
