"""The texts of notices and webhooks stand in Spanish, all of them, and nothing else does."""

import pathlib
import re

import pytest
from babel.messages.pofile import read_po

PACKAGE = pathlib.Path(__file__).parents[2] / "qbwc_service"
MARKS = {
    "notify": re.compile(r'\b(?:text|N_|plural)\("([^"]+)"(?:, "([^"]+)")?'),
    "webhooks": re.compile(r'\bWrongAddress\("([^"]+)"()'),
}


@pytest.mark.parametrize("module", MARKS)
def test_every_text_is_translated_and_nothing_is_left_over(module: str) -> None:
    source = re.sub(r"\(\s*\n\s*\"", '("', (PACKAGE / f"{module}.py").read_text())
    texts = {text for pair in MARKS[module].findall(source) for text in pair if text}
    with (PACKAGE / "locale" / "es" / "LC_MESSAGES" / "notify.po").open("rb") as file:
        entries = [
            entry
            for entry in read_po(file, locale="es", abort_invalid=True)
            if f"qbwc_service/{module}.py" in [path for path, _ in entry.locations]
        ]
    known = {text for entry in entries for text in ([entry.id] if isinstance(entry.id, str) else entry.id)}
    assert len(texts) > 5
    assert known == texts
    for entry in entries:
        assert entry.string
        assert not entry.fuzzy
        assert list(entry.check()) == []
