"""Pieces of the log beside a backup: written one by one, played in one after the other.

TARGET/shouwang-….tar.gz   the database as it was when the copies began
TARGET/shouwang-….log/     pieces 00000001.gz …: the pages committed since, a few seconds each
"""

import gzip
import json
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from app.archive import BackupError, sync
from app.backup_wal import Frame


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
