"""Each benchmark runs, and what it counts is within its limit; what it times is for `python -m tests.bench`."""

import re
from collections.abc import Callable

import pytest

from . import big, flat, floor, idle, order, round_trips, sync
from .databases import database
from .figures import Figure, side_by_side, table
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


def test_growth_is_measured_with_a_past_that_is_really_there() -> None:
    figures = flat.run(few=40, many=400, companies=10, rounds=1)
    assert len(figures) == 2 * len(flat.OPERATIONS)


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
