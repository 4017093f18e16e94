from collections.abc import Iterator

import pytest

from .service import Api, on_sqlite


@pytest.fixture
def api(tmp_path) -> Iterator[Api]:
    """-> an API of its own, on SQLite."""
    with on_sqlite(tmp_path) as served:
        yield served
