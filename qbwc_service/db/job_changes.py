"""What happens to jobs: asked for, changed, freed, blocked; each change is a row in the history."""

import datetime as dt
import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from . import many, webhooks
from .engine import AnyRow, Utc
from .jobs import Change, NewJob, by_records, drafts, history, jobs, needed_by, needs
from .many import one_found, one_given, one_of
from .states import BLOCKING, CLAIMABLE, Event, State

_WRITTEN = ("record", "kind", "priority", "name", "ref_number", "marker", "total", "request")
_values = operator.attrgetter(*_WRITTEN)


class _Needed(NamedTuple):
    id: int
    state: str
    blocked_by: int | None
    next_try_at: dt.datetime | None


def put(db: Connection, company_id: int, order_id: int | None, new: Sequence[NewJob], now: dt.datetime) -> list[int]:
    """Stores jobs whose needs are stored already, or come before them in `new`; -> their ids, in sequence."""
    known = {
        record: _Needed(row.id, row.state, row.blocked_by, row.next_try_at)
        for record, row in by_records(db, company_id, {record for job in new for record in job.needs}).items()
    }
    stands: list[_Needed] = []
    for job in new:
        # A job that is new blocks nobody, so its id is not asked for yet.
        stand = _standing([known[record] for record in job.needs])
        stands.append(_Needed(0, stand["state"], stand["blocked_by"], stand["next_try_at"]))
        known[job.record] = stands[-1]
    rows = [(*_values(job), *stand[1:]) for job, stand in zip(new, stands, strict=True)]
    names = (*_WRITTEN, "state", "blocked_by", "next_try_at")
    ids = many.put_new(db, jobs, names, rows, company_id=company_id, order_id=order_id, created_at=now, changed_at=now)
    taken = {record: need.id for record, need in known.items()} | dict(
        zip((job.record for job in new), ids, strict=True)
    )
    pairs = [(id_, taken[record]) for id_, job in zip(ids, new, strict=True) for record in dict.fromkeys(job.needs)]
    many.put(db, needs, ("job_id", "needs_id"), pairs)
    many.put(db, drafts, ("job_id", "content"), zip(ids, (job.content for job in new), strict=True))
    asked = [(id_, Event.ASKED.name, stand.state, None, None) for id_, stand in zip(ids, stands, strict=True)]
    write_history(db, asked, now)
    return ids


def _standing(needed: Sequence[_Needed]) -> dict[str, Any]:
    """-> state, blocker and rest of a job that needs these."""
    return {
        "state": State.READY if all(need.state == State.POSTED for need in needed) else State.WAITING,
        "blocked_by": _blocker(needed),
        "next_try_at": max((need.next_try_at for need in needed if need.next_try_at is not None), default=None),
    }


def _blocker(needed: Iterable[_Needed]) -> int | None:
    for need in needed:
        if need.state in BLOCKING:
            return need.id
        if need.blocked_by is not None:
            return need.blocked_by
    return None


def write_history(
    db: Connection, rows: Sequence[tuple[int, str, str, int | None, str | None]], now: dt.datetime
) -> None:
    """`rows`: job, name of the event, state afterwards, message, note."""
    many.put(db, history, ("job_id", "event", "state", "message_id", "note"), rows, at=now)


def apply(db: Connection, changes: Sequence[Change], now: dt.datetime) -> None:
    """Writes what became of the jobs and their history, tells webhooks, then frees or blocks what needs them."""
    if not changes:
        return
    _write(db, changes, now)
    told = [change.job_id for change in changes if change.state in webhooks.EVENTS and change.event is not Event.READ]
    webhooks.tell(db, told, now)
    posted = [change.job_id for change in changes if change.state == State.POSTED]
    stopped = [change.job_id for change in changes if change.state in BLOCKING]
    open_again = [
        change.job_id for change in changes if change.state in CLAIMABLE and change.event not in (Event.READ, Event.DUE)
    ]
    if posted:
        _unblock(db, posted, now)
        _free(db, posted, now)
    if open_again:
        _stand_behind_needs(db, open_again)
        _unblock(db, open_again, now)
    if stopped:
        _block(db, stopped)


