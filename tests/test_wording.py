"""Sentences that remember what they were made of."""

import json
import pathlib

import pytest
from babel.messages.extract import extract_from_dir

from qbwc_service import i18n
from qbwc_service.wording import Said, joined, recognised, say, translated

POSTING = pathlib.Path(__file__).parent.parent / "qbwc_service" / "posting"


def test_a_sentence_is_its_english_text_wherever_it_is_used() -> None:
    said = say("%(name)s is of type %(type)s", name="Sales", type="Income")
    assert said == "Sales is of type Income"
    assert f"account: {said}" == "account: Sales is of type Income"
    assert json.dumps({"message": said}) == '{"message": "Sales is of type Income"}'
    assert hash(said) == hash("Sales is of type Income")


def test_it_is_told_in_another_language_with_the_same_facts() -> None:
    spanish = {"%(name)s is of type %(type)s": "%(name)s es de tipo %(type)s", "Income": "Ingresos"}
    said = say("%(name)s is of type %(type)s", name="100% Sales", type=say("Income"))
    assert translated(said, lambda text: spanish.get(text, text)) == "100% Sales es de tipo Ingresos"
    assert translated("Income", lambda text: spanish.get(text, text)) == "Ingresos"


def test_several_are_told_in_a_row() -> None:
    said = joined("; ", [say("replaced"), say("shortened")])
    assert said == "replaced; shortened"
    assert translated(said, lambda text: {"replaced": "reemplazado"}.get(text, text)) == ("reemplazado; shortened")


@pytest.mark.parametrize("text", ["job 1 is (done).", "job a.b is (done)."])
def test_a_stored_sentence_is_known_again(text: str) -> None:
    found = recognised(text, "job %(id)s is (done).")
    assert isinstance(found, Said)
    assert found == text
    assert recognised(text, "job %(id)s is lost.") is None


def test_every_sentence_of_posting_is_translated() -> None:
    said = {message for _, _, message, _, _ in extract_from_dir(str(POSTING), keywords={"say": None})}
    spanish = i18n.texts("es")
    assert len(said) > 15
    assert [text for text in sorted(said) if spanish(text) == text] == []
