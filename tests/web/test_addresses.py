"""Numbers of any characters as a part of an address."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbwc_service.web.addresses import quoted, unquoted


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_was_quoted_comes_back(number: str) -> None:
    assert unquoted(quoted(number)) == number


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_browser_spells_a_quoted_part_otherwise(number: str) -> None:
    part = quoted(number)
    assert re.fullmatch(r"[A-Za-z0-9_.~-]+", part)
    assert part.strip(".")


@pytest.mark.parametrize("number", ["1001", "ORDER-2026-000001", "1001.2", "a_b"])
def test_plain_numbers_stand_as_they_are(number: str) -> None:
    assert quoted(number) == number
