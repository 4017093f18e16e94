"""A day at many companies: clerks send orders, connectors fetch them, until all is in QuickBooks; and the judgement."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlalchemy.engine import Engine

from qbwc_service.db.jobs import CURRENT, jobs
from qbwc_service.db.messages import OPEN, messages

from .crowd import Crowd, Tally
from .office import Clerk, Connector, Office

DOCUMENTS = ("Invoice", "ReceivePayment", "Bill", "PurchaseOrder")
_seeds = itertools.count(1)


@dataclass(frozen=True)
class Day:
    """`seconds` from the first order to the last invoice in QuickBooks; `waits` of each order, in seconds."""

    orders: int
    seconds: float
    waits: Sequence[float]

    @property
    def orders_a_second(self) -> float:
        return self.orders / self.seconds

    @property
    def longest_to_usual(self) -> float:
        return max(self.waits) / median(self.waits)


def trade(
    offices: Sequence[Office],
    ports: Sequence[int],
    tally: Tally,
    numbers: Sequence[int],
    *,
    pause: float = 1.0,
    most_seconds: float = 300.0,
    drivers: int = 32,
) -> Day:
    """Each company sends orders of these numbers, and its connectors poll until it has nothing more to fetch."""
    crowd = Crowd(ports, tally, next(_seeds), drivers)
    begun = time.monotonic()
    for office in offices:
        crowd.add(Clerk(office, tally, numbers))
        for _ in range(office.connectors):
            crowd.add(Connector(office, tally, pause), after=pause * (office.id % 10) / 10)
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(offices, [str(number) for number in numbers], over, most_seconds))
    watch.start()
    if not crowd.run(over, most_seconds):
        late = [office.name for office in offices if not _is_through(office, [str(number) for number in numbers])]
        tally.blame(f"after {most_seconds:.0f} s orders of {len(late)} companies were not posted: {late[:5]}")
    over.set()
    watch.join()
    wanted = [(office, str(number)) for office in offices for number in numbers]
    there = [(o.sent[number], o.books.arrived[number]) for o, number in wanted if number in o.books.arrived]
    last = max((arrived for _, arrived in there), default=time.monotonic())
    return Day(len(there), last - begun, [arrived - sent for sent, arrived in there])


def _is_through(office: Office, numbers: Sequence[str]) -> bool:
    """Whether all of it was sent, has arrived, and a poll since then had nothing to do."""
    arrived = [office.books.arrived.get(number) for number in numbers if number in office.sent]
    last = max((each for each in arrived if each is not None), default=None)
    return None not in arrived and len(arrived) == len(numbers) and last is not None and office.calm_since > last


def _watch(offices: Sequence[Office], numbers: Sequence[str], over: threading.Event, most_seconds: float) -> None:
    open_ones, until = list(offices), time.monotonic() + most_seconds
    while open_ones and time.monotonic() < until and not over.is_set():
        open_ones = [office for office in open_ones if not _is_through(office, numbers)]
        time.sleep(0.05)
    if not open_ones:
        over.set()


def judge(engine: Engine, offices: Sequence[Office]) -> list[str]:
    """-> what is wrong: each order's documents stand in the books once, and each job knows it."""
    return [f"{office.name}: {fault}" for office in offices for fault in _faults(engine, office)]


def _faults(engine: Engine, office: Office) -> list[str]:
    with engine.connect() as db:
        ours_now = jobs.c.company_id == office.id, jobs.c.order_id.is_not(None), CURRENT
        rows = db.execute(select(jobs).where(*ours_now)).all()
        unanswered = db.execute(select(messages.c.id).where(messages.c.company_id == office.id, OPEN)).all()
    held = office.books.held()
    ours = Counter((job.kind, job.marker or job.name) for job in rows)
    kinds = Counter(kind for kind, _ in held.elements())
    return [
        *(f"{kind} {key} stands {held[kind, key]} times in QuickBooks" for kind, key in held if held[kind, key] != 1),
        *(f"{kind} {key} is not in QuickBooks" for kind, key in ours - held),
        *(f"{kind} {key} is nobody's" for kind, key in held - ours if kind in DOCUMENTS),
        *(f"job {job.id} ({job.record}) is {job.state}: {job.explanation}" for job in rows if job.state != "posted"),
        *(f"message {row.id} has no answer" for row in unanswered),
        *(
            f"{kinds[kind]} of {kind} for {len(office.sent)} orders"
            for kind in DOCUMENTS
            if kinds[kind] != len(office.sent)
        ),
    ]
