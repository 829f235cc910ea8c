"""The rule pack: thresholds, slots, clocks and quiet hours as dated, signed data, none in code."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.clock import MINUTES_A_DAY, at, local_day, local_minute, minute_of

REACHED = {">=": operator.ge, ">": operator.gt}


class Verdict(StrEnum):
    """What one reading means under the rules in force."""

    NORMAL = "normal"
    FEVER = "fever"
    URGENT = "urgent"
    RECHECK = (
        "recheck"  # at its site's line, not fever by itself: measured again in the armpit first
    )
    LOW = "low"
    ASK = "ask"  # too odd to be kept without asking
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold with its comparison said, since sources differ on "at" and "over"."""

    op: str
    celsius: Decimal

    def reached(self, celsius: Decimal) -> bool:
        """Whether a reading is at or over the line, as the pack says."""
        return bool(REACHED[self.op](celsius, self.celsius))


@dataclass(frozen=True, slots=True)
class Slot:
    """Hours in which a report is due. Minutes of the day."""

    name: str  # 早, 晚
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SlotDay:
    """One slot of one day."""

    day: date
    slot: Slot

    @property
    def starts_at(self) -> datetime:
        """When it opens."""
        return at(self.day, self.slot.start)

    @property
    def ends_at(self) -> datetime:
        """When a report for it becomes late."""
        return at(self.day, self.slot.end)


@dataclass(frozen=True, slots=True)
class Escalation:
    """One step of a clock: after so many minutes these are told."""

    after: timedelta
    to: tuple[str, ...]  # team, deputy, or a role


@dataclass(frozen=True, slots=True)
class RulePack:
    """All numbers that the bot decides by, on one page that a medical officer signs."""

    id: str
    title: str
    disease: str
    valid_from: date
    source: str
    signed_by: str
    fever: Mapping[str, Line]
    recheck: Mapping[str, Line]  # sites at which this line asks for a second measurement only
    recheck_tells: Decimal  # from here the team is told of a pending recheck
    recheck_fever: Decimal  # from here it is the fever chain at once, whatever the site
    recheck_wait: timedelta
    urgent: Line
    low: Decimal  # below: measured again indoors
    stored: tuple[Decimal, Decimal]
    asked: tuple[Decimal, Decimal]
    slots: tuple[Slot, ...]
    morning_from: int  # minutes: earlier counts to the evening before
    remind_after: tuple[timedelta, ...]
    fever_clock: tuple[Escalation, ...]
    urgent_clock: tuple[Escalation, ...]
    emergency_to: tuple[str, ...]
    told: Mapping[str, tuple[str, ...]]  # incident kind to who hears of it
    outcome_after: timedelta
    unanswered_after: timedelta  # 说的是哪位: then somebody else is asked
    upward_within: timedelta
    observation_days: int
    quiet: tuple[int, int]
    group_lines_an_hour: int
    approval_chats: int  # from so many chats on a second person must agree
    keep_text: timedelta
    keep_personal: timedelta

    def judge(self, celsius: Decimal, site: str = "") -> Verdict:
        """Say what one reading means.

        Args:
            celsius: degC.
            site: where it was taken; unknown counts as axillary.
        """
        low, high = self.stored
        if not low <= celsius <= high:
            return Verdict.ASK if self.asked[0] <= celsius <= self.asked[1] else Verdict.IMPLAUSIBLE
        if self.urgent.reached(celsius):
            return Verdict.URGENT
        if site in self.recheck:
            if celsius >= self.recheck_fever:
                return Verdict.FEVER
            if self.recheck[site].reached(celsius):
                return Verdict.RECHECK
        elif self.fever.get(site, self.fever["axillary"]).reached(celsius):
            return Verdict.FEVER
        return Verdict.LOW if celsius < self.low else Verdict.NORMAL

    def slot_days(self, day: date) -> list[SlotDay]:
        """The slots of one day, in order."""
        return [SlotDay(day, slot) for slot in self.slots]

    def current(self, moment: datetime) -> SlotDay:
        """The slot that is open, or the last one that was, at a moment."""
        day = local_day(moment)
        for back in (0, 1):
            for one in reversed(self.slot_days(day - timedelta(days=back))):
                if one.starts_at <= moment:
                    return one
        return SlotDay(day - timedelta(days=1), self.slots[-1])

    def after(self, one: SlotDay) -> SlotDay:
        """The slot that follows."""
        index = self.slots.index(one.slot) + 1
        if index < len(self.slots):
            return SlotDay(one.day, self.slots[index])
        return SlotDay(one.day + timedelta(days=1), self.slots[0])

    def slot_for(
        self, moment: datetime, *, day: int = 0, period: str = "", minute: int | None = None
    ) -> SlotDay:
        """The slot that a report counts to: what was said of day and hour decides, else when it
        came.

        Hours before `morning_from` belong to the evening before, from there to the first slot to
        the morning.

        Args:
            moment: when it was said.
            day: 0 that day, -1 the day before, as said.
            period: morning, noon, afternoon, evening or "".
            minute: of the day, where a clock time was said.
        """
        on = local_day(moment) + timedelta(days=day)
        first, last = self.slots[0], self.slots[-1]
        if minute is not None:
            return self._by_minute(on, minute)
        if period == "morning" or period == "noon":
            return SlotDay(on, first)
        if period == "evening":
            return SlotDay(on, last)
        if period == "afternoon":
            is_open = day < 0 or local_minute(moment) >= last.start
            return SlotDay(on, last if is_open else first)
        if day < 0:
            return SlotDay(on, last)
        return self._by_minute(on, local_minute(moment))

    def _by_minute(self, on: date, minute: int) -> SlotDay:
        if minute < self.morning_from:
            return SlotDay(on - timedelta(days=1), self.slots[-1])
        started = [slot for slot in self.slots if slot.start <= minute]
        return SlotDay(on, started[-1] if started else self.slots[0])

    def is_quiet(self, moment: datetime) -> bool:
        """Whether a moment lies in the quiet hours."""
        start, end = self.quiet
        minute = local_minute(moment)
        return minute >= start or minute < end if start > end else start <= minute < end

    def quiet_ends(self, moment: datetime) -> datetime:
        """When the quiet hours that hold at a moment end."""
        day, minute = local_day(moment), local_minute(moment)
        start, end = self.quiet
        return at(day, end + (MINUTES_A_DAY if start > end and minute >= start else 0))


