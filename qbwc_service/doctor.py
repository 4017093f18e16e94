"""Why is nothing happening? Each check says what it found, and how to mend it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from .companies import account, qwc
from .db import companies, job_views, schema
from .db.companies import Company
from .db.engine import AnyRow, open_engine, reading
from .db.states import State
from .secrets import Keys, WrongKey
from .settings import GOOD_KEY, Settings


@dataclass(frozen=True)
class Finding:
    check: str
    good: bool
    finding: str
    mend: str = ""


def silence(company: Company, connection: AnyRow, waiting: int, now: dt.datetime) -> str | None:
    """-> a sentence when the connector should have called and did not: twice its interval and ten minutes late."""
    if connection.called_at is None:
        return None
    late = now - connection.called_at
    if late <= dt.timedelta(minutes=2 * company.every_minutes + 10):
        return None
    minutes = int(late.total_seconds() // 60)
    return f"the Web Connector last called {minutes} minutes ago" + (f", {waiting} documents wait" if waiting else "")


def examine(settings: Settings, now: dt.datetime) -> list[Finding]:
    """-> what was found, in the sequence in which things depend on each other."""
    findings = [Finding("public address", True, settings.public_url)]
    if settings.secret_key is None:
        findings.append(Finding("secret key", False, "there is none", "Run `qbwc init`, or set QBWC_SECRET_KEY."))
    elif len(settings.secret_key) < GOOD_KEY:
        mend = f"Set a random one of {GOOD_KEY} characters or more, and make new passwords."
        findings.append(Finding("secret key", False, f"has only {len(settings.secret_key)} characters", mend))
    path = settings.sqlite_path
    if path is not None and not path.exists():
        return [*findings, Finding("database", False, f"{path} does not exist", "Run `qbwc init`.")]
    engine = open_engine(settings.database_url)
    try:
        schema.require(engine)
        findings.append(Finding("database", True, f"answers, tables of version {schema.HEAD}"))
        with reading(engine) as db:
            known = companies.all_of_them(db)
            if not known:
                findings.append(Finding("companies", False, "there is none", "Run `qbwc company add NAME`."))
            for company in known:
                findings += _company(db, settings, company, now)
    except schema.SchemaMismatch as error:
        findings.append(Finding("database", False, str(error)))
    except SQLAlchemyError as error:
        what = str(getattr(error, "orig", error)).splitlines()[0]
        findings.append(Finding("database", False, f"does not answer: {what}", "Check DATABASE_URL and the server."))
    finally:
        engine.dispose()
    return findings


def _company(db: Connection, settings: Settings, company: Company, now: dt.datetime) -> Iterator[Finding]:
    name = company.name
    connection = companies.connection_of(db, company.id)
    counts = job_views.counts(db, company.id)
    waiting = sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT))
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
    yield _contact(company, connection, waiting, now)
    if connection.problem:
        yield Finding(f"{name}: connection", False, connection.problem)
    if counts.get(State.ATTENTION, 0):
        mend = f'See `qbwc job list --company "{name}" --state attention`.'
        yield Finding(f"{name}: queue", False, f"{counts[State.ATTENTION]} jobs need a person", mend)
    elif counts.get(State.IN_DOUBT, 0):
        finding = f"{counts[State.IN_DOUBT]} jobs are in doubt; the next poll looks them up in QuickBooks"
        yield Finding(f"{name}: queue", True, finding)
    else:
        yield Finding(f"{name}: queue", True, f"{waiting} documents wait for a poll" if waiting else "nothing waits")


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
    if connection.refused_at is not None and connection.refused_at > connection.called_at:
        return Finding(
            check,
            False,
            f"called with a wrong password at {connection.refused_at:%Y-%m-%d %H:%M} UTC",
            "Paste the present password into the Web Connector.",
        )
    return Finding(check, True, f"last called {connection.called_at:%Y-%m-%d %H:%M} UTC: {connection.answer}")
