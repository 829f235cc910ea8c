"""Copies of the log beside a writer, restore up to the last of them, and every flipped byte."""

import gzip
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from app import backup_follow, backup_keeping, backup_pages, backup_wal
from app.archive import BackupError
from app.backup import backup, restore
from app.backup_follow import Keeper, copied_at
from app.backup_keeping import Keeping, alone, follow, keep, keeping_of, settle
from app.backup_pieces import log_folder
from app.doctor_database import damage
from bot import migrate
from bot.clock import ManualClock
from bot.store import Store
from tests.e2e.helpers import eventually

NOW = datetime(2020, 2, 3, 0, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


class Village:
    """A deployment whose server writes, and a folder for copies."""

    def __init__(self, folder: Path) -> None:
        self.data, self.shelf = folder / "data", folder / "shelf"
        self.data.mkdir()
        self.database = self.data / "shouwang.db"
        self.store = Store(f"sqlite:///{self.database}")
        migrate.upgrade(self.store.writer)
        self.clock = ManualClock(NOW)
        self.count = 0

    def write(self, times: int = 1, size: int = 200) -> None:
        """So many transactions; some change what others wrote, some take away."""
        for _ in range(times):
            self.count += 1
            with self.store.begin() as session:
                run = session.connection().exec_driver_sql
                name = f"{self.count}{'村' * size}"
                run("INSERT INTO place (kind, name) VALUES ('village', ?)", (name,))
                run("UPDATE place SET name = ? || name WHERE id % 7 = ?", ("又", self.count % 7))
                run("DELETE FROM place WHERE id = ?", (self.count - 90,))

    def follow(self) -> Keeper:
        """A keeper that copies."""
        return Keeper(self.database, self.clock, self.shelf)

    def restored(self, into: Path) -> list[object]:
        """What a restore of the newest base and its log gives."""
        base = max(self.shelf.glob("*.tar.gz"))
        done = restore(base, into, LATER)
        assert done.pieces == len(list(log_folder(base).glob("*.gz")))
        return rows(into / "shouwang.db")

    def stop(self) -> None:
        """As the server ends: the last connection folds the log."""
        self.store.close()


def rows(database: Path) -> list[object]:
    """All that is in the table that grows."""
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute("SELECT * FROM place ORDER BY id").fetchall()


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """One that is closed at the end."""
    made = Village(tmp_path)
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look writes what it saw."""
    monkeypatch.setattr(backup_follow, "PIECE_S", 0.0)


def flip(database: Path, rnd: Random, count: int) -> None:
    """Damage that leaves the length alone."""
    raw = bytearray(database.read_bytes())
    for _ in range(count):
        raw[rnd.randrange(len(raw))] ^= rnd.randrange(1, 256)
    database.write_bytes(raw)


def test_what_was_committed_is_in_the_copies(village: Village, tmp_path: Path) -> None:
    village.write(3)
    with closing(village.follow()) as keeper:
        village.write(5)
        keeper.look()
        village.write(5)
        keeper.look()
        assert village.restored(tmp_path / "a") == rows(village.database)
        assert len(list(log_folder(next(village.shelf.glob("*.tar.gz"))).glob("*.gz"))) == 2
        village.clock.set(NOW + timedelta(seconds=9))
        keeper.look()
        assert copied_at(village.database) == NOW + timedelta(seconds=9)
        village.write()
        keeper.settle()
        assert village.restored(tmp_path / "b") == rows(village.database)


def test_through_many_logs(
    village: Village, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_follow, "FOLD_FRAMES", 60)
    seen = set()
    with closing(village.follow()) as keeper:
        for number in range(30):
            village.write(4)
            keeper.look()
            seen.add(keeper._place.salt)
            if number % 10 == 9:
                assert village.restored(tmp_path / f"{number}") == rows(village.database)
    assert len(seen) > 10, "the log was never begun anew"
    assert len(list(village.shelf.glob("*.tar.gz"))) == 1, "something was not seen"


def test_a_log_that_is_full_is_not_begun_anew_unseen(
    village: Village, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_follow, "FOLD_FRAMES", 10**6)
    with closing(village.follow()) as keeper:
        village.write(400, size=900)  # SQLite would fold after 1000 pages by itself
        before = keeper._place.salt
        keeper.look()
        assert keeper._place.salt == before
        keeper.fold()
        village.write(400, size=900)
        keeper.look()
        assert keeper._place.salt != before
        assert village.restored(tmp_path / "a") == rows(village.database)


def test_beside_a_writer(village: Village, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_follow, "FOLD_FRAMES", 100)
    writing = threading.Thread(target=village.write, args=(150, 900))
    with closing(village.follow()) as keeper:
        writing.start()
        while writing.is_alive():
            keeper.look()
        keeper.settle()
        assert village.restored(tmp_path / "a") == rows(village.database)
    village.stop()
    assert backup_pages.changed(village.database) == []


def test_one_that_was_killed_begins_with_a_new_base(village: Village, tmp_path: Path) -> None:
    with closing(village.follow()) as keeper:
        village.write(3)
        keeper.look()
    village.write(3)  # seen by nobody
    village.clock.set(NOW + timedelta(seconds=1))
    with closing(village.follow()) as keeper:
        village.write(3)
        keeper.look()
        assert len(list(village.shelf.glob("*.tar.gz"))) == 2
        assert village.restored(tmp_path / "a") == rows(village.database)


def test_old_bases_go_with_their_logs(village: Village) -> None:
    for day in range(4):
        village.clock.set(NOW + timedelta(days=day))
        village.write()
        village.follow().close()
    assert len(list(village.shelf.glob("*.tar.gz"))) == backup_follow.KEEP
    assert len(list(village.shelf.glob("*.log"))) == backup_follow.KEEP


def test_a_day_later_there_is_a_new_base(village: Village, tmp_path: Path) -> None:
    with closing(village.follow()) as keeper:
        village.write(3)
        village.clock.set(NOW + timedelta(days=1))
        keeper.look()
        village.write(3)
        keeper.look()
        assert len(list(village.shelf.glob("*.tar.gz"))) == 2
        assert village.restored(tmp_path / "a") == rows(village.database)


@pytest.mark.parametrize("what", ["missing", "cut", "flipped", "longer"])
def test_a_damaged_piece_is_refused(village: Village, tmp_path: Path, what: str) -> None:
    with closing(village.follow()) as keeper:
        for _ in range(3):
            village.write()
            keeper.look()
    base = next(village.shelf.glob("*.tar.gz"))
    piece = log_folder(base) / "00000002.gz"
    raw = piece.read_bytes()
    match what:
        case "missing":
            piece.unlink()
        case "cut":
            piece.write_bytes(raw[:-20])
        case "flipped":
            piece.write_bytes(raw[:80] + bytes([raw[80] ^ 1]) + raw[81:])
        case "longer":
            piece.write_bytes(gzip.compress(gzip.decompress(raw) + b"x"))
    with pytest.raises(BackupError, match="日志副本"):
        restore(base, tmp_path / "a", LATER)
    assert not (tmp_path / "a" / "shouwang.db").exists()


def test_one_keeper_at_a_time(village: Village) -> None:
    stop, told = threading.Event(), threading.Event()
    with alone(village.database), pytest.raises(BlockingIOError), alone(village.database):
        pass
    with alone(village.database):
        waiting = threading.Thread(
            target=keep, args=(village.database, village.clock, stop, None, told.set)
        )
        waiting.start()
        assert told.wait(5)
        stop.set()
        waiting.join(5)
    assert not backup_pages.file_of(village.database).exists()


def test_in_a_server_it_holds_before_anybody_writes(village: Village) -> None:
    keeping = Keeping(village.database, village.clock)
    keeping.start()
    assert backup_pages.changed(village.database) == []
    village.write(20)
    assert backup_pages.changed(village.database) == []
    keeping.stop()
    village.stop()
    assert not backup_wal.log_of(village.database).exists()
    assert backup_pages.changed(village.database) == []
    assert copied_at(village.database) is None


def test_a_server_that_starts_on_a_damaged_file_knows(
    village: Village, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    raw = bytearray(village.database.read_bytes())
    raw[-5] ^= 1
    village.database.write_bytes(raw)
    url = f"sqlite:///{village.database}"
    with pytest.raises(BackupError, match="有 1 页和写下时不一样"):
        keeping_of(url, village.clock)
    monkeypatch.setattr(backup_keeping, "COMPARED_AT_START", 0)
    keeping = keeping_of(url, village.clock)
    assert keeping is not None
    keeping._compare()
    assert keeping.changed == 1
    assert [record.msg for record in caplog.records] == ["pages_changed"]


def test_a_keeper_that_fails_lets_the_sums_go(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Keeper(village.database, village.clock)):
        assert backup_pages.load(village.database) is not None
    stop = threading.Event()

    def fails(_: Keeper) -> None:
        stop.set()
        raise OSError("no space")

    monkeypatch.setattr(Keeper, "look", fails)
    keep(village.database, village.clock, stop)
    assert backup_pages.load(village.database) is None


def test_the_server_makes_room_for_one_that_copies(village: Village, tmp_path: Path) -> None:
    keeping, stop = Keeping(village.database, village.clock), threading.Event()
    keeping.start()
    village.write(5)
    url = f"sqlite:///{village.database}"
    copying = threading.Thread(target=follow, args=(url, village.shelf, village.clock, stop))
    copying.start()
    eventually(lambda: copied_at(village.database) is not None)
    with pytest.raises(BackupError, match="已经有一个"):
        follow(url, village.shelf, village.clock, threading.Event())
    village.write(5)
    stop.set()
    copying.join(10)
    assert village.restored(tmp_path / "a") == rows(village.database)
    keeping.stop()
    village.stop()
    assert backup_pages.changed(village.database) == []


def test_nothing_to_follow(tmp_path: Path) -> None:
    for url in ("postgresql+psycopg://a/b", f"sqlite:///{tmp_path / 'none.db'}"):
        with pytest.raises(BackupError):
            follow(url, tmp_path, ManualClock(NOW), threading.Event())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql+psycopg://a/b"])
def test_only_a_file_has_a_keeper(url: str) -> None:
    assert keeping_of(url, ManualClock(NOW)) is None


def test_every_flipped_byte_is_noticed(village: Village, tmp_path: Path) -> None:
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    assert damage(village.database) == ""
    rnd = Random(1)  # noqa: S311
    for number in range(100):
        copy = tmp_path / "copy.db"
        shutil.copy(village.database, copy)
        shutil.copy(backup_pages.file_of(village.database), backup_pages.file_of(copy))
        flip(copy, rnd, 1 << number % 13)
        assert damage(copy), f"copy {number}"


def test_a_shorter_file_is_noticed(village: Village) -> None:
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    raw = village.database.read_bytes()
    village.database.write_bytes(raw[:-4096])
    assert "页" in damage(village.database)


def test_with_a_log_that_a_kill_left(village: Village, tmp_path: Path) -> None:
    """Pages of the log are not compared, all others are; the next keeper goes on from there."""
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.fold()
        village.write(2)
        keeper.look()
        copy = tmp_path / "copy" / "shouwang.db"
        copy.parent.mkdir()
        for end in ("", "-wal", ".sums"):
            shutil.copy(f"{village.database}{end}", f"{copy}{end}")
    assert backup_pages.changed(copy) == []
    in_log = backup_wal.lying(copy).pages
    raw = bytearray(copy.read_bytes())
    page = next(n for n in range(2, len(raw) // 4096) if n not in in_log)
    raw[page * 4096 - 5] ^= 1
    copy.write_bytes(raw)
    assert backup_pages.changed(copy) == [page]
    raw[page * 4096 - 5] ^= 1
    copy.write_bytes(raw)
    store = Store(f"sqlite:///{copy}")
    with store.begin() as session:
        session.connection().exec_driver_sql("UPDATE place SET name = 'x' WHERE id = 60")
    settle(copy, village.clock)
    store.close()
    assert backup_pages.changed(copy) == []


def test_a_start_after_a_stop_takes_the_sums_as_they_are(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    monkeypatch.setattr(backup_pages, "taken", None)
    village.store = Store(f"sqlite:///{village.database}")
    with closing(Keeper(village.database, village.clock)) as keeper:
        assert backup_pages.changed(village.database) == []
        village.write(60)
        keeper.settle()
    village.stop()
    assert backup_pages.changed(village.database) == []


def test_a_log_that_others_folded_makes_the_sums_none(village: Village) -> None:
    """Killed with the keeper, then opened by a program that knows of no sums: no false alarm."""
    keeper = Keeper(village.database, village.clock)
    village.write(60)
    keeper.look()
    keeper.close()
    village.stop()  # the last connection folds
    assert backup_pages.changed(village.database) is None
    Keeper(village.database, village.clock).close()
    assert backup_pages.changed(village.database) is None  # nothing was settled
    assert damage(village.database) == ""


def test_what_another_program_wrote_is_noticed(village: Village) -> None:
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    with closing(sqlite3.connect(village.database)) as opened, opened:
        opened.execute("UPDATE place SET name = 'somebody'")
    assert "别的程序" in damage(village.database)


def test_without_sums_only_the_shape_is_looked_at(village: Village) -> None:
    village.write()
    assert backup_pages.changed(village.database) is None
    settle(village.database, village.clock)
    assert backup_pages.load(village.database) is None
    assert damage(village.database) == ""


def test_looking_lets_go_of_no_lock(village: Village) -> None:
    """Closing a handle of a locked file drops SQLite's locks: others must be kept out still."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE')"
    )
    command = [sys.executable, "-c", program, str(village.database)]
    with closing(Keeper(village.database, village.clock)) as keeper:
        with keeper._nobody_writes():
            backup_wal.standing(village.database)
            assert backup_pages.changed(village.database) == []
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            assert "locked" in done.stderr
        subprocess.run(command, check=True)  # noqa: S603
        assert backup_wal.log_of(village.database).stat().st_size > 0, "the log was taken away"


def test_damaged_sums_count_as_none(village: Village) -> None:
    Keeper(village.database, village.clock).close()
    flip(backup_pages.file_of(village.database), Random(1), 3)  # noqa: S311
    assert backup_pages.load(village.database) is None


def test_a_restored_database_is_not_called_damaged(village: Village, tmp_path: Path) -> None:
    made = backup(f"sqlite:///{village.database}", village.shelf, NOW)
    with closing(Keeper(village.database, village.clock)) as keeper:
        village.write(60)
        keeper.settle()
    village.stop()
    restore(made.path, village.data, LATER, force=True)
    assert damage(village.database) == ""
