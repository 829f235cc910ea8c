"""Continuous copies of the log beside a running server, and the sums of the database's pages.

One keeper at a time holds the log: while it does, the log is not begun anew, so no committed page
passes unseen. It copies what is committed, and folds the log into the database when it has grown:

    copied up to here ──▶ nobody may write ──▶ the rest copied, sums written, log folded ──▶ go on

    TARGET/shouwang-….tar.gz   the database as it was when the copies began
    TARGET/shouwang-….log/     pieces 00000001.gz …: the pages committed since, a few seconds each
"""

import fcntl
import gzip
import json
import logging
import os
import shutil
import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from app import backup_pages, backup_wal
from app.archive import BackupError, sync
from app.backup_pages import Sums
from app.backup_wal import Frame, Place
from bot.clock import Clock

log = logging.getLogger("shouwang.backup")

LOOK_S = 0.1
PIECE_S = 5.0  # so far behind may the copies be
FOLD_FRAMES = 4_000  # 16 MiB of log
BASE_EVERY = timedelta(days=1)
KEEP = 2  # bases with their logs
KEEPER = "shouwang.keeper"
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


def log_folder(base: Path) -> Path:
    """Where the pieces lie that belong to a base."""
    return base.with_name(base.name.removesuffix(".tar.gz") + ".log")


def base_of(folder: Path) -> Path:
    """The base to which a folder of pieces belongs."""
    return folder.with_name(folder.name.removesuffix(".log") + ".tar.gz")


def write_piece(folder: Path, number: int, frames: Sequence[Frame], page_size: int) -> None:
    """One piece: whole transactions only; seen on the disk before it has its name."""
    head = json.dumps({"format": 1, "page_size": page_size, "frames": len(frames)}).encode()
    fresh = folder / f".{number:08d}.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed:
            packed.write(head + b"\n")
            for one in frames:
                packed.write(struct.pack(">II", one.page, one.size) + one.data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / f"{number:08d}.gz")
    sync(folder)


def apply(folder: Path, database: Path) -> int:
    """Play the pieces of a folder into a database that nobody has open; how many.

    Raises:
        BackupError: a piece is missing or damaged.
    """
    pieces = sorted(folder.glob("[0-9]*.gz"))
    with database.open("r+b") as file:
        for number, piece in enumerate(pieces, 1):
            if piece.name != f"{number:08d}.gz":
                raise BackupError(f"日志副本缺了第 {number} 片：移开它后面的，再恢复一次")
            _play(piece, file.fileno())
        os.fsync(file.fileno())
    return len(pieces)


def _play(piece: Path, handle: int) -> None:
    size = page_size = 0
    try:
        with gzip.open(piece, "rb") as packed:
            head = json.loads(packed.readline(1024))
            page_size = int(head["page_size"])
            for _ in range(int(head["frames"])):
                page, commit = struct.unpack(">II", packed.read(8))
                data = packed.read(page_size)
                if len(data) != page_size:
                    raise EOFError
                os.pwrite(handle, data, (page - 1) * page_size)
                size = commit or size
            if packed.read(1):
                raise ValueError(piece.name)
    except (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error) as error:
        raise BackupError(f"日志副本 {piece.name} 坏了：移开它和后面的，再恢复一次") from error
    if size:
        os.ftruncate(handle, size * page_size)


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Be the one keeper of a database.

    Raises:
        BlockingIOError: another process is.
    """
    path = database.with_name(KEEPER)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def keep(
    database: Path,
    clock: Clock,
    stop: threading.Event,
    target: Path | None = None,
    held: Callable[[], None] = lambda: None,
) -> None:
    """Be the keeper of a database until told to stop; wait for one's turn where another is.

    A fault is waited out and the next hold begins anew: sums that nobody kept up are let go.
    `held` is told once the log is held, or another holds it.
    """
    while not stop.is_set():
        try:
            with alone(database):
                _keep_alone(database, clock, stop, target, held)
        except BlockingIOError:
            held()
            stop.wait(2.0)


def _keep_alone(
    database: Path,
    clock: Clock,
    stop: threading.Event,
    target: Path | None,
    held: Callable[[], None],
) -> None:
    try:
        with closing(Keeper(database, clock, target)) as keeper:
            log.info("log_held")
            held()
            while not stop.wait(LOOK_S):
                keeper.look()
            keeper.settle()
    except (BackupError, OSError, sqlite3.Error) as error:
        log.error("log_not_held", extra={"error": type(error).__name__})
        with suppress(OSError):
            backup_pages.forget(database)
        held()
        stop.wait(5.0)


@dataclass
class Keeping:
    """A keeper in a thread of the server. Start it before the writer, stop it behind the writer."""

    database: Path
    clock: Clock
    changed: int = 0  # pages that nobody wrote, found at the start
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Hold the log before anybody writes, and compare all pages with their sums meanwhile."""
        threading.Thread(target=self._compare, name="page-sums", daemon=True).start()
        held = threading.Event()
        self._thread = threading.Thread(
            target=keep,
            args=(self.database, self.clock, self._stop),
            kwargs={"held": held.set},
            name="log-keeper",
            daemon=True,
        )
        self._thread.start()
        held.wait(30.0)

    def _compare(self) -> None:
        try:
            self.changed = len(backup_pages.changed(self.database) or ())
        except (OSError, ValueError, KeyError) as error:
            log.error("pages_not_compared", extra={"error": type(error).__name__})
        if self.changed:
            log.error("pages_changed", extra={"count": self.changed})

    def stop(self) -> None:
        """Copy and fold what is left."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10.0)


def settle(database: Path, clock: Clock) -> None:
    """After a command wrote beside no server: take the sums of what its end will fold.

    Call it while the command still has the database open.
    """
    if not backup_pages.file_of(database).exists():
        return
    with suppress(BlockingIOError), alone(database):
        try:
            with closing(Keeper(database, clock)) as keeper:
                keeper.settle()
        except (BackupError, OSError, sqlite3.Error):
            backup_pages.forget(database)
