"""What admins must hear of: on the pages and by mail, once as long as it lasts, each in the reader's language.

A notice holds the facts alone; its words are made where it is read. `look` compares what is the case with the notices
that are open. Mail goes out when a notice is raised, and again only when there is news: another document that needs a
person, another problem. Of one kind and company there is at most one mail an hour, whatever comes and goes.
"""

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from babel.dates import format_datetime
from sqlalchemy.engine import Connection, Engine

from . import doctor, i18n, standstill
from .db import companies, job_views, people
from .db import notices as table
from .db.companies import Company
from .db.engine import AnyRow, reading
from .db.notices import Kind
from .db.people import User
from .db.states import State
from .i18n import N_
from .mail import Mailer, NotSent, WrongMail
from .settings import Settings

log = logging.getLogger(__name__)

_Facts: TypeAlias = dict[str, Any]  # as JSON holds them

MAIL_EVERY = dt.timedelta(hours=1)
PASSWORD_ENDS_SOON = dt.timedelta(hours=24)
RESTS = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=15), dt.timedelta(hours=1))
"""How long mail rests after its first, second, ... failure; then always as long as the last."""
CLAIM_HOLDS = dt.timedelta(minutes=10)
PATIENCE_SECONDS = 120  # for one round of mail, with a server that is slow; well within CLAIM_HOLDS
LONGEST_PROBLEM = 500

HEADLINES = {
    Kind.SILENT: N_("The Web Connector does not call"),
    Kind.REFUSED: N_("The Web Connector has a wrong password"),
    Kind.PROBLEM: N_("The connection to QuickBooks has a problem"),
    Kind.FAILURES: N_("Documents need a person"),
    Kind.PASSWORD: N_("The old connector password ends soon"),
}
_PAGES = {
    Kind.SILENT: "/details",
    Kind.REFUSED: "/details",
    Kind.PROBLEM: "/details",
    Kind.FAILURES: "/activity?state=attention",
    Kind.PASSWORD: "/details",
}


# --- what is the case -------------------------------------------------------------------------------------------------


def look(db: Connection, now: dt.datetime, up_since: dt.datetime | None = None) -> None:
    """Raises notices of what is the case, changes the facts of those that last, and ends those that are over.

    Several processes may look at once. `up_since`: before then the service itself did not run, so that a connector
    could not have called.
    """
    found = dict(_found(db, now, up_since))
    lasting = {(notice.company_id, Kind(notice.kind)): notice for notice in table.all_open(db)}
    for key, facts in found.items():
        if key in lasting:
            _tell_on(db, lasting[key], facts, now)
        else:
            _raise(db, *key, facts, now)
    for key, notice in lasting.items():
        if key not in found:
            table.end(db, notice.id, now)


def _found(db: Connection, now: dt.datetime, up_since: dt.datetime | None) -> Iterator[tuple[tuple[int, Kind], _Facts]]:
    known = companies.all_of_them(db)
    connections, troubles = companies.all_connections(db), job_views.troubles(db)
    ending = companies.old_passwords_end(db, now, now + PASSWORD_ENDS_SOON)
    silent: dict[int, dt.datetime] = {}
    for company in known:
        connection = connections[company.id]
        if _is_refused(connection):  # it does call, so it is not silent as well
            yield (company.id, Kind.REFUSED), {"at": connection.refused_at.isoformat()}
        elif _is_silent(company, connection, now, up_since):
            silent[company.id] = connection.called_at
        if connection.problem:
            yield (company.id, Kind.PROBLEM), {"problem": " ".join(connection.problem.split())[:LONGEST_PROBLEM]}
        if company.id in troubles:
            count, newest = troubles[company.id]
            yield (company.id, Kind.FAILURES), {"count": count, "newest": newest.isoformat()}
        if company.id in ending:
            yield (company.id, Kind.PASSWORD), {"ends_at": ending[company.id].isoformat()}
    for company_id, waiting in _waiting(db, list(silent)):
        yield (company_id, Kind.SILENT), {"since": silent[company_id].isoformat(), "waiting": waiting}


def _is_refused(connection: AnyRow) -> bool:
    refused, called = connection.refused_at, connection.called_at
    return refused is not None and (called is None or bool(refused > called))


def _is_silent(company: Company, connection: AnyRow, now: dt.datetime, up_since: dt.datetime | None) -> bool:
    if connection.called_at is None:
        return False
    missed = max(dt.timedelta(0), up_since - connection.called_at) if up_since is not None else dt.timedelta(0)
    return doctor.silence(company, connection, 0, now - missed) is not None


def _waiting(db: Connection, company_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    for start in range(0, len(company_ids), 500):
        for company_id, counts in job_views.open_counts(db, company_ids[start : start + 500]).items():
            yield company_id, sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT))


def _raise(db: Connection, company_id: int, kind: Kind, facts: _Facts, now: dt.datetime) -> None:
    # What comes and goes, such as somebody's wrong passwords between good ones, is no reason for a heap of mail.
    last = table.last_mailed(db, company_id, kind)
    mail_at = now if last is None else max(now, last + MAIL_EVERY)
    if table.raise_one(db, company_id, kind, json.dumps(facts), now, mail_at):
        log.warning("notice", extra={"company": company_id, "kind": kind.value})


def _tell_on(db: Connection, notice: AnyRow, facts: _Facts, now: dt.datetime) -> None:
    if json.loads(notice.text) != facts:
        table.retell(db, notice.id, json.dumps(facts))
    if notice.told is not None and _is_news(Kind(notice.kind), json.loads(notice.told), facts):
        table.mail_again(db, notice.id, max(now, notice.mailed_at + MAIL_EVERY))


