"""The table of numbers.py is whole, and what it names is there."""

import ast
import functools
import pathlib
import subprocess

import pytest

from tests.connector.hostile import HOSTILE_BODIES

from .numbers import TABLE

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
NUMBERS = range(1, 56)


@functools.cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_number_has_its_tests_or_says_why_not() -> None:
    assert list(TABLE) == list(NUMBERS)
    for number, row in TABLE.items():
        assert bool(row.tests) != bool(row.not_yet), number


@pytest.mark.parametrize("number", TABLE)
def test_what_stands_behind_a_number_is_there(number: int) -> None:
    row = TABLE[number]
    for node in row.tests:
        path, _, name = node.partition("::")
        assert name.startswith("test_")
        assert name in names_in(path), node
    assert set(row.bodies) <= set(HOSTILE_BODIES)


def test_what_does_not_apply_does_not() -> None:
    """49 and 53 apply as soon as there is something that they are about."""
    found = subprocess.run(
        ["grep", "-rliE", r"import csv|text/csv|oauth", "--include=*.py", str(ROOT / "qbwc_service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout.split() == []
