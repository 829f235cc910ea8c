"""The file of a backup: one tar.gz with the database and a manifest that holds its SHA-256.

It holds no keys: whoever finds a copy cannot open the sealed numbers or speak as the bot.
"""

import gzip
import hashlib
import json
import os
import sqlite3
import tarfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from bot.errors import BotError

DATABASE, MANIFEST = "shouwang.db", "manifest.json"
FORMAT = 1
DAMAGED = "这份备份坏了，或不是守望的备份：换一份"
_MAX_MANIFEST = 65_536
_CHUNK = 1 << 20


class BackupError(BotError):
    """A backup or restore that cannot be done; the words say why and what to do."""

    def __init__(self, words: str) -> None:
        """`words`: Chinese; they hold no data."""
        super().__init__("backup", words)

    def __str__(self) -> str:
        """Only the words."""
        return self.detail


def pack(packed: Path, database: Path, made_at: str) -> str:
    """Write an archive of a database that nobody has open; the SHA-256 of the database.

    Args:
        packed: the new file, 0600.
        database: whole in one file, without a log beside it.
        made_at: goes into the manifest.

    Raises:
        BackupError: the database is damaged.
    """
    digest = _sha256(database)
    manifest = {
        "format": FORMAT,
        "made_at": made_at,
        "revision": checked(database),
        "sha256": digest,
        "size": database.stat().st_size,
    }
    text = database.with_name(MANIFEST)
    text.write_text(json.dumps(manifest), "utf-8")
    with (
        os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar,
    ):
        tar.add(text, MANIFEST, filter=_nameless)
        tar.add(database, DATABASE, filter=_nameless)
    sync(packed)
    return digest


def unpack(archive: Path, fresh: Path) -> dict[str, Any]:
    """Write the database of an archive to `fresh`, compare it with the manifest; the manifest.

    Raises:
        BackupError: damaged, or none of ours.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            manifest = json.loads(_member(tar, MANIFEST).read(_MAX_MANIFEST))
            if manifest["format"] != FORMAT:
                raise BackupError("这份备份的格式不认识：用做这份备份的那一版程序恢复")
            size, digest = int(manifest["size"]), manifest["sha256"]
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                _pour(_member(tar, DATABASE), file, size)
    except FileNotFoundError:
        raise BackupError(f"找不到备份文件 {archive.name}") from None
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BackupError(DAMAGED) from error
    except (ValueError, KeyError, TypeError) as error:  # a manifest, but not ours
        raise BackupError(DAMAGED) from error
    if _sha256(fresh) != digest:
        raise BackupError("这份备份坏了（内容与校验和不符）：换一份")
    if checked(fresh) != manifest["revision"]:
        raise BackupError(DAMAGED)
    return dict(manifest)


def checked(database: Path) -> str:
    """Let a whole database of ours through; its revision.

    Raises:
        BackupError: it is damaged, or none of ours.
    """
    try:
        with closing(sqlite3.connect(database)) as opened:
            words = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
            row = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupError("这不是一个完好的守望数据库：运行 shouwang doctor") from error
    if words != "ok" or row is None:
        raise BackupError("数据库里有坏的地方：运行 shouwang doctor，从上一份备份恢复")
    return str(row[0])


def sync(path: Path) -> None:
    """See a file or a folder's names onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _nameless(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """An archive does not tell who ran the backup."""
    info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, "", "", 0o600
    return info


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """The next member, which must be this file: nothing else of a foreign archive is touched."""
    member = tar.next()
    opened = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or opened is None or member.name != name:
        raise ValueError(name)
    return opened


def _pour(source: IO[bytes], file: IO[bytes], size: int) -> None:
    """Copy exactly so many bytes; a made-up archive cannot fill the disk."""
    left = size
    while left >= 0:
        piece = source.read(_CHUNK)
        if not piece:
            break
        left -= len(piece)
        if left >= 0:
            file.write(piece)
    if left != 0:
        raise ValueError("size")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
