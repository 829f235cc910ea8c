"""Into the outbox, one row or many in one statement; and out again before they left."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, func, insert, literal
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Session, col, select

from bot.domain.listed import listed
from bot.domain.types import insert_into
from bot.outbox.row import OPEN, Outbox


@cache
def _put(dialect: str) -> ReturningInsert[int | None]:
    add = insert_into(Outbox, dialect).on_conflict_do_nothing(index_elements=["key"])
    put_in: ReturningInsert[int | None] = add.returning(col(Outbox.id))
    return put_in


def put(session: Session, row: Mapping[str, Any]) -> int | None:
    """Add a row, as the values of its columns, unless its key is there already (a turn was redone).

    Returns:
        its id; None where it was there.
    """
    connection = session.connection()
    added = connection.execute(_put(connection.dialect.name), row).first()
    return added[0] if added is not None else None


def put_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add many rows in one statement, each as the values of its columns; their keys are new.

    All of them name the same columns. What is the same in all rows is said once; the rest goes as
    one JSON text, which either store takes apart in a fifth of the time of a statement a row.
    """
    if not rows:
        return
    table: Any = Outbox.__table__  # type: ignore[attr-defined]  # made by SQLModel
    usual = {one.name: one.default.arg for one in table.c if one.default is not None}
    connection = session.connection()
    varying = [name for name in rows[0] if any(row[name] != rows[0][name] for row in rows)]
    same = {name: value for name, value in {**usual, **rows[0]}.items() if name not in varying}
    one = _each(connection, [table.c[name] for name in varying], rows)
    values = [*one, *(literal(value, table.c[name].type) for name, value in same.items())]
    connection.execute(insert(table).from_select([*varying, *same], columns(*values)))


def _each(
    connection: Connection, those: Sequence[Any], rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """Some columns of each row, as expressions over one JSON text."""
    writes = [(c.name, c.type.bind_processor(connection.dialect) or _as_it_is) for c in those]
    values = [[write(row[name]) for name, write in writes] for row in rows]
    whole = json.dumps(values, ensure_ascii=False, default=str)
    if connection.dialect.name == "sqlite":  # its columns make the type, its moments are texts
        found = func.json_each(whole).table_valued("value").c.value
        return [found.op("->>")(n) for n in range(len(those))]
    found = (
        func.json_array_elements(cast(literal(whole, String), JSON)).table_valued("value").c.value
    )
    return [cast(found.op("->>")(n), c.type) for n, c in enumerate(those)]


def _as_it_is(value: Any) -> Any:
    return value


def ids_of(session: Session, keys: Sequence[str]) -> dict[str, int]:
    """The rows of some keys, those that are there."""
    if not keys:
        return {}
    those = col(Outbox.key).in_(listed(session, keys, String))
    rows = session.connection().execute(columns(col(Outbox.key), col(Outbox.id)).where(those))
    return {key: row_id for key, row_id in rows if row_id is not None}


_LINES = select(func.count()).where(
    Outbox.channel == bindparam("channel"),
    Outbox.chat == bindparam("chat"),
    col(Outbox.topic).not_in(("notice", "emergency")),
    Outbox.created_at > bindparam("since"),
)


def lines_since(session: Session, channel: str, chat: str, since: datetime) -> int:
    """How many lines that count against the budget of a chat were written since a moment."""
    where = {"channel": channel, "chat": chat, "since": since}
    return session.exec(_LINES, params=where).one()


def supersede(session: Session, keys: list[str], reason: str) -> int:
    """Take back rows that have not left."""
    query = select(Outbox).where(col(Outbox.key).in_(keys), col(Outbox.state).in_((*OPEN, "held")))
    rows = session.exec(query.with_for_update()).all()  # not what a sender takes just now
    for row in rows:
        row.state, row.reason = "superseded", reason
        session.add(row)
    session.flush()
    return len(rows)
