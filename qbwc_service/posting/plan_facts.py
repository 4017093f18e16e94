"""A plan as data: what `qbwc order send --dry-run --json` prints and the API's preview answers."""

from decimal import Decimal
from typing import Any

from .plan import Plan


def plan_facts(plan: Plan) -> dict[str, Any]:
    """-> documents, notes and obstacles; money as strings with two decimals."""
    return {
        "documents": [
            {
                "kind": document.kind,
                "name": document.name,
                "ref_number": document.ref_number,
                "entity": document.entity or None,
                "lines": [
                    {
                        "item": line.item,
                        "quantity": None if line.quantity is None else str(line.quantity),
                        "description": line.description,
                        "rate": None if line.rate is None else str(line.rate),
                        "amount": _money(line.amount),
                    }
                    for line in document.lines
                ],
                "total": _money(document.total),
                "applied": _money(document.applied),
                "balance": _money(document.balance),
            }
            for document in plan.documents
        ],
        "notes": [
            {"path": note.path, "before": note.before, "after": note.after, "rule": note.rule} for note in plan.notes
        ],
        "obstacles": [{"path": obstacle.path, "message": obstacle.message} for obstacle in plan.obstacles],
    }


def _money(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"
