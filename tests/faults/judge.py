"""Whether a world that has calmed down is as it must be: each order in QuickBooks exactly once, or with a person."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from qbwc_service.db.jobs import jobs
from qbwc_service.db.messages import messages
from qbwc_service.posting.kinds import KINDS

KEPT = {"Invoice": "invoices", "ReceivePayment": "payments", "Bill": "bills", "PurchaseOrder": "purchase_orders"}


@dataclass
class Verdict:
    faults: list[str] = field(default_factory=list)
    posted: int = 0
    attention: int = 0


def judge(world: Any) -> Verdict:
    verdict = Verdict()
    with world.engine.connect() as db:
        rows = db.execute(select(jobs).where(jobs.c.company_id == world.company.id, jobs.c.priority == 0)).all()
        open_messages = db.execute(
            select(messages.c.id).where(
                messages.c.company_id == world.company.id, messages.c.fate.in_(["sent", "in_doubt"])
            )
        ).all()
    if open_messages:
        verdict.faults.append(f"messages {[row.id for row in open_messages]} are still open")
    for job in rows:
        if job.state == "posted":
            verdict.posted += 1
        elif job.state == "attention":
            verdict.attention += 1
            if not job.explanation:
                verdict.faults.append(f"job {job.id} ({job.record}) needs a person and does not say why")
        elif job.blocked_by is None:
            verdict.faults.append(f"job {job.id} ({job.record}) is left {job.state}")
    _judge_transactions(world.books, rows, verdict)
    _judge_lists(world.books, rows, verdict)
    return verdict


def _judge_transactions(books: Any, rows: Any, verdict: Verdict) -> None:
    for kind, where in KEPT.items():
        held = getattr(books, where)
        by_marker: Counter[str] = Counter()
        for job in (job for job in rows if job.kind == kind):
            mine = [txn for txn in held if job.marker in (txn.memo or "")]
            by_marker[job.marker] += len(mine)
            if len(mine) > 1:
                verdict.faults.append(f"{job.record} stands {len(mine)} times in QuickBooks")
            if job.state == "posted":
                if not mine:
                    verdict.faults.append(f"{job.record} is posted and not in QuickBooks")
                elif mine[0].txn_id != job.txn_id:
                    verdict.faults.append(f"{job.record} is known as {job.txn_id}, and is {mine[0].txn_id}")
                elif Decimal(mine[0].total) != Decimal(job.total):
                    verdict.faults.append(f"{job.record} is {job.total}, in QuickBooks {mine[0].total}")
            elif mine and job.state != "attention":
                verdict.faults.append(f"{job.record} is {job.state}, and in QuickBooks")
        strangers = len(held) - sum(by_marker.values())
        if strangers:
            verdict.faults.append(f"{strangers} of QuickBooks' {where} are nobody's")


def _judge_lists(books: Any, rows: Any, verdict: Verdict) -> None:
    for where in ("customers", "vendors", "items"):
        names = Counter(record.full_name.casefold() for record in getattr(books, where))
        verdict.faults += [
            f"{name} stands {count} times among the {where}" for name, count in names.items() if count > 1
        ]
    known = {
        record.list_id
        for where in ("customers", "vendors", "items", "payment_methods")
        for record in getattr(books, where)
    }
    verdict.faults += [
        f"{job.record} is known as {job.list_id}, which QuickBooks does not have"
        for job in rows
        if job.state == "posted" and KINDS[job.kind].is_list and job.list_id not in known
    ]
