"""How often something may be tried."""

import datetime as dt

from qbwc_service.tries import MOST_PLACES, Tries

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def make_tries() -> Tries:
    return Tries(at_once=3, every=10 * SECOND)


def test_so_many_are_free_and_then_one_every_so_often() -> None:
    tries = make_tries()
    assert [tries.take("here", NOON) for _ in range(4)] == [None, None, None, 10 * SECOND]
    assert tries.take("here", NOON + 9 * SECOND) == SECOND
    assert tries.take("here", NOON + 10 * SECOND) is None
    assert tries.take("here", NOON + 10 * SECOND) == 10 * SECOND


def test_waiting_long_makes_all_of_them_free_again_and_no_more() -> None:
    tries = make_tries()
    for _ in range(3):
        tries.take("here", NOON)
    later = NOON + dt.timedelta(days=1)
    assert [tries.take("here", later) for _ in range(4)] == [None, None, None, 10 * SECOND]


def test_a_place_does_not_count_for_another() -> None:
    tries = make_tries()
    for _ in range(4):
        tries.take("here", NOON)
    assert tries.take("there", NOON) is None


def test_a_try_that_was_right_counts_for_nothing() -> None:
    tries = make_tries()
    for _ in range(50):
        assert tries.take("here", NOON) is None
        tries.give_back("here")


def test_memory_is_bounded_and_the_busiest_place_is_remembered() -> None:
    tries = make_tries()
    for _ in range(3):
        tries.take("guesser", NOON)
    for number in range(3 * MOST_PLACES):
        assert tries.take(number, NOON) is None
    assert tries.take("guesser", NOON) is not None
    assert len(tries._even_at) <= MOST_PLACES
