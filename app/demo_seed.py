"""The demo's morning, kept between starts: playing it takes seconds, copying it does not."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import bot

HOME = Path(bot.__file__).resolve().parents[1]
DATABASE, SCREEN, MARK = "shouwang.db", "screen.json", "made-from"


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page showed when the morning ended."""

    ended: datetime
    lines: list[dict[str, Any]]
    thoughts: list[dict[str, Any]]
    names: dict[str, str]


def fingerprint() -> str:
    """Changes with any file that the morning is made by."""
    digest = hashlib.sha256()
    for part in ("app", "bot", "handlers", "scheduler", "content", "migrations"):
        for folder, _, files in sorted(os.walk(HOME / part)):
            for name in sorted(files):
                if name.endswith((".py", ".toml", ".talk", ".txt")):
                    at = (Path(folder) / name).stat()
                    digest.update(f"{folder}/{name} {at.st_size} {at.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def open_morning(kept: Path, folder: Path, play: Callable[[Path], Screen]) -> Screen:
    """Put the morning's database into `folder`; it is played only where nothing kept fits.

    Args:
        kept: where it is kept between starts.
        folder: empty; gets the database.
        play: makes the database in a folder and says what the page shows.
    """
    mark = fingerprint()
    known = kept / MARK
    if known.exists() and known.read_text() == mark:
        shutil.copy2(kept / DATABASE, folder / DATABASE)
        return _read(kept / SCREEN)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(mode=0o700, parents=True)
    screen = play(kept)
    _write(kept / SCREEN, screen)
    shutil.copy2(kept / DATABASE, folder / DATABASE)
    known.write_text(mark)
    return screen


def _read(path: Path) -> Screen:
    values = json.loads(path.read_text("utf-8"))
    return Screen(
        datetime.fromisoformat(values["ended"]),
        values["lines"],
        values["thoughts"],
        values["names"],
    )


def _write(path: Path, screen: Screen) -> None:
    values = {
        "ended": screen.ended.isoformat(),
        "lines": screen.lines,
        "thoughts": screen.thoughts,
        "names": screen.names,
    }
    path.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
