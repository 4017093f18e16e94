"""What happened to a job, step by step, in sentences of the viewer's language."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from ..db import audit, people
from ..db.engine import AnyRow
from ..db.states import Event
from ..i18n import N_
from . import explanation
from .page import Page

_SENTENCES = {
    Event.ASKED: N_("Sent from the order."),
    Event.FREED: N_("What it waited for is in QuickBooks now: it may leave."),
    Event.CLAIMED: N_("Left for QuickBooks with the Web Connector."),
    Event.SAVED: N_("QuickBooks saved it."),
    Event.ADOPTED: N_("Found in QuickBooks, and used as it is."),
    Event.REFUSED: N_("QuickBooks refused it."),
    Event.UNFIT: N_("It could not be sent as it stands."),
    Event.PASSING: N_("QuickBooks could not take it just then. It is tried again by itself."),
    Event.HELD_BACK: N_("Held back, until what it needs is in QuickBooks."),
    Event.SPLIT: N_("QuickBooks took nothing of the whole message. It is sent again with fewer others."),
    Event.LOST: N_("No answer came. Whether QuickBooks saved it is not known; it is looked up there first."),
    Event.UNCLEAR: N_("The answer left open whether QuickBooks saved it. It is looked up there first."),
    Event.ABSENT: N_("QuickBooks was asked, and does not hold it: it may leave again."),
    Event.SENT_AGAIN: N_("The very same message left once more; QuickBooks carries it out once at most."),
    Event.AMBIGUOUS: N_("QuickBooks was asked, and its answer allows no decision by machine."),
    Event.DOUBLED: N_("QuickBooks saved it twice."),
    Event.RETRIED: N_("Tried again."),
    Event.ASK_AGAIN: N_("QuickBooks is to be asked again whether it holds it."),
    Event.CANCELLED: N_("Cancelled."),
    Event.REVIVED: N_("Sent once more from the order."),
    Event.DUE: N_("The list is to be read."),
    Event.READ: N_("The list was read."),
    Event.LOOK_FIRST: N_(
        "QuickBooks may hold it of an earlier sending that was cancelled. Before this is sent, QuickBooks is asked for "
        "it."
    ),
    Event.RESTORED: N_("The database came back from a backup. Before this is sent, QuickBooks is asked for it."),
}
# The same, where the audit trail tells whose doing it was.
_BY_SOMEBODY = {
    Event.ASKED: N_("%(who)s sent it from the order."),
    Event.RETRIED: N_("%(who)s had it tried again."),
    Event.ASK_AGAIN: N_("%(who)s had QuickBooks asked again whether it holds it."),
    Event.CANCELLED: N_("%(who)s cancelled it."),
    Event.REVIVED: N_("%(who)s sent it once more from the order."),
    Event.ADOPTED: N_("%(who)s chose a record in QuickBooks for it."),
}


@dataclass(frozen=True)
class Step:
    """`remark` stands behind the sentence; `own_words` says that it is QuickBooks' own, in whatever language."""

    at: dt.datetime
    state: str
    sentence: str
    remark: str = ""
    own_words: bool = False


def tell(page: Page, db: Connection, past: Sequence[AnyRow], job: AnyRow) -> list[Step]:
    """-> the history of a job of the page's company, told. What stands beside the job is not told again in full."""
    doers = _doers(page, db, past)
    return [_step(page, row, doers.get(row.at), job) for row in past]


def _step(page: Page, row: AnyRow, who: str | None, job: AnyRow) -> Step:
    event = Event[row.event]
    if who is not None and event in _BY_SOMEBODY:
        sentence = page.text(_BY_SOMEBODY[event], who=who)
    else:
        sentence = page.text(_SENTENCES[event])
    if not row.note:
        return Step(row.at, row.state, sentence)
    remark = explanation.remark(page, row.note)
    if row.note == job.explanation:
        code = f"{job.status_code}: " if job.status_code else ""
        remark = replace(remark, text=code + remark.text if remark.own_words else "")
    return Step(row.at, row.state, sentence, remark.text, remark.own_words)


def _doers(page: Page, db: Connection, past: Sequence[AnyRow]) -> Mapping[dt.datetime, str]:
    """-> who did something at the moments of these steps: the audit trail is written in the same transaction."""
    by_hand = [row.at for row in past if Event[row.event] in _BY_SOMEBODY]
    if not by_hand:
        return {}
    return {act.at: name_of(page, db, act.who) for act in audit.acts_at(db, page.of.id, by_hand)}


def name_of(page: Page, db: Connection, who: str) -> str:
    """-> how the doer of an act is called: a person's name, a program's, or the operator."""
    if who == "command":
        return page.text("The operator")
    if who.startswith("token "):
        return page.text("The program %(name)s", name=who.removeprefix("token "))
    user = people.by_email(db, who)
    return who if user is None else user.name
