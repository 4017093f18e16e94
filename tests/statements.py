"""Engines of one kind of database share what SQLAlchemy compiled: a test has an engine of its own, and would have each
statement compiled anew, which takes longer than to carry it out."""

from typing import Any

from sqlalchemy.engine import Engine

from qbwc_service.db import engine

_firsts: dict[str, Engine] = {}
_create_engine = engine.create_engine


def share() -> None:
    """From now on, for every engine that the program opens in this process."""
    engine.create_engine = _shared  # type: ignore[assignment]


def _shared(url: Any, **options: Any) -> Engine:
    made = _create_engine(url, **options)
    first = _firsts.setdefault(made.dialect.name, made)
    if first is not made and getattr(first.dialect, "server_version_info", None) is None:
        first = _firsts[made.dialect.name] = made  # it was never connected, so it does not know its server
    made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
    return made
