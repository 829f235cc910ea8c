"""Backup of the SQLite file while the server runs, and restore that sends nothing old by itself.

Both write beside and rename at the end: a crash leaves the old or the new state whole.
After a restore nobody knows what had left since the backup, so what would leave by itself waits:

    rows of the outbox that were on their way   held, until `release_held`
    approved notices whose hour passed since    drafts again, until they are approved anew
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, update
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, select

from app.archive import DATABASE, BackupError, checked, pack, sync, unpack
from app.backup_pieces import apply, log_folder
from bot.outbox import Outbox

LOCK_FILE = "shouwang.lock"
RESTORED = "恢复备份后等人确认"
NO_KEYS = (
    "备份里没有密钥（secret.key）和设置（shouwang.toml）：请另抄一份，与备份分开放。"
    "没有 secret.key，密封的证件号和电话打不开"
)
_HOLD = """UPDATE outbox SET state = 'held', reason = ?, is_perhaps_doubled = 1
           WHERE state IN ('queued', 'unknown', 'sending')"""
_ASK_AGAIN = """UPDATE notice SET state = 'draft', approved_by = NULL, approved_at = NULL
                WHERE state = 'approved' AND due_at <= ? RETURNING id"""


class InUse(BackupError):
    """Another process holds the folder."""


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive that was written."""

    path: Path
    sha256: str  # of the database in it
    size: int  # of the archive, bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A database that was put in place."""

    path: Path
    made_at: str  # when the backup was made: 20200203T001200Z
    held: int  # rows of the outbox that wait for a yes
    notices: tuple[int, ...]  # numbers of notices to approve anew
    kept: Path | None  # the database that was there before
    pieces: int = 0  # of the log's copies that were played in behind the backup


@contextmanager
def sole_user(data: Path) -> Iterator[None]:
    """Hold the data folder alone: `serve` and `restore` do. The lock ends with the process.

    Raises:
        InUse: another process holds it.
    """
    with _locked(data / LOCK_FILE, "这个数据文件夹正有一个守望在用：先停掉它，再试一次"):
        yield


def backup(url: str, target: Path, at: datetime) -> Backup:
    """Copy the database of a running server into one archive.

    Args:
        url: the database's address.
        target: folder of archives, made where missing.
        at: goes into the name.

    Raises:
        BackupError: nothing was written.
    """
    source = _file_of(url)
    final = target / f"shouwang-{_stamp(at)}.tar.gz"
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(target / ".lock", "另一个备份正在进行"):
            if final.exists():
                raise BackupError(f"{final.name} 已经有了：过一秒再备份")
            with _beside(target, ".backup-") as folder:
                copy, packed = folder / DATABASE, folder / final.name
                _copy(source, copy)
                digest = pack(packed, copy, _stamp(at))
                packed.rename(final)
            sync(target)
    except OSError as error:
        raise BackupError(f"备份没有写成（{error.strerror}）：看看盘满没满、能不能写") from error
    return Backup(final, digest, final.stat().st_size, (NO_KEYS,))


def restore(archive: Path, data: Path, at: datetime, *, force: bool = False) -> Restored:
    """Put the database of an archive into a data folder; what it had not sent waits for a yes.

    Where copies of the log lie beside the archive they are played in: up to a few seconds before
    the end.

    Args:
        archive: made by `backup`.
        data: DIR; no server may run in it.
        at: the moment now; also goes into the name of the database that was there before.
        force: replace a database; the old one is kept beside.

    Raises:
        BackupError: nothing was changed.
    """
    live = data / DATABASE
    try:
        data.mkdir(mode=0o700, exist_ok=True)
        with sole_user(data):
            if live.exists() and not force:
                raise BackupError(
                    "这里已经有一个数据库：要换就加 --force（旧的改名留在旁边），或用 --data 指别处"
                )
            with _beside(data, ".restore-") as folder:
                fresh = folder / DATABASE
                manifest = unpack(archive, fresh)
                pieces = apply(log_folder(archive), fresh)
                checked(fresh)
                held, notices = _hold(fresh, at)
                sync(fresh)
                kept = _set_aside(live, at) if live.exists() else None
                _without_log(live)
                fresh.replace(live)
            sync(data)
    except OSError as error:
        raise BackupError(f"没有恢复成（{error.strerror}）：看看盘满没满、能不能写") from error
    return Restored(live, str(manifest["made_at"]), held, notices, kept, pieces)


