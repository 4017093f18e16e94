"""What the tests of this folder share: a web server that receives, a mail server, and a company on SQLite."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.faults.world import World, fresh

from .outside import Mailbox, Receiver, mail_server, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def world(tmp_path: pathlib.Path) -> Iterator[World]:
    engine = fresh(f"sqlite:///{tmp_path / 'world.sqlite3'}")
    yield World.new(engine, 1)
    engine.dispose()
