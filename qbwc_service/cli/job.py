"""`qbwc job`: the queue, as an operator sees and mends it."""

from typing import Any

import click

from ..db import job_views, messages
from ..db import jobs as table
from ..db.engine import reading
from ..db.states import State
from ..posting import queue
from .common import NOT_FOUND, Failure, as_json, code_of, company_of, now, opened, print_json, print_table, writing

LARGEST_ID = 2**63


@click.group()
def job() -> None:
    """The queue: a job is one document on its way to QuickBooks."""


@job.command("list")
@click.option("--company", help="Only this company's, by name or id.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
@click.option("--lists", is_flag=True, help="With the jobs that read QuickBooks' lists.")
@as_json
def list_(company: str | None, state: str | None, lists: bool, json_: bool) -> None:
    """List jobs, oldest first.

    \b
    Example: qbwc job list --state attention
    """
    with opened() as (engine, _), reading(engine) as db:
        company_id = None if company is None else company_of(db, company).id
        found = job_views.listed(db, company_id=company_id, state=state, limit=None, lists=lists)
    rows = [_row(row) for row in found]
    if json_:
        print_json(rows)
    else:
        print_table(rows, "No such job.")


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "company": row.company,
        "order": row.order_number,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "next_try": row.next_try_at,
        "status_code": code_of(row.status_code),
        "explanation": row.explanation or (f"waits for job {row.blocked_by}" if row.blocked_by else None),
    }


@job.command("show")
@click.argument("id", type=int)
@as_json
def show(id: int, json_: bool) -> None:
    """Show one job: its history, and the last message that carried it with QuickBooks' answers."""
    with opened() as (engine, _), reading(engine) as db:
        found = job_views.shown(db, id) if id < LARGEST_ID else None
        if found is None:
            raise Failure(f"there is no job {id}", NOT_FOUND)
        content = table.contents(db, [id])[id]
        past = job_views.history_of(db, id)
        message = messages.with_body(db, found.message_id) if found.message_id else None
        answers = messages.answers_to(db, found.message_id) if found.message_id else []
    facts = _row(found) | {
        "record": found.record,
        "name": found.name,
        "ref_number": found.ref_number,
        "total": found.total,
        "txn_id": found.txn_id,
        "list_id": found.list_id,
        "created_at": found.created_at,
        "request": content,
        "history": [
            {"at": step.at, "event": step.event, "state": step.state, "message": step.message_id, "note": step.note}
            for step in past
        ],
        "message": None if message is None else {"id": message.id, "sent_at": message.sent_at, "body": message.body},
        "answers": [
            {
                "received_at": answer.received_at,
                "hresult": answer.hresult,
                "message": answer.message,
                "note": answer.note,
                "response": answer.response,
            }
            for answer in answers
        ],
    }
    if json_:
        print_json(facts)
        return
    for name in ("id", "company", "order", "kind", "name", "ref_number", "total", "state", "attempts", "next_try"):
        click.echo(f"{name.replace('_', ' '):<12}  {'-' if facts[name] is None else facts[name]}")
    for name in ("txn_id", "list_id", "status_code", "explanation"):
        click.echo(f"{name.replace('_', ' '):<12}  {'-' if facts[name] is None else facts[name]}")
    click.echo("\nHistory")
    print_table(facts["history"], "")
    click.echo(f"\nRequest\n{content}")
    if message is not None:
        click.echo(f"\nMessage {message.id}, sent {message.sent_at:%Y-%m-%d %H:%M:%S} UTC\n{message.body}")
    for answer in answers:
        click.echo(f"\nAnswer {answer.received_at:%Y-%m-%d %H:%M:%S} UTC {answer.hresult} {answer.message}".rstrip())
        click.echo(answer.response)


@job.command("retry")
@click.argument("ids", type=int, nargs=-1, required=True)
@click.option("--name", help="Give a customer, vendor or item this name in QuickBooks first; for one job.")
def retry(ids: tuple[int, ...], name: str | None) -> None:
    """Have jobs tried again at the next poll.

    \b
    Example: qbwc job retry 12 13
    """
    if name is not None and len(ids) != 1:
        raise click.UsageError("--name goes with one job")
    with writing() as db:
        held = _held(db, ids)
        try:
            if name is not None:
                queue.rename(db, held[0], name)
            queue.retry(db, held, now())
        except (queue.NotNow, queue.WrongName) as error:
            raise Failure(str(error)) from None
    click.echo(f"{len(held)} jobs are tried again at the next poll.")


@job.command("cancel")
@click.argument("ids", type=int, nargs=-1, required=True)
def cancel(ids: tuple[int, ...]) -> None:
    """Cancel jobs that have not left, with what cannot be without them (an invoice's payments)."""
    with writing() as db:
        try:
            cancelled = queue.cancel(db, _held(db, ids), now())
        except queue.NotNow as error:
            raise Failure(str(error)) from None
    for row in cancelled:
        click.echo(f"Cancelled: job {row.id}, {row.kind} {row.ref_number or row.name or ''}".rstrip())


def _held(db: Any, ids: tuple[int, ...]) -> Any:
    held = table.hold(db, [id for id in dict.fromkeys(ids) if id < LARGEST_ID])
    missing = sorted(set(ids) - {row.id for row in held})
    if missing:
        raise Failure(f"there is no job {', '.join(map(str, missing))}", NOT_FOUND)
    return held
