"""The whole application in this process, for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.fuzz.service import Service


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()
