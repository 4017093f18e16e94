"""Runs of bodies and answers, each made from a seed and a number, so that any one of them can be made again."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from qbwc_service import process
from tests import memory

from . import answers, bodies, judge
from .service import Failures, Reply, Scene, Service, listening

MOST_SECONDS = 1.0
"""CPU of one case."""

MOST_MEMORY = 64 * 1024 * 1024
"""Bytes that the service may take in any one case, and that may be left of a batch of them."""

MOST_TIMES_BODY = 4 + 2
"""Of a large body it may take so many times its bytes instead: four, and two for the database, which is in memory here:
its pages, and the row on its way there."""

BATCH = 200
_LARGE = 100_000
_NEW_SCENES_AFTER = 25  # batches; tickets end after an hour

AFTERMATH = 0.03
"""In this share of the cases the next session is played to its end: nothing that was stored may stop it."""


@dataclass
class Report:
    """What a run came to."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    most_memory: int = 0

    def add(self, other: "Report") -> None:
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.found += other.found
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)
        self.most_memory = max(self.most_memory, other.most_memory)


def run(
    kind: str, seed: int, numbers: range, tell: Callable[[str], None] = print, *, until_found: bool = False
) -> Report:
    """`kind` is "bodies" or "answers". `until_found`: no further than to the first fault."""
    process.have_memory_given_back()  # as the service itself has
    service, report = Service(), Report()
    play = {"bodies": _play_body, "answers": _play_answer}[kind]
    with listening() as failures:
        scenes: list[Scene] = []
        for count, batch in enumerate(_batches(numbers)):
            if count % _NEW_SCENES_AFTER == 0:
                scenes = list(service.scenes().values())
            before = memory.settled()
            for number in batch:
                faults = _case(service, failures, report, play, f"{kind}:{seed}:{number}", scenes)
                report.found += faults
                for fault in faults:
                    tell(fault)
                if until_found and faults:
                    return report
            left = memory.settled() - before
            if left > MOST_MEMORY:
                report.found.append(f"{kind}:{seed}:{batch.start} to {batch.stop - 1}: {left >> 20} MB of memory left")
                tell(report.found[-1])
    service.close()
    return report


def _batches(numbers: range) -> Iterator[range]:
    for start in range(numbers.start, numbers.stop, BATCH):
        yield range(start, min(start + BATCH, numbers.stop))


class _Spent(NamedTuple):
    """What a call took of the process; the case itself was made before."""

    seconds: float
    memory: int
    body: int


Play = Callable[[Service, Scene, random.Random], tuple[str, Reply, _Spent, list[str]]]


def _case(
    service: Service, failures: Failures, report: Report, play: Play, name: str, scenes: list[Scene]
) -> list[str]:
    """-> what was found, each with the name by which the case can be made again."""
    draw = random.Random(name)
    scene = draw.choice(scenes)
    service.restore(scene.database)
    try:
        changes, reply, spent, faults = play(service, scene, draw)
    except Exception as error:
        return [f"{name} ({scene.name}): raised {error!r}"]
    if spent.seconds > MOST_SECONDS:
        faults.append(f"{spent.seconds:.2f} s of CPU")
    if spent.memory > max(MOST_MEMORY, MOST_TIMES_BODY * spent.body):
        faults.append(f"{spent.memory >> 20} MB of memory for a body of {spent.body >> 20} MB")
    if draw.random() < AFTERMATH and not faults:
        faults += _aftermath(service, scene)
    faults += failures.said
    failures.said = []
    report.cases += 1
    report.outcomes[f"{reply.status} {reply.fault_code or ''}".strip()] += 1
    report.slowest_seconds = max(report.slowest_seconds, spent.seconds)
    report.most_memory = max(report.most_memory, spent.memory)
    return [f"{name} ({scene.name}; {changes}): {fault}" for fault in faults]


def _play_body(service: Service, scene: Scene, draw: random.Random) -> tuple[str, Reply, _Spent, list[str]]:
    case = bodies.make(draw, scene)
    reply, spent, changed = _measured(service, case.body, **case.environ)
    return ", ".join(case.changes), reply, spent, list(judge.body_faults(service, scene, case, reply, changed))


def _play_answer(service: Service, scene: Scene, draw: random.Random) -> tuple[str, Reply, _Spent, list[str]]:
    case = answers.make(draw, scene)
    told = {"response": case.response, "hresult": case.hresult, "message": case.message}
    reply, spent, changed = _measured(service, service.plain("receiveResponseXML", ticket=scene.ticket, **told))
    return (
        ", ".join(case.changes),
        reply,
        spent,
        list(judge.answer_faults(service, scene, case, spent.body, reply, changed)),
    )


def _measured(service: Service, body: bytes, **environ: Any) -> tuple[Reply, _Spent, bool]:
    """-> the reply, what it took, and whether it changed a row."""
    if len(body) > _LARGE:
        memory.settled()  # else what was freed of making the case would hide what is taken
    before, written, began = memory.reset_peak(), service.raw.total_changes, time.process_time()
    reply = service.post(body, **environ)
    seconds = time.process_time() - began
    return reply, _Spent(seconds, memory.peak() - before, len(body)), service.raw.total_changes != written


def _aftermath(service: Service, scene: Scene) -> Iterator[str]:
    """The next session, in which QuickBooks finds nothing and takes everything."""
    try:
        service.update(scene)
    except AssertionError as error:
        yield f"afterwards: {error}"
