"""Some seconds of the soak, and proof that it sees what grows. The long one: `python -m tests.soak`."""

import pytest

from tests.soak.running import soak
from tests.soak.samples import Sample, trends


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_in_some_seconds_of_everything_at_once_every_order_arrives_once(request, tmp_path, database):
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    report = soak(tmp_path, 4, 1, url, clients=2)
    assert report.wrong == []
    assert report.orders > 3
    assert report.posted >= report.orders
    assert report.deliveries > 0
    assert any(what.startswith("hostile: 4") for what in report.counts)
    assert report.counts["page: 200"] > 0


def samples(memory):
    return [Sample(float(at), memory(at), 40, 10) for at in range(0, 1800, 10)]


def test_what_is_level_after_it_was_warm_is_level():
    memory, descriptors, threads = trends(samples(lambda at: (80 + min(at, 300) // 10) * 2**20))
    assert (memory.first, memory.last, memory.growth) == (110, 110, 0)
    assert descriptors.is_level(0.0)
    assert threads.is_level(0.0)


def test_what_grows_by_a_little_all_the_time_is_seen():
    memory, *_ = trends(samples(lambda at: 100 * 2**20 + at * 8192))
    assert not memory.is_level(0.05)
    assert memory.an_hour == pytest.approx(8192 * 3600 / 2**20)
