"""From SQLite to PostgreSQL: nothing lost, nothing changed, or nothing done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlmodel import Session, col, func, select

from app import transfer
from app.schema import bring_up
from app.talk.play import Player
from app.talk.syntax import parse_talk
from app.transfer import TransferError, move
from bot import migrate
from bot.domain import audit, temperature
from bot.domain.registry import Place, PlaceKind
from bot.domain.temperature import Reading
from bot.inbox import Inbox
from bot.store import Store
from tests.fakes.postgres import Postgres
from tests.unit.kernel.ground import NOW, content

TALKS = Path(__file__).parents[1] / "transcripts"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """A village after a lively day, in a file."""
    made = Store(f"sqlite:///{tmp_path / 'shouwang.db'}")
    bring_up(made)
    path = next(TALKS.glob("20-*.talk"))
    talk = parse_talk(path.read_text("utf-8"), path.name)
    Player(talk, content(), store=Store(str(made.url))).play()
    with made.begin() as session:
        audit.note(session, NOW, "看花名册", words="练习")
        session.add(Inbox(channel="c", key="nul", chat="g", payload="a\0b", received_at=NOW))
    yield made
    made.close()


@pytest.fixture
def target(postgres: Postgres) -> Iterator[Store]:
    """An empty database on the test server."""
    made = Store(postgres.database())
    yield made
    made.close()


def constraints(store: Store) -> set[str]:
    """Names of all foreign keys of ours."""
    found = inspect(store.writer)
    ours = (name for name in found.get_table_names() if not name.startswith(migrate.NOT_OURS))
    return {str(key["name"]) for name in ours for key in found.get_foreign_keys(name)}


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Reading)).one()


def test_every_row_comes_and_is_the_same(source: Store, target: Store) -> None:
    seen: list[tuple[int, int]] = []
    moved = move(source, target, lambda done, total: seen.append((done, total)))
    rows = {one.table: one.rows for one in moved}
    assert rows["reading"] > 0
    assert rows["audit"] > 0
    assert rows["outbox"] > 0
    assert seen[-1][0] == seen[-1][1] == sum(rows.values())
    assert sum(one.changed for one in moved) == 1
    assert migrate.check(target.writer) == []
    assert constraints(target) == constraints(source)
    with source.reading() as old, target.reading() as new:
        assert count(old) == count(new) == rows["reading"]
        assert audit.verify(new) == audit.verify(old)
        assert temperature.recount(new) == temperature.recount(old)
        assert new.exec(select(Inbox.payload).where(Inbox.key == "nul")).one() == "ab"


def test_new_rows_are_numbered_behind_the_old(source: Store, target: Store) -> None:
    move(source, target)
    with target.begin() as session:
        newest = session.exec(select(func.max(Place.id))).one() or 0
        place = Place(kind=PlaceKind.VILLAGE, name="新村")
        session.add(place)
        session.flush()
        assert (place.id or 0) > newest


def test_only_into_an_empty_database(source: Store, target: Store) -> None:
    move(source, target)
    with pytest.raises(TransferError, match="不是空的"):
        move(source, target)


def test_only_from_this_version(source: Store, target: Store) -> None:
    migrate.downgrade(source.writer, "0002")
    with pytest.raises(TransferError, match="migrate"):
        move(source, target)


def test_a_difference_takes_all_of_it_back(
    source: Store, target: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = transfer._line
    told: list[int] = []

    def once_other(row: dict[str, object]) -> bytes:
        told.append(1)
        return lines(row) + (b"!" if len(told) == 1 else b"")

    monkeypatch.setattr(transfer, "_line", once_other)
    with pytest.raises(TransferError, match="不一样"):
        move(source, target)
    with target.reading() as session:
        assert session.exec(select(Place.id).order_by(col(Place.id))).all() == []
    assert constraints(target) == constraints(source)
