"""Rows that are not there: found out for many accounts at once, kept until this session writes one.

Most messages are of people of whom nothing waits. Whoever asks for one of them is then told so
without a statement.
"""

from collections.abc import Collection

from sqlalchemy import Select, event
from sqlalchemy.orm import object_session
from sqlmodel import Session, SQLModel


def look(
    db: Session, table: type[SQLModel], found: Select[int | None], ids: Collection[int]
) -> None:
    """Find out of which accounts a table holds nothing.

    Args:
        db: the session in which it is kept.
        table: whose rows are meant.
        found: selects the accounts that have one; its parameter is `account_ids`.
        ids: of the accounts.
    """
    rows = db.connection().execute(found, {"account_ids": list(ids)})
    db.info[table] = set(ids).difference(row[0] for row in rows)


def is_absent(db: Session, table: type[SQLModel], account_id: int) -> bool:
    """Whether there is surely no row of an account; False: there may be one."""
    return account_id in db.info.get(table, ())


def wrote(db: Session, table: type[SQLModel], account_id: int | None) -> None:
    """A row of this account was written."""
    db.info.get(table, set()).discard(account_id)


def watch(table: type[SQLModel]) -> None:
    """Hear of each object of a table that is written; statements tell `wrote` themselves."""

    @event.listens_for(table, "after_insert")
    @event.listens_for(table, "after_update")
    def on_write(mapper: object, connection: object, row: SQLModel) -> None:
        session = object_session(row)
        if isinstance(session, Session):
            wrote(session, table, getattr(row, "account_id", None))
