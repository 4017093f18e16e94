"""An installation whose service is started and stopped by the test, on either database."""

import pathlib

import pytest

from tests.e2e.conftest import Installation
from tests.service import Qbwc


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Installation:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url").replace("postgresql+psycopg", "postgresql")
    return Installation(Qbwc(tmp_path, database_url=url))


@pytest.fixture
def alone(tmp_path: pathlib.Path) -> Installation:
    """The same, on SQLite alone."""
    return Installation(Qbwc(tmp_path))
