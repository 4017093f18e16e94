"""Jobs, as the API tells of them; each place shows the same facts under the same names."""

import re
from typing import Any

from qbxml.status import hresult, status

from ..db.engine import AnyRow
from ..db.states import State


def job_facts(row: AnyRow) -> dict[str, Any]:
    """-> a document of an order, or the reading of a list. `who` and `where` say who mends what QuickBooks refused,
    where that is known."""
    who, where = _mender(row.status_code) if row.state == State.ATTENTION else (None, None)
    return {
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "record": row.record,
        "name": row.name,
        "ref_number": row.ref_number,
        "total": row.total,
        "txn_id": row.txn_id,
        "list_id": row.list_id,
        "attempts": row.attempts,
        "next_try": row.next_try_at,
        "status_code": code_of(row.status_code),
        "explanation": row.explanation or (f"waits for job {row.blocked_by}" if row.blocked_by else None),
        "who": who,
        "where": where,
    }


def code_of(text: str | None) -> int | str | None:
    """-> a status code as a number, an HRESULT as text."""
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]+", text) else text


def _mender(text: str | None) -> tuple[str | None, str | None]:
    code = code_of(text)
    if code is None:
        return None, None
    found = status(code) if isinstance(code, int) else hresult(code, after_write=True)
    return found.who or None, found.where or None
