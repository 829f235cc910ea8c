"""What happens in each slot of a drill: everybody's reports, and the talk around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.drill import voices
from app.drill.people import Group, House, Person, Village
from app.drill.reports import FEVERS, NORMAL, Reports
from app.drill.truth import Claim, Fact, Line, Standing
from bot.domain.rules import SlotDay
from bot.language.pack import Entry

FEVER_A_SLOT = 0.45  # of a village


@dataclass
class Planner(Reports):
    """Plans one village, slot by slot."""

    rumours: Sequence[Entry] = ()

    def slot(self, village: Village, one: SlotDay) -> None:
        """One slot of one village."""
        able = [
            p
            for g in village.groups
            for h in g.houses
            for p in h.members
            if h.habit not in ("lazy", "proxy")
        ]
        self._ill = self.rng.choice(able) if self.rng.random() < FEVER_A_SLOT else None
        for group in village.groups:
            queue: list[tuple[House, Person]] = []
            for house in group.houses:
                if house.habit == "relay" and self._ill not in house.members:
                    queue += [(house, p) for p in house.members]
                else:
                    self._house(group, house, one)
            self._relay(group, one, queue)
            self._talk(group, one)
        self._cadres(village, one)

    def _relay(self, group: Group, one: SlotDay, queue: Sequence[tuple[House, Person]]) -> None:
        """A list that is copied and grows; now and then a poster changes somebody's line."""
        if not queue:
            return
        head = self.rng.choice(voices.RELAY_HEADS).format(slot=one.slot.name)
        moments = sorted(self._within(one) for _ in queue)
        rows: list[tuple[str, int]] = []
        claims: list[Claim] = []
        changed = 0
        for at, (house, person) in zip(moments, queue, strict=True):
            tenths = self._value(person)
            facts = [Fact(person, one, tenths)]
            if claims and self.rng.random() < 0.08:
                changed = self.rng.randrange(len(rows))
                name, old = rows[changed]
                new = old + 1 if old < 369 else old - 1
                rows[changed] = (name, new)
                claims[changed].standing = Standing.SUPERSEDED
                facts.append(Fact(claims[changed].fact.person, one, new))
            rows.append((person.name, tenths))
            speaker = person if person.has_phone else house.speakers[0]
            line = self._say(
                group, speaker, at, voices.relay(head, rows, self.rng), "relay", tuple(facts)
            )
            for fact in facts[1:]:
                claims[changed] = self._claim(fact, line)
            claims.append(self._claim(facts[0], line))

    # everything else

    def _talk(self, group: Group, one: SlotDay) -> None:
        """Talk with numbers that are nobody's temperature, quotes, hearsay, rumours, danger."""
        people = [p for h in group.houses for p in h.speakers]
        if not people:
            return
        span = 600 if one.slot == self.rules.slots[0] else 250
        for _ in range(self.rng.randint(4, 9)):
            at = one.starts_at + timedelta(seconds=self.rng.randint(0, span * 60))
            text = self.rng.choice(
                (*voices.TALK, *voices.TALK, *voices.HEARSAY, *voices.DANGER_JOKES)
            )
            self._say(group, self.rng.choice(people), at, text, "talk")
        if self.rng.random() < 0.5:
            of = self.rng.choice(people)
            at = self._within(one)
            who = self.rng.choice(people)
            line = self._say(group, who, at, self.rng.choice(voices.QUOTES), "quote")
            line.quoted = (of, voices.arabic(self.rng.choice((*NORMAL, *FEVERS))))
        if self.rumours and self.rng.random() < 0.5:
            self._rumour(group, one, self.rng.choice(people))
        if self.rng.random() < 0.06:
            self._danger(group, one)

    def _rumour(self, group: Group, one: SlotDay, speaker: Person) -> None:
        """A registered rumour, asked of the bot or passed on."""
        entry = self.rng.choice(self.rumours)
        first = 31 if one.slot == self.rules.slots[0] else 0  # at night no group is answered
        at = one.starts_at + timedelta(seconds=self.rng.randint(first * 60, 230 * 60))
        if self.rng.random() < 0.5:
            line = self._say(group, speaker, at, f"小守，{entry.question}？", "asked")
            self.book.asked.append((line, entry.answer[:12]))
        else:
            line = self._say(group, speaker, at, self.rng.choice(entry.wordings), "rumour")
        line.may_be_answered = True

    def _danger(self, group: Group, one: SlotDay) -> None:
        """Somebody's life: two hours after a slot, so that no other case is open."""
        houses = [h for h in group.houses if len(h.members) > 1 and h.speakers]
        if not houses:
            return
        house = self.rng.choice(houses)
        speaker = self.rng.choice(house.speakers)
        other = self.rng.choice([p for p in house.members if p is not speaker])
        who = voices.call(speaker, other, self.rng)
        at = one.ends_at + timedelta(seconds=self.rng.randint(180 * 60, 220 * 60))
        line = self._say(
            group, speaker, at, self.rng.choice(voices.DANGERS).format(who=who), "danger"
        )
        line.may_be_answered = True
        self._alarm("紧急", other, line, is_urgent=True)

    def _cadres(self, village: Village, one: SlotDay) -> None:
        """The grid worker asks who is missing, in the cadres' chat, before the slot ends."""
        if self.rng.random() < 0.7:
            at = one.ends_at - timedelta(seconds=self.rng.randint(5 * 60, 50 * 60))
            line = Line(at, village.grid_worker, village.chat, "还有谁没报", "missing?", village)
            line.may_be_answered = True
            self.lines.append(line)
