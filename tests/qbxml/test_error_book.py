"""The error book against the contract: every code is in it, and judged as the contract's tables judge it."""

import re

import pytest

from qbxml.status import HRESULT, IN_WORDS, RANGES, STATUS, WITHOUT_ID, Act, Saved, Status, hresult, status
from tests.shared import shared

# What the contract calls OK, RETRY, FIX (a person), AMB (look it up first); "adopt" is the looking up of a list record.
CLASS = {
    Act.DONE: "OK",
    Act.REVIEW: "OK",
    Act.RETRY: "RETRY",
    Act.PERSON: "FIX",
    Act.BUG: "FIX",
    Act.ASK: "AMB",
    Act.ADOPT: "ADOPT",
}
LOCKED = "The list has been modified by another user."


def part(heading: str) -> str:
    text = shared("contract.md").read_text()
    return re.split(r"^#+ ", text[text.index(f"### {heading} ") :], flags=re.M)[1]


def rows(heading: str) -> list[list[str]]:
    """-> the cells of the part's table, or tables, without their headings."""
    lines = re.findall(r"^\|(.+)\|$", part(heading), re.M)
    return [[cell.strip() for cell in line.split("|")] for line in lines if "---" not in line]


def codes_in(cell: str) -> list[int]:
    codes: list[int] = []
    for first, last in re.findall(r"\b(\d+)(?:-(\d+))?\b", cell):
        codes += range(int(first), int(last or first) + 1)
    return codes


def judged(cell: str, codes: list[int]) -> dict[int, str]:
    """-> each code's judgement where a cell judges its codes one by one, "FIX / RETRY" or "FIX; 3162 RETRY"."""
    apart = cell.split(" / ")
    if len(apart) == len(codes) > 1:
        return dict(zip(codes, apart, strict=True))
    general, *exceptions = cell.split("; ")
    own = {code: words for words in exceptions for code in codes_in(words) if code in codes}
    return {code: own.get(code, general if own else cell) for code in codes}


def classes_of_the_contract(words: str) -> set[str]:
    for word, said in (("adopt", "ADOPT"), ("re-query", "AMB"), ("AMB then", "AMB")):
        if word in words:
            return {said}
    return set(re.findall(r"\b(?:OK|RETRY|FIX|AMB)\b", words))


def classes_of_ours(code: int, words: str) -> set[str]:
    """-> our judgement, in each of the cases that the contract tells apart."""
    if "text" in words:
        found = [status(code, LOCKED), status(code, "There was an error when saving a Customers list.")]
    elif re.search(r"\bRet\b|TxnID|queries", words):
        found = [status(code, kept=True), status(code, kept=False)]
    else:
        found = [status(code)]
    return {CLASS[one.then] for one in found}


def status_judgements() -> dict[int, str]:
    return {
        code: words
        for row in rows("7.3")
        if row[0] != "code" and not row[0].startswith("unknown")
        for code, words in judged(row[2], codes_in(row[0])).items()
    }


def known(code: int) -> bool:
    return code in STATUS or any(first <= code <= last for first, last, _ in RANGES)


def test_every_status_code_of_the_contract_is_in_the_book() -> None:
    codes = status_judgements()
    assert len(codes) > 200  # the ranges are told out
    assert [code for code in codes if not known(code)] == []


def test_no_status_code_is_judged_otherwise_than_by_the_contract() -> None:
    judgements = {code: words for code, words in status_judgements().items() if classes_of_the_contract(words)}
    assert len(judgements) > 150
    contradicted = {
        code: (classes_of_ours(code, words), words)
        for code, words in judgements.items()
        if classes_of_ours(code, words) != classes_of_the_contract(words)
    }
    assert contradicted == {}


def test_what_the_contract_wants_looked_at_after_it_was_saved_a_person_looks_at() -> None:
    codes = [code for code, words in status_judgements().items() if re.search(r"OK \+ (?:review|note)", words)]
    assert {501, 530, 550, 570} <= set(codes)
    assert {status(code).then for code in codes} == {status(code, kept=True).then for code in codes} == {Act.REVIEW}


