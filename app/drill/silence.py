"""Compare in a drill who was silent with who was reminded, listed and missed."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlmodel import Session, select

from app.drill.people import Group, House, Person
from app.drill.result import DrillResult, Finding
from app.drill.truth import Book, Line, Standing
from bot.clock import clock_words
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.rules import SlotDay
from bot.inbox import Inbox
from bot.outbox import Outbox

REMINDERS = (timedelta(hours=2), timedelta(hours=3))
LISTED = 60  # names on one worklist
REPORTED, SILENT, UNSURE = "reported", "silent", "unsure"


@dataclass
class Silence:
    """Who had reported when, by truth, against what the chain of silence did.

    A slot whose reading itself differs (`doubtful`) is left out: it is listed already.
    """

    book: Book
    session: Session
    result: DrillResult
    doubtful: set[tuple[int, date, str]]
    slots: Sequence[SlotDay]

    def __post_init__(self) -> None:
        """Read what every check needs."""
        self.claims = self.book.by_place()
        self.rows = self.session.exec(select(Outbox)).all()
        self.everybody: list[tuple[Group, House, Person]] = [
            (group, house, person)
            for village in self.book.villages
            for group in village.groups
            for house in group.houses
            for person in house.members
        ]

    def all(self) -> None:
        """Every check."""
        for one in self.slots:
            for number, after in enumerate(REMINDERS, 1):
                self.reminders(one, number, one.starts_at + after)
            self.worklists(one)
        for line in self.book.lines.values():
            if line.style == "missing?":
                self.asked(line)
        self.silences()

    def state(self, person: Person, one: SlotDay, moment: datetime) -> str:
        """Whether somebody had reported before a moment, as far as truth goes."""
        place = (person.id, one.day, one.slot.name)
        claims = self.claims.get(place, [])
        is_open = any(
            c.standing is Standing.OPEN or c.line.style == "answer" or c.line.at == moment
            for c in claims
        )
        if place in self.doubtful or is_open:
            return UNSURE
        return REPORTED if any(c.counts_at(moment) for c in claims) else SILENT

    def _add(
        self, head: str, what: str, at: datetime, where: str, *, expected: str = "", got: str = ""
    ) -> None:
        self.result.add(head, Finding(what, clock_words(at), where, "", expected, got))

    def reminders(self, one: SlotDay, number: int, due: datetime) -> None:
        """Who was silent was reminded (where anybody can be); who had reported was not."""
        prefix = f"remind:{one.day}:{one.slot.name}:{number}:"
        rows = [row for row in self.rows if row.key.startswith(prefix)]
        about = {int(i) for row in rows for i in row.about.split(",")}
        sent = {int(i) for row in rows if row.state == "sent" for i in row.about.split(",")}
        for group, house, person in self.everybody:
            state, words = self.state(person, one, due), f"{person.name} {one.slot.name}"
            if state == SILENT and house.speakers and person.id not in about:
                self._add("missed", "reminder", due, group.chat, expected=f"提醒 {words}")
            elif state == REPORTED and person.id in sent:
                self._add("unwanted", "reminder", due, group.chat, got=f"已经报了：{words}")

    def worklists(self, one: SlotDay) -> None:
        """At the end of a slot who looks after the silent has their names, and no others."""
        prefix = f"worklist:{one.day}:{one.slot.name}:"
        texts = {row.resident_id: row.text for row in self.rows if row.key.startswith(prefix)}
        for group, _, person in self.everybody:
            state = self.state(person, one, one.ends_at)
            for cadre in person.team or (group.village.grid_worker,):
                text = texts.get(cadre.id, "")
                is_listed = re.search(rf"^· {person.name}[ （]", text, re.MULTILINE) is not None
                words, at = f"{cadre.name} 的名单：{person.name}", one.ends_at
                if state == SILENT and not is_listed and text.count("\n· ") < LISTED:
                    self._add("missed", "worklist", at, group.chat, expected=words)
                elif state == REPORTED and is_listed:
                    self._add("wrong", "worklist", at, group.chat, got=f"已经报了，{words}")

    def asked(self, line: Line) -> None:
        """还有谁没报: the answer names exactly those who have not."""
        row = self.session.exec(select(Inbox).where(Inbox.key == line.key)).one()
        answers = [r.text for r in self.rows if r.key.startswith(f"m{row.id}.")]
        if not answers:
            self._add("missed", "answer", line.at, line.chat, expected=line.text)
            return
        text = "\n".join(answers)
        one = next(s for s in reversed(self.slots) if s.starts_at <= line.at)
        for person in line.village.people:
            state = self.state(person, one, line.at)
            is_named = re.search(rf"[：、]{person.name}(?:[、（。\n]|$| 等)", text) is not None
            if state == SILENT and not is_named and " 等" not in text:
                self._add("wrong", "who", line.at, line.chat, expected=f"没报：{person.name}")
            elif state == REPORTED and is_named:
                self._add("wrong", "who", line.at, line.chat, got=f"已经报了：{person.name}")

    def silences(self) -> None:
        """Silent in two slots running is a case of its own, once while it is open."""
        query = select(Incident).where(Incident.kind == IncidentKind.SILENCE)
        stored: dict[int, int] = defaultdict(int)
        for row in self.session.exec(query).all():
            stored[row.resident_id or 0] += row.closed_at is None
        for group, _, person in self.everybody:
            ends = [
                two.ends_at for one, two in pairwise(self.slots) if self._twice(person, one, two)
            ]
            is_unsure = any(self.state(person, one, one.ends_at) == UNSURE for one in self.slots)
            if ends and person.id not in stored:
                self._add("missed", "silence", ends[0], group.chat, expected=f"失联 {person.name}")
            elif person.id in stored and not ends and not is_unsure:
                last = self.slots[-1].ends_at
                self._add("false", "silence", last, group.chat, got=f"失联 {person.name}")
            elif stored.get(person.id, 0) > 1:
                self._add("doubled", "silence", ends[-1], group.chat, got=f"失联 {person.name}")

    def _twice(self, person: Person, one: SlotDay, two: SlotDay) -> bool:
        """Whether nothing had come for either slot by the end of the second."""
        return all(self.state(person, slot, two.ends_at) == SILENT for slot in (one, two))
