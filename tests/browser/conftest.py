"""One world to look at, and one Chromium a module: while Playwright runs, its event loop is the thread's, and tests of
other folders want none."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import PATIENCE_MILLISECONDS, launched
from tests.browser.world import World, world_in


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tests that look at it, and send of it at most what no other sends."""
    with world_in(tmp_path_factory.mktemp("world")) as made:
        yield made
