"""Compare what the bot said in a drill with what it should have said: alarms, reminders, and silence."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, select

from app.drill.people import Group, House, Person
from app.drill.result import DrillResult, Finding
from app.drill.truth import AT_ONCE, Alarm, Book, Heard, Line, Standing
from bot.clock import clock_words
from bot.domain.incidents import Incident, IncidentKind
from bot.domain.rules import SlotDay
from bot.message import ChatKind
from bot.outbox import Outbox

HEALTH = re.compile(
    r"3[3-9][.．。点度]|4[0-3][.．。点度]|体温|发热|发烧|低烧|高烧|咳|隔离|观察|确诊|疑似|密接|没报|未报|症状"
)
REMINDERS = (timedelta(hours=2), timedelta(hours=3))
LINES_AN_HOUR = 6


@dataclass
class Sayings:
    """Everything that reached the platform, looked at from every side."""

    book: Book
    session: Session
    result: DrillResult
    ids: dict[int, str]
    doubtful: set[tuple[int, date, str]]
    slots: Sequence[SlotDay]

    def __post_init__(self) -> None:
        """Sort what was heard by where."""
        self.by_chat: dict[str, list[Heard]] = defaultdict(list)
        for heard in self.book.heard:
            self.by_chat[heard.message.to.chat].append(heard)
        self.claims = self.book.by_place()
        self.village_chats = {g.chat: g for v in self.book.villages for g in v.groups}

    def all(self) -> None:
        """Every check."""
        self.twice()
        self.out_of_turn()
        self.leaks()
        for alarm in self.book.alarms:
            self.alarm(alarm)
        for line, words in self.book.asked:
            self.answer(line, words)
        rows = self.session.exec(select(Outbox)).all()
        self.reminders(rows)
        self.worklists(rows)
        self.missing_asked()
        self.silences()

    def _add(self, head: str, what: str, at: datetime, chat: str, said: str, **more: str) -> None:
        self.result.add(head, Finding(what, clock_words(at), chat, said, **more))

    def _cause(self, heard: Heard) -> Line | None:
        """The message that made the bot speak, from the key of a reply."""
        match = re.match(r"m(\d+)\.", heard.message.key)
        return self.book.lines.get(self.ids.get(int(match[1]), "")) if match else None

    def twice(self) -> None:
        """No key leaves twice, and nobody hears the same words twice in one breath."""
        keys = Counter(h.message.key for h in self.book.heard)
        for heard in self.book.heard:
            if keys[heard.message.key] > 1:
                self._add("doubled", "send", heard.at, heard.message.to.chat, heard.message.text)
        for chat, lines in self.by_chat.items():
            for one, two in zip(lines, lines[1:], strict=False):
                if one.message.text == two.message.text and two.at - one.at < AT_ONCE:
                    self._add("doubled", "words", two.at, chat, two.message.text)

    def out_of_turn(self) -> None:
        """In a group only what was asked for; in private nothing because of ordinary talk."""
        for heard in self.book.heard:
            to, line = heard.message.to, self._cause(heard)
            if to.kind is ChatKind.GROUP:
                if line is None or not line.may_be_answered or line.chat != to.chat:
                    said = line.text if line else ""
                    self._add("unwanted", "group", heard.at, to.chat, said, got=heard.message.text)
            elif line is not None and line.chat and to.chat == line.speaker.account:
                is_due = line.asks_back is not None or any(f.tenths >= 373 for f in line.facts)
                if not (is_due or line.may_be_answered or line.style == "slip"):
                    self._add(
                        "unwanted",
                        "private",
                        heard.at,
                        line.chat,
                        line.text,
                        got=heard.message.text,
                        style=line.style,
                    )
        for chat in self.village_chats:
            moments = [h.at for h in self.by_chat[chat]]
            for index, at in enumerate(moments):
                if (
                    sum(at - timedelta(hours=1) < m <= at for m in moments[: index + 1])
                    > LINES_AN_HOUR + 1
                ):
                    self._add("unwanted", "budget", at, chat, "")

    def leaks(self) -> None:
        """No line in a village's chat names one of its people beside a word of health."""
        for chat, group in self.village_chats.items():
            names = [p.name for p in group.village.people]
            for heard in self.by_chat[chat]:
                text = heard.message.text
                if HEALTH.search(text) and any(name in text for name in names):
                    self._add("leaks", "group", heard.at, chat, text)

    # alarms

    def alarm(self, alarm: Alarm) -> None:
        """Whoever must hear of a case has heard in time, and nobody after it was taken."""
        is_doubtful = any(
            f.place in self.doubtful and f.person is alarm.person for f in alarm.line.facts
        )
        for after, people in alarm.steps():
            due = alarm.line.at + after
            if alarm.taken_at is not None and due > alarm.taken_at and after:
                self._not_told(alarm, people, alarm.taken_at)
                continue
            for person in people:
                if person is not alarm.person and not is_doubtful:
                    self._told(alarm, person, due, "escalation" if after else "alert")
        if alarm.kind == "紧急":
            self._first(alarm)

    def _about(self, alarm: Alarm, person: Person) -> list[Heard]:
        return [
            h
            for h in self.by_chat[person.account]
            if alarm.person.name in h.message.text and f"【{alarm.kind}】" in h.message.text
        ]

    def _told(self, alarm: Alarm, person: Person, due: datetime, what: str) -> None:
        told = [h.at for h in self._about(alarm, person) if h.at >= alarm.line.at]
        if told and told[0] <= self.book.latest(due):
            return
        head, got = ("late", clock_words(told[0])) if told else ("missed", "没告诉")
        self._add(
            head,
            what,
            due,
            alarm.line.chat,
            alarm.line.text,
            expected=f"{alarm.kind} {alarm.person.name} 告诉 {person.name}",
            got=got,
            style=alarm.line.style,
        )

    def _not_told(self, alarm: Alarm, people: list[Person], taken_at: datetime) -> None:
        """A clock stops when somebody has taken the case (what an outage held back may still come)."""
        closed = alarm.closed_at or taken_at
        for person in people:
            for heard in self._about(alarm, person):
                if taken_at < heard.at < closed and not self._is_after_outage(heard.at):
                    self._add("unwanted", "escalation", heard.at, person.name, heard.message.text)

    def _is_after_outage(self, at: datetime) -> bool:
        return any(start <= at <= end + timedelta(minutes=10) for start, end in self.book.outages)

    def _first(self, alarm: Alarm) -> None:
        """120 first, where it was said."""
        latest = self.book.latest(alarm.line.at)
        said = [
            h
            for h in self.by_chat[alarm.line.chat]
            if alarm.line.at <= h.at <= latest and "120" in h.message.text
        ]
        if not said:
            self._add("missed", "120", alarm.line.at, alarm.line.chat, alarm.line.text)

    def answer(self, line: Line, words: str) -> None:
        """A registered question that was put to the bot is answered (once a day in a group, within its budget)."""
        chat = self.by_chat[line.chat]
        latest = self.book.latest(line.at)
        day = timedelta(hours=24)
        if any(words in h.message.text and line.at - day < h.at <= latest for h in chat):
            return
        recent = [h for h in chat if line.at - timedelta(hours=1) < h.at <= latest]
        if len(recent) < LINES_AN_HOUR:
            self._add("missed", "answer", line.at, line.chat, line.text, expected=words)

    # who is missing

    def _state(self, person: Person, one: SlotDay, moment: datetime) -> str:
        """reported, silent, or unsure at a moment, as far as truth goes."""
        place = (person.id, one.day, one.slot.name)
        claims = self.claims.get(place, [])
        if place in self.doubtful or any(c.line.style in ("slip", "answer") for c in claims):
            return "unsure"
        if any(c.standing is Standing.OPEN for c in claims):
            return "unsure"
        return "reported" if any(c.counts_at(moment) for c in claims) else "silent"

    def _everybody(self) -> list[tuple[Group, House, Person]]:
        return [
            (g, h, p)
            for v in self.book.villages
            for g in v.groups
            for h in g.houses
            for p in h.members
        ]

    def reminders(self, rows: Sequence[Outbox]) -> None:
        """Who was silent was reminded (where there is anybody to remind); who had reported was not."""
        for one in self.slots:
            for number, after in enumerate(REMINDERS, 1):
                due = one.starts_at + after
                prefix = f"remind:{one.day}:{one.slot.name}:{number}:"
                mine = [r for r in rows if r.key.startswith(prefix)]
                about = {int(i) for r in mine for i in r.about.split(",")}
                sent = {int(i) for r in mine if r.state == "sent" for i in r.about.split(",")}
                for group, house, person in self._everybody():
                    state = self._state(person, one, due)
                    if state == "silent" and house.speakers and person.id not in about:
                        self._add(
                            "missed",
                            "reminder",
                            due,
                            group.chat,
                            "",
                            expected=f"提醒 {person.name} {one.slot.name}",
                        )
                    elif state == "reported" and person.id in sent:
                        self._add(
                            "unwanted",
                            "reminder",
                            due,
                            group.chat,
                            "",
                            got=f"{person.name} 已经报了 {one.slot.name}",
                        )

    def worklists(self, rows: Sequence[Outbox]) -> None:
        """At the end of a slot who looks after the silent has their names, and no others."""
        texts: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            if row.key.startswith("worklist:"):
                day_slot = row.key.rsplit(":", 1)[0]
                texts[f"{day_slot}:{row.resident_id}"].append(row.text)
        for one in self.slots:
            for group, _, person in self._everybody():
                state = self._state(person, one, one.ends_at)
                for cadre in person.team or (group.village.grid_worker,):
                    text = "\n".join(texts[f"worklist:{one.day}:{one.slot.name}:{cadre.id}"])
                    is_listed = f"· {person.name} " in text or f"· {person.name}（" in text
                    where = (one.ends_at, group.chat, "")
                    if state == "silent" and not is_listed and text.count("\n· ") < 60:
                        self._add(
                            "missed",
                            "worklist",
                            *where,
                            expected=f"{cadre.name} 的名单有 {person.name}",
                        )
                    elif state == "reported" and is_listed:
                        self._add(
                            "wrong",
                            "worklist",
                            *where,
                            got=f"{cadre.name} 的名单里有已报的 {person.name}",
                        )

    def missing_asked(self) -> None:
        """还有谁没报: the answer names exactly those who have not."""
        for line in self.book.lines.values():
            if line.style != "missing?" or self.book.is_down(line.at):
                continue
            said = [h.message.text for h in self.by_chat[line.chat] if self._cause(h) is line]
            if not said:
                self.result.add(
                    "missed",
                    Finding("answer", clock_words(line.at), line.chat, line.text, style=line.style),
                )
                continue
            one = next(s for s in reversed(self.slots) if s.starts_at <= line.at)
            text = "、".join(said)
            for person in line.village.people:
                state, is_named = self._state(person, one, line.at), self._names(text, person)
                if state == "silent" and not is_named and "等" not in text:
                    self._add(
                        "wrong",
                        "missing?",
                        line.at,
                        line.chat,
                        line.text,
                        expected=f"没报：{person.name}",
                    )
                elif state == "reported" and is_named:
                    self._add(
                        "wrong",
                        "missing?",
                        line.at,
                        line.chat,
                        line.text,
                        got=f"{person.name} 已经报了",
                    )

    @staticmethod
    def _names(text: str, person: Person) -> bool:
        return re.search(rf"[：、]{person.name}(?:[、（。\n]|$| 等)", text) is not None

    def silences(self) -> None:
        """Silent in two slots running is a case of its own, once while it is open."""
        stored = {
            (row.resident_id or 0)
            for row in self.session.exec(
                select(Incident).where(Incident.kind == IncidentKind.SILENCE)
            ).all()
        }
        for group, _, person in self._everybody():
            runs = [
                two
                for one, two in zip(self.slots, self.slots[1:], strict=False)
                if self._state(person, one, two.ends_at)
                == self._state(person, two, two.ends_at)
                == "silent"
            ]
            unsure = any(self._state(person, one, one.ends_at) == "unsure" for one in self.slots)
            if runs and person.id not in stored:
                self._add(
                    "missed",
                    "silence",
                    runs[0].ends_at,
                    group.chat,
                    "",
                    expected=f"失联 {person.name}",
                )
            elif not runs and person.id in stored and not unsure:
                self._add(
                    "false",
                    "silence",
                    self.slots[-1].ends_at,
                    group.chat,
                    "",
                    got=f"失联 {person.name}",
                )
