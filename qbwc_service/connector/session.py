"""A ticket's life: open, next message, take the answer, close. Each call is one transaction (design.md part 3)."""

import datetime as dt
import logging
from collections.abc import Callable

from sqlalchemy.engine import Connection, Engine

from qbxml import responses
from qbxml.fields import Version
from qbxml.status import hresult as hresult_status

from .. import __version__
from ..companies import preferences
from ..db import companies, jobs, messages, polls, sessions
from ..db.companies import Company
from ..db.engine import AnyRow, at_once, reading
from ..db.messages import Fate, Purpose
from ..lists import sync
from ..posting import answers, exchange, recovery
from ..posting.answers import Settled
from ..posting.verdicts import explain
from ..secrets import Keys, new_ticket
from ..tries import Tries
from .apart import apart
from .company_file import meet

IDLE = dt.timedelta(minutes=60)  # QuickBooks itself may take minutes over one message (contract.md 5.1)
LONGEST = dt.timedelta(hours=8)
TICKET, PASSWORD = "ticket", "password"
NO_OP = "NoOp"  # "wait five seconds and ask again" (contract.md 2.5)
OVER = "This session is over. The next update of the Web Connector begins a new one; nothing is lost."
MOST_STRAY_BYTES = 1_000_000
LONGEST_HRESULT, LONGEST_WORDS = 200, 2000  # characters of what stands beside each job of a message
MOST_VERSIONS, LONGEST_VERSION = 10_000, 32

