"""A sum for each page of the database, so that a flipped byte is noticed wherever it falls.

SQLite itself checks the shape of its trees and no content. Pages of the file change only when its
log is folded into it; whoever folds (app.backup_follow) writes the sums of what it folds first.
A page that is in the log is not compared: the log's own bytes count.
"""

import array
import json
import os
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from app.archive import sync
from app.backup_wal import Lying, Place, kept_open, lying, salt_at

FORMAT = 1
_AT_ONCE = 256  # pages read in one piece


@dataclass
class Sums:
    """Sums of all pages as of a place in the log: its salts and the last frame in them.

    is_last: taken as the last thing before a stop, so that what is folded at the end is in them.
    """

    page_size: int
    salt: bytes
    frame: int
    is_last: bool = False
    pages: "array.array[int]" = field(default_factory=lambda: array.array("I"))

    def put(self, sums: dict[int, int], size: int) -> None:
        """Bring pages up to date; `size`: pages of the database, 0 where it is not known."""
        top = max(sums, default=0)
        if top > len(self.pages):
            self.pages.extend([0] * (top - len(self.pages)))
        for page, value in sums.items():
            self.pages[page - 1] = value
        if size:
            del self.pages[size:]


def file_of(database: Path) -> Path:
    """The file of sums beside a database."""
    return Path(f"{database}.sums")


def taken(database: Path, place: Place) -> Sums:
    """Sums of a whole file into which nobody folds meanwhile."""
    return Sums(place.page_size, place.salt, place.frame, pages=_of_file(database, place.page_size))


def _of_file(database: Path, page_size: int) -> "array.array[int]":
    found = array.array("I")
    handle, at = kept_open(database), 0
    while raw := memoryview(os.pread(handle, page_size * _AT_ONCE, at)):
        found.extend(
            zlib.crc32(raw[start : start + page_size]) for start in range(0, len(raw), page_size)
        )
        at += len(raw)
    return found


def save(database: Path, sums: Sums) -> None:
    """Write the sums beside the database, whole or not at all."""
    head = {
        "format": FORMAT,
        "page_size": sums.page_size,
        "salt": sums.salt.hex(),
        "frame": sums.frame,
        "is_last": sums.is_last,
    }
    body = json.dumps(head).encode() + b"\n" + sums.pages.tobytes()
    final = file_of(database)
    fresh = final.with_name(f"{final.name}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body + zlib.crc32(body).to_bytes(4, "big"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(final)
    sync(database.parent)


def load(database: Path) -> Sums | None:
    """The sums beside a database; None where there are none, or they are damaged themselves."""
    try:
        raw = file_of(database).read_bytes()
    except FileNotFoundError:
        return None
    body, end = raw[:-4], raw[-4:]
    if zlib.crc32(body).to_bytes(4, "big") != end:
        return None
    line, _, pages = body.partition(b"\n")
    head = json.loads(line)
    if head["format"] != FORMAT:
        return None
    sums = Sums(
        int(head["page_size"]), bytes.fromhex(head["salt"]), int(head["frame"]), head["is_last"]
    )
    sums.pages.frombytes(pages)
    return sums


def forget(database: Path) -> None:
    """Let the sums go: they are no longer known to be right."""
    file_of(database).unlink(missing_ok=True)


def fits(database: Path, sums: Sums, log: Lying) -> bool:
    """Whether nothing can have been folded since that the sums do not know of.

    Args:
        database: the file.
        sums: of its pages.
        log: that lies beside it.
    """
    if log.salt == sums.salt:
        return True
    if not log.salt or log.is_first:
        return sums.is_last
    before = Place(sums.salt, sums.frame, sums.page_size)
    if not sums.frame or not before.is_next(Place(log.salt, 0, 0)):
        return False
    return salt_at(database, before, sums.frame + 1) != sums.salt


def changed(database: Path) -> list[int] | None:
    """Pages that are not what they were when they were written; None: nothing to compare with."""
    for _ in range(5):  # again where somebody folded meanwhile
        sums = load(database)
        if sums is None:
            return None
        found = _of_file(database, sums.page_size)
        log = lying(database)
        if load(database) == sums:
            return _differing(sums.pages, found, log.pages) if fits(database, sums, log) else None
    return None


def _differing(
    known: "array.array[int]", found: "array.array[int]", in_log: Collection[int]
) -> list[int]:
    if known == found:
        return []
    most = max(len(known), len(found))
    return [
        page
        for page in range(1, most + 1)
        if known[page - 1 : page] != found[page - 1 : page] and page not in in_log
    ]
