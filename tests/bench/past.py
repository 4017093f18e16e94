"""A past for a company: documents that were posted long ago, and other companies; made by a few statements.

The order that was posted last is copied, with its jobs, what they need, their history, message, answer and session.
"""

from collections.abc import Mapping

from sqlalchemy import Table, func, select, text
from sqlalchemy.engine import Connection, Engine

from qbwc_service.db.companies import companies, connections, passwords
from qbwc_service.db.jobs import history, jobs, needs
from qbwc_service.db.lists import reads
from qbwc_service.db.messages import answers, messages
from qbwc_service.db.orders import orders
from qbwc_service.db.sessions import sessions

DOCUMENTS = 4  # of the order that is copied
ORDERS_A_MESSAGE = 62


def add_jobs(engine: Engine, count: int) -> None:
    """The order that was posted last, alone in its message, has so many jobs' worth of copies."""
    copies = count // DOCUMENTS
    with engine.begin() as db:
        last, order, message = db.execute(
            select(func.max(jobs.c.id), func.max(jobs.c.order_id), func.max(jobs.c.message_id))
        ).one()
        session = db.execute(select(func.max(sessions.c.id))).scalar_one()
        own = f"> {last - DOCUMENTS}"
        moved = f"+ n.i * {DOCUMENTS}"
        _copy(
            db,
            orders,
            copies,
            f"t.id = {order}",
            {"id": "t.id + n.i", "number": "'old-' || n.i", "search": "'old-' || n.i || ' abc'"},
        )
        _copy(
            db,
            jobs,
            copies,
            f"t.id {own}",
            {
                "id": f"t.id {moved}",
                "order_id": "t.order_id + n.i",
                "record": "t.record || '-' || n.i",
                "ref_number": "t.ref_number || '-' || n.i",
            },
        )
        needed = f"CASE WHEN t.needs_id {own} THEN t.needs_id {moved} ELSE t.needs_id END"
        _copy(db, needs, copies, f"t.job_id {own}", {"job_id": f"t.job_id {moved}", "needs_id": needed})
        _copy(db, history, copies, f"t.job_id {own}", {"id": None, "job_id": f"t.job_id {moved}"})
        whole = copies // ORDERS_A_MESSAGE
        _copy(db, messages, whole, f"t.id = {message}", {"id": "t.id + n.i"})
        _copy(db, sessions, whole, f"t.id = {session}", {"id": None, "ticket_mac": "'old-' || n.i"})
        _copy(db, answers, whole, f"t.message_id = {message}", {"id": None, "message_id": "t.message_id + n.i"})
        _note_ids(db, (orders, jobs, messages))
    settle(engine)


def add_companies(engine: Engine, count: int) -> None:
    """So many companies more, each with a password and lists that were never read."""
    with engine.begin() as db:
        last = db.execute(select(func.max(companies.c.id))).scalar_one()
        names = {column: f"t.{column} || '-' || n.i" for column in ("name", "name_key", "username")}
        _copy(db, companies, count, f"t.id = {last}", {"id": "t.id + n.i", **names})
        for table in (connections, reads, passwords):
            new = {"company_id": "t.company_id + n.i", **({"id": None} if table is passwords else {})}
            _copy(db, table, count, f"t.company_id = {last}", new)
        _note_ids(db, (companies,))
    settle(engine)


def _copy(db: Connection, table: Table, times: int, which: str, changed: Mapping[str, str | None]) -> None:
    """Inserts copies of the rows `t` of the table, numbered by `n.i`; what is changed to None takes its default."""
    if times < 1:
        return
    columns = [column.name for column in table.columns if changed.get(column.name, "") is not None]
    values = ", ".join(changed.get(column) or f"t.{column}" for column in columns)
    db.execute(
        text(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "
            f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {values} FROM {table.name} t CROSS JOIN n "
            f"WHERE {which}"
        )
    )


def _note_ids(db: Connection, tables: tuple[Table, ...]) -> None:
    """PostgreSQL's sequences go on behind the ids that were given here."""
    if db.dialect.name == "postgresql":
        for table in tables:
            db.execute(text(f"SELECT setval('{table.name}_id_seq', (SELECT max(id) FROM {table.name}))"))


def settle(engine: Engine) -> None:
    """What PostgreSQL does by itself within a minute or two: count the rows, so that it plans for them."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("VACUUM ANALYZE"))
