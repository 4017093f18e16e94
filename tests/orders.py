"""Orders for tests: the manual's own, and whatever differs from it."""

import json
from typing import Any


def make_order(number: str = "1001", **changes: Any) -> dict[str, Any]:
    """-> the order of the manual: 100 mugs, a discount, a part paid, one supplier; with these keys replaced."""
    order: dict[str, Any] = {
        "number": number,
        "completed_at": "2026-11-20T15:04:00-05:00",
        "customer": {"id": "C-17", "name": "ABC Company", "email": "ap@abc.example"},
        "lines": [
            {
                "product_number": "A7102",
                "description": "Almond - 11 oz/Stoneware",
                "quantity": "100",
                "rate": "2.30",
                "supplier_id": "S-3",
                "cost": "1.15",
            }
        ],
        "discount": {"amount": "11.50"},
        "payments": [{"id": "P-1", "date": "2026-11-20", "amount": "100.00", "method": "Check", "reference": "2231"}],
        "suppliers": [{"id": "S-3", "name": "ASI Supplier", "bill_number": f"INV-{number}"}],
    }
    order.update(changes)
    return {key: value for key, value in order.items() if value is not None}


def as_text(*orders: dict[str, Any]) -> str:
    return json.dumps(orders[0] if len(orders) == 1 else list(orders))
