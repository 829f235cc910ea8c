"""A finding of the doctor: how bad, what, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `shouwang doctor`, in Chinese; `mend` is "" where nothing need be done."""

    level: Level
    what: str
    mend: str = ""


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, what)


def warn(what: str, mend: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(Level.WARN, what, mend)


def bad(what: str, mend: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(Level.BAD, what, mend)
