"""SQLite's write-ahead log as bytes: where it stands, and the pages that were committed to it.

    FILE-wal   header (32 bytes), then frames: 24 bytes (page, size after commit, salts, sums), page
    FILE-shm   shared memory: two equal headers that tell the last committed frame

A log is written from its start again once all of it is in the database and nobody reads it; then
its first salt is one higher. Source: sqlite.org/fileformat2.html section 4, sqlite.org/walformat.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC = (0x377F0682, 0x377F0683)
HEADER, FRAME = 32, 24


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a log: its salts and the number of its last committed frame."""

    salt: bytes
    frame: int
    page_size: int
    folded: int = 0  # frames that are in the database already

    def is_next(self, later: "Place") -> bool:
        """Whether another log began where this one ended."""
        return _number(later.salt) == (_number(self.salt) + 1) % (1 << 32)


@dataclass(frozen=True, slots=True)
class Frame:
    """A page as a transaction left it; `size`: pages of the database, where it ended there."""

    page: int
    size: int
    data: bytes


def _number(salt: bytes) -> int:
    return int.from_bytes(salt[:4], "big")


_HANDLES: dict[tuple[int, int], int] = {}


def kept_open(path: Path) -> int:
    """A handle for reading a file on which SQLite holds locks; it is never closed.

    Closing any handle of such a file lets go of all locks that this process has on it, whoever took
    them: sqlite.org/howtocorrupt section 2.2. (The log itself is not locked.)
    """
    found = path.stat()
    key = (found.st_dev, found.st_ino)
    if key not in _HANDLES:
        _HANDLES[key] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return _HANDLES[key]


def log_of(database: Path) -> Path:
    """The log beside a database."""
    return Path(f"{database}-wal")


def standing(database: Path) -> Place | None:
    """Where a log stands while somebody has it open; None where that cannot be read now."""
    try:
        raw = os.pread(kept_open(Path(f"{database}-shm")), 100, 0)
    except FileNotFoundError:
        return None
    if len(raw) < 100 or raw[:48] != raw[48:96] or not raw[12]:
        return None  # somebody is writing it
    size, frame = struct.unpack_from("=HI", raw, 14)
    page_size = 65_536 if size == 1 else size
    (folded,) = struct.unpack_from("=I", raw, 96)
    return Place(raw[32:40], frame, page_size, folded)


def read(database: Path, place: Place, after: int) -> list[Frame]:
    """The committed frames behind a number, up to a place."""
    step = FRAME + place.page_size
    with log_of(database).open("rb") as file:
        file.seek(HEADER + after * step)
        raw = file.read((place.frame - after) * step)
    return list(_frames(raw, place.salt, place.page_size))


def _frames(raw: bytes, salt: bytes, page_size: int) -> Iterator[Frame]:
    step = FRAME + page_size
    for start in range(0, len(raw) - step + 1, step):
        page, size = struct.unpack_from(">II", raw, start)
        if raw[start + 8 : start + 16] != salt:
            return
        yield Frame(page, size, raw[start + FRAME : start + step])


def salt_at(database: Path, place: Place, number: int) -> bytes:
    """The salts of a frame, whatever log wrote it; b"" where the file is shorter."""
    with log_of(database).open("rb") as file:
        file.seek(HEADER + (number - 1) * (FRAME + place.page_size))
        return file.read(FRAME)[8:16]


@dataclass(frozen=True, slots=True)
class Lying:
    """A log that nobody need have open; `pages` are in it, whether they were committed or not."""

    salt: bytes = b""  # b"": there is none
    is_first: bool = False  # not begun anew since the file was made
    pages: frozenset[int] = frozenset()


def lying(database: Path) -> Lying:
    """The log beside a database."""
    try:
        raw = log_of(database).read_bytes()
    except FileNotFoundError:
        return Lying()
    if len(raw) < HEADER or struct.unpack_from(">I", raw)[0] not in MAGIC:
        return Lying()
    page_size, count = struct.unpack_from(">II", raw, 8)
    salt = raw[16:24]
    sizes = [1 << n for n in range(9, 17)]
    frames = _frames(raw[HEADER:], salt, page_size) if page_size in sizes else ()
    return Lying(salt, count == 0, frozenset(one.page for one in frames))
