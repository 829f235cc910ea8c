"""The schema at the start: one look where it is current, else the migrator is loaded.

Alembic takes a quarter of a second to load, of the three in which a server must be ready.
"""

from pathlib import Path

from sqlalchemy import inspect, text

import bot
from bot.store import Store

VERSIONS = Path(bot.__file__).resolve().parents[1] / "migrations" / "versions"


def bring_up(store: Store) -> None:
    """Bring the database to this version's tables.

    Raises:
        BotError: it is newer than this program, or its rows do not fit.
    """
    if not is_current(store):
        from bot import migrate

        migrate.upgrade(store.writer)
    if not store.is_sqlite:
        from app import engine

        engine.prepare(store)


def is_current(store: Store) -> bool:
    """Whether the database is at the newest revision that this program knows."""
    newest = max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))
    with store.writer.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        known: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return known == newest
