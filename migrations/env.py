"""How Alembic reaches the database: the engine that `qbwc migrate` hands over, or the one of the environment."""

from alembic import context

from qbwc_service import settings
from qbwc_service.db import tables
from qbwc_service.db.engine import Utc, open_engine


def render_item(type_: str, item: object, autogen_context: object) -> str | bool:
    """A migration must not import the program, which changes after it: our type is written as what it is made of."""
    return "sa.DateTime(timezone=True)" if type_ == "type" and isinstance(item, Utc) else False


engine = context.config.attributes.get("engine") or open_engine(settings.read().database_url)

with engine.begin() as connection:
    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        # SQLite cannot alter most things in place: Alembic then copies the table.
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
