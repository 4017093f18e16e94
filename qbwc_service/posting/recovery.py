"""Messages in doubt: what was sent and never answered is settled before anything else is written (contract.md 6.6).

QuickBooks is asked for each document by its natural key, a name, or a number together with our marker. What it holds is
adopted. If it holds none of a message's transactions, the same bytes leave once more under the same message set id, so
that a QuickBooks that did carry them out after all answers from its memory instead of doing it twice. If it holds some
of them, the rest is sent anew, under a new id.
"""

import datetime as dt
import itertools
import logging
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy.engine import Connection

from qbxml import responses
from qbxml.fields import Version
from qbxml.status import Act, status

from ..db import job_changes, messages
from ..db import jobs as table
from ..db.companies import Company
from ..db.engine import AnyRow
from ..db.jobs import Change, Judged
from ..db.messages import Fate, Purpose
from ..db.states import Event, State, after
from . import answers, exchange, naming, verdicts
from .answers import Settled
from .kinds import KINDS, is_of, look_up, stands_on_lines

# The same bytes leave at most so often; a message that never gets an answer is then sent in halves.
SENDINGS = 4
# 500 is a name that QuickBooks does not have, 1 a number (contract.md 7.3); other codes answer nothing.
ANSWERED = (0, 1, 500, 501)
NAME_IN_USE = "3100"
MOST_QUERIES = 250
MOST_FOUND = 20  # so many of one number and marker are told to a person

log = logging.getLogger(__name__)


def session_lost(db: Connection, company_id: int, now: dt.datetime, why: str) -> None:
    """What the company's sessions left unanswered: Adds are in doubt, queries are asked again.

    To be called when every session of the company's is over (contract.md 2.9: an authenticate out of sequence means
    that information was lost).
    """
    for message in messages.unanswered(db, company_id):
        if message.fate != Fate.SENT:
            continue
        away = table.away(db, company_id, message.id, State.IN_FLIGHT)
        event = Event.LOST if message.purpose == Purpose.POST else Event.DUE
        job_changes.apply(
            db, [Change(job.id, event, after(State(job.state), event), why, message.id) for job in away], now
        )
        messages.set_fate(db, message.id, Fate.IN_DOUBT if event is Event.LOST else Fate.LOST)


def next_message(db: Connection, company: Company, session_id: int, version: Version, now: dt.datetime) -> str | None:
    """-> the message that settles what is in doubt: a look-up, or the same bytes once more; None if nothing is."""
    doubtful = table.away(db, company.id, state=State.IN_DOUBT)
    open_messages = [row for row in messages.unanswered(db, company.id) if row.fate == Fate.IN_DOUBT]
    in_doubt = {job.message_id for job in doubtful}
    for message in open_messages:
        if message.id not in in_doubt:
            messages.set_fate(db, message.id, Fate.ANSWERED, now)
        elif message.asked:
            return _send_again(db, company, message, session_id, now)
    if not doubtful:
        return None
    asked = doubtful[:MOST_QUERIES]
    queries = [(job.id, look_up(job)) for job in asked]
    return exchange.store_look_up(db, company, session_id, queries, version, now)


def _send_again(db: Connection, company: Company, message: AnyRow, session_id: int, now: dt.datetime) -> str:
    changes = [
        Change(job.id, Event.SENT_AGAIN, State.IN_FLIGHT, message_id=message.id)
        for job in table.away(db, company.id, message.id, State.IN_DOUBT)
    ]
    job_changes.apply(db, changes, now)
    messages.resend(db, message.id, session_id, now)
    told = {"company": company.id, "session": session_id, "message_id": message.id}
    log.info("message sent again", extra={**told, "times": message.times_sent + 1})
    whole = messages.with_body(db, message.id)
    assert whole is not None  # it was read in this transaction
    return str(whole.body)


def settle_look_up(
    db: Connection, company: Company, message: AnyRow, answer: responses.Answer, now: dt.datetime
) -> Settled:
    """Adopts what QuickBooks holds, and decides what becomes of the rest."""
    doubtful = {job.id: job for job in table.away(db, company.id, state=State.IN_DOUBT)}
    found: dict[int, list[responses.Ret]] = {}
    changes: list[Change] = []
    for response in answer:
        job = doubtful.get(answers.job_of(response.request_id) or 0)
        if job is None or type(look_up(job)).__name__ != response.kind:
            continue
        if response.status_code in ANSWERED:
            mine = (ret.only((*answers.ASKED_OF[job.kind], "IsActive")) for ret in response.rets if is_of(job, ret))
            found[job.id] = list(itertools.islice(mine, MOST_FOUND))
        elif status(response.status_code, response.message, response.severity).then is not Act.RETRY:
            said = f"{response.status_code}: {response.message}"
            why = f"QuickBooks does not say whether it holds this ({said}). Look there yourself, then retry or cancel."
            changes.append(_to_a_person(job, why))
    decided = {change.job_id for change in changes}
    by_message: dict[int | None, list[Judged]] = {}
    for job in doubtful.values():
        if job.id not in decided:
            by_message.setdefault(job.message_id, []).append(job)
    asked_again = False
    for message_id, jobs in by_message.items():
        if message_id is None:  # they never left, as far as we know: see restored
            changes += [_verdict(job, found[job.id], now) for job in jobs if job.id in found]
        elif all(job.id in found for job in jobs):
            decisions = _decide(db, message_id, jobs, found, now)
            asked_again = asked_again or len(decisions) < len(jobs)
            changes += decisions
        else:
            # Not every question was answered: what was found is certain, the rest is asked for again.
            changes += [_verdict(job, found[job.id], now) for job in jobs if found.get(job.id)]
    job_changes.apply(db, changes, now)
    verdicts.link_adopted(db, company, doubtful, changes, now)
    messages.set_fate(db, message.id, Fate.ANSWERED, now)
    done = sum(change.state in (State.POSTED, State.ATTENTION) for change in changes)
    return Settled(done, len(changes) < len(doubtful), stuck=bool(doubtful) and not changes and not asked_again)


