"""All that is known of a company as JSON Lines: one line that says what it is, then one a row.

Secrets are not in it, nor what they are recognised by. Times are UTC as in ISO 8601, amounts are texts.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.engine import Connection

from .. import __version__
from ..db import of_company, schema

FORMAT = 1


def lines(db: Connection, company_id: int, name: str, now: dt.datetime) -> Iterator[str]:
    """-> each line without its end; `db` must hold still (of_company), so that all is of one moment."""
    about = {"qbwc_export": FORMAT, "company": name, "at": now.isoformat(), "version": __version__}
    yield json.dumps({**about, "schema": schema.HEAD}, ensure_ascii=False)
    for part in of_company.PARTS:
        for row in of_company.rows(db, part, company_id):
            yield json.dumps({"table": part.table.name, **row}, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