def test_what_the_contract_does_not_judge_is_neither_believed_nor_sent_again() -> None:
    left = [code for code, words in status_judgements().items() if words in ("-", "n/a")]
    assert {540, 2000, 2040} <= set(left)
    assert {status(code).then for code in left} <= {Act.ASK, Act.PERSON}


def test_the_codes_of_whole_messages_are_judged_as_by_the_contract() -> None:
    answers = {
        code: row[2]
        for row in rows("6.2")
        if re.fullmatch(r"\d{3,4}", row[0])
        for code in codes_in(row[0])
        if not row[2].startswith("use ")
    }
    assert len(answers) == 7
    for code, answer in answers.items():
        assert code in STATUS
        assert status(code).then is (Act.BUG if answer == "bug" else Act.ASK), code


def test_codes_that_no_table_has_are_judged_by_the_contracts_ranges() -> None:
    ranges = re.findall(r"(\d+)-(\d+) ([\w/ ]+)", part("7.2"))
    assert len(ranges) == 7
    for first, last, name in ranges:
        for code in {int(first), (int(first) + int(last)) // 2, int(last)} - set(STATUS):
            took = name == "Info" or name.startswith("Warning")
            found = status(code, severity="Info" if name == "Info" else "Warn" if took else "Error")
            assert found.then is (Act.REVIEW if took else Act.PERSON), (code, name)


def hresult_judgements() -> dict[int, str]:
    judgements: dict[int, str] = {}
    for cell, _, words, _ in rows("7.1"):
        for code in re.findall(r"0x[0-9A-Fx]{8}|0x\w+|\b[0-9A-F]{3}\b", cell):
            digits = code.removeprefix("0x").replace("x", "0")
            judgements[int(digits if len(digits) == 8 else f"80040{digits}", 16)] = words
    return judgements


def test_every_hresult_of_the_contract_is_in_the_book() -> None:
    codes = hresult_judgements()
    assert len(codes) >= 45
    assert [f"0x{code:08X}" for code in codes if "do not know" in hresult(f"0x{code:08X}", False).meaning] == []
    assert {code for code in codes if code >> 16 == 0x8004} <= set(HRESULT)


def test_no_hresult_is_judged_otherwise_than_by_the_contract() -> None:
    acts = {"R": Act.RETRY, "H": Act.PERSON, "B": Act.BUG}
    for code, words in hresult_judgements().items():
        text = f"0x{code:08X}"
        before, after = hresult(text, after_write=False), hresult(text, after_write=True)
        letters = re.findall(r"\b[RHBA]\b", words)
        if "A" in letters:
            assert after.then is Act.ASK, text
            assert before.then is Act.RETRY, text
        elif "/" in words:  # the one or the other
            assert before.then in {acts[letter] for letter in letters}, text
        elif letters:
            assert before.then is acts[letters[0]], text
            assert before.who or "H" not in letters, text


@pytest.mark.parametrize(
    "found", [*STATUS.values(), *HRESULT.values(), *WITHOUT_ID.values()], ids=lambda s: hex(s.code)
)
def test_whoever_must_mend_it_is_told_what_to_do(found: Status) -> None:
    sentences = re.split(r"(?<=[.:;]) ", found.meaning)
    if found.then in (Act.PERSON, Act.BUG, Act.REVIEW, Act.RETRY):
        assert len(sentences) > 1, "what it means, and then what to do"
    if found.where:
        assert found.where.startswith("QuickBooks: ")
        assert found.who or found.then is Act.ASK


def test_no_sentence_says_whether_it_was_saved_since_the_answer_decides_that() -> None:
    for found in (*STATUS.values(), *HRESULT.values()):
        assert not re.search(r"\bsaved\b|nothing was", found.meaning, re.I), found.meaning


def test_every_judgement_has_words_for_people() -> None:
    assert set(IN_WORDS) == {*Saved, *Act}
    assert len(set(IN_WORDS.values())) == len(IN_WORDS)
