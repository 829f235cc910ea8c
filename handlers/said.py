"""Shared: a reading as it was said, and what became of it; no duty, only the values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.incidents import Incident
from bot.domain.registry import Resident
from bot.domain.rules import SlotDay, Verdict
from bot.domain.temperature import Pending, Reading

FEVERS = (Verdict.FEVER, Verdict.URGENT)
UNCLEAR = ("clarify", "unassigned", "which")  # kinds of Pending that count as 待核
WAITED = 1000  # readings that waited stand after all that their message gave at once


@dataclass(frozen=True, slots=True)
class Origin:
    """The message in which a reading was said, where it waited for somebody's word since."""

    message_id: int | None
    ordinal: int
    at: datetime

    @staticmethod
    def of(pending: Pending) -> "Origin":
        """Where something that waited came from."""
        return Origin(pending.message_id, WAITED + (pending.id or 0), pending.at)


@dataclass(frozen=True, slots=True)
class Said:
    """A reading as it came, before it is judged."""

    person: Resident
    celsius: Decimal
    slot: SlotDay
    site: str = ""
    is_approx: bool = False
    source: str = "typed"  # typed, voice, relay, sheet, page
    by_account: int | None = None
    proxy: Resident | None = None
    is_correction: bool = False
    reason: str = ""
    symptoms: tuple[str, ...] = ()
    is_infant: bool = False  # said to be under three months
    origin: Origin | None = None  # None: this message


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of it."""

    said: Said
    verdict: Verdict
    reading: Reading | None  # None: nothing was written (asked about, or the same again)
    is_repeat: bool = False
    incident: Incident | None = None