def _decide(
    db: Connection,
    message_id: int,
    jobs: Sequence[Judged],
    found: dict[int, list[responses.Ret]],
    now: dt.datetime,
) -> list[Change]:
    message = messages.by_id(db, message_id)
    assert message is not None  # messages with jobs in doubt are never pruned
    if _never_carried_out(db, message, jobs, found):
        there = [_verdict(job, found[job.id], now) for job in jobs if found[job.id]]
        if message.times_sent < SENDINGS:
            messages.count_look_up(db, [message_id])
            return there
        absent = [job for job in jobs if not found[job.id]]
        messages.set_fate(db, message_id, Fate.ANSWERED, now)
        if len(absent) > 1:
            note = "QuickBooks never answers this message, and holds nothing of it"
            return there + verdicts.halved(absent, State.IN_DOUBT, Event.SPLIT, note, message_id)
    messages.set_fate(db, message_id, Fate.ANSWERED, now)
    return [_verdict(job, found[job.id], now) for job in jobs]


def _never_carried_out(
    db: Connection, message: AnyRow, jobs: Sequence[Judged], found: dict[int, list[responses.Ret]]
) -> bool:
    """Whether all speaks for a message that QuickBooks has not carried out, or not yet.

    A customer or an item that is there proves nothing: it may have been there before. As long as none of the message's
    transactions is found, the message might still be on its way, so nothing of it may leave under another id.
    """
    decisive = [job for job in jobs if not KINDS[job.kind].is_list] or jobs
    if message.fate != Fate.IN_DOUBT:
        return False  # it was settled before; a person has QuickBooks asked again
    if any(found[job.id] for job in decisive) or any(job.status_code is not None for job in jobs):
        return False
    # Answers to earlier sendings say nothing of the latest one.
    latest = [answer for answer in messages.answers_to(db, message.id) if answer.session_id == message.session_id]
    return not any(answer.response.strip() for answer in latest)


def _verdict(job: Judged, rets: Sequence[responses.Ret], now: dt.datetime) -> Change:
    if len(rets) > 1 and not KINDS[job.kind].is_list:
        ids = ", ".join(str(ret.txn_id) for ret in rets)
        many = f"at least {MOST_FOUND}" if len(rets) == MOST_FOUND else len(rets)
        return _to_a_person(
            job,
            f"QuickBooks holds {many} transactions that bear this one's number and marker ({ids}). Delete in "
            "QuickBooks what is too many, then retry: the one that is left will be recognised.",
        )
    if rets:
        return _adopt(job, rets[0])
    if job.status_code == NAME_IN_USE:
        return _to_a_person(
            job,
            f"QuickBooks uses the name {job.name} for another kind of record: customers, vendors, employees and other "
            f'names share one name space. Give this one another name (qbwc job retry {job.id} --name "'
            f'{naming.free_name(job.name, job.kind)}"), or link it to the record that it is (qbwc link).',
        )
    if job.status_code == "0":
        return _to_a_person(
            job,
            "QuickBooks says that it saved this, but holds nothing of that number with our marker: it was deleted or "
            "renumbered there since. Retry to have it sent once more, or cancel.",
        )
    if job.attempts >= verdicts.GIVE_UP_AFTER:
        answered = f"answered {job.status_code} to it" if job.status_code else "never answered it"
        return _to_a_person(job, f"It was sent {job.attempts} times; QuickBooks {answered} and holds nothing of it.")
    if job.status_code is not None and status(int(job.status_code)).then not in (Act.RETRY, Act.ASK):
        return _to_a_person(job, job.explanation)
    until = None if job.status_code is None else now + verdicts.rest(job.attempts)
    return Change(
        job.id,
        Event.ABSENT,
        after(State.IN_DOUBT, Event.ABSENT),
        columns=(("status_code", None), ("explanation", None), ("next_try_at", until)),
    )


def _adopt(job: Judged, ret: responses.Ret) -> Change:
    if not KINDS[job.kind].is_list:
        note, total = "by its number and our marker", answers.total_of(job.kind, ret)
        differs = total is not None and job.total is not None and total != Decimal(job.total)
        why = f"QuickBooks holds it with the total {total}, and the order comes to {job.total}. Look at it there."
        return verdicts.adopted(job, State.IN_DOUBT, txn_id=ret.txn_id, note=note, explanation=why if differs else None)
    if ret.is_active is False:
        return _to_a_person(
            job,
            f"QuickBooks holds an inactive record named {job.name}. Make it active there, or give this one another "
            "name, then retry.",
        )
    kind = ret.kind.removesuffix("Ret")
    if kind.startswith("Item") and not stands_on_lines(job.kind, kind):
        return _to_a_person(
            job,
            f"QuickBooks uses the item name {job.name} for an item of type {kind}, which cannot stand on an order's "
            "line. Rename it there, then retry.",
        )
    return verdicts.adopted(job, State.IN_DOUBT, list_id=ret.list_id, note="by its name")


def _to_a_person(job: Judged, why: str | None) -> Change:
    return Change(
        job.id,
        Event.AMBIGUOUS,
        after(State.IN_DOUBT, Event.AMBIGUOUS),
        note=why,
        columns=(("explanation", why),),
    )
