"""Backup beside a running server; restore that keeps the old, and sends nothing by itself."""

import gzip
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import Session, col, select

from app import backup as backups
from app.archive import BackupError
from app.backup import InUse, backup, held_rows, release_held, restore, sole_user, verify
from bot import migrate, outbox
from bot.domain.notices import Notice
from bot.domain.registry import Place, Resident
from bot.inbox import Inbox
from bot.message import ChatKind
from bot.outbox import Outbox
from bot.store import Store

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a database in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    store = opened(folder)
    migrate.upgrade(store.writer)
    with store.begin() as session:
        session.add(Place(id=1, kind="village", name="柳树沟村"))
        session.flush()
        session.add(Resident(id=1, place_id=1, name="王小宝"))
        for state in ("queued", "unknown", "sending", "sent", "failed", "held"):
            session.add(said(state))
        session.flush()
        for number, (state, due_at) in enumerate(
            [("approved", NOW), ("approved", LATER + timedelta(days=1)), ("sent", NOW)], 1
        ):
            session.add(
                Notice(
                    id=number,
                    place_id=1,
                    text="明天消杀",
                    author_id=1,
                    approved_by=1,
                    approved_at=NOW,
                    state=state,
                    created_at=NOW,
                    due_at=due_at,
                    expires_at=LATER + timedelta(days=9),
                )
            )
    store.close()
    return folder


