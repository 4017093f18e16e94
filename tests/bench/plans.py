"""The query plans of whatever statements a piece of work executes, and which of them grow with what is done."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

LARGE = ("jobs", "orders", "job_history", "job_needs", "messages", "answers", "sessions", "companies", "connections")
_NAMES = "|".join((*LARGE, "passwords"))
# Partial indexes of what is open: they do not grow with what is done.
_OPEN = "ix_jobs_(claimable|away|trouble|unfinished|blocked|stuck|cancelled)|ix_(sessions|messages)_open"
# Reading a whole table, from end to end of an index too; or all that a company ever had, by an index of which only the
# company is given.
_GROWS = re.compile(
    rf"SCAN ({_NAMES})\b|Seq Scan on ({_NAMES})\b|INDEX ix_(jobs|orders)_recent \(company_id=\?\)$"
    rf"|Index (Only )?Scan (Backward )?using (?!{_OPEN})\w+ on ({_NAMES})\b[^\n]*(\n(?!\s*Index Cond)|\Z)",
    re.MULTILINE,
)


@dataclass
class Plans:
    """By operation and statement, the plan that the database made for it when it came first."""

    found: dict[tuple[str, str], str] = field(default_factory=dict)

    def growing(self) -> list[str]:
        """-> the statements whose plans read more the more there is."""
        return [
            f"{operation}: {statement}" for (operation, statement), plan in self.found.items() if _GROWS.search(plan)
        ]

    def __str__(self) -> str:
        return "\n".join(
            f"{operation}: {statement}\n" + "\n".join(f"    {line}" for line in plan.splitlines())
            for (operation, statement), plan in self.found.items()
        )

    @contextmanager
    def of(self, operation: str, engine: Engine) -> Iterator[None]:
        """Asks for the plan of each statement before it is executed."""
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"

        def ask(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            key = operation, " ".join(statement.split())
            if key in self.found or not re.match(r"(SELECT|UPDATE|INSERT|DELETE|WITH)\b", statement):
                return
            first = parameters[0] if many else parameters
            rows = cursor.connection.execute(f"{explain} {statement}", first).fetchall()
            self.found[key] = "\n".join(str(row[-1]) for row in rows)

        event.listen(engine, "before_cursor_execute", ask)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", ask)
