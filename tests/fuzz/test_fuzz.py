"""A short run of the fuzzer, and proof that it sees what it is there to see. The long one: `python -m tests.fuzz`."""

import random

import pytest

from qbwc_service.connector import envelope
from qbwc_service.db.jobs import Change
from qbwc_service.db.states import Event, State
from qbwc_service.posting import answers as answers_taken
from qbxml import responses
from tests.fuzz import answers, bodies
from tests.fuzz.running import run
from tests.fuzz.service import Service


def quiet(fault):
    pass


@pytest.mark.parametrize("kind", ["bodies", "answers"])
def test_nothing_that_is_sent_fails_the_service_or_moves_what_it_may_not(kind):
    report = run(kind, 1, range(200), quiet)
    assert report.found == []
    assert report.cases == 200
    assert report.outcomes["200"] > 50  # else the cases would be too wild to reach anything
    if kind == "bodies":
        assert report.outcomes["400"] > 50


def test_a_case_is_the_same_whenever_it_is_made():
    scene = Service().scenes()["posting"]
    for make in (bodies.make, answers.make):
        first, again = (make(random.Random("bodies:1:7"), scene) for _ in range(2))
        assert first == again


def test_every_change_is_made():
    scene = Service().scenes()["posting"]
    made = {change for n in range(900) for change in bodies.make(random.Random(n), scene).changes}
    assert made == {change.__name__[1:] for change in bodies.CHANGES}
    made = {change for n in range(500) for change in answers.make(random.Random(n), scene).changes}
    assert made == {change.__name__[1:] for change in answers.CHANGES}


# Services with a fault of their own ----------------------------------------------------------------------------------


def found(kind):
    return run(kind, 1, range(2000), quiet, until_found=True).found


def test_it_is_caught_when_a_document_type_passes(monkeypatch):
    monkeypatch.setattr(envelope._Reader, "doctype", lambda self, *_: None)
    assert "another parser finds no call" in found("bodies")[0]


def test_it_is_caught_when_of_two_arguments_the_last_wins(monkeypatch):
    taken = envelope._Reader._start_argument

    def lenient(self, name, attributes):
        self._values.pop(name.rpartition(" ")[2], None)
        taken(self, name, attributes)

    monkeypatch.setattr(envelope._Reader, "_start_argument", lenient)
    assert "another parser finds no call" in found("bodies")[0]


def test_it_is_caught_when_reading_a_body_may_raise(monkeypatch):
    monkeypatch.setattr(envelope, "_int", lambda name, text: int(text or 0))
    assert "500 and Server" in found("bodies")[0]


def test_it_is_caught_when_what_was_refused_counts_as_saved(monkeypatch):
    def wrong(job, state, response, what, now):
        return Change(job.id, Event.SAVED, State.POSTED, message_id=job.message_id)

    monkeypatch.setattr(answers_taken, "_refused", wrong)
    assert "nothing says so" in found("answers")[0]


def test_it_is_caught_when_taking_an_answer_may_raise(monkeypatch):
    monkeypatch.setattr(answers_taken, "explain", None)
    assert "answered 500" in found("answers")[0]


def test_it_is_caught_when_an_answer_takes_much_memory(monkeypatch):
    taken = responses.read

    def hoard(text):
        bytearray(b"x") * 100_000_000
        return taken(text)

    monkeypatch.setattr(responses, "read", hoard)
    assert "of memory" in found("answers")[0]
