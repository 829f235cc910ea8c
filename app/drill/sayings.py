"""Compare what the bot said in a drill with what it should have said, and when."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from app.drill.people import Person
from app.drill.result import DrillResult, Finding
from app.drill.truth import AT_ONCE, FEVER, Alarm, Book, Heard, Line
from bot.clock import clock_words
from bot.message import ChatKind

HEALTH = re.compile(
    r"3[3-9][.．。点度]|4[0-3][.．。点度]|体温|发热|发烧|低烧|高烧|咳|隔离|观察|确诊|疑似|密接|没报|未报|症状"
)
LINES_AN_HOUR = 6
DOCTOR = "大夫"


@dataclass
class Sayings:
    """Everything that reached the platform, looked at from every side."""

    book: Book
    result: DrillResult
    ids: dict[int, str]
    doubtful: set[tuple[int, date, str]]

    def __post_init__(self) -> None:
        """Sort what was heard by where."""
        self.by_chat: dict[str, list[Heard]] = defaultdict(list)
        for heard in self.book.heard:
            self.by_chat[heard.message.to.chat].append(heard)
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
            for one, two in pairwise(lines):
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
                is_due = line.asks_back is not None or any(f.tenths >= FEVER for f in line.facts)
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
        """A clock stops when somebody has taken the case (an outage may hold a word back)."""
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
        """A registered question put to the bot is answered: once a day, within the budget."""
        chat = self.by_chat[line.chat]
        latest = self.book.latest(line.at)
        day = timedelta(hours=24)
        said = [h for h in chat if line.at - day < h.at <= latest]
        if any(words in h.message.text for h in said):
            return
        if any(self._cause(h) is line and DOCTOR in h.message.text for h in said):
            return  # a question about drugs is the doctor's, whatever else is registered
        recent = [h for h in chat if line.at - timedelta(hours=1) < h.at <= latest]
        if len(recent) < LINES_AN_HOUR:
            self._add("missed", "answer", line.at, line.chat, line.text, expected=words)
