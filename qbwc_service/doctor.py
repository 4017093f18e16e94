"""Why is nothing happening? Each check says what it found, and how to mend it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from . import reach, readiness
from .companies import account, qwc
from .db import companies, figures, lists, schema
from .db.companies import Company
from .db.engine import AnyRow, open_engine, reading
from .db.states import State
from .secrets import Keys, WrongKey
from .settings import GOOD_KEY, Settings

LEAST_DAYS = 14  # that a certificate should still be good
CLOCK_SECONDS = 120
LISTS_OLD = dt.timedelta(days=3)  # they are read each day
LONGEST_WAIT = dt.timedelta(hours=2)
TICKS_LATE = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Finding:
    check: str
    good: bool
    finding: str
    mend: str = ""


def silence(company: Company, connection: AnyRow, waiting: int, now: dt.datetime) -> str | None:
    """-> a sentence when the connector should have called and did not: twice its interval and ten minutes late."""
    if not is_silent(company.every_minutes, connection.called_at, now):
        return None
    minutes = int((now - connection.called_at).total_seconds() // 60)
    return f"the Web Connector last called {minutes} minutes ago" + (f", {waiting} documents wait" if waiting else "")


def is_silent(every_minutes: int, called_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a connector is twice its interval and ten minutes late; never before its first call."""
    return called_at is not None and now - called_at > dt.timedelta(minutes=2 * every_minutes + 10)


def is_refused(called_at: dt.datetime | None, refused_at: dt.datetime | None) -> bool:
    """Whether the last call was one with a wrong password."""
    return refused_at is not None and (called_at is None or refused_at > called_at)


def examine(settings: Settings, now: dt.datetime) -> list[Finding]:
    """-> what was found, in the sequence in which things depend on each other. It takes seconds at most, whatever does
    not answer."""
    findings = [*_address(settings, now), *_secret_key(settings), *_disk(settings)]
    path = settings.sqlite_path
    if path is not None and not path.exists():
        return [*findings, Finding("database", False, f"{path} does not exist", "Run `qbwc init`.")]
    engine = open_engine(settings.database_url)
    try:
        schema.require(engine)
        findings.append(Finding("database", True, f"answers, tables of version {schema.HEAD}"))
        with reading(engine) as db:
            findings += _service(db, settings, now)
            known = companies.all_of_them(db)
            if not known:
                findings.append(Finding("companies", False, "there is none", "Run `qbwc company add NAME`."))
            for company in known:
                findings += _company(db, settings, company, now)
    except schema.SchemaMismatch as error:
        findings.append(Finding("database", False, str(error)))
    except SQLAlchemyError as error:
        what = (str(getattr(error, "orig", error)).strip() or type(error).__name__).splitlines()[0]
        findings.append(Finding("database", False, f"does not answer: {what}", "Check DATABASE_URL and the server."))
    finally:
        engine.dispose()
    return findings


# --- the service as a whole -------------------------------------------------------------------------------------------


