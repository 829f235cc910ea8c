"""The people of a drill, their houses and villages, and what they call each other."""

from dataclasses import dataclass, field

# What each member of a house calls the others: (speaker's part, other's part) → words in use.
_ELDER = {
    "son": ("儿子",),
    "wife": ("儿媳妇", "儿媳"),
    "boy": ("孙子", "大孙子"),
    "girl": ("孙女",),
}
CALLS: dict[str, dict[str, tuple[str, ...]]] = {
    "gran": {"gramp": ("老伴", "老头子", "俺家老头"), **_ELDER},
    "gramp": {"gran": ("老伴", "老婆子", "孩子他妈"), **_ELDER},
    "son": {
        "gran": ("俺妈", "我妈", "老妈"),
        "gramp": ("俺爸", "我爸", "老爸"),
        "wife": ("媳妇", "老婆", "孩子他妈"),
        "boy": ("儿子",),
        "girl": ("闺女", "女儿"),
    },
    "wife": {
        "gran": ("婆婆",),
        "gramp": ("公公",),
        "son": ("老公", "孩子他爸", "当家的"),
        "boy": ("儿子",),
        "girl": ("闺女", "女儿"),
    },
}


@dataclass(slots=True)
class Person:
    """Somebody in a drill, with what the drill knows about them."""

    id: int
    name: str
    part: str  # gran, gramp, son, wife, boy, girl; "" a cadre without a house
    account: str
    has_phone: bool = True
    team: tuple["Person", ...] = ()
    deputy: "Person | None" = None

    @property
    def is_child(self) -> bool:
        """Children have no phone of their own and do not report."""
        return self.part in ("boy", "girl")


@dataclass(slots=True)
class House:
    """A household and how it usually reports."""

    members: list[Person]
    habit: str  # each, one, relay, private, proxy, lazy
    dialect: str
    neighbour: Person | None = None  # who reports for a house without a phone

    @property
    def speakers(self) -> list[Person]:
        """Who can write."""
        return [m for m in self.members if m.has_phone]


@dataclass(slots=True)
class Group:
    """A villager group with its chat."""

    village: "Village"
    name: str
    chat: str
    houses: list[House] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        """Everybody who lives there."""
        return [m for house in self.houses for m in house.members]


@dataclass(slots=True)
class Village:
    """A village with its cadres."""

    name: str
    path: tuple[str, ...]
    grid_worker: Person
    doctor: Person
    secretary: Person
    duty: Person  # the township's
    chat: str  # of the cadres
    groups: list[Group] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        """Everybody who lives there."""
        return [p for group in self.groups for p in group.people]