@pytest.fixture
def archive(data: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    return backup(url(data), tmp_path / "backups", NOW).path


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shouwang.db'}"


def opened(folder: Path) -> Store:
    return Store(url(folder))


def said(state: str) -> Outbox:
    return Outbox(
        key=f"k-{state}",
        channel="county",
        chat="c1",
        chat_kind=ChatKind.GROUP,
        topic="notice",
        text="明天消杀",
        state=state,
        created_at=NOW,
        due_at=NOW,
    )


def facts(folder: Path) -> list[tuple[object, ...]]:
    """All that people said and did, row by row."""
    with closing(sqlite3.connect(folder / "shouwang.db")) as database:
        return [
            row
            for table in ("place", "resident", "inbox", "audit", "reading")
            for row in database.execute(f"SELECT '{table}', * FROM {table} ORDER BY 2")  # noqa: S608
        ]


def no_scraps(folder: Path) -> bool:
    return not [*folder.glob(".backup-*"), *folder.glob(".restore-*"), *folder.glob("*-wal")]


def test_there_and_back(data: Path, archive: Path, tmp_path: Path) -> None:
    assert archive.name == "shouwang-20200203T001200Z.tar.gz"
    assert archive.stat().st_mode & 0o777 == 0o600
    assert verify(archive) == "20200203T001200Z"
    fresh = tmp_path / "fresh"
    done = restore(archive, fresh, LATER)
    assert (done.made_at, done.kept, done.path) == (
        "20200203T001200Z",
        None,
        fresh / "shouwang.db",
    )
    assert (fresh / "shouwang.db").stat().st_mode & 0o777 == 0o600
    assert facts(fresh) == facts(data)
    assert no_scraps(fresh)
    assert no_scraps(archive.parent)
    store = opened(fresh)
    assert migrate.check(store.writer) == []
    store.close()


def test_it_holds_no_keys(data: Path, tmp_path: Path) -> None:
    (data / "secret.key").write_text("canary-key")
    (data / "shouwang.toml").write_text('token = "canary-token"')
    done = backup(url(data), tmp_path / "backups", NOW)
    assert "secret.key" in done.warnings[0]
    content = gzip.decompress(done.path.read_bytes())
    assert b"canary" not in content
    assert b"shouwang.db" in content


def test_beside_a_writer(data: Path, tmp_path: Path) -> None:
    """Each backup is one moment: of every pair of rows both are there or none."""
    store, stop = opened(data), threading.Event()
    wrote = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.begin() as session:
                for half in ("a", "b"):
                    session.add(
                        Inbox(
                            channel="county",
                            key=f"{number}{half}",
                            chat="c1",
                            payload="x" * 500,
                            received_at=NOW,
                        )
                    )
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(5)
        made = [
            backup(url(data), tmp_path / "backups", NOW + timedelta(seconds=n)) for n in range(4)
        ]
    finally:
        stop.set()
        writer.join()
        store.close()
    counts = []
    for n, one in enumerate(made):
        folder = tmp_path / f"restored-{n}"
        restore(one.path, folder, LATER)
        rows = [row for row in facts(folder) if row[0] == "inbox"]
        assert len(rows) % 2 == 0
        counts.append(len(rows))
    assert counts[0] > 0
    assert counts == sorted(counts)


def test_what_had_not_left_waits_for_a_yes(archive: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    done = restore(archive, fresh, LATER)
    assert (done.held, done.notices) == (3, (1,))
    store = opened(fresh)
    with store.begin() as session:
        assert outbox.recover(session, LATER) == 0
        assert not {"queued", "unknown", "sending"} & outbox.counts(session).keys()
        assert outbox.claim(session, LATER, {}, lambda *_: "") == []
        states = dict(session.exec(select(Notice.id, Notice.state)).all())
        assert states == {1: "draft", 2: "approved", 3: "sent"}
    with store.begin() as session:
        assert held_rows(session) == 3
        assert release_held(session) == 3
    with store.reading() as session:
        assert held_rows(session) == 0
        rows = session.exec(select(Outbox).where(Outbox.state == "queued")).all()
        assert {row.key for row in rows} == {"k-queued", "k-unknown", "k-sending"}
        assert all(row.is_perhaps_doubled and row.reason == "" for row in rows)
        still = session.exec(select(Outbox).where(col(Outbox.key) == "k-held")).one()
        assert still.state == "held"
    store.close()


def test_not_over_a_running_server(data: Path, archive: Path) -> None:
    before = facts(data)
    with sole_user(data), pytest.raises(InUse, match="先停掉"):
        restore(archive, data, LATER, force=True)
    with pytest.raises(InUse), sole_user(data), sole_user(data):
        pass
    assert facts(data) == before


def test_not_over_a_database_unless_forced(data: Path, archive: Path) -> None:
    with pytest.raises(BackupError, match="--force"):
        restore(archive, data, LATER)
    store = opened(data)
    with store.begin() as session:
        session.add(Place(kind="village", name="后来的村"))
    store.close()
    newer = facts(data)
    done = restore(archive, data, LATER, force=True)
    assert done.kept is not None
    assert done.kept.name == "shouwang.db.before-20200206T001200Z"
    assert len(facts(data)) == len(newer) - 1
    done.kept.replace(data / "shouwang.db")
    assert facts(data) == newer


def test_over_a_broken_database_with_a_log(data: Path, archive: Path) -> None:
    """An old log must never be played into the new file."""
    good = facts(data)
    (data / "shouwang.db").write_bytes(b"nonsense" * 1000)
    (data / "shouwang.db-wal").write_bytes(b"left over")
    done = restore(archive, data, LATER, force=True)
    assert facts(data) == good
    assert done.kept is not None
    assert done.kept.read_bytes().startswith(b"nonsense")
    assert Path(f"{done.kept}-wal").read_bytes() == b"left over"


def test_every_damage_is_noticed(archive: Path, tmp_path: Path) -> None:
    """Whatever changes the content is refused; what is let through restores the very same facts."""
    whole, chance = archive.read_bytes(), Random(7)  # noqa: S311
    broken = tmp_path / "broken.tar.gz"
    good = tmp_path / "good"
    restore(archive, good, LATER)
    refused = 0
    for trial in range(100):
        raw = bytearray(whole)
        if trial % 10 == 0:
            del raw[chance.randrange(len(raw)) :]
        else:
            for _ in range(chance.choice((1, 2, 64, 4096))):
                raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        broken.write_bytes(raw)
        folder = tmp_path / f"trial-{trial}"
        try:
            restore(broken, folder, LATER)
        except BackupError:
            refused += 1
            assert not (folder / "shouwang.db").exists()
        else:
            assert facts(folder) == facts(good)
    assert refused >= 95


def test_foreign_archives_are_refused(archive: Path, tmp_path: Path) -> None:
    empty, plain, outside = (tmp_path / name for name in ("empty", "plain", "outside"))
    empty.touch()
    plain.write_text("no archive")
    with tarfile.open(outside, "w:gz") as tar:
        tar.add(archive, "../../escaped.db")
    for path in (empty, plain, outside, tmp_path / "missing"):
        with pytest.raises(BackupError):
            restore(path, tmp_path / "fresh", LATER)
    assert not (tmp_path.parent / "escaped.db").exists()
    assert not (tmp_path / "fresh" / "shouwang.db").exists()


def test_a_broken_database_is_not_backed_up(data: Path, tmp_path: Path) -> None:
    with (data / "shouwang.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    with pytest.raises(BackupError, match="doctor"):
        backup(url(data), tmp_path / "backups", NOW)
    assert list((tmp_path / "backups").glob("*.tar.gz")) == []
    with pytest.raises(BackupError, match="没有数据库"):
        backup(url(tmp_path / "nowhere"), tmp_path / "backups", NOW)
    with pytest.raises(BackupError, match="pg_dump"):
        backup("postgresql+psycopg://h/d", tmp_path / "backups", NOW)


CRASH = """
import os, sys
from datetime import datetime
from pathlib import Path
from app import archive, backup
module, name, what, url, folder, tar = sys.argv[1:]
home = {"archive": archive, "backup": backup, "path": Path}[module]
setattr(home, name, lambda *a, **k: os._exit(9))
now = datetime.fromisoformat("2020-02-06T00:12:00+00:00")
if what == "backup":
    backup.backup(url, Path(folder), now)
else:
    backup.restore(Path(tar), Path(folder), now, force=True)
"""


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("archive.sync", "backup"),
        ("path.rename", "backup"),
        ("backup._hold", "restore"),
        ("backup._set_aside", "restore"),
        ("backup._without_log", "restore"),
        ("path.replace", "restore"),
    ],
)
def test_killed_on_the_way(data: Path, archive: Path, place: str, what: str) -> None:
    """Old or new, never between; the next run finishes and clears what was left."""
    before = facts(data)
    folder = archive.parent if what == "backup" else data
    words = [*place.split("."), what, url(data), str(folder), str(archive)]
    home = Path(backups.__file__).parents[1]
    died = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", CRASH, *words], cwd=home, check=False
    )
    assert died.returncode == 9
    assert facts(data) == before
    assert [path.name for path in archive.parent.glob("*.tar.gz")] == [archive.name]
    if what == "backup":
        backup(url(data), folder, LATER)
        assert no_scraps(folder)
    else:
        restore(archive, data, LATER + timedelta(seconds=1), force=True)
        assert facts(data) == before
        assert no_scraps(data)


def test_release_is_for_restored_rows_only(data: Path) -> None:
    store = opened(data)
    with Session(store.writer) as session:
        assert release_held(session) == 0
    store.close()
