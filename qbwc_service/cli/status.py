"""`qbwc status` and `qbwc doctor`."""

import datetime as dt
from typing import Any

import click

from .. import doctor as checks
from ..db import companies, figures, job_views
from ..db.engine import reading
from ..db.states import State
from .common import NEEDS_ATTENTION, as_json, now, opened, print_json, print_table, read_settings


@click.command()
@as_json
def status(json_: bool) -> None:
    """One look at every company; exit 4 when something needs a person, so that cron can tell.

    \b
    Example: qbwc status --json
    """
    with opened() as (engine, _), reading(engine) as db:
        rows = [_facts(db, company, now()) for company in companies.all_of_them(db)]
    if json_:
        print_json({"companies": rows, "needs_attention": any(row["needs_attention"] for row in rows)})
    else:
        shown = ("company", "last_contact", "waiting", "oldest_waiting", "in_doubt", "attention", "posted", "problem")
        print_table([{name: row[name] for name in shown} for row in rows], "There is no company yet.")
    if any(row["needs_attention"] for row in rows):
        raise click.exceptions.Exit(NEEDS_ATTENTION)


def _facts(db: Any, company: companies.Company, at: dt.datetime) -> dict[str, Any]:
    counts = job_views.counts(db, company.id)
    connection = companies.connection_of(db, company.id)
    waiting = sum(counts.get(state, 0) for state in (State.WAITING, State.READY, State.IN_FLIGHT))
    silent = checks.silence(company, connection, waiting, at)
    problem = connection.problem or silent
    return {
        "company": company.name,
        "last_contact": connection.called_at,
        "waiting": waiting,
        "oldest_waiting": figures.backlog(db, company.id).oldest,
        "in_doubt": counts.get(State.IN_DOUBT, 0),
        "attention": counts.get(State.ATTENTION, 0),
        "posted": counts.get(State.POSTED, 0),
        "problem": problem,
        "needs_attention": bool(problem or counts.get(State.ATTENTION, 0)),
    }


@click.command()
@as_json
def doctor(json_: bool) -> None:
    """Why is nothing happening? Checks configuration, database and each company; exit 4 when something is wrong."""
    findings = checks.examine(read_settings(), now())
    if json_:
        print_json([{"check": f.check, "good": f.good, "finding": f.finding, "mend": f.mend} for f in findings])
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.check}: {finding.finding}")
            if finding.mend:
                click.echo(f"       {finding.mend}")
    if not all(finding.good for finding in findings):
        raise click.exceptions.Exit(NEEDS_ATTENTION)
