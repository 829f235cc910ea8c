"""What is true in a drill: who said what, what must stand in the record, and what was heard."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.drill.people import Person, Village
from bot.clock import day_words
from bot.domain.rules import SlotDay
from bot.message import Outbound

AT_ONCE = timedelta(minutes=1)
FEVER, URGENT = 373, 390  # tenths of a degC, in the armpit (design.md 8)
RECOVERY = timedelta(minutes=6)  # the longest wait between two tries of the sender, and a little


class Standing(StrEnum):
    """What must have become of something that was said."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    OPEN = "open"  # asked about and never answered: kept or not, both are right


@dataclass(frozen=True, slots=True)
class Fact:
    """One temperature of one person in one slot."""

    person: Person
    slot: SlotDay
    tenths: int

    @property
    def place(self) -> tuple[int, date, str]:
        """Person and slot."""
        return self.person.id, self.slot.day, self.slot.slot.name

    def words(self) -> str:
        """王桂芝 2月3日早 36.5."""
        when = f"{day_words(self.slot.day)}{self.slot.slot.name}"
        return f"{self.person.name} {when} {self.tenths // 10}.{self.tenths % 10}"


@dataclass(slots=True)
class Line:
    """One thing that somebody says, or one event of the platform."""

    at: datetime
    speaker: Person
    chat: str  # of a group; "" in private
    text: str
    style: str
    village: Village
    kind: str = "message"
    is_voice: bool = False
    quoted: tuple[Person, str] | None = None
    recalls: "Line | None" = None
    repeats: tuple[timedelta, ...] = ()  # the platform gives it again, so long after
    may_be_answered: bool = False  # a word of the bot in this chat is right
    facts: tuple[Fact, ...] = ()
    asks_back: "Line | None" = None  # said if the bot asks privately about it
    key: str = ""


@dataclass(slots=True)
class Claim:
    """A fact that somebody gave, and since when until when it counts."""

    fact: Fact
    line: Line
    standing: Standing = Standing.CURRENT
    until: datetime | None = None

    def counts_at(self, moment: datetime) -> bool:
        """Whether the person has reported, so far as this claim goes."""
        return self.line.at < moment and (self.until is None or moment <= self.until)


@dataclass(slots=True)
class Alarm:
    """A fever or an emergency: who must hear of it, and when."""

    kind: str  # 发热, 紧急
    person: Person
    line: Line
    is_urgent: bool
    taken_at: datetime | None
    closed_at: datetime | None

    def steps(self) -> list[tuple[timedelta, list[Person]]]:
        """Who is told after how long (default pack: design.md 8)."""
        village = self.line.village
        team = list(self.person.team) or [village.grid_worker]
        near = [*team, village.doctor]
        if self.kind == "紧急":
            return [(timedelta(), [*near, village.secretary, village.duty])]
        if self.is_urgent:
            return [
                (timedelta(), [*near, village.secretary]),
                (timedelta(minutes=15), [village.duty]),
            ]
        return [
            (timedelta(), near),
            (timedelta(minutes=15), [village.secretary]),
            (timedelta(minutes=30), [village.duty]),
        ]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that the platform took from the bot."""

    at: datetime
    message: Outbound


@dataclass
class Book:
    """All that is true of one drill."""

    villages: list[Village]
    lines: dict[str, Line] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    asked: list[tuple[Line, str]] = field(
        default_factory=list
    )  # a question and the answer's first words
    outages: list[tuple[datetime, datetime]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def is_down(self, moment: datetime) -> bool:
        """Whether the platform takes nothing at a moment."""
        return any(start <= moment < end for start, end in self.outages)

    def latest(self, due: datetime) -> datetime:
        """The last moment at which something due now is still in time."""
        for start, end in self.outages:
            if start - AT_ONCE <= due < end + RECOVERY:
                return end + RECOVERY
        return due + AT_ONCE

    def by_place(self) -> dict[tuple[int, date, str], list[Claim]]:
        """Claims by person and slot."""
        found: dict[tuple[int, date, str], list[Claim]] = defaultdict(list)
        for claim in self.claims:
            found[claim.fact.place].append(claim)
        return found
