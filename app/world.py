"""A village made by words, for talks, the demo and drills: places, houses, cadres, chats."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.domain.care import Observation, TeamMember
from bot.domain.registry import (
    PURPOSE_WORDS,
    ROLE_WORDS,
    Account,
    Chat,
    Household,
    Place,
    PlaceKind,
    Resident,
    Role,
    add_place,
    residents_of_place,
)
from bot.domain.rules import RulePack
from bot.domain.temperature import Owes

KINDS = (
    ("市", PlaceKind.CITY),
    ("县", PlaceKind.COUNTY),
    ("区", PlaceKind.COUNTY),
    ("镇", PlaceKind.TOWNSHIP),
    ("乡", PlaceKind.TOWNSHIP),
    ("街道", PlaceKind.TOWNSHIP),
    ("村", PlaceKind.VILLAGE),
    ("社区", PlaceKind.VILLAGE),
    ("组", PlaceKind.VILLAGER_GROUP),
    ("卡口", PlaceKind.POST),
)


@dataclass(frozen=True, slots=True)
class Someone:
    """A member of a household to be made; `called` is the householder's word for them."""

    name: str
    called: str = ""
    has_phone: bool = True
    lives_alone: bool = False


@dataclass
class World:
    """Makes facts in one channel's name; people are found again by name and place."""

    db: Session
    channel: str
    now: datetime
    paths: dict[tuple[str, ...], int] = field(default_factory=dict)

    def place(self, path: Sequence[str]) -> Place:
        """A place by its path, the widest first, made where it is missing."""
        above: Place | None = None
        for depth in range(1, len(path) + 1):
            known = tuple(path[:depth])
            if known in self.paths:
                above = self.db.get_one(Place, self.paths[known])
                continue
            name = path[depth - 1]
            query = select(Place).where(
                Place.name == name, Place.parent_id == (above.id if above else None)
            )
            found = self.db.exec(query).first()
            above = found or add_place(self.db, above, name, kind_of(name))
            self.paths[known] = above.id or 0
        if above is None:
            raise ValueError("an empty path names no place")
        return above

    def person(self, name: str, path: Sequence[str] | None = None) -> Resident | None:
        """Somebody by name; a path tells two of one name apart."""
        query = select(Resident).where(Resident.name == name).order_by(col(Resident.id))
        found = list(self.db.exec(query).all())
        if path is not None and len(found) > 1:
            ids = {r.id for r in residents_of_place(self.db, self.place(path).id or 0)}
            found = [r for r in found if r.id in ids]
        return found[0] if found else None

    def household(self, path: Sequence[str], members: Sequence[Someone]) -> Household:
        """A household, the householder first."""
        place = self.place(path)
        home = Household(place_id=place.id or 0)
        self.db.add(home)
        self.db.flush()
        for index, member in enumerate(members):
            known = self.person(member.name)
            is_cadre = known is not None and known.household_id is None
            resident = (
                known if known is not None and is_cadre else self._resident(member.name, place)
            )
            resident.household_id = home.id
            resident.place_id = place.id or 0
            resident.called = member.called
            resident.lives_alone = member.lives_alone
            resident.has_no_phone = not member.has_phone
            self.db.add(resident)
            self.db.flush()
            if index == 0:
                home.householder_id = resident.id
            if member.has_phone:
                self.account(resident)
        self.db.add(home)
        self.db.flush()
        return home

    def _resident(self, name: str, place: Place) -> Resident:
        resident = Resident(name=name, place_id=place.id or 0, created_at=self.now)
        self.db.add(resident)
        self.db.flush()
        return resident

    def account(self, resident: Resident) -> Account:
        """The account of somebody, made where it is missing."""
        query = select(Account).where(
            Account.resident_id == resident.id, Account.channel == self.channel
        )
        account = self.db.exec(query).first()
        if account is None:
            account = Account(
                channel=self.channel,
                account=f"u{resident.id}",
                display_name=resident.name,
                resident_id=resident.id,
                bound_by="roster",
            )
            self.db.add(account)
            self.db.flush()
        return account

    def cadre(self, name: str, role: str, path: Sequence[str]) -> Resident:
        """Somebody with a role for a place (a resident of that name becomes one)."""
        place = self.place(path)
        resident = self.person(name) or self._resident(name, place)
        self.db.add(
            Role(resident_id=resident.id or 0, place_id=place.id or 0, role=ROLE_WORDS[role])
        )
        self.db.flush()
        self.account(resident)
        return resident

    def observed(
        self, name: str, path: Sequence[str], origin: str, arrived_on: date, rules: RulePack
    ) -> Observation:
        """Somebody under observation; a resident is made where missing."""
        resident = self.person(name)
        if resident is None:
            self.household(path, [Someone(name)])
            resident = self.person(name)
        if resident is None:
            raise ValueError(name)
        row = Observation(
            resident_id=resident.id or 0,
            place_id=resident.place_id,
            origin=origin,
            arrived_on=arrived_on,
            days=rules.observation_days,
            rule_pack=rules.id,
            began_at=self.now,
        )
        self.db.add(row)
        self.db.flush()
        return row

    def team(self, subject: Resident, members: Sequence[tuple[Resident, str]]) -> None:
        """A care team: (member, primary | deputy | member)."""
        for member, part in members:
            self.db.add(
                TeamMember(resident_id=subject.id or 0, member_id=member.id or 0, part=part)
            )
        self.db.flush()

    def owes(
        self, slots: str, *, place: Place | None = None, person: Resident | None = None
    ) -> None:
        """A decision that a place or a person owes reports."""
        self.db.add(
            Owes(
                place_id=place.id if place else None,
                resident_id=person.id if person else None,
                slots=slots,
                since=self.now,
            )
        )
        self.db.flush()

    def chat(self, title: str, path: Sequence[str], purpose: str) -> Chat:
        """A group of a place."""
        place = self.place(path)
        chat = Chat(
            place_id=place.id,
            purpose=PURPOSE_WORDS[purpose],
            title=title,
            in_channel=self.channel,
            in_ref=title,
            members=len(residents_of_place(self.db, place.id or 0)),
        )
        self.db.add(chat)
        self.db.flush()
        return chat


def kind_of(name: str) -> PlaceKind:
    """The level of a place by the end of its name; a grid where it says nothing."""
    return next((kind for end, kind in KINDS if name.endswith(end)), PlaceKind.GRID)
