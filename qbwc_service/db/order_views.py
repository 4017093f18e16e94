"""Orders as people look at them: in lists, by what became of their documents."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, union
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import CompoundSelect

from .engine import AnyRow
from .jobs import CURRENT, TROUBLE, UNFINISHED, jobs, needs
from .many import one_of
from .orders import NEW, orders
from .states import OrderState

_own = jobs.alias("own")
_COLUMNS = (
    orders.c.id,
    orders.c.number,
    orders.c.customer_id,
    orders.c.customer_name,
    orders.c.completed_at,
    orders.c.created_at,
    orders.c.sent_at,
    orders.c.total,
)


def listed(
    db: Connection,
    company_id: int,
    *,
    search: str = "",
    state: OrderState | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AnyRow]:
    """-> id, number, customer_id, customer_name, completed_at, created_at, sent_at, total; the latest first.

    `search` is the beginning of the number or a part of the customer's name, in any case. `before` is the id of the
    last row of the page before. What became of each is told by `posting.send.states_of`; `state` agrees with it.
    Served by ix_orders_recent; with a search by ix_orders_search, with a state by ix_orders_new, ix_jobs_unfinished,
    ix_jobs_trouble and ix_job_needs_needs_id.
    """
    mine = orders.c.company_id == company_id
    found = select(*_COLUMNS).where(mine).order_by(orders.c.id.desc()).limit(limit)
    if before is not None:
        found = found.where(orders.c.id < before)
    if search:
        found = found.where(orders.c.id.in_(_searched(company_id, search.lower())))
    if state is not None:
        found = found.where(_in_state(company_id, OrderState(state)))
    return list(db.execute(found).all())


def of_customer(
    db: Connection, company_id: int, customer_id: str, *, before: int | None = None, limit: int = 50
) -> list[AnyRow]:
    """-> a customer's orders, as `listed` tells them, the latest first; served by ix_orders_customer_id."""
    found = select(*_COLUMNS).where(orders.c.company_id == company_id, orders.c.customer_id == customer_id)
    if before is not None:
        found = found.where(orders.c.id < before)
    return list(db.execute(found.order_by(orders.c.id.desc()).limit(limit)).all())


def _searched(company_id: int, words: str) -> Select[int]:
    """Of the index alone: `content` is large, and the rows that do not match need not be opened."""
    begins = orders.c.search.startswith(words, autoescape=True)
    holds = orders.c.search.like(f"% %{_escaped(words)}%", escape="/")  # behind the number
    return select(orders.c.id).where(orders.c.company_id == company_id, begins | holds)


def latest_matching(db: Connection, company_id: int, search: str, limit: int) -> list[int]:
    """-> the ids of the latest orders that a search finds, as `listed` searches; of ix_orders_search alone."""
    found = _searched(company_id, search.lower())
    # By what no index has: else SQLite takes ix_orders_recent, and opens every order to compare it.
    return list(db.execute(found.order_by(-orders.c.id).limit(limit)).scalars())


def _escaped(words: str) -> str:
    return words.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _in_state(company_id: int, state: OrderState) -> ColumnElement[bool]:
    """Few orders wait or need a person, so these are gathered; most are posted, so each is looked at in its turn.

    An order that was sent has a document of its own at least: where none is unfinished, all are posted.
    """
    troubled = orders.c.id.in_(_with(company_id, TROUBLE))
    return {
        OrderState.NEW: NEW,
        OrderState.ATTENTION: and_(~NEW, troubled),
        OrderState.WAITING: and_(~NEW, orders.c.id.in_(_with(company_id, UNFINISHED)), ~troubled),
        OrderState.POSTED: and_(~NEW, _none(_own_unfinished(company_id)), _none(_needed_unfinished())),
    }[state]


def _with(company_id: int, condition: ColumnElement[bool]) -> CompoundSelect[int]:
    """-> the orders of which such a job is a document: their own, and list records that their own need.

    Subqueries and no joins: SQLite, which keeps no count of rows, would begin with all jobs. And no word of CURRENT,
    which both conditions imply: it would rather take ix_jobs_recent.
    """
    such = (jobs.c.company_id == company_id, condition)
    records = select(jobs.c.id).where(*such, jobs.c.name.is_not(None))
    needing = select(needs.c.job_id).where(needs.c.needs_id.in_(records))
    return union(
        select(jobs.c.order_id).where(*such, jobs.c.order_id.is_not(None)),
        select(_own.c.order_id).where(
            _own.c.id.in_(needing), _own.c.superseded_at.is_(None), _own.c.order_id.is_not(None)
        ),
    )


def _own_unfinished(company_id: int) -> Select[int]:
    return select(jobs.c.id).where(jobs.c.company_id == company_id, jobs.c.order_id == orders.c.id, UNFINISHED)


def _needed_unfinished() -> Select[int]:
    return (
        select(jobs.c.id)
        .select_from(_own.join(needs, needs.c.job_id == _own.c.id).join(jobs, jobs.c.id == needs.c.needs_id))
        .where(_own.c.order_id == orders.c.id, _own.c.superseded_at.is_(None), UNFINISHED)
    )


def _none(found: Select[int]) -> ColumnElement[bool]:
    """-> the condition that there is none, for one order.

    Not as NOT EXISTS, which PostgreSQL makes a join of: one over all jobs for each order, as long as it has not counted
    the rows of a new database. And not as IS NULL, which it believes to be true of few: it would sort all orders.
    """
    one = found.with_only_columns(literal_column("1")).limit(1).correlate(orders).scalar_subquery()
    return func.coalesce(one, 0) != 1


def job_states(db: Connection, company_id: int, order_ids: Sequence[int]) -> dict[int, tuple[bool, frozenset[str]]]:
    """-> of each order of the company, whether it was sent, and the states that its documents are in.

    Documents are those of job_views.of_order(). Two statements, served by the primary key and ix_jobs_order_id.
    """
    sent = {
        row.id: row.sent_at is not None
        for row in db.execute(
            select(orders.c.id, orders.c.sent_at).where(
                one_of(orders.c.id, order_ids), orders.c.company_id == company_id
            )
        )
    }
    # The company is not named again: SQLite would read all of its jobs, rather than those of the orders.
    mine = (one_of(_own.c.order_id, sent), _own.c.superseded_at.is_(None))
    shared = (
        select(_own.c.order_id, jobs.c.state)
        .select_from(_own.join(needs, needs.c.job_id == _own.c.id).join(jobs, jobs.c.id == needs.c.needs_id))
        .where(*mine, CURRENT)
    )
    found: dict[int, set[str]] = {order_id: set() for order_id in sent}
    for order_id, state in db.execute(union(select(_own.c.order_id, _own.c.state).where(*mine), shared)):
        found[order_id].add(state)
    return {order_id: (sent[order_id], frozenset(states)) for order_id, states in found.items()}