def _is_news(kind: Kind, told: _Facts, facts: _Facts) -> bool:
    """Whether what was mailed leaves out something that an admin should hear by mail."""
    if kind is Kind.FAILURES:
        # A larger number alone is news too: what was changed before the newest may be committed after it.
        return bool(facts["newest"] > told["newest"] or facts["count"] > told["count"])
    changed = {Kind.PROBLEM: "problem", Kind.PASSWORD: "ends_at"}.get(kind)
    return changed is not None and bool(facts[changed] != told[changed])


# --- in words ---------------------------------------------------------------------------------------------------------


def headline(notice: AnyRow, language: str) -> str:
    """-> a few words, without a period: a mail's subject, a banner's title."""
    return i18n.texts(language)(HEADLINES[Kind(notice.kind)])


def say(notice: AnyRow, language: str) -> str:
    """-> what is the case in the notice's company, and what to do; where is told by `page_of`."""
    text, plural = i18n.texts(language), i18n.plurals(language)
    kind, facts = Kind(notice.kind), json.loads(notice.text)
    if kind is Kind.SILENT:
        said = [text("The Web Connector has not called since %(when)s.") % {"when": _when(facts["since"], language)}]
        if number := facts["waiting"]:
            said.append(
                plural("One document waits for it.", "%(number)s documents wait for it.", number) % {"number": number}
            )
        said.append(text("On that PC a Windows user must be signed in, and the Web Connector run, Auto-Run ticked."))
        return " ".join(said)
    if kind is Kind.REFUSED:
        called = text("The Web Connector called with a wrong password, last at %(when)s.")
        mend = text("Copy the present password here, and paste it into the Web Connector.")
        return called % {"when": _when(facts["at"], language)} + " " + mend
    if kind is Kind.PROBLEM:
        since = text("Since %(when)s the connection has a problem: %(problem)s")
        problem = facts["problem"] if language == i18n.SOURCE else standstill.in_words(facts["problem"], text)
        return since % {"when": _when(notice.raised_at.isoformat(), language), "problem": problem}
    if kind is Kind.FAILURES:
        count = plural("One document needs a person.", "%(number)s documents need a person.", facts["count"])
        return count % {"number": facts["count"]} + " " + text("Beside each stands what is wrong, and who can mend it.")
    ends = text("The old connector password ends at %(when)s.") % {"when": _when(facts["ends_at"], language)}
    return ends + " " + text("If the Web Connector has it still, paste the present one into it before then.")


def page_of(notice: AnyRow) -> str:
    """-> the path of the page on which it is mended."""
    return f"/companies/{notice.company_id}{_PAGES[Kind(notice.kind)]}"


def _when(at: str, language: str) -> str:
    when = dt.datetime.fromisoformat(at)
    return format_datetime(when, "medium", locale=i18n.known(language)) + " UTC"


# --- by mail ----------------------------------------------------------------------------------------------------------


def mail_due(engine: Engine, settings: Settings, clock: Callable[[], dt.datetime]) -> int:
    """Mails the notices that are due to all admins, one mail each, outside of any transaction; -> how many mails.

    Several processes may do so at once. Without a mail server nothing is done: what lasts is mailed once there is one.
    When nobody could be mailed all is tried again; once anybody was, the others' failures are kept beside the notice.
    """
    mailer, now = Mailer(settings), clock()
    if not mailer.is_on:
        return 0
    with reading(engine) as db:
        if not table.is_mail_due(db, now):
            return 0
    with engine.begin() as db:
        claimed = table.claim_mail(db, now, now + CLAIM_HOLDS)
        names = {company.id: company.name for company in companies.all_of_them(db)}
        admins = people.admins(db)
    told = sorted((n for n in claimed if n.company_id in names), key=lambda n: (names[n.company_id], n.id))
    sent, errors = _mail(mailer, settings, told, names, admins) if told else (0, [])
    now = clock()
    with engine.begin() as db:
        for notice in told:
            if sent:
                table.note_mailed(db, notice.id, told=notice.text, at=now, error="; ".join(errors) or None)
            else:
                rest = RESTS[min(notice.mail_attempts, len(RESTS)) - 1]
                table.note_not_mailed(db, notice.id, next_mail_at=now + rest, error="; ".join(errors))
    return sent


def _mail(
    mailer: Mailer, settings: Settings, told: Sequence[AnyRow], names: Mapping[int, str], admins: Sequence[User]
) -> tuple[int, list[str]]:
    """-> how many admins were mailed, and what went wrong with the others."""
    if not admins:
        return 0, ["there is no admin to be mailed"]
    sent, errors, began = 0, [], time.monotonic()
    for admin in admins:
        if time.monotonic() - began > PATIENCE_SECONDS:
            errors.append(f"{admin.email}: the mail server was too slow")
            continue
        try:
            mailer.send(admin.email, *_letter(settings, told, names, admin.language))
        except (NotSent, WrongMail) as error:
            errors.append(f"{admin.email}: {error}")
            log.warning("mail not sent", extra={"notices": len(told), "reason": str(error)})
        else:
            sent += 1
    return sent, errors


def _letter(settings: Settings, told: Sequence[AnyRow], names: Mapping[int, str], language: str) -> tuple[str, str]:
    """-> subject and text."""
    text = i18n.texts(language)
    if len(told) == 1:
        subject = f"{names[told[0].company_id]}: {headline(told[0], language)}"
    else:
        subject = text("QuickBooks: %(number)s matters for an admin") % {"number": len(told)}
    parts = [
        f"{names[notice.company_id]}: {headline(notice, language)}\n\n{say(notice, language)}\n"
        f"{settings.public_url}{page_of(notice)}"
        for notice in told
    ]
    parts.append(text("This is mailed once as long as it lasts. The pages show when it is over."))
    return subject, "\n\n".join(parts) + "\n"
