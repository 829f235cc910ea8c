"""Who keeps the log of a database: the server itself, a process that copies, or a command.

One at a time. The server's own keeper makes room for one that copies and takes over after it.
"""

import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url

from app import backup_pages
from app.archive import BackupError
from app.backup_follow import Keeper
from bot.clock import Clock

log = logging.getLogger("shouwang.backup")

LOOK_S = 0.1
ASK_AGAIN = 20
COMPARED_AT_START = 256 << 20
DAMAGED = (
    "数据库文件有 {count} 页和写下时不一样：盘坏了，或有人用别的程序改过。"
    "从副本或备份恢复：shouwang restore 备份 --force；"
    "确定是自己改的，就删掉数据文件夹里的 shouwang.db.sums 再启动"
)
KEEPER, FOLLOWER = "shouwang.keeper", "shouwang.follow"


@contextmanager
def alone(database: Path, name: str = KEEPER) -> Iterator[None]:
    """Be the one keeper of a database.

    Raises:
        BlockingIOError: another process is.
    """
    handle = os.open(database.with_name(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def is_followed(database: Path) -> bool:
    """Whether a process that copies is there: the server's own keeper makes room for it."""
    path = database.with_name(FOLLOWER)
    if not path.exists():
        return False
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


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
        if target is None and is_followed(database):
            held()
            stop.wait(2.0)
            continue
        try:
            with alone(database):
                _keep_alone(database, clock, stop, target, held)
        except BlockingIOError:
            held()
            stop.wait(0.5)


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
            while not stop.wait(LOOK_S) and not (target is None and is_followed(database)):
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


def keeping_of(url: str, clock: Clock) -> Keeping | None:
    """The keeper of a server's database; None where it is no file.

    A file of usual size is compared here, a large one once the server runs.

    Raises:
        BackupError: pages are not what they were when they were written.
    """
    parsed = make_url(url)
    name = parsed.database or ""
    if parsed.get_backend_name() != "sqlite" or name in ("", ":memory:"):
        return None
    database = Path(name)
    if database.is_file() and database.stat().st_size <= COMPARED_AT_START:
        pages = backup_pages.changed(database)
        if pages:
            raise BackupError(DAMAGED.format(count=len(pages)))
    return Keeping(database, clock)


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


def follow(url: str, target: Path, clock: Clock, stop: threading.Event) -> None:
    """Copy the log of a server's database into a folder until told to stop.

    Raises:
        BackupError: there is no such file, or it is no SQLite's.
    """
    parsed = make_url(url)
    database = Path(parsed.database or "")
    if parsed.get_backend_name() != "sqlite":
        raise BackupError("PostgreSQL 用它自己的日志归档：见 docs/operations.md")
    if not database.is_file():
        raise BackupError("还没有数据库，没有可抄的：先起一次 shouwang serve")
    for _ in range(ASK_AGAIN):  # a server that looks whether somebody is here holds it for a moment
        try:
            with alone(database, FOLLOWER):
                keep(database, clock, stop, target)
                return
        except BlockingIOError:
            stop.wait(0.01)
    raise BackupError("已经有一个在抄这个数据库的日志")