def _address(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    check, url = "public address", settings.public_url
    found = reach.look(url, now)
    if found.fault is not None:
        mend = (
            "Is `qbwc serve` running?"
            if settings.is_local
            else "The Web Connector calls this address: DNS, the proxy in front and its certificate must be in order. "
            "(This machine may be unable to reach itself by its public name; then look from another one.)"
        )
        yield Finding(check, False, f"{url}: {found.fault}", mend)
    else:
        yield Finding(check, True, f"{url} leads to a service like this one")
    if found.certificate_ends is not None:
        days = (found.certificate_ends - now).days
        finding = f"good until {found.certificate_ends:%Y-%m-%d}, {days} days"
        yield Finding("certificate", days >= LEAST_DAYS, finding, "" if days >= LEAST_DAYS else "Renew it.")
    if found.ahead_seconds is not None and abs(found.ahead_seconds) > CLOCK_SECONDS:
        finding = f"differs by {abs(found.ahead_seconds):.0f} seconds from that of {url}"
        yield Finding("clock", False, finding, "Have the clock set by the network (timedatectl set-ntp true).")
    if not settings.is_local and not settings.trusted_proxies:
        mend = "Behind a proxy everybody seems to call from its address: name it in QBWC_TRUSTED_PROXIES."
        yield Finding("trusted proxies", True, "none", mend)


def _secret_key(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None:
        yield Finding("secret key", False, "there is none", "Run `qbwc init`, or set QBWC_SECRET_KEY.")
    elif len(settings.secret_key) < GOOD_KEY:
        mend = f"Set a random one of {GOOD_KEY} characters or more, and make new passwords."
        yield Finding("secret key", False, f"has only {len(settings.secret_key)} characters", mend)


def _disk(settings: Settings) -> Iterator[Finding]:
    path = settings.sqlite_path
    if path is None or not path.exists():
        return
    free = readiness.free_bytes(path.parent)
    fault = readiness.disk(settings)
    if fault is None and free < readiness.GOOD_FREE_BYTES:
        fault = "little is left on the disk of the database"
    left = f"{free // 1_000_000:,} MB are free"
    mend = "" if fault is None else "Make room; `qbwc prune` drops what is old of the database."
    yield Finding("disk", fault is None, left if fault is None else f"{fault}; {left}", mend)


def _service(db: Connection, settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    newest = figures.newest_entry(db)
    if newest is not None and (newest - now).total_seconds() > CLOCK_SECONDS:
        finding = f"the database holds an entry of {newest:%Y-%m-%d %H:%M:%S} UTC, which is still to come"
        yield Finding("clock", False, finding, "The clock of this machine, or of one that shares the database, is off.")
    if failing := figures.mail_failing(db):
        finding = f"{len(failing)} notices could not be mailed to all admins; the last: {failing[-1].mail_error}"
        yield Finding("mail", False, finding[:400], "Check QBWC_SMTP_URL and the addresses of the admins.")
    elif settings.mail is None:
        yield Finding("mail", True, "none is sent", "Set QBWC_SMTP_URL and QBWC_MAIL_FROM to have admins told by mail.")
    else:
        yield Finding("mail", True, f"goes out by {settings.mail.host}")
    due = figures.deliveries_due(db, now)
    if due.failing:
        said = figures.delivery_errors(db, limit=1)[0].last_error
        finding = f"{due.failing} deliveries failed and are tried again; one of them: {said}"
        yield Finding("webhooks", False, finding[:400], "The company's page of programs shows each delivery.")
    elif due.oldest is not None and now - due.oldest > TICKS_LATE:
        finding = f"{due.due} deliveries are due since {due.oldest:%Y-%m-%d %H:%M} UTC and were not tried"
        yield Finding("webhooks", False, finding, "Is `qbwc serve` running? It delivers them.")


# --- one company ------------------------------------------------------------------------------------------------------


def _company(db: Connection, settings: Settings, company: Company, now: dt.datetime) -> Iterator[Finding]:
    name = company.name
    connection = companies.connection_of(db, company.id)
    backlog = figures.backlog(db, company.id)
    waiting = sum(backlog.counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT))
    try:
        qwc.write(company, settings.public_url)
        yield Finding(f"{name}: .qwc file", True, "the Web Connector takes it")
    except qwc.QwcFault as fault:
        yield Finding(f"{name}: .qwc file", False, str(fault), "Set QBWC_PUBLIC_URL to the https address of this host.")
    if settings.secret_key is not None:
        try:
            account.password_of(db, Keys(settings.secret_key), company)
        except WrongKey as error:
            yield Finding(f"{name}: password", False, str(error))
    contact = _contact(company, connection, waiting, now)
    yield contact
    if connection.problem:
        since = "" if connection.problem_at is None else f" (since {connection.problem_at:%Y-%m-%d %H:%M} UTC)"
        yield Finding(f"{name}: connection", False, f"{connection.problem}{since}")
    if contact.good:
        yield from _lists(db, company, now)
    yield from _queue(db, company, backlog, waiting, now)


def _contact(company: Company, connection: AnyRow, waiting: int, now: dt.datetime) -> Finding:
    check = f"{company.name}: Web Connector"
    if connection.called_at is None and connection.refused_at is not None:
        return Finding(
            check,
            False,
            f"called with a wrong password at {connection.refused_at:%Y-%m-%d %H:%M} UTC",
            "Paste the password of `qbwc regenerate-password` into the Web Connector, and say Yes to saving it.",
        )
    if connection.called_at is None:
        return Finding(
            check,
            False,
            "never called yet",
            f"Open the file of `qbwc qwc` with the Web Connector, paste the password, tick {company.name} and press "
            "Update Selected. The address must be reachable from that PC.",
        )
    silent = silence(company, connection, waiting, now)
    if silent is not None:
        mend = "The Web Connector runs only while a Windows user is logged on; is it running, with Auto-Run ticked?"
        return Finding(check, False, silent, mend)
    if is_refused(connection.called_at, connection.refused_at):
        return Finding(
            check,
            False,
            f"called with a wrong password at {connection.refused_at:%Y-%m-%d %H:%M} UTC",
            "Paste the present password into the Web Connector.",
        )
    seconds = connection.usual_seconds or company.every_minutes * 60
    due = connection.called_at + dt.timedelta(seconds=seconds)
    called = f"last called {connection.called_at:%Y-%m-%d %H:%M} UTC and was told: {connection.answer}"
    return Finding(check, True, f"{called}; next due {due:%H:%M}")


def _lists(db: Connection, company: Company, now: dt.datetime) -> Iterator[Finding]:
    check = f"{company.name}: lists"
    reads = lists.read_of(db, company.id)
    unread = sorted(which for which, read in reads.items() if read.read_at is None)
    old = sorted(which for which, read in reads.items() if read.read_at and now - read.read_at > LISTS_OLD)
    if unread:
        finding = f"QuickBooks' list of {', '.join(unread)} was never read to its end"
        yield Finding(check, False, finding, f'See `qbwc job list --company "{company.name}" --lists`.')
    elif old:
        finding = f"QuickBooks' list of {', '.join(old)} is as it was more than {LISTS_OLD.days} days ago"
        yield Finding(check, False, finding, f'See `qbwc job list --company "{company.name}" --lists`.')


def _queue(
    db: Connection, company: Company, backlog: figures.Backlog, waiting: int, now: dt.datetime
) -> Iterator[Finding]:
    check, counts = f"{company.name}: queue", backlog.counts
    if counts.get(State.ATTENTION, 0):
        mend = f'See `qbwc job list --company "{company.name}" --state attention`.'
        yield Finding(check, False, f"{counts[State.ATTENTION]} jobs need a person", mend)
    if counts.get(State.IN_DOUBT, 0):
        finding = f"{counts[State.IN_DOUBT]} jobs are in doubt; the next poll looks them up in QuickBooks"
        yield Finding(check, True, finding)
    if not waiting:
        if not counts.get(State.ATTENTION, 0) and not counts.get(State.IN_DOUBT, 0):
            yield Finding(check, True, "nothing waits")
        return
    stand = figures.standing(db, company.id, now)
    parts = [f"{waiting} documents are on their way", f"{stand.ready} of them leave at the next poll"]
    if stand.resting:
        parts.append(f"{stand.resting} rest until {stand.first_rest_ends:%H:%M} UTC at least, as QuickBooks was busy")
    if stand.blocked:
        parts.append(f"{stand.blocked} wait for others that need a person or are in doubt")
    oldest = backlog.oldest or now
    # What waits behind something that needs a person is told of above.
    late = now - oldest > LONGEST_WAIT and bool(stand.ready)
    if now - oldest > dt.timedelta(minutes=1):
        parts.append(f"the oldest since {oldest:%Y-%m-%d %H:%M} UTC")
    mend = "They leave when the Web Connector polls, orders first; is it polling?" if late else ""
    yield Finding(check, not late, "; ".join(parts), mend)
