"""What is long settled is forgotten: the texts of messages and answers, histories, sessions, the audit trail.

Orders, documents with their numbers, what they are in QuickBooks, and links stay for ever: by them nothing is sent
twice. In short transactions, so that a service that runs meanwhile hardly waits.
"""

import datetime as dt
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.engine import Engine

from ..db import pruning
from ..db.engine import reading

AT_ONCE = 1000
PAUSE_SECONDS = 0.02
DEFAULT_DAYS, LEAST_DAYS = 400, 30


def prune(
    engine: Engine, before: dt.datetime, *, dry_run: bool = False, sleep: Callable[[float], None] = time.sleep
) -> dict[str, int]:
    """-> how many of each kind were forgotten, or would be; may be interrupted and begun again at any time."""
    return {kind.name: _prune(engine, kind, before, dry_run, sleep) for kind in pruning.KINDS}


def _prune(
    engine: Engine, kind: pruning.Kind, before: dt.datetime, dry_run: bool, sleep: Callable[[float], None]
) -> int:
    count = after = 0
    with reading(engine) as db:
        kept = kind.kept(db)
    while True:
        if dry_run:
            with reading(engine) as db:
                piece = pruning.piece(db, kind, after, before, AT_ONCE, kept)
        else:
            with engine.begin() as db:
                piece = pruning.piece(db, kind, after, before, AT_ONCE, kept)
                if piece.ids:
                    kind.drop(db, piece.ids)
        count, after = count + len(piece.ids), piece.last
        if not piece.more:
            return count
        if not dry_run:
            sleep(PAUSE_SECONDS)


def reusable_bytes(engine: Engine) -> int | None:
    """-> how much of an SQLite file is free for reuse, and would be given back by VACUUM; None for another database."""
    if engine.dialect.name != "sqlite":
        return None
    with engine.connect() as db:
        pages = int(db.execute(text("PRAGMA freelist_count")).scalar_one())
        return pages * int(db.execute(text("PRAGMA page_size")).scalar_one())
