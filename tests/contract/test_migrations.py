"""Migrations: up, the same as the models, down, up again; whole or not at all."""

import ast
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import process_time

import pytest
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, event, inspect, text

import bot
from bot import migrate
from bot.domain.temperature import last_said_at
from bot.store import Store

FIRST = "0001"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        made = Store(f"sqlite:///{tmp_path / 'shouwang.db'}")
    else:
        made = Store(request.getfixturevalue("postgres").database())
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite file."""
    made = Store(f"sqlite:///{tmp_path / 'shouwang.db'}")
    yield made
    made.close()


def tables(engine: Engine) -> set[str]:
    """Names of the tables that are there."""
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_check_down_up(store: Store) -> None:
    engine = store.writer
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.head()
    there = tables(engine)
    assert {"inbox", "outbox", "reading", "audit"} <= there
    migrate.downgrade(engine, "base")
    assert (migrate.current(engine), tables(engine)) == (None, set())
    migrate.upgrade(engine)
    assert tables(engine) == there


def test_the_models_are_what_the_migrations_make(store: Store) -> None:
    """Where this fails, a model has changed: python -m bot.migrate "what changed"."""
    migrate.upgrade(store.writer)
    assert migrate.check(store.writer) == []


def test_a_difference_is_named(store: Store) -> None:
    migrate.upgrade(store.writer)
    with store.writer.begin() as connection:
        connection.execute(text("ALTER TABLE place ADD COLUMN colour VARCHAR"))
        connection.execute(text("DROP INDEX ix_place_name"))
    found = migrate.check(store.writer)
    assert len(found) == 2
    assert any("remove_column" in line and "colour" in line for line in found)
    assert any("add_index" in line and "ix_place_name" in line for line in found)


def test_every_table_of_the_sources_is_known() -> None:
    home = Path(bot.__file__).parent
    migrate.load_tables()
    for path in home.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and any(k.arg == "table" for k in node.keywords):
                name = ".".join(path.relative_to(home.parent).with_suffix("").parts)
                assert name in migrate.TABLES or path.parent.name == "domain", name


def test_an_empty_database_is_ready_quickly(store: Store) -> None:
    migrate.load_tables()
    began = process_time()
    migrate.upgrade(store.writer)
    assert process_time() - began < 0.5  # of this process: a loaded machine is no fault


def test_again_changes_nothing(store: Store) -> None:
    migrate.upgrade(store.writer)
    with store.writer.begin() as connection:
        connection.execute(text("INSERT INTO place (kind, name) VALUES ('village', '柳树沟村')"))
    migrate.upgrade(store.writer)
    with store.writer.connect() as connection:
        assert connection.execute(text("SELECT name FROM place")).scalar_one() == "柳树沟村"
        if store.is_sqlite:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_what_an_account_said_last_is_found_by_an_index(store: Store) -> None:
    migrate.upgrade(store.writer)
    asked: list[tuple[str, object]] = []
    listener = (store.reader, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    event.listen(*listener)
    with store.reading() as session:
        assert last_said_at(session, 1) is None
        event.remove(*listener)
        (statement, values) = asked[-1]
        how = "EXPLAIN QUERY PLAN" if store.is_sqlite else "EXPLAIN"
        plan = session.connection().exec_driver_sql(f"{how} {statement}", values).all()  # type: ignore[arg-type]  # as it was asked
    assert "ix_reading_said_by" in str(plan)
    assert not any(sorts in str(plan) for sorts in ("Sort", "TEMP B-TREE"))


def test_half_a_migration_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    create, left = Operations.create_table, 10

    def fail_later(self: Operations, *args: object, **kwargs: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError("the disk is full")
        return create(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Operations, "create_table", fail_later)
    with pytest.raises(OSError, match="full"):
        migrate.upgrade(store.writer)
    assert (migrate.current(store.writer), tables(store.writer)) == (None, set())
    monkeypatch.undo()
    migrate.upgrade(store.writer)
    assert migrate.current(store.writer) == migrate.head()


def test_rows_that_point_nowhere_stop_a_migration(file: Store) -> None:
    migrate.upgrade(file.writer)
    with file.writer.connect() as connection:
        raw: Connection = connection
        raw.exec_driver_sql("INSERT INTO place (id, kind, name) VALUES (1, 'village', '村')")
        raw.commit()
    with closing(sqlite3.connect(str(file.url.database))) as other:
        other.execute("INSERT INTO household (place_id, address) VALUES (999, '')")
        other.commit()
    with pytest.raises(migrate.MigrationError, match="指向不存在"):
        migrate.upgrade(file.writer)


def test_an_older_program_refuses_a_newer_database(store: Store) -> None:
    migrate.upgrade(store.writer)
    with store.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.MigrationError, match="9999"):
        migrate.upgrade(store.writer)
    assert {"inbox", "outbox"} <= tables(store.writer)