def _line(value: str) -> Line:
    op, _, number = value.partition(" ")
    if op not in REACHED:
        raise ValueError(f"{value}: a line begins with >= or >")
    return Line(op, Decimal(number))


def _pair(values: list[Any]) -> tuple[Decimal, Decimal]:
    low, high = (Decimal(str(v)) for v in values)
    return low, high


def _minutes(value: Any) -> timedelta:
    return timedelta(minutes=int(value))


def _clock(rows: list[dict[str, Any]]) -> tuple[Escalation, ...]:
    return tuple(Escalation(_minutes(row["after_min"]), tuple(row["to"])) for row in rows)


def rule_pack(data: Mapping[str, Any]) -> RulePack:
    """Build a rule pack from its parsed file.

    Raises:
        KeyError: a key is missing (named).
        ValueError: a value is wrong.
    """
    temperature, clocks = data["temperature"], data["clocks"]
    recheck = temperature["recheck"]
    return RulePack(
        id=data["id"],
        title=data["title"],
        disease=data["disease"],
        valid_from=data["valid_from"],
        source=data["source"],
        signed_by=data["signed_by"],
        fever={site: _line(v) for site, v in temperature["fever"].items()},
        recheck={site: _line(v) for site, v in recheck["lines"].items()},
        recheck_tells=Decimal(str(recheck["tells_from"])),
        recheck_fever=Decimal(str(recheck["fever_from"])),
        recheck_wait=_minutes(recheck["wait_min"]),
        urgent=_line(temperature["urgent"]),
        low=Decimal(str(temperature["low_below"])),
        stored=_pair(temperature["stored"]),
        asked=_pair(temperature["asked"]),
        slots=tuple(
            Slot(s["name"], minute_of(s["from"]), minute_of(s["to"])) for s in data["slots"]
        ),
        morning_from=minute_of(data["morning_from"]),
        remind_after=tuple(_minutes(m) for m in clocks["remind_after_min"]),
        fever_clock=_clock(clocks["fever"]),
        urgent_clock=_clock(clocks["urgent"]),
        emergency_to=tuple(clocks["emergency_to"]),
        told={kind: tuple(to) for kind, to in data["told"].items()},
        outcome_after=_minutes(clocks["outcome_after_min"]),
        unanswered_after=_minutes(clocks["unanswered_after_min"]),
        upward_within=_minutes(clocks["upward_within_min"]),
        observation_days=int(data["observation"]["days"]),
        quiet=(minute_of(data["quiet_hours"]["from"]), minute_of(data["quiet_hours"]["to"])),
        group_lines_an_hour=int(data["speaking"]["group_lines_an_hour"]),
        approval_chats=int(data["notices"]["second_person_from_chats"]),
        keep_text=timedelta(hours=int(data["retention"]["text_hours"])),
        keep_personal=timedelta(days=int(data["retention"]["personal_days"])),
    )
