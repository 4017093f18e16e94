"""The error book: every code of the contract, and what it tells a person."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbxml.status import HRESULT, STATUS, Act, Saved, hresult, status
from tests.shared import shared


def codes_of_the_contract(section: str, pattern: str) -> set[str]:
    text = shared("contract.md").read_text()
    part = text[text.index(f"### {section} ") :]
    rows = re.findall(r"^\| ([^|]+) \|", part[: part.index("\n##", 5)], re.MULTILINE)
    return {code for row in rows for code in re.findall(pattern, row)}


def test_every_status_code_of_the_contract_is_explained() -> None:
    codes = {int(code) for code in codes_of_the_contract("7.3", r"\b\d+\b")}
    assert len(codes) > 60
    assert [code for code in sorted(codes) if "we do not know" in status(code).meaning] == []


def test_every_code_of_a_message_set_is_explained() -> None:
    codes = {int(code) for code in codes_of_the_contract("6.2", r"\b(?:600|9\d\d\d)\b")}
    assert codes >= {600, 9001, 9002, 9004, 9005}
    assert codes <= set(STATUS)


def test_every_hresult_of_the_contract_is_explained() -> None:
    text = shared("contract.md").read_text()
    part = text[text.index("### 7.1") : text.index("### 7.2")]
    codes = set()
    for row in re.findall(r"^\| (0x[^|]+) \|", part, re.MULTILINE):
        for code in re.findall(r"0x8[0-9A-F]{7}|\b[0-9A-F]{3}\b", row):
            codes.add(int(code, 16) if code.startswith("0x") else int("0x80040" + code, 16))
    assert len(codes) > 40
    assert codes <= set(HRESULT)


@pytest.mark.parametrize("code", [0, 1, 3100, 3391, 9001, 0x80040408, 0x8004040D])
def test_a_code_tells_itself(code: int) -> None:
    found = (STATUS | HRESULT)[code]
    assert found.code == code


def test_whoever_must_act_is_told_who_that_is() -> None:
    for found in (*STATUS.values(), *HRESULT.values()):
        assert found.meaning.endswith(".")
        if found.then in (Act.PERSON, Act.BUG, Act.REVIEW):
            assert found.who


def test_nothing_that_is_tried_again_may_have_been_saved() -> None:
    for found in (*STATUS.values(), *HRESULT.values()):
        if found.then in (Act.RETRY, Act.PERSON, Act.BUG, Act.ADOPT):
            assert found.saved is Saved.NO
        if found.saved is Saved.UNKNOWN:
            assert found.then is Act.ASK


@pytest.mark.parametrize(
    ("code", "saved", "then"),
    [
        (0, Saved.YES, Act.DONE),
        (1, Saved.NO, Act.DONE),
        (530, Saved.YES, Act.REVIEW),
        (600, Saved.UNKNOWN, Act.ASK),
        (1000, Saved.UNKNOWN, Act.ASK),
        (1010, Saved.NO, Act.RETRY),
        (2020, Saved.NO, Act.PERSON),
        (3100, Saved.NO, Act.ADOPT),
        (3140, Saved.NO, Act.PERSON),
        (3175, Saved.NO, Act.RETRY),
        (3200, Saved.NO, Act.ASK),
        (3231, Saved.NO, Act.RETRY),
        (3310, Saved.NO, Act.PERSON),
        (3391, Saved.NO, Act.RETRY),
        (9001, Saved.UNKNOWN, Act.ASK),
        (9002, Saved.UNKNOWN, Act.ASK),
        (9004, Saved.NO, Act.BUG),
        (9150, Saved.NO, Act.PERSON),
    ],
)
def test_what_follows_a_status_code(code: int, saved: Saved, then: Act) -> None:
    found = status(code)
    assert (found.code, found.saved, found.then) == (code, saved, then)


@pytest.mark.parametrize("code", [3170, 3180])
@pytest.mark.parametrize(
    ("message", "then"),
    [
        ("The list has been modified by another user.", Act.RETRY),
        ("The object is LOCKED.", Act.RETRY),
        ("This record is currently in use.", Act.RETRY),
        ("There was an error when saving a Customers list.", Act.PERSON),
        ("", Act.PERSON),
    ],
)
def test_a_text_that_tells_of_a_lock_is_tried_again(code: int, message: str, then: Act) -> None:
    found = status(code, message)
    assert (found.saved, found.then) == (Saved.NO, then)
    assert status(3140, message).then is Act.PERSON


@given(st.integers(1000, 100_000).filter(lambda code: code not in STATUS))
def test_an_unknown_error_is_never_tried_again_by_itself(code: int) -> None:
    assert status(code, "locked, try again").then is Act.PERSON


@pytest.mark.parametrize("code", [-1, 499])
def test_an_error_in_the_range_of_remarks_is_not_believed_saved(code: int) -> None:
    found = status(code, severity="Error")
    assert (found.saved, found.then) == (Saved.UNKNOWN, Act.PERSON)


def test_an_unknown_warning_was_saved_and_is_looked_at() -> None:
    for code in (2, 499, 599, 999):
        found = status(code, severity="Warn")
        assert (found.saved, found.then) == (Saved.YES, Act.REVIEW)


@given(st.integers(-10, 10_000))
def test_what_carries_an_id_was_saved_whatever_the_code(code: int) -> None:
    found = status(code, kept=True)
    assert found.then in (Act.DONE, Act.REVIEW)
    assert found.saved is Saved.YES


@given(st.integers(-10, 10_000))
def test_nothing_is_believed_saved_without_an_id(code: int) -> None:
    assert status(code, kept=False).saved is not Saved.YES


@pytest.mark.parametrize("code", [500, 530, 531, 570])
def test_a_warning_without_an_id_is_a_refusal(code: int) -> None:
    found = status(code, kept=False)
    assert (found.code, found.saved, found.then) == (code, Saved.NO, Act.PERSON)


@pytest.mark.parametrize("text", ["0x8004040D", "0x8004040d", "0X8004040D", " 0x8004040D\n", "8004040D", "-2147220467"])
def test_an_hresult_is_read_however_it_is_written(text: str) -> None:
    assert hresult(text, after_write=False) == HRESULT[0x8004040D]


def test_after_a_write_every_doubt_is_settled_by_asking() -> None:
    for code, known in HRESULT.items():
        found = hresult(f"0x{code:08X}", after_write=True)
        if known.then is Act.BUG:
            assert found == known
        else:
            assert found == replace(known, saved=Saved.UNKNOWN, then=Act.ASK)


@pytest.mark.parametrize("text", ["0x80049999", "0x800106BA", "0x800706be", "", "no number", "0"])
def test_an_unknown_hresult_is_tried_again_but_after_a_write_asked_after(text: str) -> None:
    before, after = hresult(text, after_write=False), hresult(text, after_write=True)
    assert (before.saved, before.then) == (Saved.NO, Act.RETRY)
    assert (after.saved, after.then) == (Saved.UNKNOWN, Act.ASK)
    assert before.who


def test_a_crash_of_quickbooks_is_told_by_its_range() -> None:
    for text in ("0x80010001", "0x8001FFFF", "0x800706BA"):
        assert "stopped or hung" in hresult(text, after_write=False).meaning
    assert "stopped or hung" not in hresult("0x80070700", after_write=False).meaning