def _write(db: Connection, changes: Sequence[Change], now: dt.datetime) -> None:
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for change in changes:
        names, values = zip(*change.columns, strict=True) if change.columns else ((), ())
        by_columns.setdefault(names, []).append((change.job_id, change.state, *values))
    for names, rows in by_columns.items():
        many.change(db, jobs, ("state", *names), rows, changed_at=now)
    write_history(
        db,
        [(change.job_id, change.event.name, change.state, change.message_id, change.note) for change in changes],
        now,
    )


_other = jobs.alias("other")
_UNPOSTED = (
    select(needs.c.job_id)
    .join(_other, _other.c.id == needs.c.needs_id)
    .where(needs.c.job_id == jobs.c.id, _other.c.state != State.POSTED)
)
_FREE = (
    update(jobs)
    .where(
        one_found(jobs.c.id, select(needs.c.job_id).where(one_given(needs.c.needs_id, "posted"))),
        jobs.c.state == State.WAITING,
        ~_UNPOSTED.exists(),
    )
    .values(state=State.READY, changed_at=bindparam("at", type_=Utc))
    .returning(jobs.c.id)
)


def _free(db: Connection, posted: list[int], now: dt.datetime) -> None:
    """Jobs that waited for these, and now for nothing more, are ready."""
    freed = db.execute(_FREE, {"posted": posted, "at": now}).scalars()
    write_history(db, [(job_id, Event.FREED.name, State.READY, None, None) for job_id in freed], now)


def _dependents(db: Connection, job_ids: Sequence[int], states: Sequence[State] = CLAIMABLE) -> list[int]:
    """-> jobs in these states that need one of these, directly or through others; by id, so needs come first."""
    found: set[int] = set()
    front = list(job_ids)
    while front:
        theirs = select(needs.c.job_id).where(one_of(needs.c.needs_id, front))
        rows = db.execute(select(jobs.c.id).where(one_found(jobs.c.id, theirs), jobs.c.state.in_(states))).scalars()
        front = [job_id for job_id in rows if job_id not in found]
        found.update(front)
    return sorted(found)


def open_dependents(db: Connection, job_id: int) -> list[AnyRow]:
    """-> the jobs that wait for this one, or for a person, directly or through others."""
    found = _dependents(db, [job_id], (*CLAIMABLE, State.ATTENTION))
    return list(db.execute(select(jobs).where(one_of(jobs.c.id, found)).order_by(jobs.c.id)).all())


def _block(db: Connection, stopped: Sequence[int]) -> None:
    for blocker in stopped:
        dependents = _dependents(db, [blocker])
        if dependents:
            db.execute(
                update(jobs)
                .where(jobs.c.id == bindparam("b_id"), jobs.c.blocked_by.is_(None))
                .values(blocked_by=bindparam("b_by")),
                [{"b_id": job_id, "b_by": blocker} for job_id in dependents],
            )


_UNBLOCK = update(jobs).where(one_given(jobs.c.blocked_by, "released")).values(blocked_by=None).returning(jobs.c.id)


def _unblock(db: Connection, released: list[int], now: dt.datetime) -> None:
    """These stand in nobody's way any more; what they blocked may still be blocked by another."""
    loose = db.execute(_UNBLOCK, {"released": released}).scalars().all()
    for job_id in sorted(loose):
        blocker = _blocker(_needs_of(db, job_id))
        if blocker is not None:
            db.execute(update(jobs).where(jobs.c.id == job_id).values(blocked_by=blocker))


def _stand_behind_needs(db: Connection, job_ids: Sequence[int]) -> None:
    """Jobs that are open again, and what needs them: each is blocked when a need of it is, and rests as long.

    In sequence of their ids: so a need stands as it should before what needs it is looked at.
    """
    for job_id in sorted({*job_ids, *_dependents(db, job_ids)}):
        job = db.execute(select(jobs.c.state, jobs.c.blocked_by, jobs.c.next_try_at).where(jobs.c.id == job_id)).one()
        stand = _standing(_needs_of(db, job_id))
        # A waiting job's rest is that of its needs; a ready one, refused for the time being, has one of its own.
        rests = (job.next_try_at if job.state == State.READY else None, stand["next_try_at"])
        rest = max((time for time in rests if time is not None), default=None)
        if (stand["blocked_by"], rest) != (job.blocked_by, job.next_try_at):
            db.execute(update(jobs).where(jobs.c.id == job_id).values(blocked_by=stand["blocked_by"], next_try_at=rest))


