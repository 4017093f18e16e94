"""Each benchmark runs, and what it counts is within its limit; what it times is for `python -m tests.bench`."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from qbwc_service.db import job_changes
from qbwc_service.db.jobs import Change, jobs
from qbwc_service.db.states import Event, State

from . import big, companies, flat, floor, idle, intake, order, past, round_trips, start, sync
from .databases import database
from .figures import Figure, side_by_side, table
from .plans import Plans
from .trade import ALL, known_world, update
from .trade import order as make

COUNTED = {"messages", "pages"}


def counted(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures if figure.unit in COUNTED or "missing" in figure.name}


def test_few_messages_suffice() -> None:
    figures = counted(round_trips.run(customers=20, backlog=100))
    assert len(figures) == 3
    assert [figure for figure in figures.values() if figure.is_over] == []


def test_an_order_is_measured_against_the_floor() -> None:
    posted, naive, ratio, _ = order.run(orders=5, rounds=1)
    assert ratio.value == pytest.approx(posted.value / naive.value)


def test_an_intake_is_measured_by_the_command() -> None:
    figures = intake.run(orders=20, sent=2)
    assert len(figures) == 4
    assert all(figure.value > 0 for figure in figures)


def test_the_floor_writes_what_the_service_writes() -> None:
    with database(None) as engine:
        world = known_world(engine)
        for number in range(1000, 1010):
            world.send(make(number), ALL)
        (ours,) = update(world)
    theirs = floor.message("M1", floor.sales([str(number) for number in range(1000, 1010)]))
    assert re.findall(r"<(\w+)", theirs) == re.findall(r"<(\w+)", ours.message)
    assert len(theirs) == pytest.approx(len(ours.message), rel=0.02)
    assert [row[1] for row in floor.saved(ours.answer)] == ["0"] * 40


def test_an_idle_poll_is_one_transaction() -> None:
    figures = {figure.name: figure for figure in idle.run(polls=3, rounds=1, seldom=1)}
    assert figures["SQLite: transactions"].value == 1


def test_a_large_answer_arrives_whole_within_its_memory() -> None:
    figures = {figure.name: figure for figure in big.run(customers=4000, rounds=1)}
    assert figures["customers missing from the mirror"].value == 0
    assert not figures["memory at most / body"].is_over


def test_a_sync_loses_nobody_and_an_order_waits_for_one_page_at_most() -> None:
    figures = sync.run(customers=2500)
    assert len(counted(figures)) == 3
    assert [figure for figure in figures if figure.is_over] == []


def test_a_start_is_measured() -> None:
    helped, nothing, _, ready, _ = start.run(rounds=1, starts=1)
    assert helped.value > nothing.value > 0
    assert ready.value > helped.value / 1000


def test_help_imports_no_command() -> None:
    tell = "import sys; from qbwc_service.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", tell], check=True, capture_output=True, text=True)
    assert {"sqlalchemy", "lxml", "spyne", "pydantic"}.isdisjoint(done.stdout.split())


def test_growth_is_measured_with_a_past_that_is_really_there() -> None:
    figures = flat.run(few=40, many=400, companies=10, rounds=1)
    assert len(figures) == 4 * len(flat.OPERATIONS) + 1
    assert (figures[-1].unit, figures[-1].value) == ("", 0)  # statements that read more and more


def test_a_statement_that_reads_more_and_more_is_seen() -> None:
    with database(None) as engine:
        plans = Plans()
        with plans.of("look", engine), engine.connect() as db:
            db.execute(text("SELECT id FROM jobs WHERE company_id = 1 AND superseded_at IS NULL"))
            db.execute(text("SELECT count(*) FROM orders"))
            db.execute(text("SELECT number FROM orders WHERE id = 1"))
    assert len(plans.found) == 3
    assert [statement.split(" FROM ")[1][:6] for statement in plans.growing()] == ["jobs W", "orders"]


def test_on_postgresql_what_needs_jobs_is_found_without_reading_all_that_were_ever_posted(
    postgres_server: str,
) -> None:
    plans = Plans()
    with database(postgres_server) as engine:
        world = known_world(engine)
        world.send(make(999), ALL)
        update(world)
        past.add_jobs(engine, 60_000)  # of fewer, and of an order alone, PostgreSQL may find the same otherwise
        for number in range(1000, 1020):
            world.send(make(number), ALL)
        with engine.begin() as db:
            ready = db.execute(select(jobs.c.id).where(jobs.c.state == State.READY)).scalars().all()
        for event, state in ((Event.UNFIT, State.ATTENTION), (Event.RETRIED, State.READY)):
            with plans.of(event.name, engine), engine.begin() as db:
                job_changes.apply(db, [Change(id_, event, state) for id_ in ready], world.clock.now)
        with plans.of("update", engine):
            update(world)
    by_needs = [(operation, statement) for operation, statement in plans.found if "job_needs" in statement]
    assert {operation for operation, _ in by_needs} == {"UNFIT", "RETRIED", "update"}
    told = [f"{operation}: {statement}" for operation, statement in by_needs]
    assert [statement for statement in plans.growing() if statement in told] == []


def test_an_idle_poll_is_measured_with_few_and_many_companies() -> None:
    _, share, growth = companies.run(companies=50, polls=20, rounds=1)
    assert (share.unit, share.value > 0, growth.value > 0) == ("%", True, True)


def test_things_are_run_in_turn_and_compared_round_by_round() -> None:
    said: list[str] = []

    def tell(name: str, *costs: float) -> Callable[[], float]:
        waiting = list(costs)

        def act() -> float:
            said.append(name)
            return waiting.pop(0)

        return act

    found = side_by_side(3, tell("one", 2.0, 9.0, 4.0), tell("other", 1.0, 1.0, 4.0))
    assert said == ["one", "other"] * 3
    assert (found.one, found.other, found.ratio) == (4.0, 1.0, 2.0)


def test_the_table_points_at_what_is_over_its_limit() -> None:
    told = table([("a", Figure("good", 5, "", 5)), ("a", Figure("bad", 5.01, "ms", 5))]).splitlines()
    assert [line.endswith("OVER") for line in told] == [False, False, True]
