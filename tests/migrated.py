"""New SQLite databases with our tables: copies of one, since migrating takes fifty times as long."""

import functools
import pathlib
import tempfile

from qbwc_service.db import schema
from qbwc_service.db.engine import open_engine


def make(path: pathlib.Path) -> None:
    """An empty database of the newest schema is made there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_one())


@functools.cache
def _one() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "migrated.sqlite3"
        engine = open_engine(f"sqlite:///{path}")
        schema.migrate(engine)
        engine.dispose()  # the last connection brings all of it into the one file
        return path.read_bytes()
