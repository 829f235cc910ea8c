"""Backup of the SQLite file while the server runs, and restore that sends nothing old by itself.

An archive is one file, shouwang-20200203T001200Z.tar.gz: the database, and a manifest with its
SHA-256. It holds no keys: whoever finds a copy cannot open the sealed numbers or speak as the bot.
Both directions write beside and rename at the end: a crash leaves the old or the new state whole.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.engine import make_url
from sqlmodel import Session, col

from bot.errors import BotError
from bot.outbox import Outbox

LOCK_FILE = "shouwang.lock"
DATABASE, MANIFEST = "shouwang.db", "manifest.json"
FORMAT = 1
RESTORED = "恢复备份后等人确认"
NO_KEYS = (
    "备份里没有密钥（secret.key）和设置（shouwang.toml）：请另抄一份，与备份分开放；"
    "没有 secret.key，密封的证件号和电话打不开"
)
_MAX_MANIFEST = 65_536
_CHUNK = 1 << 20
# What would still leave by itself: after a restore nobody knows whether it has left already.
_HOLD = """UPDATE outbox SET state = 'held', reason = ?, is_perhaps_doubled = 1
           WHERE state IN ('queued', 'unknown', 'sending')"""


class BackupError(BotError):
    """A backup or restore that cannot be done; the words say why and what to do."""

    def __init__(self, words: str) -> None:
        """`words`: Chinese; they hold no data."""
        super().__init__("backup", words)

    def __str__(self) -> str:
        """Only the words."""
        return self.detail


class InUse(BackupError):
    """Another process holds the data folder."""


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive that was written and read back."""

    path: Path
    sha256: str  # of the database in it
    size: int  # of the archive, bytes
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A database that was put in place."""

    path: Path
    made_at: str  # when the backup was made, UTC
    held: int  # rows of the outbox that wait for a yes
    kept: Path | None  # the database that was there before


@contextmanager
def sole_user(data: Path) -> Iterator[None]:
    """Hold the data folder alone: `serve` and `restore` do. The lock ends with the process.

    Raises:
        InUse: another process holds it.
    """
    handle = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse("这个数据文件夹正有一个守望在用：先停掉它，再试一次") from None
        yield
    finally:
        os.close(handle)


def backup(url: str, target: Path, at: datetime) -> Backup:
    """Copy the database of a running server into one archive, and read it back.

    Args:
        url: the database's address.
        target: folder of archives, made where missing.
        at: goes into the name.

    Raises:
        BackupError: nothing was written.
    """
    source = _file_of(url)
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    final = target / f"shouwang-{stamp}.tar.gz"
    if final.exists():
        raise BackupError(f"{final.name} 已经有了：过一秒再备份")
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target) as folder:
            copy, packed = Path(folder) / DATABASE, Path(folder) / final.name
            _copy(source, copy)
            revision = _checked(copy)
            digest = _sha256(copy)
            manifest = {
                "format": FORMAT,
                "made_at": stamp,
                "revision": revision,
                "sha256": digest,
                "size": copy.stat().st_size,
            }
            _pack(packed, copy, manifest)
            _sync(packed)
            packed.rename(final)
        _sync(target)
    except OSError as error:
        raise BackupError(f"备份没有写成（{error.strerror}）：看看盘满没满、能不能写") from error
    return Backup(final, digest, final.stat().st_size, (NO_KEYS,))


def restore(archive: Path, data: Path, at: datetime, *, force: bool = False) -> Restored:
    """Put the database of an archive into a data folder; what it had not sent waits for a yes.

    Args:
        archive: made by `backup`.
        data: DIR; no server may run in it.
        at: goes into the name of the database that was there before.
        force: replace a database; the old one is kept beside.

    Raises:
        BackupError: nothing was changed.
    """
    live = data / DATABASE
    with sole_user(data):
        if live.exists() and not force:
            raise BackupError(
                "这里已经有一个数据库：确定要换就加 --force（旧的会改名留在旁边），或用 --data 指别处"
            )
        try:
            with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as folder:
                fresh = Path(folder) / DATABASE
                manifest = _unpack(archive, fresh)
                held = _hold(fresh)
                _sync(fresh)
                kept = _set_aside(live, at) if live.exists() else None
                _without_log(live)
                fresh.replace(live)
            _sync(data)
        except OSError as error:
            raise BackupError(f"没有恢复成（{error.strerror}）：看看盘满没满、能不能写") from error
    return Restored(live, str(manifest["made_at"]), held, kept)


def release_held(session: Session) -> int:
    """A person said yes: what a restore held may leave; how many. Expired ones end at the sender."""
    statement = (
        update(Outbox)
        .where(col(Outbox.state) == "held", col(Outbox.reason) == RESTORED)
        .values(state="queued", reason="")
    )
    return session.connection().execute(statement).rowcount


def verify(archive: Path) -> dict[str, Any]:
    """Read an archive through; its manifest.

    Raises:
        BackupError: it is damaged, or none of ours.
    """
    with tempfile.TemporaryDirectory(prefix="shouwang-verify-") as folder:
        return _unpack(archive, Path(folder) / DATABASE)


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
    try:
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(_read_only(source), uri=True)) as old:
            old.execute("PRAGMA busy_timeout=5000")
            with closing(sqlite3.connect(copy)) as new:
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        raise BackupError("数据库读不出来，多半坏了：运行 shouwang doctor") from error


def _checked(path: Path) -> str:
    """Let a whole database of ours through; its revision."""
    try:
        with closing(sqlite3.connect(path)) as database:
            words = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupError("这不是一个完好的守望数据库：运行 shouwang doctor") from error
    if words != "ok":
        raise BackupError("数据库里有坏页，没有备份：运行 shouwang doctor，从上一份备份恢复")
    return str(row[0]) if row else ""


def _hold(path: Path) -> int:
    """Stop what would leave by itself; a schema older than the outbox has nothing to stop."""
    try:
        with closing(sqlite3.connect(path)) as database, database:
            return database.execute(_HOLD, (RESTORED,)).rowcount
    except sqlite3.DatabaseError as error:
        raise BackupError("备份里的数据库不认识：用做这份备份的那一版程序恢复") from error


def _pack(packed: Path, copy: Path, manifest: dict[str, object]) -> None:
    text = Path(copy.parent) / MANIFEST
    text.write_text(json.dumps(manifest), "utf-8")
    handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(handle, "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar,
    ):
        for path in (text, copy):
            tar.add(path, arcname=path.name, filter=_nameless)


def _nameless(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """An archive does not tell who ran the backup."""
    info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, "", "", 0o600
    return info


def _unpack(archive: Path, fresh: Path) -> dict[str, Any]:
    """Write the database of an archive to `fresh` and compare it with the manifest."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            manifest = json.loads(_member(tar, MANIFEST).read(_MAX_MANIFEST))
            if manifest["format"] != FORMAT:
                raise BackupError("这份备份是更新的版本做的：用那一版程序恢复")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(_member(tar, DATABASE), file, _CHUNK)
    except FileNotFoundError:
        raise BackupError(f"找不到备份文件 {archive.name}") from None
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, ValueError, KeyError, TypeError) as error:
        raise BackupError("这份备份坏了或不是守望的备份：换一份") from error
    except OSError as error:
        if error.errno is None:  # zlib's and gzip's own
            raise BackupError("这份备份坏了或不是守望的备份：换一份") from error
        raise
    if fresh.stat().st_size != manifest["size"] or _sha256(fresh) != manifest["sha256"]:
        raise BackupError("这份备份坏了（内容与校验和不符）：换一份")
    _checked(fresh)
    return dict(manifest)


