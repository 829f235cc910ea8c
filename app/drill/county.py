"""The county of a drill: places, houses, cadres, chats and who is observed, all from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from app.drill.names import (
    BOYS,
    CADRE_FIRST,
    CADRE_LAST,
    GIRLS,
    GROUPS,
    MEN,
    ORIGINS,
    SURNAMES,
    TOWNSHIPS,
    VILLAGES,
    WOMEN,
)
from app.drill.people import Group, House, Person, Village
from app.world import Someone, World
from bot.domain.care import Observation
from bot.domain.registry import Resident, household_members
from bot.domain.rules import RulePack

VILLAGES_A_TOWNSHIP = 6
# How the householder calls the others in the roster.
ROSTER_WORDS = {
    "gran": {"gramp": "老伴", "son": "儿子", "wife": "儿媳妇", "boy": "孙子", "girl": "孙女"},
    "gramp": {"gran": "老伴", "son": "儿子", "wife": "儿媳妇", "boy": "孙子", "girl": "孙女"},
    "son": {"gran": "妈", "gramp": "爸", "wife": "老婆", "boy": "儿子", "girl": "女儿"},
}
SHAPES: tuple[tuple[str, ...], ...] = (
    ("gran",),
    ("gramp",),
    ("gran", "gramp"),
    ("gramp", "gran", "boy"),
    ("gran", "gramp", "son", "wife", "boy"),
    ("gramp", "gran", "son", "wife", "girl"),
    ("gran", "son", "wife", "girl"),
    ("son", "wife", "boy"),
    ("son", "wife", "girl"),
    ("son", "wife", "gran", "boy"),
    ("son", "wife"),
)


@dataclass
class CountyMaker:
    """Makes places and people in the store; names of cadres are unique in the county."""

    world: World
    rng: Random
    rules: RulePack
    today: date
    county: str = "朝阳县"
    _taken: set[str] = field(default_factory=set)

    def make(self, count: int) -> list[Village]:
        """So many villages, a township for each few."""
        villages: list[Village] = []
        duty: Person | None = None
        for index in range(count):
            number, rest = divmod(index, VILLAGES_A_TOWNSHIP)
            township = f"{_nth(TOWNSHIPS, number)}镇"
            if rest == 0 or duty is None:
                duty = self._cadre("镇值班", (self.county, township))
            path = (self.county, township, f"{_nth(VILLAGES, index)}村")
            villages.append(self._village(path, duty))
        return villages

    def _village(self, path: tuple[str, ...], duty: Person) -> Village:
        chat = f"{path[-1]}干部群"
        village = Village(
            path[-1],
            path,
            self._cadre("网格员", path),
            self._cadre("村医", path),
            self._cadre("村支书", path),
            duty,
            chat,
        )
        self.world.chat(chat, path, "干部")
        used: set[str] = set()
        for name in GROUPS[: self.rng.randint(2, 3)]:
            village.groups.append(self._group(village, name, used))
        for person in self.rng.sample([p for p in village.people if p.has_phone], 2):
            self._observe(village, person)
        return village

    def _group(self, village: Village, name: str, used: set[str]) -> Group:
        path = (*village.path, name)
        group = Group(village, name, f"{village.name}{name}群")
        self.world.owes("早晚", place=self.world.place(path))
        for _ in range(self.rng.randint(4, 12)):
            group.houses.append(self._house(path, used))
        phones = [h for h in group.houses if h.speakers]
        for house in group.houses:
            if not house.speakers and phones:
                house.neighbour = self.rng.choice(phones).speakers[0]
        self.world.chat(group.chat, path, "村民")
        return group

    def _house(self, path: tuple[str, ...], used: set[str]) -> House:
        shape = self.rng.choice(SHAPES)
        surname = self.rng.choice(SURNAMES)
        is_alone = len(shape) == 1
        has_phones = not (is_alone and self.rng.random() < 0.4)
        names = [self._name(part, surname, used) for part in shape]
        words = ROSTER_WORDS[shape[0]]
        members = [
            Someone(
                name,
                "" if index == 0 else words[part],
                has_phone=has_phones and self._has_phone(part, index),
                lives_alone=is_alone,
            )
            for index, (name, part) in enumerate(zip(names, shape, strict=True))
        ]
        home = self.world.household(path, members)
        people = [
            Person(row.id or 0, row.name, part, f"u{row.id}", not row.has_no_phone)
            for row, part in zip(household_members(self.world.db, home.id or 0), shape, strict=True)
        ]
        return House(people, self._habit(people), self.rng.choice(("plain", "north", "southwest")))

    def _habit(self, people: list[Person]) -> str:
        if not any(p.has_phone for p in people):
            return "proxy"
        habits = (
            ["each", "one", "one", "relay", "private"]
            if len(people) > 1
            else ["each", "relay", "private"]
        )
        return "lazy" if self.rng.random() < 0.08 else self.rng.choice(habits)

    def _has_phone(self, part: str, index: int) -> bool:
        if part in ("boy", "girl"):
            return False
        return index == 0 or part in ("son", "wife") or self.rng.random() < 0.6

    def _name(self, part: str, surname: str, used: set[str]) -> str:
        """A name that nobody in the village bears and no cadre of the county."""
        pools = {"gran": WOMEN, "wife": WOMEN, "boy": BOYS, "girl": GIRLS}
        for attempt in range(200):
            own = surname if attempt < 40 and part != "wife" else self.rng.choice(SURNAMES)
            name = own + self.rng.choice(pools.get(part, MEN))
            if name not in used and name not in self._taken:
                used.add(name)
                return name
        raise ValueError("more people than names")

    def _cadre(self, role: str, path: Sequence[str]) -> Person:
        """Cadres have names of another make, so that nobody in any village bears the same."""
        name = ""
        while not name or name in self._taken:
            parts = (SURNAMES, CADRE_FIRST, CADRE_LAST)
            name = "".join(self.rng.choice(part) for part in parts)
        self._taken.add(name)
        row = self.world.cadre(name, role, path)
        return Person(row.id or 0, name, "", f"u{row.id}")

    def _observe(self, village: Village, person: Person) -> None:
        """A returnee with a care team of the grid worker, a neighbour and the doctor."""
        arrived = self.today - timedelta(days=self.rng.randint(1, 10))
        subject = self.world.db.get_one(Resident, person.id)
        self.world.db.add(
            Observation(
                resident_id=person.id,
                place_id=subject.place_id,
                origin=self.rng.choice(ORIGINS),
                arrived_on=arrived,
                days=self.rules.observation_days,
                rule_pack=self.rules.id,
                began_at=self.world.now,
            )
        )
        others = [p for p in village.people if p.has_phone and p.id != person.id]
        deputy = self.rng.choice(others)
        parts = ((village.grid_worker, "primary"), (deputy, "deputy"), (village.doctor, "member"))
        rows = [(self.world.db.get_one(Resident, p.id), part) for p, part in parts]
        self.world.team(subject, rows)
        person.team, person.deputy = tuple(p for p, _ in parts), deputy


def _nth(words: Sequence[str], index: int) -> str:
    """The word at an index; past the end the words come again with a number."""
    rounds, rest = divmod(index, len(words))
    return words[rest] + (str(rounds + 1) if rounds else "")