log = logging.getLogger(__name__)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Sessions:
    """The Web Connector's calls, as `contract.Sessions` has them, over one database."""

    server_version = __version__

    def __init__(self, engine: Engine, keys: Keys, clock: Callable[[], dt.datetime] = _now) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._refusals = Tries(at_once=10, every=dt.timedelta(minutes=1))
        self._versions: dict[str, str] = {}  # of the Web Connectors that called this process, by address

    def client_version(self, version: str, remote: str) -> str:
        """Always "go on": a warning would stop an unattended PC at a dialog (contract.md 2.1).

        The call does not say which company's connector it is: the authenticate that follows from there does.
        """
        if len(self._versions) >= MOST_VERSIONS:
            self._versions.clear()
        self._versions[remote] = version[:LONGEST_VERSION]
        return ""

    def authenticate(self, username: str, password: str, remote: str) -> tuple[str, ...]:
        """-> a ticket, and the company file to open, `none` or `nvu`.

        A right password always succeeds, however many wrong ones came before: of those an address can make us note
        only so many. It ends the session that the company had: what that left unanswered is in doubt, and is settled
        in the new one (contract.md 2.9).
        """
        now, ticket = self._clock(), new_ticket()
        mac = self._keys.mac(PASSWORD, password)
        with at_once(self._engine) as db:
            version = self._versions.get(remote)
            login = polls.login(db, username, mac, "nothing to send", version, now)
        if login is None or not login.is_right:
            self._refuse(None if login is None else login.company_id, remote, now)
            return ticket, "nvu"
        self._versions.pop(remote, None)
        lists_due = login.lists_due_at is None or login.lists_due_at <= now
        held = preferences.load(login.settings).hold_minutes
        if not (login.left_open or login.has_work or lists_due or held):
            return ticket, "none"
        company_id = login.company_id
        with self._engine.begin() as db:
            # Of two logins at once, one waits here for the other, and for whatever goes on at the company.
            if companies.lock(db, company_id) is None:
                return ticket, "nvu"
            companies.note_call(db, company_id, "nothing to send", now)
            sessions.end_open(db, company_id, "a new session began", now)
            recovery.session_lost(db, company_id, now, "the session ended without an answer")
            if lists_due:
                exchange.lists_are_due(db, company_id, now)
                companies.note_lists_due(db, company_id, now + sync.READ_AGAIN_AFTER)
            if not (held or jobs.anything_to_send(db, company_id, now)):
                return ticket, "none"
            sessions.put(db, company_id, self._keys.mac(TICKET, ticket), now)
            companies.note_call(db, company_id, "a session began", now)
        log.info("session began", extra={"company": company_id, "remote": remote})
        return ticket, login.company_file or ""

    def _refuse(self, company_id: int | None, remote: str, now: dt.datetime) -> None:
        if self._refusals.take(remote, now) is None:
            with self._engine.begin() as db:
                # A user name that nobody has must cost as much as a wrong password (security.md 4.3, test 30).
                companies.note_refusal(db, company_id, now)
            log.warning("connector refused", extra={"remote": remote, "known": company_id is not None})

    def send_request(
        self, ticket: str, hcp_response: str, company_file: str, country: str, major: int, minor: int
    ) -> str:
        """-> the next message; "" when the session is over or the company file is the wrong one."""
        now = self._clock()
        with self._engine.begin() as db:
            session = sessions.hold(db, self._keys.mac(TICKET, ticket))
            if session is None or not _is_open(session, now):
                return ""
            company = companies.by_id(db, session.company_id)
            if company is None:
                sessions.end(db, session.id, "the company was removed", now)
                return ""
            version = _version_of(session)
            if version is None:
                version, problem = meet(db, company, hcp_response, company_file, country, Version(major, minor), now)
                if problem is not None:
                    sessions.note(db, session.id, now, last_error=problem)
                    sessions.end(db, session.id, "the company file was refused", now)
                    log.warning("company file refused", extra={"company": company.id})
                    return ""
            recovery.session_lost(db, company.id, now, "more was asked for before an answer came")
            body = recovery.next_message(db, company, session.id, version, now)
            wanted = preferences.load(company.settings)
            if body is None:
                body = exchange.next_message(db, company, wanted, session.id, version, now)
            if body is None and _is_held(session, wanted, now):
                sessions.note(db, session.id, now, qbxml_version=str(version), last_error=NO_OP)
                return ""
            if body is None:
                body = exchange.greeting(db, company, session.id, version, now)
            sessions.note(db, session.id, now, more_messages=1, qbxml_version=str(version), last_error=None)
        log.info("message leaves", extra={"company": company.id, "session": session.id, "bytes": len(body)})
        return body

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        """-> per cent done, 100 at the end; below zero when the session cannot go on.

        The answer is stored whatever it is. Should taking it fail, it is stored alone and the error goes on: what it
        would have settled is in doubt then, and the next session looks it up.
        """
        now, hresult, message = self._clock(), hresult[:LONGEST_HRESULT], message[:LONGEST_WORDS]
        try:
            return apart(lambda: self._take(ticket, response, hresult, message, now))
        except Exception as error:
            self._keep_untaken(ticket, response, hresult, message, type(error).__name__, now)
            raise

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        """QuickBooks could not be reached; nothing was sent. -> "done": the next update tries again."""
        now, hresult, message = self._clock(), hresult[:LONGEST_HRESULT], message[:LONGEST_WORDS]
        with self._engine.begin() as db:
            session = sessions.hold(db, self._keys.mac(TICKET, ticket))
            if session is not None and session.closed_at is None:
                what = hresult_status(hresult, after_write=False)
                text = f"{hresult}: {explain(what, message)}"
                companies.note_problem(db, session.company_id, text, now)
                sessions.note(db, session.id, now, last_error=text)
                sessions.end(db, session.id, "QuickBooks could not be reached", now)
                log.warning("QuickBooks not reached", extra={"company": session.company_id, "hresult": hresult})
        return "done"

    def last_error(self, ticket: str) -> str:
        """-> what the person at the Web Connector reads; never empty, since that would be a blank error."""
        with reading(self._engine) as db:
            session = sessions.look(db, self._keys.mac(TICKET, ticket))
        if session is None:
            return OVER
        if not _is_open(session, self._clock()):
            # Never NoOp: the connector would wait with it for ever.
            return OVER if session.last_error in (None, NO_OP) else str(session.last_error)
        return session.last_error or "No error."

    def close(self, ticket: str) -> str:
        """-> "OK", also for a session that is over or unknown: the call may come at any time (contract.md 2.7)."""
        now = self._clock()
        with self._engine.begin() as db:
            session = sessions.hold(db, self._keys.mac(TICKET, ticket))
            if session is not None and session.closed_at is None:
                sessions.end(db, session.id, "closed", now)
                recovery.session_lost(db, session.company_id, now, "the session was closed before an answer came")
        return "OK"

    # --- the answer ------------------------------------------------------------------------------------------------

    def _take(self, ticket: str, response: str, hresult: str, said: str, now: dt.datetime) -> int:
        with self._engine.begin() as db:
            return self._taken(db, ticket, response, hresult, said, now)

    def _taken(self, db: Connection, ticket: str, response: str, hresult: str, said: str, now: dt.datetime) -> int:
        session = sessions.hold(db, self._keys.mac(TICKET, ticket))
        if session is None:
            _keep_stray(db, response, hresult, said, now)
            return -1
        company = companies.by_id(db, session.company_id)
        message = _answered_message(db, session, response)
        if company is None or message is None:
            _keep(db, session, None, response, hresult, said, "no message awaited it", now)
            return max(1, session.percent) if _is_open(session, now) else -1
        awaited = message.fate == Fate.SENT and message.session_id == session.id
        keeps = message.purpose in (Purpose.POST, Purpose.LOOK_UP) or hresult
        _keep(db, session, message, response if keeps else "", hresult, said, None if awaited else "late", now)
        settled = _settle(db, company, message, session, response, hresult, said, awaited, now)
        if not awaited:
            return max(1, session.percent) if _is_open(session, now) else -1
        if settled is None or settled.stuck:
            text = f"QuickBooks did not answer as it should ({hresult or 'no answer'}). {said}".strip()
            if settled is not None:
                text = "QuickBooks did not say what it holds of the documents in doubt. It is asked again next time."
            sessions.note(db, session.id, now, last_error=text, percent=-1)
            companies.note_problem(db, company.id, text, now)
            return -1
        if message.purpose != Purpose.GREET:
            companies.note_problem(db, company.id, None, now)
        done = session.jobs_done + settled.done
        greeted = message.purpose == Purpose.GREET
        percent = 100 if greeted else _percent(db, company.id, done, settled, now)
        if percent == 100 and _is_held(session, preferences.load(company.settings), now):
            percent = 99
        sessions.note(db, session.id, now, jobs_done=done, percent=percent)
        told = {"company": company.id, "session": session.id, "message_id": message.id}
        log.info("answer taken", extra={**told, "done": settled.done, "percent": percent})
        return percent

    def _keep_untaken(self, ticket: str, response: str, hresult: str, said: str, error: str, now: dt.datetime) -> None:
        try:
            with self._engine.begin() as db:
                session = sessions.hold(db, self._keys.mac(TICKET, ticket))
                if session is not None:
                    _keep(db, session, None, response, hresult, said, f"could not be taken: {error}", now)
        except Exception:
            log.exception("an answer could be neither taken nor kept")


