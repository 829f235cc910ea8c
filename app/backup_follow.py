"""The keeper: copies of the log beside a running server, and sums of the database's pages.

One keeper at a time holds the log: while it does, the log is not begun anew, so no committed page
passes unseen. It copies what is committed, and folds the log into the database when it has grown:

    copied up to here ──▶ nobody may write ──▶ the rest copied, sums written, log folded ──▶ go on
"""

import logging
import os
import shutil
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from app import backup_pages, backup_wal
from app.archive import BackupError
from app.backup_pages import Sums
from app.backup_pieces import base_of, log_folder, write_piece
from app.backup_wal import Frame, Place
from bot.clock import Clock

log = logging.getLogger("shouwang.backup")

PIECE_S = 5.0  # so far behind may the copies be
FOLD_FRAMES = 4_000  # 16 MiB of log
BASE_EVERY = timedelta(days=1)
KEEP = 2  # bases with their logs
COPIED = "shouwang.copied"  # its time is that of the last copy


@dataclass
class Keeper:
    """Holds the log of one database."""

    database: Path
    clock: Clock
    target: Path | None = None  # folder of copies; None: only the sums are kept
    _hold: sqlite3.Connection = field(init=False)
    _write: sqlite3.Connection = field(init=False)
    _fold: sqlite3.Connection = field(init=False)
    _place: Place = field(init=False)  # up to here everything is in `_waiting` or in a piece
    _is_loose: bool = False  # the hold is on a log that is all in the database
    _sums: Sums | None = None
    _new: dict[int, int] = field(default_factory=dict)  # sums of pages in the log
    _size: int = 0
    _waiting: list[Frame] = field(default_factory=list)
    _pieces: int = 0
    _log: Path | None = None
    _base_at: datetime | None = None
    _piece_at: float = 0.0

    def __post_init__(self) -> None:
        """Take hold of the log and see that there are sums of what is in the file."""
        self._hold, self._write, self._fold = (self._opened() for _ in range(3))
        try:
            self._take_hold()
            self._sums = self._known_sums()
            self._begin()
        except BaseException:
            self.close()
            raise

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.database, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        return connection

    def close(self) -> None:
        """Let go."""
        for connection in (self._hold, self._write, self._fold):
            with suppress(sqlite3.Error):
                connection.close()

    # the hold

    def _take_hold(self) -> None:
        """A reader stays in the log, so that it is not written from its start again."""
        if self._hold.in_transaction:
            self._hold.execute("ROLLBACK")
        self._hold.execute("BEGIN")
        self._hold.execute("SELECT count(*) FROM sqlite_master").fetchone()
        place = self._standing()
        self._is_loose = place.folded >= place.frame

    def _standing(self) -> Place:
        for _ in range(200):
            place = backup_wal.standing(self.database)
            if place is not None:
                return place
            threading.Event().wait(0.005)
        raise BackupError("数据库的日志读不出来：运行 shouwang doctor")

    def _known_sums(self) -> Sums:
        """The sums that are there and fit the log; else they are taken from the whole file."""
        known, lying = backup_pages.load(self.database), backup_wal.lying(self.database)
        if known is None or not backup_pages.fits(self.database, known, lying):
            self._place = self._standing()
            return self._sums_of_all()
        self._begin_anew()
        place = self._standing()
        self._place = Place(place.salt, 0, place.page_size)
        self._note(backup_wal.read(self.database, place, 0))
        self._place = place
        if known.salt != place.salt:
            known.salt, known.frame = place.salt, 0
        known.is_last = False
        backup_pages.save(self.database, known)
        return known

    def _sums_of_all(self) -> Sums:
        with self._nobody_writes():
            self._place = self._all_folded()
            sums = backup_pages.taken(self.database, self._place)
            backup_pages.save(self.database, sums)
        self._move_on()
        return sums

    def _note(self, frames: Sequence[Frame]) -> None:
        self._new.update((one.page, zlib.crc32(one.data)) for one in frames)
        self._size = next((one.size for one in reversed(frames) if one.size), self._size)

    # one look

    def look(self) -> None:
        """Copy what was committed since the last look; fold and begin anew where it is time."""
        place = self._standing()
        if place.salt != self._place.salt:
            self._crossed(place)
        elif place.frame > self._place.frame:
            self._copy(place)
        now = monotonic()
        if self.target is not None and now - self._piece_at >= PIECE_S:
            self._write_piece()
        if self._place.frame >= FOLD_FRAMES:
            self.fold()
        if self._base_at is not None and self.clock.now() - self._base_at >= BASE_EVERY:
            self._begin()

    def _copy(self, place: Place) -> None:
        frames = backup_wal.read(self.database, place, self._place.frame)
        if len(frames) != place.frame - self._place.frame:
            raise BackupError("数据库的日志断了")
        self._note(frames)
        if self.target is not None:
            self._waiting += frames
        self._place = place
        if self._is_loose:
            self._take_hold()

    def _crossed(self, place: Place) -> None:
        """The log was begun anew: go on with it if nothing was written unseen before."""
        before = self._place
        unseen = backup_wal.salt_at(self.database, before, before.frame + 1) == before.salt
        is_whole = before.is_next(place) and place.frame <= before.frame and not unseen
        self._place = Place(place.salt, 0, place.page_size)
        self._take_hold()
        if is_whole or (before.is_next(place) and before.frame == 0):
            self._copy(self._standing())
            return
        log.warning("log_begun_unseen")
        self._new.clear()
        self._waiting.clear()
        self._sums = self._sums_of_all()
        self._begin()

    # folding

    @contextmanager
    def _nobody_writes(self) -> Iterator[None]:
        self._write.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self._write.execute("ROLLBACK")

    def _all_folded(self) -> Place:
        """Fold all of the log while nobody writes and we do not hold it; where it stands then."""
        self._hold.execute("ROLLBACK")
        end = monotonic() + 5.0
        while True:
            _, frames, folded = self._fold.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if folded >= frames or monotonic() > end:
                break
            threading.Event().wait(0.01)  # somebody reads an old state; readers are short
        place = self._standing()
        self._take_hold()
        return place

    def fold(self) -> None:
        """Write the sums of what is in the log, fold it into the database, begin it anew."""
        self._fold_all()
        self._move_on()

    def _fold_all(self, *, is_last: bool = False) -> None:
        self._take_hold()  # further on: most can be folded while others write
        self._fold.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        with self._nobody_writes():
            place = self._standing()
            if place.salt != self._place.salt:
                return  # begun anew just now: the next look sees to it
            if place.frame > self._place.frame:
                self._copy(place)
            if self._sums is not None:
                self._sums.put(self._new, self._size)
                self._sums.salt, self._sums.frame = place.salt, place.frame
                self._sums.is_last = is_last
                backup_pages.save(self.database, self._sums)
            place = self._all_folded()
            if place.folded >= place.frame:
                self._new.clear()

    def _move_on(self) -> None:
        """Begin the log anew, and see that nothing was written unseen meanwhile."""
        self._begin_anew()
        place = self._standing()
        if place.salt != self._place.salt:
            self._crossed(place)

    def _begin_anew(self) -> None:
        """Write ourselves, so that the hold is on the log's first page, whoever writes next.

        The count of folds in the file's header is what we write.
        """
        (count,) = self._write.execute("PRAGMA user_version").fetchone()
        self._write.execute("BEGIN IMMEDIATE")
        self._write.execute(f"PRAGMA user_version = {(count + 1) % (1 << 31)}")
        self._write.execute("COMMIT")
        self._take_hold()

    def settle(self) -> None:
        """Before a stop: nothing is left uncopied, and the sums are of the file as it is."""
        self.look()
        self._fold_all(is_last=True)
        self._write_piece()

    # copies

    def _begin(self) -> None:
        """A new base, and its log from now on."""
        if self.target is None:
            return
        from app.backup import backup

        self._copy_now()
        self._waiting.clear()
        made = backup(f"sqlite:///{self.database}", self.target, self.clock.now())
        self._copy_now()  # the base may already hold some of these pages; all of them come first
        self._log = log_folder(made.path)
        self._log.mkdir(mode=0o700)
        self._pieces, self._base_at = 0, self.clock.now()
        self._write_piece()
        self._forget_old()

    def _copy_now(self) -> None:
        place = self._standing()
        if place.salt == self._place.salt and place.frame > self._place.frame:
            self._copy(place)

    def _write_piece(self) -> None:
        self._piece_at = monotonic()
        if self._log is None:
            return
        if self._waiting:
            self._pieces += 1
            write_piece(self._log, self._pieces, self._waiting, self._place.page_size)
            log.info("log_copied", extra={"count": len(self._waiting), "row": self._pieces})
            self._waiting.clear()
        at = self.clock.now().timestamp()
        mark = self.database.with_name(COPIED)
        mark.touch(0o600)
        os.utime(mark, (at, at))

    def _forget_old(self) -> None:
        if self.target is None:
            return
        bases = sorted(path for path in self.target.glob("shouwang-*.log") if path.is_dir())
        for old in bases[:-KEEP]:
            shutil.rmtree(old, ignore_errors=True)
            base_of(old).unlink(missing_ok=True)


def copied_at(database: Path) -> datetime | None:
    """Up to when the log is copied; None where nobody has ever copied it."""
    try:
        return datetime.fromtimestamp(database.with_name(COPIED).stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
