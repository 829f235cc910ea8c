"""What Alembic runs: migrates over the connection that bot/migrate.py gives, in its transaction."""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

from bot.domain.types import Moment

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run `shouwang migrate`: migrations need a connection of bot.migrate")


def render(kind: str, item: Any, _: Any) -> str | bool:
    """A migration must not change when our own types do: a Moment is the type it is kept as."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render,
    compare_type=True,
    transactional_ddl=True,  # SQLite's too: bot/migrate.py has begun before the first statement
)
with context.begin_transaction():
    context.run_migrations()