def verify(archive: Path) -> str:
    """Read an archive through; when it was made.

    Raises:
        BackupError: it is damaged, or none of ours.
    """
    with tempfile.TemporaryDirectory(prefix="shouwang-verify-") as folder:
        return str(unpack(archive, Path(folder) / DATABASE)["made_at"])


def held_rows(session: Session) -> int:
    """How many rows wait for a yes after a restore."""
    query = select(func.count()).where(Outbox.state == "held", Outbox.reason == RESTORED)
    return session.exec(query).one()


def release_held(session: Session) -> int:
    """A person said yes: what a restore held may leave; how many. Expired rows never do."""
    statement = (
        update(Outbox)
        .where(col(Outbox.state) == "held", col(Outbox.reason) == RESTORED)
        .values(state="queued", reason="")
    )
    return session.connection().execute(statement).rowcount


@contextmanager
def _locked(path: Path, words: str) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(words) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _beside(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder to work in; what a crash left of an earlier one goes (the caller holds the lock)."""
    for old in folder.glob(f"{prefix}*"):
        shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as made:
        yield Path(made)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _file_of(url: str) -> Path:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise BackupError("PostgreSQL 用它自己的工具备份：pg_dump -Fc，见 docs/operations.md")
    path = Path(parsed.database or "")
    if not path.is_file():
        raise BackupError("还没有数据库，没有可备份的")
    return path


def _copy(source: Path, copy: Path) -> None:
    """SQLite's own online copy: one consistent moment, writers go on meanwhile."""
    copy.touch(0o600)
    address = f"{source.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as old:
            old.execute("PRAGMA busy_timeout=5000")
            with closing(sqlite3.connect(copy)) as new:
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorname", "")
        if code == "SQLITE_FULL" or code.startswith("SQLITE_IOERR"):
            raise BackupError("备份没有写成：看看盘满没满、能不能写") from error
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise BackupError("数据库一直被别的程序锁着：关掉它再备份") from error
        raise BackupError("数据库读不出来，多半坏了：运行 shouwang doctor") from error


def _hold(database: Path, now: datetime) -> tuple[int, tuple[int, ...]]:
    """Stop what would leave by itself: how many rows, and which notices."""
    moment = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    try:
        with closing(sqlite3.connect(database)) as opened, opened:
            held = opened.execute(_HOLD, (RESTORED,)).rowcount
            rows = opened.execute(_ASK_AGAIN, (moment,)).fetchall()
    except sqlite3.DatabaseError as error:
        raise BackupError("备份里的数据库不认识：用做这份备份的那一版程序恢复") from error
    return held, tuple(sorted(row[0] for row in rows))


def _set_aside(live: Path, at: datetime) -> Path:
    """Give the old database a second name; it keeps the first until the new one takes it."""
    kept = live.with_name(f"{live.name}.before-{_stamp(at)}")
    if kept.exists():
        raise BackupError(f"{kept.name} 已经有了：过一秒再恢复")
    log, kept_log = Path(f"{live}-wal"), Path(f"{kept}-wal")
    if log.exists():
        shutil.copy2(log, kept_log)  # SQLite throws away a log that it cannot read
    # Fold the log into the file, so that it is whole alone; a broken file keeps its log beside it.
    with suppress(sqlite3.DatabaseError):
        with closing(sqlite3.connect(live)) as old:
            old.execute("PRAGMA journal_mode=DELETE")
        kept_log.unlink(missing_ok=True)
    try:
        kept.hardlink_to(live)
    except OSError:  # a file system without hard links
        shutil.copy2(live, kept)
    sync(live.parent)
    return kept


def _without_log(live: Path) -> None:
    """SQLite would play an old log into a new file; old sums would call the new one damaged."""
    for end in ("-wal", "-shm", ".sums"):
        Path(f"{live}{end}").unlink(missing_ok=True)