def _member(tar: tarfile.TarFile, name: str) -> Any:
    member = tar.next()
    if member is None or member.name != name or not member.isreg():
        raise ValueError(name)
    return tar.extractfile(member)


def _set_aside(live: Path, at: datetime) -> Path:
    """Keep the old database under another name; the live name stays until the new one takes it."""
    # Fold the log into the file, so that it is whole alone; a broken file keeps its log beside it.
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(live)) as old:
        old.execute("PRAGMA journal_mode=DELETE")
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = live.with_name(f"{live.name}.before-{stamp}")
    for end in ("", "-wal"):
        old_file, new_file = Path(f"{live}{end}"), Path(f"{kept}{end}")
        if not old_file.exists():
            continue
        try:
            new_file.hardlink_to(old_file)
        except FileExistsError:
            raise BackupError(f"{new_file.name} 已经有了：过一秒再恢复") from None
        except OSError:  # a file system without hard links
            shutil.copy2(old_file, new_file)
    _sync(live.parent)
    return kept


def _without_log(live: Path) -> None:
    """SQLite would play an old log into a new file."""
    for end in ("-wal", "-shm"):
        Path(f"{live}{end}").unlink(missing_ok=True)


def _read_only(path: Path) -> str:
    return f"{path.resolve().as_uri()}?mode=ro"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