def _is_open(session: AnyRow, now: dt.datetime) -> bool:
    return session.closed_at is None and now - session.seen_at <= IDLE and now - session.opened_at <= LONGEST


def _is_held(session: AnyRow, wanted: preferences.Preferences, now: dt.datetime) -> bool:
    """Whether a session with nothing to send stays open, for orders that are sent meanwhile (product.md X3)."""
    return bool(now - session.opened_at < dt.timedelta(minutes=wanted.hold_minutes))


def _version_of(session: AnyRow) -> Version | None:
    return None if session.qbxml_version is None else Version.parse(session.qbxml_version)


def _answered_message(db: Connection, session: AnyRow, response: str) -> AnyRow | None:
    """-> the message that an answer belongs to: the one it names, else the one that this session waits for."""
    named = answers.message_of(response)
    if named is not None:
        message = messages.by_id(db, named)
        return message if message is not None and message.company_id == session.company_id else None
    for message in messages.unanswered(db, session.company_id):
        if message.fate == Fate.SENT and message.session_id == session.id:
            return message
    return None


def _settle(
    db: Connection,
    company: Company,
    message: AnyRow,
    session: AnyRow,
    response: str,
    hresult: str,
    said: str,
    awaited: bool,
    now: dt.datetime,
) -> Settled | None:
    """-> what the answer settled; None when QuickBooks or the Web Connector failed, and the session had better end."""
    if not hresult and response and not response.isspace():
        try:
            answer = responses.read(response)
            if message.purpose == Purpose.POST:
                return answers.settle_post(db, company, message, answer, now, awaited=awaited)
            if not awaited:
                return Settled(0, doubt=False)  # a query's answer settles nothing when it comes late
            with db.begin_nested():  # an answer that is found to be none at its end must leave nothing behind
                if message.purpose == Purpose.READ:
                    return answers.settle_read(db, company, message, session.id, answer, now)
                if message.purpose == Purpose.LOOK_UP:
                    return recovery.settle_look_up(db, company, message, answer, now)
            messages.set_fate(db, message.id, Fate.ANSWERED, now)
            return Settled(0, doubt=False)
        except responses.NotQbXML as error:
            said = f"what came is no answer of QuickBooks': {error}"
    if not awaited:
        return None
    if message.purpose == Purpose.POST:
        settled = answers.settle_failure(db, company, message, hresult, said, now)
        return None if settled.doubt else settled
    if message.purpose == Purpose.READ:
        answers.read_failed(db, company, message, f"{hresult} {said}".strip(), now)
    else:
        messages.set_fate(db, message.id, Fate.LOST, now)
    return None


def _percent(db: Connection, company_id: int, done: int, settled: Settled, now: dt.datetime) -> int:
    """-> 1 to 99; 100, which ends the session, when nothing more can be done in it now (contract.md 2.4)."""
    left = jobs.open_count(db, company_id, now)
    if not (left or settled.doubt or jobs.is_anything_away(db, company_id)):
        return 100
    return max(1, min(99, 100 * done // (done + left) if done + left else 1))


def _keep(
    db: Connection,
    session: AnyRow,
    message: AnyRow | None,
    response: str,
    hresult: str,
    said: str,
    note: str | None,
    now: dt.datetime,
) -> None:
    messages.keep_answer(
        db,
        company_id=session.company_id,
        message_id=None if message is None else message.id,
        session_id=session.id,
        response=response,
        hresult=hresult,
        message=said,
        note=note,
        now=now,
    )


def _keep_stray(db: Connection, response: str, hresult: str, said: str, now: dt.datetime) -> None:
    """An answer under a ticket that we never gave out: kept for a person to see, never believed.

    Anybody can send such a thing, so only one that names a message of ours in doubt is kept, once, and not a large one.
    """
    named = answers.message_of(response)
    message = None if named is None else messages.by_id(db, named)
    if message is None or len(response) > MOST_STRAY_BYTES or message.fate == Fate.ANSWERED:
        return
    if any(answer.session_id is None for answer in messages.answers_to(db, message.id)):
        return
    messages.keep_answer(
        db,
        company_id=message.company_id,
        message_id=message.id,
        session_id=None,
        response=response,
        hresult=hresult,
        message=said,
        note="under an unknown ticket: not used",
        now=now,
    )
