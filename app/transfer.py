"""From SQLite to PostgreSQL: every row, in one transaction, compared table by table before it ends.

The file is only read. What PostgreSQL cannot hold (a NUL in a text) is left out and counted.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select, text
from sqlmodel import SQLModel

from app.schema import bring_up, is_current
from bot.errors import BotError
from bot.migrate import load_tables
from bot.store import Store

BATCH = 2000

_WORDS = text(
    "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE conname = :name AND conrelid = CAST(:table AS regclass)"
)


class TransferError(BotError):
    """Nothing was moved; the words say why."""

    def __init__(self, words: str) -> None:
        """`words`: Chinese, for a technician."""
        super().__init__("transfer", words)


@dataclass(frozen=True, slots=True)
class Moved:
    """One table, the same on both sides."""

    table: str
    rows: int
    digest: str
    changed: int  # texts from which a NUL was left out


def move(
    source: Store, target: Store, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Moved]:
    """Copy all rows into an empty database.

    Args:
        source: SQLite, of this version, with nobody else writing.
        target: PostgreSQL; its tables are made.
        progress: told how many rows of how many are there.

    Raises:
        TransferError: it cannot be, or a table came out different; the target is as before.
    """
    if not source.is_sqlite or target.is_sqlite:
        raise TransferError("只能从 SQLite 搬到 PostgreSQL")
    if not is_current(source):
        raise TransferError("原来的库不是这一版：先运行 shouwang migrate")
    load_tables()
    bring_up(target)
    tables = SQLModel.metadata.sorted_tables
    with source.reader.connect() as old, target.writer.begin() as new:
        full = [table.name for table in tables if new.scalar(select(table).limit(1)) is not None]
        if full:
            raise TransferError(f"新库不是空的（{'、'.join(full[:5])} 里有行）：换一个空库")
        total = sum(_count(old, table) for table in tables)
        done = 0
        moved = []
        with _without_keys(new):
            for table in tables:
                moved.append(_move_one(old, new, table))
                done += moved[-1].rows
                progress(done, total)
        _count_on(new, tables)
    return moved


def _move_one(old: Connection, new: Connection, table: Table) -> Moved:
    changed = 0
    before = hashlib.sha256()
    batch: list[dict[str, Any]] = []
    for row in _rows(old, table):
        values = {key: _kept(value) for key, value in row.items()}
        changed += sum(values[key] != row[key] for key in row)
        before.update(_line(values))
        batch.append(values)
        if len(batch) == BATCH:
            new.execute(insert(table), batch)
            batch = []
    if batch:
        new.execute(insert(table), batch)
    after = hashlib.sha256()
    for row in _rows(new, table):
        after.update(_line(row))
    rows = _count(old, table)
    if rows != _count(new, table) or before.digest() != after.digest():
        raise TransferError(f"表 {table.name} 搬过去以后不一样，已全部退回：请把这句话发给开发者")
    return Moved(table.name, rows, after.hexdigest(), changed)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """All rows in the order of the primary key, a few at a time in memory.

    Texts in a key are put in order by their bytes, which both stores do alike.
    """
    keys = []
    for column in table.primary_key.columns:
        is_text = column.type.python_type is str and connection.dialect.name == "postgresql"
        keys.append(column.collate("C") if is_text else column)
    query = select(table).order_by(*keys)
    found = connection.execute(query, execution_options={"yield_per": BATCH})
    for row in found.mappings():
        yield dict(row)


def _kept(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) and "\0" in value else value


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, default=_plain, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


@contextmanager
def _without_keys(connection: Connection) -> Iterator[None]:
    """Without foreign keys meanwhile: households and people point at each other."""
    found = inspect(connection)
    quoted = connection.dialect.identifier_preparer.quote
    back = []
    for name in SQLModel.metadata.tables:
        for key in found.get_foreign_keys(name):
            constraint = key["name"] or ""
            words = connection.scalar(_WORDS, {"name": constraint, "table": quoted(name)})
            alter = f"ALTER TABLE {quoted(name)}"
            connection.exec_driver_sql(f"{alter} DROP CONSTRAINT {quoted(constraint)}")
            back.append(f"{alter} ADD CONSTRAINT {quoted(constraint)} {words}")
    yield
    for statement in back:
        connection.exec_driver_sql(statement)


def _count_on(connection: Connection, tables: list[Table]) -> None:
    """New rows are numbered behind those that came."""
    for table in tables:
        for column in table.primary_key.columns:
            sequence = connection.scalar(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {
                    "table": connection.dialect.identifier_preparer.quote(table.name),
                    "column": column.name,
                },
            )
            newest = connection.scalar(select(func.max(column))) if sequence else None
            if newest is not None:
                connection.execute(
                    text("SELECT setval(CAST(:sequence AS regclass), :newest)"),
                    {"sequence": sequence, "newest": newest},
                )
