"""How people report in a drill: slot by slot, each house in its way, with all that goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from app.drill import voices
from app.drill.people import Group, House, Person, Village
from app.drill.truth import FEVER, URGENT, Alarm, Book, Claim, Fact, Line, Standing
from bot.domain.rules import RulePack, SlotDay

MINUTE = timedelta(minutes=1)
NORMAL = (360, 361, 362, 363, 364, 365, 365, 366, 366, 367, 368, 369)
FEVERS = (373, 374, 375, 377, 378, 380, 381, 382, 384, 386, 388, 390, 393)


@dataclass
class Reports:
    """Plans the reports of a village; what was not said in one slot may be said in the next."""

    book: Book
    rng: Random
    rules: RulePack
    lines: list[Line] = field(default_factory=list)
    _debts: dict[int, Fact] = field(default_factory=dict)
    _ill: Person | None = None

    # moments

    def _within(self, one: SlotDay) -> datetime:
        """A moment in a slot: most people are early, some just in time."""
        span = (one.ends_at - one.starts_at).total_seconds() - 300
        share = self.rng.random() ** 1.4
        return one.starts_at + timedelta(seconds=int(60 + share * span))

    def _after(self, one: SlotDay, first: int, last: int) -> datetime:
        return one.ends_at + timedelta(seconds=self.rng.randint(first * 60, last * 60))

    # reports

    def _house(self, group: Group, house: House, one: SlotDay) -> None:
        match house.habit:
            case "proxy":
                self._proxy(group, house, one)
            case "lazy":
                if self.rng.random() < 0.45:
                    self._own(group, house, house.speakers[0], one, "plain")
            case "each":
                self._each(group, house, one)
            case _:
                self._family(group, house, house.members, one)

    def _value(self, person: Person) -> int:
        return self.rng.choice(FEVERS if person is self._ill else NORMAL)

    def _each(self, group: Group, house: House, one: SlotDay) -> None:
        """Everybody with a phone for themselves; the first one also for those without."""
        silent = [p for p in house.members if not p.has_phone]
        for index, person in enumerate(house.speakers):
            if index == 0 and silent:
                self._family(group, house, [person, *silent], one)
            else:
                self._own(group, house, person, one, self._style(person))

    def _style(self, person: Person) -> str:
        if person.id in self._debts:
            return "debt"
        if person is self._ill:
            return self.rng.choice(("plain", "plain", "voice", "private", "slip"))
        styles = (
            "plain",
            "voice",
            "private",
            "slip",
            "correct",
            "recall",
            "late",
            "skip",
            "silent",
        )
        return self.rng.choices(styles, (62, 8, 6, 5, 5, 3, 4, 3, 4))[0]

    def _own(self, group: Group, house: House, person: Person, one: SlotDay, style: str) -> None:
        """One person for themselves."""
        at, tenths = self._within(one), self._value(person)
        fact = Fact(person, one, tenths)
        dialect = house.dialect
        is_ill = person is self._ill
        match style:
            case "silent":
                return
            case "skip":
                self._debts[person.id] = fact
                return
            case "debt":
                self._debt(group, person, fact, at)
                return
            case "late":
                at = self._after(one, 4, 110)
                late = (
                    voices.LATE_MORNING if one.slot == self.rules.slots[0] else voices.LATE_EVENING
                )
                text = voices.fill(self.rng.choice(late), self.rng, tenths)
            case "voice":
                text = voices.voice(person, [(person, tenths)], self.rng)
            case "slip":
                self._slip(group, fact, at)
                return
            case _:
                text = voices.own(dialect, tenths, self.rng, is_ill=is_ill)
        line = self._say(group, person, at, text, style, (fact,), is_private=style == "private")
        line.is_voice = style == "voice"
        if style == "correct":
            self._correct(group, line, fact)
        elif style == "recall":
            self._recall(group, line, fact)
        else:
            self._claim(fact, line)

    def _family(self, group: Group, house: House, members: Sequence[Person], one: SlotDay) -> None:
        """A house in one message, in the group or in private, typed or spoken."""
        if self.rng.random() < 0.04:
            return
        speakers = [p for p in members if p.has_phone]
        speaker = self.rng.choice(speakers)
        ordered = [speaker, *(p for p in members if p is not speaker)]
        values = [(p, self._value(p)) for p in ordered]
        style = "family"
        if self.rng.random() < 0.15:
            style, text = "family voice", voices.voice(speaker, values, self.rng)
        elif len(values) == 1:
            text = voices.own(house.dialect, values[0][1], self.rng, is_ill=speaker is self._ill)
        else:
            text = voices.family(speaker, values, self.rng)
        facts = tuple(Fact(p, one, tenths) for p, tenths in values)
        is_private = house.habit == "private"
        line = self._say(
            group, speaker, self._within(one), text, style, facts, is_private=is_private
        )
        line.is_voice = style == "family voice"
        for fact in facts:
            self._claim(fact, line)

    def _proxy(self, group: Group, house: House, one: SlotDay) -> None:
        """A neighbour reports for a house without a phone."""
        if house.neighbour is None or self.rng.random() < 0.1:
            return
        for person in house.members:
            tenths = self._value(person)
            text = voices.fill(
                self.rng.choice(voices.PROXIES).replace("{name}", person.name), self.rng, tenths
            )
            fact = Fact(person, one, tenths)
            line = self._say(group, house.neighbour, self._within(one), text, "proxy", (fact,))
            self._claim(fact, line)

    def _debt(self, group: Group, person: Person, fact: Fact, at: datetime) -> None:
        """What was not said last time is said with today's."""
        before = self._debts.pop(person.id)
        is_morning = fact.slot.slot == self.rules.slots[0]
        if not is_morning:
            at = self._after(fact.slot, 3, 50)
        template = self.rng.choice(voices.LAST_EVENING if is_morning else voices.BOTH_SLOTS)
        text = template.format(
            a=voices.arabic(before.tenths), b=voices.number(fact.tenths, self.rng)
        )
        line = self._say(group, person, at, text, "two slots", (before, fact))
        self._claim(before, line)
        self._claim(fact, line)

    def _slip(self, group: Group, fact: Fact, at: datetime) -> None:
        """The point is lost; most people answer the private question, some never do."""
        line = self._say(
            group, fact.person, at, voices.slip(fact.tenths, self.rng), "slip", (fact,)
        )
        self.book.claims.append(Claim(fact, line, Standing.OPEN))
        if self.rng.random() < 0.25 and fact.person is not self._ill:
            return
        words = self.rng.choice(("是", "是的", "对", "嗯", voices.arabic(fact.tenths)))
        delay = timedelta(seconds=self.rng.randint(20, 1500))
        line.asks_back = Line(
            line.at + delay, fact.person, "", words, "answer", group.village, facts=(fact,)
        )

    def _correct(self, group: Group, line: Line, fact: Fact) -> None:
        """A wrong number, and some minutes later the right one."""
        wrong = Fact(
            fact.person, fact.slot, self.rng.choice([t for t in NORMAL if t != fact.tenths])
        )
        line.facts, line.text = (wrong,), voices.fill("{n}", self.rng, wrong.tenths)
        at = min(line.at + self.rng.randint(1, 20) * MINUTE, fact.slot.ends_at - MINUTE)
        if at <= line.at:
            at = line.at + timedelta(seconds=20)
        text = self.rng.choice(voices.CORRECTIONS).format(
            a=voices.arabic(wrong.tenths), b=voices.arabic(fact.tenths)
        )
        second = self._say(group, fact.person, at, text, "correction", (fact,))
        self._claim(wrong, line, Standing.SUPERSEDED)
        self._claim(fact, second)

    def _recall(self, group: Group, line: Line, fact: Fact) -> None:
        """Said, taken back, and half of the time said again."""
        at = line.at + timedelta(seconds=self.rng.randint(15, 110))
        event = Line(
            at, line.speaker, line.chat, "", "recall", group.village, kind="recalled", recalls=line
        )
        self.lines.append(event)
        claim = self._claim(fact, line, Standing.WITHDRAWN)
        claim.until = at
        if self.rng.random() < 0.5:
            again = Fact(fact.person, fact.slot, self._value(fact.person))
            text = voices.fill("{n}", self.rng, again.tenths)
            second = self._say(group, fact.person, at + MINUTE, text, "after recall", (again,))
            self._claim(again, second)

    # what follows

    def _alarm(self, kind: str, person: Person, line: Line, *, is_urgent: bool) -> None:
        """A case with its future: the doctor takes it, or the township's duty, or nobody does."""
        village = line.village
        roll = self.rng.random()
        if roll < 0.25 and kind != "紧急":
            taker, taken_at = (
                village.duty,
                line.at + timedelta(seconds=self.rng.randint(2000, 2600)),
            )
        else:
            taker, taken_at = village.doctor, line.at + timedelta(seconds=self.rng.randint(30, 800))
        self._private(village, taker, taken_at, f"接 {person.name}", "take")
        closed_at = taken_at + timedelta(minutes=self.rng.randint(10, 25))
        self._private(village, taker, closed_at, self.rng.choice(("排除", "转诊")), "outcome")
        self.book.alarms.append(Alarm(kind, person, line, is_urgent, taken_at, closed_at))

    def _private(
        self, village: Village, speaker: Person, at: datetime, text: str, style: str
    ) -> None:
        line = Line(at, speaker, "", text, style, village)
        line.may_be_answered = True
        self.lines.append(line)

    def _say(
        self,
        group: Group,
        speaker: Person,
        at: datetime,
        text: str,
        style: str,
        facts: tuple[Fact, ...] = (),
        *,
        is_private: bool = False,
    ) -> Line:
        line = Line(
            at, speaker, "" if is_private else group.chat, text, style, group.village, facts=facts
        )
        line.may_be_answered = is_private
        if self.rng.random() < 0.06:
            line.repeats = tuple(
                timedelta(seconds=self.rng.choice((1, 5, 10, 90, 4000)))
                for _ in range(self.rng.randint(1, 3))
            )
        self.lines.append(line)
        return line

    def _claim(self, fact: Fact, line: Line, standing: Standing = Standing.CURRENT) -> Claim:
        claim = Claim(fact, line, standing)
        self.book.claims.append(claim)
        if fact.tenths >= FEVER:
            self._alarm("发热", fact.person, line, is_urgent=fact.tenths >= URGENT)
        return claim

    def answered(self, line: Line) -> list[Line]:
        """A private question was answered: from now on the fact stands; what follows from it."""
        before = len(self.lines)
        for fact in line.facts:
            for claim in self.book.claims:
                if claim.fact == fact and claim.standing is Standing.OPEN:
                    self.book.claims.remove(claim)
                    break
            self._claim(fact, line)
        return self.lines[before:]