def _needs_of(db: Connection, job_id: int) -> list[_Needed]:
    needed = needed_by(db, [job_id]).get(job_id, ())
    return [_Needed(row.id, row.state, row.blocked_by, row.next_try_at) for row in needed]


def put_back(db: Connection, job_ids: Sequence[int]) -> None:
    """Claimed, but not for this message: as they were before, with what blocks them since."""
    for job_id in sorted(job_ids):
        stand = _standing(_needs_of(db, job_id))
        db.execute(update(jobs).where(jobs.c.id == job_id).values(attempts=jobs.c.attempts - 1, **stand))


def relink(db: Connection, job_id: int, list_id: str, name: str) -> None:
    """A list record that is posted stands for another one of QuickBooks' from now on."""
    db.execute(update(jobs).where(jobs.c.id == job_id).values(list_id=list_id, name=name))


def rename(db: Connection, job_id: int, name: str, content: str) -> None:
    """A list record is to be called so in QuickBooks."""
    db.execute(update(jobs).where(jobs.c.id == job_id).values(name=name))
    _say(db, job_id, content)


def _say(db: Connection, job_id: int, content: str) -> None:
    db.execute(update(drafts).where(drafts.c.job_id == job_id).values(content=content))


def drop_unsent_records(db: Connection, order_id: int, kinds: Iterable[str], now: dt.datetime) -> None:
    """List records that only this order asked for and that never left: its new content may name them otherwise."""
    dependent = jobs.alias("dependent")
    needed_elsewhere = (
        select(needs.c.job_id)
        .join(dependent, dependent.c.id == needs.c.job_id)
        .where(
            needs.c.needs_id == jobs.c.id,
            dependent.c.order_id != order_id,
            dependent.c.superseded_at.is_(None),
            dependent.c.state != State.CANCELLED,
        )
    )
    unsent = (
        select(jobs.c.id, jobs.c.state)
        .where(
            jobs.c.order_id == order_id,
            jobs.c.kind.in_(list(kinds)),
            jobs.c.state.in_([*CLAIMABLE, State.ATTENTION, State.CANCELLED]),
            jobs.c.attempts == 0,
            ~needed_elsewhere.exists(),
        )
        .order_by(jobs.c.id)
        .with_for_update(of=jobs)
    )
    dropped = db.execute(unsent).all()
    if dropped:
        ids = [job.id for job in dropped]
        gone = update(jobs).where(one_of(jobs.c.id, ids))
        db.execute(gone.values(state=State.CANCELLED, superseded_at=now, changed_at=now))
        write_history(db, [(job_id, Event.CANCELLED.name, State.CANCELLED, None, None) for job_id in ids], now)
        webhooks.tell(db, [job.id for job in dropped if job.state != State.CANCELLED], now)


def supersede(db: Connection, job_ids: Sequence[int], now: dt.datetime) -> None:
    """These cancelled documents make room for others of the same records."""
    if job_ids:
        these = one_of(jobs.c.id, job_ids)
        db.execute(update(jobs).where(these, jobs.c.state == State.CANCELLED).values(superseded_at=now))


def revive(db: Connection, job_id: int, new: NewJob, now: dt.datetime) -> None:
    """A cancelled list record, which needs nothing, is asked for again, as it reads now."""
    db.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state=State.READY,
            request=new.request,
            kind=new.kind,
            name=new.name,
            attempts=0,
            next_try_at=None,
            together=None,
            status_code=None,
            explanation=None,
            changed_at=now,
        )
    )
    _say(db, job_id, new.content)
    write_history(db, [(job_id, Event.REVIVED.name, State.READY, None, None)], now)
    _unblock(db, [job_id], now)
